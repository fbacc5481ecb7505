//! The policy of LANGUAGE.md section 1, built by hand, over the whole interface of section 3.

use std::collections::BTreeMap;

use wpc_model::{
    Action, Approval, Approver, Auth, Bind, Class, Comparison, Condition, Constraint, Effect, Evidence,
    Field, Interface, Kind, Limit, Measure, Policy, Preposition, Record, Rule, Scope, Settings, Slot,
    Subject, Target, Template, Terms, Test, Tool, Type, Uses, Value, Window,
};

pub(crate) const TOOL: &str = "azure_service_bus";

pub(crate) fn field(ty: Type) -> Field {
    Field { ty, optional: false, measured: false, sealed: false, must_state: false }
}

pub(crate) fn measured(ty: Type) -> Field {
    Field { measured: true, ..field(ty) }
}

pub(crate) fn optional(ty: Type) -> Field {
    Field { optional: true, ..field(ty) }
}

pub(crate) fn named<T>(entries: impl IntoIterator<Item = (&'static str, T)>) -> BTreeMap<String, T> {
    entries.into_iter().map(|(name, entry)| (name.to_owned(), entry)).collect()
}

pub(crate) fn template(parameters: impl IntoIterator<Item = (&'static str, Type)>, text: &str) -> Template {
    let parameters = parameters.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect();
    Template { parameters, text: text.to_owned() }
}

fn entity_name(max: u32) -> Type {
    Type::EntityName { max }
}

fn action(
    preposition: Preposition,
    kinds: &[&str],
    classes: &[&str],
    arguments: impl IntoIterator<Item = (&'static str, Field)>,
) -> Action {
    Action {
        wire: None,
        preposition: Some(preposition),
        kinds: kinds.iter().copied().map(str::to_owned).collect(),
        classes: classes.iter().copied().map(str::to_owned).collect(),
        arguments: named(arguments),
        results: BTreeMap::new(),
    }
}

/// LANGUAGE.md section 3, all of it.
pub(crate) fn azure_service_bus() -> Interface {
    let count = || [("messages", field(Type::Count))];
    let batch = || ("messages", field(Type::Batch("message".into())));
    let on = |classes: &[&str]| action(Preposition::On, &["queue", "subscription"], classes, count());
    let modes = Type::Choice(vec!["peek_lock".into(), "receive_and_delete".into()]);
    let mode = Field { must_state: true, ..field(modes) };
    let subject = |name: &str| name.to_owned();
    Interface {
        name: TOOL.into(),
        scope: Some(Scope {
            name: "namespace".into(),
            template: template([("host", Type::Host)], "sb://{host}"),
        }),
        kinds: named([
            ("queue", Kind { template: template([("name", entity_name(260))], "{namespace}/{name}") }),
            ("topic", Kind { template: template([("name", entity_name(260))], "{namespace}/{name}") }),
            (
                "subscription",
                Kind {
                    template: template(
                        [("topic", entity_name(260)), ("name", entity_name(50))],
                        "{namespace}/{topic}/subscriptions/{name}",
                    ),
                },
            ),
        ]),
        records: named([(
            "message",
            Record {
                fields: named([
                    ("message_bytes", measured(Type::Bytes)),
                    ("properties", measured(Type::Map(Box::new(Type::Text)))),
                    ("content_type", optional(Type::Text)),
                    ("session_id", optional(Type::Text)),
                    ("body", Field { sealed: true, ..optional(Type::Json) }),
                ]),
            },
        )]),
        classes: named([
            ("admin", Class { alone: true, approved: true, lifetime_ms: None }),
            ("deadletter", Class { alone: false, approved: true, lifetime_ms: Some(3_600_000) }),
        ]),
        actions: named([
            ("send", action(Preposition::To, &["queue", "topic"], &[], [batch()])),
            (
                "schedule",
                action(Preposition::To, &["queue", "topic"], &[], [batch(), ("at", field(Type::Time))]),
            ),
            ("cancel_scheduled", action(Preposition::On, &["queue", "topic"], &[], count())),
            (
                "receive",
                action(
                    Preposition::From,
                    &["queue", "subscription"],
                    &[],
                    [("mode", mode), ("messages", field(Type::Count))],
                ),
            ),
            ("peek", action(Preposition::From, &["queue", "subscription"], &[], count())),
            ("complete", on(&[])),
            ("abandon", on(&[])),
            ("defer", on(&[])),
            ("renew_lock", on(&[])),
            ("deadletter", on(&["deadletter"])),
            ("deadletter_read", on(&["deadletter"])),
            ("deadletter_purge", on(&["deadletter"])),
            ("manage", action(Preposition::On, &["queue", "subscription", "topic"], &["admin"], [])),
        ]),
        constraints: named([
            (
                "max_message_bytes",
                Constraint::Compare { subject: subject("message_bytes"), comparison: Comparison::AtMost },
            ),
            ("max_messages_per_job", Constraint::LimitPerJob { measure: "messages".into() }),
            ("require_application_properties", Constraint::Has { subject: subject("properties") }),
            ("forbid_properties", Constraint::Lacks { subject: subject("properties") }),
        ]),
    }
}

pub(crate) fn condition(subject: &str, test: Test) -> Condition {
    Condition { subject: Subject::from_text(subject).unwrap(), test }
}

pub(crate) fn texts(texts: &[&str]) -> Vec<Value> {
    texts.iter().copied().map(Value::text).collect()
}

pub(crate) fn at_most(bytes: i64) -> Condition {
    condition("message_bytes", Test::Compare(Comparison::AtMost, Value::Int(bytes)))
}

pub(crate) fn queue(name: &str) -> Target {
    Target::Of { kind: "queue".into(), slots: vec![Slot::Exact(name.into())] }
}

/// The conditions of the example's allow, in the order in which it is written.
pub(crate) fn conditions() -> Vec<Condition> {
    vec![
        at_most(131_072),
        condition("properties", Test::Has(texts(&["schema_version", "correlation_id"]))),
        condition("properties", Test::Lacks(texts(&["authorization", "cookie", "set-cookie"]))),
    ]
}

pub(crate) fn allow(action: &str, target: Target, conditions: Vec<Condition>) -> Rule {
    Rule::new(TOOL, Effect::Allow, Some(action.into()), target, conditions)
}

pub(crate) fn deny(action: &str, target: Target, conditions: Vec<Condition>) -> Rule {
    Rule::new(TOOL, Effect::Deny, Some(action.into()), target, conditions)
}

pub(crate) fn per_job(measure: &str, actions: &[&str], max: i64) -> Limit {
    let actions = actions.iter().copied().map(str::to_owned).collect();
    Limit::new(TOOL, Measure::Argument(measure.into()), actions, vec![Target::Any], max, Window::Job)
}

pub(crate) fn auth() -> Auth {
    Auth { max_ttl_seconds: 900, pin_policy_hash: true, job_scoped_binding: true, proof_of_possession: true }
}

/// A policy of one tool, `azure_service_bus`.
pub(crate) fn policy(allow: Vec<Rule>, deny: Vec<Rule>, limits: Vec<Limit>) -> Policy {
    let scope = vec!["contoso-staging.servicebus.windows.net".to_owned()];
    let tool = Tool { interface: azure_service_bus(), scope, allow, deny, limits };
    Policy {
        name: "asb-send-orders-staging".into(),
        tools: BTreeMap::from([(TOOL.to_owned(), tool)]),
        auth: auth(),
        approvals: Vec::new(),
        evidence: Evidence::default(),
        orders: Vec::new(),
        parents: Vec::new(),
        settings: Settings::default(),
        schemas: BTreeMap::new(),
    }
    .normalise()
}

/// LANGUAGE.md section 1.
pub(crate) fn example() -> Policy {
    let calls = Limit::new(
        TOOL,
        Measure::Calls,
        vec!["send".into()],
        vec![Target::Any],
        50,
        Window::Sliding { ms: 60_000 },
    );
    let mut policy = policy(
        vec![allow("send", queue("orders-staging"), conditions())],
        vec![deny("manage", Target::Any, vec![]), deny("send", queue("orders-prod"), vec![])],
        vec![per_job("messages", &["send"], 200), calls],
    );
    policy.approvals.push(Approval::new(
        TOOL,
        vec!["manage".into(), "deadletter_read".into(), "deadletter_purge".into()],
        vec![Target::Any],
        vec![],
        Terms {
            by: vec![Approver::Did("did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7".into())],
            quorum: 1,
            within_ms: 1_800_000,
            uses: Uses::Times(1),
            bind: Bind::Arguments,
        },
    ));
    policy.evidence = Evidence { gateway_receipts: true, retain_ms: Some(15_552_000_000) };
    policy
}
