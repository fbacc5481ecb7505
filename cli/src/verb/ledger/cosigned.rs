//! `ledger cosigned`.

use std::path::PathBuf;

use serde_json::json;

use crate::console::{Console, Done};
use crate::evidence;
use crate::failure::Failure;
use crate::store::Where;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The head must be of the ledger's own history, and cosigned by a principal whom the trust file names
as a witness. `wpc bundle create` puts the newest one into bundles that enough of them cosigned.

Example: wpc ledger cosigned ledger/orders.db --note head.note --key ledger.key \\
           --trust trust.json

JSON: `file` or `server`, `size`, `witnesses` {name: Unix seconds}")]
pub(super) struct Cosigned {
    #[command(flatten)]
    at: Where,
    /// What `wpc witness cosign` wrote
    #[arg(long, value_name = "NOTE")]
    note: PathBuf,
    /// The ledger's key file
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
}

pub(super) fn run(args: Cosigned, console: &mut Console) -> Result<Done, Failure> {
    let (trust, note) = (evidence::trust(&args.trust)?, evidence::checkpoint(&args.note)?);
    let witnesses = note.cosigners(&trust);
    if witnesses.is_empty() {
        let why = "no cosignature of a witness holds whom the trust file names";
        return Err(Failure::no("signer_untrusted", why)
            .file(&args.note)
            .help("have it cosigned with `wpc witness cosign`, or name the witness in the trust file"));
    }
    let store = args.at.store()?;
    let ledger = store.open_with(&args.key)?;
    ledger.keep_cosigned(&note).map_err(|error| store.failed(&error))?;
    let size = note.unverified().size;
    for (name, at_s) in &witnesses {
        let at_ms = i64::try_from(*at_s).unwrap_or(i64::MAX).saturating_mul(1_000);
        console.say(format!(
            "kept: {size} leaves, cosigned by {} at {}",
            plain(name),
            wpc_model::instant_text(at_ms)
        ));
    }
    Ok(Done::yes(json!({ store.word(): store.to_string(), "size": size, "witnesses": witnesses })))
}
