//! Conformance to JSON Schemas, and what a gate finds of sealed values: decided, attested, and decided again
//! without schemas and without the values.

use std::collections::BTreeMap;

use wpc::ledger::{Attempt, Body, Entry, Verdict};
use wpc::{DynamicGate, Outcome, SchemaEngine};
use wpc_evidence::approved::reopen;
use wpc_evidence::commitment::{Opening, SEALED};
use wpc_model::canon::Json;
use wpc_model::{
    Action, Approvals, Attested, Call, Comparison, Condition, Decision, Effect, Field, Given, Hash,
    Interface, Measured, Moment, Needs, Past, Policy, Record, Refusal, Rule, Schemas as _, Situation,
    Subject, Target, Test, Tool, Truth, Type, Value, Who, admit, check_schema, rulings,
};

use crate::policy::{self, ready, signed, trust};
use crate::rig::{Rig, job, log, on_each};

fn json(text: &str) -> Json {
    fn of(given: Given) -> Json {
        match given {
            Given::Null => Json::Null,
            Given::Bool(value) => Json::Bool(value),
            Given::Integer(number) => Json::Integer(number),
            Given::Text(text) => Json::Text(text),
            Given::List(items) => Json::Array(items.into_iter().map(of).collect()),
            Given::Map(members) => {
                Json::Object(members.into_iter().map(|(name, one)| (name, of(one))).collect())
            }
            Given::OtherNumber(number) => panic!("{number}"),
        }
    }
    of(Given::from_json(text.as_bytes()).unwrap())
}

/// An object with a whole number `a`, and nothing else.
fn order() -> Json {
    json(
        r##"{"$id":"https://example.com/order","type":"object","required":["a"],"additionalProperties":false,
            "properties":{"a":{"$ref":"#/$defs/number"}},"$defs":{"number":{"type":"integer","maximum":9}}}"##,
    )
}

/// Lines whose prices have two fraction digits and are below 100.
fn lines() -> Json {
    json(
        r#"{"type":"array","maxItems":2,"items":{"properties":{"price":{"pattern":"^[0-9]{1,2}\\.[0-9]{2}$"}}}}"#,
    )
}

fn hash(schema: &Json) -> Hash {
    Hash::of(&schema.encode())
}

fn interface() -> Interface {
    let field = |ty, sealed| Field { ty, optional: true, measured: false, sealed, must_state: false };
    let action = |name: &str, ty, sealed| {
        let arguments = [("it".to_owned(), field(ty, sealed))].into();
        let action = Action {
            wire: None,
            preposition: None,
            kinds: vec![],
            classes: vec![],
            arguments,
            results: [].into(),
        };
        (name.to_owned(), action)
    };
    let line = [(
        "price".to_owned(),
        Field { optional: false, ..field(Type::Money { currency: "EUR".into() }, false) },
    )];
    Interface {
        name: "desk".to_owned(),
        scope: None,
        kinds: [].into(),
        records: [
            ("line".to_owned(), Record { fields: line.into() }),
            ("box".to_owned(), Record { fields: [("body".to_owned(), field(Type::Json, true))].into() }),
        ]
        .into(),
        classes: [].into(),
        actions: [
            action("order", Type::Json, false),
            action("form", Type::Text, false),
            action("lines", Type::List(Box::new(Type::Record("line".to_owned()))), false),
            action("key", Type::Text, true),
            action("boxes", Type::List(Box::new(Type::Record("box".to_owned()))), false),
        ]
        .into(),
        constraints: [].into(),
    }
}

fn of(subject: &str, test: Test) -> Condition {
    Condition { subject: Subject::from_text(subject).unwrap(), test }
}

/// Each action is allowed on one condition; a key of four letters is denied.
fn desk() -> Policy {
    let conforms = |schema: &Json| Test::Conforms(hash(schema));
    let allow = |action: &str, conditions: Vec<Condition>| {
        Rule::new("desk", Effect::Allow, Some(action.into()), Target::Any, conditions)
    };
    let short = of("it.size", Test::Compare(Comparison::AtMost, Value::Int(4)));
    let tool = Tool {
        interface: interface(),
        scope: vec![],
        allow: vec![
            allow("order", vec![of("it", conforms(&order()))]),
            allow("form", vec![of("it", conforms(&order()))]),
            allow("lines", vec![of("it", conforms(&lines()))]),
            allow("key", vec![of("it", Test::Matches("[a-z]+".to_owned()))]),
            allow("boxes", vec![of("each it.body", conforms(&order()))]),
        ],
        deny: vec![Rule::new("desk", Effect::Deny, Some("key".into()), Target::Any, vec![short])],
        limits: vec![],
    };
    let schemas = [order(), lines()].map(|schema| (hash(&schema), schema)).into();
    let tools = [("desk".to_owned(), tool)].into();
    Policy { tools, schemas, approvals: vec![], ..policy::policy() }.normalise()
}

