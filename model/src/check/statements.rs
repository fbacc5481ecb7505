//! Limits and approvals.

use super::{Invalid, MAX_STATEMENTS, few, rules};
use crate::place::{Place, Quoted};
use crate::{
    Action, Approval, Approver, Bind, Field, Interface, Limit, MAX_INTEGER, Measure, Policy, Target, Terms,
    Tool, Type, Uses, Window, check_did,
};

pub(super) fn limits(tool: &Tool, name: &str, at: Place<'_>) -> Result<(), Invalid> {
    few(tool.limits.len(), MAX_STATEMENTS, at)?;
    if !tool.limits.is_sorted_by(|left, right| left.id < right.id) {
        return Err(Invalid::new(at, "is not sorted by id"));
    }
    for (index, limit) in tool.limits.iter().enumerate() {
        let at = at.item(index);
        one_limit(&tool.interface, limit, at)?;
        let per = limit.per();
        let Limit { measure, actions, targets, max, .. } = limit.clone();
        if Limit::new(name, measure, actions, targets, max, per) != *limit {
            return Err(Invalid::new(at, "is not in normal form, or has another id"));
        }
    }
    Ok(())
}

fn one_limit(interface: &Interface, limit: &Limit, at: Place<'_>) -> Result<(), Invalid> {
    if !(0..=MAX_INTEGER).contains(&limit.max) {
        return Err(Invalid::new(at.member("max"), "is out of range"));
    }
    if let Window::Sliding { ms } = limit.window {
        super::positive(Some(ms), at.member("per"))?;
    }
    let actions = actions(interface, &limit.actions, at)?;
    on(interface, &actions, &limit.targets, at)?;
    counters(limit, &actions, at)?;
    let Measure::Argument(measure) = &limit.measure else { return Ok(()) };
    let at = at.member("measure");
    if limit.window == Window::Flight {
        return Err(Invalid::new(at, "is not `calls`, the one thing in flight"));
    }
    let mut unit = None;
    for action in actions {
        let found = interface.field(action, measure).and_then(countable);
        let found = found.ok_or_else(|| Invalid::new(at, format!("{} cannot be summed", Quoted(measure))))?;
        if *unit.get_or_insert(found) != found {
            return Err(Invalid::new(at, format!("{} has another unit in another action", Quoted(measure))));
        }
    }
    Ok(())
}

/// What tells a limit's counters apart: there in every call of each of its actions.
fn counters(limit: &Limit, actions: &[&Action], at: Place<'_>) -> Result<(), Invalid> {
    if limit.by_resource && actions.iter().any(|action| action.kinds.is_empty()) {
        return Err(Invalid::new(at.member("by_resource"), "counts by resource what takes none"));
    }
    let at = at.member("by");
    few(limit.by.len(), super::MAX_PARTS, at)?;
    let keys = |name: &String| {
        let mut fields = actions.iter().map(|action| action.arguments.get(name));
        fields.all(|field| field.is_some_and(is_key))
    };
    match limit.by.iter().find(|name| !keys(name)) {
        Some(name) => Err(Invalid::new(at, format!("{} tells no two calls apart", Quoted(name)))),
        None => Ok(()),
    }
}

/// Whether calls can be told apart by this argument: one value, there in every call and readable.
fn is_key(field: &Field) -> bool {
    let scalar = field.ty == Type::Bool || field.ty.is_integer() || field.ty.is_text();
    scalar && !field.optional && !field.sealed
}

/// What a field adds up to: things, bytes, time, or an amount of a currency. `None` if it cannot be
/// summed or may be absent.
fn countable(field: &Field) -> Option<(&str, &str)> {
    let currency = if let Type::Money { currency } = &field.ty { Some(currency.as_str()) } else { None };
    let word = if matches!(field.ty, Type::Batch(_)) { Type::Count.word() } else { field.ty.word() };
    let summed = field.ty.is_natural() || matches!(field.ty, Type::Batch(_)) || currency.is_some();
    (summed && !field.optional && !field.sealed).then_some((word, currency.unwrap_or_default()))
}

