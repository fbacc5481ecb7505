//! Each list of tools by itself: its traps, and what it lets through.

use std::collections::BTreeSet;

use super::servers::Served;
use super::tools::allowed;
use super::{Audit, Severity, Trap};
use crate::catalog::{self, MCP_PLUGIN, PLUGINS_GROUP, SANDBOX_DENY};
use crate::config::Config;
use crate::demand::Demand;
use crate::effective::Tool;
use crate::node::Node;
use crate::pattern::{is_glob, may_match, normal};

/// One scope of lists.
struct Scope<'a> {
    place: String,
    node: &'a Node,
    /// What may pass it.
    allowed: BTreeSet<Tool>,
    /// Whether it gives anything at all.
    gives: bool,
}

/// What there is.
struct Known<'a> {
    tools: &'a [Tool],
    prefixes: &'a [String],
}

pub(super) fn check(audit: &mut Audit, config: &Config, demand: &Demand, served: &Served, tools: &[Tool]) {
    let known = Known { tools, prefixes: &served.prefixes };
    let all: BTreeSet<Tool> = served.gate.iter().map(|(_, tool)| tool.clone()).collect();
    let empty = Node::Map(Vec::new());
    let scope = |place: String, node, allowed: &BTreeSet<Tool>, gives| Scope {
        place,
        node,
        allowed: allowed.clone(),
        gives,
    };
    let mut scopes = vec![scope("tools".to_owned(), config.tools().unwrap_or(&empty), &all, true)];
    for agent in config.agents() {
        // Without a list of agents there is one of whom nothing is said.
        let own = config.agent_tools(&agent);
        let Some(node) = own.or_else(|| config.agent(&agent).map(|_| &empty)) else { continue };
        scopes.push(scope(
            format!("agents.entries.{agent}.tools"),
            node,
            &allowed(demand, served, &agent),
            true,
        ));
    }
    let inner: Vec<Scope<'_>> = scopes.iter().flat_map(|outer| within(outer)).collect();
    for scope in scopes.iter().chain(&inner) {
        said(audit, scope, &known);
    }
    for scope in scopes.iter().filter_map(sandboxed) {
        said(audit, &scope, &known);
        replaced(audit, &scope);
    }
    for scope in &scopes {
        profile(audit, config, scope);
    }
}

/// Lists that depend on the model or on who writes: they only take away.
fn within<'a>(outer: &Scope<'a>) -> Vec<Scope<'a>> {
    let of = |name: &'static str| {
        let members = outer.node.get(name).into_iter().flat_map(Node::members);
        members.map(move |(key, node)| (format!("{name}.{key}"), node))
    };
    of("byProvider")
        .chain(of("toolsBySender"))
        .map(|(name, node)| Scope {
            place: format!("{}.{name}", outer.place),
            node,
            allowed: outer.allowed.clone(),
            gives: false,
        })
        .collect()
}

/// A scope's lists for sandboxes.
fn sandboxed<'a>(outer: &Scope<'a>) -> Option<Scope<'a>> {
    let node = outer.node.at(&["sandbox", "tools"])?;
    let place = format!("{}.sandbox.tools", outer.place);
    Some(Scope { place, node, allowed: outer.allowed.clone(), gives: true })
}

fn said(audit: &mut Audit, scope: &Scope<'_>, known: &Known<'_>) {
    let place = |name: &str| format!("{}.{name}", scope.place);
    let list = |name: &str| scope.node.get(name).and_then(Node::texts);
    let (allow, also, deny) = (list("allow"), list("alsoAllow"), list("deny").unwrap_or_default());
    let nothing = deny.iter().any(|entry| normal(entry) == "*");
    let blank = |list: &[&str]| list.iter().all(|entry| normal(entry).is_empty());
    match &allow {
        Some(allow) if blank(allow) => audit.add(Trap::EmptyAllow, place("allow"), "it is empty"),
        Some(_) => {}
        None if also.as_ref().is_some_and(|also| !also.is_empty())
            && scope.gives
            && scope.node.get("profile").is_none() =>
        {
            audit.add(Trap::AlsoAllow, place("alsoAllow"), "there is no `allow`");
        }
        // In a sandbox nothing said is a list of OpenClaw's own, and where all is denied nothing need be said.
        None if scope.gives && !nothing && !scope.place.ends_with("sandbox.tools") => {
            audit.add(Trap::NoAllow, place("allow"), "there is none");
        }
        None => {}
    }
    for (name, entries) in [("allow", allow.unwrap_or_default()), ("alsoAllow", also.unwrap_or_default())] {
        given(audit, scope, known, &place(name), &entries);
    }
    let misspelt: Vec<String> = unknown(&deny, known);
    if !misspelt.is_empty() {
        let found = "it denies nothing that is known";
        audit.add_tools(Severity::Note, Trap::UnknownEntry, place("deny"), found, misspelt);
    }
}

