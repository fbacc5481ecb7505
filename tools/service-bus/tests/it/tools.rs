//! The tools of these tests, as a developer would write them.

use wpc::{Permit, Permitted};
use wpc_service_bus::{BusError, Message, Scheduled, Sent, ServiceBus};

use crate::place::TestClock;

pub(crate) mod bus {
    wpc::policy!("../policies/bus.wpc");
}

use bus::azure_service_bus;

#[wpc::tool(azure_service_bus::Send, to = queue("orders"))]
pub(crate) async fn publish(bus: &ServiceBus, message: Permitted<Message>) -> Result<Sent, BusError> {
    bus.send(message).await
}

#[wpc::tool(azure_service_bus::Send, to = queue("orders"))]
pub(crate) async fn publish_all(
    bus: &ServiceBus,
    messages: Permitted<Vec<Message>>,
) -> Result<Sent, BusError> {
    bus.send_batch(messages).await
}

#[wpc::tool(azure_service_bus::Send, to = topic("events/eu"))]
pub(crate) async fn announce(bus: &ServiceBus, message: Permitted<Message>) -> Result<Sent, BusError> {
    bus.send(message).await
}

#[wpc::tool(azure_service_bus::Schedule, to = queue("orders"))]
pub(crate) async fn publish_later(
    bus: &ServiceBus,
    messages: Permitted<Vec<Message>>,
    at: i64,
) -> Result<Scheduled, BusError> {
    bus.schedule_batch(messages).await
}

#[wpc::tool(azure_service_bus::CancelScheduled, on = queue("orders"))]
pub(crate) async fn take_back(
    bus: &ServiceBus,
    numbers: &[i64],
    messages: u64,
    permit: Permit,
) -> Result<(), BusError> {
    bus.cancel_scheduled(permit, numbers).await
}

/// Reports success whatever happened.
#[wpc::tool(azure_service_bus::Send, to = queue("orders"))]
pub(crate) async fn boast(bus: &ServiceBus, message: Permitted<Message>) -> Result<(), BusError> {
    let _ = bus.send(message).await;
    Ok(())
}

/// Reports failure whatever happened.
#[wpc::tool(azure_service_bus::Send, to = queue("orders"))]
pub(crate) async fn despair(bus: &ServiceBus, message: Permitted<Message>) -> Result<(), BusError> {
    bus.send(message).await?;
    Err(BusError::Released)
}

/// Dawdles for longer than a permit lives.
#[wpc::tool(azure_service_bus::Send, to = queue("orders"))]
pub(crate) async fn dawdle(
    bus: &ServiceBus,
    clock: &TestClock,
    message: Permitted<Message>,
) -> Result<Sent, BusError> {
    clock.advance(2 * wpc::BEGIN_WITHIN);
    bus.send(message).await
}
