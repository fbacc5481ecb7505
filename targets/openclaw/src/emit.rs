//! A policy as OpenClaw's configuration: a patch for `openclaw config patch`, and a `policy.jsonc`.
//!
//! ```text
//! policy ─▶ demand ─▶ tools: the same exact names in three lists, everything else denied
//!                  ─▶ a server per tool and agent, filtered to the same tools
//!                  ─▶ the sandbox, never less than OpenClaw's safe form
//! ```
//!
//! What an older configuration may say beside that is taken out (`null`), so that it does not matter what the patch is
//! applied to: arrays replace, objects merge.

use serde_json::{Map, Value as Json, json};
use wpc_model::{Filesystem, Model, Network, Policy};

use crate::catalog::DENIED_GROUPS;
use crate::demand::{Demand, EmitError, GateServer, ModelGateway, Options, Reach};
use crate::plugin::{self, PLUGIN};
use crate::url;

/// How long OpenClaw waits for a gate to be reached, and for a call: longer than a gate lets one be.
const CONNECTION_MS: u32 = 10_000;
const REQUEST_MS: u32 = 120_000;

/// The agent that every OpenClaw has.
pub(crate) const IMPLICIT: &str = "main";

/// What is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Emitted {
    /// The patch of the configuration.
    pub patch: Json,
    /// The demands on the configuration, for OpenClaw's own policy plugin.
    pub conformance: Json,
    /// Each agent with the tools that its model is offered.
    pub agents: Vec<(String, Vec<String>)>,
    /// Variables of the environment that the configuration takes secrets from.
    pub variables: Vec<String>,
    /// What whoever applies it should know.
    pub warnings: Vec<&'static str>,
}

/// Writes `policy`, whose hash is `hash`, as a configuration.
///
/// # Errors
///
/// [`EmitError`] says what cannot be said to OpenClaw without being wider than the policy.
pub fn emit(policy: &Policy, hash: &str, options: &Options) -> Result<Emitted, EmitError> {
    let demand = Demand::of(policy, options)?;
    let mut variables = Vec::new();
    let servers = servers(policy, &demand, &mut variables)?;
    let models = options.models.as_ref().map(|gateway| models(policy, gateway)).transpose()?;
    if models.is_some() {
        variables.extend([MODEL_TOKEN, MODEL_GRANT].map(str::to_owned));
    }
    let names: Vec<&str> = demand.servers.iter().map(|server| server.name.as_str()).collect();
    let patch = json!({
        "agents": agents(&demand, options),
        "gateway": { "tools": { "allow": null } },
        "mcp": { "servers": servers },
        "models": models,
        "plugins": plugins(&demand, hash, options)?,
        "tools": tools(&demand.servers.iter().flat_map(GateServer::tools).collect::<Vec<_>>(), &[], Scope::All),
    });
    Ok(Emitted {
        patch: without_absent(patch, options),
        conformance: conformance(&demand, &names, options),
        agents: demand.agents.iter().map(|agent| (agent.clone(), demand.tools_of(agent))).collect(),
        variables,
        warnings: warnings(&demand, options),
    })
}

/// What is not configured at all is left as it is.
fn without_absent(mut patch: Json, options: &Options) -> Json {
    if options.models.is_none()
        && let Some(patch) = patch.as_object_mut()
    {
        patch.remove("models");
    }
    patch
}

fn warnings(demand: &Demand, options: &Options) -> Vec<&'static str> {
    let launched = demand.servers.iter().any(|server| matches!(server.reach, Some(Reach::Command { .. })));
    let models = demand.models && options.models.is_none();
    let nothing = demand.servers.is_empty();
    [
        (
            launched,
            "OpenClaw launches the gate as its own user: what runs as that user can read the gate's files, change \
             them or go around it; run the gate yourself and give `--url`",
        ),
        (models, "the policy speaks of models and model calls do not go through a gateway; give `--model-gateway`"),
        (nothing, "the policy allows nothing: every tool is denied"),
    ]
    .into_iter()
    .filter_map(|(holds, warning)| holds.then_some(warning))
    .collect()
}

/// Whose lists.
#[derive(Clone, Copy, PartialEq)]
enum Scope {
    All,
    Agent,
}

