//! Which statements speak of a resource: requires of an allow, approvals of it, denies of it.
//!
//! A statement that names resources exactly is found by their names, so that a hundred thousand
//! allows and requires do not meet pair by pair. Names compare without letter case: a statement
//! speaks of what differs from its names only so, because it is then not false.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wpc_model as model;

use crate::checked::{Actions, Slot, Target};
use crate::pattern;

/// Comparisons after which the answer is "too many": a policy of patterns only.
const BUDGET: usize = 2_000_000;
/// A target that names more resources than this is kept as lists.
const MAX_PRODUCT: usize = 256;

/// Statements by what they speak of.
#[derive(Debug)]
pub(crate) struct Coverage {
    of_action: BTreeMap<Arc<str>, Covered>,
    /// Of every action.
    of_any: Covered,
    left: Cell<usize>,
}

#[derive(Debug, Default)]
struct Covered {
    /// Statements that speak of every resource.
    all: Vec<usize>,
    of_kind: BTreeMap<Arc<str>, OfKind>,
}

#[derive(Debug, Default)]
struct OfKind {
    /// By lower-case names.
    exact: BTreeMap<Vec<String>, Vec<usize>>,
    broad: Vec<(usize, Vec<Slot>)>,
}

/// The statements that speak of a target.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Found {
    /// Of all of it, sorted.
    pub(crate) covering: Vec<usize>,
    /// Of some of it and not of the rest, sorted.
    pub(crate) partial: Vec<usize>,
}

/// Too many comparisons were needed.
#[derive(Debug)]
pub(crate) struct Exhausted;

/// How what a statement names relates to a target.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Relation {
    Disjoint,
    Partial,
    Covers,
}

impl Default for Coverage {
    fn default() -> Self {
        Self { of_action: BTreeMap::new(), of_any: Covered::default(), left: Cell::new(BUDGET) }
    }
}

impl Coverage {
    /// Adds statement `id`.
    pub(crate) fn add(&mut self, id: usize, actions: &Actions, targets: &[Target]) {
        match actions {
            Actions::Any => self.of_any.add(id, targets),
            Actions::Named(names) => {
                for name in names {
                    self.of_action.entry(name.clone()).or_default().add(id, targets);
                }
            }
        }
    }

    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.of_action.is_empty() && self.of_any.all.is_empty() && self.of_any.of_kind.is_empty()
    }

    /// The statements that speak of `action` on `target`.
    pub(crate) fn find(&self, action: &str, target: &model::Target) -> Result<Found, Exhausted> {
        let mut relations: BTreeMap<usize, Relation> = BTreeMap::new();
        self.of_any.find(target, &self.left, &mut relations)?;
        if let Some(covered) = self.of_action.get(action) {
            covered.find(target, &self.left, &mut relations)?;
        }
        let mut found = Found::default();
        for (id, relation) in relations {
            match relation {
                Relation::Covers => found.covering.push(id),
                Relation::Partial => found.partial.push(id),
                Relation::Disjoint => {}
            }
        }
        Ok(found)
    }
}

impl Covered {
    fn add(&mut self, id: usize, targets: &[Target]) {
        for target in targets {
            match target {
                Target::Any => self.all.push(id),
                Target::Of { kind, slots, .. } => {
                    let of_kind = self.of_kind.entry(kind.clone()).or_default();
                    match exact(slots) {
                        Some(names) => names
                            .into_iter()
                            .for_each(|names| of_kind.exact.entry(names).or_default().push(id)),
                        None => of_kind.broad.push((id, slots.iter().map(lowered).collect())),
                    }
                }
            }
        }
    }

    fn find(
        &self,
        target: &model::Target,
        left: &Cell<usize>,
        relations: &mut BTreeMap<usize, Relation>,
    ) -> Result<(), Exhausted> {
        let mut note = |id: usize, relation: Relation| {
            let known = relations.entry(id).or_insert(Relation::Disjoint);
            *known = (*known).max(relation);
        };
        self.all.iter().for_each(|id| note(*id, Relation::Covers));
        let model::Target::Of { kind, slots } = target else {
            // A target of every resource is covered by such statements alone.
            for of_kind in self.of_kind.values() {
                of_kind.exact.values().flatten().for_each(|id| note(*id, Relation::Partial));
                of_kind.broad.iter().for_each(|(id, _)| note(*id, Relation::Partial));
            }
            return Ok(());
        };
        let Some(of_kind) = self.of_kind.get(kind) else { return Ok(()) };
        let names: Option<Vec<String>> = slots
            .iter()
            .map(|slot| match slot {
                model::Slot::Exact(name) => Some(name.to_ascii_lowercase()),
                model::Slot::Any | model::Slot::Like(_) => None,
            })
            .collect();
        if let Some(names) = &names {
            of_kind.exact.get(names).into_iter().flatten().for_each(|id| note(*id, Relation::Covers));
        } else {
            for (names, ids) in &of_kind.exact {
                spend(left, 1)?;
                let each = names
                    .iter()
                    .zip(slots)
                    .map(|(name, slot)| relation(&Slot::OneOf(vec![name.clone()]), slot));
                let relation = together(each);
                ids.iter().for_each(|id| note(*id, relation));
            }
        }
        for (id, of) in &of_kind.broad {
            spend(left, of.iter().zip(slots).map(|(of, slot)| cost(of, slot)).sum())?;
            note(*id, together(of.iter().zip(slots).map(|(of, slot)| relation(of, slot))));
        }
        Ok(())
    }
}

