//! `bundle show`.

use std::path::PathBuf;

use serde_json::{Value, json};
use wpc::bundle::{Options, Shown, View, verify};
use wpc::gateway_receipt::Answered;
use wpc::ledger::Body;

use super::{read, unread, view};
use crate::args::Format;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::table::Table;
use crate::verb::ledger::Said;
use crate::{evidence, input};
use wpc_viewer::{Page, plain};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is verified: whoever made the file could have written anything into it. `--html` writes
Trust Pulse, the viewer: one page that holds the bundle, loads nothing, and runs its own script
alone. With `--trust` it says what verification found; `wpc bundle verify` decides.

Example: wpc bundle show job.bundle.json --html --trust trust.json > job.html

JSON: `verified` (false), `origin`, `policy_hash_b64u`, `entries` [{`seq`, `at`, `what`, `said`,
`openings`, `receipt`}]")]
pub(super) struct Show {
    /// A bundle
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// As a page for a browser
    #[arg(long)]
    html: bool,
    /// Verify the bundle first, and say in the page what was found
    #[arg(long, value_name = "FILE", requires = "html")]
    trust: Option<PathBuf>,
    /// The map file of the policy, to show rules in their source
    #[arg(long, value_name = "FILE", requires = "html")]
    map: Option<PathBuf>,
}

pub(super) fn run(args: &Show, console: &mut Console) -> Result<Done, Failure> {
    let bundle = read(&args.file)?;
    let view = view(&bundle, &args.file)?;
    if args.html && console.format() == Format::Human {
        console.write(page(args, &bundle)?.as_bytes());
    } else {
        console.say(format!("not verified; it says of {}:", view.origin));
        let mut table = Table::indented(2);
        for shown in &view.entries {
            let Said { what, said } = Said::of(&shown.entry);
            let (seq, at) = (shown.entry.seq.to_string(), wpc_model::instant_text(shown.entry.at));
            let said = answered(&view, shown).map_or(said.clone(), |answered| {
                format!(
                    "{said}\n{}/{}, {} tokens read, {} written",
                    plain(&answered.provider),
                    plain(&answered.model),
                    answered.tokens_input,
                    answered.tokens_output,
                )
            });
            table.row([seq, at, what, lines(said, shown)]);
        }
        console.say(table);
    }
    let entries = view.entries.iter().map(|shown| {
        let mut entry = one(shown);
        if let (Value::Object(entry), Some(answered)) = (&mut entry, answered(&view, shown)) {
            entry.insert("receipt".to_owned(), receipt(answered));
        }
        entry
    });
    Ok(Done::yes(json!({
        "verified": false,
        "origin": view.origin.to_string(),
        "policy_hash_b64u": view.policy_hash.map(|hash| hash.to_string()),
        "entries": entries.collect::<Vec<_>>(),
    })))
}

/// The page, with what verification found if a trust file is given.
fn page(args: &Show, bundle: &[u8]) -> Result<String, Failure> {
    let trust = args.trust.as_deref().map(evidence::trust).transpose()?;
    let report = trust.map(|trust| verify(bundle, &trust, &Options::default()));
    let map =
        args.map.as_deref().map(|path| input::bytes(path, "map", input::MAX_ARTIFACT_BYTES)).transpose()?;
    let page = Page { bundle, report: report.as_ref(), map: map.as_deref() };
    page.html().map_err(|code| unread(code, &args.file))
}

/// What the receipt says that a model call's entry names.
fn answered<'v>(view: &'v View, shown: &Shown) -> Option<&'v Answered> {
    let Body::ModelCall(called) = &shown.entry.body else { return None };
    Some(view.receipts.get(&called.receipt)?.said())
}

fn receipt(answered: &Answered) -> Value {
    json!({
        "gateway_id": answered.gateway_id,
        "provider": answered.provider,
        "model": answered.model,
        "request_hash_b64u": answered.request_hash.to_string(),
        "response_hash_b64u": answered.response_hash.to_string(),
        "tokens_input": answered.tokens_input,
        "tokens_output": answered.tokens_output,
        "latency_ms": answered.latency_ms,
        "timestamp": wpc_model::instant_text(answered.timestamp),
        "span_id": answered.binding.span_id,
        "parent_span_id": answered.binding.parent_span_id,
    })
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
