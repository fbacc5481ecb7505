//! `put-token` at `$cbs`: the claims that let a connection use a node.
//!
//! Source: AMQP Claims-based Security 1.0 (working draft 5) section 3.2, in the dialect of the
//! protocol guide.

use fe2o3_amqp::types::messaging::{ApplicationProperties, Message as AmqpMessage};
use fe2o3_amqp::types::primitives::{SimpleValue, Timestamp, Value};

use super::request::Request;

/// The scope of a Microsoft Entra token for Service Bus.
pub(crate) const SCOPE: &str = "https://servicebus.azure.net/.default";

/// What kind of token is put.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TokenKind {
    /// Microsoft Entra's.
    Entra,
    /// A shared access signature.
    Sas,
}

impl TokenKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Entra => "jwt",
            Self::Sas => "servicebus.windows.net:sastoken",
        }
    }
}

/// The request that puts a token for `audience`. The message holds the token: never show it.
pub(crate) fn put(kind: TokenKind, audience: &str, token: &str, expires_at_ms: i64) -> Request {
    let properties = ApplicationProperties::builder()
        .insert("operation", "put-token")
        .insert("type", kind.word())
        .insert("name", audience)
        .insert("expiration", SimpleValue::Timestamp(Timestamp::from_milliseconds(expires_at_ms)))
        .build();
    AmqpMessage::builder().application_properties(properties).value(Value::from(token)).build()
}
