//! `ledger checkpoint`.

use std::path::PathBuf;

use serde_json::json;

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::output;
use crate::store::Where;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
With the ledger's key, its own log gets the heads of all jobs that have grown first. The note is a
C2SP checkpoint. A witness asks for more: what proves that the head begins with the one that it
cosigned last; `--request` writes both, as the body of C2SP tlog-witness' `add-checkpoint`.

Example: wpc ledger checkpoint ledger/orders.db --key ledger.key --request head.request

JSON: `file` or `server`, `origin`, `size`, `root`, `old`, `note`, `out`, `request`")]
pub(super) struct Checkpoint {
    #[command(flatten)]
    at: Where,
    /// The ledger's key file
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Write the note to this file
    #[arg(long, value_name = "NOTE")]
    out: Option<PathBuf>,
    /// Write what a witness is asked to this file
    #[arg(long, value_name = "REQUEST")]
    request: Option<PathBuf>,
    /// How many leaves the witness cosigned last, if not those of the newest cosigned head that the ledger keeps
    #[arg(long, value_name = "SIZE", requires = "request")]
    old: Option<u64>,
}

pub(super) fn run(args: Checkpoint, console: &mut Console) -> Result<Done, Failure> {
    let store = args.at.store()?;
    let failed = |error: wpc::LedgerError| store.failed(&error);
    let (ledger, head) = match &args.key {
        Some(key) => {
            let ledger = store.open_with(key)?;
            let head = ledger.anchor().map_err(failed)?;
            (ledger, head)
        }
        None => {
            let ledger = store.open()?;
            let head = ledger.checkpoint().map_err(failed)?;
            (ledger, head)
        }
    };
    let mut old = None;
    let mut batch = output::Batch::default();
    if let Some(path) = &args.out {
        batch.stage(path, head.to_string().as_bytes())?;
    }
    if let Some(path) = &args.request {
        let kept = ledger.cosigned().map_err(failed)?;
        let last = kept.first().map_or(0, |note| note.unverified().size);
        let from = args.old.unwrap_or(last);
        let request = wpc::ledger::witness_request(&*ledger, from, head.clone()).map_err(failed)?;
        batch.stage(path, request.to_string().as_bytes())?;
        old = Some(from);
    }
    batch.commit()?;
    if args.out.is_none() && args.request.is_none() {
        console.write(head.to_string().as_bytes());
    }
    for path in [&args.out, &args.request].into_iter().flatten() {
        console.say(format!("wrote {}", plain(&path.display().to_string())));
    }
    let about = head.unverified();
    let name = |path: Option<PathBuf>| path.map(|path| path.display().to_string());
    Ok(Done::yes(json!({
        store.word(): store.to_string(),
        "origin": about.origin.to_string(),
        "size": about.size,
        "root": about.root.to_string(),
        "old": old,
        "note": head.to_string(),
        "out": name(args.out),
        "request": name(args.request),
    })))
}
