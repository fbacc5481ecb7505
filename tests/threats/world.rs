//! A signed policy, a ledger, a broker, the server between them, and an agent that means no good.

use std::path::Path;
use std::sync::Arc;

use rmcp::model::{CallToolRequestParams, CallToolResult, ClientConfig};
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceExt as _};
use serde_json::{Value as Json, json};
use wpc::ledger::{Ledger, MemoryLedger};
use wpc::{DynamicGate, JobId, Key, OpenError, Opening, POLICY_TYPE, SelfIssued, Trust, approval, sign};
use wpc_compiler::{Diagnostic, Parameters, Source, compile, gather};
use wpc_endpoint::Endpoint;
use wpc_evidence::statement::{ApprovalRequest, Granted, Nonce, Revoked, Statement as _, approve};
use wpc_mcp::{Caller, Catalogue, Identity, REFUSAL, Server};
use wpc_model::{Bind, Hash, Policy, Uses};
use wpc_service_bus::{Local, Namespace, SasKey, ServiceBus, Timeouts};
use wpc_service_bus_mcp::Tools;

pub(crate) const HOST: &str = "contoso.servicebus.windows.net";

pub(crate) fn author() -> Key {
    Key::from_seed(&[1; 32])
}

pub(crate) fn agent() -> Key {
    Key::from_seed(&[4; 32])
}

pub(crate) fn oncall() -> Key {
    Key::from_seed(&[5; 32])
}

pub(crate) fn revoker() -> Key {
    Key::from_seed(&[6; 32])
}

pub(crate) fn ledger_key() -> Key {
    Key::from_seed(&[2; 32])
}

pub(crate) fn issuer() -> Key {
    Key::from_seed(&[3; 32])
}

pub(crate) fn text_of(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("threats/policies").join(format!("{name}.wpc"));
    let text = std::fs::read_to_string(file).unwrap();
    text.replace("did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7", &oncall().did().to_string())
}

pub(crate) fn compiled(text: &str) -> Result<Policy, Vec<Diagnostic>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("threats/policies");
    let mut source = Source::new("policy.wpc", text);
    gather(&mut source, |used| std::fs::read_to_string(folder.join(used)).map_err(|error| error.to_string()));
    compile(&source, &Parameters::new()).map(|compiled| compiled.policy)
}

