//! Azure Service Bus behind a permit: sending, scheduling and cancelling, over AMQP 1.0.
//!
//! ```text
//! Gate::begin ─▶ Permitted<Message> ──▶ ServiceBus::send
//!                                         encode ─▶ bytes ─▶ read again ─▶ same facts as admitted?
//!                                                                            no  ▶ nothing is sent
//!                                                                            yes ▶ wire ─▶ broker's outcome ─▶ ledger
//! ```
//!
//! A tool is a function over this client; `examples/orders` has them:
//!
//! ```text
//! #[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
//! async fn publish_order(bus: &ServiceBus, message: Permitted<Message>) -> Result<Sent, BusError> {
//!     bus.send(message).await
//! }
//! ```
//!
//! A bare message is not accepted:
//!
//! ```compile_fail,E0308
//! async fn publish_order(bus: &wpc_service_bus::ServiceBus, message: wpc_service_bus::Message) {
//!     let _ = bus.send(message).await;
//! }
//! ```
//!
//! Invariants:
//!
//! - nothing reaches an entity without a [`wpc::Permitted`] or a [`wpc::Permit`], and nothing that
//!   encodes to other facts than those admitted;
//! - the credential stays inside; no error and no `Debug` shows a token;
//! - what failed before it was handed over was not sent; what was handed over and not answered is
//!   [unknown](Effect::Unknown), is never called "not sent", and is never sent again;
//! - plain TCP only to this machine, and only where [`ServiceBus::local`] says so.
//!
//! **Nothing here was tried against real Azure.** It is tested against endpoints on three AMQP
//! engines, and what it sends is read by Azure's own Python SDK, all on loopback; what Azure does
//! differently (redirects, throttling, its error texts) is not known to work.

mod admin;
mod begin;
mod client;
mod credential;
mod dialect;
mod error;
mod facts;
mod held;
mod message;
mod received;
mod sending;
mod timeouts;
mod wire;

#[cfg(test)]
mod tests;

pub use client::{
    AcceptedSession, Administration, Answer, Description, Local, Operation, Performing, Scheduled, Sent,
    ServiceBus, SessionState, Settled,
};
pub use credential::SasKey;
pub use dialect::address::{AddressError, Namespace};
pub use error::{BusError, Effect};
pub use held::{DeadLetters, Handle, Handles, LockedMessage, SessionHandle};
pub use message::{MAX_BODY_BYTES, Message, MessageBuilder, MessageError};
pub use received::{MessageState, PropertyValue, ReceivedMessage};
pub use timeouts::Timeouts;
