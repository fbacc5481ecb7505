//! What agents are offered, against what the policy allows them.

use std::collections::BTreeSet;

use super::servers::Served;
use super::{Audit, Compared, Severity, Trap, lists};
use crate::catalog::core_tools;
use crate::config::Config;
use crate::demand::Demand;
use crate::effective::{Tool, Turn, offered};
use crate::node::Node;

pub(super) fn check(audit: &mut Audit, config: &Config, demand: &Demand, served: &Served) {
    let mut known: Vec<Tool> = core_tools().map(Tool::core).collect();
    known.extend(served.known.iter().cloned());
    known.push(Tool::any_of_plugins());
    let agents = config.agents();
    for agent in &agents {
        compare(audit, config, demand, served, (agent, &known));
        code_mode(audit, config, agent);
    }
    for agent in demand.agents.iter().filter(|agent| !agents.contains(agent)) {
        audit.add(Trap::AgentMissing, format!("agents.entries.{agent}"), "it is not there");
    }
    lists::check(audit, config, demand, served, &known);
    match config.at(&["tools", "toolSearch"]).map(Node::flag) {
        Some(Some(false)) => {}
        _ => audit.add(Trap::ToolSearch, "tools.toolSearch", "it is not `false`"),
    }
    if config.at(&["gateway", "tools", "allow"]).is_some_and(|allow| !allow.elements().is_empty()) {
        audit.add(Trap::GatewayTools, "gateway.tools.allow", "it opens tools");
    }
}

/// What the agent may be offered.
pub(super) fn allowed(demand: &Demand, served: &Served, agent: &str) -> BTreeSet<Tool> {
    if !demand.agents.iter().any(|named| named == agent) {
        return BTreeSet::new();
    }
    served.gate.iter().filter(|(of, _)| of == agent).map(|(_, tool)| tool.clone()).collect()
}

fn compare(
    audit: &mut Audit,
    config: &Config,
    demand: &Demand,
    served: &Served,
    (agent, known): (&str, &[Tool]),
) {
    let named = demand.agents.iter().any(|one| one == agent);
    let allowed = allowed(demand, served, agent);
    // The model's provider can only take tools away; who runs the turn is not known here.
    let of = |sandboxed| -> BTreeSet<Tool> {
        offered(config, Turn { agent, sandboxed, model: None, profile: None }, known).into_iter().collect()
    };
    let sessions: Vec<BTreeSet<Tool>> = match config.sandbox(agent, &["mode"]).and_then(Node::text) {
        Some("all") => vec![of(true)],
        Some("non-main") => vec![of(true), of(false)],
        _ => vec![of(false)],
    };
    let some: BTreeSet<Tool> = sessions.iter().flatten().cloned().collect();
    let wider: Vec<String> = some.difference(&allowed).map(ToString::to_string).collect();
    if !wider.is_empty() {
        let place = config.place(agent, &["tools", "allow"], "tools.allow");
        let (trap, found) = if named {
            (Trap::ToolsWider, format!("`{agent}` is offered {} more", wider.len()))
        } else {
            (Trap::AgentUnnamed, format!("`{agent}` is offered {}", wider.len()))
        };
        audit.add_tools(Severity::Wider, trap, place, found, wider);
    }
    let missing: Vec<String> = allowed
        .iter()
        .filter(|tool| !sessions.iter().all(|session| session.contains(*tool)))
        .map(ToString::to_string)
        .collect();
    if !missing.is_empty() {
        let unboxed = of(false);
        let by_sandbox = allowed.iter().all(|tool| unboxed.contains(tool));
        let (own, all): (&[&str], _) = if by_sandbox {
            (&["tools", "sandbox", "tools", "allow"], "tools.sandbox.tools.allow")
        } else {
            (&["tools", "allow"], "tools.allow")
        };
        let found = format!("`{agent}` is not offered it");
        audit.add_tools(Severity::Note, Trap::ToolsMissing, config.place(agent, own, all), found, missing);
    }
    audit.agents.push(Compared {
        agent: agent.to_owned(),
        named,
        allowed: allowed.iter().map(ToString::to_string).collect(),
        offered: some.iter().map(ToString::to_string).collect(),
    });
}

/// An `exec` that no list takes away.
fn code_mode(audit: &mut Audit, config: &Config, agent: &str) {
    let own = config.agent_tools(agent).and_then(|tools| tools.get("codeMode"));
    let place = config.place(agent, &["tools", "codeMode"], "tools.codeMode");
    match own.or_else(|| config.at(&["tools", "codeMode"])) {
        None => audit.add(Trap::CodeMode, place, "nothing is said, which is `auto`"),
        Some(mode) if is_on(mode) => audit.add(Trap::CodeMode, place, "it is on"),
        Some(_) => {}
    }
    let models = |scope: Option<&Node>, place: &str| -> Vec<String> {
        let models = scope.and_then(|scope| scope.get("models")).into_iter().flat_map(Node::members);
        models
            .filter(|(_, model)| model.get("codeMode").is_some_and(is_on))
            .map(|(name, _)| format!("{place}.models.{name}.codeMode"))
            .collect()
    };
    let of_all = models(config.at(&["agents", "defaults"]), "agents.defaults");
    for place in of_all.into_iter().chain(models(config.agent(agent), &format!("agents.entries.{agent}"))) {
        audit.add(Trap::CodeMode, place, "it is on for a model");
    }
}

/// `true`, `"auto"` or an object that says so; an object that does not is off.
fn is_on(mode: &Node) -> bool {
    let said = mode.get("enabled");
    match mode {
        Node::Map(_) => said.is_some_and(|said| said.flag() != Some(false)),
        Node::Null | Node::Bool(_) | Node::Number | Node::Text(_) | Node::List(_) => {
            mode.flag() != Some(false)
        }
    }
}
