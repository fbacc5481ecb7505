//! Calls: what an agent may write, what it becomes, and what is refused with which code.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use wpc_model::{
    Call, Given, MAX_CALL_BYTES, MAX_CALL_DEPTH, Measured, RawCall, RawResource, Resource, Type, Value,
    arbitrary,
};

use crate::example::{TOOL, example};
use crate::values::every_type;

fn send(messages: Json) -> Json {
    json!({"tool": TOOL, "action": "send", "resource": {"kind": "queue", "name": "q"}, "arguments": {"messages": messages}})
}

#[track_caller]
fn check(call: &Json, measured: Measured, expect: &str) {
    check_bytes(call.to_string().as_bytes(), measured, expect);
}

#[track_caller]
fn check_bytes(bytes: &[u8], measured: Measured, expect: &str) {
    let found = Call::from_json(bytes, &example(), measured)
        .map_or_else(|error| error.to_string(), |_| "ok".to_owned());
    assert_eq!(found, expect);
}

#[test]
fn a_call_names_a_tool_an_action_and_a_resource_of_the_policy() {
    let with = |member: &str, value: Json| {
        let mut call = send(json!([]));
        call[member] = value;
        call
    };
    let refuse = Measured::Refuse;
    check(&send(json!([])), refuse, "ok");
    check(&with("tool", json!("gmail")), refuse, "unknown_tool: $.tool: `gmail` is no tool of this policy");
    check(
        &with("action", json!("Send")),
        refuse,
        "unknown_action: $.action: `Send` is no action that this policy speaks of",
    );
    check(&with("tool", json!(1)), refuse, "wrong_type: $.tool: is not a text");
    check(&with("more", json!(1)), refuse, "unknown_member: $.more: is not known");
    check(&with("arguments", json!([])), refuse, "wrong_type: $.arguments: is not an object");
    check(&with("resource", json!("q")), refuse, "wrong_type: $.resource: is not an object");
    check(&with("resource", json!({"name": "q"})), refuse, "missing_member: $.resource.kind: is missing");
    check(&with("resource", json!({"kind": "queue"})), refuse, "missing_member: $.resource.name: is missing");
    check(
        &with("resource", json!({"kind": "queue", "name": 1})),
        refuse,
        "wrong_type: $.resource.name: is not a text",
    );
    check(
        &with("resource", json!({"kind": "queue", "name": "q", "x": "y"})),
        refuse,
        "unknown_member: $.resource.x: is not known",
    );
    check(
        &with("resource", json!({"kind": "subscription", "topic": "t", "name": "s"})),
        refuse,
        "unknown_kind: $.resource.kind: `subscription` is not a kind that the action takes; expected `queue`, `topic`",
    );
    check(
        &with("resource", json!({"kind": "queue", "name": "q/$DeadLetterQueue"})),
        refuse,
        "bad_name: $.resource.name: `q/$DeadLetterQueue` has an empty, `.`, `..`, `subscriptions` or `$` part",
    );
    let mut without = send(json!([]));
    without.as_object_mut().unwrap().remove("resource");
    check(&without, refuse, "wrong_resource: $.resource: is missing");
    check(&json!({"action": "send"}), refuse, "missing_member: $.tool: is missing");
    check(&json!({"tool": TOOL, "action": "manage"}), refuse, "wrong_resource: $.resource: is missing");
    let bare = json!({"tool": TOOL, "action": "send", "resource": {"kind": "queue", "name": "q"}});
    check(&bare, refuse, "missing_argument: $.arguments.messages: is missing");
}

#[test]
fn an_agent_may_not_state_what_is_measured() {
    let message = json!({"message_bytes": 1, "properties": {}});
    check(&send(json!([message])), Measured::Accept, "ok");
    check(
        &send(json!([{}, {"message_bytes": 1}])),
        Measured::Refuse,
        "measured_stated: $.arguments.messages[1].message_bytes: is measured by the tool and may not be stated",
    );
    check(
        &send(json!([{}])),
        Measured::Accept,
        "missing_argument: $.arguments.messages[0].message_bytes: is missing",
    );
    check(&send(json!([{"body": {"x": 1.5}}])), Measured::Refuse, "ok");
}

