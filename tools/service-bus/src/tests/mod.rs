//! The client against real connections: the local endpoint, and peers written by hand.

mod broken;
mod concurrent;
mod peer;
mod refused;
mod scheduled;
mod sent;
mod tls;
mod token;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use wpc_endpoint::Endpoint;

use crate::credential::Credential;
use crate::dialect::address::{Entity, Namespace};
use crate::sending::Outgoing;
use crate::wire::{Route, Wire};
use crate::{BusError, Message, Timeouts};

/// A namespace that no test can reach by accident (RFC 2606 section 2).
const HOST: &str = "bus.test";

/// Waits of a test that expects one of them to end.
const SHORT: Duration = Duration::from_millis(100);

fn namespace() -> Namespace {
    Namespace::parse(HOST).unwrap()
}

fn orders() -> Entity {
    Entity::of("queue", &["orders"]).unwrap()
}

fn wire(endpoint: &Endpoint) -> Arc<Wire> {
    wire_with(endpoint, Credential::Anonymous, Timeouts::default())
}

fn wire_with(endpoint: &Endpoint, credential: Credential, timeouts: Timeouts) -> Arc<Wire> {
    Arc::new(Wire::new(namespace(), Route::local(endpoint.addr(), None).unwrap(), credential, timeouts))
}

fn message(body: &str) -> Message {
    Message::builder(body).content_type("application/json").property("schema_version", "1").build().unwrap()
}

/// As long as any test runs.
fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

/// Encodes messages for `orders` with ids `job:1:0`, `job:1:1`, ….
fn outgoing(messages: &[Message]) -> Outgoing {
    let ids = (0..).map(|index| format!("job:1:{index}"));
    Outgoing::encode(orders(), ids.zip(messages), None).unwrap()
}

async fn send(wire: &Arc<Wire>, body: &str) -> Result<(), BusError> {
    outgoing(&[message(body)]).send(wire, soon()).await
}

fn bodies(endpoint: &Endpoint) -> Vec<String> {
    endpoint.messages("orders").into_iter().map(|message| String::from_utf8(message.body).unwrap()).collect()
}
