//! Policies that extend others: each layer decides, and all must allow.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value as Json, json};
use wpc_model::{
    Admission, Approvals, Call, Clashing, Counter, Decision, DecodeCode, MAX_PARENT_DEPTH, MAX_PARENTS,
    Moment, Needs, OnChange, Past, Policy, Principal, Reason, Refusal, Ruling, Rulings, Validity, Who, admit,
    arbitrary, decode, encode, in_force, rule, rulings, settle,
};

use crate::decode::bytes;
use crate::example::{TOOL, allow, at_most, deny, example, per_job, policy, queue};
use crate::interpreter::{message, send};

/// A Tuesday, 12:00.
const START: i64 = 1_767_700_800_000;
const WHO: Who<'static> = Who { job: "job", agent: "agent" };

fn extending(parents: Vec<Policy>, policy: Policy) -> Policy {
    Policy { parents, ..policy }.normalise()
}

fn decided(policy: &Policy, call: &Call, past: &Past, now: i64) -> Admission {
    if let Err(refusal) = in_force(policy, now) {
        return refusal.into();
    }
    let moment = Moment::at(now);
    let (rulings, needs) = (rulings(policy, call, moment), Needs::of(policy, call, moment));
    admit(policy, call, &rulings, &needs, &Approvals::NONE, &past.at(WHO, now))
}

/// The same, read again: every layer on its own, and the least of what they refuse.
fn decided_apart(
    policy: &Policy,
    call: &Call,
    past: &Past,
    now: i64,
) -> Result<BTreeSet<Counter>, (Reason, u32)> {
    let mut charged = BTreeSet::new();
    let mut refused = Vec::new();
    for (at, layer) in (0_u32..).zip(policy.layers()) {
        let alone = Policy { parents: Vec::new(), ..layer.clone() };
        match (alone.tools.contains_key(&call.tool), decided(&alone, call, past, now)) {
            (_, Admission { decision: Decision::Allow { .. }, charges, .. }) => {
                charged.extend(charges.iter().map(|one| one.counter));
            }
            (_, Admission { decision: Decision::Deny(refusal), .. }) => refused.push((refusal.reason, at)),
        }
    }
    refused.into_iter().min().map_or(Ok(charged), Err)
}

#[test]
fn a_call_needs_what_every_layer_allows() {
    let wide =
        policy(vec![allow("send", queue("a"), vec![]), allow("send", queue("b"), vec![])], vec![], vec![]);
    let base = policy(
        vec![allow("send", queue("a"), vec![at_most(10)]), allow("send", queue("c"), vec![])],
        vec![deny("send", queue("d"), vec![])],
        vec![],
    );
    let both = extending(vec![base.clone()], wide.clone());
    both.check().unwrap();
    let says = |name: &str, bytes: i64| {
        let call = send(name, vec![message(bytes, &[])]);
        match decided(&both, &call, &Past::new(), START).decision {
            Decision::Allow { rule } => {
                assert_eq!(rule, allow("send", queue(name), vec![]).id, "the policy's own allow");
                None
            }
            Decision::Deny(refusal) => Some((refusal.reason, refusal.layer)),
        }
    };
    assert_eq!(says("a", 10), None);
    assert_eq!(says("a", 11), Some((Reason::DefaultDeny, 1)));
    assert_eq!(says("b", 1), Some((Reason::DefaultDeny, 1)));
    assert_eq!(says("c", 1), Some((Reason::DefaultDeny, 0)));
    assert_eq!(says("d", 1), Some((Reason::ExplicitDeny, 1)), "before what nothing allows");
    assert_eq!(says("e", 1), Some((Reason::DefaultDeny, 0)), "of two alike, the first layer's");
    let mut other = base;
    other.tools.clear();
    let without = extending(vec![other], wide);
    let call = send("a", vec![message(1, &[])]);
    let Decision::Deny(Refusal { reason: Reason::DefaultDeny, rule: None, layer: 1, .. }) =
        decided(&without, &call, &Past::new(), START).decision
    else {
        panic!("a parent that does not have the tool allows nothing of it")
    };
}

#[test]
fn one_limit_in_two_layers_is_charged_once_and_another_beside_it() {
    let allows = || vec![allow("send", queue("a"), vec![])];
    let child = policy(allows(), vec![], vec![per_job("messages", &["send"], 3)]);
    let base =
        policy(allows(), vec![], vec![per_job("messages", &["send"], 3), per_job("messages", &["send"], 2)]);
    let both = extending(vec![base], child);
    let call = send("a", vec![message(1, &[])]);
    let mut past = Past::new();
    for round in 0..2 {
        let Admission { decision, charges, .. } = decided(&both, &call, &past, START);
        assert!(matches!(decision, Decision::Allow { .. }), "round {round}");
        assert_eq!(charges.len(), 2, "{charges:?}");
        past.charge(WHO, START, &charges);
    }
    let Decision::Deny(refusal) = decided(&both, &call, &past, START).decision else { panic!("2 are 2") };
    assert_eq!((refusal.reason, refusal.layer), (Reason::LimitExceeded, 1));
    assert_eq!(refusal.rule, Some(per_job("messages", &["send"], 2).id));
}

