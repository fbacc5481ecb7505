//! Receiving, and looking.

use std::sync::Arc;

use tokio::time::Duration;
use wpc::interface::azure_service_bus as interface;
use wpc::{Action, Permit, Spent};
use wpc_model::Value;

use super::{ServiceBus, report_read};
use crate::begin::{Begun, Needs, Spendable, begin, numbers, report};
use crate::dialect::lock::LockToken;
use crate::dialect::request::LockedBy;
use crate::dialect::{received, request};
use crate::held::{Handle, Lock, LockedMessage};
use crate::received::ReceivedMessage;
use crate::sending::done;
use crate::wire::{HeldSession, LinkId, Mode, Taken};
use crate::{BusError, facts};

/// How many dead letters are deleted with one round of credit.
const PURGE_WAIT: Duration = Duration::from_secs(1);

impl ServiceBus {
    /// Receives at most as many messages as the permit admits, and locks them; waits for the first as long as
    /// `wait`. The call's `mode` must be `peek_lock`.
    ///
    /// Each message must be settled, by its handle, before its lock ends; else the broker delivers it again.
    /// The broker never gets credit for more messages than were admitted. What the future had received when
    /// it is dropped stays locked until its locks end.
    ///
    /// # Errors
    ///
    /// [`BusError`] if nothing was received for another reason than that there was nothing;
    /// [`BusError::effect`] tells whether messages may have been locked all the same.
    pub async fn receive<A>(
        &self,
        permit: Permit<'_, A>,
        wait: Duration,
    ) -> Result<Vec<LockedMessage>, BusError>
    where
        A: Action<Interface = interface::Receive>,
    {
        self.receive_locked(permit, wait).await
    }

    /// Receives at most as many messages as the permit admits, which the broker deletes as it delivers them;
    /// waits for the first as long as `wait`. The call's `mode` must be `receive_and_delete`.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive); [`Effect::Unknown`](crate::Effect::Unknown) means that messages may be
    /// gone. If the connection was lost after some had come, they are returned, and the ledger says that the
    /// outcome is unknown.
    pub async fn receive_and_delete<A>(
        &self,
        permit: Permit<'_, A>,
        wait: Duration,
    ) -> Result<Vec<ReceivedMessage>, BusError>
    where
        A: Action<Interface = interface::Receive>,
    {
        self.receive_gone(permit, wait).await
    }

    /// Receives deferred messages by their numbers, and locks them; the permit's `messages` says how many. The
    /// call's `mode` must be `peek_lock`.
    ///
    /// # Errors
    ///
    /// As [`receive`](Self::receive). A broker that does not find one of the numbers may refuse all.
    pub async fn receive_deferred<A>(
        &self,
        permit: Permit<'_, A>,
        sequence_numbers: &[i64],
    ) -> Result<Vec<LockedMessage>, BusError>
    where
        A: Action<Interface = interface::Receive>,
    {
        self.receive_by_number(permit, sequence_numbers).await
    }

