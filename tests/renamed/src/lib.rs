//! A crate that knows the runtime as `my_gate`: that it builds is the test.

/// The policy.
pub mod orders {
    my_gate::policy!("../../policies/orders.wpc", crate = my_gate);
}

use my_gate::{Permitted, Refused, interface::azure_service_bus as interface};
use orders::azure_service_bus::{self, queue};

/// A message of one text, with properties.
#[derive(Debug)]
pub struct Text(pub String, pub Vec<(String, String)>);

impl my_gate::Describe<interface::Message> for Text {
    fn describe(&self) -> interface::MessageRecord<'_> {
        interface::MessageRecord {
            message_bytes: self.0.len() as u64,
            properties: (&self.1).into(),
            content_type: None,
            session_id: None,
            body: Some(my_gate::Sealed::of(self.0.as_bytes())),
        }
    }
}

/// Gives the message back.
///
/// # Errors
///
/// [`Refused`] if the policy does not allow it.
#[my_gate::tool(azure_service_bus::Send, to = queue("orders-staging"))]
pub fn now(text: Permitted<Text>) -> Result<Text, Refused> {
    text.release()
}

/// Gives the message back, later.
///
/// # Errors
///
/// [`Refused`] if the policy does not allow it.
#[my_gate::tool(azure_service_bus::Send, to = queue(name))]
pub async fn later(name: queue::Name, text: Permitted<Text>) -> Result<Text, Refused> {
    text.release()
}
