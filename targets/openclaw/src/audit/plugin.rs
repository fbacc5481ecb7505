//! Our plugin: whether it lets through what the policy has, and asks the policy's gate about it.

use std::collections::BTreeMap;

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
    let place = format!("plugins.entries.{PLUGIN}.config.agents");
    for (at, agent) in list(audit, ours.at(&["config", "agents"]), &place).iter().enumerate() {
        let id = folded(agent.get("id").and_then(Node::text).unwrap_or_default());
        let place = format!("{place}.{at}.servers");
        for (of, server) in list(audit, agent.get("servers"), &place).iter().enumerate() {
            of_server(audit, config, (demand, &known), (&id, server), &format!("{place}.{of}"));
        }
    }
}

/// The elements of what has to be a list; an older form, which asked nobody, had objects.
fn list<'n>(audit: &mut Audit, node: Option<&'n Node>, place: &str) -> &'n [Node] {
    if let Some(Node::List(elements)) = node {
        return elements;
    }
    audit.add(Trap::PluginList, place, "it is no list");
    &[]
}

/// One server that the plugin asks, or does not.
fn of_server(
    audit: &mut Audit,
    config: &Config,
    (demand, known): (&Demand, &Known<'_>),
    (agent, server): (&str, &Node),
    place: &str,
) {
    let tools = list(audit, server.get("tools"), &format!("{place}.tools"));
    let named = |tool: &Node| tool.get("name").and_then(Node::text).unwrap_or_default().to_owned();
    let of_gate = |tool: &Node| known.get(&(agent, folded(&named(tool)))).copied();
    // Where the gates that it stands for are asked; where it names no tool of theirs, any of the agent's.
    let mut doors: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for (gate, _) in tools.iter().filter_map(of_gate) {
        doors.entry(&gate.name).or_insert_with(|| door(config, gate));
    }
    if doors.is_empty() {
        doors = demand.servers_of(agent).map(|gate| (gate.name.as_str(), door(config, gate))).collect();
    }
    let asked = server.get("ask").and_then(Node::text);
    let is_elsewhere = asked.is_some_and(|asked| doors.values().flatten().all(|door| door != asked));
    let (mut wider, mut other) = (Vec::new(), Vec::new());
    for tool in tools {
        let Some((gate, raw)) = of_gate(tool) else {
            wider.push(named(tool));
            continue;
        };
        // One gate knows nothing of another's tool.
        let of_another = || doors.get(gate.name.as_str()).and_then(Option::as_deref) != asked;
        if tool.get("gate").and_then(Node::text) != Some(raw)
            || (asked.is_some() && !is_elsewhere && of_another())
        {
            other.push(named(tool));
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
        let found = "it asks about other tools than are called, or another gate";
        audit.add_tools(Severity::Weaker, Trap::PluginAsks, format!("{place}.tools"), found, other);
    }
    match asked {
        Some(_) if is_elsewhere => {
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
        None if doors.values().any(Option::is_some) => {
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
