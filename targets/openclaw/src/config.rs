//! What a configuration of OpenClaw says, where OpenClaw looks for it.

use crate::names::{folded, safe_servers};
use crate::node::{Node, ReadError};

/// Most agents, and most servers, that are judged: each agent is held to each tool and each list.
const MOST: usize = 128;

/// A configuration.
///
/// ```
/// # fn main() -> Result<(), wpc_openclaw::ReadError> {
/// let config = wpc_openclaw::Config::read(b"{ tools: { allow: ['orders__send'] } }")?;
/// assert_eq!(config.agents(), ["main"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    root: Node,
}

/// A server of `mcp.servers`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server<'c> {
    /// As it is written.
    pub(crate) name: &'c str,
    /// What stands there.
    pub(crate) node: &'c Node,
}

impl Server<'_> {
    /// Whether OpenClaw uses it.
    pub(crate) fn is_enabled(&self) -> bool {
        self.node.get("enabled").and_then(Node::flag) != Some(false)
    }
}

impl Config {
    /// Reads JSON5 within bounds. What `$include` names is not read.
    ///
    /// # Errors
    ///
    /// [`ReadError`] says what is wrong and where.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        let config = Self { root: Node::read(bytes)? };
        let many = |what, count: usize| {
            if count > MOST { Err(ReadError::TooMany { what, most: MOST }) } else { Ok(()) }
        };
        many("agents", config.at(&["agents", "entries"]).map_or(0, |agents| agents.members().count()))?;
        many("agents", config.listed().count())?;
        many("servers", config.servers().len())?;
        Ok(config)
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// The value at a path of members.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Node> {
        self.root.at(path)
    }

    /// `tools`.
    pub(crate) fn tools(&self) -> Option<&Node> {
        self.at(&["tools"])
    }

    /// The ids of agents, in their order; `main` where the configuration has no list of them.
    #[must_use]
    pub fn agents(&self) -> Vec<String> {
        if !self.has_agents() {
            return vec!["main".to_owned()];
        }
        let named = self.at(&["agents", "entries"]).into_iter().flat_map(Node::members);
        let mut ids: Vec<String> = named.map(|(id, _)| folded(id)).collect();
        for id in self.listed().filter_map(|agent| agent.get("id").and_then(Node::text)).map(folded) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    /// What stands of an agent.
    pub(crate) fn agent(&self, id: &str) -> Option<&Node> {
        let id = folded(id);
        let named = self.at(&["agents", "entries"]).into_iter().flat_map(Node::members);
        let mut named = named.filter(|(written, _)| folded(written) == id).map(|(_, agent)| agent);
        let is =
            |agent: &&Node| agent.get("id").and_then(Node::text).is_some_and(|written| folded(written) == id);
        named.next().or_else(|| self.listed().find(is))
    }

    /// An agent's `tools`.
    pub(crate) fn agent_tools(&self, id: &str) -> Option<&Node> {
        if self.has_agents() {
            self.agent(id)?.get("tools")
        } else {
            self.at(&["agents", "defaults", "tools"])
        }
    }

    /// A setting of an agent's sandbox, else of that of all agents.
    pub(crate) fn sandbox(&self, id: &str, path: &[&str]) -> Option<&Node> {
        let own = self.agent(id).and_then(|agent| agent.get("sandbox")).and_then(|sandbox| sandbox.at(path));
        let all = || self.at(&["agents", "defaults", "sandbox"]).and_then(|sandbox| sandbox.at(path));
        own.or_else(all)
    }

    /// Where a setting of an agent stands: at the agent if it says so itself, else at the one of all.
    pub(crate) fn place(&self, id: &str, own: &[&str], all: &str) -> String {
        let says = self.agent(id).is_some_and(|agent| agent.at(own).is_some());
        if says { format!("agents.entries.{id}.{}", own.join(".")) } else { all.to_owned() }
    }

    /// The servers, in their order.
    pub(crate) fn servers(&self) -> Vec<Server<'_>> {
        let servers = self.at(&["mcp", "servers"]).into_iter().flat_map(Node::members);
        servers.map(|(name, node)| Server { name, node }).collect()
    }

    /// The servers, each with the name that begins those of its tools.
    pub(crate) fn safe_servers(&self) -> Vec<(String, Server<'_>)> {
        let servers = self.servers();
        safe_servers(servers.iter().map(|server| server.name)).into_iter().zip(servers).collect()
    }

    fn has_agents(&self) -> bool {
        self.at(&["agents", "entries"]).is_some() || self.at(&["agents", "list"]).is_some()
    }

    /// The agents of the older form, a list.
    fn listed(&self) -> impl Iterator<Item = &Node> {
        self.at(&["agents", "list"]).map(Node::elements).unwrap_or_default().iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_agents_than_are_judged_are_refused() {
        let agents: Vec<String> = (0..=MOST).map(|number| format!("a{number}: {{}}")).collect();
        let text = format!("{{ agents: {{ entries: {{ {} }} }} }}", agents.join(", "));
        assert_eq!(Config::read(text.as_bytes()).unwrap_err().code(), "too_large");
        let text = text.replace("entries", "other").replace("agents", "mcp").replace("other", "servers");
        assert_eq!(Config::read(text.as_bytes()).unwrap_err().code(), "too_large");
    }
}
