//! Policy to bytes: snapshots, the seed's sketch, ids, hoisting.

use serde_json::Value as Json;
use wpc_model::{
    Approval, Approver, Auth, Bind, Comparison, Effect, Measure, Policy, Resource, Rule, Slot, Target, Terms,
    Test, Uses, Value, Window, decode, encode, entity,
};

use crate::example::{
    TOOL, allow, at_most, auth, condition, conditions, deny, example, per_job, policy, queue, texts,
};

/// The payload as JSON, without the interface (the example's snapshot has it).
#[track_caller]
fn shown(policy: &Policy) -> String {
    let bytes = encode(policy);
    assert_eq!(decode(&bytes).as_ref(), Ok(policy), "it reads back");
    let mut json: Json = serde_json::from_slice(&bytes).unwrap();
    json["tools"][TOOL].as_object_mut().unwrap().remove("interface");
    serde_json::to_string_pretty(&json["tools"][TOOL]).unwrap()
}

#[test]
fn the_example_has_these_bytes_and_this_hash() {
    let bytes = encode(&example());
    let hash = example().hash();
    let json: Json = serde_json::from_slice(&bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    insta::assert_snapshot!(format!("{hash}\n{text}\n\n{json:#}"));
}

/// The JSON sketch in the seed's own text.
const SEED: &str = include_str!("seed.txt");

fn sketch() -> Json {
    let (_, from) = SEED.split_once("Policy-as-code example").unwrap();
    let start = from.split_once("proxy.\n").unwrap().1;
    let mut stream = serde_json::Deserializer::from_str(start).into_iter::<Json>();
    let text = stream.next().unwrap().unwrap().to_string();
    serde_json::from_str(&text.replace("<namespace>", "contoso-staging")).unwrap()
}

/// Every field and value of `wanted` is in `found`; arrays are sets.
fn contains(found: &Json, wanted: &Json) -> bool {
    match (found, wanted) {
        (Json::Object(found), Json::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| found.get(name).is_some_and(|found| contains(found, wanted)))
        }
        (Json::Array(found), Json::Array(wanted)) => {
            found.len() == wanted.len()
                && wanted.iter().all(|one| found.iter().any(|found| contains(found, one)))
        }
        _ => found == wanted,
    }
}

#[test]
fn the_example_holds_every_field_and_value_of_the_seeds_sketch() {
    let found: Json = serde_json::from_slice(&encode(&example())).unwrap();
    let wanted = sketch();
    assert_eq!(wanted["tools"][TOOL]["constraints"]["max_messages_per_job"], 200, "the sketch was read");
    assert!(contains(&found, &wanted), "{found:#}\ndoes not contain\n{wanted:#}");
}

#[test]
fn the_order_of_statements_and_repetition_leave_the_hash_unchanged() {
    let rules = || vec![allow("send", queue("a"), vec![]), allow("send", queue("b"), conditions())];
    let mut turned = rules();
    turned.reverse();
    turned.extend(rules());
    assert_eq!(policy(rules(), vec![], vec![]), policy(turned, vec![], vec![]));
    let mut backwards = conditions();
    backwards.reverse();
    backwards.extend(conditions());
    assert_eq!(allow("send", queue("a"), backwards), allow("send", queue("a"), conditions()));
}

#[test]
fn an_id_tells_tool_effect_action_target_and_conditions_apart() {
    let one = |tool: &str, effect, action: &str, target, conditions: Vec<_>| {
        Rule::new(tool, effect, Some(action.into()), target, conditions).id
    };
    let like = Target::Of { kind: "queue".into(), slots: vec![Slot::Like("a".into())] };
    let any = Target::Of { kind: "queue".into(), slots: vec![Slot::Any] };
    let topic = Target::Of { kind: "topic".into(), slots: vec![Slot::Exact("a".into())] };
    let ids = [
        one("t", Effect::Allow, "send", queue("a"), vec![]),
        one("u", Effect::Allow, "send", queue("a"), vec![]),
        one("t", Effect::Deny, "send", queue("a"), vec![]),
        one("t", Effect::Allow, "receive", queue("a"), vec![]),
        one("t", Effect::Allow, "send", queue("b"), vec![]),
        one("t", Effect::Allow, "send", topic, vec![]),
        one("t", Effect::Allow, "send", like, vec![]),
        one("t", Effect::Allow, "send", any, vec![]),
        one("t", Effect::Allow, "send", Target::Any, vec![]),
        one("t", Effect::Allow, "send", queue("a"), vec![at_most(1)]),
        one("t", Effect::Allow, "send", queue("a"), vec![at_most(2)]),
        Rule::new("t", Effect::Deny, None, queue("a"), vec![]).id,
    ];
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
}

#[test]
fn a_condition_that_all_allows_share_is_written_once() {
    let rules = vec![allow("send", queue("a"), conditions()), allow("schedule", queue("b"), conditions())];
    insta::assert_snapshot!(shown(&policy(rules, vec![], vec![])));
}

#[test]
fn a_condition_that_one_allow_lacks_stays_with_the_others() {
    let rules =
        vec![allow("send", queue("a"), conditions()), allow("send", queue("b"), vec![at_most(131_072)])];
    insta::assert_snapshot!(shown(&policy(rules, vec![], vec![])));
}

#[test]
fn allows_without_the_argument_do_not_keep_a_constraint_from_being_hoisted() {
    let messages = condition("messages", Test::Compare(Comparison::AtMost, Value::Int(10)));
    let rules = vec![allow("send", queue("a"), vec![at_most(1)]), allow("peek", queue("a"), vec![messages])];
    insta::assert_snapshot!(shown(&policy(rules, vec![], vec![])));
}