/// A `tools` section that lets `allowed` through and nothing else; `others` are servers of other agents.
fn tools(allowed: &[String], others: &[String], scope: Scope) -> Json {
    let mut allowed = allowed.to_vec();
    allowed.sort_unstable();
    // An empty list would allow everything.
    let (allow, deny) = if allowed.is_empty() {
        (Json::Null, vec!["*".to_owned()])
    } else {
        let groups = DENIED_GROUPS.iter().map(|group| (*group).to_owned());
        (json!(allowed), groups.chain(others.iter().map(|server| format!("{server}__*"))).collect())
    };
    // Said, it replaces OpenClaw's own list; not said, that list holds.
    let sandbox_deny = if allowed.is_empty() { json!(["*"]) } else { Json::Null };
    let mut tools = json!({
        "profile": null,
        "allow": allow,
        "alsoAllow": null,
        "deny": deny,
        "byProvider": null,
        "toolsBySender": null,
        "sandbox": { "tools": { "allow": allow, "alsoAllow": null, "deny": sandbox_deny } },
        "elevated": { "enabled": false, "allowFrom": null },
        "exec": { "mode": "deny", "host": "sandbox", "security": null, "ask": null },
        "fs": { "workspaceOnly": true },
        "codeMode": false,
    });
    if scope == Scope::All
        && let Some(tools) = tools.as_object_mut()
    {
        tools.insert("toolSearch".to_owned(), json!(false));
    }
    tools
}

fn agents(demand: &Demand, options: &Options) -> Json {
    let model = options.models.as_ref().map(
        |gateway| json!({ "primary": format!("{}/{}", gateway.provider, gateway.model), "fallbacks": [] }),
    );
    let sandbox = sandbox(demand);
    let entry = |agent: &String| {
        let allowed = demand.tools_of(agent);
        let others = demand.servers.iter().filter(|server| server.agent != *agent);
        let others: Vec<String> =
            others.flat_map(|server| crate::names::safe_servers([server.name.as_str()])).collect();
        let mut entry = json!({ "sandbox": sandbox, "tools": tools(&allowed, &others, Scope::Agent) });
        if let (Some(entry), Some(model)) = (entry.as_object_mut(), &model) {
            entry.insert("model".to_owned(), model.clone());
        }
        (agent.clone(), entry)
    };
    let mut entries: Map<String, Json> = demand.agents.iter().map(entry).collect();
    // OpenClaw adds this agent by itself, and what is said for all would be its own.
    if !demand.agents.iter().any(|agent| agent == IMPLICIT) {
        entries.insert(
            IMPLICIT.to_owned(),
            json!({ "sandbox": sandbox, "tools": tools(&[], &[], Scope::Agent) }),
        );
    }
    let mut defaults = json!({ "elevatedDefault": "off", "sandbox": sandbox });
    if let (Some(defaults), Some(model)) = (defaults.as_object_mut(), model) {
        defaults.insert("model".to_owned(), model);
    }
    json!({ "defaults": defaults, "entries": entries })
}

/// What is demanded, in OpenClaw's safe form: a container of its own without a network, nothing of the host.
fn sandbox(demand: &Demand) -> Json {
    let asked = demand.sandbox;
    let workspace = match asked.map(|sandbox| sandbox.filesystem).unwrap_or_default() {
        Filesystem::None => "none",
        Filesystem::ReadOnly => "ro",
        Filesystem::ReadWrite => "rw",
    };
    let network = match asked.map(|sandbox| sandbox.network).unwrap_or_default() {
        Network::None => "none",
        Network::Outbound => "bridge",
    };
    json!({
        "mode": "all",
        "backend": "docker",
        "scope": "agent",
        "workspaceAccess": workspace,
        "browser": { "enabled": false },
        "docker": {
            "network": network,
            "readOnlyRoot": true,
            "capDrop": ["ALL"],
            "user": "1000:1000",
            "pidsLimit": 128,
            "memory": "512m",
            "tmpfs": ["/tmp", "/var/tmp", "/run"],
            "binds": null,
            "setupCommand": null,
            "extraHosts": null,
            "gpus": null,
            "seccompProfile": null,
            "apparmorProfile": null,
            "dangerouslyAllowReservedContainerTargets": null,
            "dangerouslyAllowExternalBindSources": null,
            "dangerouslyAllowContainerNamespaceJoin": null,
        },
    })
}

fn servers(policy: &Policy, demand: &Demand, variables: &mut Vec<String>) -> Result<Json, EmitError> {
    let mut servers = Map::new();
    for server in &demand.servers {
        let mut node = json!({
            "enabled": true,
            "toolFilter": { "include": server.raw, "exclude": null },
            "connectionTimeoutMs": CONNECTION_MS,
            "requestTimeoutMs": REQUEST_MS,
            "auth": null,
            "oauth": null,
            "sslVerify": null,
        });
        let reach = server.reach.as_ref().ok_or_else(|| EmitError::NoGate(server.name.clone()))?;
        let reached = match reach {
            Reach::Url(url) => {
                url::check(url)?;
                if policy.token().proof_of_possession {
                    return Err(EmitError::ProofNeeded);
                }
                let (token, grant) = demand.variables_of(&server.agent);
                let headers = json!({
                    "Authorization": format!("Bearer ${{{token}}}"),
                    "WPC-Grant": format!("${{{grant}}}"),
                });
                for variable in [token, grant] {
                    if !variables.contains(&variable) {
                        variables.push(variable);
                    }
                }
                json!({
                    "url": url, "transport": "streamable-http", "headers": headers,
                    "command": null, "args": null, "env": null, "cwd": null,
                })
            }
            Reach::Command { command, args } => {
                if demand.agents.len() > 1 {
                    return Err(EmitError::LaunchedForSeveral(demand.agents.len()));
                }
                json!({ "command": command, "args": args, "env": {}, "url": null, "transport": null, "headers": null })
            }
        };
        if let (Some(node), Json::Object(reached)) = (node.as_object_mut(), reached) {
            node.extend(reached);
        }
        servers.insert(server.name.clone(), node);
    }
    Ok(Json::Object(servers))
}

