//! What a policy demands of a configuration: for each agent, the servers that stand for the gate and the tools that
//! they offer; the sandbox; the models.

use std::collections::{BTreeMap, BTreeSet};

use wpc_mcp::Catalogue;
use wpc_model::{Filesystem, Network, Policy, Principal};

use crate::names::{folded, is_agent_id, safe_servers, tool_name};

/// How a gate is reached.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reach {
    /// At a URL, where an operator runs it: the agent cannot replace it.
    Url(String),
    /// OpenClaw launches it, as the user that the agent's own processes run as.
    Command {
        /// The program.
        command: String,
        /// Its arguments.
        args: Vec<String>,
    },
}

/// The gate of one of the policy's tools.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Gate {
    /// The server's name in the configuration; the tool's if `None`.
    pub server: Option<String>,
    /// How it is reached; `None` if nobody says.
    pub reach: Option<Reach>,
}

/// Where model calls go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ModelGateway {
    /// Its URL.
    pub url: String,
    /// The provider, as the policy calls it.
    pub provider: String,
    /// The model, as its provider calls it.
    pub model: String,
    /// The protocol, as OpenClaw calls it (`openai-completions`).
    pub api: String,
}

/// What a policy does not say itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The gates, by the policy's tools.
    pub gates: BTreeMap<String, Gate>,
    /// OpenClaw's ids of the agents; those that the policy names if empty.
    pub agents: Vec<String>,
    /// Where model calls go.
    pub models: Option<ModelGateway>,
    /// The folder of our plugin, where OpenClaw finds it.
    pub plugin: Option<String>,
}

/// Why a policy cannot be written as a configuration.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// No agent that OpenClaw could name.
    #[error("{0:?} is no id that OpenClaw's agents can have")]
    AgentId(String),
    /// An agent for whom the policy is not.
    #[error("the policy is not for the agent {0:?}")]
    AgentNotAdmitted(String),
    /// A tool that the policy does not have.
    #[error("the policy has no tool {0:?}")]
    UnknownTool(String),
    /// A tool of which nobody says where its gate is.
    #[error("nobody says where the gate of the tool {0:?} is")]
    NoGate(String),
    /// A name that OpenClaw would read as a pattern or as a variable.
    #[error("OpenClaw would read the tool's name {0:?} as a pattern or a variable")]
    PatternName(String),
    /// Two servers or tools of which OpenClaw would rename one.
    #[error("OpenClaw would give {0:?} another name, because it has two of it")]
    NamesCollide(String),
    /// A gate that OpenClaw launches, for more than one agent.
    #[error("a gate that OpenClaw launches has one token, and there are {0} agents")]
    LaunchedForSeveral(usize),
    /// Fixed headers cannot prove a key.
    #[error(
        "the policy demands a proof of the agent's key with each request, and OpenClaw sends fixed headers"
    )]
    ProofNeeded,
    /// A URL that is no URL over HTTP.
    #[error("{0:?} is no URL that OpenClaw could call")]
    BadUrl(String),
    /// A gate in clear on another machine.
    #[error("{0:?} would carry the token in clear to another machine")]
    ClearUrl(String),
    /// A URL beside which the gate cannot be asked.
    #[error("beside {0:?} there is no place where the plugin could ask the gate")]
    NotAsked(String),
    /// A model that the policy does not allow.
    #[error("the policy does not allow the model \"{0}/{1}\"")]
    ModelNotAllowed(String, String),
}

