//! Our plugin: whether it lets through what the policy has, and asks the policy's gate about it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Audit, Severity, Trap};
use crate::config::Config;
use crate::demand::{Demand, GateServer, Reach};
use crate::names::{folded, safe_servers, tool_name};
use crate::node::Node;
use crate::plugin::PLUGIN;

/// The gates and their own names of tools, by agent and by what OpenClaw calls them.
type Known<'d> = BTreeMap<(&'d str, String), (&'d GateServer, &'d str)>;

pub(super) fn check(audit: &mut Audit, config: &Config, demand: &Demand) {
    let Some(ours) = config.at(&["plugins", "entries", PLUGIN]) else { return };
    if ours.get("enabled").and_then(Node::flag) == Some(false) {
        return;
    }
    audit.add(Trap::NoHooks, format!("plugins.entries.{PLUGIN}"), "it is loaded");
    let known = known(demand);
    for (at, agent) in
        ours.at(&["config", "agents"]).map(Node::elements).unwrap_or_default().iter().enumerate()
    {
        let id = folded(agent.get("id").and_then(Node::text).unwrap_or_default());
        for (of, server) in agent.get("servers").map(Node::elements).unwrap_or_default().iter().enumerate() {
            let place = format!("plugins.entries.{PLUGIN}.config.agents.{at}.servers.{of}");
            of_server(audit, config, (demand, &known), (&id, server), &place);
        }
    }
}

/// One server that the plugin asks, or does not.
fn of_server(
    audit: &mut Audit,
    config: &Config,
    (demand, known): (&Demand, &Known<'_>),
    (agent, server): (&str, &Node),
    place: &str,
) {
    let (mut wider, mut other) = (Vec::new(), Vec::new());
    // The gates that it stands for; where it names no tool of theirs, any of the agent's.
    let mut gates: Vec<&GateServer> = Vec::new();
    for tool in server.get("tools").map(Node::elements).unwrap_or_default() {
        let name = tool.get("name").and_then(Node::text).unwrap_or_default();
        let Some((gate, raw)) = known.get(&(agent, folded(name))).copied() else {
            wider.push(name.to_owned());
            continue;
        };
        if tool.get("gate").and_then(Node::text) != Some(raw) {
            other.push(name.to_owned());
        }
        if !gates.iter().any(|known| known.name == gate.name) {
            gates.push(gate);
        }
    }
    if !wider.is_empty() {
        audit.add_tools(
            Severity::Weaker,
            Trap::PluginList,
            format!("{place}.tools"),
            "it has more in it",
            wider,
        );
    }
    if !other.is_empty() {
        let found = "it asks about other tools than are called";
        audit.add_tools(Severity::Weaker, Trap::PluginAsks, format!("{place}.tools"), found, other);
    }
    if gates.is_empty() {
        gates = demand.servers_of(agent).collect();
    }
    let doors: BTreeSet<String> = gates.iter().filter_map(|gate| door(config, gate)).collect();
    match server.get("ask").and_then(Node::text) {
        Some(asked) if !doors.contains(asked) => {
            audit.add(Trap::PluginAsks, format!("{place}.ask"), "it asks elsewhere");
        }
        Some(_) => {
            let (token, grant) = demand.variables_of(agent);
            for (name, expected) in [("tokenVariable", token), ("grantVariable", grant)] {
                if server.get(name).and_then(Node::text) != Some(&expected) {
                    audit.add(Trap::PluginAsks, format!("{place}.{name}"), "it is not the agent's own");
                }
            }
        }
        None if !doors.is_empty() => {
            audit.add(Trap::PluginSilent, place, "the gate has a URL and is not asked")
        }
        None => {}
    }
}

fn known<'d>(demand: &'d Demand) -> Known<'d> {
    let of = |server: &'d GateServer| {
        let GateServer { name, agent, raw, .. } = server;
        let safe = safe_servers([name.as_str()]).concat();
        raw.iter().map(move |raw| ((agent.as_str(), folded(&tool_name(&safe, raw))), (server, raw.as_str())))
    };
    demand.servers.iter().flat_map(of).collect()
}

/// Where a gate is asked, if it can be; where nobody says how it is reached, as the configuration has it.
fn door(config: &Config, gate: &GateServer) -> Option<String> {
    match &gate.reach {
        Some(Reach::Url(url)) => wpc_mcp::ask_url(url),
        Some(Reach::Command { .. }) => None,
        None => {
            let server = config.servers().into_iter().find(|server| server.name == gate.name)?;
            wpc_mcp::ask_url(server.node.get("url").and_then(Node::text)?)
        }
    }
}