/// The entries that give tools.
fn given(audit: &mut Audit, scope: &Scope<'_>, known: &Known<'_>, place: &str, entries: &[&str]) {
    let gives_more =
        |entry: &&&str| known.tools.iter().any(|tool| !scope.allowed.contains(tool) && tool.may_be_in(entry));
    let wider: Vec<String> = entries.iter().filter(gives_more).map(|entry| (*entry).to_owned()).collect();
    let open: Vec<String> = entries
        .iter()
        .filter(|entry| stands_for_several(entry) && !wider.iter().any(|wider| wider == **entry))
        .map(|entry| (*entry).to_owned())
        .collect();
    let misspelt = unknown(entries, known);
    let (trap, severity) =
        if scope.gives { (Trap::WiderEntry, Severity::Weaker) } else { (Trap::LayerNarrows, Severity::Note) };
    if !wider.is_empty() {
        audit.add_tools(severity, trap, place, "it has more in it", wider);
    }
    if !open.is_empty() && scope.gives {
        audit.add_tools(Severity::Weaker, Trap::PatternEntry, place, "it is no single name", open);
    }
    if !misspelt.is_empty() {
        audit.add_tools(
            severity.max(Severity::Weaker),
            Trap::UnknownEntry,
            place,
            "no such tool is known",
            misspelt,
        );
    }
}

fn stands_for_several(entry: &str) -> bool {
    let entry = normal(entry);
    is_glob(&entry) || entry.starts_with("group:") || entry == MCP_PLUGIN
}

/// Entries that speak of nothing that is known.
fn unknown(entries: &[&str], known: &Known<'_>) -> Vec<String> {
    let speaks = |entry: &str| {
        let entry = normal(entry);
        entry.is_empty()
            || entry == PLUGINS_GROUP
            || entry == MCP_PLUGIN
            || catalog::in_group(&entry, "").is_some()
            || known.tools.iter().any(|tool| tool.may_be_in(&entry))
            // A pattern over the tools of a server that is there, allowed or not.
            || (is_glob(&entry) && known.prefixes.iter().any(|prefix| may_match(&entry, prefix)))
    };
    entries.iter().filter(|entry| !speaks(entry)).map(|entry| (*entry).to_owned()).collect()
}

/// A deny list of a sandbox in place of OpenClaw's own.
fn replaced(audit: &mut Audit, scope: &Scope<'_>) {
    let Some(deny) = scope.node.get("deny").and_then(Node::texts) else { return };
    let dropped: Vec<String> = SANDBOX_DENY
        .iter()
        .filter(|name| !deny.iter().any(|entry| Tool::core(name).may_be_in(entry)))
        .map(|name| (*name).to_owned())
        .collect();
    if !dropped.is_empty() {
        let place = format!("{}.deny", scope.place);
        audit.add_tools(
            Severity::Weaker,
            Trap::SandboxDeny,
            place,
            "it leaves out what is denied by default",
            dropped,
        );
    }
}

/// A profile lets its tools through, and an agent's replaces the one of all.
fn profile(audit: &mut Audit, config: &Config, scope: &Scope<'_>) {
    let Some(name) = scope.node.get("profile").and_then(Node::text) else { return };
    let place = format!("{}.profile", scope.place);
    let all = config.at(&["tools", "profile"]).and_then(Node::text);
    let found = match all {
        Some(all) if scope.place != "tools" && all != name => format!("`{name}` replaces `{all}`"),
        _ => format!("it is `{name}`"),
    };
    audit.add(Trap::Profile, place, found);
}
