//! The server behind the gate: launched or reached, watched, and asked for nothing but admitted calls.
//!
//! ```text
//! connect ─▶ initialize ─▶ tools/list ─▶ compare with the lock ─▶ serve ─┬─ tools changed: list and compare again
//!    ▲                                                                   └─ gone: wait, then
//!    └───────────────────────────────────────────────────────────────────── connect again
//! ```
//!
//! It learns nothing of the agent: no token, no `_meta` of the client's, no roots, no sampling. Calls go to it
//! as they were decided, written anew.

mod fit;
mod handler;
mod launch;
mod listed;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest, ContentBlock, ServerResult,
};
use rmcp::service::{PeerRequestOptions, RequestHandle, RunningService, ServiceError};
use rmcp::{Peer, RoleClient};
use serde_json::{Map, Value as Json};
use tokio::sync::watch;
use wpc::{DynamicRunning, Outcome};
use wpc_model::{Policy, Type};

use crate::Offer;
use crate::lock::Lock;
use crate::pin::{Definitions, Found};
use crate::serve::{Description, Executed, Executor, Withheld, Work};
use handler::{Behind, Routes};

pub use launch::{Launch, PASSED_ON, UpstreamError};
pub use listed::{Served, tools_of, tools_of_json};

/// How long a server may take for one call, unless it is told otherwise.
pub const CALL_WITHIN: Duration = Duration::from_secs(120);
/// How long a server may take to begin.
pub(super) const START_WITHIN: Duration = Duration::from_secs(60);
/// Between two attempts to begin again.
const AGAIN_AFTER: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30)];

/// A server behind the gate.
pub struct Upstream {
    shared: Arc<Shared>,
}

struct Shared {
    launch: Launch,
    lock: Lock,
    within: Duration,
    now: RwLock<Now>,
    routes: Arc<Routes>,
    /// Counts changes of what is offered.
    changes: watch::Sender<u64>,
}

/// How it is now.
#[derive(Clone, Default)]
struct Now {
    peer: Option<Peer<RoleClient>>,
    definitions: Arc<Definitions>,
    instructions: Option<String>,
    name: Option<String>,
}

type Session = RunningService<RoleClient, Behind>;

impl Upstream {
    /// Begins a server and compares its tools with those that were imported. It is begun again when it ends.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`] if it does not begin.
    pub async fn connect(launch: Launch, lock: Lock, within: Duration) -> Result<Self, UpstreamError> {
        let (changes, _) = watch::channel(0);
        let shared = Arc::new(Shared {
            launch,
            lock,
            within,
            now: RwLock::default(),
            routes: Arc::default(),
            changes,
        });
        let session = shared.begin().await?;
        tokio::spawn(watch_over(Arc::downgrade(&shared), session));
        Ok(Self { shared })
    }

    /// Counts changes of what is offered.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes.subscribe()
    }

    /// What the server tells models about all of its tools. It is the server's word, and not pinned.
    #[must_use]
    pub fn instructions(&self) -> Option<String> {
        self.shared.now().instructions
    }

    /// The name that the server gives itself.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        self.shared.now().name
    }

    /// Tools that are not what was imported, so that they are refused.
    #[must_use]
    pub fn changed(&self) -> Vec<String> {
        self.shared.now().definitions.changed().map(str::to_owned).collect()
    }
}

