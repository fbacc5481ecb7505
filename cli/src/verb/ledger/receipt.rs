//! `ledger receipt`.

use std::path::PathBuf;

use serde_json::json;
use wpc::JobId;

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::output;
use crate::store::Where;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A receipt is the entry, the path from its leaf to the root of its job's tree, and the head that the
ledger signed. `wpc audit receipt` verifies one, offline.

Example: wpc ledger receipt ledger/orders.db --job JOB --entry 3 --out call.receipt.json

JSON: `file` or `server`, `job`, `entry`, `size`, `out`")]
pub(super) struct Make {
    #[command(flatten)]
    at: Where,
    /// The job
    #[arg(long, value_name = "JOB", value_parser = crate::verb::token::job)]
    job: JobId,
    /// The entry's number in the job's log, from 0
    #[arg(long, value_name = "NUMBER")]
    entry: u64,
    /// The receipt
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: Make, console: &mut Console) -> Result<Done, Failure> {
    let store = args.at.store()?;
    let ledger = store.open()?;
    let receipt = wpc::ledger::receipt(&*ledger, &args.job, args.entry);
    let receipt = receipt.map_err(|error| store.failed(&error))?.ok_or_else(|| {
        Failure::no("entry_missing", format!("the job has no entry {}", args.entry))
            .help("see its entries with `wpc ledger show`")
    })?;
    output::replace(&args.out, &receipt.encode())?;
    let (size, out) = (receipt.checkpoint.unverified().size, args.out.display().to_string());
    console.say(format!("wrote {}: entry {} of {size}", plain(&out), args.entry));
    Ok(Done::yes(json!({
        store.word(): store.to_string(),
        "job": args.job.as_str(),
        "entry": args.entry,
        "size": size,
        "out": out,
    })))
}
