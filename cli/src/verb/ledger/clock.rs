//! `ledger clock accept`.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;
use wpc_model::instant_text;

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::store::Where;
use crate::verb::key;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Take the clock's word, as it stands now
    #[command(after_help = "\
A gate that sees the clock jump admits nothing (`clock_jumped`, `clock_behind`). If the clock was
wrong and is right now, accept it; if it is wrong now, set it right instead. Every open job's log
gets an entry of it. After a jump back, entries bear the time of the last one until the clock has
caught up: what has expired stays expired.

Example: wpc ledger clock accept ledger/orders.db --key ledger/orders.db.key --by alice

JSON: `file` or `server`, `wall`, `ledger_at`, `by`")]
    Accept {
        #[command(flatten)]
        at: Where,
        /// The ledger's key file
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Who accepts it; the ledger itself, if nothing is said
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
}

pub(super) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let Verb::Accept { at, key, by } = args.verb;
    let store = at.store()?;
    let by = match by {
        Some(by) => by,
        None => key::read(&key)?.did().to_string(),
    };
    let accepted = store.open_with(&key)?.accept_clock(&by).map_err(|error| store.failed(&error))?;
    let (wall, ledger_at) = (instant_text(accepted.wall), instant_text(accepted.ledger_at));
    console.say(format!("accepted {wall}; the ledger's last entry bears {ledger_at}"));
    Ok(Done::yes(json!({ store.word(): store.to_string(), "wall": wall, "ledger_at": ledger_at, "by": by })))
}
