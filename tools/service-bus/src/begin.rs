//! From a permit to the moment before the wire.

use std::sync::Arc;

use tokio::time::Instant;
use wpc::{DynamicPermit, JobId, Permit, Permitted, Refused, Report, Spent};
use wpc_model::{Call, Credential as Demanded};

use crate::dialect::address::{Entity, Node};
use crate::facts::{self, message_id};
use crate::sending::Outgoing;
use crate::wire::{Mode, Receives, Wire};
use crate::{BusError, Effect, Message};

/// What a call needs before its permit is spent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Needs {
    /// The link on which messages are sent.
    Messages,
    /// The links for requests about the entity.
    Requests,
    /// The links for requests about its dead letters.
    DeadLetterRequests,
    /// The job's link for receiving.
    Receiver(Mode),
    /// The job's link for receiving dead letters.
    DeadLetterReceiver(Mode),
    /// Nothing that is not an effect itself.
    Nothing,
}

/// A call whose permit is spent: nothing is between it and the wire but the comparison.
#[derive(Debug)]
pub(crate) struct Begun<T> {
    pub(crate) entity: Entity,
    pub(crate) value: T,
    pub(crate) spent: Spent,
    pub(crate) begin_by: Instant,
}

/// Makes sure of the links, then spends the permit: connecting is not the effect, and what takes
/// too long lets the permit expire before anything is sent.
pub(crate) async fn begin<P: Spendable>(
    wire: &Arc<Wire>,
    permit: P,
    needs: Needs,
) -> Result<Begun<P::Value>, BusError> {
    let prepared = match allowed(wire, &permit).and_then(|()| entity(permit.call())) {
        Ok(entity) => prepare(wire, &entity, permit.job(), needs).await.map(|()| entity),
        Err(error) => Err(error),
    };
    match prepared {
        Ok(entity) => {
            let (value, spent) = permit.spend()?;
            let begin_by = Instant::now() + spent.remaining();
            Ok(Begun { entity, value, spent, begin_by })
        }
        Err(error) => Err(given_up(permit, error)),
    }
}

/// As [`begin`], for a call that is about the namespace and no entity.
pub(crate) fn begin_at_namespace<P: Spendable>(
    wire: &Arc<Wire>,
    permit: P,
) -> Result<(P::Value, Spent, Instant), BusError> {
    match allowed(wire, &permit) {
        Ok(()) => {
            let (value, spent) = permit.spend()?;
            let begin_by = Instant::now() + spent.remaining();
            Ok((value, spent, begin_by))
        }
        Err(error) => Err(given_up(permit, error)),
    }
}

/// Spends a permit for the sake of the report: the entry says that nothing was sent, and why.
fn given_up<P: Spendable>(permit: P, error: BusError) -> BusError {
    if let Ok((_, spent)) = permit.spend() {
        report(&spent, Err(&error));
    }
    error
}

/// Whether this client may do anything under the permit: it is connected to the policy's namespace, as whom the
/// policy demands.
fn allowed<P: Spendable>(wire: &Wire, permit: &P) -> Result<(), BusError> {
    if permit.scope() != [wire.namespace.host()] {
        return Err(BusError::DescribedDiffers { what: "namespace" });
    }
    wire.credential.fits(permit.credentials().into_iter())
}

fn entity(call: &Call) -> Result<Entity, BusError> {
    let resource = call.resource.as_ref().ok_or(BusError::DescribedDiffers { what: "entity" })?;
    let names: Vec<&str> = resource.names.iter().map(String::as_str).collect();
    Ok(Entity::of(&resource.kind, &names)?)
}

async fn prepare(wire: &Arc<Wire>, entity: &Entity, job: &JobId, needs: Needs) -> Result<(), BusError> {
    let receives = |node: Node, mode| Receives { node, mode, job: job.as_str().to_owned() };
    match needs {
        Needs::Messages => wire.attach(entity.node()).await,
        Needs::Requests => wire.attach_management(entity.node()).await,
        Needs::DeadLetterRequests => wire.attach_management(entity.deadletter()).await,
        Needs::Receiver(mode) => wire.attach_receiver(receives(entity.node(), mode)).await,
        Needs::DeadLetterReceiver(mode) => wire.attach_receiver(receives(entity.deadletter(), mode)).await,
        Needs::Nothing => Ok(()),
    }
}

