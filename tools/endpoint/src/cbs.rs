//! `$cbs`: claims-based security, where clients put their tokens.

use fe2o3_amqp::Receiver;
use fe2o3_amqp::types::primitives::{SimpleValue, Value};

use crate::peer::Peer;
use crate::received::Token;
use crate::request::{self, Answer, Request};

/// The node's address.
pub(crate) const NODE: &str = "$cbs";

/// Takes tokens until the link ends.
pub(crate) async fn serve(receiver: Receiver, peer: &Peer) {
    request::serve(NODE, ("status-code", "status-description"), receiver, peer, |request| put(request, peer))
        .await;
}

fn put(request: &Request, peer: &Peer) -> Answer {
    if request.text("operation") != Some("put-token") {
        return Answer::status(501, "only put-token is served");
    }
    let (Some(audience), Some(kind), Value::String(token)) =
        (request.text("name"), request.text("type"), &request.body)
    else {
        return Answer::status(400, "put-token takes a name, a type and the token as text");
    };
    let expiration = request.properties.get("expiration");
    let expires_at_ms =
        if let Some(SimpleValue::Timestamp(at)) = expiration { Some(at.milliseconds()) } else { None };
    peer.authorize(audience);
    peer.store.put_token(Token {
        audience: audience.to_owned(),
        kind: kind.to_owned(),
        token: token.clone(),
        expires_at_ms,
    });
    Answer::status(202, "Accepted")
}
