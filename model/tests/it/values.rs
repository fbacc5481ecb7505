//! Values in calls: every type, what it reads and what it refuses.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use wpc_model::{Call, MAX_BATCH, MAX_TEXT_BYTES, Measured, Policy, Type, Value};

use crate::example::{TOOL, field, named, optional, policy};

/// A policy whose `send` takes an argument of every type.
pub(crate) fn every_type() -> Policy {
    let mut policy = policy(vec![], vec![], vec![]);
    let tool = policy.tools.get_mut(TOOL).unwrap();
    let boxed = |ty| Box::new(ty);
    let types = [
        ("bool", Type::Bool),
        ("int", Type::Int),
        ("count", Type::Count),
        ("bytes", Type::Bytes),
        ("duration", Type::Duration),
        ("decimal", Type::Decimal { scale: 2 }),
        ("money", Type::Money { currency: "JPY".into() }),
        ("text", Type::Text),
        ("host", Type::Host),
        ("did", Type::Did),
        ("email", Type::Email),
        ("url", Type::Url),
        ("ip", Type::Ip),
        ("path", Type::Path),
        ("time", Type::Time),
        ("json", Type::Json),
        ("entity", Type::EntityName { max: 50 }),
        ("choice", Type::Choice(vec!["x".into(), "y".into()])),
        ("list", Type::List(boxed(Type::Int))),
        ("set", Type::Set(boxed(Type::Text))),
        ("map", Type::Map(boxed(Type::List(boxed(Type::Count))))),
        ("record", Type::Record("pair".into())),
    ];
    let send = tool.interface.actions.get_mut("send").unwrap();
    send.arguments = named(types.map(|(name, ty)| (name, optional(ty))));
    send.kinds.clear();
    let pair = wpc_model::Record { fields: named([("a", field(Type::Int)), ("b", optional(Type::Text))]) };
    tool.interface.records.insert("pair".into(), pair);
    assert_eq!(policy.check(), Ok(()));
    policy
}

#[track_caller]
fn reads(name: &str, given: Json, expect: Value) {
    let policy = every_type();
    let json = json!({"tool": TOOL, "action": "send", "arguments": {name: given}});
    let call = Call::from_json(json.to_string().as_bytes(), &policy, Measured::Accept).unwrap();
    assert_eq!(call.arguments, BTreeMap::from([(name.to_owned(), expect)]));
    assert_eq!(call.conform(&policy), Ok(()));
}

#[track_caller]
fn refuses(name: &str, given: Json, expect: &str) {
    let json = json!({"tool": TOOL, "action": "send", "arguments": {name: given}});
    let error = Call::from_json(json.to_string().as_bytes(), &every_type(), Measured::Accept).unwrap_err();
    assert_eq!(error.to_string(), expect);
}

#[test]
fn values_are_read_by_their_type() {
    reads("bool", json!(true), Value::Bool(true));
    reads("int", json!(-9_007_199_254_740_991_i64), Value::Int(-9_007_199_254_740_991));
    reads("count", json!(0), Value::Int(0));
    reads("decimal", json!("-25.00"), Value::Int(-2_500));
    reads("money", json!("2500"), Value::Int(2_500));
    reads("time", json!("1970-01-01T00:00:01Z"), Value::Int(1_000));
    reads("text", json!("\u{1f600}"), Value::text("\u{1f600}"));
    reads("host", json!("Contoso.COM"), Value::text("contoso.com"));
    reads("email", json!("Ada@Example.COM"), Value::text("Ada@example.com"));
    reads("json", json!({"a": [1.5, null]}), Value::SEALED);
    reads("choice", json!("x"), Value::text("x"));
    reads("list", json!([2, 1, 2]), Value::List(vec![Value::Int(2), Value::Int(1), Value::Int(2)]));
    reads("set", json!(["b", "a", "b"]), Value::List(vec![Value::text("a"), Value::text("b")]));
    let map = Value::Map(BTreeMap::from([("k".to_owned(), Value::List(vec![Value::Int(1)]))]));
    reads("map", json!({"k": [1]}), map);
    reads(
        "record",
        json!({"a": 1, "b": null}),
        Value::Map(BTreeMap::from([("a".to_owned(), Value::Int(1))])),
    );
}

