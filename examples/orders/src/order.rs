//! What is published.

use serde_json::json;
use wpc_service_bus::{Message, MessageError};

/// Version of the body's schema, which consumers read from the property `schema_version`.
const SCHEMA_VERSION: &str = "1";

/// An order that somebody placed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// Its number.
    pub number: u64,
    /// What was ordered.
    pub item: String,
    /// What it costs, in cents.
    pub amount_minor: u64,
}

impl Order {
    /// The event that says so.
    ///
    /// # Errors
    ///
    /// [`MessageError`] only if the item's name is longer than a message may be.
    ///
    /// ```
    /// # use wpc_example_orders::Order;
    /// let order = Order { number: 7, item: "tea".to_owned(), amount_minor: 450 };
    /// let message = order.to_message()?;
    /// assert_eq!(message.properties()["correlation_id"], "order-7");
    /// # Ok::<(), wpc_service_bus::MessageError>(())
    /// ```
    pub fn to_message(&self) -> Result<Message, MessageError> {
        let Self { number, item, amount_minor } = self;
        let body = json!({ "number": number, "item": item, "amount_minor": amount_minor });
        Message::builder(body.to_string())
            .content_type("application/json")
            .property("schema_version", SCHEMA_VERSION)
            .property("correlation_id", format!("order-{number}"))
            .build()
    }
}
