//! One connection: from its first bytes to its last.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::session::Session;
use crate::address::node;
use crate::broker::Broker;
use crate::wire::frame::{self, AMQP_HEADER, Frame, MAX_FRAME, SASL_HEADER};
use crate::wire::performative::{BEGIN, CLOSE, END, OPEN, Performative, error};
use crate::wire::value::{Malformed, Value};

/// SASL performatives (OASIS AMQP 1.0 part 5, section 5.3.3).
const MECHANISMS: u64 = 0x40;
const OUTCOME: u64 = 0x44;

/// How far a connection has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    Header,
    Sasl,
    Amqp,
}

/// How it ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    /// Both have said good-bye.
    Closed,
    /// This side has said so; the client may answer.
    Closing,
    /// Without a word, and what was not written yet is not written.
    Cut,
}

/// One connected client.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) broker: Arc<Broker>,
    /// What is to be written.
    pub(super) out: Vec<u8>,
    /// The largest frame that the client reads.
    pub(super) max_frame: u32,
    pub(super) sessions: BTreeMap<u16, Session>,
    pub(super) ending: Option<Ending>,
    phase: Phase,
    audiences: BTreeSet<String>,
}

impl Connection {
    pub(super) fn new(broker: Arc<Broker>) -> Self {
        Self {
            broker,
            out: Vec::new(),
            max_frame: 512,
            sessions: BTreeMap::new(),
            ending: None,
            phase: Phase::Header,
            audiences: BTreeSet::new(),
        }
    }

    /// Does what has come whole in `buffer`, and takes it out.
    pub(super) fn read(&mut self, buffer: &mut Vec<u8>) {
        let mut at = 0;
        while self.ending != Some(Ending::Cut) {
            match self.step(buffer.get(at..).unwrap_or_default()) {
                Ok(Some(length)) => at = length.saturating_add(at),
                Ok(None) => break,
                Err(Malformed) => {
                    self.close("amqp:connection:framing-error", "this is not AMQP as it is spoken here");
                    at = buffer.len();
                    break;
                }
            }
        }
        drop(buffer.drain(..at));
    }

    /// Does the first thing in `bytes`; its length, or `None` if it has not come whole.
    fn step(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        if let Some(header) = bytes.first_chunk::<8>().filter(|header| header.starts_with(b"AMQP")) {
            return self.header(header).map(|()| Some(header.len()));
        }
        if self.phase == Phase::Header {
            return if bytes.len() < 8 && b"AMQP".starts_with(bytes.get(..4).unwrap_or(bytes)) {
                Ok(None)
            } else {
                Err(Malformed)
            };
        }
        let Some((read, length)) = Frame::read(bytes)? else { return Ok(None) };
        if read.kind == frame::SASL {
            self.write(frame::SASL, 0, OUTCOME, vec![Value::Ubyte(0)]);
        } else if !read.body.is_empty() {
            let (performative, payload) = Performative::read(read.body)?;
            self.perform(read.channel, performative, payload)?;
        }
        Ok(Some(length))
    }

    fn header(&mut self, header: &[u8; 8]) -> Result<(), Malformed> {
        match *header {
            SASL_HEADER if self.phase == Phase::Header => {
                self.phase = Phase::Sasl;
                self.out.extend(SASL_HEADER);
                let anonymous = Value::Array(vec![Value::symbol("ANONYMOUS"), Value::symbol("MSSBCBS")]);
                self.write(frame::SASL, 0, MECHANISMS, vec![anonymous]);
                Ok(())
            }
            AMQP_HEADER if self.phase != Phase::Amqp => {
                self.phase = Phase::Amqp;
                self.out.extend(AMQP_HEADER);
                Ok(())
            }
            _ => Err(Malformed),
        }
    }

    fn perform(&mut self, channel: u16, performative: Performative, payload: &[u8]) -> Result<(), Malformed> {
        match performative {
            Performative::Open { max_frame } => {
                self.max_frame = max_frame.clamp(512, MAX_FRAME);
                let fields = vec![
                    Value::text("wpc-endpoint"),
                    Value::Null,
                    Value::Uint(MAX_FRAME),
                    Value::Ushort(u16::MAX),
                ];
                self.write(frame::AMQP, 0, OPEN, fields);
            }
            Performative::Begin { next_outgoing_id, incoming_window } => {
                let session = Session::new(channel, next_outgoing_id, incoming_window);
                session.write(&mut self.out, BEGIN, session.begin());
                self.sessions.insert(channel, session);
            }
            Performative::End => {
                self.end_session(channel);
                self.write(frame::AMQP, channel, END, Vec::new());
            }
            Performative::Close => {
                if self.ending.is_none() {
                    self.write(frame::AMQP, 0, CLOSE, Vec::new());
                }
                self.ending = Some(Ending::Closed);
            }
            Performative::Attach(attach) => self.attach(channel, attach)?,
            Performative::Detach { handle, closed } => self.detach(channel, handle, closed)?,
            Performative::Flow(flow) => self.flow(channel, &flow)?,
            Performative::Transfer(transfer) => self.transfer(channel, &transfer, payload)?,
            Performative::Disposition(disposition) => self.disposition(channel, &disposition)?,
        }
        Ok(())
    }

    pub(super) fn session(&mut self, channel: u16) -> Result<&mut Session, Malformed> {
        self.sessions.get_mut(&channel).ok_or(Malformed)
    }

    fn write(&mut self, kind: u8, channel: u16, code: u64, fields: Vec<Value>) {
        frame::write(&mut self.out, kind, channel, &[&Value::composite(code, fields).to_bytes()]);
    }

    /// Says good-bye and why.
    pub(super) fn close(&mut self, condition: &str, description: &str) {
        if self.ending.is_none() {
            self.write(frame::AMQP, 0, CLOSE, vec![error(condition, description)]);
            self.ending = Some(Ending::Closing);
        }
    }

    /// Says good-bye.
    pub(super) fn close_quietly(&mut self) {
        if self.ending.is_none() && self.phase == Phase::Amqp {
            self.write(frame::AMQP, 0, CLOSE, Vec::new());
            self.ending = Some(Ending::Closing);
        } else if self.ending.is_none() {
            self.ending = Some(Ending::Cut);
        }
    }

    /// Says that this side is still there.
    pub(super) fn beat(&mut self) {
        if self.phase == Phase::Amqp && self.ending.is_none() {
            frame::write(&mut self.out, frame::AMQP, 0, &[]);
        }
    }

    /// Remembers that a token was put for `audience`.
    pub(crate) fn authorize(&mut self, audience: &str) {
        self.audiences.insert(node(audience));
    }

    /// Whether a token covers `at`: one for it, for a parent, or for the namespace.
    pub(super) fn is_authorized(&self, at: &str) -> bool {
        let covers = |audience: &String| {
            audience.is_empty()
                || at == audience
                || at.strip_prefix(audience).is_some_and(|rest| rest.starts_with('/'))
        };
        !self.broker.settings.token_required || at == "$cbs" || self.audiences.iter().any(covers)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let channels: Vec<u16> = self.sessions.keys().copied().collect();
        channels.into_iter().for_each(|channel| self.end_session(channel));
    }
}
