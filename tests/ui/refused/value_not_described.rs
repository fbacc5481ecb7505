#![allow(dead_code)]
#[path = "../support/message.rs"]
mod message;
mod orders {
    wpc::policy!("orders.wpc");
}
mod receive {
    wpc::policy!("receive.wpc");
}
use message::Message;
use wpc::{Permit, Permitted, Refused};

struct Order;

#[wpc::tool(orders::azure_service_bus::Send, to = queue("orders-staging"))]
fn publish(order: Permitted<Order>) -> Result<(), Refused> {
    order.release()?;
    Ok(())
}

fn main() {}
