//! A second interpreter, written from LANGUAGE.md and WIRE.md alone: it reads the artifact's JSON,
//! not the policy, and says of each test what it *may* be instead of computing with three values.

mod asked;
mod condition;

use std::collections::{BTreeMap, BTreeSet};

use self::condition::Now;
use asked::Asked;
use proptest::prelude::*;
use serde_json::Value as Json;
use wpc_model::arbitrary::policy_and_call;
use wpc_model::{
    Call, Condition, Conformance, Demand, Moment, Policy, Ruling, Situation, Source, Sources, Truth, Value,
    approvals, demands, encode, rule,
};

use crate::example::{TOOL, allow, condition, deny, policy, queue};

/// A Tuesday, 12:00.
pub(super) const NOW: Moment = Moment::at(1_767_700_800_000);

/// What a set of sources and values knows.
struct Came<'a>(&'a BTreeSet<(String, String)>);

impl Sources for Came<'_> {
    fn came_from(&self, source: &Source, value: &Value) -> Truth {
        Truth::of(self.0.contains(&(source.to_text(), self::condition::plain(value).to_string())))
    }
}

/// What values conform to, drawn.
struct Drawn(u64);

impl Conformance for Drawn {
    fn conforms(&self, condition: &Condition, value: &Value) -> Truth {
        let (subject, schema) = (condition.subject.to_text(), condition.schema().unwrap().to_string());
        self::condition::drawn(self.0, &subject, &schema, &self::condition::plain(value))
    }
}

fn nowhere(moment: Moment) -> Now<'static> {
    Now { moment, came: None, conforms: None }
}

/// Every scalar of a call, now and then, as of each source that conditions name.
fn came(policy: &Policy, call: &Call, seed: u64) -> BTreeSet<(String, String)> {
    fn leaves(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::List(members) => members.iter().for_each(|one| leaves(one, into)),
            Value::Map(members) => members.values().for_each(|one| leaves(one, into)),
            Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::Sealed(_) => {
                into.push(self::condition::plain(value).to_string());
            }
        }
    }
    let mut values = Vec::new();
    call.arguments.values().for_each(|value| leaves(value, &mut values));
    let sources: BTreeSet<_> =
        policy.conditions().filter_map(wpc_model::Condition::sources).flatten().collect();
    let all = sources.iter().flat_map(|source| values.iter().map(|value| (source.to_text(), value.clone())));
    all.enumerate().filter(|(index, _)| seed >> (index % 64) & 1 == 1).map(|(_, one)| one).collect()
}

fn shown<'s>(policy: &Policy, call: &Call, now: impl Into<Situation<'s>>) -> String {
    let tool = &policy.tools[&call.tool];
    match rule(tool, call, now) {
        Ruling::Allow { rule } => format!("allow {}", tool.allow[rule as usize].id),
        Ruling::ExplicitDeny { rule } => format!("deny {}", tool.deny[rule as usize].id),
        Ruling::DefaultDeny { .. } => "none".to_owned(),
    }
}

