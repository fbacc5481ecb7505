//! No call that a policy allows lacks its role, and no role is there that no allowed call needs.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use wpc_azure_rbac::{Choices, Entity, Right, plan};
use wpc_model::{Call, Given, Measured, Moment, Policy, RawCall, RawResource, Ruling, rule};

/// Actions that take nothing but a count, so that any policy may allow them.
const ACTIONS: [&str; 5] = ["peek", "complete", "defer", "renew_lock", "cancel_scheduled"];
const ENTITIES: [&str; 6] =
    ["queue:a", "queue:a-b", "queue:c", "topic:t", "subscription:t/a", "subscription:t/b"];
const TARGETS: [&str; 8] = [
    "queue(\"a\")",
    "queue(\"a-b\")",
    "queue(like \"a*\")",
    "queue(any)",
    "topic(\"t\")",
    "subscription(\"t\", \"a\")",
    "subscription(\"t\", any)",
    "any",
];

#[derive(Clone, Debug)]
struct Line {
    deny: bool,
    action: &'static str,
    target: &'static str,
    conditional: bool,
}

impl Line {
    fn compiles(&self) -> bool {
        let takes =
            if self.action == "cancel_scheduled" { ["queue", "topic"] } else { ["queue", "subscription"] };
        takes.iter().any(|kind| self.target.starts_with(kind)) || self.deny && self.target == "any"
    }
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let line = (
        prop::bool::weighted(0.3),
        prop::sample::select(ACTIONS.to_vec()),
        prop::sample::select(TARGETS.to_vec()),
        prop::bool::weighted(0.3),
    );
    let line =
        line.prop_map(|(deny, action, target, conditional)| Line { deny, action, target, conditional });
    prop::collection::vec(line.prop_filter("it means something", Line::compiles), 1..8)
}

fn compiled(lines: &[Line]) -> Policy {
    let mut text = String::from(
        "use azure_service_bus\npolicy p {\n tool azure_service_bus at namespace(\"contoso.servicebus.windows.net\") {\n",
    );
    for Line { deny, action, target, conditional } in lines {
        let preposition = if *action == "peek" { "from" } else { "on" };
        // A deny whose condition fails for the call below takes nothing away from it.
        let when = match (conditional, deny) {
            (false, _) => "",
            (true, false) => " when { messages <= 5 }",
            (true, true) => " when { messages > 5 }",
        };
        let effect = if *deny { "deny" } else { "allow" };
        text += &format!("  {effect} {action} {preposition} {target}{when}\n");
    }
    text += " }\n token { lifetime 15 min; pin policy; bind job }\n}\n";
    crate::policy(&text)
}

/// Whether the interpreter allows the action, on one message.
fn allows(policy: &Policy, action: &str, entity: &Entity) -> bool {
    let resource = entity.resource().unwrap();
    let parameters: &[&str] = if resource.names.len() == 2 { &["topic", "name"] } else { &["name"] };
    let names = parameters.iter().map(|&name| name.to_owned()).zip(resource.names).collect();
    let raw = RawCall {
        tool: "azure_service_bus".to_owned(),
        action: action.to_owned(),
        resource: Some(RawResource { kind: resource.kind, names }),
        arguments: BTreeMap::from([("messages".to_owned(), Given::Integer(1))]),
    };
    let Ok(call) = Call::check(raw, policy, Measured::Refuse) else { return false };
    let tool = &policy.tools["azure_service_bus"];
    matches!(rule(tool, &call, Moment::at(0)), Ruling::Allow { .. })
}

proptest! {
    #[test]
    fn roles_are_enough_and_none_is_too_many(lines in lines()) {
        let policy = compiled(&lines);
        let entities: BTreeSet<Entity> = ENTITIES.iter().map(|text| text.parse().unwrap()).collect();
        let needed: BTreeSet<(Right, Entity, &str)> = entities
            .iter()
            .flat_map(|entity| ACTIONS.map(|action| (Right::of(action).unwrap(), entity.clone(), action)))
            .filter(|(_, entity, action)| allows(&policy, action, entity))
            .collect();
        let choices = Choices { entities, on_namespace: false };
        let assigned: BTreeSet<(Right, Entity, &str)> = match plan(&policy, &choices) {
            Err(_) => BTreeSet::new(),
            Ok(plan) => plan.namespaces[0]
                .assignments
                .iter()
                .flat_map(|one| {
                    let action = |action: &String| *ACTIONS.iter().find(|other| *other == action).unwrap();
                    one.actions.iter().map(move |name| (one.right, one.entity.clone(), action(name)))
                })
                .collect(),
        };
        prop_assert_eq!(assigned, needed);
    }
}