impl EmitError {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AgentId(_) => "openclaw_agent",
            Self::AgentNotAdmitted(_) => "agent_not_admitted",
            Self::UnknownTool(_) => "unknown_tool",
            Self::NoGate(_) => "openclaw_no_gate",
            Self::PatternName(_) | Self::NamesCollide(_) => "openclaw_names",
            Self::LaunchedForSeveral(_) => "openclaw_launched",
            Self::ProofNeeded => "openclaw_proof",
            Self::BadUrl(_) | Self::ClearUrl(_) | Self::NotAsked(_) => "openclaw_url",
            Self::ModelNotAllowed(..) => "model_not_allowed",
        }
    }

    /// What to do about it, in one imperative sentence.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        match self {
            Self::AgentId(_) => {
                "name OpenClaw's agents with `--agent`: small letters, digits, `-` and `_`, at most 64"
            }
            Self::AgentNotAdmitted(_) => {
                "name the agent in the policy's `agents`, or another one with `--agent`"
            }
            Self::UnknownTool(_) => "give one of the policy's tools",
            Self::NoGate(_) => "give `--url TOOL=URL` for each of the policy's tools",
            Self::PatternName(_) => "import the tool under another name",
            Self::NamesCollide(_) => {
                "give a server another name with `--server`, a short one if names are cut at 64"
            }
            Self::LaunchedForSeveral(_) => {
                "run the gate yourself and give `--url`, or emit for one `--agent`"
            }
            Self::ProofNeeded => {
                "say `token { bearer }` in the policy, or let OpenClaw launch the gate with `--command`"
            }
            Self::BadUrl(_) => "give `http://…` or `https://…` without a user in it",
            Self::ClearUrl(_) => "use https, or a gate on this machine",
            Self::NotAsked(_) => "serve the gate at a path that does not end in `/ask`",
            Self::ModelNotAllowed(..) => "give `--model` one that the policy's `models` allow",
        }
    }
}

/// A server of the configuration that stands for a gate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct GateServer {
    /// Its name in `mcp.servers`.
    pub(crate) name: String,
    /// The agent that it is for.
    pub(crate) agent: String,
    /// The tools that the gate offers, by their own names, sorted.
    pub(crate) raw: Vec<String>,
    /// How it is reached, if that is known.
    pub(crate) reach: Option<Reach>,
}

impl GateServer {
    /// The names under which the model sees the tools, if the server's safe name is the expected one.
    pub(crate) fn tools(&self) -> Vec<String> {
        let safe = safe_servers([self.name.as_str()]).concat();
        self.raw.iter().map(|raw| tool_name(&safe, raw)).collect()
    }
}

/// The strictest sandbox of all layers of a policy, if one of them demands any.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SandboxDemand {
    /// What it may reach.
    pub(crate) network: Network,
    /// What it may see of the workspace.
    pub(crate) filesystem: Filesystem,
    /// Whether the policy lets it be left.
    pub(crate) elevated: bool,
}

/// What a policy demands.
#[derive(Clone, Debug)]
pub(crate) struct Demand {
    /// The agents, by their ids.
    pub(crate) agents: Vec<String>,
    /// The servers, each for one agent.
    pub(crate) servers: Vec<GateServer>,
    /// The sandbox.
    pub(crate) sandbox: Option<SandboxDemand>,
    /// Whether model calls are the policy's business.
    pub(crate) models: bool,
}

impl Demand {
    /// What `policy` demands, of a configuration that is called as `options` say.
    pub(crate) fn of(policy: &Policy, options: &Options) -> Result<Self, EmitError> {
        if let Some(unknown) = options.gates.keys().find(|tool| !policy.tools.contains_key(*tool)) {
            return Err(EmitError::UnknownTool(unknown.clone()));
        }
        let agents = agents(policy, &options.agents)?;
        let servers = servers(policy, options, &agents)?;
        Ok(Self { agents, servers, sandbox: sandbox(policy), models: speaks_of_models(policy) })
    }

    /// The servers of one agent.
    pub(crate) fn servers_of(&self, agent: &str) -> impl Iterator<Item = &GateServer> {
        self.servers.iter().filter(move |server| server.agent == agent)
    }

    /// The tools that an agent may be offered, sorted.
    pub(crate) fn tools_of(&self, agent: &str) -> Vec<String> {
        let mut tools: Vec<String> = self.servers_of(agent).flat_map(GateServer::tools).collect();
        tools.sort_unstable();
        tools
    }