#[test]
fn a_null_is_an_absent_optional_argument() {
    let json = json!({"tool": TOOL, "action": "send", "arguments": {"text": null}});
    let call = Call::from_json(json.to_string().as_bytes(), &every_type(), Measured::Accept).unwrap();
    assert_eq!(call.arguments, BTreeMap::new());
    refuses("record", json!({"a": null}), "wrong_type: $.arguments.record.a: is not a `int`");
}

#[test]
fn values_of_other_types_are_refused() {
    refuses("bool", json!(1), "wrong_type: $.arguments.bool: is not a `bool`");
    refuses("bool", json!("true"), "wrong_type: $.arguments.bool: is not a `bool`");
    refuses("int", json!("1"), "wrong_type: $.arguments.int: is not a `int`");
    refuses("int", json!(1.5), "wrong_type: $.arguments.int: is not a `int`");
    refuses("int", json!(1.0), "wrong_type: $.arguments.int: is not a `int`");
    refuses("int", json!(9_007_199_254_740_992_i64), "wrong_type: $.arguments.int: is not a `int`");
    refuses("int", json!(u64::MAX), "wrong_type: $.arguments.int: is not a `int`");
    refuses("count", json!(-1), "out_of_range: $.arguments.count: is -1, outside the range of `count`");
    refuses("bytes", json!(-1), "out_of_range: $.arguments.bytes: is -1, outside the range of `bytes`");
    refuses(
        "duration",
        json!(-1),
        "out_of_range: $.arguments.duration: is -1, outside the range of `duration`",
    );
    refuses("decimal", json!(25), "wrong_type: $.arguments.decimal: is not a `decimal`");
    refuses(
        "decimal",
        json!("25"),
        "wrong_type: $.arguments.decimal: `25` is not a decimal with 2 fraction digits",
    );
    refuses(
        "money",
        json!("25.00"),
        "wrong_type: $.arguments.money: `25.00` is not an amount of JPY with 0 fraction digits",
    );
    refuses("time", json!(0), "wrong_type: $.arguments.time: is not a `time`");
    refuses(
        "time",
        json!("today"),
        "wrong_type: $.arguments.time: `today` is not a time like `2026-01-31T09:30:00Z`",
    );
    refuses("host", json!("a_b"), "bad_name: $.arguments.host: `a_b` holds '_'");
    refuses("did", json!("alice"), "bad_name: $.arguments.did: `alice` is not of the form `did:method:id`");
    refuses("email", json!("ada"), "bad_name: $.arguments.email: `ada` has no `@`");
    refuses("url", json!("https://u:p@a"), "bad_name: $.arguments.url: `https://u:p@a/` holds a user name");
    refuses("ip", json!("1.2.3"), "bad_name: $.arguments.ip: `1.2.3` is not an ip address in canonical form");
    refuses(
        "path",
        json!("/../x"),
        "bad_name: $.arguments.path: `/../x` is not normalised: it has an empty, `.` or `..` part",
    );
    refuses("entity", json!("a/b"), "bad_name: $.arguments.entity: `a/b` holds '/'");
    refuses("choice", json!("z"), "bad_choice: $.arguments.choice: `z` is none of `x`, `y`");
    refuses("choice", json!("X"), "bad_choice: $.arguments.choice: `X` is none of `x`, `y`");
    refuses("list", json!([1, "a"]), "wrong_type: $.arguments.list[1]: is not a `int`");
    refuses("list", json!({}), "wrong_type: $.arguments.list: is not a `list`");
    refuses(
        "map",
        json!({"x y": [-1]}),
        "out_of_range: $.arguments.map[\"x y\"][0]: is -1, outside the range of `count`",
    );
    refuses("record", json!({}), "missing_argument: $.arguments.record.a: is missing");
    refuses(
        "record",
        json!({"a": 1, "c": 1}),
        "unknown_argument: $.arguments.record.c: is not known; expected `a`, `b`",
    );
    let many: Vec<i64> = vec![0; MAX_BATCH + 1];
    refuses("list", json!(many), "too_large: $.arguments.list: has 10001 members, more than 10000");
    refuses(
        "text",
        json!("a".repeat(MAX_TEXT_BYTES + 1)),
        "too_large: $.arguments.text: has 262145 bytes, more than 262144",
    );
}
