//! `release submit`.

use serde_json::json;
use std::path::PathBuf;
use wpc::release::{self, SubmitError};

use super::chains::Chains;
use super::{Named, refused};
use crate::console::{Console, Done};
use crate::evidence;
use crate::failure::Failure;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Once this returns, no gate of the ledger admits a call without taking the releases into account: a job
that runs under another policy finishes, drains or ends, as its policy or the release says.

Example: wpc release submit asb-send-orders-staging --dir releases --ledger ledger/orders.db \\
           --trust trust.json

JSON: `policy_name`, `seq`, `release_hash`")]
pub(super) struct Submit {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    from: Chains,
    #[command(flatten)]
    to: crate::store::Place,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
}

pub(super) fn run(args: &Submit, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(&args.trust)?;
    let envelopes = args.from.read(&args.named.name)?;
    let (store, ledger) = (args.to.store()?, args.to.open()?);
    let head = release::submit(&*ledger, &trust, &envelopes).map_err(|error| match &error {
        SubmitError::Release(error) => refused(error),
        SubmitError::Ledger(error) => store.failed(error),
        _ => Failure::environment(error.code(), error.to_string()).help("run `wpc ledger check`"),
    })?;
    console.say(format!("the ledger has release {} of {}", head.seq, plain(&head.policy_name)));
    Ok(Done::yes(json!({
        "policy_name": head.policy_name,
        "seq": head.seq,
        "release_hash": head.hash.to_string(),
    })))
}
