//! `<entity>/$management`: everything that is done with messages by request.
//!
//! Source: "AMQP 1.0 in Azure Service Bus: request-response-based operations".

use super::{Answer, Request, filters, sessions};
use crate::broker::refusal::Refusal;
use crate::broker::{Broker, LockToken, Mode, Settle};
use crate::message::Message;
use crate::wire::value::Value;

/// What every operation's name begins with.
const PREFIX: &str = "com.microsoft:";

pub(super) fn answer(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    let operation = request.text("operation").and_then(|name| name.strip_prefix(PREFIX));
    match operation.unwrap_or_default() {
        "schedule-message" => schedule(entity, request, broker),
        "cancel-scheduled-message" => cancel(entity, request, broker),
        "peek-message" => peek(entity, request, broker),
        "renew-lock" => renew(entity, request, broker),
        "update-disposition" => settle(entity, request, broker),
        "receive-by-sequence-number" => deferred(entity, request, broker),
        "renew-session-lock" => sessions::renew(entity, request, broker),
        "get-session-state" => sessions::state(entity, request, broker),
        "set-session-state" => sessions::set_state(entity, request, broker),
        "get-message-sessions" => sessions::list(entity, request, broker),
        "add-rule" => filters::add(entity, request, broker),
        "remove-rule" => filters::remove(entity, request, broker),
        "enumerate-rules" => filters::list(entity, request, broker),
        _ => Err(Refusal::NOT_SERVED.into()),
    }
}

fn schedule(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    let entries = request.body.entry("messages").ok_or(Refusal::BODY)?.members();
    let read = |entry: &Value| match entry.entry("message") {
        Some(Value::Binary(bytes)) => Message::read(bytes).map_err(|_| Refusal::BODY.into()),
        Some(_) | None => Err(Refusal::BODY.into()),
    };
    let messages = entries.iter().map(read).collect::<Result<Vec<_>, Refusal>>()?;
    let numbers = broker.schedule(entity, messages).into_iter().map(Value::Long).collect();
    Ok(Answer::of(vec![("sequence-numbers", Value::Array(numbers))]))
}

fn cancel(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    if broker.cancel(entity, &numbers(request)?) {
        Ok(Answer::status(200, "OK"))
    } else {
        Err(Refusal::NOT_FOUND.into())
    }
}

fn peek(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    let from = request.body_integer("from-sequence-number").ok_or(Refusal::BODY)?;
    let count = request.body_integer("message-count").and_then(|count| usize::try_from(count).ok());
    let found = broker.peek(entity, from, count.ok_or(Refusal::BODY)?, request.body_text("session-id"));
    if found.is_empty() {
        return Ok(Answer::status(204, "no messages"));
    }
    let found = found.into_iter().map(|bytes| map(vec![("message", Value::Binary(bytes))])).collect();
    Ok(Answer::of(vec![("messages", Value::List(found))]))
}

fn renew(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    let ends = broker.renew(entity, &tokens(request)?)?.into_iter().map(Value::Timestamp).collect();
    Ok(Answer::of(vec![("expirations", Value::Array(ends))]))
}

fn settle(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    let owned = |key| request.body_text(key).map(str::to_owned);
    let how = match request.body_text("disposition-status") {
        Some("completed") => Settle::Complete,
        Some("abandoned") => Settle::Abandon,
        // Spelt so by the protocol.
        Some("defered") => Settle::Defer,
        Some("suspended") => Settle::DeadLetter {
            reason: owned("deadletter-reason"),
            description: owned("deadletter-description"),
        },
        Some(_) | None => return Err(Refusal::BODY.into()),
    };
    for token in tokens(request)? {
        broker.settle(entity, &token, &how)?;
    }
    Ok(Answer::status(200, "OK"))
}

fn deferred(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    let mode = match request.body_integer("receiver-settle-mode") {
        Some(0) => Mode::Delete,
        Some(_) | None => Mode::PeekLock,
    };
    let found = broker.deferred(entity, &numbers(request)?, mode)?;
    let found = found.into_iter().map(|delivery| {
        map(vec![
            ("lock-token", Value::Uuid(of_tag(delivery.token))),
            ("message", Value::Binary(delivery.bytes)),
        ])
    });
    Ok(Answer::of(vec![("messages", Value::List(found.collect()))]))
}

fn numbers(request: &Request<'_>) -> Result<Vec<i64>, Refusal> {
    let numbers = request.body.entry("sequence-numbers").ok_or(Refusal::BODY)?.members();
    numbers.iter().map(|number| number.as_integer().ok_or_else(|| Refusal::BODY.into())).collect()
}

fn tokens(request: &Request<'_>) -> Result<Vec<LockToken>, Refusal> {
    let tokens = request.body.entry("lock-tokens").ok_or(Refusal::BODY)?.members();
    let read = |token: &Value| {
        if let Value::Uuid(uuid) = token { Ok(of_tag(*uuid)) } else { Err(Refusal::BODY.into()) }
    };
    tokens.iter().map(read).collect()
}

/// A lock token as a delivery tag has it, from the UUID of a request, or the other way round: .NET writes
/// the first three groups of a GUID with their least byte first.
fn of_tag(token: LockToken) -> LockToken {
    let [a, b, c, d, e, f, g, h, rest @ ..] = token;
    let [i, j, k, l, m, n, o, p] = rest;
    [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
}

pub(super) fn map(entries: Vec<(&str, Value)>) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (Value::text(key), value)).collect())
}
