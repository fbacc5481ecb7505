//! Steps 2, 3 and 5: what the rules say of a call, and which approvals it needs.

use crate::{Action, Approval, Call, Condition, Effect, Policy, Rule, Target, Tool, Truth, Value};

/// What the rules alone say of a call. Indices are into the tool's sorted lists.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ruling {
    /// This allow holds, and no deny hits.
    Allow {
        /// Index into [`Tool::allow`]: the least id among those that hold.
        rule: u32,
    },
    /// This deny hits.
    ExplicitDeny {
        /// Index into [`Tool::deny`]: the least id among those that hit.
        rule: u32,
    },
    /// No allow holds.
    DefaultDeny {
        /// The allow that speaks of this action and resource, if there is one.
        near: Option<Near>,
    },
}

/// Where the nearest allow failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Near {
    /// Index into [`Tool::allow`]: the least id among those whose target is not false.
    pub rule: u32,
    /// Index of its first condition that is not true; `None` if the resource differs in letter case.
    pub condition: Option<u32>,
}

/// Steps 2 and 3 of the decision: what the rules say of `call`.
#[must_use]
pub fn rule(tool: &Tool, call: &Call) -> Ruling {
    let Some(action) = tool.interface.actions.get(&call.action) else {
        return Ruling::DefaultDeny { near: None };
    };
    let mut near = None;
    for (index, deny) in (0_u32..).zip(&tool.deny) {
        if speaks_of(deny, Effect::Deny, call)
            .and(holds(&deny.conditions, action, call, Effect::Deny))
            .is_not_false()
        {
            return Ruling::ExplicitDeny { rule: index };
        }
    }
    for (index, allow) in (0_u32..).zip(&tool.allow) {
        let target = speaks_of(allow, Effect::Allow, call);
        if target.and(holds(&allow.conditions, action, call, Effect::Allow)).is_true() {
            return Ruling::Allow { rule: index };
        }
        if near.is_none() && target.is_not_false() {
            let fails = |condition: &Condition| !over_all(condition, action, call).is_true();
            let failing = (0_u32..).zip(allow.conditions.iter()).find(|(_, condition)| fails(condition));
            let condition = if target.is_true() { failing.map(|(at, _)| at) } else { None };
            near = Some(Near { rule: index, condition });
        }
    }
    Ruling::DefaultDeny { near }
}

/// Indices into [`Policy::approvals`] of those asked for by this call.
#[must_use]
pub fn approvals(policy: &Policy, call: &Call) -> Vec<u32> {
    let Some(action) = policy.tools.get(&call.tool).and_then(|tool| tool.interface.actions.get(&call.action))
    else {
        return Vec::new();
    };
    let asked = |approval: &Approval| {
        approval.tool == call.tool
            && approval.actions.contains(&call.action)
            && meets(&approval.targets, call)
                .and(holds(&approval.conditions, action, call, Effect::Deny))
                .is_not_false()
    };
    (0_u32..).zip(&policy.approvals).filter(|(_, approval)| asked(approval)).map(|(index, _)| index).collect()
}

/// Whether the rule is about this action and, maybe, this resource. Only a deny may name no action.
fn speaks_of(rule: &Rule, effect: Effect, call: &Call) -> Truth {
    let of_action = match (&rule.action, effect) {
        (Some(action), _) => **action == *call.action,
        (None, Effect::Deny) => true,
        (None, Effect::Allow) => false,
    };
    Truth::of(of_action).and(rule.target.matches(call.resource.as_ref()))
}

/// Whether all conditions hold: for an allow of every element of the batch, for a deny (and an
/// approval) of one of them.
pub(super) fn holds(conditions: &[Condition], action: &Action, call: &Call, effect: Effect) -> Truth {
    match effect {
        Effect::Allow => Truth::all(conditions.iter().map(|condition| over_all(condition, action, call))),
        Effect::Deny => {
            let (of_element, of_call): (Vec<_>, Vec<_>) =
                conditions.iter().partition(|condition| condition.subject.is_of_element(action));
            let of_call = Truth::all(of_call.iter().map(|condition| condition.holds(&call.arguments)));
            if of_element.is_empty() {
                return of_call;
            }
            let one = |element| Truth::all(of_element.iter().map(|condition| holds_of(condition, element)));
            let Some(elements) = elements(action, call) else { return of_call.and(Truth::Unknown) };
            of_call.and(Truth::any(elements.iter().map(one)))
        }
    }
}

/// Whether one condition holds of the call, or of every element of its batch.
fn over_all(condition: &Condition, action: &Action, call: &Call) -> Truth {
    if !condition.subject.is_of_element(action) {
        return condition.holds(&call.arguments);
    }
    let Some(elements) = elements(action, call) else { return Truth::Unknown };
    Truth::all(elements.iter().map(|element| holds_of(condition, element)))
}

fn holds_of(condition: &Condition, element: &Value) -> Truth {
    element.as_map().map_or(Truth::Unknown, |fields| condition.holds(fields))
}

/// The elements of the call's batch; `None` if they are not there.
pub(super) fn elements<'a>(action: &Action, call: &'a Call) -> Option<&'a [Value]> {
    call.arguments.get(action.batch()?.0)?.as_list()
}

/// Whether one of `targets` is the call's resource.
pub(super) fn meets(targets: &[Target], call: &Call) -> Truth {
    Truth::any(targets.iter().map(|target| target.matches(call.resource.as_ref())))
}
