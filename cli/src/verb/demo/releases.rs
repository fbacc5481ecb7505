//! Which of the signed policies is the current one, and what becomes of jobs when that changes.

use wpc::{DynamicGate, JobId, release};
use wpc_compiler::Compiled;
use wpc_example_orders::{agent, publish_order};
use wpc_model::{Hash, OnChange};
use wpc_service_bus::ServiceBus;

use super::contract::Contract;
use super::drift::opens;
use super::refusals::refused;
use super::script::Script;
use super::sends::{Job, message, said};
use crate::failure::Failure;

const CALL: &str = "{\"tool\":\"azure_service_bus\",\"action\":\"deadletter_read\",\
    \"resource\":{\"kind\":\"queue\",\"name\":\"orders-staging\"},\"arguments\":{\"messages\":1}}";

/// Plays it with the policy that was edited and signed; how many calls went ahead.
pub(super) async fn play(
    contract: &Contract,
    (edited, envelope): &(Compiled, Vec<u8>),
    bus: &ServiceBus,
    script: &mut Script<'_>,
) -> Result<usize, Failure> {
    let failed = |error: &wpc::OpenError| Failure::no(error.code(), error.to_string()).cause(error);
    let hash = Hash::of(&wpc_model::encode(&edited.policy));
    let name = &edited.policy.name;
    // What somebody could have copied before the second release.
    let folder = contract.releases();
    let old =
        folder.read(name).map_err(|error| Failure::no(error.code(), error.to_string()).cause(&error))?;
    let job = Job::begin(contract)?;
    script.say(format!("  {} under release 1", job.id));
    let sent = publish_order(&job.gate, bus, message(1)?).await;
    script.expect("one order", "accepted", said(&sent));
    let token = contract.token(hash, &minted()?)?;
    let opened = DynamicGate::open(contract.opening(envelope, &token));
    opens(
        "the edited policy, signed by its author and released by nobody",
        "policy_not_released",
        opened.err().as_ref(),
        script,
    );

    script.say("  it is released, and jobs of the one before begin no more calls:");
    let seq = contract.release(hash, OnChange::Drain, script)?;
    script.expect("the number of this release", "2", &seq.to_string());
    let result = refused(publish_order(&job.gate, bus, message(2)?).await)?;
    script.expect("the next call of the job under release 1", "policy_changed", code(&result));
    let gate = DynamicGate::open(contract.opening(envelope, &token)).map_err(|error| failed(&error))?;
    let result = agent::ask(&gate, CALL.as_bytes(), None).await;
    script.refused(
        "a job under release 2: what the edit allows still needs people",
        "approval_required",
        &result,
        edited,
    );

    script.say("  what was signed and released before does not come back by itself:");
    let before = contract.token(contract.hash, &minted()?)?;
    let rolled_back = || DynamicGate::open(contract.opening(&contract.envelope, &before));
    opens(
        "a new job under the policy of release 1",
        "policy_rolled_back",
        rolled_back().err().as_ref(),
        script,
    );
    let taken = release::submit(&*contract.ledger, &contract.trust, &old);
    script.expect(
        "the releases as they were before, handed to the ledger",
        "policy_rolled_back",
        taken.as_ref().map_or_else(|error| error.code(), |_| "taken"),
    );

    script.say("  to go back, the releaser releases the older policy anew:");
    let seq = contract.release(contract.hash, OnChange::Drain, script)?;
    script.expect("the number of this release", "3", &seq.to_string());
    let sent = publish_order(&job.gate, bus, message(3)?).await;
    script.expect("the job that could begin nothing goes on", "accepted", said(&sent));
    let result = agent::ask(&gate, CALL.as_bytes(), None).await;
    script.expect("and the job under release 2 does not", "policy_changed", code(&result));
    job.gate.close().map_err(|error| Failure::no(error.code(), error.to_string()).cause(&error))?;
    Ok(2)
}

fn code<T>(result: &Result<T, wpc::Refused>) -> &str {
    result.as_ref().map_or_else(wpc::Refused::code, |_| "allowed")
}

fn minted() -> Result<JobId, Failure> {
    JobId::mint().map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error))
}
