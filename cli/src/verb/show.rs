//! `wpc show`: an artifact for a reviewer who has never seen the language.

pub(in crate::verb) mod demands;
mod grouped;
mod wrapped;

use std::path::PathBuf;

use anstyle::Style;
use serde_json::{Value, json};
use wpc_model::canon::Json;
use wpc_model::{Auth, Evidence, Policy, Tool};

use crate::artifact::Artifact;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::table::Table;
use wpc_viewer::plain;
use wpc_viewer::words::{self, quoted};

use wrapped::wrapped;

const HEAD: Style = Style::new().bold();

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads what is signed and nothing else: no labels, no comments, no lines. Whatever is not allowed
here is refused; a deny wins over every allow. Rules that say the same of several actions or
resources are shown as one. Signatures are listed, not checked: `wpc verify`.

Example: wpc show orders.wpc.json

JSON: `policy_hash_b64u`, `policy` (the payload itself), `extends` [{`policy_name`,
`policy_hash_b64u`, `statements`}] of all that it extends, `keyids` of an envelope's signatures,
`statements` [{`tool`, `effect`, `actions` (null is any), `resources`, `conditions`, `rules` (how many
of the payload it stands for)}]")]
pub(crate) struct Args {
    /// A payload or an envelope; `-` is standard input
    #[arg(value_name = "ARTIFACT")]
    artifact: PathBuf,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let artifact = Artifact::read(&args.artifact)?;
    let policy = &artifact.policy;
    for layer in policy.layers() {
        if !std::ptr::eq(layer, policy) {
            console.say("");
        }
        told(layer, console);
    }
    if !policy.parents.is_empty() {
        console.say(format!("\n{HEAD}all together{HEAD:#}"));
        console.say(settings(policy.token(), policy.proof()));
    }
    for keyid in &artifact.keyids {
        console.say(format!("\nsigned in the name of {}; check it with `wpc verify`", plain(keyid)));
    }
    let hash = artifact.hash.to_string();
    console.say(format!("\nhash {hash}"));
    let extends = policy.layers().skip(1).map(|layer| {
        json!({
            "policy_name": layer.name,
            "policy_hash_b64u": layer.hash().to_string(),
            "statements": statements_json(layer),
        })
    });
    Ok(Done::yes(json!({
        "policy_hash_b64u": hash,
        "statements": statements_json(policy),
        "extends": extends.collect::<Vec<_>>(),
        "policy": artifact.json()?,
        "keyids": artifact.keyids,
    })))
}

fn statements_json(policy: &Policy) -> Vec<Value> {
    let of = |(name, tool): (&String, &Tool)| {
        grouped::groups(tool).into_iter().map(|group| group.json(name, tool)).collect::<Vec<_>>()
    };
    policy.tools.iter().flat_map(of).collect()
}

/// One policy: the artifact's own, or one that it extends.
fn told(policy: &Policy, console: &mut Console) {
    console.say(format!("{HEAD}policy {}{HEAD:#}", plain(&policy.name)));
    if !policy.parents.is_empty() {
        let all: Vec<_> = policy.parents.iter().map(|parent| plain(&parent.name).into_owned()).collect();
        console.say(format!("extends {}, below: a call needs what each of them allows too", all.join(", ")));
    }
    for (name, tool) in &policy.tools {
        console.say("");
        console.say(format!("{HEAD}{}{HEAD:#}", binding(name, tool)));
        console.say(statements(tool));
    }
    if !policy.orders.is_empty() {
        console.say(format!("\n{HEAD}order of calls{HEAD:#}"));
        for order in &policy.orders {
            let said = words::order(order);
            let (word, rest) = said.split_once(' ').unwrap_or((&said, ""));
            console.say(wrapped(2, word, &wrapped::parts(rest)));
        }
    }
    if !policy.approvals.is_empty() {
        console.say(format!("\n{HEAD}approvals{HEAD:#}"));
        console.say(approvals(policy));
    }
    console.say(format!("\n{HEAD}token and evidence{HEAD:#}"));
    console.say(settings(policy.auth, policy.evidence));
    if !policy.schemas.is_empty() {
        console.say(format!("\n{HEAD}schemas{HEAD:#}"));
        console.say(schemas(policy));
    }
    let demands = demands::table(&policy.settings);
    if !demands.is_empty() {
        console.say(format!("\n{HEAD}demands{HEAD:#}"));
        console.say(demands);
    }
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

/// Every statement of a tool, one below the other.
fn statements(tool: &Tool) -> String {
    let rules = grouped::groups(tool).into_iter().map(|group| group.lines(tool));
    let limits = tool.limits.iter().map(|limit| {
        let said = words::limit(tool, limit);
        wrapped(2, "limit", &wrapped::parts(said.strip_prefix("limit ").unwrap_or(&said)))
    });
    rules.chain(limits).collect::<Vec<_>>().join("\n")
}

fn approvals(policy: &Policy) -> String {
    let mut blocks = Vec::new();
    for approval in &policy.approvals {
        let tool = policy.tools.get(&approval.tool);
        let actions: Vec<_> = approval.actions.iter().map(|action| plain(action).into_owned()).collect();
        let on: Vec<_> = approval.targets.iter().map(words::target).collect();
        let [who, how] = words::approval(approval);
        let first = approval.actions.first().map(String::as_str);
        let conditions = tool
            .into_iter()
            .flat_map(|tool| approval.conditions.iter().map(move |one| words::condition(tool, first, one)));
        let mut lines = vec![wrapped(2, "of", &actions), wrapped(4, "on", &on)];
        lines.extend(
            (0_usize..)
                .zip(conditions)
                .map(|(index, condition)| wrapped(4, if index == 0 { "when" } else { "" }, &[condition])),
        );
        lines.push(wrapped(4, "by", &wrapped::parts(&who)));
        lines.push(wrapped(4, "", &wrapped::parts(&how)));
        if policy.tools.len() > 1 {
            lines.push(wrapped(4, "tool", &[plain(&approval.tool).into_owned()]));
        }
        blocks.push(lines.join("\n"));
    }
    blocks.join("\n")
}

/// What conditions call each schema, its title, and how long it is.
fn schemas(policy: &Policy) -> Table {
    let mut table = Table::indented(2);
    for (hash, schema) in &policy.schemas {
        let title = match schema {
            Json::Object(members) => members.get("title"),
            Json::Null | Json::Bool(_) | Json::Integer(_) | Json::Text(_) | Json::Array(_) => None,
        };
        let title =
            if let Some(Json::Text(title)) = title { plain(title).into_owned() } else { String::new() };
        let size = format!("{} bytes", schema.encode().len());
        table.row([words::schema(hash), title, size]);
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
