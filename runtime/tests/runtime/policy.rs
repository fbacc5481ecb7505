//! A policy to enforce, signed, and calls to ask.

use std::collections::BTreeMap;

use serde_json::json;
use wpc::{Identity, JobId, Key, Ledger, Opening, POLICY_TYPE, Trust, sign};
use wpc_model::{
    Action, Approval, Approver, Auth, Bind, Call, Comparison, Condition, Effect, Evidence, Field, Interface,
    Kind, Limit, Measure, Policy, Preposition, Record, Resource, Rule, Scope, Settings, Slot, Subject,
    Target, Template, Terms, Test, Tool, Type, Uses, Value, Window, encode,
};

pub(crate) const AGENT: &str = "agent-1";

fn named<T>(entries: impl IntoIterator<Item = (&'static str, T)>) -> BTreeMap<String, T> {
    entries.into_iter().map(|(name, entry)| (name.to_owned(), entry)).collect()
}

fn field(ty: Type, measured: bool) -> Field {
    Field { ty, optional: false, measured, sealed: false, must_state: false }
}

fn action(kinds: &[&str], arguments: impl IntoIterator<Item = (&'static str, Field)>) -> Action {
    Action {
        wire: None,
        preposition: (!kinds.is_empty()).then_some(Preposition::To),
        kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(),
        classes: vec![],
        arguments: named(arguments),
        results: BTreeMap::new(),
    }
}

fn template(parameters: &[(&str, Type)], text: &str) -> Template {
    let parameters = parameters.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect();
    Template { parameters, text: text.to_owned() }
}

/// `send` a batch of messages to a queue, `manage` one, `ping` so many times.
fn interface() -> Interface {
    let queue = template(&[("name", Type::EntityName { max: 260 })], "{namespace}/{name}");
    let fields = [("bytes", field(Type::Bytes, true)), ("tag", field(Type::Text, false))];
    Interface {
        name: "bus".to_owned(),
        scope: Some(Scope {
            name: "namespace".to_owned(),
            template: template(&[("host", Type::Host)], "sb://{host}"),
        }),
        kinds: named([("queue", Kind { template: queue })]),
        records: named([("message", Record { fields: named(fields) })]),
        classes: named([]),
        actions: named([
            ("send", action(&["queue"], [("messages", field(Type::Batch("message".to_owned()), false))])),
            ("manage", action(&["queue"], [])),
            ("ping", action(&[], [("times", field(Type::Count, false))])),
        ]),
        constraints: named([]),
    }
}

pub(crate) fn queue(slot: Slot) -> Target {
    Target::Of { kind: "queue".into(), slots: vec![slot] }
}

fn exact(name: &str) -> Target {
    queue(Slot::Exact(name.to_owned()))
}

fn rule(effect: Effect, action: &str, target: Target, conditions: Vec<Condition>) -> Rule {
    Rule::new("bus", effect, Some(action.into()), target, conditions)
}

fn limit(measure: Measure, action: &str, max: i64, window: Window) -> Limit {
    Limit::new("bus", measure, vec![action.to_owned()], vec![Target::Any], max, window)
}

/// Allows `send` of at most 100 bytes to `orders` (5 messages per job) and to `like "temp-*"`, and
/// `ping` (3 calls a second, 1,000 times per job); denies `send` to `prod`; `manage` is allowed and
/// must be approved.
pub(crate) fn policy() -> Policy {
    let subject = Subject::from_text("bytes").unwrap();
    let small = || {
        vec![Condition { subject: subject.clone(), test: Test::Compare(Comparison::AtMost, Value::Int(100)) }]
    };
    let tool = Tool {
        interface: interface(),
        scope: vec!["contoso.example".to_owned()],
        allow: vec![
            rule(Effect::Allow, "send", exact("orders"), small()),
            rule(Effect::Allow, "send", queue(Slot::Like("temp-*".to_owned())), small()),
            rule(Effect::Allow, "manage", exact("orders"), vec![]),
            rule(Effect::Allow, "ping", Target::Any, vec![]),
        ],
        deny: vec![rule(Effect::Deny, "send", exact("prod"), vec![])],
        limits: vec![
            limit(Measure::Argument("messages".to_owned()), "send", 5, Window::Job),
            limit(Measure::Calls, "ping", 3, Window::Sliding { ms: 1_000 }),
            limit(Measure::Argument("times".to_owned()), "ping", 1_000, Window::Job),
        ],
    };
    let by = vec![Approver::Did(Key::from_seed(&[4; 32]).did().to_string())];
    let terms = Terms { by, quorum: 1, within_ms: 60_000, uses: Uses::Times(1), bind: Bind::Arguments };
    let auth = Auth {
        max_ttl_seconds: 900,
        pin_policy_hash: false,
        job_scoped_binding: false,
        proof_of_possession: true,
    };
    Policy {
        schemas: std::collections::BTreeMap::new(),
        name: "orders".to_owned(),
        tools: named([("bus", tool)]),
        auth,
        approvals: vec![Approval::new("bus", vec!["manage".to_owned()], vec![Target::Any], vec![], terms)],
        evidence: Evidence::default(),
        orders: vec![],
        parents: vec![],
        settings: Settings::default(),
    }
    .normalise()
}

pub(crate) fn author() -> Key {
    Key::from_seed(&[1; 32])
}

pub(crate) fn trust() -> Trust {
    let principal = json!({"name": "alice", "keys": [author().did().to_string()], "roles": ["policy_author", "token_issuer"]});
    Trust::parse(json!({"v": 1, "principals": [principal]}).to_string().as_bytes()).unwrap()
}

pub(crate) fn signed(policy: &Policy) -> Vec<u8> {
    sign(POLICY_TYPE, &encode(policy), &[author()])
}

/// What opens a job under `artifact`.
pub(crate) struct Ready<'a> {
    artifact: &'a [u8],
    trust: &'a Trust,
    ledger: std::sync::Arc<dyn Ledger>,
    job: JobId,
}

impl Ready<'_> {
    /// For [`AGENT`], by nobody's word but ours.
    pub(crate) fn opening(&self) -> Opening<'_> {
        self.opening_for(Identity::local(self.job.clone(), AGENT))
    }

    /// For whom `identity` says.
    pub(crate) fn opening_for<'a>(&'a self, identity: Identity<'a>) -> Opening<'a> {
        let (artifact, trust, ledger) = (self.artifact, self.trust, self.ledger.clone());
        Opening { artifact, trust, ledger, identity }
    }
}

/// What opens `job` under `artifact`.
pub(crate) fn ready<'a>(
    artifact: &'a [u8],
    trust: &'a Trust,
    ledger: &std::sync::Arc<dyn Ledger>,
    job: &str,
) -> Ready<'a> {
    Ready { artifact, trust, ledger: ledger.clone(), job: JobId::parse(job).unwrap() }
}

fn call(action: &str, queue: Option<&str>, arguments: BTreeMap<String, Value>) -> Call {
    let resource = queue.map(|name| Resource { kind: "queue".to_owned(), names: vec![name.to_owned()] });
    Call { tool: "bus".to_owned(), action: action.to_owned(), resource, arguments }
}

/// `send` of messages of these sizes.
pub(crate) fn send(queue: &str, sizes: &[i64]) -> Call {
    let message = |&bytes: &i64| Value::Map(named([("bytes", Value::Int(bytes)), ("tag", Value::text("t"))]));
    call("send", Some(queue), named([("messages", Value::List(sizes.iter().map(message).collect()))]))
}

pub(crate) fn manage(queue: &str) -> Call {
    call("manage", Some(queue), named([]))
}

pub(crate) fn ping(times: i64) -> Call {
    call("ping", None, named([("times", Value::Int(times))]))
}
