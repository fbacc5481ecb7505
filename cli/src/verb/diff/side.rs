//! One of the two policies: read or compiled, with its statements in words.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use wpc_analysis::Setting;
use wpc_compiler::{Diagnostic, Parameters, Source};
use wpc_model::{
    Approval, Before, Condition, Effect, Hash, Limit, Measure, OnChange, Order, Policy, Rule, RuleId,
    Sequence, Tool,
};

use crate::artifact::{self, Artifact};
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::map::Lines;
use crate::verb::show::demands;
use crate::{input, problems};
use wpc_viewer::plain;
use wpc_viewer::words;

/// A policy and what its statements are called.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) policy: Policy,
    hash: Hash,
    pub(super) statements: BTreeMap<RuleId, Statement>,
}

/// A rule, limit, approval or order in words.
#[derive(Debug)]
pub(super) struct Statement {
    /// `allow`, `deny`, `limit`, `approval`, `separate`, `before`.
    pub(super) kind: &'static str,
    /// What it speaks of: one that says something else of the same is a change of it.
    pub(super) about: String,
    /// Without its conditions.
    pub(super) head: String,
    /// Its conditions, or who approves and how.
    pub(super) bounds: Vec<String>,
    pub(super) line: Option<u64>,
}

impl Statement {
    /// On one line.
    pub(super) fn text(&self) -> String {
        if self.bounds.is_empty() {
            return self.head.clone();
        }
        let word = if self.kind == "approval" { "by" } else { "when" };
        format!("{} {word} {}", self.head, self.bounds.join("; "))
    }
}

/// A source with problems.
#[derive(Debug)]
pub(super) struct Broken {
    source: Source,
    found: Vec<Diagnostic>,
}

/// Reads an artifact, or compiles a `.wpc` file.
pub(super) fn read(path: &Path, parameters: &Parameters) -> Result<Result<Side, Box<Broken>>, Failure> {
    if path.extension().is_none_or(|extension| extension != "wpc") {
        let artifact = Artifact::read(path)?;
        let lines = Lines::beside(&artifact::map_path(path), artifact.hash);
        return Ok(Ok(Side::new(artifact.policy, artifact.hash, |id| lines.as_ref()?.of(id))));
    }
    let source = input::source(path)?;
    Ok(match wpc_compiler::compile(&source, parameters) {
        Ok(compiled) => {
            let hash = compiled.policy.hash();
            let line = |id| compiled.map.origins.get(&id).map(|origin| u64::from(origin.line));
            Ok(Side::new(compiled.policy, hash, line))
        }
        Err(found) => Err(Box::new(Broken { source, found })),
    })
}

/// Says what is wrong with sources that do not compile.
pub(super) fn broken(all: impl Iterator<Item = Box<Broken>>, console: &mut Console) -> Done {
    let mut told = Vec::new();
    for one in all {
        console.warn(problems::drawn(&one.found, &one.source, console.colour_of_warnings()));
        console.warn("");
        told.extend(problems::json(&one.found, &one.source));
    }
    Done::no(json!({ "problems": told }))
}

impl Side {
    fn new(policy: Policy, hash: Hash, line: impl Fn(RuleId) -> Option<u64>) -> Self {
        let mut statements = BTreeMap::new();
        let mut add = |id: RuleId, said: Statement| {
            statements.insert(id, Statement { line: line(id), ..said });
        };
        for (name, tool) in &policy.tools {
            for allow in &tool.allow {
                add(allow.id, rule(name, tool, Effect::Allow, allow));
            }
            for deny in &tool.deny {
                add(deny.id, rule(name, tool, Effect::Deny, deny));
            }
            for one in &tool.limits {
                add(one.id, limit(name, tool, one));
            }
        }
        for one in &policy.approvals {
            if let Some(tool) = policy.tools.get(&one.tool) {
                add(one.id, approval(tool, one));
            }
        }
        for one in &policy.orders {
            let head = words::order(one);
            let kind = match one.sequence {
                Sequence::Separate { .. } => "separate",
                Sequence::Before(_) => "before",
            };
            add(one.id, Statement { kind, about: about_order(one), head, bounds: Vec::new(), line: None });
        }
        Self { policy, hash, statements }
    }

    /// A statement with its line, without its conditions.
    pub(super) fn said(&self, id: RuleId) -> Option<String> {
        let Statement { head, line, .. } = self.statements.get(&id)?;
        Some(match line {
            Some(line) => format!("line {line}: {head}"),
            None => head.clone(),
        })
    }

    pub(super) fn json(&self) -> Value {
        json!({ "policy_name": self.policy.name, "policy_hash_b64u": self.hash.to_string() })
    }

    /// The name of the policy of this hash, which it extends.
    pub(super) fn parent(&self, hash: Hash) -> String {
        let found = self.policy.layers().skip(1).find(|layer| layer.hash() == hash);
        found.map_or_else(|| hash.to_string(), |layer| plain(&layer.name).into_owned())
    }

