//! Scheduling messages, and cancelling them, at `<entity>/$management`.
//!
//! Source: "AMQP 1.0 in Azure Service Bus: request-response-based operations", sections
//! "Schedule-Message" and "Cancel-Scheduled-Message".

use fe2o3_amqp::types::messaging::{AmqpValue, ApplicationProperties, Message as AmqpMessage};
use fe2o3_amqp::types::primitives::{Array, Binary, OrderedMap, Value};

use super::encoded::{Encoded, Opened};

/// The request that schedules `messages`, sent byte for byte as they were encoded; the time is an
/// annotation of each.
pub(crate) fn schedule(messages: Vec<(Encoded, Opened)>, timeout_ms: u32) -> AmqpMessage<AmqpValue<Value>> {
    let entries = messages.into_iter().map(|(encoded, opened)| {
        let mut entry = OrderedMap::new();
        entry.insert(Value::from("message-id"), Value::from(opened.id));
        if let Some(session) = opened.content.session_id {
            entry.insert(Value::from("session-id"), Value::from(session));
        }
        entry.insert(Value::from("message"), Value::Binary(Binary::from(encoded.into_bytes())));
        Value::Map(entry)
    });
    request("com.microsoft:schedule-message", timeout_ms, "messages", Value::List(entries.collect()))
}

/// The request that cancels scheduled messages.
pub(crate) fn cancel(sequence_numbers: &[i64], timeout_ms: u32) -> AmqpMessage<AmqpValue<Value>> {
    let numbers = Array(sequence_numbers.iter().copied().map(Value::Long).collect());
    request("com.microsoft:cancel-scheduled-message", timeout_ms, "sequence-numbers", Value::Array(numbers))
}

/// The sequence numbers in the answer to a schedule request.
pub(crate) fn sequence_numbers(body: &Value) -> Option<Vec<i64>> {
    let Value::Map(map) = body else { return None };
    let number = |value: &Value| if let Value::Long(number) = value { Some(*number) } else { None };
    let numbers = map.get(&Value::from("sequence-numbers"))?;
    if let Value::Array(numbers) = numbers {
        numbers.0.iter().map(number).collect()
    } else if let Value::List(numbers) = numbers {
        numbers.iter().map(number).collect()
    } else {
        None
    }
}

fn request(name: &str, timeout_ms: u32, key: &str, value: Value) -> AmqpMessage<AmqpValue<Value>> {
    let properties = ApplicationProperties::builder()
        .insert("operation", name)
        .insert("com.microsoft:server-timeout", timeout_ms)
        .build();
    let mut body = OrderedMap::new();
    body.insert(Value::from(key), value);
    AmqpMessage::builder().application_properties(properties).value(Value::Map(body)).build()
}