#[test]
fn a_tool_adds_what_it_measures() {
    let policy = example();
    let json = send(json!([{"content_type": "a"}, {}])).to_string();
    let mut call = Call::from_json(json.as_bytes(), &policy, Measured::Refuse).unwrap();
    assert!(!call.is_complete(&policy));
    let error = |found: Result<(), wpc_model::Malformed>| found.unwrap_err().to_string();
    for index in 0..2 {
        call.measure_element(&policy, index, "message_bytes", Value::Int(3)).unwrap();
        call.measure_element(&policy, index, "properties", Value::Map(BTreeMap::new())).unwrap();
    }
    assert_eq!(call.conform(&policy), Ok(()));
    assert_eq!(
        error(call.measure_element(&policy, 0, "message_bytes", Value::Int(4))),
        "not_measured: $.arguments.messages[0].message_bytes: is there already"
    );
    assert_eq!(
        error(call.measure_element(&policy, 0, "content_type", Value::text("b"))),
        "not_measured: $.arguments.messages[0].content_type: is stated by the caller, not measured"
    );
    assert_eq!(
        error(call.measure_element(&policy, 2, "message_bytes", Value::Int(4))),
        "not_measured: $.arguments: has no batch element 2"
    );
    assert_eq!(
        error(call.measure(&policy, "messages", Value::Int(4))),
        "not_measured: $.arguments.messages: is stated by the caller, not measured"
    );
    assert_eq!(
        error(call.measure(&policy, "nothing", Value::Int(4))),
        "unknown_argument: $.arguments.nothing: is not known; expected `messages`"
    );
    let mut fresh = Call::from_json(json.as_bytes(), &policy, Measured::Refuse).unwrap();
    assert_eq!(
        error(fresh.measure_element(&policy, 0, "message_bytes", Value::Int(-1))),
        "out_of_range: $.arguments.messages[0].message_bytes: is -1, outside the range of `bytes`"
    );
}

#[test]
fn json_is_read_strictly() {
    let good = send(json!([{}])).to_string();
    let refuse = Measured::Refuse;
    check_bytes(good.as_bytes(), refuse, "ok");
    check_bytes(format!(" {good}\n").as_bytes(), refuse, "ok");
    let code = |bytes: &[u8]| Call::from_json(bytes, &example(), refuse).unwrap_err().code.code();
    assert_eq!(code(b""), "not_json");
    assert_eq!(code(b"null"), "wrong_type");
    assert_eq!(code(format!("{good}{good}").as_bytes()), "not_json");
    assert_eq!(code(&good.as_bytes()[1..]), "not_json");
    assert_eq!(code(b"{\"tool\":\"\xff\"}"), "not_json");
    assert_eq!(code(good.replace("\"q\"", "\"\\ud800\"").as_bytes()), "not_json");
    assert_eq!(
        code(good.replace("\"name\":\"q\"", "\"name\":\"q\",\"name\":\"p\"").as_bytes()),
        "duplicate_key"
    );
    assert_eq!(code(good.replace("\"tool\"", "\"tool\":1,\"tool\"").as_bytes()), "duplicate_key");
    assert_eq!(code(good.replace("{}", "{\"body\":{\"a\":1,\"\\u0061\":1}}").as_bytes()), "duplicate_key");
    assert_eq!(code(good.replace("[{}]", "NaN").as_bytes()), "not_json");
    let deep = |levels: usize| {
        good.replace("[{}]", &format!("[{{\"body\":{}{}}}]", "[".repeat(levels), "]".repeat(levels)))
    };
    let most = MAX_CALL_DEPTH as usize - 4;
    check_bytes(deep(most).as_bytes(), refuse, "ok");
    assert_eq!(code(deep(most + 1).as_bytes()), "too_large");
    assert_eq!(code("[".repeat(500_000).as_bytes()), "too_large");
    let padded = format!("{good}{}", " ".repeat(MAX_CALL_BYTES));
    assert_eq!(code(padded.as_bytes()), "too_large");
}

