//! How long large policies take. `cargo test --release -p wpc-analysis scale -- --nocapture` prints it.

use std::collections::BTreeMap;
use std::time::Instant;

use wpc_analysis::{Verdict, compare};
use wpc_model::{
    Action, Auth, Comparison, Condition, Effect, Evidence, Field, Interface, Kind, Policy, Preposition, Rule,
    Settings, Slot, Subject, Target, Template, Test, Tool, Type, Value,
};

fn interface() -> Interface {
    let plain = |ty| Field { ty, optional: false, measured: true, sealed: false, must_state: false };
    let kind = Kind {
        template: Template {
            parameters: vec![("name".to_owned(), Type::EntityName { max: 260 })],
            text: "{name}".to_owned(),
        },
    };
    let send = Action {
        wire: None,
        preposition: Some(Preposition::To),
        kinds: vec!["queue".to_owned()],
        classes: vec![],
        arguments: BTreeMap::from([
            ("bytes".to_owned(), plain(Type::Bytes)),
            ("properties".to_owned(), plain(Type::Map(Box::new(Type::Text)))),
        ]),
        results: BTreeMap::new(),
    };
    Interface {
        name: "bus".to_owned(),
        scope: None,
        kinds: BTreeMap::from([("queue".to_owned(), kind)]),
        records: BTreeMap::new(),
        classes: BTreeMap::new(),
        actions: BTreeMap::from([("send".to_owned(), send)]),
        constraints: BTreeMap::new(),
    }
}

/// `rules` allows of one queue each with `most` bytes, and a deny of each tenth queue's backup.
fn policy(rules: u32, most: impl Fn(u32) -> i64) -> Policy {
    let subject = |name: &str| Subject { quantifier: None, name: name.to_owned(), steps: vec![] };
    let key = |key: &str| vec![Value::text(key)];
    let queue = |name: String| Target::Of { kind: "queue".into(), slots: vec![Slot::Exact(name)] };
    let allow = |number: u32| {
        let most = Test::Compare(Comparison::AtMost, Value::Int(most(number)));
        let conditions = [
            Condition { subject: subject("bytes"), test: most },
            Condition { subject: subject("properties"), test: Test::Has(key("schema_version")) },
            Condition { subject: subject("properties"), test: Test::Lacks(key("cookie")) },
        ];
        Rule::new("bus", Effect::Allow, Some("send".into()), queue(format!("orders-{number}")), conditions)
    };
    let deny = |number: u32| {
        Rule::new("bus", Effect::Deny, Some("send".into()), queue(format!("orders-{number}-backup")), [])
    };
    let tool = Tool {
        interface: interface(),
        scope: vec![],
        allow: (0..rules).map(allow).collect(),
        deny: (0..rules).step_by(10).map(deny).collect(),
        limits: vec![],
    };
    Policy {
        schemas: BTreeMap::new(),
        name: "large".to_owned(),
        tools: BTreeMap::from([("bus".to_owned(), tool)]),
        auth: Auth {
            max_ttl_seconds: 900,
            pin_policy_hash: true,
            job_scoped_binding: true,
            proof_of_possession: true,
        },
        approvals: vec![],
        evidence: Evidence::default(),
        settings: Settings::default(),
        orders: vec![],
        parents: vec![],
    }
    .normalise()
}

#[track_caller]
fn check(what: &str, old: &Policy, new: &Policy, expect: Verdict) {
    let start = Instant::now();
    let found = compare(old, new);
    let taken = start.elapsed().as_millis();
    assert_eq!(found.verdict, expect, "{what}: {:?}", found.differences.first());
    eprintln!("{what}: {taken} ms, {}, {} differences", found.verdict.word(), found.differences.len());
}

/// Prints how long each took; pairs of ten thousand rules would take minutes.
#[test]
fn thousands_of_rules_are_compared() {
    let sizes: &[u32] = if cfg!(debug_assertions) { &[300] } else { &[1_000, 10_000] };
    for &rules in sizes {
        let old = policy(rules, |_| 131_072);
        let same = policy(rules, |_| 131_072);
        let one = policy(rules, |number| if number == 7 { 262_144 } else { 131_072 });
        let less = policy(rules, |_| 65_536);
        let both = policy(rules, |number| if number % 2 == 0 { 65_536 } else { 262_144 });
        for (what, new, expect) in [
            ("nothing changed", &same, Verdict::Equal),
            ("one rule changed", &one, Verdict::Wider),
            ("every rule tightened", &less, Verdict::Narrower),
            ("every rule changed", &both, Verdict::Incomparable),
        ] {
            check(&format!("{rules} rules, {what}"), &old, new, expect);
        }
    }
}

#[test]
fn a_broad_allow_is_compared_with_a_thousand_names() {
    let rules = if cfg!(debug_assertions) { 100 } else { 1_000 };
    let old = policy(rules, |_| 131_072);
    let mut new = old.clone();
    let tool = new.tools.get_mut("bus").unwrap();
    let any = Target::Of { kind: "queue".into(), slots: vec![Slot::Like("orders-*".to_owned())] };
    let conditions = tool.allow[0].conditions.clone();
    tool.allow.push(Rule::new("bus", Effect::Allow, Some("send".into()), any, conditions));
    let new = new.normalise();
    check("a pattern over all names", &old, &new, Verdict::Wider);
    check("a pattern taken away", &new, &old, Verdict::Narrower);
}