#[test]
fn two_conditions_of_one_constraints_form_are_not_hoisted() {
    let both = || {
        vec![
            condition("properties", Test::Has(texts(&["a"]))),
            condition("properties", Test::Has(texts(&["b"]))),
        ]
    };
    let only = vec![condition("properties", Test::Has(texts(&["a"])))];
    insta::assert_snapshot!(shown(&policy(vec![allow("send", queue("a"), both())], vec![], vec![])));
    let rules = vec![allow("send", queue("a"), both()), allow("send", queue("b"), only)];
    shown(&policy(rules, vec![], vec![]));
}

#[test]
fn a_limit_on_fewer_actions_than_are_allowed_is_not_hoisted() {
    let rules = || vec![allow("send", queue("a"), vec![]), allow("peek", queue("a"), vec![])];
    insta::assert_snapshot!(shown(&policy(rules(), vec![], vec![per_job("messages", &["send"], 5)])));
    insta::assert_snapshot!(shown(&policy(rules(), vec![], vec![per_job("messages", &["peek", "send"], 5)])));
}

#[test]
fn two_limits_that_could_be_hoisted_are_not() {
    let limits = vec![per_job("messages", &["send"], 5), per_job("messages", &["send"], 6)];
    insta::assert_snapshot!(shown(&policy(vec![allow("send", queue("a"), vec![])], vec![], limits)));
}

#[test]
fn slots_patterns_and_every_kind_of_statement_read_back() {
    let subscription =
        Target::Of { kind: "subscription".into(), slots: vec![Slot::Like("orders-*".into()), Slot::Any] };
    let any_queue = Target::Of { kind: "queue".into(), slots: vec![Slot::Any] };
    let tests = vec![
        condition("messages.size", Test::Compare(Comparison::Less, Value::Int(3))),
        condition("content_type", Test::Present),
        condition("session_id", Test::Absent),
        condition("body", Test::Absent),
        condition(r#"properties["x y"]"#, Test::Like("a*".into())),
        condition(r#"properties["q\""].size"#, Test::Compare(Comparison::NotEqual, Value::Int(0))),
        condition("content_type", Test::In(texts(&["b", "a", "b"]))),
        condition("content_type", Test::NotIn(texts(&["c"]))),
        condition("content_type", Test::Compare(Comparison::Equal, Value::text("\u{1f600}\n"))),
    ];
    let mode = condition("mode", Test::Compare(Comparison::Equal, Value::text("peek_lock")));
    let every = Rule::new(TOOL, Effect::Deny, None, queue("secret"), vec![]);
    let limit = |measure, targets, window| {
        wpc_model::Limit::new(TOOL, measure, vec!["send".into()], targets, 7, window)
    };
    let mut policy = policy(
        vec![allow("send", queue("a"), tests), allow("receive", subscription.clone(), vec![mode])],
        vec![every, deny("send", any_queue.clone(), vec![at_most(1)])],
        vec![
            limit(Measure::Calls, vec![queue("a"), any_queue], Window::Job),
            limit(Measure::Argument("message_bytes".into()), vec![Target::Any], Window::Sliding { ms: 1 }),
        ],
    );
    let people = vec![
        Approver::Role { role: "AP_Manager".into(), issuer: "did:web:example.com".into() },
        Approver::Did("did:key:z6Mk".into()),
    ];
    let terms = |uses, bind| Terms { by: people.clone(), quorum: 2, within_ms: 60_000, uses, bind };
    let each = |actions: &[&str], conditions, terms| {
        let actions = actions.iter().copied().map(str::to_owned).collect();
        Approval::new(TOOL, actions, vec![subscription.clone()], conditions, terms)
    };
    policy.approvals = vec![
        each(
            &["receive"],
            vec![],
            terms(Uses::Unlimited, Bind::Some(vec!["mode".into(), "messages".into()])),
        ),
        each(
            &["peek"],
            vec![condition("messages", Test::Compare(Comparison::Greater, Value::Int(9)))],
            terms(Uses::Times(3), Bind::Some(vec![])),
        ),
    ];
    policy.auth =
        Auth { proof_of_possession: false, pin_policy_hash: false, job_scoped_binding: false, ..auth() };
    let policy = policy.normalise();
    shown(&policy);
    let mut json: Json = serde_json::from_slice(&encode(&policy)).unwrap();
    json["tools"][TOOL].as_object_mut().unwrap().remove("interface");
    insta::assert_snapshot!(format!("{json:#}"));
}

#[test]
fn a_resource_has_one_text() {
    let policy = example();
    let tool = &policy.tools[TOOL];
    let text = |kind: &str, names: &[&str]| {
        let names = names.iter().copied().map(str::to_owned).collect();
        entity(tool, &Resource { kind: kind.into(), names })
    };
    assert_eq!(text("queue", &["a/b"]), "sb://contoso-staging.servicebus.windows.net/a/b");
    assert_eq!(
        text("subscription", &["t", "s"]),
        "sb://contoso-staging.servicebus.windows.net/t/subscriptions/s"
    );
    assert_eq!(text("unknown", &["x", "y"]), "x/y");
}

#[test]
fn calls_are_always_the_number_of_calls() {
    assert_eq!(
        per_job("calls", &["send"], 1),
        wpc_model::Limit::new(TOOL, Measure::Calls, vec!["send".into()], vec![Target::Any], 1, Window::Job)
    );
}
