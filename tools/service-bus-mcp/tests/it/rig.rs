//! A policy, a ledger in memory, an endpoint, and a client before the server.

use std::path::Path;
use std::sync::Arc;

use rmcp::model::{CallToolRequestParams, CallToolResult, ClientConfig};
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceExt as _};
use serde_json::{Value as Json, json};
use wpc::ledger::{Body, Entry, FactsBy, Ledger, MemoryLedger, Verdict};
use wpc::{DynamicGate, JobId, Key, Opening, POLICY_TYPE, SelfIssued, Trust, sign};
use wpc_compiler::{Parameters, Source, compile, gather};
use wpc_endpoint::Endpoint;
use wpc_mcp::{Caller, Catalogue, Identity, Server};
use wpc_model::{Hash, Policy};
use wpc_service_bus::{Local, Namespace, ServiceBus};
use wpc_service_bus_mcp::Tools;

pub(crate) fn author() -> Key {
    Key::from_seed(&[1; 32])
}

pub(crate) fn oncall() -> Key {
    Key::from_seed(&[5; 32])
}

/// The policy in a file of `tests/policies`, with the person it names.
pub(crate) fn policy(name: &str) -> Policy {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let text =
        text.replace("did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7", &oncall().did().to_string());
    let mut source = Source::new(name, text);
    gather(&mut source, |used| std::fs::read_to_string(folder.join(used)).map_err(|error| error.to_string()));
    compile(&source, &Parameters::new()).unwrap().policy
}

pub(crate) struct Desk {
    pub(crate) endpoint: Endpoint,
    pub(crate) server: Server<Tools>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) trust: Trust,
    policy: Policy,
}

/// A client of one job's.
pub(crate) type Client = RunningService<RoleClient, ClientConfig>;

impl Desk {
    pub(crate) async fn of(name: &str) -> Self {
        let policy = policy(name);
        let endpoint = Endpoint::start().await.unwrap();
        let at = Local { amqp: endpoint.addr(), admin: Some(endpoint.admin()) };
        let bus = ServiceBus::local(Namespace::parse("bus.test").unwrap(), at).await.unwrap();
        let tools = Tools::new(bus);
        let server = Server::new(Identity::new("service-bus", "1"), Catalogue::of(&policy), tools);
        let ledger = Arc::new(MemoryLedger::new(Key::from_seed(&[2; 32])).unwrap());
        let one = |name: &str, key: &Key, roles: &str| {
            format!(r#"{{"name":"{name}","keys":["{}"],"roles":[{roles}]}}"#, key.did())
        };
        let principals = [
            one("alice", &author(), r#""policy_author","token_issuer""#),
            one("oncall", &oncall(), r#""approver""#),
        ];
        let trust = format!(r#"{{"v":1,"principals":[{}]}}"#, principals.join(","));
        let trust = Trust::parse(trust.as_bytes()).unwrap();
        Self { endpoint, server, ledger, trust, policy }
    }

    pub(crate) async fn client(&self, job: &str) -> Client {
        let payload = wpc_model::encode(&self.policy);
        let (id, agent) = (JobId::parse(job).unwrap(), Key::from_seed(&[9; 32]));
        let token = SelfIssued::new(&author(), &agent, &*self.ledger, &id, Hash::of(&payload), 900).unwrap();
        let opening = Opening {
            artifact: &sign(POLICY_TYPE, &payload, &[author()]),
            trust: &self.trust,
            ledger: Arc::clone(&self.ledger),
            identity: token.identity(),
        };
        let gate = Arc::new(DynamicGate::open(opening).unwrap());
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (read, write) = tokio::io::split(ours);
        let server = self.server.clone();
        tokio::spawn(async move { server.lines(Caller::new(gate), read, write).await });
        ClientConfig::default().serve(tokio::io::split(theirs)).await.unwrap()
    }

    /// The job's entries after the opening one and its token, in short.
    pub(crate) fn log(&self, job: &str) -> Vec<String> {
        let entries = self.ledger.entries(&JobId::parse(job).unwrap(), 2, usize::MAX).unwrap();
        entries.iter().map(|bytes| short(&Entry::decode(bytes).unwrap().body)).collect()
    }

    /// Everything that the ledger keeps of a job, as text.
    pub(crate) fn raw_log(&self, job: &str) -> String {
        let entries = self.ledger.entries(&JobId::parse(job).unwrap(), 0, usize::MAX).unwrap();
        entries.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
    }
}

fn short(body: &Body) -> String {
    match body {
        Body::Attempt(attempt) => match &attempt.verdict {
            Verdict::Allow { .. } => format!("allow {}", attempt.action),
            Verdict::Deny { reason, .. } => format!("{} {}", reason.code(), attempt.action),
        },
        Body::Outcome(settled) => {
            let provider = settled.provider.as_ref();
            let words = [
                Some(settled.outcome.word()),
                settled.outcome.code(),
                provider.and_then(|provider| provider.status.as_deref()),
                provider.and_then(|provider| provider.id.as_deref()),
                Some(match settled.facts_by {
                    FactsBy::Encoded => "(encoded)",
                    FactsBy::Declared => "(declared)",
                }),
            ];
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        Body::Refused(untyped) => format!("refused {}", untyped.code),
        Body::Approval(_) => "approval".to_owned(),
        other => format!("{other:?}"),
    }
}

pub(crate) async fn call(client: &Client, name: &'static str, arguments: Json) -> CallToolResult {
    let Json::Object(arguments) = arguments else { panic!("arguments are an object") };
    client.call_tool(CallToolRequestParams::new(name).with_arguments(arguments)).await.unwrap()
}

/// The structured answer of a call that was done.
#[track_caller]
pub(crate) fn done(result: CallToolResult) -> Json {
    assert_ne!(result.is_error, Some(true), "{}", text(&result));
    result.structured_content.unwrap()
}

/// The text of a call that was not done.
#[track_caller]
pub(crate) fn not_done(result: &CallToolResult) -> String {
    assert_eq!(result.is_error, Some(true), "{}", text(result));
    text(result)
}

pub(crate) fn text(result: &CallToolResult) -> String {
    let texts = result.content.iter().filter_map(|block| Some(block.as_text()?.text.clone()));
    texts.collect::<Vec<_>>().join("\n")
}

pub(crate) fn queue(name: &str) -> Json {
    json!({ "kind": "queue", "name": name })
}

/// A message that the policy allows.
pub(crate) fn message(body: &Json) -> Json {
    json!({ "body": body, "content_type": "application/json", "properties": { "schema_version": "1" } })
}

/// Receives at most `most` messages of `orders`: handles and bodies.
pub(crate) async fn received(client: &Client, most: u64) -> Vec<(String, String)> {
    let arguments = json!({
        "kind": "queue", "name": "orders", "mode": "peek_lock", "messages": most, "wait_seconds": 1,
    });
    let arguments = beside(arguments);
    let answer = done(call(client, "receive", arguments).await);
    let of =
        |one: &Json| (one["handle"].as_str().unwrap().to_owned(), one["body"].as_str().unwrap().to_owned());
    answer["messages"].as_array().unwrap().iter().map(of).collect()
}

/// `kind` and `name` as the member that tools with several kinds of resources take.
pub(crate) fn beside(mut arguments: Json) -> Json {
    let members = arguments.as_object_mut().unwrap();
    let resource = json!({ "kind": members.remove("kind"), "name": members.remove("name") });
    members.insert("resource".to_owned(), resource);
    arguments
}
