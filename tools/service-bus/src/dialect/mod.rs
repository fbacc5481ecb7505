//! What Service Bus means by AMQP: addresses, tokens, batches, requests, what is received; and by ATOM:
//! descriptions of entities. No connection, no clock.
//!
//! ```text
//! Message ──Encoded::new──▶ bytes ──Encoded::open──▶ Opened   what is sent is what was read
//! ```
//!
//! Sources: "AMQP 1.0 in Azure Service Bus and Event Hubs protocol guide" (CBS, batches), "AMQP 1.0
//! request-response based operations" (management), OASIS AMQP 1.0 part 3 (message sections), and
//! the wire traces of SERVICE_BUS.md section 3.

pub(crate) mod address;
pub(crate) mod atom;
pub(crate) mod batch;
pub(crate) mod encoded;
pub(crate) mod lock;
pub(crate) mod received;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod sas;
pub(crate) mod schedule;
pub(crate) mod session;
pub(crate) mod token;
