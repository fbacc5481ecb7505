//! From messages to the broker's outcome, with a stop between: first encode, then look, then send.

use std::sync::Arc;

use tokio::time::Instant;

use crate::dialect::address::Entity;
use crate::dialect::encoded::{Encoded, MAX_MESSAGE_ID, Opened};
use crate::dialect::reply::Reply;
use crate::dialect::request;
use crate::dialect::{batch, schedule};
use crate::error::outside;
use crate::wire::Wire;
use crate::{BusError, Message, MessageError};

/// Message format of a single message (OASIS AMQP 1.0 part 3, section 3.2.16).
const SINGLE: u32 = 0;

/// Messages that were encoded, and read again from their bytes. Nothing was sent yet.
#[derive(Debug)]
pub(crate) struct Outgoing {
    entity: Entity,
    messages: Vec<(Encoded, Opened)>,
}

impl Outgoing {
    /// Encodes `messages`, each with the id at its place in `ids`; to be scheduled if a time is given.
    ///
    /// # Errors
    ///
    /// [`BusError`] with [`Effect::Nothing`](crate::Effect): there is no message, or one cannot be
    /// encoded so that it reads back the same.
    pub(crate) fn encode<'a>(
        entity: Entity,
        messages: impl IntoIterator<Item = (String, &'a Message)>,
        enqueue_at_ms: Option<i64>,
    ) -> Result<Self, BusError> {
        let mut encoded = Vec::new();
        for (id, message) in messages {
            if id.chars().count() > MAX_MESSAGE_ID {
                return Err(MessageError::IdTooLong.into());
            }
            let differs = |_| BusError::DescribedDiffers { what: "encoding" };
            let bytes = Encoded::new(message, &id, enqueue_at_ms).map_err(differs)?;
            let opened = bytes.open().map_err(differs)?;
            encoded.push((bytes, opened));
        }
        if encoded.is_empty() { Err(BusError::Empty) } else { Ok(Self { entity, messages: encoded }) }
    }

    /// Where they go.
    pub(crate) fn entity(&self) -> &Entity {
        &self.entity
    }

    /// Their ids, as their bytes say.
    pub(crate) fn message_ids(&self) -> Vec<String> {
        self.opened().map(|opened| opened.id.clone()).collect()
    }

    /// The messages as their bytes say they are.
    pub(crate) fn opened(&self) -> impl ExactSizeIterator<Item = &Opened> {
        self.messages.iter().map(|(_, opened)| opened)
    }

    /// Sends them in one transfer, which the broker takes or refuses as a whole.
    pub(crate) async fn send(mut self, wire: &Arc<Wire>, begin_by: Instant) -> Result<(), BusError> {
        let single = if self.messages.len() == 1 { self.messages.pop() } else { None };
        let (format, message) = match single {
            Some((_, opened)) => (SINGLE, opened.message),
            None => (batch::FORMAT, batch::envelope(self.messages)),
        };
        wire.deliver(self.entity.node(), format, message, begin_by).await
    }

    /// Schedules them in one request; the sequence numbers, in order.
    pub(crate) async fn schedule(self, wire: &Arc<Wire>, begin_by: Instant) -> Result<Vec<i64>, BusError> {
        let count = self.messages.len();
        let request = schedule::schedule(self.messages, wire.timeouts.answer_ms());
        let reply = done(wire.ask(self.entity.node(), request, begin_by).await?)?;
        let numbers = schedule::sequence_numbers(&reply.body).filter(|numbers| numbers.len() == count);
        numbers.ok_or_else(|| BusError::Unknown {
            problem: "the reply does not number every scheduled message".to_owned(),
        })
    }
}

/// Cancels scheduled messages in one request.
pub(crate) async fn cancel(
    wire: &Arc<Wire>,
    entity: &Entity,
    sequence_numbers: &[i64],
    begin_by: Instant,
) -> Result<(), BusError> {
    if sequence_numbers.is_empty() {
        return Err(BusError::Empty);
    }
    let request = request::cancel(sequence_numbers, wire.timeouts.answer_ms());
    done(wire.ask(entity.node(), request, begin_by).await?).map(drop)
}

/// A reply that says yes. A clear no is the broker's own outcome; anything else is no answer.
pub(crate) fn done(reply: Reply) -> Result<Reply, BusError> {
    if reply.is_done() {
        return Ok(reply);
    }
    let refusal = reply.is_refusal();
    let condition = outside(&reply.condition.unwrap_or_else(|| format!("status {}", reply.code)));
    let description = outside(&reply.description);
    Err(if refusal {
        BusError::Rejected { condition, description }
    } else {
        BusError::Unknown { problem: format!("{condition}: {description}") }
    })
}
