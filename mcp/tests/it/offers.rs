//! What is offered: never less than the policy allows.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};
use wpc_mcp::{Catalogue, Offer};
use wpc_model::{Call, Field, Interface, Moment, Policy, Sealed, Situation, Type, Value, arbitrary, rulings};

pub(crate) fn compiled(text: &str) -> Policy {
    let mut source = wpc_compiler::Source::new("policy.wpc", text);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    wpc_compiler::gather(&mut source, |used| {
        std::fs::read_to_string(beside.join(used)).map_err(|error| error.to_string())
    });
    match wpc_compiler::compile(&source, &wpc_compiler::Parameters::new()) {
        Ok(compiled) => compiled.policy,
        Err(problems) => {
            panic!("{}", wpc_compiler::render_all(&problems, &source, wpc_compiler::Colour::Plain))
        }
    }
}

fn valid(schema: &Json, value: &Json) -> Result<(), String> {
    let validator = jsonschema::validator_for(schema).map_err(|error| format!("no schema: {error}"))?;
    let errors: Vec<_> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    if errors.is_empty() { Ok(()) } else { Err(errors.join("; ")) }
}

/// Whether the rules allow the call now, whatever its values came from.
fn allows(policy: &Policy, call: &Call) -> bool {
    rulings(policy, call, Situation::from(Moment::at(0))).allow()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn an_allowed_call_is_one_of_the_schemas((policy, call) in arbitrary::policy_and_call()) {
        let catalogue = Catalogue::of(&policy);
        let offer = catalogue.offers().find(|offer| offer.tool == call.tool && offer.action == call.action);
        if allows(&policy, &call) {
            let offer = offer.expect("what is allowed is offered");
            let arguments = Json::Object(written(offer, &policy, &call));
            let schema = Json::Object(offer.input_schema.clone());
            if let Err(errors) = valid(&schema, &arguments) {
                prop_assert!(false, "{errors}\n{schema:#}\n{arguments:#}");
            }
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same_call((policy, call) in arbitrary::policy_and_call()) {
        let catalogue = Catalogue::of(&policy);
        let Some(offer) = catalogue.offers().find(|offer| offer.tool == call.tool && offer.action == call.action)
        else {
            return Ok(());
        };
        let arguments = written(offer, &policy, &call);
        match offer.read(&policy, arguments.clone()) {
            Ok(asked) => {
                prop_assert_eq!(&asked.call, &stated(&policy, &call));
                prop_assert_eq!(offer.write(&policy, &asked).unwrap(), arguments);
            }
            Err(malformed) => prop_assert!(false, "{malformed}"),
        }
    }
}

/// The call's arguments, with something in the place of what a call says nothing of.
fn written(offer: &Offer, policy: &Policy, call: &Call) -> Map<String, Json> {
    let call = stated(policy, call);
    let interface = &policy.tools[&call.tool].interface;
    let mut arguments = offer.write_call(policy, &call).unwrap();
    fill(interface, &interface.actions[&call.action].arguments, &mut arguments);
    arguments
}

fn fill(interface: &Interface, fields: &BTreeMap<String, Field>, values: &mut Map<String, Json>) {
    for (name, field) in fields {
        if let Some(value) = values.get_mut(name) {
            fill_value(interface, &field.ty, value);
        }
    }
}

fn fill_value(interface: &Interface, ty: &Type, value: &mut Json) {
    match (ty, value) {
        (ty, value @ Json::Null) => *value = sample(interface, ty),
        (Type::List(member) | Type::Set(member), Json::Array(members)) => {
            members.iter_mut().for_each(|one| fill_value(interface, member, one));
        }
        (Type::Batch(record), Json::Array(members)) => {
            let ty = Type::Record(record.clone());
            members.iter_mut().for_each(|one| fill_value(interface, &ty, one));
        }
        (Type::Map(member), Json::Object(members)) => {
            members.values_mut().for_each(|one| fill_value(interface, member, one));
        }
        (Type::Record(name), Json::Object(members)) => {
            fill(interface, &interface.records[name].fields, members);
        }
        _ => {}
    }
}

/// Any value of the type, as JSON.
fn sample(interface: &Interface, ty: &Type) -> Json {
    match ty {
        Type::Bool => json!(true),
        Type::Int | Type::Count | Type::Bytes | Type::Duration => json!(1),
        Type::Decimal { scale } => json!(wpc_model::decimal_text(0, *scale)),
        Type::Money { currency } => json!(wpc_model::decimal_text(0, wpc_model::minor_digits(currency))),
        Type::Time => json!("2026-01-31T09:30:00Z"),
        Type::Json => json!({ "x": 1.5 }),
        Type::Path => json!("/a"),
        Type::Choice(words) => json!(words[0]),
        Type::List(_) | Type::Set(_) | Type::Batch(_) => json!([]),
        Type::Map(_) => json!({}),
        Type::Record(name) => {
            let fields =
                interface.records[name].fields.iter().filter(|(_, field)| !field.optional && !field.measured);
            Json::Object(fields.map(|(name, field)| (name.clone(), sample(interface, &field.ty))).collect())
        }
        _ => json!("a"),
    }
}

/// Fewer in a test of every day.
fn cases() -> u32 {
    std::env::var("WPC_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(512)
}

/// The call without what its tool measures.
fn stated(policy: &Policy, call: &Call) -> Call {
    let interface = &policy.tools[&call.tool].interface;
    let fields = &interface.actions[&call.action].arguments;
    let mut call = call.clone();
    strip(interface, fields, &mut call.arguments);
    // A client says nothing of what a gate finds in sealed values.
    call.each_sealed(policy, &mut |_, sealed| *sealed = Sealed::UNREAD);
    call
}

fn strip(interface: &Interface, fields: &BTreeMap<String, Field>, values: &mut BTreeMap<String, Value>) {
    values.retain(|name, _| !fields[name].measured);
    for (name, value) in values {
        strip_value(interface, &fields[name].ty, value);
    }
}

fn strip_value(interface: &Interface, ty: &Type, value: &mut Value) {
    match (ty, value) {
        (Type::List(member) | Type::Set(member), Value::List(members)) => {
            members.iter_mut().for_each(|one| strip_value(interface, member, one));
        }
        (Type::Batch(record), Value::List(members)) => {
            let ty = Type::Record(record.clone());
            members.iter_mut().for_each(|one| strip_value(interface, &ty, one));
        }
        (Type::Map(member), Value::Map(members)) => {
            members.values_mut().for_each(|one| strip_value(interface, member, one));
        }
        (Type::Record(name), Value::Map(members)) => {
            strip(interface, &interface.records[name].fields, members);
        }
        _ => {}
    }
}

#[test]
fn a_policy_narrows_what_is_offered() {
    let policy = compiled(include_str!("../policies/files.wpc"));
    let offers: Vec<_> = Catalogue::of(&policy)
        .offers()
        .map(|offer| json!({ "name": offer.name, "inputSchema": offer.input_schema }))
        .collect();
    insta::assert_snapshot!(serde_json::to_string_pretty(&offers).unwrap());
}

#[test]
fn arguments_are_refused_with_their_place() {
    let policy = compiled(include_str!("../policies/files.wpc"));
    let catalogue = Catalogue::of(&policy);
    let offer = catalogue.find("write-note").unwrap();
    let refused = |arguments: Json| {
        let Json::Object(arguments) = arguments else { panic!("no object") };
        offer.read(&policy, arguments).unwrap_err().to_string()
    };
    let all = [
        refused(json!({})),
        refused(json!({ "name": "a", "text": 5 })),
        refused(json!({ "name": "a", "text": "t", "mode": "0644" })),
        refused(json!({ "name": ["a"], "text": "t" })),
        refused(json!({ "name": "a", "text": "t", "tags": ["x", 1.5] })),
        refused(json!({ "name": "a", "text": "t", "size": 10 })),
    ];
    insta::assert_snapshot!(all.join("\n"));
    assert!(catalogue.named_by("delete-note").is_err());
}
