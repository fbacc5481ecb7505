//! `release show`.

use std::path::PathBuf;

use wpc_evidence::statement::{MAX_STATEMENT_ENVELOPE_BYTES, Released};
use wpc_model::instant_text;

use super::{members, unread};
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::input;
use crate::table::Table;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example: wpc release show releases/orders.000001.release.json

JSON: `policy_name`, `policy_hash_b64u`, `seq`, `release_hash`, `previous`, `not_before`, `not_after`,
`running`")]
pub(super) struct Show {
    /// A release
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(args: &Show, console: &mut Console) -> Result<Done, Failure> {
    let bytes = input::bytes(&args.file, "release", MAX_STATEMENT_ENVELOPE_BYTES)?;
    let released = Released::unverified(&bytes).map_err(|error| unread(&error, Some(args.file.clone())))?;
    let release = &released.release;
    let mut table = Table::indented(0);
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row("policy", plain(&release.policy_name).into_owned());
    row("number", release.seq.to_string());
    row("policy hash", release.policy_hash.to_string());
    row("release hash", released.hash.to_string());
    row("follows", release.previous.map_or_else(|| "nothing".to_owned(), |hash| hash.to_string()));
    row("from", instant_text(release.not_before));
    row("until", instant_text(release.not_after));
    row("running jobs", release.running.word().to_owned());
    console.say(table);
    Ok(Done::yes(members(&released)))
}
