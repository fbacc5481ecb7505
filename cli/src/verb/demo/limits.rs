//! The 201st message of a job, and the 51st call within a minute.

use wpc_endpoint::Endpoint;
use wpc_example_orders::{publish_order, publish_orders};
use wpc_service_bus::ServiceBus;

use super::contract::Contract;
use super::refusals::refused;
use super::script::Script;
use super::sends::{Job, QUEUE, message, messages, said};
use crate::failure::Failure;

/// What the policy allows: messages of a job, calls of a minute.
const MESSAGES: u64 = 200;
const CALLS: u64 = 50;
/// Messages and calls that the first job made before.
const BEFORE: u64 = 4;
const CALLS_BEFORE: usize = 2;

/// Uses up both limits; how many calls went ahead in all.
pub(super) async fn play(
    contract: &Contract,
    bus: &ServiceBus,
    endpoint: &Endpoint,
    job: &Job,
    script: &mut Script<'_>,
) -> Result<usize, Failure> {
    let policy = &contract.compiled;
    let sent = publish_orders(&job.gate, bus, messages(BEFORE + 1..=MESSAGES - 1)?).await;
    script.expect("messages 5 to 199 of this job, in one transfer", "accepted", said(&sent));
    let result = refused(publish_orders(&job.gate, bus, messages(MESSAGES..=MESSAGES + 1)?).await)?;
    script.refused("two more at once", "limit_exceeded", &result, policy);
    let sent = publish_order(&job.gate, bus, message(MESSAGES)?).await;
    script.expect("the 200th message", "accepted", said(&sent));
    let result = refused(publish_order(&job.gate, bus, message(MESSAGES + 1)?).await)?;
    script.refused("the 201st message", "limit_exceeded", &result, policy);

    let second = Job::begin(contract)?;
    script.say(format!("  {}, another job with limits of its own", second.id));
    let mut accepted = 0_u64;
    for number in 1..=CALLS {
        let sent = publish_order(&second.gate, bus, message(number)?).await;
        if said(&sent) == "accepted" {
            accepted = accepted.saturating_add(1);
        }
    }
    script.expect("50 calls within a minute", &CALLS.to_string(), &accepted.to_string());
    let result = refused(publish_order(&second.gate, bus, message(CALLS + 1)?).await)?;
    script.refused("the 51st call", "limit_exceeded", &result, policy);

    let arrived = endpoint.messages(QUEUE).len();
    script.expect("messages in the queue", &(MESSAGES + CALLS).to_string(), &arrived.to_string());
    for (other, name) in [("orders-prod", "production"), ("orders-test", "another queue")] {
        let found = endpoint.messages(other).len();
        script.expect(&format!("messages that reached {name}"), "0", &found.to_string());
    }
    for job in [job, &second] {
        job.gate
            .close()
            .map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error))?;
    }
    let calls = usize::try_from(CALLS).unwrap_or(usize::MAX);
    Ok(CALLS_BEFORE.saturating_add(2).saturating_add(calls))
}
