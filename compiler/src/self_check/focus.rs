//! The statements and rules that may speak of a resource: a hundred thousand rules on named
//! resources need not all be asked about each of them.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{self as model, Call};

use super::evaluate::Written;
use crate::checked::{Rule, Slot, Target, Tool};

/// Below this many rules every call is asked of all of them, so that small policies are compared
/// without this index.
const SMALL: usize = 256;

/// A kind and a lower-case first name.
type Key = (String, String);

/// A tool as written and as lowered, seen from one resource at a time.
pub(super) struct Focus<'c> {
    lowered: &'c model::Tool,
    /// `lowered` with the rules of one resource only.
    narrowed: model::Tool,
    allows: Index,
    denies: Index,
    requires: Index,
    lowered_allow: Index,
    lowered_deny: Index,
    /// What `narrowed` is narrowed to.
    at: Option<Option<Key>>,
    small: bool,
}

/// Numbers of rules by what they are tied to.
#[derive(Default)]
struct Index {
    /// Tied to no name.
    loose: Vec<usize>,
    tied: BTreeMap<Key, Vec<usize>>,
}

impl<'c> Focus<'c> {
    pub(super) fn new(tool: &Tool, lowered: &'c model::Tool) -> Self {
        let small = lowered.allow.len() + lowered.deny.len() < SMALL;
        let written = |rules: &[Rule]| {
            Index::of(small, rules.iter().map(|rule| rule.targets.iter().flat_map(keys_of_target).collect()))
        };
        let rules =
            |rules: &[model::Rule]| Index::of(small, rules.iter().map(|rule| [key_of(&rule.target)].into()));
        Self {
            lowered,
            narrowed: model::Tool {
                interface: lowered.interface.clone(),
                scope: lowered.scope.clone(),
                allow: Vec::new(),
                deny: Vec::new(),
                limits: Vec::new(),
            },
            allows: written(&tool.allows),
            denies: written(&tool.denies),
            requires: written(&tool.requires),
            lowered_allow: rules(&lowered.allow),
            lowered_deny: rules(&lowered.deny),
            at: None,
            small,
        }
    }

    /// The whole lowered tool.
    pub(super) fn whole(&self) -> &'c model::Tool {
        self.lowered
    }

    /// What may speak of the call's resource, as written and as lowered.
    pub(super) fn on(&mut self, call: &Call) -> (Written, &model::Tool) {
        let key = call.resource.as_ref().filter(|_| !self.small).map(|resource| {
            let name = resource.names.first().map(|name| name.to_ascii_lowercase());
            (resource.kind.clone(), name.unwrap_or_default())
        });
        let written = Written {
            allows: self.allows.at(key.as_ref()).collect(),
            denies: self.denies.at(key.as_ref()).collect(),
            requires: self.requires.at(key.as_ref()).collect(),
        };
        if self.at.as_ref() != Some(&key) {
            let rules = |index: &Index, rules: &[model::Rule]| {
                index.at(key.as_ref()).filter_map(|id| rules.get(id).cloned()).collect()
            };
            self.narrowed.allow = rules(&self.lowered_allow, &self.lowered.allow);
            self.narrowed.deny = rules(&self.lowered_deny, &self.lowered.deny);
            self.at = Some(key);
        }
        (written, &self.narrowed)
    }
}

impl Index {
    fn of(small: bool, keys: impl Iterator<Item = BTreeSet<Option<Key>>>) -> Self {
        let mut index = Self::default();
        for (id, keys) in keys.enumerate() {
            if small || keys.contains(&None) {
                index.loose.push(id);
                continue;
            }
            for key in keys.into_iter().flatten() {
                index.tied.entry(key).or_default().push(id);
            }
        }
        index
    }

    /// What is tied to `key` and what is tied to nothing.
    fn at(&self, key: Option<&Key>) -> impl Iterator<Item = usize> {
        let tied = key.and_then(|key| self.tied.get(key));
        self.loose.iter().chain(tied.into_iter().flatten()).copied()
    }
}

fn keys_of_target(target: &Target) -> Vec<Option<Key>> {
    match target {
        Target::Any => vec![None],
        Target::Of { kind, slots, .. } => match slots.first() {
            Some(Slot::OneOf(names)) => {
                names.iter().map(|name| Some((kind.to_string(), name.to_ascii_lowercase()))).collect()
            }
            Some(Slot::Any | Slot::Like(_)) | None => vec![None],
        },
    }
}

fn key_of(target: &model::Target) -> Option<Key> {
    match target {
        model::Target::Any => None,
        model::Target::Of { kind, slots } => match slots.first() {
            Some(model::Slot::Exact(name)) => Some((kind.to_string(), name.to_ascii_lowercase())),
            Some(model::Slot::Any | model::Slot::Like(_)) | None => None,
        },
    }
}
