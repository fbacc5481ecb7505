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

fn main() {
    let _: Permitted<'_, Message, orders::azure_service_bus::Send> = Permitted { value: Message::default() };
}
