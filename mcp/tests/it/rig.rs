//! A gate in memory, and a server of ours before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, CallToolResult, ClientConfig, ContentBlock};
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceExt as _};
use serde_json::{Value as Json, json};
use wpc::ledger::{Body, Entry, Ledger, MemoryLedger};
use wpc::{DynamicGate, Input, JobId, Key, Opening, Outcome, POLICY_TYPE, SelfIssued, Trust, sign};
use wpc_mcp::{
    Asked, Caller, Catalogue, Description, Executed, Executor, Identity, Offer, Server, Withheld, Work,
};
use wpc_model::{Hash, Malformed, Policy, Value};

pub(crate) fn author() -> Key {
    Key::from_seed(&[1; 32])
}

pub(crate) fn agent() -> Key {
    Key::from_seed(&[9; 32])
}

/// One signed policy, its trust, and a ledger in memory.
pub(crate) struct World {
    pub(crate) policy: Policy,
    pub(crate) artifact: Vec<u8>,
    pub(crate) ledger: Arc<dyn Ledger>,
}

impl World {
    pub(crate) fn of(text: &str) -> Self {
        let policy = crate::offers::compiled(text);
        let artifact = sign(POLICY_TYPE, &wpc_model::encode(&policy), &[author()]);
        let ledger = Arc::new(MemoryLedger::new(Key::from_seed(&[2; 32])).unwrap());
        Self { policy, artifact, ledger }
    }

    pub(crate) fn trust(&self) -> Trust {
        let text = format!(
            r#"{{"v":1,"principals":[{{"name":"alice","keys":["{}"],"roles":["policy_author","token_issuer"]}}]}}"#,
            author().did()
        );
        Trust::parse(text.as_bytes()).unwrap()
    }

    pub(crate) fn token(&self, job: &str) -> SelfIssued {
        let hash = Hash::of(&wpc_model::encode(&self.policy));
        let job = JobId::parse(job).unwrap();
        SelfIssued::new(&author(), &agent(), &*self.ledger, &job, hash, self.policy.token().max_ttl_seconds)
            .unwrap()
    }

    pub(crate) fn gate(&self, job: &str, input: &[u8]) -> Arc<DynamicGate> {
        let (token, trust) = (self.token(job), self.trust());
        let opening = Opening {
            artifact: &self.artifact,
            trust: &trust,
            ledger: Arc::clone(&self.ledger),
            identity: token.identity(),
        };
        Arc::new(DynamicGate::open_with_input(opening, &Input::from_json(input).unwrap()).unwrap())
    }

    /// What the ledger says of a job: `attempt allow write_note`, `outcome done`, `refused wrong_type`.
    pub(crate) fn log(&self, job: &str) -> Vec<String> {
        let job = JobId::parse(job).unwrap();
        let entries = self.ledger.entries(&job, 0, usize::MAX).unwrap();
        let words = |bytes: &Vec<u8>| match Entry::decode(bytes).unwrap().body {
            Body::Attempt(attempt) => {
                let allowed = matches!(attempt.verdict, wpc::ledger::Verdict::Allow { .. });
                Some(format!("{} {}", if allowed { "allow" } else { "deny" }, attempt.action))
            }
            Body::Outcome(settled) => {
                let code = settled.outcome.code().map(|code| format!(" {code}")).unwrap_or_default();
                Some(format!("{}{code}", settled.outcome.word()))
            }
            Body::Refused(untyped) => Some(format!("refused {}", untyped.code)),
            _ => None,
        };
        entries.iter().filter_map(words).collect()
    }
}

/// Does the notes of `policies/files.wpc`: the text says how.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) done: AtomicUsize,
}

impl Executor for Notes {
    fn describe(&self, offer: &Offer) -> Result<Description, Withheld> {
        Ok(Description { description: Some(format!("Does {}.", offer.name)), ..Description::default() })
    }

    async fn measure(&self, gate: &DynamicGate, asked: &mut Asked) -> Result<(), Malformed> {
        if let Some(Value::Text(text)) = asked.call.arguments.get("text") {
            let size = Value::Int(i64::try_from(text.len()).unwrap());
            asked.call.measure(gate.policy(), "size", size)?;
        }
        Ok(())
    }

    async fn execute(&self, work: Work<'_>) -> Executed {
        let _in_time = work.running.begin_effect();
        let text = work.arguments.get("text").and_then(Json::as_str).unwrap_or_default().to_owned();
        match text.as_str() {
            "slow" => {
                work.progress.tell(1.0, Some(2.0), Some("half".to_owned())).await;
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(60)) => {}
                    () = work.cancelled.cancelled() => {}
                }
                let answer = CallToolResult::error(vec![ContentBlock::text("stopped")]);
                return Executed { outcome: Outcome::Abandoned, answer };
            }
            "stuck" => std::future::pending().await,
            "told" => {
                work.cancelled.cancelled().await;
                let outcome = Outcome::Failed { code: "told".to_owned() };
                return Executed { outcome, answer: CallToolResult::error(Vec::new()) };
            }
            _ => {}
        }
        self.done.fetch_add(1, Ordering::SeqCst);
        let mut answer =
            CallToolResult::success(vec![ContentBlock::text(Json::Object(work.arguments).to_string())]);
        answer.structured_content = Some(json!({ "bytes": text.len() }));
        Executed { outcome: Outcome::Done, answer }
    }
}

pub(crate) const NOTES: &str = include_str!("../policies/files.wpc");

/// A client in the same process.
pub(crate) type Client = RunningService<RoleClient, ClientConfig>;

/// A server of the notes, and a client of it over a pipe.
pub(crate) async fn notes(
    world: &World,
    job: &str,
) -> (Arc<Server<Notes>>, Client, tokio::task::JoinHandle<()>) {
    let gate = world.gate(job, b"{}");
    let server =
        Arc::new(Server::new(Identity::new("notes", "1"), Catalogue::of(&world.policy), Notes::default()));
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (read, write) = tokio::io::split(ours);
    let serving = Arc::clone(&server);
    let task = tokio::spawn(async move { serving.lines(Caller::new(gate), read, write).await.unwrap() });
    let client = ClientConfig::default().serve(tokio::io::split(theirs)).await.unwrap();
    (server, client, task)
}

pub(crate) fn call(name: &'static str, arguments: Json) -> CallToolRequestParams {
    let Json::Object(arguments) = arguments else { panic!("arguments are an object") };
    CallToolRequestParams::new(name).with_arguments(arguments)
}

/// The text of a result's contents.
pub(crate) fn text(result: &CallToolResult) -> String {
    let texts = result.content.iter().filter_map(|block| Some(block.as_text()?.text.clone()));
    texts.collect::<Vec<_>>().join("\n")
}
