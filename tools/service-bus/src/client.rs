//! The client: everything that reaches an entity takes a permit.

use std::net::SocketAddr;
use std::slice;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use wpc::interface::azure_service_bus as interface;
use wpc::{Action, Permit, Permitted};

use crate::begin::{Begun, Links, begin, report};
use crate::credential::Credential;
use crate::dialect::address::Namespace;
use crate::facts;
use crate::sending::cancel;
use crate::wire::{Route, Wire};
use crate::{BusError, Message, Timeouts};

/// A connection to one namespace. Cheap to clone; clones share the connection.
///
/// It connects when it is made, and again when the connection died. No method sends anything to an
/// entity without a [`Permitted`] or a [`Permit`], and none sends what the permit did not admit: the
/// bytes are encoded first, read again, and compared with the admitted facts. What the broker
/// answered goes into the ledger, whatever the tool's body makes of it.
///
/// It needs a Tokio runtime with its I/O and time drivers.
#[derive(Clone, Debug)]
pub struct ServiceBus {
    wire: Arc<Wire>,
}

/// Messages that the broker took.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sent {
    message_ids: Vec<String>,
}

impl Sent {
    /// The message ids that the client gave them, in order: `job:attempt:index`.
    #[must_use]
    pub fn message_ids(&self) -> &[String] {
        &self.message_ids
    }

    /// The broker's own outcome.
    #[must_use]
    pub const fn status(&self) -> &'static str {
        "accepted"
    }
}

/// Messages that the broker keeps until they are due.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scheduled {
    message_ids: Vec<String>,
    sequence_numbers: Vec<i64>,
}

impl Scheduled {
    /// The message ids that the client gave them, in order: `job:attempt:index`.
    #[must_use]
    pub fn message_ids(&self) -> &[String] {
        &self.message_ids
    }

    /// The broker's numbers for them, in order: what cancelling takes.
    #[must_use]
    pub fn sequence_numbers(&self) -> &[i64] {
        &self.sequence_numbers
    }
}

impl ServiceBus {
    /// Connects to Azure: TLS on port 5671, trusting whom the operating system trusts, as whom
    /// Microsoft Entra knows by `credential` (any of `azure_identity`'s).
    ///
    /// # Errors
    ///
    /// [`BusError`] only if there is no connection or no token; [`BusError::effect`] is then
    /// [`Effect::Nothing`](crate::Effect::Nothing).
    pub async fn connect(
        namespace: Namespace,
        credential: Arc<dyn TokenCredential>,
    ) -> Result<Self, BusError> {
        Self::connect_within(namespace, credential, Timeouts::default()).await
    }

