//! Which roles a policy's calls need, on what.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{Hash, Policy, Resource, Rule, Slot, Target, Tool, Truth};

use crate::entity::{Entity, EntityError, is_plain};
use crate::right::Right;

/// The interface whose calls need roles.
const SERVICE_BUS: &str = "azure_service_bus";

/// What is to be assigned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// The policy's name.
    pub policy: String,
    /// Its hash.
    pub hash: Hash,
    /// By namespace, in the order of their names.
    pub namespaces: Vec<Namespace>,
}

/// What is to be assigned in one namespace.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Namespace {
    /// Its host, as the policy says it.
    pub host: String,
    /// Its name, the host's first label.
    pub name: String,
    /// Sorted by right, then by entity.
    pub assignments: Vec<Assignment>,
    /// What the policy allows and nothing is assigned for.
    pub unassigned: Vec<Unassigned>,
    /// Conditions, limits and required approvals of the policy, which Azure does not know.
    pub unknown_to_azure: [usize; 3],
}

/// One role of one principal on one entity.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assignment {
    /// Which role, and so which principal.
    pub right: Right,
    /// On what.
    pub entity: Entity,
    /// The actions that need it, sorted.
    pub actions: BTreeSet<String>,
}

/// Something that the policy allows and that would fail in Azure.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Unassigned {
    /// The action.
    pub action: String,
    /// What the policy names: `queue orders/archive`, `any queue`.
    pub target: String,
    /// Why.
    pub why: Why,
}

/// Why nothing is assigned.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Why {
    /// A pattern: a role is assigned on entities, which the policy does not name.
    Pattern,
    /// The name cannot stand in an id as it is.
    Name,
    /// Only a role on the whole namespace allows it.
    Namespace,
}

/// How a plan is made.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// Entities that are there, for rules that name them by a pattern.
    pub entities: BTreeSet<Entity>,
    /// Assign on the whole namespace what cannot be assigned on entities.
    pub on_namespace: bool,
}

/// No plan can be made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RbacError {
    /// Code `rbac_no_service_bus`.
    #[error("the policy has no `tool azure_service_bus` that allows anything")]
    NoServiceBus,
    /// Code `rbac_namespace`.
    #[error("`{0}` is no host of a Service Bus namespace: `NAME.servicebus.windows.net` is")]
    Namespace(String),
}

impl RbacError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoServiceBus => "rbac_no_service_bus",
            Self::Namespace(_) => "rbac_namespace",
        }
    }
}

/// Which roles the calls need that `policy` allows. Each entity and action is looked at in every layer: what a
/// parent does not allow, or a `deny` without conditions takes away, needs no role.
///
/// # Errors
///
/// [`RbacError`] if the policy has no Service Bus, or if its namespace is none.
pub fn plan(policy: &Policy, choices: &Choices) -> Result<Plan, RbacError> {
    let mut by_host: BTreeMap<String, Namespace> = BTreeMap::new();
    for (name, tool) in &policy.tools {
        if tool.interface.name != SERVICE_BUS {
            continue;
        }
        let layers: Vec<&Tool> = policy.layers().filter_map(|layer| layer.tools.get(name)).collect();
        if layers.len() != policy.layers().count() {
            // A layer without the tool allows nothing of it.
            continue;
        }
        let host = tool.scope.first().cloned().unwrap_or_default();
        let found = Found { layers, choices }.namespace(tool);
        if found.is_empty() {
            continue;
        }
        let approvals = policy.layers().map(|layer| layer.approvals.len()).sum();
        let namespace = match by_host.remove(&host) {
            Some(namespace) => namespace,
            None => Namespace::named(&host, approvals)?,
        };
        by_host.insert(host, namespace.with(found));
    }
    if by_host.is_empty() {
        return Err(RbacError::NoServiceBus);
    }
    let hash = Hash::of(&wpc_model::encode(policy));
    Ok(Plan { policy: policy.name.clone(), hash, namespaces: by_host.into_values().collect() })
}

impl Plan {
    /// How much the policy allows that would fail in Azure.
    #[must_use]
    pub fn unassigned(&self) -> usize {
        self.namespaces.iter().map(|namespace| namespace.unassigned.len()).sum()
    }
}

impl Namespace {
    fn named(host: &str, approvals: usize) -> Result<Self, RbacError> {
        let wrong = || RbacError::Namespace(host.to_owned());
        let (name, _) = host.split_once(".servicebus.").ok_or_else(wrong)?;
        // 6 to 50 letters, digits and hyphens (resource name rules).
        let is_name = (6..=50).contains(&name.len()) && is_plain(name) && !name.contains(['.', '_']);
        if !is_name {
            return Err(wrong());
        }
        Ok(Self {
            host: host.to_owned(),
            name: name.to_owned(),
            assignments: Vec::new(),
            unassigned: Vec::new(),
            unknown_to_azure: [0, 0, approvals],
        })
    }

    fn with(mut self, found: Needs) -> Self {
        let mut all: BTreeMap<(Right, Entity), BTreeSet<String>> = self
            .assignments
            .drain(..)
            .map(|Assignment { right, entity, actions }| ((right, entity), actions))
            .collect();
        for (at, actions) in found.needed {
            all.entry(at).or_default().extend(actions);
        }
        // A role on the namespace holds for what is in it.
        for right in Right::ALL {
            if let Some(mut actions) = all.remove(&(right, Entity::Namespace)) {
                all.retain(|(other, _), narrower| {
                    let covered = *other == right;
                    if covered {
                        actions.append(narrower);
                    }
                    !covered
                });
                all.insert((right, Entity::Namespace), actions);
            }
        }
        self.assignments =
            all.into_iter().map(|((right, entity), actions)| Assignment { right, entity, actions }).collect();
        let unassigned: BTreeSet<_> = self.unassigned.drain(..).chain(found.unassigned).collect();
        self.unassigned = unassigned.into_iter().collect();
        let [conditions, limits, approvals] = self.unknown_to_azure;
        self.unknown_to_azure =
            [conditions.saturating_add(found.conditions), limits.saturating_add(found.limits), approvals];
        self
    }

