//! Laws of meaning and of bytes, on arbitrary policies.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use wpc_model::arbitrary::{self, policy_and_call, policy_and_calls};
use wpc_model::{
    Call, Effect, Measured, Moment, Near, Policy, Ruling, Truth, approvals, decode, demands, encode, rule,
    used,
};

/// A Tuesday, 12:00.
const NOW: Moment = Moment::at(1_767_700_800_000);

const TRUTHS: [Truth; 3] = [Truth::False, Truth::Unknown, Truth::True];

#[test]
fn kleenes_laws_hold() {
    for a in TRUTHS {
        assert_eq!(a.negate().negate(), a);
        assert_eq!((a.and(a), a.or(a)), (a, a));
        assert_eq!((a.and(Truth::True), a.or(Truth::False)), (a, a));
        assert_eq!((a.and(Truth::False), a.or(Truth::True)), (Truth::False, Truth::True));
        assert_eq!(Truth::all([a]), a);
        for b in TRUTHS {
            assert_eq!((a.and(b), a.or(b)), (b.and(a), b.or(a)));
            assert_eq!(a.and(b).negate(), a.negate().or(b.negate()));
            assert_eq!((a.or(a.and(b)), a.and(a.or(b))), (a, a));
            for c in TRUTHS {
                assert_eq!(a.and(b).and(c), a.and(b.and(c)));
                assert_eq!(a.or(b).or(c), a.or(b.or(c)));
                assert_eq!(a.and(b.or(c)), a.and(b).or(a.and(c)));
                assert_eq!(Truth::all([a, b, c]), a.and(b).and(c));
                assert_eq!(Truth::any([a, b, c]), a.or(b).or(c));
            }
        }
    }
    assert_eq!((Truth::all([]), Truth::any([])), (Truth::True, Truth::False));
}

#[test]
fn unknown_is_neither_yes_nor_no() {
    assert!(!Truth::Unknown.is_true() && Truth::Unknown.is_not_false());
    assert!(Truth::of(true).is_true() && !Truth::of(false).is_not_false());
}

fn allowed(policy: &Policy, call: &Call) -> bool {
    matches!(rule(&policy.tools[&call.tool], call, NOW), Ruling::Allow { .. })
}

/// A policy, calls of it, and one more rule for one of its tools.
fn with_another_rule(effect: Effect) -> impl Strategy<Value = (Policy, Vec<Call>, Policy)> {
    policy_and_calls(4).prop_flat_map(move |(policy, calls)| {
        let (name, tool) = policy.tools.first_key_value().unwrap();
        let name = name.clone();
        arbitrary::rule(&name, &tool.interface, effect).prop_map(move |rule| {
            let mut wider = policy.clone();
            let tool = wider.tools.get_mut(&name).unwrap();
            match effect {
                Effect::Allow => tool.allow.push(rule),
                Effect::Deny => tool.deny.push(rule),
            }
            (policy.clone(), calls.clone(), wider.normalise())
        })
    })
}

