//! Coverage as a table and as JSON.

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use wpc_compiler::Coverage;

use super::Outcome;
use crate::table::Table;
use wpc_viewer::plain;

const NEVER: Style = AnsiColor::Yellow.on_default();

/// Every statement and condition, with what no test reached marked; the sum last.
pub(super) fn table(coverage: &Coverage) -> String {
    let mut table = Table::indented(2);
    let mark = |decided: bool| if decided { "yes" } else { "NEVER" }.to_owned();
    table.row(["line", "decided", "", "statement"].map(str::to_owned));
    for one in &coverage.statements {
        let kind = one.kind.word().to_owned();
        table.row([one.line.to_string(), mark(one.decided), kind, plain(&one.name).into_owned()]);
        for condition in &one.conditions {
            let text = format!("  {}", plain(&condition.text));
            table.row([condition.line.to_string(), mark(condition.decided), String::new(), text]);
        }
    }
    let table = table.to_string().replace("NEVER", &format!("{NEVER}never{NEVER:#}"));
    let (percent, covered, all) = (coverage.percent(), coverage.covered(), coverage.all());
    format!("{table}\n  {percent} % covered: {covered} of {all} statements and conditions")
}

/// The member of one file.
pub(super) fn json(outcome: &Outcome) -> Option<Value> {
    let coverage = &outcome.tested.as_ref().ok()?.coverage;
    let statements = coverage.statements.iter().map(|one| {
        let conditions = one.conditions.iter().map(|condition| {
            json!({ "line": condition.line, "text": condition.text, "decided": condition.decided })
        });
        json!({
            "kind": one.kind.word(),
            "line": one.line,
            "text": one.name,
            "decided": one.decided,
            "conditions": conditions.collect::<Vec<_>>(),
        })
    });
    Some(json!({
        "file": outcome.source.name(),
        "percent": coverage.percent(),
        "covered": coverage.covered(),
        "all": coverage.all(),
        "statements": statements.collect::<Vec<_>>(),
    }))
}
