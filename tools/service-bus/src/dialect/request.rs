//! Requests to `<entity>/$management`.
//!
//! Source: "AMQP 1.0 in Azure Service Bus: request-response-based operations".

use fe2o3_amqp::types::messaging::{AmqpValue, ApplicationProperties, Message as AmqpMessage};
use fe2o3_amqp::types::primitives::{Array, Binary, OrderedMap, SimpleValue, Value};

use super::lock::LockToken;

/// A request as it is sent, without its id and the address for its reply.
pub(crate) type Request = AmqpMessage<AmqpValue<Value>>;

/// What becomes of a locked message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Settlement {
    Complete,
    Abandon,
    Defer,
    DeadLetter { reason: Option<String>, description: Option<String> },
}

impl Settlement {
    /// The operation's name for it.
    const fn status(&self) -> &'static str {
        match self {
            Self::Complete => "completed",
            Self::Abandon => "abandoned",
            // Spelt so by the protocol.
            Self::Defer => "defered",
            Self::DeadLetter { .. } => "suspended",
        }
    }

    /// What the ledger is told of it.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Complete => "completed",
            Self::Abandon => "abandoned",
            Self::Defer => "deferred",
            Self::DeadLetter { .. } => "dead_lettered",
        }
    }
}

/// Where a lock was given: what a request about it names.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LockedBy<'a> {
    /// The link on which the message came, if it is still there.
    pub(crate) link: Option<&'a str>,
    /// The session to which it belongs, if it was received by session.
    pub(crate) session: Option<&'a str>,
}

/// `update-disposition`: settles one message.
pub(crate) fn settle(token: LockToken, how: &Settlement, by: LockedBy<'_>, timeout_ms: u32) -> Request {
    let mut body = vec![("disposition-status", Value::from(how.status())), ("lock-tokens", tokens(token))];
    if let Settlement::DeadLetter { reason, description } = how {
        let texts = [("deadletter-reason", reason), ("deadletter-description", description)];
        body.extend(texts.into_iter().filter_map(|(key, text)| Some((key, Value::from(text.clone()?)))));
    }
    about(by, "update-disposition", body, timeout_ms)
}

/// `renew-lock`: keeps one lock.
pub(crate) fn renew(token: LockToken, by: LockedBy<'_>, timeout_ms: u32) -> Request {
    about(by, "renew-lock", vec![("lock-tokens", tokens(token))], timeout_ms)
}

/// `peek-message`: looks at messages from a number on.
pub(crate) fn peek(from: i64, count: i32, timeout_ms: u32) -> Request {
    let body = vec![("from-sequence-number", Value::Long(from)), ("message-count", Value::Int(count))];
    of("peek-message", None, body, timeout_ms)
}

/// `receive-by-sequence-number`: receives deferred messages, locked or gone.
pub(crate) fn deferred(numbers: &[i64], is_locked: bool, by: LockedBy<'_>, timeout_ms: u32) -> Request {
    let body = vec![
        ("sequence-numbers", longs(numbers)),
        ("receiver-settle-mode", Value::Uint(u32::from(is_locked))),
    ];
    about(by, "receive-by-sequence-number", body, timeout_ms)
}

/// `cancel-scheduled-message`.
pub(crate) fn cancel(numbers: &[i64], timeout_ms: u32) -> Request {
    of("cancel-scheduled-message", None, vec![("sequence-numbers", longs(numbers))], timeout_ms)
}

/// `schedule-message`, with entries of encoded messages.
pub(crate) fn schedule(entries: Vec<Value>, timeout_ms: u32) -> Request {
    of("schedule-message", None, vec![("messages", Value::List(entries))], timeout_ms)
}

/// `get-session-state`.
pub(crate) fn session_state(by: LockedBy<'_>, timeout_ms: u32) -> Request {
    about(by, "get-session-state", Vec::new(), timeout_ms)
}

/// `set-session-state`.
pub(crate) fn set_session_state(state: Option<&[u8]>, by: LockedBy<'_>, timeout_ms: u32) -> Request {
    let state = state.map_or(Value::Null, |state| Value::Binary(Binary::from(state.to_vec())));
    about(by, "set-session-state", vec![("session-state", state)], timeout_ms)
}

/// `renew-session-lock`.
pub(crate) fn renew_session(by: LockedBy<'_>, timeout_ms: u32) -> Request {
    about(by, "renew-session-lock", Vec::new(), timeout_ms)
}

fn about(by: LockedBy<'_>, operation: &str, mut body: Vec<(&str, Value)>, timeout_ms: u32) -> Request {
    if let Some(session) = by.session {
        body.push(("session-id", Value::from(session)));
    }
    of(operation, by.link, body, timeout_ms)
}

fn of(operation: &str, link: Option<&str>, body: Vec<(&str, Value)>, timeout_ms: u32) -> Request {
    let mut properties = ApplicationProperties::builder()
        .insert("operation", format!("com.microsoft:{operation}"))
        .insert("com.microsoft:server-timeout", timeout_ms);
    if let Some(link) = link {
        properties = properties.insert("associated-link-name", SimpleValue::String(link.to_owned()));
    }
    AmqpMessage::builder().application_properties(properties.build()).value(map(body)).build()
}

/// A map with text keys, as every body is.
pub(super) fn map(entries: Vec<(&str, Value)>) -> Value {
    let mut map = OrderedMap::new();
    for (key, value) in entries {
        map.insert(Value::from(key), value);
    }
    Value::Map(map)
}

fn tokens(token: LockToken) -> Value {
    Value::Array(Array(vec![Value::Uuid(token.to_uuid())]))
}

fn longs(numbers: &[i64]) -> Value {
    Value::Array(Array(numbers.iter().copied().map(Value::Long).collect()))
}
