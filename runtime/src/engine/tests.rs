//! The engine against the reference interpreter.

use std::sync::Arc;

use proptest::prelude::*;
use wpc_model::{Call, Moment, Policy, Resource, Rule, Ruling, Slot, Target, Tool, Value, arbitrary, rule};

use super::Engine;

/// A Tuesday, 12:00.
const NOW: Moment = Moment::at(1_767_700_800_000);

#[track_caller]
fn check(policy: &Policy, engine: &Engine, call: &Call) {
    let expect = match policy.tools.get(&call.tool) {
        Some(tool) => rule(tool, call, NOW),
        None => Ruling::DefaultDeny { near: None },
    };
    assert_eq!(engine.rule(call, NOW.into()), expect, "{call:?}\n{policy:#?}");
}

proptest! {
    #[test]
    fn every_ruling_is_that_of_the_reference((policy, calls) in arbitrary::policy_and_calls(12)) {
        let engine = Engine::new(&policy);
        for call in &calls {
            check(&policy, &engine, call);
        }
    }

    /// Also for calls that no gate would decide: what is missing or mistyped must not be allowed
    /// where the reference denies.
    #[test]
    fn and_so_is_that_of_a_broken_call(
        (policy, mut call) in arbitrary::policy_and_call(),
        breakage in prop::collection::vec(breakage(), 1..4),
    ) {
        let engine = Engine::new(&policy);
        for one in breakage {
            one.apply(&mut call);
            check(&policy, &engine, &call);
        }
    }
}

#[derive(Clone, Debug)]
enum Breakage {
    Tool,
    Action,
    NoResource,
    Names(usize),
    Kind,
    Case(bool),
    Argument(prop::sample::Index, Option<Value>),
}

fn breakage() -> impl Strategy<Value = Breakage> {
    prop_oneof![
        Just(Breakage::Tool),
        Just(Breakage::Action),
        Just(Breakage::NoResource),
        (0..3_usize).prop_map(Breakage::Names),
        Just(Breakage::Kind),
        any::<bool>().prop_map(Breakage::Case),
        (any::<prop::sample::Index>(), prop::option::of(Just(Value::List(vec![Value::Int(1)]))))
            .prop_map(|(at, value)| Breakage::Argument(at, value)),
    ]
}

impl Breakage {
    fn apply(self, call: &mut Call) {
        match self {
            Self::Tool => call.tool.push('x'),
            Self::Action => call.action = call.action.to_ascii_uppercase(),
            Self::NoResource => call.resource = None,
            Self::Names(count) => {
                if let Some(resource) = &mut call.resource {
                    resource.names.resize(count, "a".to_owned());
                }
            }
            Self::Kind => {
                if let Some(resource) = &mut call.resource {
                    resource.kind = resource.kind.to_ascii_uppercase();
                }
            }
            Self::Case(upper) => {
                for name in call.resource.iter_mut().flat_map(|resource| &mut resource.names) {
                    *name = if upper { name.to_ascii_uppercase() } else { name.to_ascii_lowercase() };
                }
            }
            Self::Argument(at, value) => {
                let Some(name) = (!call.arguments.is_empty())
                    .then(|| at.get(&call.arguments.keys().collect::<Vec<_>>()).to_string())
                else {
                    return;
                };
                match value {
                    Some(value) => call.arguments.insert(name, value),
                    None => call.arguments.remove(&name),
                };
            }
        }
    }
}

/// Names that end where others begin, and rules that share them: what one bucket may mix up.
#[test]
fn names_that_run_into_each_other_are_kept_apart() {
    let slots =
        [("topic", ["ab", "c"]), ("topic", ["a", "bc"]), ("topic", ["AB", "c"]), ("queue", ["ab", "c"])];
    let targets = slots.map(|(kind, names)| Target::Of {
        kind: kind.into(),
        slots: names.map(|name| Slot::Exact(name.to_owned())).to_vec(),
    });
    let tool = |allow| Tool { allow, ..bare_tool() };
    let rules: Vec<_> = targets
        .map(|target| Rule::new("bus", wpc_model::Effect::Allow, Some(Arc::from("send")), target, vec![]))
        .into();
    let policy = Policy { tools: [("bus".to_owned(), tool(rules))].into(), ..empty() }.normalise();
    let engine = Engine::new(&policy);
    for kind in ["topic", "queue", "Queue"] {
        for names in [
            &["ab", "c"][..],
            &["a", "bc"],
            &["aB", "C"],
            &["abc"],
            &["ab"],
            &["ab", "c", ""],
            &["ab", "c", "d"],
            &[],
        ] {
            let resource = Resource {
                kind: kind.to_owned(),
                names: names.iter().map(|&name| name.to_owned()).collect(),
            };
            let call = Call {
                tool: "bus".to_owned(),
                action: "send".to_owned(),
                resource: Some(resource),
                arguments: [].into(),
            };
            check(&policy, &engine, &call);
        }
    }
}

fn empty() -> Policy {
    use wpc_model::{Auth, Evidence, Settings};
    let auth = Auth {
        max_ttl_seconds: 1,
        pin_policy_hash: true,
        job_scoped_binding: true,
        proof_of_possession: true,
    };
    Policy {
        schemas: std::collections::BTreeMap::new(),
        name: "p".to_owned(),
        tools: [].into(),
        auth,
        approvals: vec![],
        evidence: Evidence::default(),
        orders: vec![],
        parents: vec![],
        settings: Settings::default(),
    }
}

/// A tool with an action that takes anything.
fn bare_tool() -> Tool {
    use wpc_model::{Action, Interface, Preposition};
    let send = Action {
        wire: None,
        preposition: Some(Preposition::To),
        kinds: vec!["queue".to_owned(), "topic".to_owned()],
        classes: vec![],
        arguments: [].into(),
        results: [].into(),
    };
    let interface = Interface {
        name: "bus".to_owned(),
        scope: None,
        kinds: [].into(),
        records: [].into(),
        classes: [].into(),
        actions: [("send".to_owned(), send)].into(),
        constraints: [].into(),
    };
    Tool { interface, scope: vec![], allow: vec![], deny: vec![], limits: vec![] }
}

/// Many patterns of every form, so that each path of the sieve is taken.
fn many_patterns() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    let patterns = prop::collection::vec("[aAb*?\\\\]{1,4}", 1..90);
    (patterns, prop::collection::vec("[aAbB]{1,5}", 1..12))
}

proptest! {
    #[test]
    fn many_patterns_are_sieved_without_loss((patterns, names) in many_patterns()) {
        let target = |pattern: &String| Target::Of { kind: "queue".into(), slots: vec![Slot::Like(pattern.clone())] };
        let rules = |effect, of: &[String]| -> Vec<_> {
            of.iter().map(|pattern| Rule::new("bus", effect, Some(Arc::from("send")), target(pattern), vec![])).collect()
        };
        let (denied, allowed) = patterns.split_at(patterns.len() / 4);
        let tool = Tool {
            allow: rules(wpc_model::Effect::Allow, allowed),
            deny: rules(wpc_model::Effect::Deny, denied),
            ..bare_tool()
        };
        let policy = Policy { tools: [("bus".to_owned(), tool)].into(), ..empty() }.normalise();
        let engine = Engine::new(&policy);
        for name in names {
            let resource = Some(Resource { kind: "queue".to_owned(), names: vec![name] });
            let call = Call { tool: "bus".into(), action: "send".into(), resource, arguments: [].into() };
            check(&policy, &engine, &call);
        }
    }
}