#[test]
fn messages_repeat_little_of_the_input_and_nothing_that_could_mislead() {
    let evil = format!("a\u{202e}\u{1b}[31m\n{}", "x".repeat(1_000));
    let error = Call::from_json(
        json!({"tool": evil, "action": "x"}).to_string().as_bytes(),
        &example(),
        Measured::Refuse,
    );
    let message = error.unwrap_err().to_string();
    assert!(message.starts_with("unknown_tool: $.tool: `a\\u{202e}\\u{1b}[31m\\nxxx"), "{message}");
    assert!(message.len() < 160 && message.chars().all(|c| !c.is_control()), "{message}");
    let key = format!("\u{7}{}", "k".repeat(500));
    let error = Call::from_json(
        json!({"tool": "t", "action": "x", key: 1}).to_string().as_bytes(),
        &example(),
        Measured::Refuse,
    );
    let message = error.unwrap_err().to_string();
    assert!(message.len() < 160 && message.chars().all(|c| !c.is_control()), "{message}");
}

#[test]
fn a_raw_call_need_not_come_from_json() {
    let names = BTreeMap::from([("topic".to_owned(), "t".to_owned()), ("name".to_owned(), "s".to_owned())]);
    let raw = RawCall {
        tool: TOOL.into(),
        action: "peek".into(),
        resource: Some(RawResource { kind: "subscription".into(), names }),
        arguments: BTreeMap::from([("messages".to_owned(), Given::Integer(3))]),
    };
    let call = Call::check(raw, &example(), Measured::Refuse).unwrap();
    let resource = Resource { kind: "subscription".into(), names: vec!["t".into(), "s".into()] };
    assert_eq!((call.resource, call.arguments["messages"].as_int()), (Some(resource), Some(3)));
}

#[test]
fn a_call_that_is_typed_by_hand_is_checked_too() {
    let policy = example();
    let json = send(json!([{"message_bytes": 1, "properties": {"k": "v"}, "body": 1}])).to_string();
    let good = Call::from_json(json.as_bytes(), &policy, Measured::Accept).unwrap();
    let refused = |edit: fn(&mut Call)| {
        let mut call = good.clone();
        edit(&mut call);
        call.conform(&policy).unwrap_err().to_string()
    };
    fn message(call: &mut Call) -> &mut BTreeMap<String, Value> {
        let Some(Value::List(elements)) = call.arguments.get_mut("messages") else { unreachable!() };
        let Value::Map(fields) = &mut elements[0] else { unreachable!() };
        fields
    }
    assert_eq!(
        refused(|call| drop(message(call).insert("body".into(), Value::text("clear")))),
        "wrong_type: $.arguments.messages[0].body: is sealed and stands in clear"
    );
    assert_eq!(
        refused(|call| drop(message(call).insert("message_bytes".into(), Value::SEALED))),
        "wrong_type: $.arguments.messages[0].message_bytes: is not a `bytes`"
    );
    assert_eq!(
        refused(|call| drop(message(call).remove("properties"))),
        "missing_argument: $.arguments.messages[0].properties: is missing"
    );
    assert_eq!(
        refused(|call| call.resource.as_mut().unwrap().names.clear()),
        "wrong_resource: $.resource: has another number of names than its kind"
    );
    assert_eq!(
        refused(|call| call.resource.as_mut().unwrap().names = vec!["a b".into()]),
        "bad_name: $.resource.name: `a b` holds ' '"
    );
    assert_eq!(
        refused(|call| call.action = "manage".into()),
        "unknown_argument: $.arguments.messages: is not known; expected nothing"
    );
    let set = Value::List(vec![Value::text("b"), Value::text("a")]);
    let unsorted = every_type().tools[TOOL].interface.conforms(&Type::Set(Box::new(Type::Text)), &set);
    assert_eq!(unsorted.unwrap_err().to_string(), "wrong_type: $: is a set and not sorted");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Call::from_json(&bytes, &example(), Measured::Accept).is_err());
    }

    #[test]
    fn edited_calls_are_refused_or_complete(
        (policy, call) in arbitrary::policy_and_call(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0_usize..4, "[0-9aK\",:\\[\\]{}-]{0,3}"), 1..3),
    ) {
        let mut bytes = call.to_json(&policy).encode();
        for (at, cut, text) in edits {
            let at = at.index(bytes.len());
            let end = (at + cut).min(bytes.len());
            bytes.splice(at..end, text.bytes());
        }
        if let Ok(call) = Call::from_json(&bytes, &policy, Measured::Accept) {
            prop_assert_eq!(call.conform(&policy), Ok(()));
        }
        if let Ok(call) = Call::from_json(&bytes, &policy, Measured::Refuse) {
            prop_assert!(call.to_json(&policy).encode().len() < 4_096);
        }
    }
}
