//! Rules that differ in a resource's name only. A policy may have a hundred thousand of them, so
//! what follows from the rest is found once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Condition, Rule, Target};

/// Most families that are remembered at a time.
const MAX_FAMILIES: usize = 4096;

/// Where a rule's action, kind and conditions are held. Rules that share all three are of one
/// family; rules that hold equal copies merely cost time.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Family([Option<usize>; 3]);

impl Family {
    pub(crate) fn of(rule: &Rule) -> Self {
        let kind = if let Target::Of { kind, .. } = &rule.target { Some(kind) } else { None };
        let text = |text: &Arc<str>| Arc::as_ptr(text).addr();
        let conditions = Arc::<[Condition]>::as_ptr(&rule.conditions).addr();
        Self([rule.action.as_ref().map(text), kind.map(text), Some(conditions)])
    }
}

/// What is known of each family, while the rules stay where they are.
pub(crate) struct Families<T>(BTreeMap<Family, T>);

impl<T> Families<T> {
    pub(crate) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// What is known of the rule's family; found by `find` if it is new.
    pub(crate) fn of(&mut self, rule: &Rule, find: impl FnOnce() -> T) -> &mut T {
        let family = Family::of(rule);
        if self.0.len() >= MAX_FAMILIES && !self.0.contains_key(&family) {
            self.0.clear();
        }
        self.0.entry(family).or_insert_with(find)
    }
}

/// At least one rule of each family, in order.
pub(crate) fn heads(rules: &[Rule]) -> Vec<&Rule> {
    let mut known = Families::new();
    let is_new = |rule: &&Rule| !std::mem::replace(known.of(rule, || false), true);
    rules.iter().filter(is_new).collect()
}
