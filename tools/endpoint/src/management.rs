//! `<entity>/$management`: scheduling messages and cancelling them.

use fe2o3_amqp::Receiver;
use fe2o3_amqp::types::primitives::{Array, OrderedMap, Value};

use crate::peer::Peer;
use crate::received::Received;
use crate::request::{self, Answer, Request};

/// What follows an entity's path in its management node's address.
pub(crate) const SUFFIX: &str = "/$management";

/// Answers requests at `at` until the link ends.
pub(crate) async fn serve(at: &str, receiver: Receiver, peer: &Peer) {
    let entity = at.strip_suffix(SUFFIX).unwrap_or(at);
    let names = ("statusCode", "statusDescription");
    request::serve(at, names, receiver, peer, |request| answer(entity, request, peer)).await;
}

fn answer(entity: &str, request: &Request, peer: &Peer) -> Answer {
    let done = match request.text("operation") {
        Some("com.microsoft:schedule-message") => schedule(entity, &request.body, peer),
        Some("com.microsoft:cancel-scheduled-message") => cancel(entity, &request.body, peer),
        _ => return Answer::status(501, "not served"),
    };
    done.unwrap_or_else(|| Answer::status(400, "the body is not what this request takes"))
}

fn schedule(entity: &str, body: &Value, peer: &Peer) -> Option<Answer> {
    let Value::List(entries) = entry(body, "messages")? else { return None };
    let mut messages = Vec::with_capacity(entries.len());
    for message in entries {
        let Value::Binary(encoded) = entry(message, "message")? else { return None };
        messages.push(Received::decode(encoded).ok()?);
    }
    let numbers = Array(peer.store.schedule(entity, messages).into_iter().map(Value::Long).collect());
    let mut body = OrderedMap::new();
    body.insert(Value::from("sequence-numbers"), Value::Array(numbers));
    Some(Answer { code: 200, description: "OK".to_owned(), body: Value::Map(body) })
}

fn cancel(entity: &str, body: &Value, peer: &Peer) -> Option<Answer> {
    let Value::Array(numbers) = entry(body, "sequence-numbers")? else { return None };
    let number = |value: &Value| if let Value::Long(number) = value { Some(*number) } else { None };
    let numbers: Vec<i64> = numbers.0.iter().map(number).collect::<Option<_>>()?;
    Some(if peer.store.cancel(entity, &numbers) {
        Answer::status(200, "OK")
    } else {
        Answer::status(404, "no such scheduled message")
    })
}

fn entry<'a>(map: &'a Value, key: &str) -> Option<&'a Value> {
    let Value::Map(map) = map else { return None };
    map.get(&Value::from(key))
}