#[test]
fn settings_are_the_strictest_of_all_layers() {
    let mut base = policy(vec![], vec![], vec![]);
    base.auth.max_ttl_seconds = 60;
    base.auth.proof_of_possession = false;
    base.evidence.gateway_receipts = true;
    base.evidence.retain_ms = Some(5);
    base.settings.agents = vec![Principal::Name("a".into()), Principal::Name("b".into())];
    base.settings.on_change = OnChange::Drain;
    base.settings.valid = Validity { from: None, until: Some(START) };
    let mut child = policy(vec![], vec![], vec![]);
    child.auth.pin_policy_hash = false;
    child.evidence.retain_ms = Some(3);
    child.settings.agents = vec![Principal::Name("b".into()), Principal::Name("c".into())];
    child.settings.valid = Validity { from: Some(START - 10), until: None };
    let both = extending(vec![base.clone()], child);
    let token = both.token();
    assert_eq!((token.max_ttl_seconds, token.pin_policy_hash, token.proof_of_possession), (60, true, true));
    assert_eq!((both.proof().gateway_receipts, both.proof().retain_ms), (true, Some(5)));
    assert_eq!(both.on_change(), OnChange::Drain);
    assert_eq!(["a", "b", "c"].map(|agent| both.admits_agent(agent)), [false, true, false]);
    let refused = |now| in_force(&both, now).map_err(|refusal| refusal.layer);
    assert_eq!([-11, -10, -1, 0].map(|after| refused(START + after)), [Err(0), Ok(()), Ok(()), Err(1)]);
    base.evidence.retain_ms = None;
    assert_eq!(extending(vec![base], both).proof().retain_ms, None, "for ever is the longest");
}

#[test]
fn an_artifact_holds_its_parents_whole_and_in_order() {
    let one = policy(vec![allow("send", queue("a"), vec![])], vec![], vec![]);
    let other = policy(vec![allow("send", queue("b"), vec![])], vec![], vec![]);
    let both = extending(vec![one.clone(), other.clone(), one.clone()], example());
    assert_eq!(both.parents.len(), 2, "each once");
    assert_eq!(decode(&encode(&both)), Ok(both.clone()));
    let tree: Json = serde_json::from_slice(&encode(&both)).unwrap();
    let embedded: BTreeSet<Vec<u8>> = tree["extends"].as_array().unwrap().iter().map(bytes).collect();
    assert_eq!(embedded, BTreeSet::from([encode(&one), encode(&other)]));
    assert_ne!(both.hash(), example().hash());
    assert_ne!(both.hash(), extending(vec![one], example()).hash());
}

/// An artifact of two parents, edited: refused with `expect`.
#[track_caller]
fn check(edit: impl FnOnce(&mut Json), expect: &str) {
    let one = policy(vec![allow("send", queue("a"), vec![])], vec![], vec![]);
    let mut tree: Json =
        serde_json::from_slice(&encode(&extending(vec![example(), one], example()))).unwrap();
    edit(&mut tree);
    let error = decode(&bytes(&tree)).unwrap_err().to_string();
    assert!(error.starts_with(expect), "{error}");
}

#[test]
fn parents_that_no_compiler_would_embed_are_refused() {
    check(|tree| tree["extends"].as_array_mut().unwrap().reverse(), "invalid: $.extends: is not sorted");
    check(|tree| tree["extends"][1] = tree["extends"][0].clone(), "invalid: $.extends: is not sorted");
    check(|tree| tree["extends"] = json!([]), "not_canonical: ");
    check(|tree| tree["extends"] = json!({}), "malformed: ");
    check(|tree| tree["extends"][1] = json!(1), "malformed: $.extends[1] line 1 column 1");
    check(
        |tree| tree["extends"][0]["wpc_version"] = json!("v2"),
        "unknown_version: $.extends[0].wpc_version",
    );
    check(|tree| tree["extends"][0]["zz"] = json!(1), "malformed: $.extends[0] line 1 column ");
    check(
        |tree| tree["extends"][0]["tools"][TOOL]["scope"] = json!(["fabrikam.servicebus.windows.net"]),
        "invalid: $.extends",
    );
    check(
        |tree| tree["extends"][1]["auth"]["max_ttl_seconds"] = json!(0),
        "invalid: $.extends[1].auth.max_ttl_seconds: must be at least 1",
    );
}

