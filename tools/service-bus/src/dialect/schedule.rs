//! Scheduling messages at `<entity>/$management`.
//!
//! Source: "AMQP 1.0 in Azure Service Bus: request-response-based operations", section
//! "Schedule-Message".

use fe2o3_amqp::types::primitives::{Binary, Value};

use super::encoded::{Encoded, Opened};
use super::request::{self, Request, map};

/// The request that schedules `messages`, sent byte for byte as they were encoded; the time is an
/// annotation of each.
pub(crate) fn schedule(messages: Vec<(Encoded, Opened)>, timeout_ms: u32) -> Request {
    let entries = messages.into_iter().map(|(encoded, opened)| {
        let mut entry = vec![("message-id", Value::from(opened.id))];
        if let Some(session) = opened.content.session_id {
            entry.push(("session-id", Value::from(session)));
        }
        entry.push(("message", Value::Binary(Binary::from(encoded.into_bytes()))));
        map(entry)
    });
    request::schedule(entries.collect(), timeout_ms)
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
