//! One call that a person approves, and a job that is revoked.

use wpc::{DynamicGate, JobId, Ledger as _, approval};
use wpc_evidence::statement::{Granted, Nonce, Revoked, Statement as _, approve};
use wpc_example_orders::agent;
use wpc_model::{Bind, Hash, OnChange, Uses, encode};

use super::contract::Contract;
use super::script::Script;
use crate::failure::Failure;

/// Whom the example's policy names as on call.
const ONCALL: &str = "did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7";
const CALL: &str = "{\"tool\":\"azure_service_bus\",\"action\":\"deadletter_read\",\
    \"resource\":{\"kind\":\"queue\",\"name\":\"orders-staging\"},\"arguments\":{\"messages\":1}}";

/// Plays it; the job.
pub(super) async fn play(contract: &Contract, script: &mut Script<'_>) -> Result<JobId, Failure> {
    script.say("  the policy names somebody on call, who has a key of their own:");
    let oncall = contract.oncall.did().to_string();
    let (compiled, envelope) = contract.edit(ONCALL, &oncall, script)?;
    let job =
        JobId::mint().map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error))?;
    let hash = Hash::of(&encode(&compiled.policy));
    contract.release(hash, OnChange::Finish, script)?;
    let token = contract.token(hash, &job)?;
    let gate = DynamicGate::open(contract.opening(&envelope, &token))
        .map_err(|error| Failure::no(error.code(), error.to_string()).cause(&error))?;
    let ask = async || agent::ask(&gate, CALL.as_bytes(), None).await;
    let code =
        |result: Result<(), wpc::Refused>| result.map_or_else(|refused| refused.code(), |()| "allowed");

    script.refused("deadletter_read, and nobody approved it", "approval_required", &ask().await, &compiled);
    let request = request(contract, &job)?;
    let shown: Vec<_> = request
        .arguments
        .iter()
        .map(|argument| format!("{} = {}", argument.name, String::from_utf8_lossy(&argument.value.encode())))
        .collect();
    script.say(format!("      the request shows {} with {}", request.action, shown.join(", ")));
    let by = |key: &wpc::Key| {
        let failed = |error: wpc_evidence::statement::StatementError| {
            Failure::no(error.code(), error.to_string()).cause(&error)
        };
        let nonce = Nonce::mint()
            .map_err(|error| Failure::environment(error.code(), error.to_string()).cause(&error))?;
        let granted = Granted {
            bind: Bind::Arguments,
            uses: Uses::Times(1),
            issued_at: request.requested_at,
            not_after: request.requested_at.saturating_add(600_000),
            nonce,
        };
        let envelope = approve(key, &request, granted).map_err(failed)?;
        Ok::<_, Failure>(approval::submit(&*contract.ledger, &contract.trust, &job, &envelope, &[]))
    };
    let own = by(&contract.agent)?;
    script.expect(
        "the agent approves its own call",
        "signer_untrusted",
        own.as_ref().map_or_else(|error| error.code(), |_| "taken"),
    );
    let taken = by(&contract.oncall)?;
    script.expect(
        "whoever is on call signs it, and the ledger takes it",
        "taken",
        taken.as_ref().map_or_else(|error| error.code(), |_| "taken"),
    );
    script.expect("the same call again", "allowed", code(ask().await));
    script.refused("and once more: one approval, one call", "approval_required", &ask().await, &compiled);

    let revoked = approval::next_revocation(
        &*contract.ledger,
        &contract.trust,
        Revoked::Job(job.clone()),
        contract.ledger.clock().wall_ms(),
    )
    .map_err(|error| Failure::no(error.code(), error.to_string()).cause(&error))?;
    let statement = revoked
        .sign(std::slice::from_ref(&contract.revoker))
        .map_err(|error| Failure::no(error.code(), error.to_string()).cause(&error))?;
    let revoked = approval::revoke(&*contract.ledger, &contract.trust, &statement);
    script.expect(
        "somebody revokes the job",
        "revoked",
        revoked.as_ref().map_or_else(|error| error.code(), |_| "revoked"),
    );
    script.expect("the next call, with the same token", "job_revoked", code(ask().await));
    gate.close().map_err(|error| Failure::no(error.code(), error.to_string()).cause(&error))?;
    Ok(job)
}

fn request(contract: &Contract, job: &JobId) -> Result<wpc_evidence::statement::ApprovalRequest, Failure> {
    let requests = approval::requests(&*contract.ledger, &contract.trust, job)
        .map_err(|error| Failure::no(error.code(), error.to_string()).cause(&error))?;
    requests.into_iter().next().ok_or_else(|| {
        Failure::no("demo_differs", "nothing waits for people").help("report this as a defect")
    })
}
