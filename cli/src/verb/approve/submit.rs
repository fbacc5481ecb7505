//! `approve submit`.

use std::path::PathBuf;

use serde_json::json;
use wpc::{JobId, approval};
use wpc_client::wire::SubmitApproval;
use wpc_evidence::statement::MAX_STATEMENT_ENVELOPE_BYTES;

use super::refused;
use crate::console::{Console, Done};
use crate::evidence;
use crate::failure::Failure;
use crate::store::Either;
use crate::{input, plane};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Whether it is enough is decided when the call is asked again: by quorum, role, time and use.

With `--server` it goes to a control plane, from where the gate fetches it.

Example: wpc approve submit CALL.approval.json --ledger ledger/orders.db --trust trust.json --job JOB

JSON: `approval_hash`, `job`")]
pub(super) struct Submit {
    /// A signed approval
    #[arg(value_name = "APPROVAL")]
    approval: PathBuf,
    #[command(flatten)]
    at: Either,
    /// The key that signs the request to the control plane
    #[arg(long, value_name = "FILE", requires = "server")]
    key: Option<PathBuf>,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE", required_unless_present = "server")]
    trust: Option<PathBuf>,
    /// The job
    #[arg(long, value_name = "JOB", value_parser = crate::verb::token::job, required_unless_present = "server")]
    job: Option<JobId>,
    /// A signed statement that gives the signer a role
    #[arg(long, value_name = "FILE")]
    membership: Vec<PathBuf>,
}

pub(super) fn run(args: Submit, console: &mut Console) -> Result<Done, Failure> {
    let envelope = input::bytes(&args.approval, "approval", MAX_STATEMENT_ENVELOPE_BYTES)?;
    let memberships: Result<Vec<_>, _> = args
        .membership
        .iter()
        .map(|path| input::bytes(path, "membership statement", MAX_STATEMENT_ENVELOPE_BYTES))
        .collect();
    let memberships = memberships?;
    if let (Some(url), Some(key)) = (&args.at.server, &args.key) {
        let taken = plane::client(url, key)?.approve(&submitted(&envelope, &memberships)?);
        let taken = taken.map_err(|error| plane::failed(&error).file(&args.approval))?;
        console.say(format!("the control plane took approval {}", taken.hash));
        let job = args.job.as_ref().map(JobId::as_str);
        return Ok(Done::yes(json!({ "approval_hash": taken.hash, "job": job })));
    }
    let (Some(place), Some(trust), Some(job)) = (args.at.place(), &args.trust, &args.job) else {
        return Err(Failure::environment("usage", "a ledger needs `--trust` and `--job`"));
    };
    let (trust, ledger) = (evidence::trust(trust)?, place.open()?);
    let hash = approval::submit(&*ledger, &trust, job, &envelope, &memberships)
        .map_err(|error| refused(&error).file(&args.approval))?;
    console.say(format!("the ledger took approval {hash}"));
    Ok(Done::yes(json!({ "approval_hash": hash.to_string(), "job": job.as_str() })))
}

/// Signed statements as a request's body has them.
fn submitted(approval: &[u8], memberships: &[Vec<u8>]) -> Result<SubmitApproval, Failure> {
    let value = |bytes: &[u8]| {
        serde_json::from_slice(bytes)
            .map_err(|error| Failure::no("malformed", "not a signed statement").cause(&error))
    };
    let memberships = memberships.iter().map(|bytes| value(bytes)).collect::<Result<_, _>>()?;
    Ok(SubmitApproval { approval: value(approval)?, memberships })
}
