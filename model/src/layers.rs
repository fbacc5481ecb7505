//! A policy and what it extends, as layers: a call is allowed if each layer allows it.

use std::fmt;

use crate::{Action, Auth, Evidence, Interface, OnChange, Policy, Tool};

impl Policy {
    /// The policy itself, then each parent followed by its own, in the order of their hashes. One that
    /// is extended twice comes twice, which changes nothing.
    ///
    /// ```
    /// # use wpc_model::{Auth, Evidence, Policy, Settings};
    /// # let auth = Auth { max_ttl_seconds: 900, pin_policy_hash: true, job_scoped_binding: true, proof_of_possession: true };
    /// # let named = |name: &str, parents| Policy { name: name.into(), tools: [].into(), auth, approvals: vec![],
    /// #     evidence: Evidence::default(), settings: Settings::default(), schemas: [].into(), orders: vec![], parents };
    /// let policy = named("job", vec![named("team", vec![named("company", vec![])])]);
    /// let names: Vec<_> = policy.layers().map(|layer| layer.name.as_str()).collect();
    /// assert_eq!(names, ["job", "team", "company"]);
    /// ```
    pub fn layers(&self) -> impl Iterator<Item = &Self> + use<'_> {
        let mut next = Some(self);
        let mut waiting: Vec<std::slice::Iter<'_, Self>> = Vec::new();
        std::iter::from_fn(move || {
            let layer = next.take().or_else(|| {
                while let Some(last) = waiting.last_mut() {
                    if let Some(layer) = last.next() {
                        return Some(layer);
                    }
                    waiting.pop();
                }
                None
            })?;
            if !layer.parents.is_empty() {
                waiting.push(layer.parents.iter());
            }
            Some(layer)
        })
    }

    /// Whether `agent` may work on a job: in each layer, exactly one of those that it names, or anybody
    /// where it names nobody.
    #[must_use]
    pub fn admits_agent(&self, agent: &str) -> bool {
        self.layers().all(|layer| layer.settings.admits_agent(agent))
    }

    /// What the job's token must be: of all layers the shortest lifetime, and whatever one of them demands.
    #[must_use]
    pub fn token(&self) -> Auth {
        self.layers().skip(1).fold(self.auth, |token, layer| Auth {
            max_ttl_seconds: token.max_ttl_seconds.min(layer.auth.max_ttl_seconds),
            pin_policy_hash: token.pin_policy_hash || layer.auth.pin_policy_hash,
            job_scoped_binding: token.job_scoped_binding || layer.auth.job_scoped_binding,
            proof_of_possession: token.proof_of_possession || layer.auth.proof_of_possession,
        })
    }

    /// Evidence that must exist: whatever a layer demands, kept for the longest time; for ever where one
    /// of them names none.
    #[must_use]
    pub fn proof(&self) -> Evidence {
        self.layers().skip(1).fold(self.evidence, |proof, layer| Evidence {
            gateway_receipts: proof.gateway_receipts || layer.evidence.gateway_receipts,
            retain_ms: proof.retain_ms.zip(layer.evidence.retain_ms).map(|(one, other)| one.max(other)),
        })
    }

    /// What becomes of running jobs when the policy is replaced: the strictest of all layers.
    #[must_use]
    pub fn on_change(&self) -> OnChange {
        self.layers().map(|layer| layer.settings.on_change).max().unwrap_or_default()
    }

    /// Where a parent, or one of its own, means another thing by a tool of this policy. Such a parent
    /// says nothing of this policy's calls, so none may be embedded.
    #[must_use]
    pub fn clash(&self) -> Option<Clash<'_>> {
        self.layers().skip(1).find_map(|parent| {
            self.tools.iter().find_map(|(name, tool)| {
                let found = clash(tool, parent.tools.get(name)?)?;
                Some(Clash { parent, tool: name, found })
            })
        })
    }
}

/// A tool that a policy and one that it extends understand differently.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Clash<'p> {
    /// The parent, or one of its own.
    pub parent: &'p Policy,
    /// The tool's name in both.
    pub tool: &'p str,
    /// In what they differ.
    pub found: Clashing,
}

/// In what two uses of a tool differ.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Clashing {
    /// They are uses of interfaces of other names.
    Interface,
    /// They act in other places: the scope, or its values.
    Scope,
    /// This action takes or returns other things.
    Action(String),
    /// Resources of this kind have other names.
    Kind(String),
    /// This record has other fields.
    Record(String),
}

impl fmt::Display for Clashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |name| crate::place::Quoted(name);
        match self {
            Self::Interface => f.write_str("is of another interface"),
            Self::Scope => f.write_str("acts in another place"),
            Self::Action(action) => write!(f, "takes or returns other things in {}", name(action)),
            Self::Kind(kind) => write!(f, "names other resources by {}", name(kind)),
            Self::Record(record) => write!(f, "has other fields in {}", name(record)),
        }
    }
}

/// In what both slices have, they must agree; what one of them has alone, the other allows nothing of.
fn clash(one: &Tool, other: &Tool) -> Option<Clashing> {
    let (of, with): (&Interface, &Interface) = (&one.interface, &other.interface);
    if of.name != with.name {
        return Some(Clashing::Interface);
    }
    if of.scope != with.scope || one.scope != other.scope {
        return Some(Clashing::Scope);
    }
    let differs = |(name, action): &(&String, &Action)| {
        with.actions.get(*name).is_some_and(|other| !agree(action, other))
    };
    if let Some((name, _)) = of.actions.iter().find(differs) {
        return Some(Clashing::Action(name.clone()));
    }
    let differs = |(name, kind): &(&String, &_)| with.kinds.get(*name).is_some_and(|other| other != *kind);
    if let Some((name, _)) = of.kinds.iter().find(differs) {
        return Some(Clashing::Kind(name.clone()));
    }
    let differs = |(name, one): &(&String, &_)| with.records.get(*name).is_some_and(|other| other != *one);
    of.records.iter().find(differs).map(|(name, _)| Clashing::Record(name.clone()))
}

/// Of what comes back each slice has what its own policy reads.
fn agree(one: &Action, other: &Action) -> bool {
    let mut results = one.results.iter();
    one.wire == other.wire
        && one.kinds == other.kinds
        && one.arguments == other.arguments
        && results.all(|(name, result)| other.results.get(name).is_none_or(|other| other == result))
}
