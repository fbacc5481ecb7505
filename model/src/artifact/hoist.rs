//! What an artifact says once for a whole tool (LANGUAGE.md section 8).
//!
//! A named constraint on an argument is hoisted iff every allow of every action that has the
//! argument carries the identical condition, and there is such an allow. A named per-job limit
//! is hoisted iff exactly one limit per job of its measure speaks of any resource and of exactly
//! the allowed actions that have the argument. So reading can put back what writing took out.

use std::collections::{BTreeMap, BTreeSet};

use super::family::heads;
use crate::{
    Action, Condition, Constraint, Interface, Limit, Measure, Owner, Rule, Target, Test, Tool, Window,
};

/// What is hoisted, by the constraint's name.
pub(super) type Hoisted<'p> = BTreeMap<&'p str, Hoist<'p>>;

/// One hoisted thing.
#[derive(Clone, Copy)]
pub(super) enum Hoist<'p> {
    /// Of each allow of an action that has the argument.
    Condition(&'p Condition),
    /// Of the tool.
    Limit(&'p Limit),
}

/// Finds what is hoisted from `tool`.
pub(super) fn hoist(tool: &Tool) -> Hoisted<'_> {
    let named = tool.interface.constraints.iter();
    let allow = heads(&tool.allow);
    named.filter_map(|(name, constraint)| Some((name.as_str(), find(tool, &allow, constraint)?))).collect()
}

fn find<'p>(tool: &'p Tool, allow: &[&'p Rule], constraint: &Constraint) -> Option<Hoist<'p>> {
    match constraint {
        Constraint::LimitPerJob { measure } => {
            let actions = actions_with(&tool.interface, allow, measure);
            let fits = |limit: &&Limit| {
                matches!(&limit.measure, Measure::Argument(name) if name == measure)
                    && limit.window == Window::Job
                    && limit.owner == Owner::Job
                    && !limit.by_resource
                    && limit.by.is_empty()
                    && matches!(limit.targets.as_slice(), [Target::Any])
                    && limit.actions.iter().map(String::as_str).eq(actions.iter().copied())
            };
            only(tool.limits.iter().filter(fits)).map(Hoist::Limit)
        }
        Constraint::Compare { .. }
        | Constraint::In { .. }
        | Constraint::Has { .. }
        | Constraint::Lacks { .. } => common(&tool.interface, allow, constraint).map(Hoist::Condition),
    }
}

/// The condition of `constraint` that every allow with its argument carries.
fn common<'p>(interface: &Interface, allow: &[&'p Rule], constraint: &Constraint) -> Option<&'p Condition> {
    let subject = constraint.subject();
    let mut rules = allow.iter().filter(|rule| has(interface, rule, subject));
    let covered = |rule: &&'p Rule| only(rule.conditions.iter().filter(|one| constraint.covers(one)));
    let condition = covered(rules.next()?)?;
    rules.all(|rule| covered(rule) == Some(condition)).then_some(condition)
}

/// The item, if there is exactly one.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

/// The actions of `allow` ([`heads`] will do) that have an argument or element field of this name.
pub(crate) fn actions_with<'p>(interface: &Interface, allow: &[&'p Rule], name: &str) -> BTreeSet<&'p str> {
    let with = allow.iter().filter(|rule| has(interface, rule, name));
    with.filter_map(|rule| rule.action.as_deref()).collect()
}

fn has(interface: &Interface, rule: &Rule, name: &str) -> bool {
    let action = rule.action.as_deref().and_then(|action| interface.actions.get(action));
    action.is_some_and(|action| interface.has(action, name))
}

impl Interface {
    /// Whether `action` has an argument, or elements a field, of this name.
    pub(super) fn has(&self, action: &Action, name: &str) -> bool {
        self.field(action, name).is_some()
    }
}

impl Constraint {
    /// Whether `condition` is of its form.
    fn covers(&self, condition: &Condition) -> bool {
        let subject = &condition.subject;
        let plain =
            subject.quantifier.is_none() && subject.steps.is_empty() && subject.name == self.subject();
        plain
            && match (self, &condition.test) {
                (Self::Compare { comparison, .. }, Test::Compare(found, _)) => comparison == found,
                (Self::In { .. }, Test::In(_))
                | (Self::Has { .. }, Test::Has(_))
                | (Self::Lacks { .. }, Test::Lacks(_)) => true,
                _ => false,
            }
    }
}

/// Whether `condition` of an allow of `action` stands in the tool's `constraints`.
pub(super) fn is_hoisted(
    hoisted: &Hoisted<'_>,
    interface: &Interface,
    action: Option<&Action>,
    condition: &Condition,
) -> bool {
    action.is_some_and(|action| interface.has(action, &condition.subject.name))
        && hoisted.values().any(|hoist| matches!(hoist, Hoist::Condition(one) if *one == condition))
}