    /// Looks at as many messages as the permit admits, from a sequence number on, without locking them.
    ///
    /// # Errors
    ///
    /// [`BusError`] if the broker refused or did not answer.
    pub async fn peek<A>(&self, permit: Permit<'_, A>, from: i64) -> Result<Vec<ReceivedMessage>, BusError>
    where
        A: Action<Interface = interface::Peek>,
    {
        self.look(permit, from, Needs::Requests).await
    }

    /// Looks at as many dead letters as the permit admits, from a sequence number on, and leaves them where
    /// they are. Somebody must have approved the call.
    ///
    /// # Errors
    ///
    /// As [`peek`](Self::peek), and [`BusError::NotApproved`].
    pub async fn deadletter_read<A>(
        &self,
        permit: Permit<'_, A>,
        from: i64,
    ) -> Result<Vec<ReceivedMessage>, BusError>
    where
        A: Action<Interface = interface::DeadletterRead>,
    {
        self.look(permit, from, Needs::DeadLetterRequests).await
    }

    /// Deletes at most as many dead letters as the permit admits, and tells their sequence numbers. Somebody
    /// must have approved the call.
    ///
    /// # Errors
    ///
    /// As [`receive_and_delete`](Self::receive_and_delete), and [`BusError::NotApproved`].
    pub async fn deadletter_purge<A>(&self, permit: Permit<'_, A>) -> Result<Vec<i64>, BusError>
    where
        A: Action<Interface = interface::DeadletterPurge>,
    {
        self.purge(permit).await
    }

    pub(super) async fn receive_locked<P: Spendable>(
        &self,
        permit: P,
        wait: Duration,
    ) -> Result<Vec<LockedMessage>, BusError> {
        let begun = begin(&self.wire, permit, Needs::Receiver(Mode::PeekLock)).await?;
        let taken = async {
            compare_receive(&begun, "peek_lock", None)?;
            let of = begun.receives(begun.entity.node(), Mode::PeekLock);
            let most = facts::messages(begun.spent.call())?;
            self.wire.receive(of, most, wait, begun.begin_by).await
        };
        match taken.await {
            Ok((taken, link)) => self.keep(&begun, taken, &link, None),
            Err(error) => Err(told(&begun.spent, error)),
        }
    }

    pub(super) async fn receive_gone<P: Spendable>(
        &self,
        permit: P,
        wait: Duration,
    ) -> Result<Vec<ReceivedMessage>, BusError> {
        let begun = begin(&self.wire, permit, Needs::Receiver(Mode::Delete)).await?;
        let taken = async {
            compare_receive(&begun, "receive_and_delete", None)?;
            let of = begun.receives(begun.entity.node(), Mode::Delete);
            let most = facts::messages(begun.spent.call())?;
            self.wire.receive(of, most, wait, begun.begin_by).await
        };
        match taken.await {
            Ok((taken, _)) => {
                Ok(said(&begun.spent, "received", taken)?.into_iter().map(|(message, _)| message).collect())
            }
            Err(error) => Err(told(&begun.spent, error)),
        }
    }

    pub(super) async fn receive_by_number<P: Spendable>(
        &self,
        permit: P,
        sequence_numbers: &[i64],
    ) -> Result<Vec<LockedMessage>, BusError> {
        let begun = begin(&self.wire, permit, Needs::Requests).await?;
        let taken = async {
            let call = begun.spent.call();
            let arguments = [
                ("mode", Some(Value::text("peek_lock"))),
                ("messages", facts::count(sequence_numbers.len())),
            ];
            facts::compare_arguments(call, Some(&begun.entity), arguments)?;
            begun.spent.facts_encoded();
            if sequence_numbers.is_empty() {
                return Err(BusError::Empty);
            }
            let timeout_ms = self.wire.timeouts.answer_ms();
            let ask = request::deferred(sequence_numbers, true, LockedBy::default(), timeout_ms);
            let reply = done(self.wire.ask(begun.entity.node(), ask, begun.begin_by).await?)?;
            let messages = received::by_number(&reply.body).filter(|all| all.len() == sequence_numbers.len());
            messages.ok_or_else(|| BusError::Unknown {
                problem: "the reply does not hold every message that was asked for".to_owned(),
            })
        };
        match taken.await {
            Ok(messages) => {
                let taken = Taken { messages, unreadable: 0, lost: None };
                let messages = said(&begun.spent, "received", taken)?;
                messages.into_iter().map(|one| self.hold(&begun, one, None, None)).collect()
            }
            Err(error) => Err(told(&begun.spent, error)),
        }
    }

    pub(super) async fn look<P: Spendable>(
        &self,
        permit: P,
        from: i64,
        needs: Needs,
    ) -> Result<Vec<ReceivedMessage>, BusError> {
        let begun = begin(&self.wire, permit, needs).await?;
        let seen = async {
            let most = facts::messages(begun.spent.call())?;
            let arguments = [("messages", Some(Value::Int(i64::from(most))))];
            facts::compare_arguments(begun.spent.call(), Some(&begun.entity), arguments)?;
            let node = if matches!(needs, Needs::DeadLetterRequests) {
                super::approved(&begun.spent, "deadletter_read")?;
                begun.entity.deadletter()
            } else {
                begun.entity.node()
            };
            begun.spent.facts_encoded();
            let count = i32::try_from(most).unwrap_or(i32::MAX);
            let ask = request::peek(from, count, self.wire.timeouts.answer_ms());
            let reply = done(self.wire.ask(node, ask, begun.begin_by).await?)?;
            if reply.code == NO_CONTENT {
                return Ok(Vec::new());
            }
            let messages = received::peeked(&reply.body);
            messages.filter(|all| all.len() <= usize::try_from(most).unwrap_or(usize::MAX)).ok_or_else(|| {
                BusError::Unknown { problem: "the reply does not hold what was asked for".to_owned() }
            })
        };
        let seen: Result<Vec<ReceivedMessage>, BusError> = seen.await;
        report_read(&begun.spent, "peeked", &seen, |messages| {
            numbers(messages.iter().map(ReceivedMessage::sequence_number))
        });
        seen
    }

    pub(super) async fn purge<P: Spendable>(&self, permit: P) -> Result<Vec<i64>, BusError> {
        let begun = begin(&self.wire, permit, Needs::DeadLetterReceiver(Mode::Delete)).await?;
        let taken = async {
            let most = facts::messages(begun.spent.call())?;
            let arguments = [("messages", Some(Value::Int(i64::from(most))))];
            facts::compare_arguments(begun.spent.call(), Some(&begun.entity), arguments)?;
            super::approved(&begun.spent, "deadletter_purge")?;
            begun.spent.facts_encoded();
            let of = begun.receives(begun.entity.deadletter(), Mode::Delete);
            self.wire.receive(of, most, PURGE_WAIT, begun.begin_by).await
        };
        match taken.await {
            Ok((taken, _)) => {
                let purged = said(&begun.spent, "purged", taken)?;
                Ok(purged.iter().map(|(message, _)| message.sequence_number()).collect())
            }
            Err(error) => Err(told(&begun.spent, error)),
        }
    }

    /// Holds what was received, and tells the ledger.
    pub(super) fn keep<T>(
        &self,
        begun: &Begun<T>,
        taken: Taken,
        link: &LinkId,
        session: Option<&Arc<HeldSession>>,
    ) -> Result<Vec<LockedMessage>, BusError> {
        let messages = said(&begun.spent, "received", taken)?;
        messages.into_iter().map(|one| self.hold(begun, one, Some(link), session)).collect()
    }

    fn hold<T>(
        &self,
        begun: &Begun<T>,
        (message, token): (ReceivedMessage, Option<LockToken>),
        link: Option<&LinkId>,
        session: Option<&Arc<HeldSession>>,
    ) -> Result<LockedMessage, BusError> {
        let token = token.ok_or_else(|| BusError::Unknown {
            problem: "the broker gave a message without a lock".to_owned(),
        })?;
        let handle: Handle = self.held.hold(Lock {
            job: begun.spent.job().clone(),
            entity: begun.entity.clone(),
            token,
            sequence_number: message.sequence_number(),
            until_ms: message.locked_until_ms().unwrap_or(i64::MAX),
            link: link.cloned(),
            session: session.cloned(),
        })?;
        Ok(LockedMessage { message, handle })
    }
}

/// Nothing matches: as in HTTP.
const NO_CONTENT: i32 = 204;

/// Compares a call to receive with what is about to be done.
pub(super) fn compare_receive<T>(
    begun: &Begun<T>,
    mode: &str,
    session: Option<&str>,
) -> Result<(), BusError> {
    let call = begun.spent.call();
    let arguments = [
        ("mode", Some(Value::text(mode))),
        ("messages", Some(Value::Int(i64::from(facts::messages(call)?)))),
        ("session_id", facts::text(session)),
    ];
    facts::compare_arguments(call, Some(&begun.entity), arguments)?;
    begun.spent.facts_encoded();
    Ok(())
}

/// What was received, once the ledger is told: all of it, or that more may have come.
pub(super) fn said(
    spent: &Spent,
    status: &str,
    taken: Taken,
) -> Result<Vec<(ReceivedMessage, Option<LockToken>)>, BusError> {
    let Taken { messages, unreadable, lost } = taken;
    let problem = match lost {
        None if unreadable > 0 => Some(BusError::Unreadable { messages: unreadable }),
        lost => lost,
    };
    match problem {
        Some(error) => {
            report(spent, Err(&error));
            if messages.is_empty() { Err(error) } else { Ok(messages) }
        }
        None => {
            let ids = numbers(messages.iter().map(|(message, _)| message.sequence_number()));
            report(spent, Ok((status, ids)));
            Ok(messages)
        }
    }
}

/// The error, once the ledger is told.
pub(super) fn told(spent: &Spent, error: BusError) -> BusError {
    report(spent, Err(&error));
    error
}
