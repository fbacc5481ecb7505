//! Settling what this job received, and keeping its locks.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::Instant;
use wpc::interface::azure_service_bus as interface;
use wpc::{Action, Permitted};

use super::ServiceBus;
use crate::begin::{Begun, Needs, Spendable, begin, numbers, report};
use crate::dialect::address::Node;
use crate::dialect::reply::Reply;
use crate::dialect::request::{Request, Settlement};
use crate::dialect::{received, request};
use crate::held::{DeadLetters, Handle, Handles, Lock};
use crate::sending::done;
use crate::wire::Wire;
use crate::{BusError, Effect, facts};

/// Messages that the broker settled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settled {
    sequence_numbers: Vec<i64>,
    status: &'static str,
}

impl Settled {
    /// The broker's numbers for them, in order: what receives deferred ones again.
    #[must_use]
    pub fn sequence_numbers(&self) -> &[i64] {
        &self.sequence_numbers
    }

    /// `completed`, `abandoned`, `deferred` or `dead_lettered`.
    #[must_use]
    pub const fn status(&self) -> &'static str {
        self.status
    }
}

/// What may be asked of a settlement before it is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Demand {
    Nothing,
    Limit,
    Approval,
}

impl ServiceBus {
    /// Completes messages that this job received: the broker forgets them. Waits for the broker to say so.
    ///
    /// # Errors
    ///
    /// [`BusError::NotHeld`] if the job did not receive one of them from this entity, [`BusError::Rejected`]
    /// if the broker refused (a lock has ended), [`BusError::PartlySettled`] if it settled some. What was
    /// not settled may be tried again, under another permit.
    pub async fn complete<A>(&self, messages: Permitted<'_, Handles, A>) -> Result<Settled, BusError>
    where
        A: Action<Interface = interface::Complete>,
    {
        self.settle(messages, &Settlement::Complete, Demand::Nothing).await
    }

    /// Gives messages back that this job received: the broker delivers them again, to anybody. Some limit of
    /// the policy must count the call, or an agent could make the broker deliver for ever.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete), and [`BusError::NotLimited`].
    pub async fn abandon<A>(&self, messages: Permitted<'_, Handles, A>) -> Result<Settled, BusError>
    where
        A: Action<Interface = interface::Abandon>,
    {
        self.settle(messages, &Settlement::Abandon, Demand::Limit).await
    }

    /// Sets messages aside that this job received: from now on they are received by their numbers only.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete).
    pub async fn defer<A>(&self, messages: Permitted<'_, Handles, A>) -> Result<Settled, BusError>
    where
        A: Action<Interface = interface::Defer>,
    {
        self.settle(messages, &Settlement::Defer, Demand::Nothing).await
    }

    /// Moves messages that this job received to the dead-letter queue. Somebody must have approved the call.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete), and [`BusError::NotApproved`].
    pub async fn deadletter<A>(&self, messages: Permitted<'_, DeadLetters, A>) -> Result<Settled, BusError>
    where
        A: Action<Interface = interface::Deadletter>,
    {
        self.bury(messages).await
    }

    /// Keeps the locks of messages that this job received; until when, in Unix milliseconds, in order.
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete).
    pub async fn renew_lock<A>(&self, messages: Permitted<'_, Handles, A>) -> Result<Vec<i64>, BusError>
    where
        A: Action<Interface = interface::RenewLock>,
    {
        self.renew(messages).await
    }

    pub(super) async fn settle<P: Spendable<Value = Handles>>(
        &self,
        permit: P,
        how: &Settlement,
        demand: Demand,
    ) -> Result<Settled, BusError> {
        let begun = begin(&self.wire, permit, Needs::Requests).await?;
        self.settle_begun(&begun, &begun.value, how, demand).await
    }

    pub(super) async fn bury<P: Spendable<Value = DeadLetters>>(
        &self,
        permit: P,
    ) -> Result<Settled, BusError> {
        let begun = begin(&self.wire, permit, Needs::Requests).await?;
        let DeadLetters { handles, reason, description } = &begun.value;
        let how = Settlement::DeadLetter { reason: reason.clone(), description: description.clone() };
        self.settle_begun(&begun, handles, &how, Demand::Approval).await
    }

    async fn settle_begun<T>(
        &self,
        begun: &Begun<T>,
        handles: &Handles,
        how: &Settlement,
        demand: Demand,
    ) -> Result<Settled, BusError> {
        let settled = async {
            let (reason, description) = match how {
                Settlement::DeadLetter { reason, description } => (reason.as_deref(), description.as_deref()),
                Settlement::Complete | Settlement::Abandon | Settlement::Defer => (None, None),
            };
            let arguments = [
                ("messages", facts::count(handles.count())),
                ("reason", facts::text(reason)),
                ("description", facts::text(description)),
            ];
            let locks = self.locks(begun, handles, arguments)?;
            match demand {
                Demand::Nothing => {}
                Demand::Limit if begun.spent.is_limited() => {}
                Demand::Limit => return Err(BusError::NotLimited { action: "abandon" }),
                Demand::Approval => super::approved(&begun.spent, "deadletter")?,
            }
            begun.spent.facts_encoded();
            let timeout_ms = self.wire.timeouts.answer_ms();
            let of = |lock: &Lock, is_open| request::settle(lock.token, how, lock.by(is_open), timeout_ms);
            let replies = self.ask_each(begun, &locks, of).await;
            let mut sequence_numbers = Vec::with_capacity(locks.len());
            let mut others = Vec::new();
            for ((handle, lock), reply) in locks.iter().zip(replies) {
                match reply.and_then(done) {
                    Ok(_) => {
                        self.held.forget(handle);
                        sequence_numbers.push(lock.sequence_number);
                    }
                    Err(error) => others.push(self.not_settled(handle, error)),
                }
            }
            all_or_error(sequence_numbers.len(), others)?;
            Ok(Settled { sequence_numbers, status: how.word() })
        };
        let settled: Result<Settled, BusError> = settled.await;
        report(
            &begun.spent,
            settled
                .as_ref()
                .map(|settled| (settled.status, numbers(settled.sequence_numbers.iter().copied()))),
        );
        settled
    }

    pub(super) async fn renew<P: Spendable<Value = Handles>>(&self, permit: P) -> Result<Vec<i64>, BusError> {
        let begun = begin(&self.wire, permit, Needs::Requests).await?;
        let renewed = async {
            let arguments = [("messages", facts::count(begun.value.count()))];
            let locks = self.locks(&begun, &begun.value, arguments)?;
            begun.spent.facts_encoded();
            let timeout_ms = self.wire.timeouts.answer_ms();
            let of = |lock: &Lock, is_open| request::renew(lock.token, lock.by(is_open), timeout_ms);
            let replies = self.ask_each(&begun, &locks, of).await;
            let (mut ends, mut others) = (Vec::with_capacity(locks.len()), Vec::new());
            for ((handle, _), reply) in locks.iter().zip(replies) {
                let until_ms = reply.and_then(done).and_then(|reply| {
                    received::time(&reply.body, "expirations").ok_or_else(|| BusError::Unknown {
                        problem: "the reply does not say until when".to_owned(),
                    })
                });
                match until_ms {
                    Ok(until_ms) => {
                        self.held.renewed(handle, until_ms);
                        ends.push(until_ms);
                    }
                    Err(error) => others.push(self.not_settled(handle, error)),
                }
            }
            all_or_error(ends.len(), others)?;
            let ids = numbers(locks.iter().map(|(_, lock)| lock.sequence_number));
            Ok((ends, ids))
        };
        let renewed: Result<(Vec<i64>, String), BusError> = renewed.await;
        report(&begun.spent, renewed.as_ref().map(|(_, ids)| ("renewed", ids.clone())));
        renewed.map(|(ends, _)| ends)
    }

    fn locks<T, const N: usize>(
        &self,
        begun: &Begun<T>,
        handles: &Handles,
        arguments: [(&'static str, Option<wpc_model::Value>); N],
    ) -> Result<Vec<(Handle, Lock)>, BusError> {
        facts::compare_arguments(begun.spent.call(), Some(&begun.entity), arguments)?;
        if handles.count() == 0 {
            return Err(BusError::Empty);
        }
        self.held.of(begun.spent.job(), &begun.entity, handles)
    }

    /// Asks about each lock, all at once; the replies in order.
    async fn ask_each<T>(
        &self,
        begun: &Begun<T>,
        locks: &[(Handle, Lock)],
        request: impl Fn(&Lock, bool) -> Request,
    ) -> Vec<Result<Reply, BusError>> {
        let mut asked = JoinSet::new();
        let mut replies: Vec<Result<Reply, BusError>> = Vec::with_capacity(locks.len());
        for (at, (_, lock)) in locks.iter().enumerate() {
            let is_open = match &lock.link {
                Some(link) => self.wire.is_open(link).await,
                None => true,
            };
            // A session ends with its connection, and the locks in it with the session.
            if !is_open && lock.session.is_some() {
                replies.push(Err(BusError::SessionLost));
                continue;
            }
            // What a task that is lost leaves.
            replies.push(Err(BusError::Unknown { problem: "the client failed".to_owned() }));
            let (wire, node, begin_by) = (Arc::clone(&self.wire), begun.entity.node(), begun.begin_by);
            let request = request(lock, is_open);
            asked.spawn(async move { (at, ask(&wire, node, request, begin_by).await) });
        }
        while let Some(answered) = asked.join_next().await {
            if let Ok((at, answer)) = answered
                && let Some(reply) = replies.get_mut(at)
            {
                *reply = answer;
            }
        }
        replies
    }

    /// A message was not settled; its lock is forgotten if there is none any more.
    fn not_settled(&self, handle: &Handle, error: BusError) -> BusError {
        let is_gone = if let BusError::Rejected { condition, .. } = &error {
            condition.ends_with("-lock-lost") || condition == "status 410"
        } else {
            matches!(error, BusError::SessionLost)
        };
        if is_gone {
            self.held.forget(handle);
        }
        error
    }
}

async fn ask(wire: &Arc<Wire>, node: Node, request: Request, begin_by: Instant) -> Result<Reply, BusError> {
    wire.ask(node, request, begin_by).await
}

/// Whether all went well; if not, the one error that says what happened to all.
fn all_or_error(done: usize, others: Vec<BusError>) -> Result<(), BusError> {
    let of = done.saturating_add(others.len());
    let is_unknown = others.iter().any(|error| error.effect() == Effect::Unknown);
    let Some(first) = others.into_iter().next() else { return Ok(()) };
    if of == 1 || (done == 0 && !is_unknown) {
        return Err(first);
    }
    Err(BusError::PartlySettled { done, of, problem: first.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_settled_in_part_is_neither_done_nor_failed() {
        let refused = || BusError::Rejected { condition: "c".to_owned(), description: "d".to_owned() };
        let unknown = || BusError::Unknown { problem: "p".to_owned() };
        let code = |done, others| all_or_error(done, others).map_err(|error| (error.code(), error.effect()));
        assert_eq!(code(2, vec![]), Ok(()));
        assert_eq!(code(0, vec![refused()]), Err(("rejected", Effect::Nothing)));
        assert_eq!(code(0, vec![refused(), refused()]), Err(("rejected", Effect::Nothing)));
        assert_eq!(code(0, vec![unknown()]), Err(("outcome_unknown", Effect::Unknown)));
        assert_eq!(code(0, vec![refused(), unknown()]), Err(("partly_settled", Effect::Unknown)));
        assert_eq!(code(1, vec![refused()]), Err(("partly_settled", Effect::Unknown)));
    }
}