    /// The rights that somebody needs here, each with its principal.
    #[must_use]
    pub fn rights(&self) -> Vec<Right> {
        let needed = |right: &Right| self.assignments.iter().any(|one| one.right == *right);
        Right::ALL.into_iter().filter(needed).collect()
    }
}

/// What one tool of a policy needs.
#[derive(Default)]
struct Needs {
    needed: BTreeMap<(Right, Entity), BTreeSet<String>>,
    unassigned: BTreeSet<Unassigned>,
    conditions: usize,
    limits: usize,
}

impl Needs {
    fn is_empty(&self) -> bool {
        self.needed.is_empty() && self.unassigned.is_empty()
    }

    fn need(&mut self, right: Right, entity: Entity, action: &str) {
        self.needed.entry((right, entity)).or_default().insert(action.to_owned());
    }
}

/// A tool in every layer, the policy's own first.
struct Found<'a> {
    layers: Vec<&'a Tool>,
    choices: &'a Choices,
}

impl Found<'_> {
    fn namespace(&self, tool: &Tool) -> Needs {
        let mut needs = Needs::default();
        for action in tool.interface.actions.keys() {
            if let Some(right) = Right::of(action) {
                self.action(tool, right, action, &mut needs);
            }
        }
        for layer in &self.layers {
            let conditions = layer.allow.iter().chain(&layer.deny).map(|rule| rule.conditions.len());
            needs.conditions = needs.conditions.saturating_add(conditions.sum());
            needs.limits = needs.limits.saturating_add(layer.limits.len());
        }
        needs
    }

    fn action(&self, tool: &Tool, right: Right, action: &str, needs: &mut Needs) {
        let rules: Vec<&Rule> =
            tool.allow.iter().filter(|rule| rule.action.as_deref() == Some(action)).collect();
        if rules.is_empty() {
            return;
        }
        if tool.interface.actions.get(action).is_some_and(|action| action.kinds.is_empty()) {
            // It acts on no entity.
            if self.allows(action, None) {
                self.on_namespace(right, action, "the namespace".to_owned(), Why::Namespace, needs);
            }
            return;
        }
        for rule in rules {
            match exact(&rule.target) {
                Some(resource) if self.allows(action, Some(&resource)) => {
                    let names: Vec<&str> = resource.names.iter().map(String::as_str).collect();
                    match Entity::of(&resource.kind, &names) {
                        Ok(entity) => needs.need(right, entity, action),
                        Err(EntityError::Name(_) | EntityError::Unknown(_)) => {
                            let target = format!("{} {}", resource.kind, names.join("/"));
                            needs.unassigned.insert(Unassigned {
                                action: action.to_owned(),
                                target,
                                why: Why::Name,
                            });
                        }
                    }
                }
                Some(_) => {}
                None => self.pattern(&rule.target, right, action, needs),
            }
        }
    }

    /// A rule that names no single entity.
    fn pattern(&self, target: &Target, right: Right, action: &str, needs: &mut Needs) {
        let mut none = true;
        for entity in &self.choices.entities {
            let Some(resource) = entity.resource() else { continue };
            if target.matches(Some(&resource)) == Truth::True && self.allows(action, Some(&resource)) {
                needs.need(right, entity.clone(), action);
                none = false;
            }
        }
        if none {
            self.on_namespace(right, action, shown(target), Why::Pattern, needs);
        }
    }

    fn on_namespace(&self, right: Right, action: &str, target: String, why: Why, needs: &mut Needs) {
        if self.choices.on_namespace {
            needs.need(right, Entity::Namespace, action);
        } else {
            needs.unassigned.insert(Unassigned { action: action.to_owned(), target, why });
        }
    }

    /// Whether some call of the action on the resource may be allowed by the rules of every layer.
    fn allows(&self, action: &str, resource: Option<&Resource>) -> bool {
        let of = |rule: &Rule| rule.action.as_deref().is_none_or(|of| of == action);
        self.layers.iter().all(|layer| {
            let allowed =
                layer.allow.iter().any(|rule| of(rule) && rule.target.matches(resource) == Truth::True);
            // What is unknown of a deny denies too.
            let denied = layer.deny.iter().any(|rule| {
                of(rule) && rule.conditions.is_empty() && rule.target.matches(resource) != Truth::False
            });
            allowed && !denied
        })
    }
}

/// The one resource that a target names.
fn exact(target: &Target) -> Option<Resource> {
    let Target::Of { kind, slots } = target else { return None };
    let names = slots.iter().map(|slot| match slot {
        Slot::Exact(name) => Some(name.clone()),
        Slot::Any | Slot::Like(_) => None,
    });
    Some(Resource { kind: kind.to_string(), names: names.collect::<Option<_>>()? })
}

fn shown(target: &Target) -> String {
    let Target::Of { kind, slots } = target else { return "any entity".to_owned() };
    let slots: Vec<&str> = slots
        .iter()
        .map(|slot| match slot {
            Slot::Any => "any",
            Slot::Exact(text) | Slot::Like(text) => text,
        })
        .collect();
    format!("{kind} {}", slots.join("/"))
}
