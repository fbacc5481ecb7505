//! Our plugin for OpenClaw: its files, and the configuration that it reads.
//!
//! Everything in it that can grow is a list: a patch replaces lists and merges objects, and what an older
//! configuration allowed must not stay.

use serde_json::{Value as Json, json};

use crate::demand::{Demand, EmitError, GateServer, Reach};
use crate::names::{safe_servers, tool_name};

/// The plugin's id.
pub const PLUGIN: &str = "wpc-gate";

/// The plugin's files, by name, for a folder of its own.
pub const PLUGIN_FILES: [(&str, &str); 4] = [
    ("package.json", include_str!("../plugin/package.json")),
    ("openclaw.plugin.json", include_str!("../plugin/openclaw.plugin.json")),
    ("index.mjs", include_str!("../plugin/index.mjs")),
    ("gate.mjs", include_str!("../plugin/gate.mjs")),
];

/// What the plugin is told: for each agent, whom to ask about which of OpenClaw's tools.
pub(crate) fn config(demand: &Demand, hash: &str) -> Result<Json, EmitError> {
    let mut agents = Vec::new();
    for agent in &demand.agents {
        let servers = demand.servers_of(agent).map(|server| of_server(demand, server));
        agents.push(json!({ "id": agent, "servers": servers.collect::<Result<Vec<_>, _>>()? }));
    }
    Ok(json!({ "policy": hash, "agents": agents }))
}

fn of_server(demand: &Demand, server: &GateServer) -> Result<Json, EmitError> {
    let safe = safe_servers([server.name.as_str()]).concat();
    let tool = |raw: &String| json!({ "name": tool_name(&safe, raw), "gate": raw });
    let tools: Vec<Json> = server.raw.iter().map(tool).collect();
    match server.reach.as_ref().ok_or_else(|| EmitError::NoGate(server.name.clone()))? {
        Reach::Url(url) => {
            let ask = wpc_mcp::ask_url(url).ok_or_else(|| EmitError::NotAsked(url.clone()))?;
            let (token, grant) = demand.variables_of(&server.agent);
            Ok(json!({
                "name": server.name, "tools": tools, "ask": ask, "tokenVariable": token, "grantVariable": grant,
            }))
        }
        // It listens to OpenClaw alone: there is nobody to ask.
        Reach::Command { .. } => Ok(json!({ "name": server.name, "tools": tools, "launched": true })),
    }
}
