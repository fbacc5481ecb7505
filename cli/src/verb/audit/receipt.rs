//! `audit receipt`.

use std::path::PathBuf;

use serde_json::{Value, json};
use wpc::Role;
use wpc::ledger::{MAX_RECEIPT_BYTES, Receipt, ReceiptError};

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::table::Table;
use crate::verb::ledger::Said;
use crate::{evidence, input};
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Works offline. It shows that the ledger signed a log with this entry in it, and nothing of whether
the entry is true or the policy allowed it: that is `wpc bundle verify`.

Example: wpc audit receipt call.receipt.json --trust trust.json

JSON: `ledger`, `mode`, `size`, `entry` (as it is recorded)")]
pub(super) struct Verify {
    /// A receipt that `wpc ledger receipt` wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
}

pub(super) fn run(args: &Verify, console: &mut Console) -> Result<Done, Failure> {
    let trust = evidence::trust(&args.trust)?;
    let refused = |error: ReceiptError| {
        Failure::no(error.code(), error.to_string())
            .file(&args.file)
            .help("ask the ledger for it again: `wpc ledger receipt`")
            .cause(&error)
    };
    let bytes = input::bytes(&args.file, "receipt", MAX_RECEIPT_BYTES)?;
    let receipt = Receipt::decode(&bytes).map_err(refused)?;
    let ledger = *receipt.checkpoint.unverified().origin.ledger_did();
    let keeper = trust.principal_of(&ledger).filter(|keeper| keeper.has(Role::Ledger));
    let keeper = keeper.ok_or_else(|| {
        Failure::no("signer_untrusted", format!("the trust file has no ledger {ledger}"))
            .file(&args.file)
            .help("name the ledger's key with the role `ledger` in the trust file")
    })?;
    let entry = receipt.verify(&ledger).map_err(refused)?;
    let (mode, size) = (keeper.mode(), receipt.checkpoint.unverified().size);
    let Said { what, said } = Said::of(&entry);
    let mut table = Table::indented(2);
    table.row(["ledger".to_owned(), format!("{ledger}, {}", plain(keeper.name()))]);
    table.row(["job".to_owned(), entry.job.to_string()]);
    table.row(["entry".to_owned(), format!("{} of {size}", entry.seq)]);
    table.row(["at".to_owned(), wpc_model::instant_text(entry.at)]);
    table.row(["what".to_owned(), what]);
    table.row(["said".to_owned(), said]);
    console.say(table);
    console.say("included");
    Ok(Done::yes(json!({
        "ledger": ledger.to_string(),
        "mode": mode.map(wpc::Mode::word),
        "size": size,
        "entry": serde_json::from_slice::<Value>(&receipt.entry).unwrap_or_default(),
    })))
}
