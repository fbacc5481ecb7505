//! The tools: what an agent may call. Their callers pass a gate and a plain message; nobody gets to a
//! body without the policy's leave.

use wpc::Permitted;
use wpc_service_bus::{BusError, Message, Sent, ServiceBus};

use crate::orders::azure_service_bus;

/// Publishes one order to the staging queue.
///
/// # Errors
///
/// [`BusError`]: the gate refused it, or the broker did not confirm it.
#[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
pub async fn publish_order(bus: &ServiceBus, message: Permitted<Message>) -> Result<Sent, BusError> {
    bus.send(message).await
}

/// Publishes several orders to the staging queue in one transfer: all of them or none.
///
/// # Errors
///
/// As [`publish_order`].
#[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
pub async fn publish_orders(bus: &ServiceBus, messages: Permitted<Vec<Message>>) -> Result<Sent, BusError> {
    bus.send_batch(messages).await
}

/// Publishes one order to a queue that is chosen at run time, from those that the policy allows.
///
/// # Errors
///
/// As [`publish_order`].
#[wpc::tool(azure_service_bus::Send, to = queue(queue))]
pub async fn publish_to(
    bus: &ServiceBus,
    queue: azure_service_bus::queue::Name,
    message: Permitted<Message>,
) -> Result<Sent, BusError> {
    bus.send(message).await
}
