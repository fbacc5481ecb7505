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

#[wpc::tool(orders::azure_service_bus::Send, to = queue("orders-staging"))]
fn publish(message: Permitted<Message>) -> Result<(), Refused> {
    message.release()?;
    message.release()?;
    Ok(())
}

fn main() {}
