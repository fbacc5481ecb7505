//! Links that clients attach and detach, and the credit that they give.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use super::connection::Connection;
use super::link::{CREDIT, Carries, Incoming, Link, Outgoing};
use super::session::LinkFlow;
use crate::Delivering;
use crate::address::node;
use crate::broker::Mode;
use crate::broker::refusal::Refusal;
use crate::node::{CBS, MANAGEMENT};
use crate::wire::performative::{ATTACH, Attach, DETACH, Flow, SOURCE, TARGET, error};
use crate::wire::value::{Malformed, Value};

/// The key under which a source's filter names a session.
const SESSION_FILTER: &str = "com.microsoft:session-filter";

/// 100 ns from the year 1 to 1970: how .NET counts time.
const TICKS_TO_1970: i64 = 621_355_968_000_000_000;

const FILTER: usize = 7;

impl Connection {
    pub(super) fn attach(&mut self, channel: u16, attach: Attach) -> Result<(), Malformed> {
        let terminus = if attach.is_receiver { &attach.source } else { &attach.target };
        let expected = if attach.is_receiver { SOURCE } else { TARGET };
        let at = node(Attach::address(terminus).unwrap_or_default());
        let refusal = if terminus.described().map(|(code, _)| code) != Some(expected) {
            // A transaction coordinator, for one.
            Some(Refusal::NOT_SERVED.into())
        } else if !self.is_authorized(&at) {
            Some(Refusal::new(401, "amqp:unauthorized-access", "no token was put for it"))
        } else if attach.is_receiver && self.broker.delivering(&at) == Delivering::Refuse {
            Some(Refusal::new(400, "amqp:not-allowed", "told to refuse"))
        } else {
            None
        };
        if let Some(refusal) = refusal {
            return self.refuse(channel, &attach, &refusal);
        }
        if attach.is_receiver {
            self.attach_outgoing(channel, attach, at)
        } else {
            self.attach_incoming(channel, attach, at)
        }
    }

    fn attach_incoming(&mut self, channel: u16, attach: Attach, at: String) -> Result<(), Malformed> {
        let fields = self.answer(&attach, attach.source.clone(), Value::Null);
        let session = self.sessions.get_mut(&channel).ok_or(Malformed)?;
        let delivery_count = attach.initial_delivery_count;
        let link = Incoming { node: at, delivery_count, credit: CREDIT, partial: None };
        session.links.insert(attach.handle, Link::FromClient(link));
        session.write(&mut self.out, ATTACH, fields);
        let flow = LinkFlow { handle: attach.handle, delivery_count, credit: CREDIT, drain: false };
        session.flow(&mut self.out, Some(flow));
        Ok(())
    }

    fn attach_outgoing(&mut self, channel: u16, attach: Attach, at: String) -> Result<(), Malformed> {
        static HOLDERS: AtomicU64 = AtomicU64::new(0);
        let holder = HOLDERS.fetch_add(1, Ordering::Relaxed);
        let (mut source, mut properties) = (attach.source.clone(), Value::Null);
        let carries = if at == CBS || at.ends_with(MANAGEMENT) {
            let address = Attach::address(&attach.target).map(str::to_owned);
            Carries::Replies { address, waiting: VecDeque::new() }
        } else {
            // What is not settled twice is settled when it is sent.
            let mode = if attach.rcv_settle_mode == 1 { Mode::PeekLock } else { Mode::Delete };
            let mode = if attach.snd_settle_mode == 0 { Mode::PeekLock } else { mode };
            let session = match self.session_for(&at, &attach, holder) {
                Ok(session) => session,
                Err(refusal) => return self.refuse(channel, &attach, &refusal),
            };
            if let Some((id, until_ms)) = &session {
                source = with_session(source, id);
                let ticks = until_ms.saturating_mul(10_000).saturating_add(TICKS_TO_1970);
                let until = (Value::symbol("com.microsoft:locked-until-utc"), Value::Long(ticks));
                properties = Value::Map(vec![until]);
            }
            Carries::Messages { mode, session: session.map(|(id, _)| id) }
        };
        let fields = self.answer(&attach, source, properties);
        let session = self.session(channel)?;
        let link = Outgoing {
            node: at,
            name: attach.name,
            delivery_count: 0,
            credit: 0,
            drain: false,
            delivered: 0,
            holder,
            carries,
        };
        session.links.insert(attach.handle, Link::ToClient(link));
        let session = self.sessions.get(&channel).ok_or(Malformed)?;
        session.write(&mut self.out, ATTACH, fields);
        Ok(())
    }