    /// As [`connect`](Self::connect), with other timeouts.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_within(
        namespace: Namespace,
        credential: Arc<dyn TokenCredential>,
        timeouts: Timeouts,
    ) -> Result<Self, BusError> {
        Self::open(Wire::new(namespace, Route::azure()?, Credential::Entra(credential), timeouts)).await
    }

    /// Connects to an endpoint on this machine that stands for `namespace`: plain TCP, as nobody.
    ///
    /// # Errors
    ///
    /// [`BusError::NotLoopback`] if `addr` is not a loopback address, else as
    /// [`connect`](Self::connect).
    pub async fn local(namespace: Namespace, addr: SocketAddr) -> Result<Self, BusError> {
        Self::local_within(namespace, addr, Timeouts::default()).await
    }

    /// As [`local`](Self::local), with other timeouts.
    ///
    /// # Errors
    ///
    /// As [`local`](Self::local).
    pub async fn local_within(
        namespace: Namespace,
        addr: SocketAddr,
        timeouts: Timeouts,
    ) -> Result<Self, BusError> {
        Self::open(Wire::new(namespace, Route::local(addr)?, Credential::Anonymous, timeouts)).await
    }

    async fn open(wire: Wire) -> Result<Self, BusError> {
        let wire = Arc::new(wire);
        wire.connect().await?;
        Ok(Self { wire })
    }

    /// The namespace.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.wire.namespace
    }

    /// Sends one message, and waits for the broker's outcome.
    ///
    /// Cancellation-safe: if the future is dropped, the message was or will be sent whole or not at
    /// all, nobody waits for the outcome, and the ledger says `abandoned`.
    ///
    /// # Errors
    ///
    /// [`BusError`] unless the broker accepted it; [`BusError::effect`] tells whether it may have
    /// been sent.
    pub async fn send<A>(&self, message: Permitted<'_, Message, A>) -> Result<Sent, BusError>
    where
        A: Action<Interface = interface::Send>,
    {
        let begun = begin(&self.wire, message, Links::Messages).await?;
        self.transmit(&begun, slice::from_ref(&begun.value)).await
    }

    /// Sends messages in one transfer, which the broker takes or refuses as a whole. Otherwise as
    /// [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_batch<A>(&self, messages: Permitted<'_, Vec<Message>, A>) -> Result<Sent, BusError>
    where
        A: Action<Interface = interface::Send>,
    {
        let begun = begin(&self.wire, messages, Links::Messages).await?;
        self.transmit(&begun, &begun.value).await
    }

    /// Sends one message that becomes due at the call's `at`. Otherwise as [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn schedule<A>(&self, message: Permitted<'_, Message, A>) -> Result<Scheduled, BusError>
    where
        A: Action<Interface = interface::Schedule>,
    {
        let begun = begin(&self.wire, message, Links::Requests).await?;
        self.defer(&begun, slice::from_ref(&begun.value)).await
    }

    /// Sends messages that become due at the call's `at`, in one request. Otherwise as
    /// [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn schedule_batch<A>(
        &self,
        messages: Permitted<'_, Vec<Message>, A>,
    ) -> Result<Scheduled, BusError>
    where
        A: Action<Interface = interface::Schedule>,
    {
        let begun = begin(&self.wire, messages, Links::Requests).await?;
        self.defer(&begun, &begun.value).await
    }

    /// Takes back scheduled messages by their sequence numbers; the permit's `messages` says how
    /// many.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send). A broker that does not find one of the numbers may refuse all.
    pub async fn cancel_scheduled<A>(
        &self,
        permit: Permit<'_, A>,
        sequence_numbers: &[i64],
    ) -> Result<(), BusError>
    where
        A: Action<Interface = interface::CancelScheduled>,
    {
        let begun = begin(&self.wire, permit, Links::Requests).await?;
        let Begun { entity, spent, begin_by, value: () } = begun;
        let done = async {
            facts::compare_count(spent.call(), &entity, sequence_numbers.len())?;
            spent.facts_encoded();
            cancel(&self.wire, entity, sequence_numbers, begin_by).await
        };
        let done = done.await;
        report(&spent, done.as_ref().map(|()| (CANCELLED, String::new())));
        done
    }

    async fn transmit<T>(&self, begun: &Begun<T>, messages: &[Message]) -> Result<Sent, BusError> {
        let done = async {
            let outgoing = begun.encode(messages, None)?;
            let message_ids = outgoing.message_ids();
            outgoing.send(&self.wire, begun.begin_by).await?;
            Ok(Sent { message_ids })
        };
        let done: Result<Sent, BusError> = done.await;
        report(&begun.spent, done.as_ref().map(|sent| (sent.status(), sent.message_ids.join(","))));
        done
    }

    async fn defer<T>(&self, begun: &Begun<T>, messages: &[Message]) -> Result<Scheduled, BusError> {
        let done = async {
            let outgoing = begun.encode(messages, Some(facts::at(begun.spent.call())?))?;
            let message_ids = outgoing.message_ids();
            let sequence_numbers = outgoing.schedule(&self.wire, begun.begin_by).await?;
            Ok(Scheduled { message_ids, sequence_numbers })
        };
        let done: Result<Scheduled, BusError> = done.await;
        report(
            &begun.spent,
            done.as_ref().map(|scheduled| {
                let numbers: Vec<_> = scheduled.sequence_numbers.iter().map(i64::to_string).collect();
                (SCHEDULED, numbers.join(","))
            }),
        );
        done
    }
}

/// What the ledger is told of scheduled messages: the broker's reply has no word for it.
const SCHEDULED: &str = "scheduled";

/// What the ledger is told of cancelled messages.
const CANCELLED: &str = "cancelled";
