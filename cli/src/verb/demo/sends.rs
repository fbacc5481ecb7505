//! Allowed sends, and what the other end got.

use wpc::{Gate, JobId};
use wpc_endpoint::{Endpoint, Received};
use wpc_example_orders::orders::Orders;
use wpc_example_orders::{Order, publish_order, publish_orders};
use wpc_service_bus::{Message, ServiceBus};

use super::contract::Contract;
use super::script::Script;
use crate::failure::Failure;

/// The one queue that the policy allows.
pub(super) const QUEUE: &str = "orders-staging";

/// A job under the compiled-in policy.
pub(super) struct Job {
    pub(super) id: JobId,
    pub(super) gate: Gate<Orders>,
}

impl Job {
    /// Opens a gate for a new job.
    pub(super) fn begin(contract: &Contract) -> Result<Self, Failure> {
        let id = JobId::mint()
            .map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error))?;
        let token = contract.token(contract.hash, &id)?;
        let gate = Gate::<Orders>::open(contract.opening(&contract.envelope, &token))
            .map_err(|error| Failure::no(error.code(), error.to_string()).cause(&error))?;
        Ok(Self { id, gate })
    }
}

/// Sends one order and a batch of three.
pub(super) async fn play(
    contract: &Contract,
    bus: &ServiceBus,
    endpoint: &Endpoint,
    script: &mut Script<'_>,
) -> Result<Job, Failure> {
    let job = Job::begin(contract)?;
    script.say(format!("  {} under {}", job.id, contract.hash));
    let sent = publish_order(&job.gate, bus, message(1)?).await;
    script.expect("one order, sent by #[wpc::tool] publish_order", "accepted", said(&sent));
    let sent = publish_orders(&job.gate, bus, messages(2..=4)?).await;
    script.expect("a batch of three, one transfer", "accepted", said(&sent));

    let arrived = endpoint.messages(QUEUE);
    script.expect("messages in the queue", "4", &arrived.len().to_string());
    for (number, received) in (1_u64..).zip(&arrived) {
        let Received { message_id, content_type, properties, .. } = received;
        let shown: Vec<_> = properties.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let id = message_id.clone().unwrap_or_default();
        let kept = message(number)?.properties() == properties
            && content_type.as_deref() == Some("application/json")
            && id.starts_with(job.id.as_str());
        script.holds(&format!("{} as {id}", shown.join(" ")), kept);
    }
    Ok(job)
}

/// The event of order `number`.
pub(super) fn message(number: u64) -> Result<Message, Failure> {
    Order { number, item: "tea".to_owned(), amount_minor: 450 }
        .to_message()
        .map_err(|error| Failure::no("demo_differs", error.to_string()).cause(&error))
}

/// Several of them.
pub(super) fn messages(numbers: impl IntoIterator<Item = u64>) -> Result<Vec<Message>, Failure> {
    numbers.into_iter().map(message).collect()
}

/// The broker's outcome, or why there is none.
pub(super) fn said(sent: &Result<wpc_service_bus::Sent, wpc_service_bus::BusError>) -> &str {
    match sent {
        Ok(sent) => sent.status(),
        Err(error) => error.code(),
    }
}
