//! What the endpoint shows of what it keeps.

use std::collections::BTreeMap;

use crate::message::{ANNOTATIONS, APPLICATION_PROPERTIES, DATA, Message, PROPERTIES, VALUE};
use crate::wire::value::Value;

/// One message that arrived.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Received {
    /// `message-id`, as text.
    pub message_id: Option<String>,
    /// `content-type`.
    pub content_type: Option<String>,
    /// `correlation-id`, as text.
    pub correlation_id: Option<String>,
    /// `group-id`, which Service Bus calls the session id.
    pub session_id: Option<String>,
    /// `subject`.
    pub subject: Option<String>,
    /// Application properties; values that are not text are shown as Rust would debug them.
    pub properties: BTreeMap<String, String>,
    /// The data sections, joined.
    pub body: Vec<u8>,
    /// `x-opt-scheduled-enqueue-time`, in Unix milliseconds.
    pub enqueue_at_ms: Option<i64>,
    /// Whether it came in a batch.
    pub batched: bool,
    /// How often it was delivered and given back.
    pub delivery_count: u32,
}

/// One message under its number.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scheduled {
    /// Its sequence number in the entity.
    pub sequence_number: i64,
    /// The message.
    pub message: Received,
}

/// One token that was put at `$cbs`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Token {
    /// What it is for, `sb://host/entity`.
    pub audience: String,
    /// `jwt` or `servicebus.windows.net:sastoken`.
    pub kind: String,
    /// The token itself.
    pub token: String,
    /// When it expires, in Unix milliseconds, if the client said so.
    pub expires_at_ms: Option<i64>,
}

/// One request to the administration API.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AdminRequest {
    /// `PUT`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The header of that name.
    pub authorization: Option<String>,
    /// What it says.
    pub body: String,
}

impl Received {
    pub(crate) fn of(message: &Message, batched: bool, delivery_count: u32) -> Self {
        let properties = message.section(PROPERTIES);
        let owned = |index| properties.field(index).as_text().map(str::to_owned);
        Self {
            message_id: id(properties.field(0)),
            subject: owned(3),
            correlation_id: id(properties.field(5)),
            content_type: owned(6),
            session_id: owned(10),
            properties: message
                .section(APPLICATION_PROPERTIES)
                .entries()
                .iter()
                .map(|(key, value)| (shown(key), shown(value)))
                .collect(),
            body: message.sections().flat_map(|(code, value)| body(code, value)).collect(),
            enqueue_at_ms: message
                .entry(ANNOTATIONS, "x-opt-scheduled-enqueue-time")
                .and_then(Value::as_integer),
            batched,
            delivery_count,
        }
    }
}

fn body(code: u64, value: &Value) -> Vec<u8> {
    match (code, value) {
        (DATA, Value::Binary(bytes)) => bytes.clone(),
        (VALUE, value) => format!("{value:?}").into_bytes(),
        _ => Vec::new(),
    }
}

fn id(value: &Value) -> Option<String> {
    (*value != Value::Null).then(|| shown(value))
}

fn shown(value: &Value) -> String {
    value.as_text().map_or_else(|| format!("{value:?}"), str::to_owned)
}
