//! The servers of a configuration: which of them stand for the gate, and how they are reached.

use super::{Audit, Severity, Trap};
use crate::config::{Config, Server};
use crate::demand::{Demand, GateServer, Reach};
use crate::effective::Tool;
use crate::names::tool_name;
use crate::node::Node;
use crate::pattern::{is_glob, matches};
use crate::url::{Transport, transport};

/// What OpenClaw knows of a server.
const KNOWN: [&str; 19] = [
    "enabled",
    "command",
    "args",
    "env",
    "cwd",
    "workingDirectory",
    "url",
    "transport",
    "headers",
    "connectionTimeoutMs",
    "requestTimeoutMs",
    "supportsParallelToolCalls",
    "auth",
    "oauth",
    "sslVerify",
    "clientCert",
    "clientKey",
    "toolFilter",
    "codex",
];

/// The tools of servers.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// All that a model could be offered of them.
    pub(super) known: Vec<Tool>,
    /// Those of the gate, by the agent that they are for.
    pub(super) gate: Vec<(String, Tool)>,
    /// The safe names of servers, with `__`.
    pub(super) prefixes: Vec<String>,
}

pub(super) fn check(audit: &mut Audit, config: &Config, demand: &Demand) -> Served {
    let mut served = Served::default();
    for (safe, server) in config.safe_servers() {
        if !server.is_enabled() {
            continue;
        }
        served.prefixes.push(format!("{}__", safe.to_lowercase()));
        let place = format!("mcp.servers.{}", server.name);
        let gate = demand.servers.iter().find(|gate| gate.name == server.name);
        match gate {
            Some(gate) if is_gate(server.node, gate) => {
                let filter = Filter::of(server.node);
                for raw in gate.raw.iter().filter(|raw| filter.lets(raw)) {
                    let tool = Tool::mcp(&tool_name(&safe, raw));
                    served.known.push(tool.clone());
                    served.gate.push((gate.agent.clone(), tool));
                }
                filtered(audit, &place, &filter, gate);
            }
            _ => {
                let (trap, found) = match gate {
                    Some(_) => (Trap::GateOther, "it is reached otherwise than the gate is"),
                    None => (Trap::OtherServer, "it is none of the policy's"),
                };
                audit.add(trap, &place, found);
                served.known.extend(others(&safe, server.node));
            }
        }
        reached(audit, &place, server, gate.is_some());
    }
    for gate in &demand.servers {
        if !config.servers().iter().any(|server| server.name == gate.name && server.is_enabled()) {
            audit.add(Trap::GateMissing, format!("mcp.servers.{}", gate.name), "it is not there");
        }
    }
    for (name, _) in config.at(&["nodeHost", "mcp", "servers"]).into_iter().flat_map(Node::members) {
        audit.add(Trap::OtherServer, format!("nodeHost.mcp.servers.{name}"), "it is none of the policy's");
    }
    served
}

/// Whether the server is reached as the gate is; as far as that is said.
fn is_gate(node: &Node, gate: &GateServer) -> bool {
    let (url, command) = (node.get("url").and_then(Node::text), node.get("command").and_then(Node::text));
    match &gate.reach {
        None => true,
        Some(Reach::Url(expected)) => url == Some(expected) && command.is_none(),
        Some(Reach::Command { command: expected, args }) => {
            let given = node.get("args").and_then(Node::texts).unwrap_or_default();
            command == Some(expected) && url.is_none() && given.iter().eq(args.iter())
        }
    }
}

/// Everything that another server may have: by name where its filter names it.
fn others(safe: &str, node: &Node) -> Vec<Tool> {
    let filter = Filter::of(node);
    let named = filter.include.iter().filter(|_| filter.include.iter().all(|name| !is_glob(name)));
    let named: Vec<Tool> = named.map(|raw| Tool::mcp(&tool_name(safe, raw))).collect();
    if named.is_empty() { vec![Tool::any_of_server(safe)] } else { named }
}

/// A `toolFilter`: names as the server has them, case and all.
struct Filter<'n> {
    include: Vec<&'n str>,
    exclude: Vec<&'n str>,
}

impl<'n> Filter<'n> {
    fn of(node: &'n Node) -> Self {
        let list = |name: &str| {
            let list = node.at(&["toolFilter", name]).and_then(Node::texts).unwrap_or_default();
            list.into_iter().map(str::trim).filter(|entry| !entry.is_empty()).collect()
        };
        Self { include: list("include"), exclude: list("exclude") }
    }

    fn lets(&self, raw: &str) -> bool {
        let any = |list: &[&str]| list.iter().any(|entry| matches(entry, raw));
        (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

fn filtered(audit: &mut Audit, place: &str, filter: &Filter<'_>, gate: &GateServer) {
    let place = format!("{place}.toolFilter.include");
    if filter.include.is_empty() {
        audit.add(Trap::Filter, place, "there is none");
        return;
    }
    let wider: Vec<String> = filter
        .include
        .iter()
        .filter(|entry| !gate.raw.iter().any(|raw| raw == *entry))
        .map(|entry| (*entry).to_owned())
        .collect();
    if !wider.is_empty() {
        audit.add_tools(Severity::Weaker, Trap::Filter, place, "it has more in it", wider);
    }
}

fn reached(audit: &mut Audit, place: &str, server: Server<'_>, is_gates: bool) {
    let node = server.node;
    if is_gates && node.get("command").is_some() {
        audit.add(Trap::GateLaunched, format!("{place}.command"), "it is a command");
    }
    if let Some(url) = node.get("url").and_then(Node::text) {
        match transport(url) {
            Some(Transport::Tls | Transport::Loopback) => {}
            Some(Transport::Clear) => audit.add(Trap::GateClear, format!("{place}.url"), "it is plain HTTP"),
            // What the variable holds is not known here.
            None if url.contains("${") => {
                audit.add(Trap::GateClear, format!("{place}.url"), "it is not known here")
            }
            None if url.contains('@') => {
                audit.add(Trap::Secret, format!("{place}.url"), "it has a user in it")
            }
            None => audit.add(Trap::GateClear, format!("{place}.url"), "it cannot be read as a URL"),
        }
    }
    if node.get("sslVerify").and_then(Node::flag) == Some(false) {
        audit.add(Trap::GateClear, format!("{place}.sslVerify"), "any certificate will do");
    }
    for (key, _) in node.members().filter(|(key, _)| !KNOWN.contains(key)) {
        audit.add(Trap::UnknownKey, format!("{place}.{key}"), "OpenClaw does not know it");
    }
}
