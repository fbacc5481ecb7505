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

#[wpc::tool(receive::azure_service_bus::Receive, from = queue("orders-in"))]
fn take(messages: u64, permit: Permit) -> Result<(), Refused> {
    permit.release()?;
    let _ = messages;
    Ok(())
}

fn main() {}
