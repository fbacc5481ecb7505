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

fn wire<A>(message: Permitted<'_, Message, A>) -> Result<(), Refused> {
    message.release().map(|_| ())
}

#[wpc::tool(orders::azure_service_bus::Send, to = queue("orders-staging"))]
fn publish(other: Message, message: Permitted<Message>) -> Result<(), Refused> {
    let _ = message;
    wire(other)
}

fn main() {}
