//! Allows and denies.

use super::{Invalid, MAX_CONDITIONS, MAX_CONSTANTS, MAX_RULES, few};
use crate::artifact::{Families, RuleIds, is_normal};
use crate::place::{Place, Quoted};
use crate::{Action, Condition, Effect, Interface, Rule, Slot, Source, Target, Tool, Value};

pub(super) fn check(tool: &Tool, name: &str, at: Place<'_>) -> Result<(), Invalid> {
    all(tool, name, Effect::Allow, &tool.allow, at.member("allow"))?;
    all(tool, name, Effect::Deny, &tool.deny, at.member("deny"))
}

fn all(tool: &Tool, name: &str, effect: Effect, rules: &[Rule], at: Place<'_>) -> Result<(), Invalid> {
    few(rules.len(), MAX_RULES, at)?;
    if !rules.is_sorted_by(|left, right| left.id < right.id) {
        return Err(Invalid::new(at, "is not sorted by id"));
    }
    let (mut families, mut ids) = (Families::new(), RuleIds::new(name, effect));
    for (index, rule) in rules.iter().enumerate() {
        let at = at.item(index);
        let checked = families.of(rule, || false);
        one(tool, effect, rule, *checked, at)?;
        *checked = true;
        let found = ids.of(rule);
        if rule.id != found {
            return Err(Invalid::new(at.member("id"), format!("is not the rule's: expected `{found}`")));
        }
    }
    Ok(())
}

/// `checked`: another rule of the family was found right.
fn one(tool: &Tool, effect: Effect, rule: &Rule, checked: bool, at: Place<'_>) -> Result<(), Invalid> {
    let interface = &tool.interface;
    let Some(action) = &rule.action else {
        if effect == Effect::Allow {
            return Err(Invalid::new(at.member("op"), "an allow names its action"));
        }
        target(interface, None, &rule.target, at)?;
        let takes = |action: &&Action| match &rule.target {
            Target::Any => true,
            Target::Of { kind, .. } => takes(action, kind),
        };
        let mut actions = interface.actions.values().filter(takes);
        return actions
            .try_for_each(|action| conditions(interface, action, &rule.conditions, at.member("if")));
    };
    let found = interface.actions.get(&**action);
    let found =
        found.ok_or_else(|| Invalid::new(at.member("op"), format!("{} is no action", Quoted(action))))?;
    target(interface, Some(found), &rule.target, at)?;
    if checked { Ok(()) } else { conditions(interface, found, &rule.conditions, at.member("if")) }
}

fn takes(action: &Action, kind: &str) -> bool {
    action.kinds.iter().any(|one| one == kind)
}

/// A target's kind exists, is one that the action takes, and each slot may stand for its parameter.
pub(super) fn target(
    interface: &Interface,
    action: Option<&Action>,
    target: &Target,
    at: Place<'_>,
) -> Result<(), Invalid> {
    let Target::Of { kind, slots } = target else { return Ok(()) };
    let found = interface.kinds.get(&**kind).filter(|_| action.is_none_or(|action| takes(action, kind)));
    let wrong =
        || Invalid::new(at.member("kind"), format!("{} is no kind that the action takes", Quoted(kind)));
    let parameters = &found.ok_or_else(wrong)?.template.parameters;
    let at = at.member("slots");
    if parameters.len() != slots.len() {
        return Err(Invalid::new(at, "has another number of slots than its kind has parameters"));
    }
    for (index, ((_, ty), slot)) in parameters.iter().zip(slots).enumerate() {
        let checked = match slot {
            Slot::Any => Ok(()),
            Slot::Like(pattern) if pattern.is_empty() => Err("is an empty pattern".to_owned()),
            Slot::Like(_) if !ty.takes_patterns() => Err(format!("is a pattern of a `{}`", ty.word())),
            Slot::Like(_) => Ok(()),
            Slot::Exact(name) => interface.spells(ty, name).map_err(|malformed| malformed.message),
        };
        checked.map_err(|message| Invalid::new(at.item(index), message))?;
    }
    Ok(())
}

/// Sorted, each legal on `action`.
pub(super) fn conditions(
    interface: &Interface,
    action: &Action,
    conditions: &[Condition],
    at: Place<'_>,
) -> Result<(), Invalid> {
    few(conditions.len(), MAX_CONDITIONS, at)?;
    if !is_normal(conditions) {
        return Err(Invalid::new(at, "is not sorted"));
    }
    for (index, condition) in conditions.iter().enumerate() {
        let at = at.item(index);
        few(condition.test.set().map_or(0, <[Value]>::len), MAX_CONSTANTS, at)?;
        few(condition.sources().map_or(0, <[Source]>::len), MAX_CONSTANTS, at)?;
        condition.check(interface, action).map_err(|message| Invalid::new(at, message))?;
    }
    Ok(())
}
