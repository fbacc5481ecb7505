//! The rules whose boundaries are tried: those that were written, and those that came out.
//!
//! Both, because a rule that got lost has boundaries only where it was written, and one that was
//! invented only where it came out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wpc_model::{self as model, Condition, Target, Value};

use crate::check::{expand, joined};
use crate::checked::{Actions, Placed, Tool};

/// One action on one target under conditions.
pub(super) struct Case {
    /// `None` for every action.
    pub(super) action: Option<Arc<str>>,
    pub(super) target: Target,
    /// Sorted, each once.
    pub(super) conditions: Arc<[Condition]>,
}

/// All cases of a tool; many may be equal.
pub(super) fn all<'c>(tool: &'c Tool, lowered: &'c model::Tool) -> impl Iterator<Item = Case> + 'c {
    // Allows without conditions of their own share those of their requires.
    let mut shared: BTreeMap<&[usize], Arc<[Condition]>> = BTreeMap::new();
    let allows = tool.joins.iter().filter_map(move |join| {
        let allow = tool.allows.get(join.allow)?;
        let build =
            || conditions(joined(tool, allow, &join.requires).into_iter().flat_map(|rule| &rule.conditions));
        let conditions = if allow.conditions.is_empty() {
            Arc::clone(shared.entry(&join.requires).or_insert_with(build))
        } else {
            build()
        };
        Some(cases(vec![Some(Arc::clone(&join.action))], join.targets.clone(), conditions))
    });
    let denies = tool.denies.iter().map(|deny| {
        let actions = match &deny.actions {
            Actions::Any => vec![None],
            Actions::Named(names) => named(names),
        };
        cases(actions, expand(&deny.targets), conditions(&deny.conditions))
    });
    let approvals = tool.approvals.iter().map(|approval| {
        cases(named(&approval.actions), expand(&approval.targets), conditions(&approval.conditions))
    });
    let limits =
        tool.limits.iter().map(|limit| cases(named(&limit.actions), expand(&limit.targets), conditions([])));
    let written = allows.chain(denies).chain(approvals).chain(limits).flatten();
    written.chain(lowered.allow.iter().chain(&lowered.deny).map(|rule| Case {
        action: rule.action.clone(),
        target: rule.target.clone(),
        conditions: Arc::clone(&rule.conditions),
    }))
}

fn named(names: &[Arc<str>]) -> Vec<Option<Arc<str>>> {
    names.iter().cloned().map(Some).collect()
}

fn conditions<'p>(placed: impl IntoIterator<Item = &'p Placed>) -> Arc<[Condition]> {
    let sorted: BTreeSet<&Condition> = placed.into_iter().map(|placed| &placed.condition).collect();
    sorted.into_iter().cloned().collect()
}

fn cases(
    actions: Vec<Option<Arc<str>>>,
    targets: Vec<Target>,
    conditions: Arc<[Condition]>,
) -> impl Iterator<Item = Case> {
    actions.into_iter().flat_map(move |action| {
        let conditions = Arc::clone(&conditions);
        targets.clone().into_iter().map(move |target| Case {
            action: action.clone(),
            target,
            conditions: Arc::clone(&conditions),
        })
    })
}

/// An action and conditions.
type Shape = (Option<Arc<str>>, Arc<[Condition]>);

/// What was tried already.
#[derive(Default)]
pub(super) struct Seen {
    /// Arguments that satisfy the conditions, built once.
    shapes: BTreeMap<Shape, (usize, BTreeMap<String, Value>)>,
    /// By the number of their shape.
    targets: BTreeSet<(usize, Target)>,
}

impl Seen {
    /// The arguments of a case, built by `build` if its action and conditions are new, which is
    /// said too; `None` if its target was tried with them.
    pub(super) fn meet(
        &mut self,
        case: &Case,
        build: impl FnOnce() -> BTreeMap<String, Value>,
    ) -> Option<(&BTreeMap<String, Value>, bool)> {
        let number = self.shapes.len();
        let shape = (case.action.clone(), Arc::clone(&case.conditions));
        let (found, base) = &*self.shapes.entry(shape).or_insert_with(|| (number, build()));
        self.targets.insert((*found, case.target.clone())).then_some((base, *found == number))
    }
}
