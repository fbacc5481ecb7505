//! `$cbs`: claims-based security, where clients put their tokens.

use super::{Answer, Request};
use crate::Token;
use crate::amqp::Connection;
use crate::wire::value::Value;

pub(super) fn put(request: &Request<'_>, connection: &mut Connection) -> Answer {
    if request.text("operation") != Some("put-token") {
        return Answer::status(501, "only put-token is served");
    }
    let (Some(audience), Some(kind), Some(token)) =
        (request.text("name"), request.text("type"), request.body.as_text())
    else {
        return Answer::status(400, "put-token takes a name, a type and the token as text");
    };
    let expires_at_ms = match request.property("expiration") {
        Some(Value::Timestamp(at)) => Some(*at),
        Some(_) | None => None,
    };
    connection.authorize(audience);
    connection.broker.put_token(Token {
        audience: audience.to_owned(),
        kind: kind.to_owned(),
        token: token.to_owned(),
        expires_at_ms,
    });
    Answer::status(202, "Accepted")
}
