//! `wpc replay`: what another policy would have said of a job.

use std::path::PathBuf;

use serde_json::json;
use wpc::bundle::{Change, replay};

use super::bundle::{read, say};
use crate::artifact::Artifact;
use crate::console::{Console, Done};
use crate::evidence;
use crate::failure::Failure;
use crate::input;
use crate::problems::number;
use crate::table::Table;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The bundle is verified first. What was admitted happened, whatever the other policy says of it, and
charges its limits. Exit code 1 if a decision would change.

Example: wpc replay job.bundle.json --policy stricter.wpc.json --trust trust.json

JSON: `calls`, `unknown`, `changes` [{`seq`, `at`, `tool`, `action`, `then`, `now`}]; of a bundle
that is refused, the members of `bundle verify`")]
pub(crate) struct Args {
    /// A bundle
    #[arg(value_name = "BUNDLE")]
    file: PathBuf,
    /// The other policy: an artifact
    #[arg(long, value_name = "ARTIFACT")]
    policy: PathBuf,
    /// Who is trusted for what
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    input::once([&args.file, &args.policy, &args.trust])?;
    let trust = evidence::trust(&args.trust)?;
    let other = Artifact::read(&args.policy)?;
    let replayed = match replay(&read(&args.file)?, &trust, &other.policy) {
        Ok(replayed) => replayed,
        Err(report) => {
            say(&report, console);
            return Ok(Done::no(report.to_json()));
        }
    };
    let mut table = Table::indented(2);
    for Change { seq, at, tool, action, then, now } in &replayed.changes {
        table.row([
            seq.to_string(),
            wpc_model::instant_text(*at),
            format!("{}.{}", plain(tool), plain(action)),
            format!("{} becomes {}", then.word(), now.word()),
        ]);
    }
    if !table.is_empty() {
        console.say(table);
    }
    let calls = |count: u64| number(usize::try_from(count).unwrap_or(usize::MAX), "call");
    console.say(format!(
        "{} under {}, {} decided otherwise, {} unknown",
        calls(replayed.calls),
        plain(&other.policy.name),
        replayed.changes.len(),
        replayed.unknown,
    ));
    let change = |change: &Change| {
        json!({
            "seq": change.seq,
            "at": wpc_model::instant_text(change.at),
            "tool": change.tool,
            "action": change.action,
            "then": change.then.word(),
            "now": change.now.word(),
        })
    };
    let members = json!({
        "calls": replayed.calls,
        "unknown": replayed.unknown,
        "changes": replayed.changes.iter().map(change).collect::<Vec<_>>(),
    });
    Ok(if replayed.changes.is_empty() { Done::yes(members) } else { Done::no(members) })
}
