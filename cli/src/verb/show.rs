//! `wpc show`: an artifact for a reviewer who has never seen the language.

use std::path::PathBuf;

use anstyle::Style;
use serde_json::json;
use wpc_model::{Auth, Effect, Evidence, Limit, Policy, Rule, Target, Tool};

use crate::artifact::Artifact;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::plain::plain;
use crate::table::Table;
use crate::words::{self, quoted};

const HEAD: Style = Style::new().bold();

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads what is signed and nothing else: no labels, no comments, no lines. Whatever is not allowed
here is refused; a deny wins over every allow. Signatures are listed, not checked: `wpc verify`.

Example: wpc show orders.wpc.json

JSON: `policy_hash_b64u`, `policy` (the payload itself), `keyids` of an envelope's signatures")]
pub(crate) struct Args {
    /// A payload or an envelope; `-` is standard input
    #[arg(value_name = "ARTIFACT")]
    artifact: PathBuf,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let artifact = Artifact::read(&args.artifact)?;
    let policy = &artifact.policy;
    console.say(format!("{HEAD}policy {}{HEAD:#}", plain(&policy.name)));
    for (name, tool) in &policy.tools {
        console.say("");
        console.say(format!("{HEAD}{}{HEAD:#}", binding(name, tool)));
        console.say(rules(tool));
    }
    if !policy.approvals.is_empty() {
        console.say(format!("\n{HEAD}approvals{HEAD:#}"));
        console.say(approvals(policy));
    }
    console.say(format!("\n{HEAD}token and evidence{HEAD:#}"));
    console.say(settings(policy.auth, policy.evidence));
    for keyid in &artifact.keyids {
        console.say(format!("\nsigned in the name of {}; check it with `wpc verify`", plain(keyid)));
    }
    let hash = artifact.hash.to_string();
    console.say(format!("\nhash {hash}"));
    Ok(Done::yes(json!({
        "policy_hash_b64u": hash,
        "policy": artifact.json()?,
        "keyids": artifact.keyids,
    })))
}

/// `azure_service_bus at namespace("…")`, with the interface's name where the policy has its own.
fn binding(name: &str, tool: &Tool) -> String {
    let mut text = plain(name).into_owned();
    if tool.interface.name != name {
        text.push_str(&format!(" (a {})", plain(&tool.interface.name)));
    }
    if let Some(scope) = &tool.interface.scope {
        let values: Vec<_> = tool.scope.iter().map(|value| quoted(value)).collect();
        text.push_str(&format!(" at {}({})", plain(&scope.name), values.join(", ")));
    }
    text
}

fn rules(tool: &Tool) -> Table {
    let mut table = Table::indented(2);
    table.row(["", "action", "resource", "within these bounds"].map(str::to_owned));
    let row = |effect: Effect, word: &str, rule: &Rule| {
        let action = rule.action.as_deref();
        let conditions = rule.conditions.iter().map(|one| words::condition(tool, action, one));
        let bounds = conditions.collect::<Vec<_>>().join("\n");
        let bounds = match (bounds.is_empty(), effect) {
            (false, _) => bounds,
            (true, Effect::Allow) => "no bounds".to_owned(),
            (true, Effect::Deny) => "always".to_owned(),
        };
        let action = action.map_or("any action".into(), plain).into_owned();
        [word.to_owned(), action, words::target(&rule.target), bounds]
    };
    tool.allow.iter().for_each(|rule| table.row(row(Effect::Allow, "allow", rule)));
    tool.deny.iter().for_each(|rule| table.row(row(Effect::Deny, "deny", rule)));
    tool.limits.iter().for_each(|limit| table.row(limit_row(tool, limit)));
    table
}

fn limit_row(tool: &Tool, limit: &Limit) -> [String; 4] {
    let measure = match &limit.measure {
        wpc_model::Measure::Calls => "calls",
        wpc_model::Measure::Argument(name) => name,
    };
    let bound = format!("at most {} {} {}", words::most(tool, limit), plain(measure), words::per(limit));
    let actions = plain(&limit.actions.join(", ")).into_owned();
    ["limit".to_owned(), actions, words::targets(&limit.targets), bound]
}

fn approvals(policy: &Policy) -> Table {
    let mut table = Table::indented(2);
    for approval in &policy.approvals {
        let tool = policy.tools.get(&approval.tool);
        let actions: Vec<_> = approval.actions.iter().map(String::as_str).collect();
        let what = match (approval.targets.as_slice(), tool) {
            ([Target::Any], _) | (_, None) => plain(&actions.join("\n")).replace("\\u{a}", "\n"),
            (list, Some(tool)) => words::act(tool, &actions, &words::targets(list)),
        };
        let [who, how] = words::approval(approval);
        let conditions = tool.into_iter().flat_map(|tool| {
            let first = actions.first().copied();
            approval
                .conditions
                .iter()
                .map(move |one| format!("\nwhen {}", words::condition(tool, first, one)))
        });
        let terms = format!("{who}\n{how}{}", conditions.collect::<String>());
        table.row([plain(&approval.tool).into_owned(), what, terms]);
    }
    table
}

fn settings(auth: Auth, evidence: Evidence) -> Table {
    let mut table = Table::indented(2);
    let says = |yes: bool, one: &str, other: &str| if yes { one.to_owned() } else { other.to_owned() };
    let mut row = |name: &str, text: String| table.row([name.to_owned(), text]);
    row("lifetime", words::duration(auth.max_ttl_seconds.saturating_mul(1_000)));
    row("policy", says(auth.pin_policy_hash, "the token names this hash", "any policy"));
    row("job", says(auth.job_scoped_binding, "one job per token", "any job"));
    row("holder", says(auth.proof_of_possession, "must prove the agent's key", "anybody who has the token"));
    row("receipts", says(evidence.gateway_receipts, "every model call leaves one", "not demanded"));
    row(
        "openings",
        evidence.retain_ms.map_or("kept for ever".to_owned(), |ms| format!("kept {}", words::duration(ms))),
    );
    table
}
