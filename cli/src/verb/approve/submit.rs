//! `approve submit`.

use std::path::PathBuf;

use serde_json::json;
use wpc::{JobId, approval};
use wpc_evidence::statement::MAX_STATEMENT_ENVELOPE_BYTES;

use super::refused;
use crate::console::{Console, Done};
use crate::evidence;
use crate::failure::Failure;
use crate::input;
use crate::store::Place;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Whether it is enough is decided when the call is asked again: by quorum, role, time and use.

Example: wpc approve submit CALL.approval.json --ledger ledger/orders.db --trust trust.json --job JOB

JSON: `approval_hash`, `job`")]
pub(super) struct Submit {
    /// A signed approval
    #[arg(value_name = "APPROVAL")]
    approval: PathBuf,
    #[command(flatten)]
    place: Place,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The job
    #[arg(long, value_name = "JOB", value_parser = crate::verb::token::job)]
    job: JobId,
    /// A signed statement that gives the signer a role
    #[arg(long, value_name = "FILE")]
    membership: Vec<PathBuf>,
}

pub(super) fn run(args: &Submit, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(&args.trust)?;
    let envelope = input::bytes(&args.approval, "approval", MAX_STATEMENT_ENVELOPE_BYTES)?;
    let memberships: Result<Vec<_>, _> = args
        .membership
        .iter()
        .map(|path| input::bytes(path, "membership statement", MAX_STATEMENT_ENVELOPE_BYTES))
        .collect();
    let ledger = args.place.open()?;
    let hash = approval::submit(&*ledger, &trust, &args.job, &envelope, &memberships?)
        .map_err(|error| refused(&error).file(&args.approval))?;
    console.say(format!("the ledger took approval {hash}"));
    Ok(Done::yes(json!({ "approval_hash": hash.to_string(), "job": args.job.as_str() })))
}
