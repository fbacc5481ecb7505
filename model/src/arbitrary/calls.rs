//! Calls of a policy's actions, and what came before them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::policies::policy;
use super::values::{fields, value};
use crate::{
    Action, Call, Charge, Counter, Hash, Interface, Moment, Policy, Question, Resource, Sealed, Seals, Tool,
    Truth, Value,
};

/// A complete call of one of the policy's actions.
pub fn call(policy: &Policy) -> BoxedStrategy<Call> {
    let actions = |(tool, of): (&String, &Tool)| {
        let one = |(action, found): (&String, &Action)| {
            (tool.clone(), of.interface.clone(), action.clone(), found.clone())
        };
        of.interface.actions.iter().map(one).collect::<Vec<_>>()
    };
    let all: Vec<_> = policy.tools.iter().flat_map(actions).collect();
    let call = select(all).prop_flat_map(|(tool, interface, action, found)| {
        let parts = (resource(&interface, &found), fields(&interface, &found.arguments));
        parts.prop_map(move |(resource, arguments)| Call {
            tool: tool.clone(),
            action: action.clone(),
            resource,
            arguments,
        })
    });
    let policy = policy.clone();
    (call, any::<u8>()).prop_map(move |(call, seed)| answered(&policy, call, seed)).boxed()
}

/// The call with some answer to each question that `policy` asks of its sealed values: the same for the
/// same seed.
#[must_use]
pub fn answered(policy: &Policy, mut call: Call, seed: u8) -> Call {
    let mut drawn = seed;
    let mut truth = |question: &Question| {
        let mut bytes = question.id().0.to_vec();
        bytes.push(drawn);
        drawn = Hash::of(&bytes).0.first().copied().unwrap_or_default();
        match drawn % 3 {
            0 => Truth::False,
            1 => Truth::Unknown,
            _ => Truth::True,
        }
    };
    let seals = Seals::of(policy, &call.tool, &call.action);
    call.each_sealed(policy, &mut |at, sealed| {
        let asked = seals.of_field(at.record, at.field);
        *sealed = Sealed::new(asked.map(|question| (question.clone(), truth(question))));
    });
    call
}

fn resource(interface: &Interface, action: &Action) -> BoxedStrategy<Option<Resource>> {
    if action.kinds.is_empty() {
        return Just(None).boxed();
    }
    let interface = interface.clone();
    let resource = select(action.kinds.clone()).prop_flat_map(move |kind| {
        let parameters =
            interface.kinds.get(&kind).map(|kind| kind.template.parameters.clone()).unwrap_or_default();
        let names: Vec<_> = parameters.iter().map(|(_, ty)| value(&interface, ty)).collect();
        let text = |name: Value| name.as_text().unwrap_or_default().to_owned();
        names.prop_map(move |names| {
            Some(Resource { kind: kind.clone(), names: names.into_iter().map(text).collect() })
        })
    });
    resource.boxed()
}

/// A policy and a complete call of one of its actions.
pub fn policy_and_call() -> BoxedStrategy<(Policy, Call)> {
    policy()
        .prop_flat_map(|policy| (call(&policy), Just(policy)).prop_map(|(call, policy)| (policy, call)))
        .boxed()
}

/// A policy and up to `most` complete calls of its actions.
pub fn policy_and_calls(most: usize) -> BoxedStrategy<(Policy, Vec<Call>)> {
    let both = policy().prop_flat_map(move |policy| (Just(policy.clone()), vec(call(&policy), 0..=most)));
    both.boxed()
}

/// Charges to the limits of `tool`, oldest first, the first at 0 ms and at most 10 ms apart: as
/// much as the shortest windows hold.
pub fn history(tool: &Tool) -> BoxedStrategy<Vec<Charge>> {
    let ids: Vec<_> = tool.limits.iter().map(|limit| limit.bound(None).counter).collect();
    if ids.is_empty() {
        return Just(Vec::new()).boxed();
    }
    let one = (select(ids), select(vec![0_i64, 1, 9, 10]), 0_i64..=3);
    let dated = |drawn: Vec<(Counter, i64, i64)>| {
        let mut at = 0_i64;
        let charge = |(counter, later, amount): (Counter, i64, i64)| {
            at = at.saturating_add(later);
            Charge { counter, at, amount }
        };
        drawn.into_iter().map(charge).collect()
    };
    vec(one, 0..=6).prop_map(dated).boxed()
}

/// A moment of some hour of some day of a week; midnights and times just before them often.
pub fn moment() -> BoxedStrategy<Moment> {
    let hours = (-84_i64..=84).prop_map(|hour| hour.saturating_mul(3_600_000));
    (hours, select(vec![0_i64, 0, -1, 1]))
        .prop_map(|(at, beside)| Moment::at(at.saturating_add(beside)))
        .boxed()
}