fn shown_demands(policy: &Policy, call: &Call) -> Option<Vec<(i64, String, i64)>> {
    let tool = &policy.tools[&call.tool];
    let shown = |demand: Demand| {
        let limit = &tool.limits[demand.limit as usize];
        let measure = match &limit.measure {
            wpc_model::Measure::Calls => "calls".to_owned(),
            wpc_model::Measure::Argument(name) => name.clone(),
        };
        (limit.max, measure, demand.amount)
    };
    let mut all: Vec<_> = demands(tool, call).ok()?.into_iter().map(shown).collect();
    all.sort();
    Some(all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_artifact_alone_says_what_the_interpreter_says(
        (policy, call) in policy_and_call(),
        now in wpc_model::arbitrary::moment(),
        (known, seed) in any::<(bool, u64)>(),
    ) {
        let artifact: Json = serde_json::from_slice(&encode(&policy)).unwrap();
        let came = came(&policy, &call, seed);
        let sources = Came(&came);
        let conformance = Drawn(seed);
        let situation = Situation {
            moment: now,
            sources: known.then_some(&sources as &dyn Sources),
            conformance: known.then_some(&conformance as &dyn Conformance),
        };
        let read = Now { moment: now, came: known.then_some(&came), conforms: known.then_some(seed) };
        let asked = Asked::new(&artifact, &call, read);
        prop_assert_eq!(shown(&policy, &call, situation), asked.ruling());
        let found: Vec<_> =
            approvals(&policy, &call, situation).into_iter().map(|index| policy.approvals[index as usize].id.to_string()).collect();
        prop_assert_eq!(found, asked.approvals(&artifact));
        prop_assert_eq!(shown_demands(&policy, &call), asked.demands());
    }
}

/// Every message over a few properties and sizes, with and without its optional text.
fn elements() -> Vec<Value> {
    let keys: [&[&str]; 5] = [&[], &["k"], &["K"], &["k", "K"], &["j"]];
    let texts = [None, Some("a"), Some("")];
    let mut all = Vec::new();
    for keys in keys {
        for text in texts {
            for bytes in [1, 2] {
                let properties = keys.iter().map(|key| ((*key).to_owned(), Value::text("v"))).collect();
                let mut fields = BTreeMap::from([
                    ("message_bytes".to_owned(), Value::Int(bytes)),
                    ("properties".to_owned(), Value::Map(properties)),
                ]);
                fields.extend(text.map(|text| ("content_type".to_owned(), Value::text(text))));
                all.push(Value::Map(fields));
            }
        }
    }
    all
}

/// Every test of every kind on what those messages have.
fn tests() -> Vec<wpc_model::Condition> {
    use wpc_model::{Comparison, Test};
    let mut all = Vec::new();
    let texts = |texts: &[&str]| texts.iter().copied().map(Value::text).collect::<Vec<_>>();
    for subject in ["message_bytes", "content_type.size", "properties.size", "messages.size"] {
        for comparison in [
            Comparison::Equal,
            Comparison::NotEqual,
            Comparison::Less,
            Comparison::AtMost,
            Comparison::Greater,
            Comparison::AtLeast,
        ] {
            all.push(condition(subject, Test::Compare(comparison, Value::Int(1))));
        }
    }
    for subject in ["content_type", "properties[\"k\"]"] {
        all.extend([
            condition(subject, Test::Present),
            condition(subject, Test::Absent),
            condition(subject, Test::Compare(Comparison::Equal, Value::text("a"))),
            condition(subject, Test::Compare(Comparison::NotEqual, Value::text("v"))),
            condition(subject, Test::In(texts(&["a", "v"]))),
            condition(subject, Test::NotIn(texts(&["a", "v"]))),
            condition(subject, Test::Like("?".into())),
        ]);
    }
    for keys in [&["k"][..], &["K"], &["k", "j"], &[]] {
        all.push(condition("properties", Test::Has(texts(keys))));
        all.push(condition("properties", Test::Lacks(texts(keys))));
    }
    all
}

#[test]
fn every_pair_of_conditions_means_the_same_on_every_small_batch() {
    let elements = elements();
    let mut batches = vec![vec![]];
    batches.extend(elements.iter().map(|one| vec![one.clone()]));
    // Two elements: each of the list with a few that differ in everything.
    for (index, one) in elements.iter().enumerate() {
        batches.push(vec![one.clone(), elements[(index * 7 + 20) % elements.len()].clone()]);
    }
    let calls: Vec<_> = batches
        .into_iter()
        .map(|batch| Call {
            tool: TOOL.into(),
            action: "send".into(),
            resource: Some(wpc_model::Resource { kind: "queue".into(), names: vec!["q".into()] }),
            arguments: BTreeMap::from([("messages".to_owned(), Value::List(batch))]),
        })
        .collect();
    let tests = tests();
    let mut outcomes = BTreeMap::new();
    for (index, one) in tests.iter().enumerate() {
        for other in &tests[index..] {
            let both = || vec![one.clone(), other.clone()];
            for policy in [
                policy(vec![allow("send", queue("q"), both())], vec![], vec![]),
                policy(
                    vec![allow("send", queue("q"), vec![])],
                    vec![deny("send", queue("q"), both())],
                    vec![],
                ),
            ] {
                let artifact: Json = serde_json::from_slice(&encode(&policy)).unwrap();
                for call in &calls {
                    let found = shown(&policy, call, NOW);
                    assert_eq!(
                        found,
                        Asked::new(&artifact, call, nowhere(NOW)).ruling(),
                        "{one:?} {other:?} {call:?}"
                    );
                    *outcomes.entry(found.split(' ').next().unwrap().to_owned()).or_insert(0) += 1;
                }
            }
        }
    }
    assert!(outcomes.len() == 3 && outcomes.values().all(|&count| count > 4_000), "{outcomes:?}");
}

#[test]
fn every_name_and_slot_means_the_same() {
    use wpc_model::{Slot, Target};
    let names = ["a", "A", "b", "ab", "aB"];
    let patterns = ["a", "A", "*", "a*", "A?", "?", "b*"];
    let mut slots = vec![Slot::Any];
    slots.extend(names.map(|name| Slot::Exact(name.into())));
    slots.extend(patterns.map(|pattern| Slot::Like(pattern.into())));
    for allowed in &slots {
        for denied in slots.iter().map(Some).chain([None]) {
            let target = |slot: &Slot| Target::Of { kind: "queue".into(), slots: vec![slot.clone()] };
            let denies = denied.map(|slot| deny("send", target(slot), vec![])).into_iter().collect();
            let policy = policy(vec![allow("send", target(allowed), vec![])], denies, vec![]);
            let artifact: Json = serde_json::from_slice(&encode(&policy)).unwrap();
            for name in names {
                for kind in ["queue", "topic"] {
                    let resource = Some(wpc_model::Resource { kind: kind.into(), names: vec![name.into()] });
                    let arguments = BTreeMap::from([("messages".to_owned(), Value::List(vec![]))]);
                    let call = Call { tool: TOOL.into(), action: "send".into(), resource, arguments };
                    assert_eq!(
                        shown(&policy, &call, NOW),
                        Asked::new(&artifact, &call, nowhere(NOW)).ruling(),
                        "{allowed:?} {denied:?} {call:?}"
                    );
                }
            }
        }
    }
}
