//! Azure Service Bus, reached over AMQP.
//!
//! @generated from `compiler/interfaces/azure_service_bus.wpc`: do not edit.

/// One message as the sender encodes it.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Message {}
/// Every field of a `message`.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct MessageRecord<'a> {
    /// what it says
    pub body: ::core::option::Option<crate::Sealed<'a>>,
    /// what the body is, `application/json`
    pub content_type: ::core::option::Option<&'a ::core::primitive::str>,
    /// encoded size: body and properties
    ///
    /// In bytes.
    pub message_bytes: ::core::primitive::u64,
    /// application properties
    pub properties: crate::TextMap<'a>,
    /// which session it belongs to
    pub session_id: ::core::option::Option<&'a ::core::primitive::str>,
}
#[automatically_derived]
impl crate::Record for Message {
    type Fields<'a> = MessageRecord<'a>;
}
#[automatically_derived]
impl crate::__private::Fact for MessageRecord<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal.record("message"))
            .optional("body", &self.body)
            .optional("content_type", &self.content_type)
            .required("message_bytes", &self.message_bytes)
            .required("properties", &self.properties)
            .optional("session_id", &self.session_id)
            .finish()
    }
}
/// Settles messages that were received, or keeps their locks.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Abandon {}
/// Every argument of `abandon`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct AbandonArguments {
    /// `messages`.
    ///
    /// How many.
    pub messages: ::core::primitive::u64,
}
/// Arguments of `abandon` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct AbandonOverrides {
    /// `messages`, if it is stated.
    pub messages: ::core::option::Option<::core::primitive::u64>,
}
#[automatically_derived]
impl crate::Interface for Abandon {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "abandon";
    type Facts<'a> = AbandonArguments;
    type Overrides<'a> = AbandonOverrides;
    fn of_overrides<'a, 'o: 'a>(
        overrides: AbandonOverrides,
    ) -> crate::__private::Measured<AbandonArguments> {
        ::core::result::Result::Ok(AbandonArguments {
            messages: crate::__private::stated("messages", overrides.messages)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for AbandonArguments {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal).required("messages", &self.messages).finish()
    }
}
#[automatically_derived]
impl crate::Record for Abandon {
    type Fields<'a> = AbandonArguments;
}
#[automatically_derived]
impl crate::Plain for Abandon {
    fn of_arguments<'a, 'o: 'a>(
        described: AbandonArguments,
        overrides: AbandonOverrides,
    ) -> crate::__private::Measured<AbandonArguments> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(AbandonArguments {
            messages: crate::__private::agreed(
                "messages",
                overrides.messages,
                described.messages,
            )?,
        })
    }
}
/// Takes back messages that were scheduled.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum CancelScheduled {}
/// Every argument of `cancel_scheduled`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct CancelScheduledArguments {
    /// `messages`.
    ///
    /// How many.
    pub messages: ::core::primitive::u64,
}
/// Arguments of `cancel_scheduled` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct CancelScheduledOverrides {
    /// `messages`, if it is stated.
    pub messages: ::core::option::Option<::core::primitive::u64>,
}
#[automatically_derived]
impl crate::Interface for CancelScheduled {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "cancel_scheduled";
    type Facts<'a> = CancelScheduledArguments;
    type Overrides<'a> = CancelScheduledOverrides;
    fn of_overrides<'a, 'o: 'a>(
        overrides: CancelScheduledOverrides,
    ) -> crate::__private::Measured<CancelScheduledArguments> {
        ::core::result::Result::Ok(CancelScheduledArguments {
            messages: crate::__private::stated("messages", overrides.messages)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for CancelScheduledArguments {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal).required("messages", &self.messages).finish()
    }
}
#[automatically_derived]
impl crate::Record for CancelScheduled {
    type Fields<'a> = CancelScheduledArguments;
}
#[automatically_derived]
impl crate::Plain for CancelScheduled {
    fn of_arguments<'a, 'o: 'a>(
        described: CancelScheduledArguments,
        overrides: CancelScheduledOverrides,
    ) -> crate::__private::Measured<CancelScheduledArguments> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(CancelScheduledArguments {
            messages: crate::__private::agreed(
                "messages",
                overrides.messages,
                described.messages,
            )?,
        })
    }
}
/// Settles messages that were received, or keeps their locks.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Complete {}
/// Every argument of `complete`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct CompleteArguments {
    /// `messages`.
    ///
    /// How many.
    pub messages: ::core::primitive::u64,
}
/// Arguments of `complete` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct CompleteOverrides {
    /// `messages`, if it is stated.
    pub messages: ::core::option::Option<::core::primitive::u64>,
}
#[automatically_derived]
impl crate::Interface for Complete {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "complete";
    type Facts<'a> = CompleteArguments;
    type Overrides<'a> = CompleteOverrides;
    fn of_overrides<'a, 'o: 'a>(
        overrides: CompleteOverrides,
    ) -> crate::__private::Measured<CompleteArguments> {
        ::core::result::Result::Ok(CompleteArguments {
            messages: crate::__private::stated("messages", overrides.messages)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for CompleteArguments {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal).required("messages", &self.messages).finish()
    }
}
#[automatically_derived]
impl crate::Record for Complete {
    type Fields<'a> = CompleteArguments;
}
#[automatically_derived]
impl crate::Plain for Complete {
    fn of_arguments<'a, 'o: 'a>(
        described: CompleteArguments,
        overrides: CompleteOverrides,
    ) -> crate::__private::Measured<CompleteArguments> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(CompleteArguments {
            messages: crate::__private::agreed(
                "messages",
                overrides.messages,
                described.messages,
            )?,
        })
    }
}
/// Moves messages that were received to the dead-letter queue.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Deadletter {}
/// Every argument of `deadletter`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct DeadletterArguments<'a> {
    /// `description`.
    pub description: ::core::option::Option<&'a ::core::primitive::str>,
    /// `messages`.
    ///
    /// How many.
    pub messages: ::core::primitive::u64,
    /// `reason`.
    pub reason: ::core::option::Option<&'a ::core::primitive::str>,
}
/// Arguments of `deadletter` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct DeadletterOverrides<'a> {
    /// `description`, if it is stated.
    pub description: ::core::option::Option<&'a ::core::primitive::str>,
    /// `messages`, if it is stated.
    pub messages: ::core::option::Option<::core::primitive::u64>,
    /// `reason`, if it is stated.
    pub reason: ::core::option::Option<&'a ::core::primitive::str>,
}
#[automatically_derived]
impl crate::Interface for Deadletter {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "deadletter";
    type Facts<'a> = DeadletterArguments<'a>;
    type Overrides<'a> = DeadletterOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: DeadletterOverrides<'o>,
    ) -> crate::__private::Measured<DeadletterArguments<'a>> {
        ::core::result::Result::Ok(DeadletterArguments {
            description: overrides.description,
            messages: crate::__private::stated("messages", overrides.messages)?,
            reason: overrides.reason,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for DeadletterArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .optional("description", &self.description)
            .required("messages", &self.messages)
            .optional("reason", &self.reason)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Deadletter {
    type Fields<'a> = DeadletterArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Deadletter {
    fn of_arguments<'a, 'o: 'a>(
        described: DeadletterArguments<'a>,
        overrides: DeadletterOverrides<'o>,
    ) -> crate::__private::Measured<DeadletterArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(DeadletterArguments {
            description: crate::__private::agreed_if_any(
                "description",
                overrides.description,
                described.description,
            )?,
            messages: crate::__private::agreed(
                "messages",
                overrides.messages,
                described.messages,
            )?,
            reason: crate::__private::agreed_if_any(
                "reason",
                overrides.reason,
                described.reason,
            )?,
        })
    }
}
/// Reads messages in the dead-letter queue, or deletes them there.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum DeadletterPurge {}
/// Every argument of `deadletter_purge`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct DeadletterPurgeArguments {
    /// `messages`.
    ///
    /// How many.
    pub messages: ::core::primitive::u64,
}
/// Arguments of `deadletter_purge` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct DeadletterPurgeOverrides {
    /// `messages`, if it is stated.
    pub messages: ::core::option::Option<::core::primitive::u64>,
}
#[automatically_derived]
impl crate::Interface for DeadletterPurge {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "deadletter_purge";
    type Facts<'a> = DeadletterPurgeArguments;
    type Overrides<'a> = DeadletterPurgeOverrides;
    fn of_overrides<'a, 'o: 'a>(
        overrides: DeadletterPurgeOverrides,
    ) -> crate::__private::Measured<DeadletterPurgeArguments> {
        ::core::result::Result::Ok(DeadletterPurgeArguments {
            messages: crate::__private::stated("messages", overrides.messages)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for DeadletterPurgeArguments {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal).required("messages", &self.messages).finish()
    }
}
#[automatically_derived]
impl crate::Record for DeadletterPurge {
    type Fields<'a> = DeadletterPurgeArguments;
}
#[automatically_derived]
impl crate::Plain for DeadletterPurge {
    fn of_arguments<'a, 'o: 'a>(
        described: DeadletterPurgeArguments,
        overrides: DeadletterPurgeOverrides,
    ) -> crate::__private::Measured<DeadletterPurgeArguments> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(DeadletterPurgeArguments {
            messages: crate::__private::agreed(
                "messages",
                overrides.messages,
                described.messages,
            )?,
        })
    }
}
/// Reads messages in the dead-letter queue, or deletes them there.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum DeadletterRead {}
/// Every argument of `deadletter_read`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct DeadletterReadArguments {
    /// `messages`.
    ///
    /// How many.
    pub messages: ::core::primitive::u64,
}
/// Arguments of `deadletter_read` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct DeadletterReadOverrides {
    /// `messages`, if it is stated.
    pub messages: ::core::option::Option<::core::primitive::u64>,
}
#[automatically_derived]
impl crate::Interface for DeadletterRead {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "deadletter_read";
    type Facts<'a> = DeadletterReadArguments;
    type Overrides<'a> = DeadletterReadOverrides;
    fn of_overrides<'a, 'o: 'a>(
        overrides: DeadletterReadOverrides,
    ) -> crate::__private::Measured<DeadletterReadArguments> {
        ::core::result::Result::Ok(DeadletterReadArguments {
            messages: crate::__private::stated("messages", overrides.messages)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for DeadletterReadArguments {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal).required("messages", &self.messages).finish()
    }
}
#[automatically_derived]
impl crate::Record for DeadletterRead {
    type Fields<'a> = DeadletterReadArguments;
}
#[automatically_derived]
impl crate::Plain for DeadletterRead {
    fn of_arguments<'a, 'o: 'a>(
        described: DeadletterReadArguments,
        overrides: DeadletterReadOverrides,
    ) -> crate::__private::Measured<DeadletterReadArguments> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(DeadletterReadArguments {
            messages: crate::__private::agreed(
                "messages",
                overrides.messages,
                described.messages,
            )?,
        })
    }
}
/// Settles messages that were received, or keeps their locks.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Defer {}
/// Every argument of `defer`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct DeferArguments {
    /// `messages`.
    ///
    /// How many.
    pub messages: ::core::primitive::u64,
}
/// Arguments of `defer` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct DeferOverrides {
    /// `messages`, if it is stated.
    pub messages: ::core::option::Option<::core::primitive::u64>,
}
#[automatically_derived]
impl crate::Interface for Defer {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "defer";
    type Facts<'a> = DeferArguments;
    type Overrides<'a> = DeferOverrides;
    fn of_overrides<'a, 'o: 'a>(
        overrides: DeferOverrides,
    ) -> crate::__private::Measured<DeferArguments> {
        ::core::result::Result::Ok(DeferArguments {
            messages: crate::__private::stated("messages", overrides.messages)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for DeferArguments {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal).required("messages", &self.messages).finish()
    }
}
#[automatically_derived]
impl crate::Record for Defer {
    type Fields<'a> = DeferArguments;
}
#[automatically_derived]
impl crate::Plain for Defer {
    fn of_arguments<'a, 'o: 'a>(
        described: DeferArguments,
        overrides: DeferOverrides,
    ) -> crate::__private::Measured<DeferArguments> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(DeferArguments {
            messages: crate::__private::agreed(
                "messages",
                overrides.messages,
                described.messages,
            )?,
        })
    }
}
/// Reads what the receivers of a session keep about it.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum GetSessionState {}
/// Every argument of `get_session_state`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct GetSessionStateArguments<'a> {
    /// `session_id`.
    pub session_id: &'a ::core::primitive::str,
}
/// Arguments of `get_session_state` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct GetSessionStateOverrides<'a> {
    /// `session_id`, if it is stated.
    pub session_id: ::core::option::Option<&'a ::core::primitive::str>,
}
#[automatically_derived]
impl crate::Interface for GetSessionState {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "get_session_state";
    type Facts<'a> = GetSessionStateArguments<'a>;
    type Overrides<'a> = GetSessionStateOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: GetSessionStateOverrides<'o>,
    ) -> crate::__private::Measured<GetSessionStateArguments<'a>> {
        ::core::result::Result::Ok(GetSessionStateArguments {
            session_id: crate::__private::stated("session_id", overrides.session_id)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for GetSessionStateArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("session_id", &self.session_id)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for GetSessionState {
    type Fields<'a> = GetSessionStateArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for GetSessionState {
    fn of_arguments<'a, 'o: 'a>(
        described: GetSessionStateArguments<'a>,
        overrides: GetSessionStateOverrides<'o>,
    ) -> crate::__private::Measured<GetSessionStateArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(GetSessionStateArguments {
            session_id: crate::__private::agreed(
                "session_id",
                overrides.session_id,
                described.session_id,
            )?,
        })
    }
}
/// Lists the queues or the topics of the namespace.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum ListEntities {}
/// Every argument of `list_entities`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct ListEntitiesArguments {
    /// `kind`.
    pub kind: ListEntitiesKind,
}
/// Arguments of `list_entities` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct ListEntitiesOverrides {
    /// `kind`, if it is stated.
    pub kind: ::core::option::Option<ListEntitiesKind>,
}
#[automatically_derived]
impl crate::Interface for ListEntities {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "list_entities";
    type Facts<'a> = ListEntitiesArguments;
    type Overrides<'a> = ListEntitiesOverrides;
    fn of_overrides<'a, 'o: 'a>(
        overrides: ListEntitiesOverrides,
    ) -> crate::__private::Measured<ListEntitiesArguments> {
        ::core::result::Result::Ok(ListEntitiesArguments {
            kind: crate::__private::stated("kind", overrides.kind)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for ListEntitiesArguments {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal).required("kind", &self.kind).finish()
    }
}
#[automatically_derived]
impl crate::Record for ListEntities {
    type Fields<'a> = ListEntitiesArguments;
}
#[automatically_derived]
impl crate::Plain for ListEntities {
    fn of_arguments<'a, 'o: 'a>(
        described: ListEntitiesArguments,
        overrides: ListEntitiesOverrides,
    ) -> crate::__private::Measured<ListEntitiesArguments> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(ListEntitiesArguments {
            kind: crate::__private::agreed("kind", overrides.kind, described.kind)?,
        })
    }
}
/// `kind` of `list_entities`.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::Eq,
    ::core::cmp::PartialEq
)]
pub enum ListEntitiesKind {
    /// `queue`.
    Queue,
    /// `topic`.
    Topic,
}
#[automatically_derived]
impl crate::argument::Choice for ListEntitiesKind {
    fn word(self) -> &'static ::core::primitive::str {
        match self {
            Self::Queue => "queue",
            Self::Topic => "topic",
        }
    }
}
#[automatically_derived]
impl crate::argument::Type for ListEntitiesKind {
    type Value<'a> = Self;
    type Members<'a> = &'a [Self];
    type Entries<'a> = crate::Pairs<'a, Self>;
}
#[automatically_derived]
impl crate::argument::Argument<Self> for ListEntitiesKind {
    fn to_value(&self) -> Self {
        *self
    }
}
#[automatically_derived]
impl crate::__private::Fact for ListEntitiesKind {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fact::value(&crate::argument::Choice::word(*self), seal)
    }
}
/// Creates, changes, deletes and reads entities and the rules of subscriptions.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Manage {}
/// Every argument of `manage`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct ManageArguments<'a> {
    /// `operation`.
    pub operation: ::core::option::Option<ManageOperation>,
    /// the rule's name
    pub rule: ::core::option::Option<&'a ::core::primitive::str>,
    /// what is set, by the administration API's names
    pub settings: ::core::option::Option<crate::TextMap<'a>>,
}
/// Arguments of `manage` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct ManageOverrides<'a> {
    /// `operation`, if it is stated.
    pub operation: ::core::option::Option<ManageOperation>,
    /// `rule`, if it is stated.
    pub rule: ::core::option::Option<&'a ::core::primitive::str>,
    /// `settings`, if it is stated.
    pub settings: ::core::option::Option<crate::TextMap<'a>>,
}
#[automatically_derived]
impl crate::Interface for Manage {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "manage";
    type Facts<'a> = ManageArguments<'a>;
    type Overrides<'a> = ManageOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: ManageOverrides<'o>,
    ) -> crate::__private::Measured<ManageArguments<'a>> {
        ::core::result::Result::Ok(ManageArguments {
            operation: overrides.operation,
            rule: overrides.rule,
            settings: overrides.settings,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for ManageArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .optional("operation", &self.operation)
            .optional("rule", &self.rule)
            .optional("settings", &self.settings)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Manage {
    type Fields<'a> = ManageArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Manage {
    fn of_arguments<'a, 'o: 'a>(
        described: ManageArguments<'a>,
        overrides: ManageOverrides<'o>,
    ) -> crate::__private::Measured<ManageArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(ManageArguments {
            operation: crate::__private::agreed_if_any(
                "operation",
                overrides.operation,
                described.operation,
            )?,
            rule: crate::__private::agreed_if_any(
                "rule",
                overrides.rule,
                described.rule,
            )?,
            settings: described.settings,
        })
    }
}
/// `operation` of `manage`.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::Eq,
    ::core::cmp::PartialEq
)]
pub enum ManageOperation {
    /// `add_rule`.
    AddRule,
    /// `create`.
    Create,
    /// `delete`.
    Delete,
    /// `list_rules`.
    ListRules,
    /// `list_subscriptions`.
    ListSubscriptions,
    /// `read`.
    Read,
    /// `remove_rule`.
    RemoveRule,
    /// `update`.
    Update,
}
#[automatically_derived]
impl crate::argument::Choice for ManageOperation {
    fn word(self) -> &'static ::core::primitive::str {
        match self {
            Self::AddRule => "add_rule",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::ListRules => "list_rules",
            Self::ListSubscriptions => "list_subscriptions",
            Self::Read => "read",
            Self::RemoveRule => "remove_rule",
            Self::Update => "update",
        }
    }
}
#[automatically_derived]
impl crate::argument::Type for ManageOperation {
    type Value<'a> = Self;
    type Members<'a> = &'a [Self];
    type Entries<'a> = crate::Pairs<'a, Self>;
}
#[automatically_derived]
impl crate::argument::Argument<Self> for ManageOperation {
    fn to_value(&self) -> Self {
        *self
    }
}
#[automatically_derived]
impl crate::__private::Fact for ManageOperation {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fact::value(&crate::argument::Choice::word(*self), seal)
    }
}
/// Looks at messages without locking them.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Peek {}
/// Every argument of `peek`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct PeekArguments {
    /// `messages`.
    ///
    /// How many.
    pub messages: ::core::primitive::u64,
}
/// Arguments of `peek` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct PeekOverrides {
    /// `messages`, if it is stated.
    pub messages: ::core::option::Option<::core::primitive::u64>,
}
#[automatically_derived]
impl crate::Interface for Peek {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "peek";
    type Facts<'a> = PeekArguments;
    type Overrides<'a> = PeekOverrides;
    fn of_overrides<'a, 'o: 'a>(
        overrides: PeekOverrides,
    ) -> crate::__private::Measured<PeekArguments> {
        ::core::result::Result::Ok(PeekArguments {
            messages: crate::__private::stated("messages", overrides.messages)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for PeekArguments {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal).required("messages", &self.messages).finish()
    }
}
#[automatically_derived]
impl crate::Record for Peek {
    type Fields<'a> = PeekArguments;
}
#[automatically_derived]
impl crate::Plain for Peek {
    fn of_arguments<'a, 'o: 'a>(
        described: PeekArguments,
        overrides: PeekOverrides,
    ) -> crate::__private::Measured<PeekArguments> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(PeekArguments {
            messages: crate::__private::agreed(
                "messages",
                overrides.messages,
                described.messages,
            )?,
        })
    }
}
/// Receives messages, either locked until they are settled or deleted at once.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Receive {}
/// Every argument of `receive`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct ReceiveArguments<'a> {
    /// `messages`.
    ///
    /// How many.
    pub messages: ::core::primitive::u64,
    /// `mode`.
    pub mode: ReceiveMode,
    /// the session, if one is named
    pub session_id: ::core::option::Option<&'a ::core::primitive::str>,
}
/// Arguments of `receive` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct ReceiveOverrides<'a> {
    /// `messages`, if it is stated.
    pub messages: ::core::option::Option<::core::primitive::u64>,
    /// `mode`, if it is stated.
    pub mode: ::core::option::Option<ReceiveMode>,
    /// `session_id`, if it is stated.
    pub session_id: ::core::option::Option<&'a ::core::primitive::str>,
}
#[automatically_derived]
impl crate::Interface for Receive {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "receive";
    type Facts<'a> = ReceiveArguments<'a>;
    type Overrides<'a> = ReceiveOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: ReceiveOverrides<'o>,
    ) -> crate::__private::Measured<ReceiveArguments<'a>> {
        ::core::result::Result::Ok(ReceiveArguments {
            messages: crate::__private::stated("messages", overrides.messages)?,
            mode: crate::__private::stated("mode", overrides.mode)?,
            session_id: overrides.session_id,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for ReceiveArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("messages", &self.messages)
            .required("mode", &self.mode)
            .optional("session_id", &self.session_id)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Receive {
    type Fields<'a> = ReceiveArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Receive {
    fn of_arguments<'a, 'o: 'a>(
        described: ReceiveArguments<'a>,
        overrides: ReceiveOverrides<'o>,
    ) -> crate::__private::Measured<ReceiveArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(ReceiveArguments {
            messages: crate::__private::agreed(
                "messages",
                overrides.messages,
                described.messages,
            )?,
            mode: crate::__private::agreed("mode", overrides.mode, described.mode)?,
            session_id: crate::__private::agreed_if_any(
                "session_id",
                overrides.session_id,
                described.session_id,
            )?,
        })
    }
}
/// `mode` of `receive`.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::cmp::Eq,
    ::core::cmp::PartialEq
)]
pub enum ReceiveMode {
    /// `peek_lock`.
    PeekLock,
    /// `receive_and_delete`.
    ReceiveAndDelete,
}
#[automatically_derived]
impl crate::argument::Choice for ReceiveMode {
    fn word(self) -> &'static ::core::primitive::str {
        match self {
            Self::PeekLock => "peek_lock",
            Self::ReceiveAndDelete => "receive_and_delete",
        }
    }
}
#[automatically_derived]
impl crate::argument::Type for ReceiveMode {
    type Value<'a> = Self;
    type Members<'a> = &'a [Self];
    type Entries<'a> = crate::Pairs<'a, Self>;
}
#[automatically_derived]
impl crate::argument::Argument<Self> for ReceiveMode {
    fn to_value(&self) -> Self {
        *self
    }
}
#[automatically_derived]
impl crate::__private::Fact for ReceiveMode {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fact::value(&crate::argument::Choice::word(*self), seal)
    }
}
/// Settles messages that were received, or keeps their locks.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum RenewLock {}
/// Every argument of `renew_lock`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct RenewLockArguments {
    /// `messages`.
    ///
    /// How many.
    pub messages: ::core::primitive::u64,
}
/// Arguments of `renew_lock` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct RenewLockOverrides {
    /// `messages`, if it is stated.
    pub messages: ::core::option::Option<::core::primitive::u64>,
}
#[automatically_derived]
impl crate::Interface for RenewLock {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "renew_lock";
    type Facts<'a> = RenewLockArguments;
    type Overrides<'a> = RenewLockOverrides;
    fn of_overrides<'a, 'o: 'a>(
        overrides: RenewLockOverrides,
    ) -> crate::__private::Measured<RenewLockArguments> {
        ::core::result::Result::Ok(RenewLockArguments {
            messages: crate::__private::stated("messages", overrides.messages)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for RenewLockArguments {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal).required("messages", &self.messages).finish()
    }
}
#[automatically_derived]
impl crate::Record for RenewLock {
    type Fields<'a> = RenewLockArguments;
}
#[automatically_derived]
impl crate::Plain for RenewLock {
    fn of_arguments<'a, 'o: 'a>(
        described: RenewLockArguments,
        overrides: RenewLockOverrides,
    ) -> crate::__private::Measured<RenewLockArguments> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(RenewLockArguments {
            messages: crate::__private::agreed(
                "messages",
                overrides.messages,
                described.messages,
            )?,
        })
    }
}
/// Sends messages at a later time.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Schedule {}
/// Every argument of `schedule`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct ScheduleArguments<'a> {
    /// `at`.
    ///
    /// In Unix milliseconds.
    pub at: ::core::primitive::i64,
    /// `messages`.
    pub messages: crate::Batch<'a, Message, MessageRecord<'a>>,
}
/// Arguments of `schedule` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct ScheduleOverrides<'a> {
    /// `at`, if it is stated.
    pub at: ::core::option::Option<::core::primitive::i64>,
    /// `messages`, if it is stated.
    pub messages: ::core::option::Option<crate::Batch<'a, Message, MessageRecord<'a>>>,
}
#[automatically_derived]
impl crate::Interface for Schedule {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "schedule";
    type Facts<'a> = ScheduleArguments<'a>;
    type Overrides<'a> = ScheduleOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: ScheduleOverrides<'o>,
    ) -> crate::__private::Measured<ScheduleArguments<'a>> {
        ::core::result::Result::Ok(ScheduleArguments {
            at: crate::__private::stated("at", overrides.at)?,
            messages: crate::__private::stated("messages", overrides.messages)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for ScheduleArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("at", &self.at)
            .required("messages", &self.messages)
            .finish()
    }
}
#[automatically_derived]
impl crate::Batched for Schedule {
    type Element = Message;
    fn of_batch<'a, 'o: 'a>(
        batch: crate::Batch<'a, Message, MessageRecord<'a>>,
        overrides: ScheduleOverrides<'o>,
    ) -> crate::__private::Measured<ScheduleArguments<'a>> {
        let _ = overrides;
        ::core::result::Result::Ok(ScheduleArguments {
            messages: batch,
            at: crate::__private::stated("at", overrides.at)?,
        })
    }
}
/// Sends messages now.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Send {}
/// Every argument of `send`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct SendArguments<'a> {
    /// `messages`.
    pub messages: crate::Batch<'a, Message, MessageRecord<'a>>,
}
/// Arguments of `send` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct SendOverrides<'a> {
    /// `messages`, if it is stated.
    pub messages: ::core::option::Option<crate::Batch<'a, Message, MessageRecord<'a>>>,
}
#[automatically_derived]
impl crate::Interface for Send {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "send";
    type Facts<'a> = SendArguments<'a>;
    type Overrides<'a> = SendOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: SendOverrides<'o>,
    ) -> crate::__private::Measured<SendArguments<'a>> {
        ::core::result::Result::Ok(SendArguments {
            messages: crate::__private::stated("messages", overrides.messages)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for SendArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal).required("messages", &self.messages).finish()
    }
}
#[automatically_derived]
impl crate::Batched for Send {
    type Element = Message;
    fn of_batch<'a, 'o: 'a>(
        batch: crate::Batch<'a, Message, MessageRecord<'a>>,
        overrides: SendOverrides<'o>,
    ) -> crate::__private::Measured<SendArguments<'a>> {
        let _ = overrides;
        ::core::result::Result::Ok(SendArguments { messages: batch })
    }
}
/// Keeps something about a session.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum SetSessionState {}
/// Every argument of `set_session_state`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct SetSessionStateArguments<'a> {
    /// `session_id`.
    pub session_id: &'a ::core::primitive::str,
    /// `state_bytes`.
    ///
    /// In bytes.
    pub state_bytes: ::core::primitive::u64,
}
/// Arguments of `set_session_state` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct SetSessionStateOverrides<'a> {
    /// `session_id`, if it is stated.
    pub session_id: ::core::option::Option<&'a ::core::primitive::str>,
    /// `state_bytes`, if it is stated.
    pub state_bytes: ::core::option::Option<::core::primitive::u64>,
}
#[automatically_derived]
impl crate::Interface for SetSessionState {
    const TOOL: &'static ::core::primitive::str = "azure_service_bus";
    const ACTION: &'static ::core::primitive::str = "set_session_state";
    type Facts<'a> = SetSessionStateArguments<'a>;
    type Overrides<'a> = SetSessionStateOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: SetSessionStateOverrides<'o>,
    ) -> crate::__private::Measured<SetSessionStateArguments<'a>> {
        ::core::result::Result::Ok(SetSessionStateArguments {
            session_id: crate::__private::stated("session_id", overrides.session_id)?,
            state_bytes: crate::__private::stated("state_bytes", overrides.state_bytes)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for SetSessionStateArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("session_id", &self.session_id)
            .required("state_bytes", &self.state_bytes)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for SetSessionState {
    type Fields<'a> = SetSessionStateArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for SetSessionState {
    fn of_arguments<'a, 'o: 'a>(
        described: SetSessionStateArguments<'a>,
        overrides: SetSessionStateOverrides<'o>,
    ) -> crate::__private::Measured<SetSessionStateArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(SetSessionStateArguments {
            session_id: crate::__private::agreed(
                "session_id",
                overrides.session_id,
                described.session_id,
            )?,
            state_bytes: described.state_bytes,
        })
    }
}