#[test]
fn parents_are_few_and_not_deep() {
    let leaf = policy(vec![], vec![], vec![]);
    let named = |index: usize| Policy { name: format!("p{index}"), ..leaf.clone() };
    let tower =
        |depth: usize| (0..depth).fold(leaf.clone(), |above, index| extending(vec![above], named(index)));
    assert_eq!(decode(&encode(&tower(MAX_PARENT_DEPTH))), Ok(tower(MAX_PARENT_DEPTH)));
    let wide = |parents: usize| extending((0..parents).map(named).collect(), leaf.clone());
    assert_eq!(decode(&encode(&wide(MAX_PARENTS))), Ok(wide(MAX_PARENTS)));
    for policy in [tower(MAX_PARENT_DEPTH + 1), wide(MAX_PARENTS + 1), tower(60)] {
        policy.check().unwrap_err();
        let error = decode(&encode(&policy)).unwrap_err();
        assert_eq!(error.code, DecodeCode::TooLarge, "{error}");
    }
    let mut deep = r#"{"extends":["#.repeat(100_000);
    deep.push_str(&"]}".repeat(100_000));
    assert_eq!(decode(deep.as_bytes()).unwrap_err().code, DecodeCode::Malformed);
}

#[test]
fn a_tool_is_the_same_in_all_layers() {
    let child = policy(vec![allow("send", queue("a"), vec![])], vec![], vec![]);
    let clash = |edit: &dyn Fn(&mut wpc_model::Tool)| {
        let mut parent = child.clone();
        edit(parent.tools.get_mut(TOOL).unwrap());
        // Also where it is the parent of one that does not have the tool.
        let mut between = child.clone();
        between.tools.clear();
        let both = extending(vec![extending(vec![parent], between)], child.clone());
        let found = both.clash().map(|clash| clash.found);
        assert_eq!(both.check().is_err(), found.is_some());
        found
    };
    let action =
        |tool: &mut wpc_model::Tool| tool.interface.actions.get_mut("send").unwrap().wire = Some("x".into());
    assert_eq!(clash(&|_| {}), None);
    assert_eq!(clash(&|tool| tool.interface.name = "other".into()), Some(Clashing::Interface));
    assert_eq!(clash(&|tool| tool.scope = vec!["a.b".into()]), Some(Clashing::Scope));
    assert_eq!(clash(&action), Some(Clashing::Action("send".into())));
    assert_eq!(
        clash(&|tool| drop(tool.interface.records.get_mut("message").unwrap().fields.remove("session_id"))),
        Some(Clashing::Record("message".into()))
    );
    assert_eq!(
        clash(&|tool| tool.interface.kinds.get_mut("queue").unwrap().template.text.push('x')),
        Some(Clashing::Kind("queue".into()))
    );
    assert_eq!(
        clash(&|tool| {
            tool.allow.clear();
            tool.interface.actions.retain(|name, _| name == "manage");
        }),
        None,
        "slices hold what their policies use"
    );
}

#[test]
fn whoever_asked_fewer_layers_is_not_admitted() {
    let base = policy(vec![allow("send", queue("a"), vec![])], vec![], vec![]);
    let both = extending(vec![base.clone()], base);
    let call = send("a", vec![message(1, &[])]);
    let moment = Moment::at(START);
    let (past, whole) = (Past::new(), rulings(&both, &call, moment));
    let history = past.at(WHO, START);
    let admitted = |rulings: &Rulings, needs: &Needs| {
        let admission = admit(&both, &call, rulings, needs, &Approvals::NONE, &history);
        matches!(admission.decision, Decision::Allow { .. })
    };
    let needs = Needs::of(&both, &call, moment);
    assert!(admitted(&whole, &needs));
    assert!(!admitted(&whole.own.into(), &needs));
    assert!(!admitted(&whole, &Needs { parents: vec![], ..needs.clone() }));
    assert!(!admitted(&Rulings { own: whole.own, parents: vec![whole.own; 2] }, &needs));
}

fn always_valid(mut policy: Policy) -> Policy {
    policy.settings.valid = Validity::default();
    policy.parents = policy.parents.into_iter().map(always_valid).collect();
    policy
}

/// A policy that extends others, and calls of it.
fn policy_and_calls(most: usize) -> impl Strategy<Value = (Policy, Vec<Call>)> {
    // Mostly at a time at which all are valid.
    let policy = (arbitrary::extending(), proptest::bool::weighted(0.8));
    let policy =
        policy.prop_map(|(policy, valid)| if valid { always_valid(policy).normalise() } else { policy });
    policy.prop_flat_map(move |policy| {
        let calls = proptest::collection::vec(arbitrary::call(&policy), 0..=most);
        (Just(policy), calls)
    })
}