impl Shared {
    fn now(&self) -> Now {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, change: impl FnOnce(&mut Now)) {
        change(&mut self.now.write().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    async fn begin(&self) -> Result<Session, UpstreamError> {
        let begun = tokio::time::timeout(START_WITHIN, async {
            let session = self.launch.session(Behind::new(Arc::clone(&self.routes))).await?;
            self.compare(&session).await?;
            Ok(session)
        });
        begun.await.unwrap_or(Err(UpstreamError::Late))
    }

    /// Lists the server's tools and compares them with the lock.
    async fn compare(&self, session: &Session) -> Result<(), UpstreamError> {
        let tools = session.peer().list_all_tools().await.map_err(|error| UpstreamError::of(&error))?;
        let definitions = Definitions::of(tools, &self.lock);
        let info = session.peer().peer_info();
        self.set(|now| {
            now.peer = Some(session.peer().clone());
            now.definitions = Arc::new(definitions);
            now.instructions = info.as_ref().and_then(|info| info.instructions.clone());
            now.name = info.as_ref().and_then(|info| Some(info.server_info.as_ref()?.name.clone()));
        });
        Ok(())
    }
}

/// Keeps a server going until nobody uses it.
async fn watch_over(shared: std::sync::Weak<Shared>, mut session: Session) {
    loop {
        let changed = match shared.upgrade() {
            Some(shared) => shared.routes.changed(),
            None => return,
        };
        // Held weakly while waiting, so that it ends with its last user.
        let ended = tokio::select! {
            () = changed => false,
            () = gone(session.peer()) => true,
            () = unused(&shared) => return,
        };
        let Some(shared) = shared.upgrade() else { return };
        if !ended && shared.compare(&session).await.is_ok() {
            continue;
        }
        shared.set(|now| now.peer = None);
        session = match again(&shared).await {
            Some(session) => session,
            None => return,
        };
    }
}

async fn again(shared: &Arc<Shared>) -> Option<Session> {
    for at in 0_usize.. {
        if Arc::strong_count(shared) == 1 {
            return None;
        }
        tokio::time::sleep(AGAIN_AFTER.get(at).or(AGAIN_AFTER.last()).copied()?).await;
        if let Ok(session) = shared.begin().await {
            return Some(session);
        }
    }
    None
}

async fn gone(peer: &Peer<RoleClient>) {
    while !peer.is_transport_closed() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn unused(shared: &std::sync::Weak<Shared>) {
    while shared.strong_count() > 0 {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

impl Executor for Upstream {
    fn describe(&self, offer: &Offer) -> Result<Description, Withheld> {
        let now = self.shared.now();
        match now.definitions.find(&offer.name) {
            Some(Found::Same(tool)) => Ok(Description {
                title: tool.title.clone(),
                description: tool.description.as_deref().map(str::to_owned),
                arguments: said_of_arguments(&tool.input_schema),
                input_schema: None,
                output_schema: tool.output_schema.as_deref().cloned(),
                annotations: tool.annotations.clone(),
            }),
            Some(Found::Changed) => Err(Withheld {
                code: "tool_changed",
                message: "the server's definition of this tool is not the one that was imported",
            }),
            None => Err(Withheld {
                code: "tool_not_pinned",
                message: "the server does not have this tool, or it was never imported",
            }),
        }
    }

    async fn execute(&self, work: Work<'_>) -> Executed {
        let now = self.shared.now();
        let (Some(peer), Some(Found::Same(tool))) = (now.peer, now.definitions.find(&work.offer.name)) else {
            return failed("upstream_down", "The server behind this tool is not running. Nothing was done.");
        };
        let mut params = CallToolRequestParams::new(work.offer.name.clone());
        params.arguments = Some(fit::fit(work.arguments.clone(), &tool.input_schema));
        if work.running.begin_effect().is_err() {
            return failed("permit_expired", "The call took too long to begin. Nothing was done; ask again.");
        }
        let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
        let sent = peer.send_cancellable_request(request, PeerRequestOptions::no_options()).await;
        let mut handle = match sent {
            Ok(handle) => handle,
            Err(_) => return unknown("upstream_lost", LOST),
        };
        let mut route = self.shared.routes.add(handle.progress_token.clone());
        let deadline = tokio::time::sleep(self.shared.within);
        tokio::pin!(deadline);
        let ended = loop {
            tokio::select! {
                answer = &mut handle.rx => break Some(answer),
                Some(told) = route.next() => work.progress.tell(told.progress, told.total, told.message).await,
                () = work.cancelled.cancelled() => break None,
                () = &mut deadline => {
                    give_up(handle, "it took too long").await;
                    return unknown("upstream_timeout", "The server did not answer in time. It may have been done.");
                }
            }
        };
        for told in route.rest() {
            work.progress.tell(told.progress, told.total, told.message).await;
        }
        match ended {
            Some(Ok(Ok(ServerResult::CallToolResult(answer)))) => answered(work.running, answer),
            Some(Ok(Ok(_))) => unknown("upstream_answer", "The server's answer is none that a tool gives."),
            Some(Ok(Err(ServiceError::McpError(error)))) => {
                let text = format!("The server refused the call: {} ({})", error.message, error.code.0);
                failed("upstream_error", &text)
            }
            Some(Ok(Err(_)) | Err(_)) => unknown("upstream_lost", LOST),
            None => {
                give_up(handle, "the client cancelled").await;
                let answer = CallToolResult::error(vec![ContentBlock::text("Cancelled.")]);
                Executed { outcome: Outcome::Abandoned, answer }
            }
        }
    }
}

/// What a schema says of each property, also under the name that it was imported with.
fn said_of_arguments(schema: &Map<String, Json>) -> Map<String, Json> {
    let mut said = schema.get("properties").and_then(Json::as_object).cloned().unwrap_or_default();
    let aliases: Vec<_> = said.iter().map(|(name, said)| (format!("{name}_"), said.clone())).collect();
    for (alias, property) in aliases {
        said.entry(alias).or_insert(property);
    }
    said
}

const LOST: &str = "The server ended before it answered. It may have been done.";

async fn give_up(handle: RequestHandle<RoleClient>, why: &str) {
    let _gone = handle.cancel(Some(why.to_owned())).await;
}

fn failed(code: &str, text: &str) -> Executed {
    let answer = CallToolResult::error(vec![ContentBlock::text(text.to_owned())]);
    Executed { outcome: Outcome::Failed { code: code.to_owned() }, answer }
}

fn unknown(code: &str, text: &str) -> Executed {
    let answer = CallToolResult::error(vec![ContentBlock::text(text.to_owned())]);
    Executed { outcome: Outcome::Unknown { code: code.to_owned() }, answer }
}

/// What the server answered: its contents for the client, its structured fields for the policy.
fn answered(running: &DynamicRunning, answer: CallToolResult) -> Executed {
    let outcome = if answer.is_error == Some(true) {
        Outcome::Failed { code: "tool_error".to_owned() }
    } else {
        returned(running, running.policy(), answer.structured_content.as_ref());
        Outcome::Done
    };
    // What else the server says of its answer is not the client's.
    let mut shown = CallToolResult::success(answer.content);
    shown.structured_content = answer.structured_content;
    shown.is_error = answer.is_error;
    Executed { outcome, answer: shown }
}

/// Tells the gate the fields that the policy reads. Free text is none: whoever wrote into it wrote its fields.
fn returned(running: &DynamicRunning, policy: &Policy, structured: Option<&Json>) {
    let Some(Json::Object(fields)) = structured else { return };
    let call = running.call();
    let action = policy.tools.get(&call.tool).and_then(|tool| tool.interface.actions.get(&call.action));
    let Some(action) = action else { return };
    for (name, value) in fields {
        let Some(of) = action.results.get(name) else { continue };
        let value = match (&of.ty, value) {
            (Type::Decimal { scale }, Json::Number(number)) => fit::decimal(number, *scale).map(Json::from),
            _ => None,
        }
        .unwrap_or_else(|| value.clone());
        let Ok(json) = serde_json::to_vec(&serde_json::json!({ name: value })) else { continue };
        // A field of another type than the interface says counts as absent.
        let Ok(read) = policy.result_from_json(call, &json) else { continue };
        for (name, value) in read {
            let _absent = running.returned(&name, value);
        }
    }
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("launch", &self.shared.launch).finish_non_exhaustive()
    }
}
