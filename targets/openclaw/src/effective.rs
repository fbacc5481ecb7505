//! Which tools OpenClaw offers a model: its layers of allow and deny lists (2026.9.6), as a pure function.
//!
//! Each layer takes tools away and none gives any back:
//!
//! ```text
//! profile ─▶ provider's profile ─▶ tools ─▶ tools.byProvider ─▶ agent's tools ─▶ agent's byProvider ─▶ sandbox
//! ```
//!
//! In a layer deny wins, and an allow list that is empty or not there allows everything. Layers that depend on who
//! writes to the agent (`toolsBySender`, groups of channels, sub-agents) are not looked at: what they take away may
//! not be relied on.

use std::fmt;

use crate::catalog::{self, MCP_PLUGIN, PLUGINS_GROUP, SANDBOX_ALLOW, SANDBOX_DENY};
use crate::config::Config;
use crate::names::BETWEEN;
use crate::node::Node;
use crate::pattern::{self, covers, is_glob, matches, may_match, normal};

/// A tool that may be offered, or all of which no more than the beginning of their names is known.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Tool {
    name: Name,
    plugin: Option<String>,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Name {
    Exact(String),
    Begins(String),
}

impl Tool {
    /// One of OpenClaw's own.
    #[must_use]
    pub fn core(name: &str) -> Self {
        Self { name: Name::Exact(normal(name)), plugin: None }
    }

    /// An MCP server's, by the name that the model sees.
    #[must_use]
    pub fn mcp(name: &str) -> Self {
        Self::of_plugin(name, MCP_PLUGIN)
    }

    /// A plugin's, by name and the plugin's id.
    #[must_use]
    pub fn of_plugin(name: &str, plugin: &str) -> Self {
        Self { name: Name::Exact(normal(name)), plugin: Some(normal(plugin)) }
    }

    /// Whatever else an MCP server has.
    #[must_use]
    pub fn any_of_server(safe_server: &str) -> Self {
        let prefix = normal(&format!("{safe_server}{BETWEEN}"));
        Self { name: Name::Begins(prefix), plugin: Some(MCP_PLUGIN.to_owned()) }
    }

    /// Whatever the plugins that are installed have.
    #[must_use]
    pub fn any_of_plugins() -> Self {
        Self { name: Name::Begins(String::new()), plugin: Some(String::new()) }
    }

    fn of_plugins(&self) -> bool {
        matches!(&self.name, Name::Begins(prefix) if prefix.is_empty())
    }

    /// Whether an entry of an allow list may let this tool through.
    pub(crate) fn may_be_in(&self, entry: &str) -> bool {
        self.is_in(entry, true)
    }

    /// Whether an entry of a list speaks of this tool; of those whose names are not known, of `some` or of all.
    fn is_in(&self, entry: &str, some: bool) -> bool {
        let entry = normal(entry);
        if entry.is_empty() {
            return false;
        }
        if let Some(plugin) = &self.plugin
            && (entry == PLUGINS_GROUP || entry == *plugin)
        {
            return true;
        }
        renamed(&entry).iter().any(|entry| match &self.name {
            Name::Exact(name) => catalog::in_group(entry, name).unwrap_or_else(|| matches(entry, name)),
            // What a name alone speaks of is told elsewhere, and what is called like a server's tool is one.
            Name::Begins(prefix) if some && prefix.is_empty() => {
                is_glob(entry) && !head(entry).contains(BETWEEN)
            }
            Name::Begins(prefix) if some => may_match(entry, prefix),
            Name::Begins(prefix) => covers(entry, prefix),
        })
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Name::Exact(name) => f.write_str(name),
            Name::Begins(_) if self.of_plugins() => f.write_str("tools of plugins"),
            Name::Begins(prefix) => write!(f, "{prefix}*"),
        }
    }
}

/// What stands before the first wildcard.
fn head(pattern: &str) -> &str {
    pattern.split('*').next().unwrap_or_default()
}

/// What older names of tools mean now.
fn renamed(entry: &str) -> Vec<&str> {
    match entry {
        "update_plan" => vec!["progress_card"],
        "canvas" => vec!["canvas", "show_widget"],
        other => vec![other],
    }
}

/// A turn of an agent.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// Whose.
    pub agent: &'a str,
    /// Whether it is in the sandbox.
    pub sandboxed: bool,
    /// Provider and model; without, what depends on them is not looked at, and the answer is an upper bound.
    pub model: Option<(&'a str, &'a str)>,
    /// The profile where the configuration names none: `coding` for `openclaw agent exec`.
    pub profile: Option<&'a str>,
}

/// The tools of `known` that are offered, in their order.
#[must_use]
pub fn offered(config: &Config, turn: Turn<'_>, known: &[Tool]) -> Vec<Tool> {
    let layers = layers(config, turn);
    known.iter().filter(|tool| layers.iter().all(|layer| layer.lets(tool))).cloned().collect()
}

/// One allow and one deny list.
#[derive(Debug, Default)]
struct Layer {
    /// Empty: everything.
    allow: Vec<String>,
    deny: Vec<String>,
}

