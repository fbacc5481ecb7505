//! Why a rule does not speak: which of its conditions are not true, and where in the call.
//!
//! For people's questions and for coverage; nothing here decides. The interpreter reports the first
//! failing condition of the nearest rule, and these functions tell the rest of the story about it.

use super::rules::{Asked, elements};
use crate::{Action, Call, Condition, Effect, Situation, Truth};

/// A condition of an allow that is not true of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Failing {
    /// Index into the rule's conditions.
    pub condition: u32,
    /// The first element of the batch of which it is not true, from 0, where it speaks of elements.
    pub element: Option<u32>,
    /// False, or unknown.
    pub truth: Truth,
}

/// All conditions that are not true of `call` in `situation`, in their order; of an element condition,
/// where it fails first.
#[must_use]
pub fn failing<'s>(
    conditions: &[Condition],
    action: &Action,
    call: &Call,
    situation: impl Into<Situation<'s>>,
) -> Vec<Failing> {
    let asked = Asked { action, call, situation: situation.into() };
    let each = (0_u32..).zip(conditions);
    each.filter_map(|(index, condition)| {
        let (truth, element) = first_failure(condition, asked)?;
        Some(Failing { condition: index, element, truth })
    })
    .collect()
}

/// What the first failure of one condition is, and at which element; `None` if it holds.
fn first_failure(condition: &Condition, asked: Asked<'_>) -> Option<(Truth, Option<u32>)> {
    let fails = |truth: Truth| !truth.is_true();
    let whole = || Some(asked.holds(std::slice::from_ref(condition), Effect::Allow));
    if !condition.subject.is_of_element(asked.action) {
        return whole().filter(|truth| fails(*truth)).map(|truth| (truth, None));
    }
    let Some(elements) = elements(asked.action, asked.call) else { return Some((Truth::Unknown, None)) };
    (0_u32..).zip(elements).find_map(|(index, element)| {
        let truth = asked.holds_of(condition, element);
        fails(truth).then_some((truth, Some(index)))
    })
}

/// Indices of the conditions that alone keep a rule of `effect` from speaking of `call` in `situation`: without
/// any one of them it would. Denies and approvals speak unless they are false, allows if they are
/// true; `Deny` stands for both of the former.
///
/// This is what a test must bring about for a condition to count as tested.
#[must_use]
pub fn decisive<'s>(
    conditions: &[Condition],
    action: &Action,
    call: &Call,
    effect: Effect,
    situation: impl Into<Situation<'s>>,
) -> Vec<u32> {
    let asked = Asked { action, call, situation: situation.into() };
    let speaks = |conditions: &[Condition]| {
        let truth = asked.holds(conditions, effect);
        match effect {
            Effect::Allow => truth.is_true(),
            Effect::Deny => truth.is_not_false(),
        }
    };
    if speaks(conditions) {
        return Vec::new();
    }
    let without = |index: usize| {
        let rest = conditions.iter().enumerate().filter(|(at, _)| *at != index);
        rest.map(|(_, condition)| condition.clone()).collect::<Vec<_>>()
    };
    (0_u32..)
        .zip(0..conditions.len())
        .filter(|(_, at)| speaks(&without(*at)))
        .map(|(index, _)| index)
        .collect()
}

/// Whether `conditions` hold of `call` in `situation` as the interpreter reads them for a rule of `effect`: an
/// allow needs them of every element of the batch, a deny (and an approval) of one.
#[must_use]
pub fn conditions_hold<'s>(
    conditions: &[Condition],
    action: &Action,
    call: &Call,
    effect: Effect,
    situation: impl Into<Situation<'s>>,
) -> Truth {
    Asked { action, call, situation: situation.into() }.holds(conditions, effect)
}
