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
fn publish(gate: u8, message: Permitted<Message>) -> Result<(), Refused> {
    let _ = gate;
    message.release()?;
    Ok(())
}

fn main() {}
