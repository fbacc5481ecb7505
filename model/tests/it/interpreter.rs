//! Cases of the interpreter that need saying one by one.

use std::collections::BTreeMap;

use wpc_model::{
    Approvals, Bound, Call, Charge, Comparison, Condition, Counter, Decision, Demand, Effect, History, Limit,
    Measure, Moment, Near, Needs, Policy, Reason, Refusal, Resource, Rule, RuleId, Ruling, Target, Test,
    Truth, Undecided, Used, Value, Window, admit, approvals, demands, rule, rulings, used,
};

/// A Tuesday, 12:00.
const NOW: Moment = Moment::at(1_767_700_800_000);

use crate::example::{TOOL, allow, at_most, condition, deny, example, per_job, policy, queue, texts};

fn map(entries: &[(&str, Value)]) -> BTreeMap<String, Value> {
    entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// The truth of a condition on `{"m": {keys: "v"}, "t": "text", "l": ["x"], "s": sealed}`.
#[track_caller]
fn check(subject: &str, test: Test, keys: &[&str], expect: Truth) {
    let keys = keys.iter().map(|key| ((*key).to_owned(), Value::text("v"))).collect();
    let fields = map(&[
        ("m", Value::Map(keys)),
        ("t", Value::text("text")),
        ("l", Value::List(texts(&["x"]))),
        ("s", Value::SEALED),
    ]);
    assert_eq!(condition(subject, test).holds(&fields, NOW), expect);
}

fn equals(text: &str) -> Test {
    Test::Compare(Comparison::Equal, Value::text(text))
}

fn differs(text: &str) -> Test {
    Test::Compare(Comparison::NotEqual, Value::text(text))
}

#[test]
fn a_missing_key_makes_a_comparison_unknown_but_presence_definite() {
    check("m[\"k\"]", equals("v"), &[], Truth::Unknown);
    check("m[\"k\"]", differs("v"), &[], Truth::Unknown);
    check("m[\"k\"]", Test::NotIn(texts(&["v"])), &[], Truth::Unknown);
    check("m[\"k\"]", Test::Present, &[], Truth::False);
    check("m[\"k\"]", Test::Absent, &[], Truth::True);
    check("nothing", Test::Absent, &[], Truth::True);
    check("nothing", equals(""), &[], Truth::Unknown);
    check("each nothing", equals(""), &[], Truth::Unknown);
    check("m[\"k\"]", equals("v"), &["k"], Truth::True);
    check("m[\"k\"]", differs("v"), &["k"], Truth::False);
}

#[test]
fn a_key_in_another_letter_case_makes_everything_unknown() {
    for test in [equals("v"), differs("v"), Test::Present, Test::Absent, Test::Like("*".into())] {
        check("m[\"k\"]", test, &["K"], Truth::Unknown);
    }
    check("m", Test::Has(texts(&["k"])), &["K"], Truth::Unknown);
    check("m", Test::Lacks(texts(&["k"])), &["K"], Truth::Unknown);
}

#[test]
fn a_decoy_in_the_right_letter_case_hides_nothing() {
    // `{"k": "v", "K": "evil"}`: a consumer that ignores case may read either.
    check("m[\"k\"]", equals("v"), &["k", "K"], Truth::Unknown);
    check("m[\"k\"]", differs("v"), &["k", "K"], Truth::Unknown);
    check("m[\"k\"].size", Test::Compare(Comparison::Equal, Value::Int(1)), &["k", "K"], Truth::Unknown);
    // That the key is there is certain.
    check("m[\"k\"]", Test::Present, &["k", "K"], Truth::True);
    check("m[\"k\"]", Test::Absent, &["k", "K"], Truth::False);
    check("m", Test::Has(texts(&["k"])), &["k", "K"], Truth::True);
    check("m", Test::Lacks(texts(&["k"])), &["k", "K"], Truth::False);
}

#[test]
fn a_sealed_value_is_there_and_says_no_more() {
    check("s", Test::Present, &[], Truth::True);
    check("s", Test::Absent, &[], Truth::False);
    check("s", equals("x"), &[], Truth::Unknown);
    check("s[\"k\"]", Test::Absent, &[], Truth::Unknown);
    check("s.f", Test::Present, &[], Truth::Unknown);
    check("s", Test::In(texts(&["x"])), &[], Truth::Unknown);
    check("s", Test::Lacks(texts(&["x"])), &[], Truth::Unknown);
}

#[test]
fn a_step_that_the_value_does_not_have_is_unknown() {
    check("t[\"k\"]", Test::Absent, &[], Truth::Unknown);
    check("l.f", Test::Absent, &[], Truth::Unknown);
    check("each t", equals("t"), &[], Truth::Unknown);
}

#[test]
fn each_over_nothing_is_true_and_some_over_nothing_false() {
    let fields = map(&[("l", Value::List(vec![]))]);
    assert_eq!(condition("each l", equals("x")).holds(&fields, NOW), Truth::True);
    assert_eq!(condition("some l", equals("x")).holds(&fields, NOW), Truth::False);
}

#[test]
fn sizes_are_members_and_utf_8_bytes() {
    let size = |of: i64| Test::Compare(Comparison::Equal, Value::Int(of));
    let fields = map(&[
        ("t", Value::text("\u{e9}")),
        ("l", Value::List(texts(&["x", "y"]))),
        ("m", Value::Map(map(&[]))),
    ]);
    for (subject, of) in [("t.size", 2), ("l.size", 2), ("m.size", 0)] {
        assert_eq!(condition(subject, size(of)).holds(&fields, NOW), Truth::True, "{subject}");
    }
}

/// A call of `send` to a queue with these elements.
pub(crate) fn send(name: &str, messages: Vec<Value>) -> Call {
    let resource = Resource { kind: "queue".into(), names: vec![name.into()] };
    let arguments = map(&[("messages", Value::List(messages))]);
    Call { tool: TOOL.into(), action: "send".into(), resource: Some(resource), arguments }
}

pub(crate) fn message(bytes: i64, keys: &[&str]) -> Value {
    let keys = keys.iter().map(|key| ((*key).to_owned(), Value::text("v"))).collect();
    Value::Map(map(&[("message_bytes", Value::Int(bytes)), ("properties", Value::Map(keys))]))
}

#[track_caller]
fn ruling(policy: &Policy, call: &Call, expect: &str) {
    let tool = &policy.tools[TOOL];
    let found = match rule(tool, call, NOW) {
        Ruling::Allow { .. } => "allow".to_owned(),
        Ruling::ExplicitDeny { .. } => "deny".to_owned(),
        Ruling::DefaultDeny { near: None } => "none".to_owned(),
        Ruling::DefaultDeny { near: Some(Near { condition: None, .. }) } => "none: the resource".to_owned(),
        Ruling::DefaultDeny { near: Some(Near { rule, condition: Some(at) }) } => {
            format!("none: {}", tool.allow[rule as usize].conditions[at as usize].subject.to_text())
        }
    };
    assert_eq!(found, expect);
}

const KEYS: [&str; 2] = ["schema_version", "correlation_id"];

#[test]
fn the_example_allows_what_it_says_and_nothing_else() {
    let policy = example();
    ruling(&policy, &send("orders-staging", vec![message(131_072, &KEYS)]), "allow");
    ruling(&policy, &send("orders-staging", vec![message(131_073, &KEYS)]), "none: message_bytes");
    ruling(&policy, &send("orders-staging", vec![message(1, &KEYS[..1])]), "none: properties");
    ruling(&policy, &send("orders-staging", vec![message(1, &KEYS), message(1, &[])]), "none: properties");
    for header in ["cookie", "Cookie", "AUTHORIZATION", "Set-Cookie"] {
        ruling(
            &policy,
            &send("orders-staging", vec![message(1, &[KEYS[0], KEYS[1], header])]),
            "none: properties",
        );
    }
    ruling(&policy, &send("Orders-Staging", vec![message(1, &KEYS)]), "none: the resource");
    ruling(&policy, &send("other", vec![message(1, &KEYS)]), "none");
    ruling(&policy, &send("orders-prod", vec![message(1, &KEYS)]), "deny");
    ruling(&policy, &send("ORDERS-prod", vec![message(1, &KEYS)]), "deny");
    let mut topic = send("orders-staging", vec![message(1, &KEYS)]);
    topic.resource.as_mut().unwrap().kind = "topic".into();
    ruling(&policy, &topic, "none");
    let manage = Call { action: "manage".into(), arguments: map(&[]), ..send("x", vec![]) };
    ruling(&policy, &manage, "deny");
    ruling(&policy, &Call { action: "unheard_of".into(), ..manage }, "none");
}

#[test]
fn a_missing_batch_satisfies_no_allow_and_escapes_no_deny() {
    let mut call = send("a", vec![]);
    call.arguments.clear();
    ruling(
        &policy(vec![allow("send", queue("a"), vec![at_most(1)])], vec![], vec![]),
        &call,
        "none: message_bytes",
    );
    let both = policy(
        vec![allow("send", queue("a"), vec![])],
        vec![deny("send", queue("a"), vec![at_most(1)])],
        vec![],
    );
    ruling(&both, &call, "deny");
    let empty = send("a", vec![]);
    ruling(&both, &empty, "allow");
    let limited = policy(vec![], vec![], vec![per_job("messages", &["send"], 1)]);
    assert_eq!(demands(&limited.tools[TOOL], &call), Err(Undecided));
    assert_eq!(demands(&limited.tools[TOOL], &empty), Ok(vec![Demand { limit: 0, amount: 0, key: None }]));
}

#[test]
fn an_element_that_is_no_record_satisfies_no_allow_and_escapes_no_deny() {
    let call = send("a", vec![Value::Int(1)]);
    ruling(
        &policy(vec![allow("send", queue("a"), vec![at_most(1)])], vec![], vec![]),
        &call,
        "none: message_bytes",
    );
    let both = policy(
        vec![allow("send", queue("a"), vec![])],
        vec![deny("send", queue("a"), vec![at_most(1)])],
        vec![],
    );
    ruling(&both, &call, "deny");
}

#[test]
fn an_allow_without_an_action_allows_nothing() {
    let rule = Rule::new(TOOL, Effect::Allow, None, Target::Any, []);
    ruling(&policy(vec![rule], vec![], vec![]), &send("a", vec![]), "none");
    let deny = Rule::new(TOOL, Effect::Deny, None, Target::Any, []);
    ruling(&policy(vec![allow("send", queue("a"), vec![])], vec![deny], vec![]), &send("a", vec![]), "deny");
}

#[test]
fn a_deny_needs_one_element_that_has_everything() {
    let conditions = || vec![at_most(1), condition("properties", Test::Has(texts(&["k"])))];
    let policy =
        policy(vec![allow("send", queue("a"), vec![])], vec![deny("send", queue("a"), conditions())], vec![]);
    ruling(&policy, &send("a", vec![message(1, &[]), message(2, &["k"])]), "allow");
    ruling(&policy, &send("a", vec![message(2, &[]), message(1, &["k"])]), "deny");
    ruling(&policy, &send("a", vec![message(1, &["K"])]), "deny");
}

#[test]
fn limits_count_calls_elements_arguments_and_sums_over_elements() {
    let limit = |measure, actions: &[&str]| {
        let actions = actions.iter().copied().map(str::to_owned).collect();
        Limit::new(TOOL, measure, actions, vec![queue("a")], 100, Window::Job)
    };
    let argument = |name: &str| Measure::Argument(name.to_owned());
    let amount = |limit: Limit, call: &Call| {
        let policy = policy(vec![], vec![], vec![limit]);
        demands(&policy.tools[TOOL], call).map(|demands| demands.first().map(|demand| demand.amount))
    };
    let call = send("a", vec![message(3, &[]), message(4, &[])]);
    assert_eq!(amount(limit(Measure::Calls, &["send"]), &call), Ok(Some(1)));
    assert_eq!(amount(limit(argument("messages"), &["peek", "send"]), &call), Ok(Some(2)));
    assert_eq!(amount(limit(argument("message_bytes"), &["send"]), &call), Ok(Some(7)));
    assert_eq!(amount(limit(Measure::Calls, &["peek"]), &call), Ok(None));
    assert_eq!(amount(limit(Measure::Calls, &["send"]), &send("b", vec![])), Ok(None));
    // Another letter case may be the same queue: it counts.
    assert_eq!(amount(limit(Measure::Calls, &["send"]), &send("A", vec![])), Ok(Some(1)));
    let peek = |messages| Call {
        action: "peek".into(),
        arguments: map(&[("messages", messages)]),
        ..send("a", vec![])
    };
    assert_eq!(amount(limit(argument("messages"), &["peek", "send"]), &peek(Value::Int(9))), Ok(Some(9)));
    assert_eq!(amount(limit(argument("messages"), &["peek"]), &peek(Value::Int(-1))), Err(Undecided));
    assert_eq!(amount(limit(argument("messages"), &["peek"]), &peek(Value::SEALED)), Err(Undecided));
    assert_eq!(amount(limit(argument("messages"), &["peek"]), &peek(Value::List(vec![]))), Err(Undecided));
    let huge = send("a", vec![message(i64::MAX, &[]), message(1, &[])]);
    assert_eq!(amount(limit(argument("message_bytes"), &["send"]), &huge), Err(Undecided));
}

fn charge(limit: &Limit, at: i64, amount: i64) -> Charge {
    Charge { counter: Counter::of(limit.id), at, amount }
}

#[test]
fn a_window_is_open_at_its_old_end() {
    let limit = Limit::new(
        TOOL,
        Measure::Calls,
        vec!["send".into()],
        vec![Target::Any],
        2,
        Window::Sliding { ms: 10 },
    );
    let other = Charge { counter: Counter::of(RuleId([0; 16])), at: 0, amount: 9 };
    let history = [charge(&limit, 0, 1), other, charge(&limit, 5, 1)];
    let check = |now, amount, frees_at| {
        assert_eq!(used(&history, &limit.bound(None), 1, now), Some(Used { amount, frees_at }), "at {now}");
    };
    check(9, 2, Some(10));
    check(10, 1, None);
    check(15, 0, None);
    assert_eq!(used(&history, &limit.bound(None), 2, 9), Some(Used { amount: 2, frees_at: Some(15) }));
    assert_eq!(
        used(&history, &limit.bound(None), 3, 9),
        Some(Used { amount: 2, frees_at: None }),
        "never fits"
    );
    let job = Limit::new(TOOL, Measure::Calls, vec!["send".into()], vec![Target::Any], 2, Window::Job);
    assert_eq!(
        used(&[charge(&job, 0, 2)], &job.bound(None), 1, i64::MAX),
        Some(Used { amount: 2, frees_at: None })
    );
    assert_eq!(
        used(&[charge(&job, 0, i64::MAX), charge(&job, 0, 1)], &job.bound(None), 1, 0),
        None,
        "overflow"
    );
    assert_eq!(used(&[], &limit.bound(None), 1, i64::MIN), None, "overflow of the window");
}

/// A history that says the same of every counter.
struct Always(Option<i64>);

impl History for Always {
    fn now(&self) -> i64 {
        0
    }

    fn used(&self, _: &Bound, _: i64) -> Option<Used> {
        self.0.map(|amount| Used { amount, frees_at: Some(7) })
    }

    fn total(&self, _: &Counter, _: Option<i64>) -> Option<i64> {
        self.0
    }

    fn salted(&self, label: wpc_model::Hash) -> Option<wpc_model::Hash> {
        Some(label)
    }
}

/// What [`admit`] says, with limits already charged `so_far`.
fn decide(policy: &Policy, call: &Call, missing: &[u32], so_far: Option<i64>) -> (Reason, Option<RuleId>) {
    let rulings = rulings(policy, call, NOW);
    let needs = Needs { approvals: missing.to_vec(), ..Needs::of(policy, call, NOW) };
    let admission = admit(policy, call, &rulings, &needs, &Approvals::NONE, &Always(so_far));
    assert_eq!(admission.charges.is_empty(), matches!(admission.decision, Decision::Deny(_)));
    match admission.decision {
        Decision::Allow { rule } => (Reason::Undecided, Some(rule)),
        Decision::Deny(Refusal { reason, rule, frees_at, .. }) => {
            assert_eq!(frees_at, (reason == Reason::LimitExceeded).then_some(7));
            (reason, rule)
        }
    }
}

#[test]
fn steps_come_in_their_order() {
    let policy = example();
    let tool = &policy.tools[TOOL];
    let good = send("orders-staging", vec![message(1, &KEYS)]);
    let approval = Some(policy.approvals[0].id);
    assert_eq!(decide(&policy, &good, &[], Some(0)), (Reason::Undecided, Some(tool.allow[0].id)), "allowed");
    let least = tool.limits.first().map(|limit| limit.id);
    assert_eq!(decide(&policy, &good, &[], Some(200)), (Reason::LimitExceeded, least));
    assert_eq!(decide(&policy, &good, &[], Some(199)).0, Reason::LimitExceeded, "the other limit is 50");
    assert_eq!(decide(&policy, &good, &[], None), (Reason::Undecided, least));
    assert_eq!(decide(&policy, &good, &[], Some(i64::MAX)), (Reason::Undecided, least));
    assert_eq!(decide(&policy, &good, &[0], Some(200)), (Reason::ApprovalRequired, approval));
    let denied = send("orders-prod", vec![message(1, &KEYS)]);
    assert_eq!(decide(&policy, &denied, &[0], Some(200)).0, Reason::ExplicitDeny);
    let unknown = send("elsewhere", vec![message(1, &KEYS)]);
    assert_eq!(decide(&policy, &unknown, &[0], Some(200)), (Reason::DefaultDeny, None));
}

#[test]
fn a_call_that_would_charge_nothing_is_still_limited_to_the_sum() {
    // A limit lowered below what was charged: not even an empty batch goes ahead.
    let policy =
        policy(vec![allow("send", queue("a"), vec![])], vec![], vec![per_job("messages", &["send"], 5)]);
    assert_eq!(decide(&policy, &send("a", vec![]), &[], Some(6)).0, Reason::LimitExceeded);
    assert_eq!(decide(&policy, &send("a", vec![]), &[], Some(5)).1, Some(policy.tools[TOOL].allow[0].id));
}

#[test]
fn approvals_are_asked_for_unless_their_condition_is_false() {
    let mut policy = example();
    let asked = |policy: &Policy, call: &Call| approvals(policy, call, NOW).len();
    let manage = Call { action: "manage".into(), arguments: map(&[]), ..send("x", vec![]) };
    assert_eq!(asked(&policy, &manage), 1);
    assert_eq!(asked(&policy, &send("orders-staging", vec![])), 0);
    let wpc_model::Approval { by, quorum, within_ms, uses, bind, .. } = policy.approvals.remove(0);
    let text = condition("content_type", equals("a"));
    policy.approvals = vec![wpc_model::Approval::new(
        TOOL,
        vec!["send".into()],
        vec![queue("a")],
        vec![text],
        wpc_model::Terms { by, quorum, within_ms, uses, bind },
    )];
    let with = |text: Option<&str>| {
        let mut fields = message(1, &[]).as_map().unwrap().clone();
        fields.extend(text.map(|text| ("content_type".to_owned(), Value::text(text))));
        Value::Map(fields)
    };
    assert_eq!(asked(&policy, &send("a", vec![with(Some("b"))])), 0);
    assert_eq!(asked(&policy, &send("a", vec![with(Some("b")), with(Some("a"))])), 1);
    assert_eq!(asked(&policy, &send("a", vec![with(None)])), 1, "unknown is asked");
    assert_eq!(asked(&policy, &send("A", vec![with(Some("a"))])), 1, "maybe the same queue");
    assert_eq!(asked(&policy, &send("b", vec![with(Some("a"))])), 0);
    assert_eq!(asked(&policy, &Call { tool: "other".into(), ..manage }), 0);
}

#[test]
fn ordering_of_other_than_numbers_is_unknown() {
    let less = |value: Value| {
        Condition { test: Test::Compare(Comparison::Less, Value::Int(1)), ..condition("t", Test::Present) }
            .holds(&map(&[("t", value)]), NOW)
    };
    assert_eq!(less(Value::text("0")), Truth::Unknown);
    assert_eq!(less(Value::Int(0)), Truth::True);
}
