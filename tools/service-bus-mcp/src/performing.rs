//! What a call is about beside its arguments, and what is measured of it.
//!
//! Read twice from the same arguments, before the call is decided and when it is done: the client compares what
//! it encodes with what was decided, so that a difference would be found.

use std::time::Duration;

use serde_json::{Map, Value as Json};
use wpc::DynamicGate;
use wpc_mcp::Asked;
use wpc_model::{Call, Content, Malformed, MalformedCode, Value};
use wpc_service_bus::{
    Administration, DeadLetters, Handle, Handles, Message, Operation, Performing, SessionHandle, SessionState,
};

use crate::MAX_WAIT_S;
use crate::argument::{At, bytes, flag, map, missing, number, numbers, text, texts};

/// How long a call waits for a first message if it does not say.
const WAIT_S: i64 = 5;

/// What a call is about.
pub(crate) fn of(asked: &Asked) -> Result<Performing, Malformed> {
    let (call, own) = (&asked.call, asked.own());
    let at = At::argument;
    Ok(match call.action.as_str() {
        "send" => Performing::Send(messages(asked)?),
        "schedule" => Performing::Schedule(messages(asked)?),
        "cancel_scheduled" => {
            let numbers = numbers(own, at("sequence_numbers"))?;
            Performing::CancelScheduled(numbers.ok_or_else(|| missing("sequence_numbers"))?)
        }
        "receive" => receive(call, own)?,
        "peek" => Performing::Peek(from(own)?),
        "deadletter_read" => Performing::DeadLetterRead(from(own)?),
        "deadletter_purge" => Performing::DeadLetterPurge,
        "complete" => Performing::Complete(handles(own)?),
        "abandon" => Performing::Abandon(handles(own)?),
        "defer" => Performing::Defer(handles(own)?),
        "renew_lock" => match text(own, at("session"))? {
            Some(_) if own.contains_key("handles") => {
                let message = "stands beside `handles`; renew one or the other";
                return Err(at("session").wrong(MalformedCode::UnknownArgument, message));
            }
            Some(session) => Performing::RenewSession(SessionHandle::named(session)),
            None => Performing::RenewLock(handles(own)?),
        },
        "deadletter" => {
            let mut letters = DeadLetters::new(handles(own)?);
            if let Some(reason) = stated(call, "reason") {
                letters = letters.reason(reason);
            }
            if let Some(description) = stated(call, "description") {
                letters = letters.description(description);
            }
            Performing::DeadLetter(letters)
        }
        "get_session_state" => Performing::SessionState(session(own)?),
        "set_session_state" => {
            let id = stated(call, "session_id").unwrap_or_default();
            Performing::SetSessionState(SessionState::new(&session(own)?, id, state(own)?))
        }
        "manage" => {
            let operation = stated(call, "operation").and_then(Operation::of);
            let mut administration = Administration::new(operation.ok_or_else(|| missing("operation"))?);
            if let Some(rule) = stated(call, "rule") {
                administration = administration.rule(rule);
            }
            let settings = map(own, at("settings"))?;
            Performing::Manage(
                settings.into_iter().fold(administration, |all, (name, value)| all.setting(name, value)),
            )
        }
        "list_entities" => Performing::ListEntities,
        // No such tool is offered.
        _ => return Err(at("").wrong(MalformedCode::UnknownAction, "is no action of this tool")),
    })
}

