//! Two policies that have much in common.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use wpc_analysis::Case;
use wpc_model::arbitrary::{self, call, moment};
use wpc_model::{
    Approval, Call, Charge, Comparison, Condition, Effect, Limit, Policy, Rule, Sealed, Terms, Test, Tool,
    Value, Window,
};

/// An old policy, a new one, and complete calls of either.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) old: Policy,
    pub(crate) new: Policy,
    pub(crate) calls: Vec<Case>,
}

/// What is done to one tool.
#[derive(Clone, Debug)]
struct Change {
    /// Which rules are kept, by the bits of a number.
    kept: u16,
    /// Which lose their first condition, or have its constant changed by so much.
    changed: u16,
    by: i64,
    allow: Vec<Rule>,
    deny: Vec<Rule>,
    max: i64,
    quorum: u32,
}

/// A policy and another one made of it by dropping, changing and adding rules, limits and approvals.
pub(crate) fn pair(calls: usize) -> BoxedStrategy<Pair> {
    let both = arbitrary::policy().prop_flat_map(|old| {
        let of = |(name, tool): (&String, &Tool)| (Just(name.clone()), change(name, tool));
        let changes: Vec<_> = old.tools.iter().map(of).collect();
        (Just(old), changes, any::<bool>())
    });
    let both = both.prop_map(|(old, changes, turned)| {
        let new = changed(&old, &changes.into_iter().collect());
        if turned { (new, old) } else { (old, new) }
    });
    let whole = both.prop_flat_map(move |(old, new)| {
        (vec((call(&old), moment()), calls), Just(old), Just(new)).prop_map(|(calls, old, new)| {
            let calls = calls.into_iter().map(|(call, moment)| {
                let call = answered_to_both(&old, &new, call);
                Case { call, moment }
            });
            let calls = calls.collect();
            Pair { old, new, calls }
        })
    });
    whole.boxed()
}

/// The call, with answers to what either policy asks of its sealed values.
fn answered_to_both(old: &Policy, new: &Policy, mut call: Call) -> Call {
    let mut of_new = Vec::new();
    let mut other = arbitrary::answered(new, call.clone(), 7);
    other.each_sealed(new, &mut |at, sealed| of_new.push((at.path.to_vec(), sealed.clone())));
    call.each_sealed(old, &mut |at, sealed| {
        let more = of_new.iter().find(|(path, _)| path == at.path).map(|(_, sealed)| sealed.clone());
        let all = sealed.answers().iter().cloned();
        *sealed = Sealed::new(all.chain(more.iter().flat_map(|more| more.answers().iter().cloned())));
    });
    call
}

fn change(name: &str, tool: &Tool) -> BoxedStrategy<Change> {
    let rules = |effect| vec(arbitrary::rule(name, &tool.interface, effect), 0..=2);
    let bits = || prop_oneof![Just(u16::MAX), any::<u16>()];
    let parts =
        (bits(), any::<u16>(), -1_i64..=1, rules(Effect::Allow), rules(Effect::Deny), -1_i64..=1, 0_u32..=1);
    let change = |(kept, changed, by, allow, deny, max, quorum)| Change {
        kept,
        changed,
        by,
        allow,
        deny,
        max,
        quorum,
    };
    parts.prop_map(change).boxed()
}

fn changed(old: &Policy, changes: &BTreeMap<String, Change>) -> Policy {
    let mut new = old.clone();
    for (name, tool) in &mut new.tools {
        let change = &changes[name];
        let is_set = |bits: u16, index: usize| bits >> (index % 16) & 1 == 1;
        let rules = |effect: Effect, rules: &[Rule], more: &[Rule]| -> Vec<Rule> {
            let kept = rules.iter().enumerate().filter(|(index, _)| is_set(change.kept, *index));
            let kept = kept.map(|(index, rule)| {
                if is_set(change.changed, index) {
                    altered(name, effect, rule, change.by)
                } else {
                    rule.clone()
                }
            });
            kept.chain(more.iter().cloned()).collect()
        };
        tool.allow = rules(Effect::Allow, &tool.allow, &change.allow);
        tool.deny = rules(Effect::Deny, &tool.deny, &change.deny);
        let limit = |limit: Limit| {
            let Limit { measure, actions, targets, max, window, .. } = limit;
            let window = match (window, change.by) {
                (Window::Sliding { ms }, -1) => Window::Sliding { ms: ms * 3 },
                (window, _) => window,
            };
            Limit::new(name, measure, actions, targets, (max + change.max).max(0), window)
        };
        let kept = std::mem::take(&mut tool.limits).into_iter().enumerate();
        tool.limits =
            kept.filter(|(index, _)| is_set(change.kept, *index)).map(|(_, one)| limit(one)).collect();
    }
    let approvals = std::mem::take(&mut new.approvals).into_iter().enumerate();
    let approvals = approvals.filter(|(index, one)| changes[&one.tool].kept >> (index % 16) & 1 == 1);
    new.approvals = approvals
        .map(|(_, one)| {
            let quorum = one.quorum.saturating_sub(changes[&one.tool].quorum).max(1);
            let Approval { tool, actions, targets, conditions, by, within_ms, uses, bind, .. } = one;
            let terms = Terms { by, quorum, within_ms, uses, bind };
            Approval::new(&tool, actions, targets, conditions, terms)
        })
        .collect();
    new.schemas = arbitrary::schemas();
    new.normalise()
}

/// The rule without its first condition, or with another constant in it.
fn altered(tool: &str, effect: Effect, rule: &Rule, by: i64) -> Rule {
    let mut conditions = rule.conditions.to_vec();
    match conditions.first_mut() {
        Some(Condition {
            test: Test::Compare(Comparison::AtMost | Comparison::AtLeast, Value::Int(constant)),
            ..
        }) if by != 0 && (0..1_000_000).contains(constant) => {
            *constant = (*constant + by).max(0);
        }
        Some(_) => drop(conditions.remove(0)),
        None => {}
    }
    Rule::new(tool, effect, rule.action.clone(), rule.target.clone(), conditions)
}

/// When each of a row of calls is made.
pub(crate) fn times(most: usize) -> BoxedStrategy<Vec<i64>> {
    vec(prop_oneof![Just(0_i64), Just(1), Just(9), Just(10), Just(30), Just(1_000)], most)
        .prop_map(|gaps| {
            gaps.into_iter()
                .scan(0, |at, gap| {
                    *at += gap;
                    Some(*at)
                })
                .collect()
        })
        .boxed()
}

/// Whether the limits of `policy` admit `call` after `charges`, and what it charges.
pub(crate) fn charge(policy: &Policy, call: &Call, charges: &[Charge], at: i64) -> Option<Vec<Charge>> {
    let Some(tool) = policy.tools.get(&call.tool) else { return Some(Vec::new()) };
    let mut more = Vec::new();
    for demand in wpc_model::demands(tool, call).ok()? {
        let limit = &tool.limits[demand.limit as usize];
        let bound = limit.bound(demand.key);
        let so_far = wpc_model::used(charges, &bound, demand.amount, at)?;
        if so_far.amount.checked_add(demand.amount)? > limit.max {
            return None;
        }
        more.push(Charge { counter: bound.counter, at, amount: demand.amount });
    }
    Some(more)
}
