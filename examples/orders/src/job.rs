//! The job: publish every order of today.

use wpc::Gate;
use wpc_service_bus::{BusError, Message, ServiceBus};

use crate::orders::Orders;
use crate::{Order, publish_order, publish_orders};

/// Most orders of one transfer.
pub const BATCH: usize = 50;

/// Publishes `orders` in order, in transfers of at most [`BATCH`]; the number of transfers.
///
/// # Errors
///
/// [`BusError`] of the first transfer that was refused or not confirmed; those before it are done.
pub async fn publish_all(gate: &Gate<Orders>, bus: &ServiceBus, orders: &[Order]) -> Result<usize, BusError> {
    let mut transfers = 0;
    for part in orders.chunks(BATCH) {
        let messages = part.iter().map(Order::to_message).collect::<Result<Vec<Message>, _>>()?;
        match <[Message; 1]>::try_from(messages) {
            Ok([message]) => publish_order(gate, bus, message).await?,
            Err(messages) => publish_orders(gate, bus, messages).await?,
        };
        transfers += 1;
    }
    Ok(transfers)
}
