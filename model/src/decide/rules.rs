//! Steps 2, 3 and 5: what the rules say of a call, and which approvals it needs.

use crate::{Action, Approval, Call, Condition, Effect, Policy, Rule, Situation, Target, Tool, Truth, Value};

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

/// What the rules of each layer say of a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rulings {
    /// The policy's own.
    pub own: Ruling,
    /// Those of the policies that it extends, in the order of [`Policy::layers`]. Whoever has another
    /// number of them is not admitted.
    pub parents: Vec<Ruling>,
}

impl Rulings {
    /// Of each layer.
    pub fn iter(&self) -> impl Iterator<Item = Ruling> + use<'_> {
        std::iter::once(self.own).chain(self.parents.iter().copied())
    }

    /// Whether each layer allows the call.
    #[must_use]
    pub fn allow(&self) -> bool {
        self.iter().all(|ruling| matches!(ruling, Ruling::Allow { .. }))
    }
}

impl From<Ruling> for Rulings {
    /// Those of a policy that extends nothing.
    fn from(own: Ruling) -> Self {
        Self { own, parents: Vec::new() }
    }
}

/// Where the nearest allow failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Near {
    /// Index into [`Tool::allow`]: the least id among those whose target is not false.
    pub rule: u32,
    /// Index of its first condition that is not true; `None` if the resource differs in letter case.
    pub condition: Option<u32>,
}

/// Steps 2 and 3 of the decision: what the rules of one tool of one layer say of `call` in `situation`.
#[must_use]
pub fn rule<'s>(tool: &Tool, call: &Call, situation: impl Into<Situation<'s>>) -> Ruling {
    let Some(action) = tool.interface.actions.get(&call.action) else {
        return Ruling::DefaultDeny { near: None };
    };
    let asked = Asked { action, call, situation: situation.into() };
    let mut near = None;
    for (index, deny) in (0_u32..).zip(&tool.deny) {
        if speaks_of(deny, Effect::Deny, call).and(asked.holds(&deny.conditions, Effect::Deny)).is_not_false()
        {
            return Ruling::ExplicitDeny { rule: index };
        }
    }
    for (index, allow) in (0_u32..).zip(&tool.allow) {
        let target = speaks_of(allow, Effect::Allow, call);
        if target.and(asked.holds(&allow.conditions, Effect::Allow)).is_true() {
            return Ruling::Allow { rule: index };
        }
        if near.is_none() && target.is_not_false() {
            let fails = |condition: &Condition| !asked.over_all(condition).is_true();
            let failing = (0_u32..).zip(allow.conditions.iter()).find(|(_, condition)| fails(condition));
            let condition = if target.is_true() { failing.map(|(at, _)| at) } else { None };
            near = Some(Near { rule: index, condition });
        }
    }
    Ruling::DefaultDeny { near }
}

/// Steps 2 and 3 in each layer. One that does not have the tool allows nothing of it.
#[must_use]
pub fn rulings<'s>(policy: &Policy, call: &Call, situation: impl Into<Situation<'s>>) -> Rulings {
    let situation = situation.into();
    let of = |layer: &Policy| match layer.tools.get(&call.tool) {
        Some(tool) => rule(tool, call, situation),
        None => Ruling::DefaultDeny { near: None },
    };
    Rulings { own: of(policy), parents: policy.layers().skip(1).map(of).collect() }
}

/// Indices into [`Policy::approvals`] of those asked for by this call in `situation`.
#[must_use]
pub fn approvals<'s>(policy: &Policy, call: &Call, situation: impl Into<Situation<'s>>) -> Vec<u32> {
    let Some(action) = policy.tools.get(&call.tool).and_then(|tool| tool.interface.actions.get(&call.action))
    else {
        return Vec::new();
    };
    let asked = Asked { action, call, situation: situation.into() };
    let is_asked = |approval: &Approval| {
        approval.tool == call.tool
            && approval.actions.contains(&call.action)
            && meets(&approval.targets, call)
                .and(asked.holds(&approval.conditions, Effect::Deny))
                .is_not_false()
    };
    (0_u32..)
        .zip(&policy.approvals)
        .filter(|(_, approval)| is_asked(approval))
        .map(|(index, _)| index)
        .collect()
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

/// A call of an action, in the situation in which it is decided.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) action: &'a Action,
    pub(super) call: &'a Call,
    pub(super) situation: Situation<'a>,
}

impl Asked<'_> {
    /// Whether all conditions hold: for an allow of every element of the batch, for a deny (and an
    /// approval) of one of them.
    pub(super) fn holds(self, conditions: &[Condition], effect: Effect) -> Truth {
        match effect {
            Effect::Allow => Truth::all(conditions.iter().map(|condition| self.over_all(condition))),
            Effect::Deny => {
                let (of_element, of_call): (Vec<_>, Vec<_>) =
                    conditions.iter().partition(|condition| condition.subject.is_of_element(self.action));
                let of_call = Truth::all(of_call.iter().map(|condition| self.holds_of_call(condition)));
                if of_element.is_empty() {
                    return of_call;
                }
                let one = |element| {
                    Truth::all(of_element.iter().map(|condition| self.holds_of(condition, element)))
                };
                let Some(elements) = elements(self.action, self.call) else {
                    return of_call.and(Truth::Unknown);
                };
                of_call.and(Truth::any(elements.iter().map(one)))
            }
        }
    }

    /// Whether one condition holds of the call, or of every element of its batch.
    fn over_all(self, condition: &Condition) -> Truth {
        if !condition.subject.is_of_element(self.action) {
            return self.holds_of_call(condition);
        }
        let Some(elements) = elements(self.action, self.call) else { return Truth::Unknown };
        Truth::all(elements.iter().map(|element| self.holds_of(condition, element)))
    }

    fn holds_of_call(self, condition: &Condition) -> Truth {
        condition.holds(&self.call.arguments, self.situation)
    }

    pub(super) fn holds_of(self, condition: &Condition, element: &Value) -> Truth {
        element.as_map().map_or(Truth::Unknown, |fields| condition.holds(fields, self.situation))
    }
}

/// The elements of the call's batch; `None` if they are not there.
pub(super) fn elements<'a>(action: &Action, call: &'a Call) -> Option<&'a [Value]> {
    call.arguments.get(action.batch()?.0)?.as_list()
}

/// Whether one of `targets` is the call's resource.
pub(super) fn meets(targets: &[Target], call: &Call) -> Truth {
    Truth::any(targets.iter().map(|target| target.matches(call.resource.as_ref())))
}
