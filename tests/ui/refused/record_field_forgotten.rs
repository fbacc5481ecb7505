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

impl wpc::Describe<wpc::interface::azure_service_bus::Message> for Order {
    fn describe(&self) -> wpc::interface::azure_service_bus::MessageRecord<'_> {
        wpc::interface::azure_service_bus::MessageRecord {
            message_bytes: 1,
            content_type: None,
            session_id: None,
            body: None,
        }
    }
}

fn main() {}