    /// The session that an attach asks for, held for it.
    fn session_for(&self, at: &str, attach: &Attach, holder: u64) -> Result<Option<(String, i64)>, Refusal> {
        let wanted =
            attach.source.described().and_then(|(_, source)| source.field(FILTER).entry(SESSION_FILTER));
        match (wanted, self.broker.requires_session(at)) {
            (None, false) => Ok(None),
            (None, true) => Err(Refusal::SESSION_REQUIRED.into()),
            (Some(_), false) => Err(Refusal::new(400, "amqp:not-allowed", "the entity has no sessions")),
            (Some(wanted), true) => {
                // Some describe the filter, some do not.
                let wanted = if let Value::Described(_, value) = wanted { value } else { wanted };
                self.broker.hold_session(at, wanted.as_text(), holder).map(Some)
            }
        }
    }

    /// The fields of an `attach` that answers the client's.
    fn answer(&self, attach: &Attach, source: Value, properties: Value) -> Vec<Value> {
        vec![
            Value::text(attach.name.as_str()),
            Value::Uint(attach.handle),
            Value::Bool(!attach.is_receiver),
            Value::Ubyte(attach.snd_settle_mode),
            Value::Ubyte(if attach.is_receiver { attach.rcv_settle_mode } else { 0 }),
            source,
            attach.target.clone(),
            Value::Null,
            Value::Bool(false),
            if attach.is_receiver { Value::Uint(0) } else { Value::Null },
            Value::Ulong(self.broker.settings.max_message_bytes),
            Value::Null,
            Value::Null,
            properties,
        ]
    }

    /// Attaches without a terminus, then detaches with the reason: as Azure does it.
    fn refuse(&mut self, channel: u16, attach: &Attach, refusal: &Refusal) -> Result<(), Malformed> {
        let mut fields = self.answer(attach, Value::Null, Value::Null);
        if let Some(target) = fields.get_mut(6) {
            *target = Value::Null;
        }
        let session = self.sessions.get(&channel).ok_or(Malformed)?;
        session.write(&mut self.out, ATTACH, fields);
        let why = error(&refusal.condition, &refusal.description);
        session.write(&mut self.out, DETACH, vec![Value::Uint(attach.handle), Value::Bool(true), why]);
        Ok(())
    }

    pub(super) fn detach(&mut self, channel: u16, handle: u32, closed: bool) -> Result<(), Malformed> {
        let session = self.session(channel)?;
        // One that this side has detached is answered already.
        let Some(link) = session.links.remove(&handle) else { return Ok(()) };
        let session = self.sessions.get(&channel).ok_or(Malformed)?;
        session.write(&mut self.out, DETACH, vec![Value::Uint(handle), Value::Bool(closed)]);
        self.let_go(&link);
        Ok(())
    }

    /// Detaches a link and says why.
    pub(super) fn force_detach(&mut self, channel: u16, handle: u32, why: Value) {
        let Some(session) = self.sessions.get_mut(&channel) else { return };
        let Some(link) = session.links.remove(&handle) else { return };
        session.write(&mut self.out, DETACH, vec![Value::Uint(handle), Value::Bool(true), why]);
        self.let_go(&link);
    }

    fn let_go(&self, link: &Link) {
        if let Link::ToClient(Outgoing {
            node,
            holder,
            carries: Carries::Messages { session: Some(_), .. },
            ..
        }) = link
        {
            self.broker.release_sessions(node, *holder);
        }
    }

    pub(super) fn end_session(&mut self, channel: u16) {
        let Some(session) = self.sessions.remove(&channel) else { return };
        session.links.values().for_each(|link| self.let_go(link));
    }

    pub(super) fn flow(&mut self, channel: u16, flow: &Flow) -> Result<(), Malformed> {
        let session = self.sessions.get_mut(&channel).ok_or(Malformed)?;
        session.heard(flow.next_incoming_id, flow.incoming_window);
        let Some(handle) = flow.handle else {
            if flow.echo {
                session.flow(&mut self.out, None);
            }
            return Ok(());
        };
        // A link that this side has detached.
        let Some(link) = session.links.get_mut(&handle) else { return Ok(()) };
        let state = match link {
            Link::ToClient(link) => {
                let given = flow.delivery_count.unwrap_or(0).wrapping_add(flow.link_credit.unwrap_or(0));
                link.credit = given.wrapping_sub(link.delivery_count);
                link.drain = flow.drain;
                LinkFlow {
                    handle,
                    delivery_count: link.delivery_count,
                    credit: link.credit,
                    drain: link.drain,
                }
            }
            Link::FromClient(link) => {
                LinkFlow { handle, delivery_count: link.delivery_count, credit: link.credit, drain: false }
            }
        };
        if flow.echo {
            session.flow(&mut self.out, Some(state));
        }
        Ok(())
    }
}

/// A source whose filter names the session that was given.
fn with_session(mut source: Value, id: &str) -> Value {
    if let Value::Described(_, fields) = &mut source
        && let Value::List(fields) = &mut **fields
        && let Some(Value::Map(filters)) = fields.get_mut(FILTER)
    {
        for (key, value) in filters.iter_mut() {
            if key.as_text() == Some(SESSION_FILTER) {
                if let Value::Described(_, inner) = value {
                    **inner = Value::text(id);
                } else {
                    *value = Value::text(id);
                }
            }
        }
    }
    source
}