#[test]
fn arbitrary_policies_and_calls_reach_every_corner() {
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..600 {
        let (policy, call) = policy_and_call().new_tree(&mut runner).unwrap().current();
        let tool = &policy.tools[&call.tool];
        let outcome = match rule(tool, &call, NOW) {
            Ruling::Allow { .. } => "allowed",
            Ruling::ExplicitDeny { .. } => "denied",
            Ruling::DefaultDeny { near: Some(Near { condition: Some(_), .. }) } => "a condition failed",
            Ruling::DefaultDeny { near: Some(Near { condition: None, .. }) } => "the resource may be another",
            Ruling::DefaultDeny { near: None } => "nothing allowed it",
        };
        *seen.entry(outcome).or_default() += 1;
        let artifact: serde_json::Value = serde_json::from_slice(&encode(&policy)).unwrap();
        let hoisted = artifact["tools"][&call.tool]["constraints"].as_object().cloned().unwrap_or_default();
        for (name, constant) in hoisted {
            let hoisted =
                if name.ends_with("_per_job") { "a limit was hoisted" } else { "a condition was hoisted" };
            *seen.entry(hoisted).or_default() += 1;
            *seen
                .entry(if constant.is_array() { "a set was hoisted" } else { "a number was hoisted" })
                .or_default() += 1;
        }
        *seen.entry("an approval was asked for").or_default() +=
            u32::from(!approvals(&policy, &call, NOW).is_empty());
        *seen.entry("a limit was charged").or_default() +=
            u32::from(demands(tool, &call).is_ok_and(|all| !all.is_empty()));
        for condition in tool.allow.iter().chain(&tool.deny).flat_map(|rule| rule.conditions.iter()) {
            let truth = match condition.holds(&call.arguments, NOW) {
                Truth::True => "a condition was true",
                Truth::False => "a condition was false",
                Truth::Unknown => "a condition was unknown",
            };
            *seen.entry(truth).or_default() += 1;
        }
    }
    let rare: Vec<_> = seen.iter().filter(|(_, count)| **count < 5).collect();
    assert!(seen.len() == 14 && rare.is_empty(), "{seen:#?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn arbitrary_policies_and_calls_are_what_the_compiler_guarantees((policy, call) in policy_and_call()) {
        prop_assert_eq!(policy.check(), Ok(()));
        prop_assert_eq!(call.conform(&policy), Ok(()));
    }

    #[test]
    fn what_is_encoded_decodes_to_the_same(policy in arbitrary::policy()) {
        let bytes = encode(&policy);
        prop_assert_eq!(decode(&bytes), Ok(policy));
    }

    #[test]
    fn different_policies_have_different_bytes(one in arbitrary::policy(), other in arbitrary::policy()) {
        prop_assert_eq!(one == other, encode(&one) == encode(&other));
    }

    #[test]
    fn bytes_are_canonical_for_another_implementation_too(policy in arbitrary::policy()) {
        let bytes = encode(&policy);
        let tree: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(serde_jcs::to_vec(&tree).unwrap(), bytes);
    }

    #[test]
    fn adding_a_deny_never_allows_more((before, calls, after) in with_another_rule(Effect::Deny)) {
        for call in calls {
            prop_assert!(allowed(&before, &call) || !allowed(&after, &call));
        }
    }

    #[test]
    fn adding_an_allow_never_allows_less((before, calls, after) in with_another_rule(Effect::Allow)) {
        for call in calls {
            prop_assert!(!allowed(&before, &call) || allowed(&after, &call));
        }
    }

    #[test]
    fn the_order_of_rules_never_matters((policy, call) in policy_and_call(), seed in any::<u64>()) {
        let mut shuffled = policy.clone();
        for tool in shuffled.tools.values_mut() {
            shuffle(&mut tool.allow, seed);
            shuffle(&mut tool.deny, seed);
            shuffle(&mut tool.limits, seed);
        }
        shuffle(&mut shuffled.approvals, seed);
        prop_assert_eq!(allowed(&shuffled, &call), allowed(&policy, &call));
        let shuffled = shuffled.normalise();
        prop_assert_eq!(encode(&shuffled), encode(&policy));
    }

    #[test]
    fn the_other_tools_never_matter((policy, call) in policy_and_call()) {
        let mut alone = policy.clone();
        alone.tools.retain(|name, _| *name == call.tool);
        prop_assert_eq!(allowed(&alone, &call), allowed(&policy, &call));
    }

    #[test]
    fn an_absent_argument_never_turns_a_comparison_true((policy, call) in policy_and_call()) {
        // Taking an argument away may make `is absent` true, and nothing else.
        let tool = &policy.tools[&call.tool];
        let conditions = tool.allow.iter().flat_map(|rule| rule.conditions.iter());
        for condition in conditions.filter(|condition| !condition.subject.is_of_clock()) {
            let mut without = call.arguments.clone();
            without.remove(&condition.subject.name);
            let truth = condition.holds(&without, NOW);
            let whole = condition.subject.quantifier.is_none();
            let absent = whole && condition.test == wpc_model::Test::Absent;
            prop_assert_eq!(truth.is_true(), absent, "{:?}", condition);
        }
    }

    #[test]
    fn charges_are_never_negative((policy, call) in policy_and_call()) {
        if let Ok(demands) = demands(&policy.tools[&call.tool], &call) {
            prop_assert!(demands.iter().all(|demand| demand.amount >= 0));
        }
    }

    #[test]
    fn what_a_limit_says_of_when_it_frees_is_true(
        (tool, history, amount, later) in arbitrary::policy().prop_flat_map(|policy| {
            let tool = policy.tools.first_key_value().unwrap().1.clone();
            (Just(tool.clone()), arbitrary::history(&tool), 0_i64..=3, 0_i64..=2)
        }),
    ) {
        let now = history.last().map_or(0, |charge| charge.at) + later;
        for limit in &tool.limits {
            let before = used(&history, &limit.bound(None), amount, now).unwrap();
            prop_assert!(before.amount >= 0);
            let slides = matches!(limit.window, wpc_model::Window::Sliding { .. });
            let fits = |at| used(&history, &limit.bound(None), amount, at).unwrap().amount + amount <= limit.max;
            match before.frees_at {
                Some(at) => prop_assert!(at > now && !fits(at - 1) && fits(at)),
                None => prop_assert!(fits(now) || amount > limit.max || !slides),
            }
        }
    }

    #[test]
    fn a_call_reads_back_from_its_json((policy, call) in policy_and_call()) {
        let json = call.to_json(&policy).encode();
        // An agent's word for what is found of a sealed value is a value like any other.
        let stated = Call::from_json(&json, &policy, Measured::Accept);
        prop_assert!(stated.is_ok(), "{stated:?}");
        prop_assert_eq!(Call::reopen(wpc_model::RawCall::from_json(&json).unwrap(), &policy), Ok(call));
    }
}

fn shuffle<T>(items: &mut [T], mut seed: u64) {
    for index in (1..items.len()).rev() {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        items.swap(index, usize::try_from(seed >> 33).unwrap() % (index + 1));
    }
}