/// Everybody but those of one role.
pub(crate) fn trust_without(role: &str) -> Trust {
    let one = |name: &str, key: Key, role: &str, more: &str| {
        format!(r#"{{"name":"{name}","keys":["{}"],"roles":["{role}"]{more}}}"#, key.did())
    };
    let all = [
        one("author", author(), "policy_author", ""),
        one("gate", ledger_key(), "ledger", r#","mode":"gateway""#),
        one("issuer", issuer(), "token_issuer", ""),
        one("oncall", oncall(), "approver", ""),
        one("revoker", revoker(), "revoker", ""),
    ];
    let rest: Vec<_> = all.into_iter().filter(|one| !one.contains(role)).collect();
    Trust::parse(format!(r#"{{"v":1,"principals":[{}]}}"#, rest.join(",")).as_bytes()).unwrap()
}

/// What a call came to: `done`, or the code of a refusal or a failure, and the condition that was not met.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Told {
    pub(crate) code: String,
    pub(crate) condition: Option<String>,
}

pub(crate) struct World {
    pub(crate) endpoint: Endpoint,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) trust: Trust,
    pub(crate) policy: Policy,
    server: Server<Tools>,
}

/// One job's agent.
pub(crate) struct Agent {
    pub(crate) gate: Arc<DynamicGate>,
    client: RunningService<RoleClient, ClientConfig>,
}

pub(crate) fn job_of(name: &str) -> JobId {
    JobId::parse(name).unwrap()
}

fn token(policy: &Policy, job: &JobId, agent: &Key, ledger: &dyn Ledger, lifetime_s: i64) -> SelfIssued {
    SelfIssued::new(&issuer(), agent, ledger, job, Hash::of(&wpc_model::encode(policy)), lifetime_s).unwrap()
}

/// A gate for a job under a policy, and a token for it.
pub(crate) fn open(
    policy: &Policy,
    job: &JobId,
    agent: &Key,
    ledger: &Arc<dyn Ledger>,
    trust: &Trust,
) -> Result<DynamicGate, OpenError> {
    let token = token(policy, job, agent, &**ledger, 900);
    opened(policy, token.identity(), ledger, trust)
}

pub(crate) fn opened(
    policy: &Policy,
    identity: wpc::Identity<'_>,
    ledger: &Arc<dyn Ledger>,
    trust: &Trust,
) -> Result<DynamicGate, OpenError> {
    let artifact = sign(POLICY_TYPE, &wpc_model::encode(policy), &[author()]);
    DynamicGate::open(Opening { artifact: &artifact, trust, ledger: Arc::clone(ledger), identity })
}

/// The job's bundle, closed.
pub(crate) fn bundle(ledger: &dyn Ledger, gate: &DynamicGate) -> Vec<u8> {
    gate.close().unwrap();
    wpc::bundle::of_job(ledger, &ledger_key(), gate.job(), None).unwrap()
}

impl World {
    pub(crate) async fn under(name: &str) -> Self {
        Self::as_of(&text_of(name), None).await
    }

    /// Under a policy, with a broker that knows whoever has `key`.
    pub(crate) async fn as_of(policy: &str, key: Option<SasKey>) -> Self {
        let policy = compiled(policy).unwrap();
        let endpoint = Endpoint::start().await.unwrap();
        let at = Local { amqp: endpoint.addr(), admin: Some(endpoint.admin()) };
        let namespace = Namespace::parse(HOST).unwrap();
        let bus = match key {
            None => ServiceBus::local(namespace, at).await.unwrap(),
            Some(key) => ServiceBus::local_with_key(namespace, at, key, Timeouts::default()).await.unwrap(),
        };
        let server = Server::new(Identity::new("bus", "1"), Catalogue::of(&policy), Tools::new(bus));
        let ledger = Arc::new(MemoryLedger::new(ledger_key()).unwrap());
        Self { endpoint, ledger, trust: trust_without("nobody"), policy, server }
    }

    /// A gate for a job of this policy's, under the token that was issued for `token`'s.
    pub(crate) fn gate(
        &self,
        job: &str,
        policy: &Policy,
        token_of: &Policy,
    ) -> Result<DynamicGate, OpenError> {
        let token = self.token(job, token_of, &agent(), 900);
        opened(policy, token.identity(), &self.ledger, &self.trust)
    }

    /// A token of a job's.
    pub(crate) fn token(&self, job: &str, policy: &Policy, agent: &Key, lifetime_s: i64) -> SelfIssued {
        let hash = Hash::of(&wpc_model::encode(policy));
        SelfIssued::new(&issuer(), agent, &*self.ledger, &JobId::parse(job).unwrap(), hash, lifetime_s)
            .unwrap()
    }

    pub(crate) fn revoke(&self, revoked: Revoked) {
        let at = self.ledger.clock().wall_ms();
        let next = approval::next_revocation(&*self.ledger, &self.trust, revoked, at).unwrap();
        approval::revoke(&*self.ledger, &self.trust, &next.sign(&[revoker()]).unwrap()).unwrap();
    }

    pub(crate) async fn agent(&self, job: &str) -> Agent {
        self.behind(self.gate(job, &self.policy, &self.policy).unwrap()).await
    }

    /// An agent behind a gate.
    pub(crate) async fn behind(&self, gate: DynamicGate) -> Agent {
        let gate = Arc::new(gate);
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (read, write) = tokio::io::split(ours);
        let (server, caller) = (self.server.clone(), Caller::new(Arc::clone(&gate)));
        tokio::spawn(async move { server.lines(caller, read, write).await });
        let client = ClientConfig::default().serve(tokio::io::split(theirs)).await.unwrap();
        Agent { gate, client }
    }

    pub(crate) fn request(&self, job: &JobId) -> ApprovalRequest {
        approval::requests(&*self.ledger, &self.trust, job).unwrap().into_iter().next_back().unwrap()
    }

    /// Somebody approves the newest call that waits, once.
    pub(crate) fn approve(&self, key: &Key, job: &JobId) -> Result<Hash, String> {
        let issued_at = self.ledger.clock().wall_ms();
        let granted = Granted {
            bind: Bind::Arguments,
            uses: Uses::Times(1),
            issued_at,
            not_after: issued_at + 60_000,
            nonce: Nonce::mint().unwrap(),
        };
        let envelope = approve(key, &self.request(job), granted).unwrap();
        approval::submit(&*self.ledger, &self.trust, job, &envelope, &[])
            .map_err(|error| error.code().to_owned())
    }
}

impl Agent {
    pub(crate) async fn offered(&self) -> Vec<String> {
        let tools = self.client.list_all_tools().await.unwrap();
        tools.into_iter().map(|tool| tool.name.to_string()).collect()
    }

    pub(crate) async fn call(&self, name: &'static str, arguments: Json) -> (Told, CallToolResult) {
        let Json::Object(arguments) = arguments else { panic!("arguments are an object") };
        let request = CallToolRequestParams::new(name).with_arguments(arguments);
        let result = self.client.call_tool(request).await.unwrap();
        let told = if result.is_error == Some(true) {
            let meta = result.meta.as_ref().and_then(|meta| meta.get(REFUSAL));
            let member = |name: &str| meta.and_then(|meta| Some(meta.get(name)?.as_str()?.to_owned()));
            // A failure of an admitted call says its code in its text.
            let text = result.content.first().and_then(|block| Some(block.as_text()?.text.clone()));
            let failed = text.and_then(|text| Some(text.split_once('(')?.1.split_once(')')?.0.to_owned()));
            Told { code: member("code").or(failed).unwrap(), condition: member("condition") }
        } else {
            Told { code: "done".to_owned(), condition: None }
        };
        (told, result)
    }
}

pub(crate) fn queue(name: &str) -> Json {
    json!({ "kind": "queue", "name": name })
}

/// The handles of what was received.
pub(crate) fn handles(result: &CallToolResult) -> Vec<String> {
    let answer = result.structured_content.as_ref().unwrap();
    let messages = answer["messages"].as_array().unwrap().iter();
    messages.map(|message| message["handle"].as_str().unwrap().to_owned()).collect()
}
