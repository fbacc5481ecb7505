//! What surrounds the agent's own processes.

use wpc_model::{Filesystem, Network};

use super::{Audit, Severity, Trap};
use crate::config::Config;
use crate::demand::Demand;
use crate::node::Node;

/// Settings of a container that take away what keeps a process in it, whatever they say.
const OPENS: [&str; 6] = [
    "setupCommand",
    "extraHosts",
    "gpus",
    "dangerouslyAllowReservedContainerTargets",
    "dangerouslyAllowExternalBindSources",
    "dangerouslyAllowContainerNamespaceJoin",
];

pub(super) fn check(audit: &mut Audit, config: &Config, demand: &Demand) {
    for agent in config.agents() {
        // An agent that is offered nothing runs nothing; one that is offered something is told of already.
        if !demand.agents.contains(&agent) {
            continue;
        }
        boxed(audit, config, demand, &agent);
        elevated(audit, config, demand, &agent);
        commands(audit, config, &agent);
    }
    if let Some(level) = config.at(&["agents", "defaults", "elevatedDefault"]).and_then(Node::text)
        && level != "off"
    {
        audit.add(Trap::Elevated, "agents.defaults.elevatedDefault", format!("it is `{level}`"));
    }
}

fn place(config: &Config, agent: &str, path: &[&str]) -> String {
    let own: Vec<&str> = std::iter::once("sandbox").chain(path.iter().copied()).collect();
    config.place(agent, &own, &format!("agents.defaults.sandbox.{}", path.join(".")))
}

fn boxed(audit: &mut Audit, config: &Config, demand: &Demand, agent: &str) {
    let worse = if demand.sandbox.is_some() { Severity::Wider } else { Severity::Weaker };
    let text = |path: &[&str]| config.sandbox(agent, path).and_then(Node::text);
    let at = |path: &[&str]| place(config, agent, path);
    let mode = text(&["mode"]);
    if mode != Some("all") {
        audit.add_as(worse, Trap::SandboxMode, at(&["mode"]), said(mode));
    }
    let most = match demand.sandbox.map(|sandbox| sandbox.filesystem).unwrap_or_default() {
        Filesystem::None => 0,
        Filesystem::ReadOnly => 1,
        Filesystem::ReadWrite => 2,
    };
    let access = text(&["workspaceAccess"]);
    let given = match access {
        None | Some("none") => 0,
        Some("ro") => 1,
        Some(_) => 2,
    };
    if given > most {
        audit.add_as(worse, Trap::SandboxFiles, at(&["workspaceAccess"]), said(access));
    }
    if config.sandbox(agent, &["docker", "binds"]).is_some_and(|binds| !binds.elements().is_empty()) {
        audit.add_as(worse, Trap::SandboxFiles, at(&["docker", "binds"]), "folders of the host are bound");
    }
    let network = text(&["docker", "network"]);
    let outbound = demand.sandbox.is_some_and(|sandbox| sandbox.network == Network::Outbound);
    let reaches = network.is_some_and(|network| network != "none");
    if reaches && !(outbound && network == Some("bridge")) {
        audit.add_as(worse, Trap::SandboxNetwork, at(&["docker", "network"]), said(network));
    }
    container(audit, config, agent);
    if text(&["scope"]) == Some("shared") {
        audit.add(Trap::SandboxShared, at(&["scope"]), "it is `shared`");
    }
}