/// What OpenClaw's environment calls the token that the gateway of models is shown, and its grant.
const MODEL_TOKEN: &str = "WPC_MODEL_TOKEN";
const MODEL_GRANT: &str = "WPC_MODEL_GRANT";

fn models(policy: &Policy, gateway: &ModelGateway) -> Result<Json, EmitError> {
    url::check(&gateway.url)?;
    if policy.token().proof_of_possession {
        return Err(EmitError::ProofNeeded);
    }
    let allows = |layer: &Policy| {
        let named = Model { provider: gateway.provider.clone(), name: gateway.model.clone() };
        layer.settings.models.as_ref().is_none_or(|models| {
            models.allow.contains(&named) || models.providers.contains(&gateway.provider)
        })
    };
    // As the model gateway has it: where no layer says `models`, nothing is forwarded.
    let said = policy.layers().any(|layer| layer.settings.models.is_some());
    if !said || !policy.layers().all(allows) {
        return Err(EmitError::ModelNotAllowed(gateway.provider.clone(), gateway.model.clone()));
    }
    Ok(json!({
        "mode": "replace",
        "providers": { gateway.provider.as_str(): {
            "baseUrl": gateway.url,
            "apiKey": format!("${{{MODEL_TOKEN}}}"),
            "api": gateway.api,
            "headers": { "WPC-Grant": format!("${{{MODEL_GRANT}}}") },
            "request": null,
            "models": [{ "id": gateway.model, "name": gateway.model }],
        } },
    }))
}

fn plugins(demand: &Demand, hash: &str, options: &Options) -> Result<Json, EmitError> {
    let mut allow = vec!["policy"];
    let mut entries = json!({ "policy": { "enabled": true } });
    let mut plugins = json!({ "enabled": true, "slots": { "memory": "none" } });
    if let Some(folder) = &options.plugin {
        allow.push(PLUGIN);
        let entry = json!({ "enabled": true, "config": plugin::config(demand, hash)? });
        if let (Some(entries), Some(plugins)) = (entries.as_object_mut(), plugins.as_object_mut()) {
            entries.insert(PLUGIN.to_owned(), entry);
            plugins.insert("load".to_owned(), json!({ "paths": [folder] }));
        }
    }
    if let Some(plugins) = plugins.as_object_mut() {
        plugins.insert("allow".to_owned(), json!(allow));
        plugins.insert("entries".to_owned(), entries);
    }
    Ok(plugins)
}

/// What OpenClaw's own policy plugin is to find in the configuration. It has no rule over `tools.allow`.
fn conformance(demand: &Demand, servers: &[&str], options: &Options) -> Json {
    let access = match demand.sandbox.map(|sandbox| sandbox.filesystem).unwrap_or_default() {
        Filesystem::None => json!(["none"]),
        Filesystem::ReadOnly => json!(["none", "ro"]),
        Filesystem::ReadWrite => json!(["none", "ro", "rw"]),
    };
    let mut conformance = json!({
        "agents": { "workspace": { "allowedAccess": access } },
        "gateway": { "exposure": { "allowNonLoopbackBind": false, "allowTailscaleFunnel": false } },
        "mcp": { "servers": { "allow": servers } },
        "sandbox": {
            "requireMode": ["all"],
            "allowBackends": ["docker"],
            "containers": {
                "denyHostNetwork": true,
                "denyContainerNamespaceJoin": true,
                "denyContainerRuntimeSocketMounts": true,
                "denyUnconfinedProfiles": true,
            },
        },
        "tools": {
            "alsoAllow": { "expected": [] },
            "denyTools": if demand.servers.is_empty() { json!(["*"]) } else { json!(DENIED_GROUPS) },
            "elevated": { "allow": false },
            "exec": { "allowHosts": ["sandbox"], "allowSecurity": ["deny"] },
            "fs": { "requireWorkspaceOnly": true },
        },
    });
    if let (Some(conformance), Some(gateway)) = (conformance.as_object_mut(), &options.models) {
        conformance.insert("models".to_owned(), json!({ "providers": { "allow": [gateway.provider] } }));
    }
    conformance
}
