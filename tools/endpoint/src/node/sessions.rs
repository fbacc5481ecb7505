//! Requests about message sessions.

use super::{Answer, Request};
use crate::broker::Broker;
use crate::broker::refusal::Refusal;
use crate::wire::value::Value;

pub(super) fn renew(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    let until_ms = broker.renew_session(entity, request.body_text("session-id").ok_or(Refusal::BODY)?)?;
    Ok(Answer::of(vec![("expiration", Value::Timestamp(until_ms))]))
}

pub(super) fn state(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    let state = broker.session_state(entity, request.body_text("session-id").ok_or(Refusal::BODY)?);
    Ok(Answer::of(vec![("session-state", state.map_or(Value::Null, Value::Binary))]))
}

pub(super) fn set_state(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    let state = match request.body.entry("session-state") {
        Some(Value::Binary(state)) => Some(state.clone()),
        Some(Value::Null) | None => None,
        Some(_) => return Err(Refusal::BODY.into()),
    };
    let id = request.body_text("session-id").ok_or(Refusal::BODY)?;
    broker.set_session_state(entity, id, state).map(|()| Answer::status(200, "OK"))
}

pub(super) fn list(entity: &str, request: &Request<'_>, broker: &Broker) -> Result<Answer, Refusal> {
    let skip = usize::try_from(request.body_integer("skip").unwrap_or(0)).unwrap_or(0);
    let top = usize::try_from(request.body_integer("top").unwrap_or(100)).unwrap_or(0);
    let ids: Vec<Value> =
        broker.session_ids(entity).into_iter().skip(skip).take(top).map(Value::Text).collect();
    if ids.is_empty() {
        return Ok(Answer::status(204, "no sessions"));
    }
    let seen = i32::try_from(skip.saturating_add(ids.len())).unwrap_or(i32::MAX);
    Ok(Answer::of(vec![("skip", Value::Int(seen)), ("sessions-ids", Value::Array(ids))]))
}
