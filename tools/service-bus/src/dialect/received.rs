//! What the broker's messages and replies say.

use fe2o3_amqp::types::messaging::annotations::{AnnotationKey, OwnedKey};
use fe2o3_amqp::types::messaging::message::DecodeIntoMessage;
use fe2o3_amqp::types::messaging::{AmqpValue, Body, Message as AmqpMessage, MessageAnnotations, MessageId};
use fe2o3_amqp::types::primitives::{OrderedMap, SimpleValue, Value};
use serde_amqp::read::SliceReader;

use super::lock::LockToken;
use crate::received::{MessageState, PropertyValue, ReceivedMessage};

/// Reads a message that came on a link; `None` if the broker did not number it.
pub(crate) fn message(message: AmqpMessage<Body<Value>>) -> Option<ReceivedMessage> {
    let annotations = message.message_annotations.as_ref();
    let properties = message.properties.unwrap_or_default();
    Some(ReceivedMessage {
        body: body(message.body),
        properties: message
            .application_properties
            .into_iter()
            .flat_map(|properties| properties.0)
            .map(|(name, value)| (name, property(value)))
            .collect(),
        message_id: properties.message_id.map(id),
        correlation_id: properties.correlation_id.map(id),
        subject: properties.subject,
        content_type: properties.content_type.map(|symbol| symbol.0),
        session_id: properties.group_id,
        reply_to: properties.reply_to,
        sequence_number: annotation(annotations, "x-opt-sequence-number").and_then(integer)?,
        enqueued_at_ms: annotation(annotations, "x-opt-enqueued-time").and_then(integer),
        locked_until_ms: annotation(annotations, "x-opt-locked-until").and_then(integer),
        delivery_count: message.header.map(|header| header.delivery_count).unwrap_or_default(),
        state: match annotation(annotations, "x-opt-message-state").and_then(integer) {
            Some(1) => MessageState::Deferred,
            Some(2) => MessageState::Scheduled,
            Some(_) | None => MessageState::Active,
        },
    })
}

/// The messages in the reply to `peek-message`, in order; `None` if it is not such a reply.
pub(crate) fn peeked(reply: &Value) -> Option<Vec<ReceivedMessage>> {
    entries(reply)?.iter().map(encoded).collect()
}

/// The messages in the reply to `receive-by-sequence-number`, each with its lock if it has one.
pub(crate) fn by_number(reply: &Value) -> Option<Vec<(ReceivedMessage, Option<LockToken>)>> {
    let token = |entry: &Value| {
        if let Some(Value::Uuid(uuid)) = get(entry, "lock-token") {
            Some(LockToken::of_uuid(uuid))
        } else {
            None
        }
    };
    entries(reply)?.iter().map(|entry| Some((encoded(entry)?, token(entry)))).collect()
}

/// The first of a reply's times under `key`, in Unix milliseconds.
pub(crate) fn time(reply: &Value, key: &str) -> Option<i64> {
    let value = get(reply, key)?;
    let first = if let Value::Array(all) = value { all.0.first()? } else { value };
    integer(first)
}

/// What the reply to `get-session-state` holds; `None` if it is not such a reply.
pub(crate) fn session_state(reply: &Value) -> Option<Option<Vec<u8>>> {
    let state = get(reply, "session-state")?;
    if let Value::Binary(state) = state {
        return Some(Some(state.to_vec()));
    }
    (*state == Value::Null).then_some(None)
}

fn entries(reply: &Value) -> Option<&[Value]> {
    if let Value::List(entries) = get(reply, "messages")? { Some(entries) } else { None }
}

fn encoded(entry: &Value) -> Option<ReceivedMessage> {
    let Value::Binary(bytes) = get(entry, "message")? else { return None };
    message(Body::<Value>::decode_message_from_reader(SliceReader::new(bytes)).ok()?)
}

fn get<'a>(map: &'a Value, key: &str) -> Option<&'a Value> {
    let Value::Map(map) = map else { return None };
    let map: &OrderedMap<Value, Value> = map;
    map.get(&Value::from(key))
}

fn annotation<'a>(annotations: Option<&'a MessageAnnotations>, name: &str) -> Option<&'a Value> {
    let key = OwnedKey::from(name);
    annotations?.0.get(&key as &dyn AnnotationKey)
}

fn integer(value: &Value) -> Option<i64> {
    if let Value::Int(number) = value {
        Some(i64::from(*number))
    } else if let Value::Long(number) = value {
        Some(*number)
    } else if let Value::Timestamp(at) = value {
        Some(at.milliseconds())
    } else {
        None
    }
}

fn body(body: Body<Value>) -> Option<Vec<u8>> {
    match body {
        Body::Data(sections) => Some(sections.into_iter().flat_map(|section| section.0.into_vec()).collect()),
        Body::Value(AmqpValue(Value::String(text))) => Some(text.into_bytes()),
        Body::Value(AmqpValue(Value::Binary(bytes))) => Some(bytes.into_vec()),
        Body::Value(AmqpValue(Value::Null)) | Body::Empty => Some(Vec::new()),
        Body::Value(_) | Body::Sequence(_) => None,
    }
}

fn property(value: SimpleValue) -> PropertyValue {
    match value {
        SimpleValue::String(text) => PropertyValue::Text(text),
        SimpleValue::Symbol(symbol) => PropertyValue::Text(symbol.0),
        SimpleValue::Bool(value) => PropertyValue::Bool(value),
        SimpleValue::Ubyte(value) => PropertyValue::Int(i64::from(value)),
        SimpleValue::Ushort(value) => PropertyValue::Int(i64::from(value)),
        SimpleValue::Uint(value) => PropertyValue::Int(i64::from(value)),
        SimpleValue::Byte(value) => PropertyValue::Int(i64::from(value)),
        SimpleValue::Short(value) => PropertyValue::Int(i64::from(value)),
        SimpleValue::Int(value) => PropertyValue::Int(i64::from(value)),
        SimpleValue::Long(value) => PropertyValue::Int(value),
        SimpleValue::Ulong(value) => match i64::try_from(value) {
            Ok(value) => PropertyValue::Int(value),
            Err(_) => PropertyValue::Other(value.to_string()),
        },
        SimpleValue::Timestamp(at) => PropertyValue::Int(at.milliseconds()),
        other @ (SimpleValue::Null
        | SimpleValue::Float(_)
        | SimpleValue::Double(_)
        | SimpleValue::Decimal32(_)
        | SimpleValue::Decimal64(_)
        | SimpleValue::Decimal128(_)
        | SimpleValue::Char(_)
        | SimpleValue::Uuid(_)
        | SimpleValue::Binary(_)
        | SimpleValue::Described(_)) => PropertyValue::Other(Value::from(other).to_string()),
    }
}

fn id(id: MessageId) -> String {
    match id {
        MessageId::String(text) => text,
        MessageId::Ulong(number) => number.to_string(),
        MessageId::Uuid(uuid) => format!("{uuid:x}"),
        MessageId::Binary(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
