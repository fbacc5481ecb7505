//! A configuration held to a policy: every way in which it is wider, and every wall that is missing.
//!
//! ```text
//! tools     what is left after all lists, per agent, against the policy's tools; then each list by itself
//! sandbox   what surrounds the agent's own processes
//! servers   whether the gate is the gate, what it is reached through, what else is there
//! plugin    whom ours asks about a call
//! around    models, plugins, the file
//! ```
//!
//! The comparison of tools is the judgement; single lists are looked at because each of them is a wall, and
//! because their traps are what people fall into.

mod around;
mod lists;
mod plugin;
mod sandbox;
mod servers;
mod tools;
mod trap;

use wpc_model::Policy;

use crate::config::Config;
use crate::demand::{Demand, EmitError, Options};
use crate::node::Node;

pub use trap::{Severity, Trap};

/// One thing that was found.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub trap: Trap,
    /// Where in the configuration: `agents.entries.billing.tools.allow`.
    pub place: String,
    /// What is there, in a few words. No secret is repeated.
    pub found: String,
    /// The tools or entries that it is about.
    pub tools: Vec<String>,
}

/// An agent's tools.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Compared {
    /// The agent.
    pub agent: String,
    /// Whether the policy is for it.
    pub named: bool,
    /// What it may be offered, as OpenClaw calls it.
    pub allowed: Vec<String>,
    /// What it is offered in some session.
    pub offered: Vec<String>,
}

/// What an audit found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Audit {
    /// The worst first.
    pub findings: Vec<Finding>,
    /// Each agent.
    pub agents: Vec<Compared>,
}

impl Audit {
    /// Whether the configuration lets an agent do more than the policy.
    #[must_use]
    pub fn is_wider(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Wider)
    }

    fn add(&mut self, trap: Trap, place: impl Into<String>, found: impl Into<String>) {
        self.add_as(trap.severity(), trap, place, found);
    }

    fn add_as(&mut self, severity: Severity, trap: Trap, place: impl Into<String>, found: impl Into<String>) {
        self.add_tools(severity, trap, place, found, Vec::new());
    }

    fn add_tools(
        &mut self,
        severity: Severity,
        trap: Trap,
        place: impl Into<String>,
        found: impl Into<String>,
        tools: Vec<String>,
    ) {
        self.findings.push(Finding { severity, trap, place: place.into(), found: found.into(), tools });
    }
}

/// Holds `config` to `policy`; `open` says that others can read or change its file.
///
/// # Errors
///
/// [`EmitError`] where `options` and the policy do not go together. Nothing about the configuration is one.
pub fn audit(config: &Config, policy: &Policy, options: &Options, open: bool) -> Result<Audit, EmitError> {
    let demand = Demand::of(policy, options)?;
    let mut audit = Audit::default();
    let gates = servers::check(&mut audit, config, &demand);
    tools::check(&mut audit, config, &demand, &gates);
    sandbox::check(&mut audit, config, &demand);
    around::check(&mut audit, config, policy, &demand, options);
    if config.at(&["plugins", "enabled"]).and_then(Node::flag) != Some(false) {
        plugin::check(&mut audit, config, &demand);
    }
    if open {
        audit.add(Trap::Readable, "", "its mode lets others in");
    }
    audit.findings.sort();
    audit.findings.dedup();
    Ok(audit)
}