/// What comparing two slots costs: patterns compare character by character.
fn cost(of: &Slot, target: &model::Slot) -> usize {
    match (of, target) {
        (Slot::Like(outer), model::Slot::Like(inner) | model::Slot::Exact(inner)) => {
            1 + outer.len().saturating_mul(inner.len()) / 64
        }
        (Slot::OneOf(names), model::Slot::Like(_)) => names.len(),
        _ => 1,
    }
}

fn spend(left: &Cell<usize>, cost: usize) -> Result<(), Exhausted> {
    left.set(left.get().checked_sub(cost).ok_or(Exhausted)?);
    Ok(())
}

/// All combinations of lower-case names, if every slot names some and they are not too many.
fn exact(slots: &[Slot]) -> Option<BTreeSet<Vec<String>>> {
    let mut combinations: BTreeSet<Vec<String>> = BTreeSet::from([Vec::new()]);
    for slot in slots {
        let Slot::OneOf(names) = slot else { return None };
        if combinations.len().checked_mul(names.len())? > MAX_PRODUCT {
            return None;
        }
        let longer = combinations.iter().flat_map(|before| {
            names.iter().map(move |name| before.iter().cloned().chain([name.to_ascii_lowercase()]).collect())
        });
        combinations = longer.collect();
    }
    Some(combinations)
}

fn lowered(slot: &Slot) -> Slot {
    match slot {
        Slot::Any => Slot::Any,
        Slot::Like(pattern) => Slot::Like(pattern.to_ascii_lowercase()),
        Slot::OneOf(names) => {
            let lower: BTreeSet<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
            Slot::OneOf(lower.into_iter().collect())
        }
    }
}

/// One slot of a statement, in lower case, against one of a target.
fn relation(of: &Slot, target: &model::Slot) -> Relation {
    let definitely = |yes: bool| if yes { Relation::Covers } else { Relation::Disjoint };
    let partly = |yes: bool| if yes { Relation::Partial } else { Relation::Disjoint };
    match (of, target) {
        (Slot::Any, _) => Relation::Covers,
        (Slot::OneOf(names), model::Slot::Exact(name)) => {
            definitely(names.binary_search(&name.to_ascii_lowercase()).is_ok())
        }
        (Slot::OneOf(_), model::Slot::Any) => Relation::Partial,
        (Slot::OneOf(names), model::Slot::Like(inner)) => {
            let inner = inner.to_ascii_lowercase();
            partly(names.iter().any(|name| model::glob(&inner, name)))
        }
        (Slot::Like(pattern), model::Slot::Exact(name)) => {
            definitely(model::glob(pattern, &name.to_ascii_lowercase()))
        }
        (Slot::Like(pattern), model::Slot::Any) => {
            if pattern.bytes().all(|byte| byte == b'*') {
                Relation::Covers
            } else {
                Relation::Partial
            }
        }
        (Slot::Like(pattern), model::Slot::Like(inner)) => {
            let inner = inner.to_ascii_lowercase();
            if pattern::covers(pattern, &inner) {
                Relation::Covers
            } else {
                partly(pattern::overlap(pattern, &inner))
            }
        }
    }
}

/// A resource is spoken of if each of its names is.
fn together(relations: impl Iterator<Item = Relation>) -> Relation {
    relations.min().unwrap_or(Relation::Covers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(slot: Slot) -> Target {
        Target::Of { kind: "queue".into(), slots: vec![slot], span: wpc_grammar::Span::default() }
    }

    fn names(names: &[&str]) -> Slot {
        Slot::OneOf(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[track_caller]
    fn check(of: Slot, target: model::Slot, covering: bool, partial: bool) {
        let mut coverage = Coverage::default();
        coverage.add(7, &Actions::Named(vec!["send".into()]), &[queue(of)]);
        let target = model::Target::Of { kind: "queue".into(), slots: vec![target] };
        let found = coverage.find("send", &target).expect("within the budget");
        assert_eq!((!found.covering.is_empty(), !found.partial.is_empty()), (covering, partial));
        assert_eq!(coverage.find("receive", &target).expect("within the budget"), Found::default());
    }

    #[test]
    fn an_exact_name_is_found_in_any_letter_case() {
        check(names(&["Orders", "b"]), model::Slot::Exact("orders".into()), true, false);
        check(names(&["orders"]), model::Slot::Exact("refunds".into()), false, false);
    }

    #[test]
    fn a_pattern_covers_meets_or_misses() {
        check(Slot::Like("o*".into()), model::Slot::Like("Orders-*".into()), true, false);
        check(Slot::Like("*-eu".into()), model::Slot::Like("orders-*".into()), false, true);
        check(names(&["orders-eu"]), model::Slot::Like("orders-*".into()), false, true);
        check(names(&["refunds"]), model::Slot::Like("orders-*".into()), false, false);
        check(Slot::Any, model::Slot::Any, true, false);
        check(names(&["orders"]), model::Slot::Any, false, true);
    }

    #[test]
    fn a_statement_of_everything_covers_everything() {
        let mut coverage = Coverage::default();
        coverage.add(1, &Actions::Any, &[Target::Any]);
        let found = coverage.find("whatever", &model::Target::Any).expect("within the budget");
        assert_eq!(found.covering, [1]);
    }
}
