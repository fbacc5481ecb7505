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
fn publish(a: Permitted<Message>, b: Permitted<Message>) -> Result<(), Refused> {
    a.release()?;
    b.release()?;
    Ok(())
}

fn main() {}
