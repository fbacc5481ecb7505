//! Publishes order events to Azure Service Bus under `policies/orders.wpc`.
//!
//! ```text
//! Order ──to_message──▶ Message ──publish_order──▶ gate ──Permitted<Message>──▶ ServiceBus
//!                                                   │ refused: nothing is sent
//! an agent's JSON ──agent::ask──▶ dynamic gate ─────┘ the same policy, limits and ledger
//! ```
//!
//! The policy is compiled into this crate: a queue that it does not allow cannot be written. This
//! tool does not build:
//!
//! ```compile_fail
//! use wpc::Permitted;
//! use wpc_example_orders::orders::azure_service_bus;
//! use wpc_service_bus::{BusError, Message, Sent, ServiceBus};
//!
//! #[wpc::tool(azure_service_bus::Send, to = queue("orders-prod"))]
//! async fn publish(bus: &ServiceBus, message: Permitted<Message>) -> Result<Sent, BusError> {
//!     bus.send(message).await
//! }
//! ```
//!
//! The same with the queue that the policy allows does:
//!
//! ```
//! use wpc::Permitted;
//! use wpc_example_orders::orders::azure_service_bus;
//! use wpc_service_bus::{BusError, Message, Sent, ServiceBus};
//!
//! #[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
//! async fn publish(bus: &ServiceBus, message: Permitted<Message>) -> Result<Sent, BusError> {
//!     bus.send(message).await
//! }
//! ```

pub mod agent;
mod job;
mod order;
mod publish;

pub use job::{BATCH, publish_all};
pub use order::Order;
pub use publish::{publish_order, publish_orders, publish_to};

/// The text of the policy that is compiled into this crate.
pub const POLICY: &str = include_str!("../policies/orders.wpc");

/// The compiled policy.
pub mod orders {
    wpc::policy!("../policies/orders.wpc");
}