#[test]
fn arbitrary_policies_with_parents_reach_every_corner() {
    let (mut runner, mut seen) = (TestRunner::deterministic(), std::collections::BTreeMap::<_, u32>::new());
    for _ in 0..400 {
        let (policy, calls) = policy_and_calls(3).new_tree(&mut runner).unwrap().current();
        let depth = if policy.parents.iter().any(|one| !one.parents.is_empty()) { "deep" } else { "flat" };
        *seen.entry(depth.to_owned()).or_default() += 1;
        for call in calls {
            let said = match decided(&policy, &call, &Past::new(), START).decision {
                Decision::Allow { .. } => "allow".to_owned(),
                Decision::Deny(Refusal { reason, layer, .. }) => {
                    format!("{} of {}", reason.code(), if layer == 0 { "it" } else { "a parent" })
                }
            };
            *seen.entry(said).or_default() += 1;
        }
    }
    for wanted in [
        "deep",
        "flat",
        "allow",
        "explicit_deny of it",
        "default_deny of it",
        "explicit_deny of a parent",
        "default_deny of a parent",
        "order_denied of a parent",
        "approval_required of a parent",
        "limit_exceeded of a parent",
    ] {
        assert!(seen.get(wanted).is_some_and(|count| *count >= 3), "too few {wanted}: {seen:#?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn policies_with_parents_are_what_the_compiler_guarantees(policy in arbitrary::extending()) {
        prop_assert_eq!(policy.check(), Ok(()));
        let bytes = encode(&policy);
        let tree: Json = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(&serde_jcs::to_vec(&tree).unwrap(), &bytes);
        prop_assert_eq!(decode(&bytes), Ok(policy.clone()));
        let mut shuffled = policy.clone();
        shuffled.parents.reverse();
        prop_assert_eq!(shuffled.normalise(), policy);
    }

    #[test]
    fn layers_decide_together_as_they_do_apart((policy, calls) in policy_and_calls(8)) {
        let (mut past, mut now) = (Past::new(), START);
        for call in calls {
            let Admission { decision, charges, .. } = decided(&policy, &call, &past, now);
            let apart = decided_apart(&policy, &call, &past, now);
            let counters: BTreeSet<Counter> = charges.iter().map(|one| one.counter).collect();
            prop_assert_eq!(counters.len(), charges.len(), "no counter twice");
            match decision {
                Decision::Allow { .. } => {
                    prop_assert_eq!(apart, Ok(counters));
                    past.charge(WHO, now, &charges);
                    let done = std::collections::BTreeMap::new();
                    let settled = settle(&policy, &call, &charges, Some(&done), &past.at(WHO, now));
                    let counters: BTreeSet<_> = settled.iter().map(|one| one.counter).collect();
                    prop_assert_eq!(counters.len(), settled.len(), "no outcome counts twice");
                    past.charge(WHO, now, &settled);
                }
                Decision::Deny(refusal) => prop_assert_eq!(apart, Err((refusal.reason, refusal.layer))),
            }
            now += 1;
        }
    }

    #[test]
    fn one_more_parent_never_allows_more((policy, calls) in policy_and_calls(4)) {
        let alone = Policy { parents: Vec::new(), ..policy.clone() };
        for call in calls {
            let allows = |policy: &Policy| {
                matches!(decided(policy, &call, &Past::new(), START).decision, Decision::Allow { .. })
            };
            prop_assert!(allows(&alone) || !allows(&policy));
            let own = matches!(rule(&alone.tools[&call.tool], &call, Moment::at(START)), Ruling::Allow { .. });
            prop_assert!(own || !rulings(&policy, &call, Moment::at(START)).allow());
        }
    }

    #[test]
    fn what_is_extended_twice_changes_no_decision((policy, calls) in policy_and_calls(4)) {
        // As a parent of a parent it comes a second time.
        let Some(first) = policy.parents.first().cloned() else { return Ok(()) };
        let again = Policy { parents: vec![Policy { parents: vec![], ..first.clone() }], ..first.clone() };
        let mut twice = policy.clone();
        twice.parents.push(Policy { name: "again".to_owned(), ..again });
        let twice = twice.normalise();
        for call in calls {
            let says = |policy: &Policy| {
                let Admission { decision, charges, .. } = decided(policy, &call, &Past::new(), START);
                let charged: BTreeSet<_> = charges.iter().map(|one| (one.counter, one.amount)).collect();
                let reason = match decision {
                    Decision::Allow { rule } => Err(rule),
                    Decision::Deny(refusal) => Ok(refusal.reason),
                };
                (reason, charged)
            };
            // Of its own parents the copy has none, so it may demand less, never more.
            prop_assert_eq!(says(&twice), says(&policy));
        }
    }
}
