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
fn publish(mut message: Permitted<Message>) -> Result<(), Refused> {
    message.value().body.push(0);
    message.release()?;
    Ok(())
}

fn main() {}