    /// Whether a rule reads the clock, so that it matters when a call is decided.
    pub(super) fn reads_the_clock(&self) -> bool {
        let rules = self.policy.tools.values().flat_map(|tool| tool.allow.iter().chain(&tool.deny));
        rules.flat_map(|rule| rule.conditions.iter()).any(|one| one.subject.is_of_clock())
    }

    /// What the policy demands, in words.
    pub(super) fn setting(&self, setting: Setting) -> String {
        let (auth, evidence) = (self.policy.token(), self.policy.proof());
        let says = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        match setting {
            Setting::Lifetime => words::duration(auth.max_ttl_seconds.saturating_mul(1_000)),
            Setting::Pin => says(auth.pin_policy_hash),
            Setting::Job => says(auth.job_scoped_binding),
            Setting::Holder => says(auth.proof_of_possession),
            Setting::Receipts => says(evidence.gateway_receipts),
            Setting::Retention => evidence.retain_ms.map_or("for ever".to_owned(), words::duration),
            Setting::Models => self.demanded(&["models", "tokens", "cost", "redacted"]),
            Setting::Sandbox => self.demanded(&["sandbox"]),
            Setting::Agents => self.demanded(&["agents"]),
            Setting::Requesters => self.demanded(&["requesters"]),
            Setting::Environment => self.demanded(&["environment"]),
            Setting::Credential => self.demanded(&["credential"]),
            Setting::Valid => self.demanded(&["valid from", "valid until"]),
            Setting::OnChange => match self.policy.on_change() {
                OnChange::Finish => "not said".to_owned(),
                other @ (OnChange::Drain | OnChange::Kill) => demands::on_change(other).to_owned(),
            },
        }
    }
}

impl Side {
    /// What the policy says under these names to a reviewer.
    fn demanded(&self, names: &[&str]) -> String {
        let rows = demands::rows(&self.policy.settings);
        let said = rows.iter().filter(|(name, _)| names.contains(name)).map(|(name, text)| {
            let text = text.replace('\n', ", ");
            if names.len() > 1 { format!("{name}: {text}") } else { text }
        });
        let said: Vec<_> = said.collect();
        if said.is_empty() { "not said".to_owned() } else { said.join("; ") }
    }
}

/// The stable word of a setting.
pub(super) const fn word(setting: Setting) -> &'static str {
    match setting {
        Setting::Lifetime => "lifetime",
        Setting::Pin => "pin",
        Setting::Job => "job",
        Setting::Holder => "holder",
        Setting::Receipts => "receipts",
        Setting::Retention => "retention",
        Setting::Models => "models",
        Setting::Sandbox => "sandbox",
        Setting::Agents => "agents",
        Setting::Requesters => "requesters",
        Setting::Environment => "environment",
        Setting::Credential => "credential",
        Setting::Valid => "valid",
        Setting::OnChange => "on_change",
    }
}

/// A `before` of the same two actions is a change of it; a `separate` is what it is.
fn about_order(order: &Order) -> String {
    match &order.sequence {
        Sequence::Separate { .. } => words::order(order),
        Sequence::Before(Before { later, earlier, .. }) => {
            [&later.tool, &later.action, &earlier.tool, &earlier.action].map(|name| plain(name)).join(" ")
        }
    }
}

fn rule(name: &str, tool: &Tool, effect: Effect, rule: &Rule) -> Statement {
    let head = words::rule(tool, effect, rule);
    let kind = match effect {
        Effect::Allow => "allow",
        Effect::Deny => "deny",
    };
    let bounds = bounds(tool, rule.action.as_deref(), &rule.conditions);
    Statement { kind, about: format!("{}: {head}", plain(name)), head, bounds, line: None }
}

fn limit(name: &str, tool: &Tool, limit: &Limit) -> Statement {
    let measure = match &limit.measure {
        Measure::Calls => "calls",
        Measure::Argument(measure) => measure,
    };
    let about =
        format!("{name}: {measure} of {} {}", limit.actions.join(", "), words::targets(&limit.targets));
    Statement { kind: "limit", about, head: words::limit(tool, limit), bounds: Vec::new(), line: None }
}

fn approval(tool: &Tool, approval: &Approval) -> Statement {
    let actions: Vec<_> = approval.actions.iter().map(String::as_str).collect();
    let what = words::act(tool, &actions, &words::targets(&approval.targets));
    let when = bounds(tool, actions.first().copied(), &approval.conditions);
    let when = if when.is_empty() { String::new() } else { format!(" when {}", when.join("; ")) };
    let head = format!("require approval of {what}{when}");
    let about = format!("{}: {head}", plain(&approval.tool));
    Statement { kind: "approval", about, head, bounds: words::approval(approval).into(), line: None }
}

fn bounds(tool: &Tool, action: Option<&str>, conditions: &[Condition]) -> Vec<String> {
    conditions.iter().map(|one| words::condition(tool, action, one)).collect()
}