    /// What OpenClaw's environment calls an agent's token and grant: no secret stands in the file.
    pub(crate) fn variables_of(&self, agent: &str) -> (String, String) {
        if self.agents.len() < 2 {
            return ("WPC_TOKEN".to_owned(), "WPC_GRANT".to_owned());
        }
        let suffix: String =
            agent.chars().map(|c| if c == '-' { '_' } else { c.to_ascii_uppercase() }).collect();
        (format!("WPC_TOKEN_{suffix}"), format!("WPC_GRANT_{suffix}"))
    }
}

/// Whether some layer of the policy bounds the models that may be called, or wants their receipts.
fn speaks_of_models(policy: &Policy) -> bool {
    policy.proof().gateway_receipts || policy.layers().any(|layer| layer.settings.models.is_some())
}

fn agents(policy: &Policy, named: &[String]) -> Result<Vec<String>, EmitError> {
    let principals = || policy.layers().flat_map(|layer| &layer.settings.agents);
    let names = || principals().filter(|one| matches!(one, Principal::Name(_)));
    let mut agents: BTreeSet<String> = named.iter().cloned().collect();
    if agents.is_empty() {
        agents =
            names().map(|name| name.text().to_owned()).filter(|name| policy.admits_agent(name)).collect();
    }
    if agents.is_empty() {
        agents.insert("main".to_owned());
    }
    // Where the policy names keys alone, which key an agent of OpenClaw has is its token's to say.
    let by_name = names().next().is_some();
    for agent in &agents {
        if !is_agent_id(agent) {
            return Err(EmitError::AgentId(agent.clone()));
        }
        if by_name && !policy.admits_agent(agent) {
            return Err(EmitError::AgentNotAdmitted(agent.clone()));
        }
    }
    Ok(agents.into_iter().collect())
}

fn servers(policy: &Policy, options: &Options, agents: &[String]) -> Result<Vec<GateServer>, EmitError> {
    let mut servers = Vec::new();
    for tool in policy.tools.keys() {
        let raw: Vec<String> =
            Catalogue::of_tool(policy, tool).offers().map(|offer| offer.name.clone()).collect();
        if let Some(pattern) = raw.iter().find(|name| name.contains('*') || name.contains("${")) {
            return Err(EmitError::PatternName(pattern.clone()));
        }
        if raw.is_empty() {
            // No server: a filter that lets nothing through cannot be written.
            continue;
        }
        let gate = options.gates.get(tool);
        let base = gate.and_then(|gate| gate.server.as_deref()).unwrap_or(tool);
        for agent in agents {
            let name = if agents.len() > 1 { format!("{base}-{agent}") } else { base.to_owned() };
            let reach = gate.and_then(|gate| gate.reach.clone());
            servers.push(GateServer { name, agent: agent.clone(), raw: raw.clone(), reach });
        }
    }
    let safe = safe_servers(servers.iter().map(|server| server.name.as_str()));
    let mut taken = BTreeSet::new();
    for (server, safe) in servers.iter().zip(&safe) {
        if safe_servers([server.name.as_str()]).first() != Some(safe) {
            return Err(EmitError::NamesCollide(server.name.clone()));
        }
        if let Some(twice) = server.tools().into_iter().find(|tool| !taken.insert(folded(tool))) {
            return Err(EmitError::NamesCollide(twice));
        }
    }
    Ok(servers)
}

fn sandbox(policy: &Policy) -> Option<SandboxDemand> {
    let demanded = policy.layers().filter_map(|layer| layer.settings.sandbox);
    let demanded = demanded.map(|sandbox| SandboxDemand {
        network: sandbox.network,
        filesystem: sandbox.filesystem,
        elevated: sandbox.elevated,
    });
    demanded.reduce(|one, other| SandboxDemand {
        network: one.network.min(other.network),
        filesystem: one.filesystem.min(other.filesystem),
        elevated: one.elevated && other.elevated,
    })
}