/// Adds what is measured of a call.
pub(crate) fn measure(gate: &DynamicGate, asked: &mut Asked) -> Result<(), Malformed> {
    let policy = gate.policy();
    match of(asked)? {
        Performing::Send(messages) | Performing::Schedule(messages) => {
            for (index, message) in messages.iter().enumerate() {
                let size = i64::try_from(message.message_bytes()).unwrap_or(i64::MAX);
                let properties = message.properties().iter();
                let properties = properties.map(|(name, value)| (name.clone(), Value::text(value.as_str())));
                let call = &mut asked.call;
                call.measure_element(policy, index, "message_bytes", Value::Int(size))?;
                call.measure_element(policy, index, "properties", Value::Map(properties.collect()))?;
                if !message.body().is_empty() {
                    // As the bytes that are sent say it, and not as they were given here.
                    let content =
                        std::str::from_utf8(message.body()).map_or(Content::Unreadable, Content::Text);
                    let found = gate.seal((&call.tool, &call.action), Some("message"), "body", content);
                    if let Some(element) = element(call, index) {
                        element.insert("body".to_owned(), found);
                    }
                }
            }
            Ok(())
        }
        Performing::SetSessionState(_) => {
            let size = i64::try_from(state(asked.own())?.len()).unwrap_or(i64::MAX);
            asked.call.measure(policy, "state_bytes", Value::Int(size))
        }
        Performing::Manage(_) => {
            let settings = map(asked.own(), At::argument("settings"))?.into_iter();
            let settings = settings.map(|(name, value)| (name, Value::text(value)));
            asked.call.measure(policy, "settings", Value::Map(settings.collect()))
        }
        // Of these the arguments say all.
        Performing::CancelScheduled(_)
        | Performing::Receive(_)
        | Performing::ReceiveAndDelete(_)
        | Performing::ReceiveDeferred(_)
        | Performing::AcceptSession(_)
        | Performing::ReceiveInSession(..)
        | Performing::Peek(_)
        | Performing::Complete(_)
        | Performing::Abandon(_)
        | Performing::Defer(_)
        | Performing::RenewLock(_)
        | Performing::RenewSession(_)
        | Performing::SessionState(_)
        | Performing::DeadLetter(_)
        | Performing::DeadLetterRead(_)
        | Performing::DeadLetterPurge
        | Performing::ListEntities => Ok(()),
    }
}

fn element(call: &mut Call, index: usize) -> Option<&mut std::collections::BTreeMap<String, Value>> {
    let Some(Value::List(elements)) = call.arguments.get_mut("messages") else { return None };
    if let Some(Value::Map(element)) = elements.get_mut(index) { Some(element) } else { None }
}

fn stated<'c>(call: &'c Call, name: &str) -> Option<&'c str> {
    call.arguments.get(name).and_then(Value::as_text)
}

fn messages(asked: &Asked) -> Result<Vec<Message>, Malformed> {
    let Some(Value::List(elements)) = asked.call.arguments.get("messages") else {
        return Err(missing("messages"));
    };
    if elements.is_empty() {
        return Err(At::argument("messages").wrong(MalformedCode::OutOfRange, "is empty"));
    }
    let nothing = Map::new();
    let own = asked.own().get("messages").and_then(Json::as_array);
    let of = |(index, element): (usize, &Value)| {
        let own = own.and_then(|own| own.get(index)).and_then(Json::as_object).unwrap_or(&nothing);
        message(index, element, own)
    };
    elements.iter().enumerate().map(of).collect()
}

fn message(index: usize, element: &Value, own: &Map<String, Json>) -> Result<Message, Malformed> {
    let place = format!("messages[{index}].");
    let at = |name| At { of: &place, name };
    let body = match (own.get("body").filter(|body| !body.is_null()), bytes(own, at("base64"))?) {
        (Some(_), Some(_)) => {
            return Err(at("base64").wrong(MalformedCode::UnknownArgument, "stands beside `body`"));
        }
        (None, bytes) => bytes.unwrap_or_default(),
        (Some(Json::String(text)), None) => text.clone().into_bytes(),
        (Some(value), None) => serde_json::to_vec(value).unwrap_or_default(),
    };
    let mut message = Message::builder(body);
    for (name, value) in map(own, at("properties"))? {
        message = message.property(name, value);
    }
    if let Some(subject) = text(own, at("subject"))? {
        message = message.subject(subject);
    }
    if let Some(id) = text(own, at("correlation_id"))? {
        message = message.correlation_id(id);
    }
    let fields = if let Value::Map(fields) = element { Some(fields) } else { None };
    let typed = |name: &str| fields.and_then(|fields| fields.get(name)).and_then(Value::as_text);
    if let Some(content_type) = typed("content_type") {
        message = message.content_type(content_type);
    }
    if let Some(session) = typed("session_id") {
        message = message.session_id(session);
    }
    message.build().map_err(|error| {
        let at = At { of: "", name: place.trim_end_matches('.') };
        at.wrong(MalformedCode::OutOfRange, &format!("is no message: {error}"))
    })
}