impl Layer {
    fn lets(&self, tool: &Tool) -> bool {
        if self.deny.iter().any(|entry| tool.is_in(entry, false)) {
            return false;
        }
        let allow: Vec<&String> = self.allow.iter().filter(|entry| !normal(entry).is_empty()).collect();
        allow.is_empty()
            || allow.iter().any(|entry| tool.is_in(entry, true))
            // Whoever may write may patch.
            || (*tool == Tool::core("apply_patch") && allow.iter().any(|entry| Tool::core("write").is_in(entry, true)))
    }

    /// The lists of one scope (`tools`, an agent's, a provider's).
    fn of(scope: Option<&Node>) -> Option<Self> {
        let scope = scope?;
        let list = |name: &str| scope.get(name).and_then(Node::texts);
        let (allow, also, deny) = (list("allow"), list("alsoAllow").unwrap_or_default(), list("deny"));
        let allow = match allow {
            // `alsoAllow` by itself adds to everything.
            None if also.is_empty() => Vec::new(),
            None => vec!["*"],
            Some(allow) if allow.is_empty() && !also.is_empty() => vec!["*"],
            Some(allow) => allow.into_iter().chain(also).collect(),
        };
        Some(Self { allow: owned(allow), deny: owned(deny.unwrap_or_default()) })
    }

    /// A profile, with what is allowed beside it.
    fn profile(name: Option<&str>, also: Option<&Node>) -> Option<Self> {
        let allow = catalog::profile(name?)?;
        let also = also.and_then(Node::texts).unwrap_or_default();
        Some(Self { allow: owned(allow.into_iter().chain(also)), deny: Vec::new() })
    }
}

fn owned<'a>(entries: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    entries.into_iter().map(str::to_owned).collect()
}

fn layers(config: &Config, turn: Turn<'_>) -> Vec<Layer> {
    let all = config.tools();
    let own = config.agent_tools(turn.agent);
    let said = |name: &str| {
        let of = |scope: Option<&Node>| scope.and_then(|scope| scope.get(name)).cloned();
        of(own).or_else(|| of(all))
    };
    let profile = said("profile").and_then(|name| name.text().map(str::to_owned));
    let profile = profile.as_deref().or(turn.profile);
    let provided = |scope: Option<&Node>| by_provider(scope, turn.model).cloned();
    let (all_provider, own_provider) = (provided(all), provided(own));
    let provider_said = |name: &str| {
        let of = |scope: &Option<Node>| scope.as_ref().and_then(|scope| scope.get(name)).cloned();
        of(&own_provider).or_else(|| of(&all_provider))
    };
    let provider_profile = provider_said("profile").and_then(|name| name.text().map(str::to_owned));
    let sandbox = turn.sandboxed.then(|| sandbox(config, turn.agent));
    [
        Layer::profile(profile, said("alsoAllow").as_ref()),
        Layer::profile(provider_profile.as_deref(), provider_said("alsoAllow").as_ref()),
        Layer::of(all),
        Layer::of(all_provider.as_ref()),
        Layer::of(own),
        Layer::of(own_provider.as_ref()),
        sandbox,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The one entry of `byProvider` that is used: the model's, else its provider's.
fn by_provider<'n>(scope: Option<&'n Node>, model: Option<(&str, &str)>) -> Option<&'n Node> {
    let (provider, name) = model?;
    let all = scope?.get("byProvider")?;
    let find =
        |key: &str| all.members().find(|(written, _)| pattern::normal(written) == key).map(|(_, of)| of);
    find(&normal(&format!("{provider}/{name}"))).or_else(|| find(&normal(provider)))
}

/// What the sandbox lets through: an agent's list replaces the one of all, field by field.
fn sandbox(config: &Config, agent: &str) -> Layer {
    let within = |scope: Option<&'_ Node>, name: &str| {
        scope.and_then(|scope| scope.at(&["sandbox", "tools", name])).and_then(Node::texts).map(owned)
    };
    let list = |name: &str| within(config.agent_tools(agent), name).or_else(|| within(config.tools(), name));
    let (allow, also) = (list("allow"), list("alsoAllow").unwrap_or_default());
    let said: Vec<String> = allow.iter().flatten().chain(&also).cloned().collect();
    let deny = list("deny").unwrap_or_else(|| {
        let named = |name: &str| said.iter().any(|entry| Tool::core(name).is_in(entry, true));
        owned(SANDBOX_DENY.iter().copied().filter(|name| !named(name)))
    });
    let mut allow = match allow {
        // Empty is everything, whatever is added to it.
        Some(allow) if allow.is_empty() => allow,
        Some(allow) => allow.into_iter().chain(also).collect(),
        None => owned(SANDBOX_ALLOW.iter().copied()).into_iter().chain(also).collect(),
    };
    allow.retain(|entry| !normal(entry).is_empty());
    if !allow.is_empty() {
        allow.push("view_image".to_owned());
    }
    Layer { allow, deny }
}
