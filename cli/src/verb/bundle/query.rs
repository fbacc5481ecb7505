//! `bundle query`.

use std::path::PathBuf;

use serde_json::{Value, json};
use wpc::bundle::Shown;
use wpc::ledger::{Body, Seen, Verdict};
use wpc_evidence::commitment::RESOURCE;
use wpc_model::canon::Json;

use super::{read, show, view};
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::problems::number;
use crate::table::Table;
use crate::verb::ledger::Said;
use wpc_viewer::plain;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is verified: verify the bundles first.

Example: wpc bundle query *.bundle.json --action send --decision limit_exceeded

JSON: `calls` [{`file`, `seq`, `at`, `what`, `said`, `openings`}]")]
pub(super) struct Query {
    /// Bundles
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Calls of this action
    #[arg(long, value_name = "ACTION")]
    action: Option<String>,
    /// Calls on a resource of which one name is this
    #[arg(long, value_name = "NAME")]
    resource: Option<String>,
    /// `allow`, `deny`, or the code of a denial
    #[arg(long, value_name = "WORD")]
    decision: Option<String>,
    /// Not before this instant, RFC 3339
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Option<i64>,
    /// Before this instant, RFC 3339
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<i64>,
}

fn instant(text: &str) -> Result<i64, String> {
    wpc_model::parse_instant(text).ok_or_else(|| "not an instant like 2026-01-02T03:04:05Z".to_owned())
}

pub(super) fn run(args: &Query, console: &mut Console) -> Result<Done, Failure> {
    let mut calls = Vec::new();
    let mut table = Table::indented(2);
    for file in &args.files {
        let name = file.display().to_string();
        for shown in view(&read(file)?, file)?.entries.iter().filter(|shown| args.finds(shown)) {
            let Said { what, said } = Said::of(&shown.entry);
            let at = wpc_model::instant_text(shown.entry.at);
            table.row([plain(&name).into_owned(), shown.entry.seq.to_string(), at, what, said]);
            let mut call = show::one(shown);
            if let Value::Object(call) = &mut call {
                call.insert("file".to_owned(), json!(name));
            }
            calls.push(call);
        }
    }
    console.say(format!("not verified; {}", number(calls.len(), "call")));
    if !table.is_empty() {
        console.say(table);
    }
    Ok(Done::yes(json!({ "calls": calls })))
}

impl Query {
    fn finds(&self, shown: &Shown) -> bool {
        let Body::Attempt(attempt) = &shown.entry.body else { return false };
        let decision = |word: &String| match &attempt.verdict {
            Verdict::Allow { .. } => word == "allow",
            Verdict::Deny { reason, .. } => word == "deny" || word == reason.code(),
        };
        self.action.as_ref().is_none_or(|action| *action == attempt.action)
            && self.decision.as_ref().is_none_or(decision)
            && self
                .resource
                .as_ref()
                .is_none_or(|name| names(attempt.resource.as_ref(), shown).contains(name))
            && self.from.is_none_or(|from| from <= shown.entry.at)
            && self.until.is_none_or(|until| shown.entry.at < until)
    }
}

/// The names of the resource, as far as they are shown.
fn names(resource: Option<&Seen>, shown: &Shown) -> Vec<String> {
    match resource {
        None => Vec::new(),
        Some(Seen::Named { names, .. }) => names.clone(),
        Some(Seen::Other { .. }) => {
            let Some(Json::Object(members)) = shown.openings.get(RESOURCE).map(|opening| &opening.value)
            else {
                return Vec::new();
            };
            let Some(Json::Array(names)) = members.get("names") else { return Vec::new() };
            let text = |name: &Json| if let Json::Text(name) = name { Some(name.clone()) } else { None };
            names.iter().filter_map(text).collect()
        }
    }
}
