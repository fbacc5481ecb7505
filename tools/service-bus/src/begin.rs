//! From a permit to the moment before the wire.

use std::sync::Arc;

use tokio::time::Instant;
use wpc::{Permit, Permitted, Place, Refused, Report, Spent};

use crate::dialect::address::Entity;
use crate::facts::{self, message_id};
use crate::sending::Outgoing;
use crate::wire::Wire;
use crate::{BusError, Effect, Message};

/// Which links a call needs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Links {
    Messages,
    Requests,
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
    links: Links,
) -> Result<Begun<P::Value>, BusError> {
    match prepare(wire, permit.place(), permit.scope(), links).await {
        Ok(entity) => {
            let (value, spent) = permit.spend()?;
            let begin_by = Instant::now() + spent.remaining();
            Ok(Begun { entity, value, spent, begin_by })
        }
        Err(error) => {
            // Spent for the sake of the report: the entry says that nothing was sent, and why.
            if let Ok((_, spent)) = permit.spend() {
                report(&spent, Err(&error));
            }
            Err(error)
        }
    }
}

async fn prepare(
    wire: &Arc<Wire>,
    place: Option<&Place>,
    scope: &[String],
    links: Links,
) -> Result<Entity, BusError> {
    if scope != [wire.namespace.host()] {
        return Err(BusError::DescribedDiffers { what: "namespace" });
    }
    let name =
        place.filter(|place| matches!(place.kind(), "queue" | "topic")).and_then(|place| place.name(0));
    let entity = Entity::parse(name.ok_or(BusError::DescribedDiffers { what: "entity" })?)?;
    match links {
        Links::Messages => wire.attach(&entity).await?,
        Links::Requests => wire.attach_management(&entity).await?,
    }
    Ok(entity)
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

/// A permit, with a value or without.
pub(crate) trait Spendable {
    type Value;

    fn place(&self) -> Option<&Place>;
    fn scope(&self) -> &[String];
    fn spend(self) -> Result<(Self::Value, Spent), Refused>;
}

impl<T, A> Spendable for Permitted<'_, T, A> {
    type Value = T;

    fn place(&self) -> Option<&Place> {
        Permitted::place(self)
    }

    fn scope(&self) -> &[String] {
        Permitted::scope(self)
    }

    fn spend(self) -> Result<(T, Spent), Refused> {
        Permitted::spend(self)
    }
}

impl<A> Spendable for Permit<'_, A> {
    type Value = ();

    fn place(&self) -> Option<&Place> {
        Permit::place(self)
    }

    fn scope(&self) -> &[String] {
        Permit::scope(self)
    }

    fn spend(self) -> Result<((), Spent), Refused> {
        Permit::spend(self).map(|spent| ((), spent))
    }
}
