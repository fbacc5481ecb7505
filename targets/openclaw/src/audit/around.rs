//! Models, plugins, other runtimes, and the file itself.

use wpc_model::{Model, Policy};

use super::{Audit, Severity, Trap};
use crate::config::Config;
use crate::demand::{Demand, Options};
use crate::names::folded;
use crate::node::Node;
use crate::plugin::PLUGIN;

/// Plugins that are no risk of their own: OpenClaw's checks of a `policy.jsonc`, and ours.
const PLUGINS: [&str; 2] = ["policy", PLUGIN];

pub(super) fn check(audit: &mut Audit, config: &Config, policy: &Policy, demand: &Demand, options: &Options) {
    models(audit, config, policy, demand, options);
    plugins(audit, config);
    walk(config.root(), &mut String::new(), &mut |place, name, node| {
        match name {
            "$include" => audit.add(Trap::NotRead, place, "it names another file"),
            "agentRuntime" => audit.add(Trap::Runtime, place, "it is set"),
            // A certificate's key is a file.
            _ if is_secret(name) && name != "clientKey" => secret(audit, place, node),
            _ => {}
        }
    });
    for agent in config.agents() {
        let runtime = config.agent(&agent).and_then(|agent| agent.at(&["runtime", "type"]));
        if runtime.and_then(Node::text).is_some_and(|kind| kind != "embedded") {
            audit.add(Trap::Runtime, format!("agents.entries.{agent}.runtime"), "it is another program's");
        }
    }
    if config.at(&["agents", "list"]).is_some() {
        audit.add(Trap::OldAgents, "agents.list", "it is there");
    }
}

/// Each member with its path, parents first.
fn walk(node: &Node, path: &mut String, see: &mut impl FnMut(&str, &str, &Node)) {
    let length = path.len();
    let inner = |name: &str, path: &mut String, child: &Node, see: &mut _| {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(name);
        walk(child, path, see);
        path.truncate(length);
    };
    for (name, child) in node.members() {
        let place = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        see(&place, name, child);
        inner(name, path, child, see);
    }
    for (at, child) in node.elements().iter().enumerate() {
        inner(&at.to_string(), path, child, see);
    }
}

/// Whether a setting of this name has a secret in it.
fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    ["key", "token", "secret", "password", "authorization", "cookie", "grant"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// A secret that stands there itself. What it is, is not repeated.
fn secret(audit: &mut Audit, place: &str, node: &Node) {
    let taken = |text: &str| text.contains("${") || text.is_empty();
    if node.text().is_some_and(|text| !taken(text)) {
        audit.add(Trap::Secret, place, "it is not taken from the environment");
    }
}

fn models(audit: &mut Audit, config: &Config, policy: &Policy, demand: &Demand, options: &Options) {
    if let Some(gateway) = &options.models {
        if config.at(&["models", "mode"]).and_then(Node::text) != Some("replace") {
            audit.add(Trap::ModelPast, "models.mode", "providers of OpenClaw's own are there too");
        }
        for (name, provider) in config.at(&["models", "providers"]).into_iter().flat_map(Node::members) {
            if provider.get("baseUrl").and_then(Node::text) != Some(&gateway.url) {
                let place = format!("models.providers.{name}.baseUrl");
                audit.add(Trap::ModelPast, place, "it is not the gateway's URL");
            }
        }
        if config.at(&["models", "providers", &gateway.provider]).is_none() {
            let place = format!("models.providers.{}", gateway.provider);
            audit.add(Trap::ModelPast, place, "it is not there");
        }
    } else if demand.models {
        audit.add(Trap::ModelsUnjudged, "models.providers", "no gateway is named");
    }
    if !policy.layers().any(|layer| layer.settings.models.is_some()) {
        return;
    }
    let mut scopes = vec![("agents.defaults.model".to_owned(), config.at(&["agents", "defaults", "model"]))];
    for agent in &demand.agents {
        let model = config.agent(agent).and_then(|agent| agent.get("model"));
        scopes.push((format!("agents.entries.{agent}.model"), model));
    }
    for (place, model) in scopes {
        let Some(model) = model else { continue };
        let primary = model.text().or_else(|| model.get("primary").and_then(Node::text));
        let fallbacks = model.get("fallbacks").and_then(Node::texts).unwrap_or_default();
        let others: Vec<String> = primary
            .into_iter()
            .chain(fallbacks)
            .filter(|model| !allows(policy, model))
            .map(str::to_owned)
            .collect();
        if !others.is_empty() {
            audit.add_tools(Severity::Wider, Trap::ModelOther, place, "it is none of the policy's", others);
        }
    }
}

/// Whether every layer that speaks of models allows `PROVIDER/MODEL`.
fn allows(policy: &Policy, model: &str) -> bool {
    let Some((provider, name)) = model.split_once('/') else { return false };
    let named = Model { provider: provider.to_owned(), name: name.to_owned() };
    policy.layers().filter_map(|layer| layer.settings.models.as_ref()).all(|models| {
        models.allow.contains(&named) || models.providers.iter().any(|allowed| allowed == provider)
    })
}

fn plugins(audit: &mut Audit, config: &Config) {
    if config.at(&["plugins", "enabled"]).and_then(Node::flag) == Some(false) {
        return;
    }
    match config.at(&["plugins", "allow"]).and_then(Node::texts) {
        Some(allow) if !allow.is_empty() => {
            let others = allow.iter().filter(|id| !PLUGINS.contains(&folded(id).as_str()));
            let others: Vec<String> = others.map(|id| (*id).to_owned()).collect();
            if !others.is_empty() {
                audit.add_tools(
                    Severity::Weaker,
                    Trap::Plugins,
                    "plugins.allow",
                    "it has others in it",
                    others,
                );
            }
        }
        // Empty is no list, here too.
        _ => audit.add(Trap::Plugins, "plugins.allow", "there is none"),
    }
}
