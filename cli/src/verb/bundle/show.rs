//! `bundle show`.

use std::path::PathBuf;

use serde_json::{Value, json};
use wpc::bundle::Shown;

use super::{html, view};
use crate::args::Format;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::plain::plain;
use crate::table::Table;
use crate::verb::ledger::Said;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is verified: whoever made the file could have written anything into it. The page that
`--html` writes runs no scripts and loads nothing.

Example: wpc bundle show job.bundle.json --html > job.html

JSON: `verified` (false), `origin`, `policy_hash_b64u`, `entries` [{`seq`, `at`, `what`, `said`,
`openings`}]")]
pub(super) struct Show {
    /// A bundle
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// As a page for a browser
    #[arg(long)]
    html: bool,
}

pub(super) fn run(args: &Show, console: &mut Console) -> Result<Done, Failure> {
    let view = view(&args.file)?;
    if args.html && console.format() == Format::Human {
        console.write(html::page(&view).as_bytes());
    } else {
        console.say(format!("not verified; it says of {}:", view.origin));
        let mut table = Table::indented(2);
        for shown in &view.entries {
            let Said { what, said } = Said::of(&shown.entry);
            let (seq, at) = (shown.entry.seq.to_string(), wpc_model::instant_text(shown.entry.at));
            table.row([seq, at, what, lines(said, shown)]);
        }
        console.say(table);
    }
    let entries = view.entries.iter().map(one);
    Ok(Done::yes(json!({
        "verified": false,
        "origin": view.origin.to_string(),
        "policy_hash_b64u": view.policy_hash.map(|hash| hash.to_string()),
        "entries": entries.collect::<Vec<_>>(),
    })))
}

/// What was said, and a line for each value that is shown.
fn lines(said: String, shown: &Shown) -> String {
    let values = shown.openings.values().map(|opening| {
        let value = String::from_utf8(opening.value.encode()).unwrap_or_default();
        format!("{} = {}", plain(&opening.name), plain(&value))
    });
    std::iter::once(said).chain(values).collect::<Vec<_>>().join("\n")
}

/// An entry as JSON.
pub(super) fn one(shown: &Shown) -> Value {
    let Said { what, said } = Said::of(&shown.entry);
    let openings = shown.openings.values().map(|opening| {
        let value: Value = serde_json::from_slice(&opening.value.encode()).unwrap_or_default();
        (opening.name.clone(), value)
    });
    json!({
        "seq": shown.entry.seq,
        "at": wpc_model::instant_text(shown.entry.at),
        "what": what,
        "said": said,
        "openings": openings.collect::<serde_json::Map<_, _>>(),
    })
}