/// At least one action, each of the interface.
pub(super) fn actions<'i>(
    interface: &'i Interface,
    names: &[String],
    at: Place<'_>,
) -> Result<Vec<&'i Action>, Invalid> {
    let at = at.member("ops");
    if names.is_empty() {
        return Err(Invalid::new(at, "names no action"));
    }
    let find = |name: &String| {
        let found = interface.actions.get(name);
        found.ok_or_else(|| Invalid::new(at, format!("{} is no action", Quoted(name))))
    };
    names.iter().map(find).collect()
}

/// At least one target, each of a kind that one of the actions takes.
pub(super) fn on(
    interface: &Interface,
    actions: &[&Action],
    targets: &[Target],
    at: Place<'_>,
) -> Result<(), Invalid> {
    let at = at.member("on");
    few(targets.len(), MAX_STATEMENTS, at)?;
    if targets.is_empty() {
        return Err(Invalid::new(at, "names no resource"));
    }
    for (index, target) in targets.iter().enumerate() {
        let at = at.item(index);
        rules::target(interface, None, target, at)?;
        if let Target::Of { kind, .. } = target
            && !actions.iter().any(|action| action.kinds.iter().any(|one| **one == **kind))
        {
            return Err(Invalid::new(at, format!("none of the actions takes a {}", Quoted(kind))));
        }
    }
    Ok(())
}

pub(super) fn approvals(policy: &Policy, at: Place<'_>) -> Result<(), Invalid> {
    few(policy.approvals.len(), MAX_STATEMENTS, at)?;
    if !policy.approvals.is_sorted_by(|left, right| left.id < right.id) {
        return Err(Invalid::new(at, "is not sorted by id"));
    }
    policy
        .approvals
        .iter()
        .enumerate()
        .try_for_each(|(index, approval)| one_approval(policy, approval, at.item(index)))
}

fn one_approval(policy: &Policy, approval: &Approval, at: Place<'_>) -> Result<(), Invalid> {
    let unknown =
        || Invalid::new(at.member("tool"), format!("{} is no tool of this policy", Quoted(&approval.tool)));
    let interface = &policy.tools.get(&approval.tool).ok_or_else(unknown)?.interface;
    let actions = actions(interface, &approval.actions, at)?;
    on(interface, &actions, &approval.targets, at)?;
    for action in &actions {
        rules::conditions(interface, action, &approval.conditions, at.member("if"))?;
    }
    terms(approval, &actions, at)?;
    let Approval { tool, actions, targets, conditions, by, quorum, within_ms, uses, bind, .. } =
        approval.clone();
    let terms = Terms { by, quorum, within_ms, uses, bind };
    if Approval::new(&tool, actions, targets, conditions, terms) == *approval {
        return Ok(());
    }
    Err(Invalid::new(at, "is not in normal form, or has another id"))
}

fn terms(approval: &Approval, actions: &[&Action], at: Place<'_>) -> Result<(), Invalid> {
    let by = at.member("by");
    few(approval.by.len(), MAX_STATEMENTS, by)?;
    if approval.by.is_empty() {
        return Err(Invalid::new(by, "names nobody"));
    }
    for (index, approver) in approval.by.iter().enumerate() {
        let at = by.item(index);
        match approver {
            Approver::Did(did) => super::spelling(check_did(did), did, at)?,
            Approver::Role { role, issuer } => {
                super::name(role, at)?;
                super::spelling(check_did(issuer), issuer, at)?;
            }
        }
    }
    if approval.quorum == 0 {
        return Err(Invalid::new(at.member("quorum"), "must be at least 1"));
    }
    super::positive(Some(approval.within_ms), at.member("within_ms"))?;
    if approval.uses == Uses::Times(0) {
        return Err(Invalid::new(at.member("uses"), "must be at least 1"));
    }
    let Bind::Some(names) = &approval.bind else { return Ok(()) };
    let bound = |name: &&String| actions.iter().all(|action| action.arguments.contains_key(*name));
    match names.iter().find(|name| !bound(name)) {
        Some(name) => {
            Err(Invalid::new(at.member("bind"), format!("{} is no argument of each action", Quoted(name))))
        }
        None => Ok(()),
    }
}
