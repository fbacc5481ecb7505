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

#[wpc::tool(orders::azure_service_bus::Send, to = queue(name))]
fn publish(name: &str, message: Permitted<Message>) -> Result<(), Refused> {
    message.release()?;
    Ok(())
}

fn main() {}
