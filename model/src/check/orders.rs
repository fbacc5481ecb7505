//! `separate` and `before`.

use super::{Invalid, MAX_PARTS, MAX_STATEMENTS, few, positive, statements};
use crate::place::{Place, Quoted};
use crate::{
    Action, Before, Field, Interface, Order, Origin, Policy, Same, Sequence, ToolAction, ToolActions, Type,
};

pub(super) fn orders(policy: &Policy, at: Place<'_>) -> Result<(), Invalid> {
    few(policy.orders.len(), MAX_STATEMENTS, at)?;
    if !policy.orders.is_sorted_by(|left, right| left.id < right.id) {
        return Err(Invalid::new(at, "is not sorted by id"));
    }
    for (index, order) in policy.orders.iter().enumerate() {
        let at = at.item(index);
        match &order.sequence {
            Sequence::Separate { sides } => {
                sides.iter().try_for_each(|side| one_side(policy, side, at.member("separate")))?;
            }
            Sequence::Before(before) => one_before(policy, before, at)?,
        }
        if Order::new(order.sequence.clone()) != *order {
            return Err(Invalid::new(at, "is not in normal form, or has another id"));
        }
    }
    Ok(())
}

fn one_side(policy: &Policy, side: &[ToolActions], at: Place<'_>) -> Result<(), Invalid> {
    few(side.len(), MAX_STATEMENTS, at)?;
    if side.is_empty() {
        return Err(Invalid::new(at, "names nothing"));
    }
    for (index, one) in side.iter().enumerate() {
        let at = at.item(index);
        let interface = interface(policy, &one.tool, at)?;
        let actions = statements::actions(interface, &one.actions, at)?;
        statements::on(interface, &actions, &one.targets, at)?;
    }
    Ok(())
}

fn interface<'p>(policy: &'p Policy, tool: &str, at: Place<'_>) -> Result<&'p Interface, Invalid> {
    let unknown = || Invalid::new(at.member("tool"), format!("{} is no tool of this policy", Quoted(tool)));
    policy.tools.get(tool).map(|tool| &tool.interface).ok_or_else(unknown)
}

fn action<'p>(policy: &'p Policy, one: &ToolAction, at: Place<'_>) -> Result<&'p Action, Invalid> {
    let found = interface(policy, &one.tool, at)?.actions.get(&one.action);
    found.ok_or_else(|| Invalid::new(at.member("op"), format!("{} is no action", Quoted(&one.action))))
}

fn one_before(policy: &Policy, before: &Before, at: Place<'_>) -> Result<(), Invalid> {
    let later = action(policy, &before.later, at.member("before"))?;
    let earlier = action(policy, &before.earlier, at.member("do"))?;
    if before.later == before.earlier {
        return Err(Invalid::new(at, "waits for itself"));
    }
    positive(before.within_ms, at.member("within_ms"))?;
    let shared = |kind: &String| earlier.kinds.contains(kind);
    if before.same_resource && (before.later.tool != before.earlier.tool || !later.kinds.iter().any(shared)) {
        return Err(Invalid::new(at.member("same_resource"), "asks for a resource that both never have"));
    }
    let same = at.member("same");
    few(before.same.len(), MAX_PARTS, same)?;
    for (index, one) in before.same.iter().enumerate() {
        agrees(later, earlier, one, same.item(index))?;
    }
    Ok(())
}

fn agrees(later: &Action, earlier: &Action, same: &Same, at: Place<'_>) -> Result<(), Invalid> {
    let argument = later.arguments.get(&same.argument);
    let argument = argument.filter(|field| !field.optional && is_comparable(field));
    let argument =
        argument.ok_or_else(|| Invalid::new(at, format!("{} cannot be compared", Quoted(&same.argument))))?;
    let with = match &same.with {
        Origin::Argument(name) => {
            earlier.arguments.get(name).filter(|field| is_comparable(field)).map(|of| &of.ty)
        }
        Origin::Result(name) => earlier.results.get(name).map(|of| &of.ty),
    };
    if with == Some(&argument.ty) { Ok(()) } else { Err(Invalid::new(at, "compares values of two types")) }
}

fn is_comparable(field: &Field) -> bool {
    !field.sealed && !matches!(field.ty, Type::Batch(_) | Type::Json)
}
