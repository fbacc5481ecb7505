//! `wpc why`: what a policy says of one call, and which words of it decide.

mod change;
pub(crate) mod facts;
mod history;
mod verdict;

use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use serde_json::json;
use wpc_model::{Call, Conforming, Decision, Measured, Policy, RawCall, Seals};

use crate::artifact::{self, Artifact};
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::map::Lines;
use crate::table::Table;
use crate::{input, schemas};
use wpc_viewer::plain;
use wpc_viewer::words;

use history::History;
use verdict::{Met, Verdict};

const ALLOW: Style = AnsiColor::Green.on_default().bold();
const DENY: Style = AnsiColor::Red.on_default().bold();

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The call is JSON: {\"tool\":…,\"action\":…,\"resource\":{\"kind\":…,…},\"arguments\":{…}}. It is a question,
so it may state measured arguments. Where the policy's map file lies beside the artifact, lines are
named.

Limits and orders are met as by a job that has done nothing yet, unless `--history` names a file
[{\"call\":{…},\"at\":\"2026-01-31T12:00:00Z\",\"times\":50,\"outcome\":\"done\",\"job\":…,\"agent\":…}]: calls that
were admitted, oldest first, all members but `call` optional. `outcome` is `done`, `failed` or
`unknown`; `job` and `agent` name others than the one that asks. Nobody has approved anything.

Example: echo '{\"tool\":\"azure_service_bus\",\"action\":\"manage\",
  \"resource\":{\"kind\":\"queue\",\"name\":\"orders-staging\"},\"arguments\":{}}' | wpc why orders.wpc.json -

JSON: `decision` (`allow`, `deny`), `reason` (its code, or null), `refused_by` (the name of the
extended policy that refuses, or null), `decided_by` and `nearest` ({`id`, `text`, `line`} or
null), `failing` [{`condition`, `line`, `found`}] of the nearest rule, `changes` [{`of` (`argument`,
`resource`, `action`, `approval`, `time`, `job`, `policy`), `at`, `to`}], `instead` and `approvals`
[{`id`, `text`, `line`}], `limits` [the same, `amount`, `used`, `max`],
`policy_hash_b64u`")]
pub(crate) struct Args {
    /// A payload or an envelope
    #[arg(value_name = "ARTIFACT")]
    artifact: PathBuf,
    /// The call; `-` is standard input
    #[arg(value_name = "CALL.json")]
    call: PathBuf,
    /// What the job did before: a JSON list of earlier calls
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// When the question is asked; else when the last earlier call was
    #[arg(long, value_name = "TIME", value_parser = history::instant)]
    at: Option<i64>,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    input::once([&args.artifact, &args.call].into_iter().chain(&args.history))?;
    let artifact = Artifact::read(&args.artifact)?;
    let bytes = input::bytes(&args.call, "call", wpc_model::MAX_CALL_BYTES)?;
    let policy = &artifact.policy;
    let schemas = schemas::engine(policy);
    let read = RawCall::from_json(&bytes).and_then(|raw| {
        let seals = Seals::of(policy, &raw.tool, &raw.action);
        Call::check_sealing(raw, policy, Measured::Accept, &seals, &*schemas)
    });
    let call = read.map_err(|malformed| {
        Failure::no(
            malformed.code.code(),
            format!("not a call of this policy: {}: {}", malformed.path, malformed.message),
        )
        .file(&args.call)
        .help("compare it with the actions that `wpc show` lists")
    })?;
    let lines = Lines::beside(&artifact::map_path(&args.artifact), artifact.hash);
    let history = History::read(&artifact.policy, args.history.as_deref(), args.at)?;
    let conforming = Conforming::of(policy, &call, &*schemas);
    let verdict = verdict::of(policy, (&call, &conforming), lines.as_ref(), &history)?;
    tell(&verdict, &artifact.policy, &call, console);
    let mut members = verdict.json();
    if let Some(members) = members.as_object_mut() {
        members.insert("policy_hash_b64u".to_owned(), json!(artifact.hash.to_string()));
    }
    Ok(match verdict.decision {
        Decision::Allow { .. } => Done::yes(members),
        Decision::Deny(_) => Done::no(members),
    })
}

fn tell(verdict: &Verdict, policy: &Policy, call: &Call, console: &mut Console) {
    console.say(asked(policy, call));
    let mut table = Table::indented(2);
    if let Some(name) = &verdict.refused_by {
        let said = format!("policy {}, which this one extends", plain(name));
        table.row(["refused by".to_owned(), String::new(), said, String::new()]);
    }
    for (what, Met { place, text, extra, .. }) in verdict.rows() {
        table.row([what.to_owned(), place.clone(), text.clone(), extra.clone()]);
    }
    if !table.is_empty() {
        console.say(table);
    }
    let mut table = Table::indented(2);
    for change in verdict.changes.iter().filter(|change| !change.is_approval()) {
        table.row(["to change".to_owned(), change.words()]);
    }
    if !table.is_empty() {
        console.say(table);
    }
    console.say(match verdict.decision {
        Decision::Allow { .. } => format!("{ALLOW}allow{ALLOW:#}"),
        Decision::Deny(refusal) => format!("{DENY}deny{DENY:#} {}", refusal.reason.code()),
    });
}

/// `send to queue("orders-staging")`.
fn asked(policy: &Policy, call: &Call) -> String {
    let Some((tool, resource)) = policy.tools.get(&call.tool).zip(call.resource.as_ref()) else {
        return plain(&call.action).into_owned();
    };
    let names: Vec<_> = resource.names.iter().map(|name| words::quoted(name)).collect();
    words::act(tool, &[&call.action], &format!("{}({})", plain(&resource.kind), names.join(", ")))
}
