//! Sending, scheduling, cancelling.

use std::slice;

use wpc::interface::azure_service_bus as interface;
use wpc::{Action, Permit, Permitted};

use super::ServiceBus;
use crate::begin::{Begun, Needs, Spendable, begin, numbers, report};
use crate::sending::cancel;
use crate::{BusError, Message, facts};

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
        let begun = begin(&self.wire, message, Needs::Messages).await?;
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
        self.send_all(messages).await
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
        let begun = begin(&self.wire, message, Needs::Requests).await?;
        self.put_off(&begun, slice::from_ref(&begun.value)).await
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
        self.schedule_all(messages).await
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
        self.cancel(permit, sequence_numbers).await
    }

    pub(super) async fn send_all<P: Spendable<Value = Vec<Message>>>(
        &self,
        messages: P,
    ) -> Result<Sent, BusError> {
        let begun = begin(&self.wire, messages, Needs::Messages).await?;
        self.transmit(&begun, &begun.value).await
    }

    pub(super) async fn schedule_all<P: Spendable<Value = Vec<Message>>>(
        &self,
        messages: P,
    ) -> Result<Scheduled, BusError> {
        let begun = begin(&self.wire, messages, Needs::Requests).await?;
        self.put_off(&begun, &begun.value).await
    }

    pub(super) async fn cancel<P: Spendable>(
        &self,
        permit: P,
        sequence_numbers: &[i64],
    ) -> Result<(), BusError> {
        let begun = begin(&self.wire, permit, Needs::Requests).await?;
        let done = async {
            let arguments = [("messages", facts::count(sequence_numbers.len()))];
            facts::compare_arguments(begun.spent.call(), Some(&begun.entity), arguments)?;
            begun.spent.facts_encoded();
            cancel(&self.wire, &begun.entity, sequence_numbers, begun.begin_by).await
        };
        let done = done.await;
        report(&begun.spent, done.as_ref().map(|()| (CANCELLED, numbers(sequence_numbers.iter().copied()))));
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

    async fn put_off<T>(&self, begun: &Begun<T>, messages: &[Message]) -> Result<Scheduled, BusError> {
        let done = async {
            let outgoing = begun.encode(messages, Some(facts::at(begun.spent.call())?))?;
            let message_ids = outgoing.message_ids();
            let sequence_numbers = outgoing.schedule(&self.wire, begun.begin_by).await?;
            Ok(Scheduled { message_ids, sequence_numbers })
        };
        let done: Result<Scheduled, BusError> = done.await;
        report(
            &begun.spent,
            done.as_ref().map(|scheduled| (SCHEDULED, numbers(scheduled.sequence_numbers.iter().copied()))),
        );
        done
    }
}

/// What the ledger is told of scheduled messages: the broker's reply has no word for it.
const SCHEDULED: &str = "scheduled";

/// What the ledger is told of cancelled messages.
const CANCELLED: &str = "cancelled";
