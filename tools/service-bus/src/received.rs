//! Messages that the broker gave out.

use std::collections::BTreeMap;

/// A message as the broker gave it out.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReceivedMessage {
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) properties: BTreeMap<String, PropertyValue>,
    pub(crate) message_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) reply_to: Option<String>,
    pub(crate) sequence_number: i64,
    pub(crate) enqueued_at_ms: Option<i64>,
    pub(crate) locked_until_ms: Option<i64>,
    pub(crate) delivery_count: u32,
    pub(crate) state: MessageState,
}

/// What a broker keeps a message for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MessageState {
    /// To be received.
    #[default]
    Active,
    /// Set aside; received by its number only.
    Deferred,
    /// Not due yet.
    Scheduled,
}

/// The value of an application property.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PropertyValue {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A truth value.
    Bool(bool),
    /// Anything else, as text: a time, a UUID, a fraction.
    Other(String),
}

impl PropertyValue {
    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

impl ReceivedMessage {
    /// The body: data sections joined, or the bytes of an AMQP value that is text or binary. `None` if it is
    /// anything else.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// Application properties by name.
    #[must_use]
    pub const fn properties(&self) -> &BTreeMap<String, PropertyValue> {
        &self.properties
    }

    /// The message id, as text.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.message_id.as_deref()
    }

    /// The standard correlation id, as text.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// `subject`, which the Azure SDKs also call the label.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// `content-type`.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The session id.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// `reply-to`.
    #[must_use]
    pub fn reply_to(&self) -> Option<&str> {
        self.reply_to.as_deref()
    }

    /// The broker's number for it: unique in its entity.
    #[must_use]
    pub const fn sequence_number(&self) -> i64 {
        self.sequence_number
    }

    /// When the broker took it, in Unix milliseconds.
    #[must_use]
    pub const fn enqueued_at_ms(&self) -> Option<i64> {
        self.enqueued_at_ms
    }

    /// Until when it is locked, in Unix milliseconds.
    #[must_use]
    pub const fn locked_until_ms(&self) -> Option<i64> {
        self.locked_until_ms
    }

    /// How often it was delivered before and not settled.
    #[must_use]
    pub const fn delivery_count(&self) -> u32 {
        self.delivery_count
    }

    /// What the broker keeps it for; [`MessageState::Active`] for a received one.
    #[must_use]
    pub const fn state(&self) -> MessageState {
        self.state
    }

    /// Why it was dead-lettered, if whoever did it said so.
    #[must_use]
    pub fn deadletter_reason(&self) -> Option<&str> {
        self.properties.get("DeadLetterReason").and_then(PropertyValue::as_text)
    }

    /// The longer form of the reason.
    #[must_use]
    pub fn deadletter_description(&self) -> Option<&str> {
        self.properties.get("DeadLetterErrorDescription").and_then(PropertyValue::as_text)
    }
}