impl<T> Begun<T> {
    /// Encodes the messages, reads them again, and compares what they say with what was admitted.
    pub(crate) fn encode(&self, messages: &[Message], at: Option<i64>) -> Result<Outgoing, BusError> {
        let ids = (0..).map(|index| message_id(&self.spent, index));
        let outgoing = Outgoing::encode(self.entity.clone(), ids.zip(messages), at)?;
        facts::compare(self.spent.call(), &outgoing)?;
        self.spent.facts_encoded();
        Ok(outgoing)
    }

    /// A link for receiving that is this job's alone.
    pub(crate) fn receives(&self, node: Node, mode: Mode) -> Receives {
        Receives { node, mode, job: self.spent.job().as_str().to_owned() }
    }
}

/// Tells the ledger what the broker answered.
pub(crate) fn report(spent: &Spent, done: Result<(&str, String), &BusError>) {
    spent.report(match done {
        Ok((status, id)) => {
            Report::Done { status: Some(status.to_owned()), id: Some(id).filter(|id| !id.is_empty()) }
        }
        Err(error) => match error.effect() {
            Effect::Nothing => {
                Report::Failed { code: error.code().to_owned(), status: error.condition().map(str::to_owned) }
            }
            Effect::Unknown => Report::Unknown { code: error.code().to_owned() },
        },
    });
}

/// Sequence numbers as the ledger is told of them: sorted, runs as `first-last`.
pub(crate) fn numbers(numbers: impl IntoIterator<Item = i64>) -> String {
    let mut all: Vec<i64> = numbers.into_iter().collect();
    all.sort_unstable();
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for number in all {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            Some(_) | None => runs.push((number, number)),
        }
    }
    let run = |(first, last)| if first == last { format!("{first}") } else { format!("{first}-{last}") };
    runs.into_iter().map(run).collect::<Vec<_>>().join(",")
}

/// A permit, with a value or without.
pub(crate) trait Spendable {
    type Value;

    fn call(&self) -> &Call;
    fn job(&self) -> &JobId;
    fn scope(&self) -> &[String];
    fn credentials(&self) -> Vec<Demanded>;
    fn spend(self) -> Result<(Self::Value, Spent), Refused>;
}

impl<T, A> Spendable for Permitted<'_, T, A> {
    type Value = T;

    fn call(&self) -> &Call {
        Permitted::call(self)
    }

    fn job(&self) -> &JobId {
        Permitted::job(self)
    }

    fn scope(&self) -> &[String] {
        Permitted::scope(self)
    }

    fn credentials(&self) -> Vec<Demanded> {
        Permitted::credentials(self).collect()
    }

    fn spend(self) -> Result<(T, Spent), Refused> {
        Permitted::spend(self)
    }
}

impl<A> Spendable for Permit<'_, A> {
    type Value = ();

    fn call(&self) -> &Call {
        Permit::call(self)
    }

    fn job(&self) -> &JobId {
        Permit::job(self)
    }

    fn scope(&self) -> &[String] {
        Permit::scope(self)
    }

    fn credentials(&self) -> Vec<Demanded> {
        Permit::credentials(self).collect()
    }

    fn spend(self) -> Result<((), Spent), Refused> {
        Permit::spend(self).map(|spent| ((), spent))
    }
}

/// The permit of a dynamic call, and the value that it was measured of.
#[derive(Debug)]
pub(crate) struct Dynamic<'g, T> {
    pub(crate) permit: DynamicPermit<'g>,
    pub(crate) value: T,
}

impl<T> Spendable for Dynamic<'_, T> {
    type Value = T;

    fn call(&self) -> &Call {
        self.permit.call()
    }

    fn job(&self) -> &JobId {
        self.permit.job()
    }

    fn scope(&self) -> &[String] {
        self.permit.scope()
    }

    fn credentials(&self) -> Vec<Demanded> {
        self.permit.credentials().collect()
    }

    fn spend(self) -> Result<(T, Spent), Refused> {
        self.permit.spend().map(|spent| (self.value, spent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_as_runs() {
        assert_eq!(numbers([]), "");
        assert_eq!(numbers([7]), "7");
        assert_eq!(numbers([3, 1, 2, 9, 8, 5]), "1-3,5,8-9");
    }
}