fn receive(call: &Call, own: &Map<String, Json>) -> Result<Performing, Malformed> {
    let at = At::argument;
    let wait = number(own, at("wait_seconds"), 0)?.unwrap_or(WAIT_S);
    let wait = u64::try_from(wait).unwrap_or(u64::MAX);
    if wait > MAX_WAIT_S {
        let message = format!("is more than {MAX_WAIT_S}");
        return Err(at("wait_seconds").wrong(MalformedCode::OutOfRange, &message));
    }
    let wait = Duration::from_secs(wait);
    let deferred = numbers(own, at("sequence_numbers"))?;
    let session = text(own, at("session"))?.map(SessionHandle::named);
    let next = flag(own, at("next_session"))?;
    let named = stated(call, "session_id").is_some();
    let (wrong, why) = match (&deferred, &session, next) {
        (Some(_), Some(_), _) | (Some(_), _, true) => ("sequence_numbers", "are not received in a session"),
        (_, Some(_), true) => ("next_session", "stands beside `session`"),
        (_, Some(_), _) if !named => ("session", "needs the `session_id` that it is of"),
        (_, None, true) if named => ("next_session", "stands beside `session_id`"),
        (Some(_), None, false) if named => ("sequence_numbers", "are not received in a session"),
        _ => ("", ""),
    };
    if !wrong.is_empty() {
        return Err(at(wrong).wrong(MalformedCode::UnknownArgument, why));
    }
    let deletes = stated(call, "mode") == Some("receive_and_delete");
    if deletes && (deferred.is_some() || session.is_some() || next || named) {
        let message =
            "is for plain queues and subscriptions; deferred messages and sessions take `peek_lock`";
        return Err(at("mode").wrong(MalformedCode::BadChoice, message));
    }
    Ok(match (deferred, session) {
        (Some(numbers), _) => {
            if call.arguments.get("messages") != i64::try_from(numbers.len()).ok().map(Value::Int).as_ref() {
                let message = "is not how many `sequence_numbers` are named";
                return Err(at("messages").wrong(MalformedCode::StatedDiffers, message));
            }
            Performing::ReceiveDeferred(numbers)
        }
        (None, Some(session)) => Performing::ReceiveInSession(session, wait),
        (None, None) if next || named => Performing::AcceptSession(wait),
        (None, None) if deletes => Performing::ReceiveAndDelete(wait),
        (None, None) => Performing::Receive(wait),
    })
}

fn from(own: &Map<String, Json>) -> Result<i64, Malformed> {
    Ok(number(own, At::argument("from_sequence_number"), 0)?.unwrap_or(0))
}

fn handles(own: &Map<String, Json>) -> Result<Handles, Malformed> {
    let named = texts(own, At::argument("handles"))?.ok_or_else(|| missing("handles"))?;
    Ok(named.into_iter().map(Handle::named).collect())
}

fn session(own: &Map<String, Json>) -> Result<SessionHandle, Malformed> {
    text(own, At::argument("session"))?.map(SessionHandle::named).ok_or_else(|| missing("session"))
}

/// What is to be kept about a session; nothing ends what was kept.
fn state(own: &Map<String, Json>) -> Result<Vec<u8>, Malformed> {
    match (text(own, At::argument("state"))?, bytes(own, At::argument("base64"))?) {
        (Some(_), Some(_)) => {
            Err(At::argument("base64").wrong(MalformedCode::UnknownArgument, "stands beside `state`"))
        }
        (Some(text), None) => Ok(text.into_bytes()),
        (None, bytes) => Ok(bytes.unwrap_or_default()),
    }
}
