//! What the ledger holds at the end: counted, and checked against itself.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wpc::Ledger;
use wpc::ledger::{Body, Entry, Seen, Verdict};

use super::script::Script;
use crate::failure::Failure;
use crate::table::Table;
use crate::verb::ledger;
use wpc_viewer::plain;

/// Entries of one sort.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Sort {
    what: String,
    said: String,
}

/// Checks the ledger and tells what it holds; `admitted` is how many calls must have gone ahead and been
/// done, `asked` how many more were allowed and not made.
pub(super) fn tell(
    ledger: &dyn Ledger,
    admitted: usize,
    asked: usize,
    script: &mut Script<'_>,
) -> Result<Value, Failure> {
    let failed =
        |error: wpc::LedgerError| Failure::environment(error.code(), error.to_string()).cause(&error);
    let mut counts = BTreeMap::<Sort, usize>::new();
    for job in ledger.jobs().map_err(failed)? {
        ledger::read(ledger, &job, |_, entry| {
            let count = counts.entry(sort(entry)).or_default();
            *count = count.saturating_add(1);
        })
        .map_err(failed)?;
    }
    let mut table = Table::indented(2);
    for (Sort { what, said }, count) in &counts {
        table.row([format!("{count:>4}"), what.clone(), said.clone()]);
    }
    script.say(table);
    let sum = |wanted: fn(&Sort) -> bool| -> usize {
        counts.iter().filter(|(sort, _)| wanted(sort)).map(|(_, count)| *count).sum()
    };
    let allowed = sum(|sort| sort.said == "allow");
    let all = admitted.saturating_add(asked);
    script.expect("calls that were allowed", &all.to_string(), &allowed.to_string());
    let done = sum(|sort| sort.what == "outcome" && sort.said.starts_with("done"));
    script.expect("of these, done as the broker says", &admitted.to_string(), &done.to_string());
    let checked = ledger.check().map_err(failed)?;
    let found: Vec<_> = checked.findings.iter().map(|finding| finding.code).collect();
    script.expect(
        "the ledger, derived again from its entries",
        "sound",
        if found.is_empty() { "sound" } else { "not" },
    );
    script.expect("calls without an outcome", "0", &checked.unsettled.to_string());
    let rows = counts
        .iter()
        .map(|(Sort { what, said }, count)| json!({ "what": what, "said": said, "count": count }));
    Ok(json!({
        "jobs": checked.jobs,
        "entries": checked.entries,
        "findings": found,
        "summary": rows.collect::<Vec<_>>(),
    }))
}

fn sort(entry: &Entry) -> Sort {
    let (what, said) = match &entry.body {
        Body::Opened(_) => ("job opened".to_owned(), String::new()),
        Body::Attempt(attempt) => {
            let on = match &attempt.resource {
                None => String::new(),
                Some(Seen::Named { kind, names }) => {
                    format!(" on {} {}", plain(kind), plain(&names.join("/")))
                }
                Some(Seen::Other { kind, .. }) => format!(" on another {}", plain(kind)),
            };
            let said = match &attempt.verdict {
                Verdict::Allow { .. } => "allow".to_owned(),
                Verdict::Deny { reason, .. } => format!("deny {}", reason.code()),
            };
            (format!("{}{on}", plain(&attempt.action)), said)
        }
        Body::Refused(untyped) => ("not a call".to_owned(), format!("refused {}", plain(&untyped.code))),
        Body::Outcome(settled) => {
            ("outcome".to_owned(), format!("{}, facts {}", settled.outcome.word(), settled.facts_by.word()))
        }
        Body::Token(taken) => ("token taken".to_owned(), taken.proof.word().to_owned()),
        Body::Approval(_) => ("approval given".to_owned(), String::new()),
        Body::PolicyChanged(changed) => ("policy changed".to_owned(), changed.running.word().to_owned()),
        Body::ModelCall(_) => ("model called".to_owned(), String::new()),
        Body::Revoked(revoked) => (format!("{} revoked", plain(&revoked.what)), String::new()),
        Body::Suppressed(_) => ("more refusals".to_owned(), "not recorded one by one".to_owned()),
        Body::ClockAccepted(_) => ("clock accepted".to_owned(), String::new()),
        Body::Closed(closed) => ("job closed".to_owned(), closed.reason.word().to_owned()),
    };
    Sort { what, said }
}