fn container(audit: &mut Audit, config: &Config, agent: &str) {
    let docker = |name: &str| config.sandbox(agent, &["docker", name]);
    let mut open = |name: &str, found: &str| {
        audit.add(Trap::SandboxContainer, place(config, agent, &["docker", name]), found);
    };
    for name in OPENS {
        let opens = |node: &Node| match node {
            Node::Null | Node::Bool(false) => false,
            Node::List(list) => !list.is_empty(),
            Node::Bool(true) | Node::Number | Node::Text(_) | Node::Map(_) => true,
        };
        if docker(name).is_some_and(opens) {
            open(name, "it is set");
        }
    }
    if docker("readOnlyRoot").and_then(Node::flag) == Some(false) {
        open("readOnlyRoot", "it is `false`");
    }
    let drops =
        |list: &Node| list.texts().is_some_and(|list| list.iter().any(|one| one.eq_ignore_ascii_case("all")));
    if docker("capDrop").is_some_and(|list| !drops(list)) {
        open("capDrop", "it does not drop `ALL`");
    }
    for name in ["seccompProfile", "apparmorProfile"] {
        if docker(name).and_then(Node::text).is_some_and(|profile| profile.eq_ignore_ascii_case("unconfined"))
        {
            open(name, "it is `unconfined`");
        }
    }
    let root = |user: &str| user.split(':').next().is_some_and(|user| matches!(user, "0" | "root"));
    if docker("user").and_then(Node::text).is_some_and(root) {
        open("user", "it is root");
    }
    if config.sandbox(agent, &["browser", "enabled"]).and_then(Node::flag) == Some(true) {
        audit.add(Trap::SandboxContainer, place(config, agent, &["browser", "enabled"]), "it has a browser");
    }
    if config
        .sandbox(agent, &["backend"])
        .and_then(Node::text)
        .is_some_and(|name| !matches!(name, "docker" | "podman"))
    {
        audit.add(
            Trap::SandboxContainer,
            place(config, agent, &["backend"]),
            "it is no container on this machine",
        );
    }
}

/// Both gates must be open: the one of all, and the agent's.
fn elevated(audit: &mut Audit, config: &Config, demand: &Demand, agent: &str) {
    let path = ["elevated", "enabled"];
    let all = config.tools().and_then(|tools| tools.at(&path)).and_then(Node::flag);
    let own = config.agent_tools(agent).and_then(|tools| tools.at(&path)).and_then(Node::flag);
    let on = all == Some(true) && own != Some(false);
    if on {
        let denied = demand.sandbox.is_some_and(|sandbox| !sandbox.elevated);
        let severity = if denied { Severity::Wider } else { Severity::Weaker };
        audit.add_as(severity, Trap::Elevated, "tools.elevated.enabled", "it is `true`");
    } else if all != Some(false) || own == Some(true) {
        let closed = if all == Some(false) { "for all alone" } else { "for the agent alone, or not at all" };
        let place = config.place(agent, &["tools", "elevated", "enabled"], "tools.elevated.enabled");
        audit.add(Trap::Elevated, place, format!("it is `false` {closed}"));
    }
}

fn commands(audit: &mut Audit, config: &Config, agent: &str) {
    let setting = |path: &[&str]| {
        let own = config.agent_tools(agent).and_then(|tools| tools.at(path));
        own.or_else(|| config.tools().and_then(|tools| tools.at(path)))
    };
    let at = |path: &[&str]| {
        let own: Vec<&str> = std::iter::once("tools").chain(path.iter().copied()).collect();
        config.place(agent, &own, &own.join("."))
    };
    let mode = setting(&["exec", "mode"]).and_then(Node::text);
    let security = setting(&["exec", "security"]).and_then(Node::text);
    if mode != Some("deny") && security != Some("deny") {
        audit.add(Trap::ExecMode, at(&["exec", "mode"]), said(mode.or(security)));
    }
    let host = setting(&["exec", "host"]).and_then(Node::text);
    if host != Some("sandbox") {
        audit.add(Trap::ExecMode, at(&["exec", "host"]), said(host));
    }
    if setting(&["fs", "workspaceOnly"]).and_then(Node::flag) != Some(true) {
        audit.add(Trap::Files, at(&["fs", "workspaceOnly"]), "it is not `true`");
    }
}

fn said(text: Option<&str>) -> String {
    text.map_or_else(|| "nothing is said".to_owned(), |text| format!("it is `{text}`"))
}
