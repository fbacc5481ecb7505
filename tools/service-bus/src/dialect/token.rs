//! `put-token` at `$cbs`: the claims that let a connection use a node.
//!
//! Source: AMQP Claims-based Security 1.0 (working draft 5) section 3.2, in the dialect of the
//! protocol guide.

use fe2o3_amqp::types::messaging::{AmqpValue, ApplicationProperties, Message as AmqpMessage};
use fe2o3_amqp::types::primitives::{SimpleValue, Timestamp, Value};

/// The scope of a Microsoft Entra token for Service Bus.
pub(crate) const SCOPE: &str = "https://servicebus.azure.net/.default";

/// The request that puts an Entra token for `audience`. The message holds the token: never show it.
pub(crate) fn put(audience: &str, token: &str, expires_at_ms: i64) -> AmqpMessage<AmqpValue<Value>> {
    let properties = ApplicationProperties::builder()
        .insert("operation", "put-token")
        .insert("type", "jwt")
        .insert("name", audience)
        .insert("expiration", SimpleValue::Timestamp(Timestamp::from_milliseconds(expires_at_ms)))
        .build();
    AmqpMessage::builder().application_properties(properties).value(Value::from(token)).build()
}