fn open(rig: &Rig, name: &str) -> DynamicGate {
    let policy = desk();
    assert_eq!(policy.check(), Ok(()));
    assert_eq!(wpc_model::decode(&wpc_model::encode(&policy)).as_ref(), Ok(&policy));
    let (artifact, trust) = (signed(&policy), trust());
    DynamicGate::open(ready(&artifact, &trust, &rig.ledger, name).opening()).unwrap()
}

fn asked(gate: &DynamicGate, action: &str, it: &str) -> &'static str {
    let call = format!(r#"{{"tool":"desk","action":"{action}","arguments":{{"it":{it}}}}}"#);
    match gate.begin_json_sync(call.as_bytes(), Measured::Refuse) {
        Ok(running) => {
            running.begin_effect().unwrap();
            running.finish_sync(Outcome::Done);
            "allow"
        }
        Err(refused) => refused.code(),
    }
}

/// What a gate is asked, and what it says.
const CASES: &[(&str, &str, &str)] = &[
    ("order", r#"{"a":1}"#, "allow"),
    // A number is whole whatever it is written like.
    ("order", r#"{"a":1.0}"#, "allow"),
    ("order", r#"{"a":1.5}"#, "default_deny"),
    ("order", r#"{"a":10}"#, "default_deny"),
    ("order", r#"{"a":12345678901234567890}"#, "default_deny"),
    ("order", r#"{"a":1,"b":1}"#, "default_deny"),
    ("order", "{}", "default_deny"),
    // A text is a text, whatever it says.
    ("order", r#""{\"a\":1}""#, "default_deny"),
    ("order", "null", "default_deny"),
    ("form", r#""{\"a\":1}""#, "allow"),
    ("form", r#"" {\"a\" : 9} ""#, "allow"),
    ("form", r#""{\"a\":1,\"a\":1}""#, "default_deny"),
    ("form", r#""{\"a\":1} x""#, "default_deny"),
    ("form", r#""a""#, "default_deny"),
    ("form", r#""""#, "default_deny"),
    ("lines", r#"[{"price":"5.00"}]"#, "allow"),
    ("lines", r#"[{"price":"99.99"},{"price":"0.01"}]"#, "allow"),
    ("lines", r#"[{"price":"100.00"}]"#, "default_deny"),
    ("lines", r#"[{"price":"1.00"},{"price":"1.00"},{"price":"1.00"}]"#, "default_deny"),
    ("key", r#""abcdefgh""#, "allow"),
    ("key", r#""ABCDEFGH""#, "default_deny"),
    ("key", r#""abcd""#, "explicit_deny"),
    // What is no text has no letters and no length that anybody knows.
    ("key", "5", "explicit_deny"),
    ("boxes", r#"[{"body":{"a":1}},{"body":{"a":2}}]"#, "allow"),
    ("boxes", r#"[{"body":{"a":1}},{"body":{"a":"2"}}]"#, "default_deny"),
    ("boxes", r#"[{"body":{"a":1}},{}]"#, "default_deny"),
    ("boxes", "[]", "allow"),
];

/// Decides every attempt again from its entry and openings: no engine, no sealed value.
fn replayed(rig: &Rig, name: &str) -> Vec<&'static str> {
    let policy = desk();
    let openings = rig.ledger.openings(&job(name)).unwrap();
    let replay = |entry: Entry| {
        let Body::Attempt(attempt) = entry.body else { return None };
        let of_entry = openings.iter().filter(|one| one.seq == entry.seq);
        let shown: Vec<Opening> = of_entry.map(|one| Opening::decode(&one.opening).unwrap()).collect();
        let shown: Vec<&Opening> = shown.iter().collect();
        let call = reopen(&attempt.tool, &attempt.action, None, &shown, &policy).unwrap();
        let attested = Attested::read(&policy, &call, &attempt.attested).unwrap();
        let situation = Situation::attested(Moment::at(entry.at), &attested);
        let (rulings, needs) = (rulings(&policy, &call, situation), Needs::of(&policy, &call, situation));
        let nothing = Past::new();
        let history = nothing.at(Who { job: name, agent: policy::AGENT }, entry.at);
        let decision = admit(&policy, &call, &rulings, &needs, &Approvals::NONE, &history).decision;
        let (verdict, code) = match decision {
            Decision::Allow { rule } => (Verdict::Allow { rule, charges: vec![] }, "allow"),
            Decision::Deny(Refusal { reason, rule, .. }) => (Verdict::Deny { reason, rule }, reason.code()),
        };
        assert_eq!(verdict, attempt.verdict, "{call:?}, {attested:?}");
        Some(code)
    };
    log(&*rig.ledger, &job(name)).into_iter().filter_map(replay).collect()
}

#[test]
fn what_conforms_is_decided_attested_and_decided_again() {
    on_each(|rig| {
        let gate = open(rig, "j");
        for (action, it, expect) in CASES {
            assert_eq!(asked(&gate, action, it), *expect, "{action} {it}");
        }
        let expect: Vec<_> = CASES.iter().map(|(_, _, expect)| *expect).collect();
        assert_eq!(replayed(rig, "j"), expect);
        rig.is_clean();
    });
}

#[test]
fn nothing_of_a_sealed_value_is_kept_but_answers() {
    on_each(|rig| {
        let gate = open(rig, "j");
        assert_eq!(asked(&gate, "key", r#""confidential""#), "allow");
        assert_eq!(asked(&gate, "boxes", r#"[{"body":{"a":1,"confidential":2}}]"#), "default_deny");
        let openings = rig.ledger.openings(&job("j")).unwrap();
        assert_eq!(openings.len(), 2);
        let all: Vec<String> =
            openings.iter().map(|one| String::from_utf8(one.opening.clone()).unwrap()).collect();
        assert!(all.iter().all(|one| !one.contains("confidential")), "{all:?}");
        let [key, boxes] = [0, 1].map(|index| Opening::decode(&openings[index].opening).unwrap());
        let Json::Object(answers) = &key.value else { panic!("{key:?}") };
        assert_eq!((key.ty.as_str(), answers.len()), (SEALED, 2));
        // Whether it is long, and whether it is of letters.
        assert_eq!(answers.values().filter(|answer| **answer == Json::Bool(true)).count(), 1);
        assert!(boxes.value.encode().starts_with(br#"[{"body":{"sealed":{"r_"#), "{boxes:?}");
    });
}

#[test]
fn a_value_that_nobody_showed_the_gate_satisfies_nothing() {
    on_each(|rig| {
        let gate = open(rig, "j");
        for (action, expect) in [("order", "default_deny"), ("key", "explicit_deny")] {
            let arguments = BTreeMap::from([("it".to_owned(), Value::SEALED)]);
            let call = Call { tool: "desk".into(), action: action.into(), resource: None, arguments };
            assert_eq!(gate.begin_sync(call).unwrap_err().code(), expect);
        }
    });
}

#[test]
fn other_answers_are_answers_to_something_else() {
    on_each(|rig| {
        let gate = open(rig, "j");
        assert_eq!(asked(&gate, "form", r#""{\"a\":1}""#), "allow");
        let attempts = log(&*rig.ledger, &job("j")).into_iter().filter_map(|entry| match entry.body {
            Body::Attempt(attempt) => Some(attempt),
            _ => None,
        });
        let attempts: Vec<Attempt> = attempts.collect();
        let [Attempt { attested, .. }] = attempts.as_slice() else { panic!("{attempts:?}") };
        assert_eq!(attested.iter().map(|one| one.holds.as_slice()).collect::<Vec<_>>(), [[Truth::True]]);
        let arguments = BTreeMap::from([("it".to_owned(), Value::text("{\"a\":1}"))]);
        let call = Call { tool: "desk".into(), action: "form".into(), resource: None, arguments };
        assert!(Attested::read(&desk(), &call, attested).is_some());
        assert_eq!(Attested::read(&desk(), &call, &[]), None);
        let lines = Call { action: "lines".into(), arguments: BTreeMap::new(), ..call };
        assert_eq!(Attested::read(&desk(), &lines, attested), None);
    });
}

#[test]
fn what_is_too_deep_or_too_long_or_no_json_conforms_to_nothing() {
    // A schema that takes everything.
    let any = json("{}");
    assert_eq!(check_schema(&any), Ok(()));
    let policy = Policy { schemas: [(hash(&any), any.clone())].into(), ..policy::policy() };
    let engine = SchemaEngine::of(&policy).unwrap();
    let check =
        |text: &str, expect| assert_eq!(engine.text_conforms(&hash(&any), text), expect, "{text:.40}");
    check("[]", Truth::True);
    check(&("[".repeat(32) + &"]".repeat(32)), Truth::True);
    check(&("[".repeat(33) + &"]".repeat(33)), Truth::False);
    check(&format!("\"{}\"", "a".repeat(1024 * 1024)), Truth::False);
    for text in ["", "nul", "{\"a\":1,\"a\":1}", "\"\\ud800\"", "1 1", "\u{feff}1", "1e999", "[1,]"] {
        check(text, Truth::False);
    }
    assert_eq!(engine.text_conforms(&hash(&order()), "{\"a\":1}"), Truth::Unknown);
    assert_eq!(engine.conforms(&hash(&order()), &Given::Null), Truth::Unknown);
}
