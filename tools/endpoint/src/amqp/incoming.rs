//! What clients send: messages to entities, requests to nodes.

use super::connection::{Connection, Ending};
use super::link::{CREDIT, Carries, Incoming, Link, Outgoing, Partial};
use super::session::LinkFlow;
use crate::Behaviour;
use crate::message::Message;
use crate::node::{self, CBS, MANAGEMENT, Request};
use crate::wire::performative::{ACCEPTED, MODIFIED, REJECTED, RELEASED, Transfer, error};
use crate::wire::value::{Malformed, Value};

/// The largest delivery that is put together, in bytes.
const MAX_DELIVERY: usize = 16 << 20;

/// A delivery that came whole.
struct Whole {
    at: String,
    delivery_id: u32,
    format: u32,
    is_settled: bool,
    bytes: Vec<u8>,
}

impl Connection {
    pub(super) fn transfer(
        &mut self,
        channel: u16,
        transfer: &Transfer,
        payload: &[u8],
    ) -> Result<(), Malformed> {
        let session = self.sessions.get_mut(&channel).ok_or(Malformed)?;
        session.received();
        // On a link that this side has detached nothing counts any more.
        let Some(Link::FromClient(link)) = session.links.get_mut(&transfer.handle) else { return Ok(()) };
        let Some(whole) = link.add(transfer, payload)? else { return Ok(()) };
        if link.credit < CREDIT / 2 {
            link.credit = CREDIT;
            let handle = transfer.handle;
            let flow =
                LinkFlow { handle, delivery_count: link.delivery_count, credit: link.credit, drain: false };
            session.flow(&mut self.out, Some(flow));
        }
        self.arrived(channel, transfer.handle, whole);
        Ok(())
    }

    fn arrived(&mut self, channel: u16, handle: u32, whole: Whole) {
        let is_node = whole.at == CBS || whole.at.ends_with(MANAGEMENT);
        let behaviour = self.broker.behaviour(&whole.at);
        let messages = match Message::unpack(whole.format, &whole.bytes) {
            Ok(messages) => messages,
            Err(Malformed) => {
                let why = error("amqp:decode-error", "not a message");
                return self.answer_delivery(channel, &whole, Value::composite(REJECTED, vec![why]));
            }
        };
        let accepted = Value::composite(ACCEPTED, Vec::new());
        let (state, keep) = match &behaviour {
            Behaviour::Reject { condition, description } if !is_node => {
                (Some(Value::composite(REJECTED, vec![error(condition, description)])), false)
            }
            Behaviour::Busy { .. } if !is_node => (
                Some(Value::composite(REJECTED, vec![error("com.microsoft:server-busy", "too busy")])),
                false,
            ),
            Behaviour::Release if !is_node => (Some(Value::composite(RELEASED, Vec::new())), false),
            Behaviour::Modify if !is_node => {
                (Some(Value::composite(MODIFIED, vec![Value::Bool(true), Value::Bool(false)])), false)
            }
            Behaviour::Silent | Behaviour::Detach | Behaviour::Close | Behaviour::Cut => {
                (is_node.then_some(accepted), !is_node)
            }
            Behaviour::Accept
            | Behaviour::Reject { .. }
            | Behaviour::Release
            | Behaviour::Modify
            | Behaviour::Status { .. }
            | Behaviour::DoThenCut
            | Behaviour::Busy { .. } => (Some(accepted), true),
        };
        if let Some(state) = state {
            self.answer_delivery(channel, &whole, state);
        }
        if keep && is_node {
            for message in &messages {
                self.asked(&whole.at, message, &behaviour);
            }
        } else if keep {
            let batched = whole.format != 0;
            self.broker.arrive(&whole.at, messages, batched);
        }
        match behaviour {
            Behaviour::Detach => {
                self.force_detach(channel, handle, error("amqp:link:detach-forced", "told to detach"));
            }
            Behaviour::Close => self.close("amqp:connection:forced", "told to close"),
            Behaviour::Cut | Behaviour::DoThenCut => self.ending = Some(Ending::Cut),
            Behaviour::Accept
            | Behaviour::Reject { .. }
            | Behaviour::Release
            | Behaviour::Modify
            | Behaviour::Silent
            | Behaviour::Status { .. }
            | Behaviour::Busy { .. } => {}
        }
    }

    fn answer_delivery(&mut self, channel: u16, whole: &Whole, state: Value) {
        if !whole.is_settled
            && let Some(session) = self.sessions.get(&channel)
        {
            session.disposition(&mut self.out, true, whole.delivery_id, state);
        }
    }

    /// Answers one request.
    fn asked(&mut self, at: &str, message: &Message, behaviour: &Behaviour) {
        let request = Request::read(message);
        let answer = match behaviour {
            Behaviour::Status { code, description } => node::Answer::status(*code, description),
            Behaviour::Reject { description, .. } => node::Answer::status(400, description),
            Behaviour::Busy { .. } => node::Answer::busy(),
            Behaviour::Accept
            | Behaviour::Release
            | Behaviour::Modify
            | Behaviour::Silent
            | Behaviour::Detach
            | Behaviour::Close
            | Behaviour::Cut
            | Behaviour::DoThenCut => node::answer(at, &request, self),
        };
        self.reply(at, &request.reply(at, answer), request.reply_to());
    }

    /// Puts a reply on the link whose address or name the request named, else on the node's latest.
    fn reply(&mut self, at: &str, reply: &Message, reply_to: Option<&str>) {
        let mut latest = None;
        for session in self.sessions.values_mut() {
            for link in session.links.values_mut() {
                let Link::ToClient(Outgoing {
                    node,
                    name,
                    carries: Carries::Replies { address, waiting },
                    ..
                }) = link
                else {
                    continue;
                };
                if node != at {
                    continue;
                }
                if reply_to.is_some_and(|to| address.as_deref() == Some(to) || name == to) {
                    waiting.push_back(reply.to_bytes());
                    return;
                }
                latest = Some(waiting);
            }
        }
        if let Some(waiting) = latest {
            waiting.push_back(reply.to_bytes());
        }
    }
}

impl Incoming {
    /// Adds one frame; gives the delivery once it is whole.
    fn add(&mut self, transfer: &Transfer, payload: &[u8]) -> Result<Option<Whole>, Malformed> {
        let mut partial = match self.partial.take() {
            Some(partial) => partial,
            None => Partial {
                delivery_id: transfer.delivery_id.ok_or(Malformed)?,
                format: transfer.message_format.unwrap_or(0),
                is_settled: false,
                bytes: Vec::new(),
            },
        };
        partial.is_settled |= transfer.is_settled;
        partial.bytes.extend_from_slice(payload);
        if partial.bytes.len() > MAX_DELIVERY {
            return Err(Malformed);
        }
        if transfer.has_more && !transfer.is_aborted {
            self.partial = Some(partial);
            return Ok(None);
        }
        self.delivery_count = self.delivery_count.wrapping_add(1);
        self.credit = self.credit.saturating_sub(1);
        let Partial { delivery_id, format, is_settled, bytes } = partial;
        Ok((!transfer.is_aborted).then(|| Whole {
            at: self.node.clone(),
            delivery_id,
            format,
            is_settled,
            bytes,
        }))
    }
}
