//! A server whose every tool stands behind a gate.
//!
//! ```text
//! client ──wire: strict, methods an allowlist──▶ rmcp ──tools/call──▶ [`Server`]
//!                                                  typed, measured ─▶ gate.begin ─▶ Executor ─▶ outcome
//!                                                  refused          ─▶ a tool error that says what to do
//! ```
//!
//! Who asks is known from the connection alone ([`Caller`]): over stdio once per session, over HTTP from every
//! request's token; never from what a message says.

mod hosts;
mod http;
mod question;
mod refusal;
mod tool;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, ListToolsResult,
    PaginatedRequestParams, ProtocolVersion, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{NotificationContext, RequestContext, RoleServer};
use rmcp::{ErrorData, Peer, ServerHandler};
use serde_json::{Map, Value as Json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wpc::{DynamicGate, Refused};
use wpc_model::{Malformed, Measured};

use crate::line::{self, OnFault};
use crate::{Asked, Catalogue, Offer};

use question::Question;

pub use self::http::{HttpServer, Listener};
pub use question::{ask_url, read_question};
pub use refusal::REFUSAL;
pub use tool::{Description, Executed, Executor, Progress, Taken, Withheld, Work};

/// How long a cancelled call may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How long calls that are under way may take when their client is gone.
const LAST_CALLS: Duration = Duration::from_secs(10);

/// On whose behalf requests are made: the gate of one job, opened with its token.
#[derive(Clone, Debug)]
pub struct Caller {
    gate: Arc<DynamicGate>,
}

impl Caller {
    /// Whoever the gate was opened for.
    #[must_use]
    pub const fn new(gate: Arc<DynamicGate>) -> Self {
        Self { gate }
    }

    /// The gate.
    #[must_use]
    pub const fn gate(&self) -> &Arc<DynamicGate> {
        &self.gate
    }
}

/// A server of the tools that a policy allows.
///
/// ```no_run
/// # async fn example(gate: std::sync::Arc<wpc::DynamicGate>, tool: impl wpc_mcp::Executor) -> Result<(), wpc_mcp::ServeError> {
/// use wpc_mcp::{Caller, Catalogue, Identity, Server};
/// let catalogue = Catalogue::of(gate.policy());
/// let server = Server::new(Identity::new("service-bus", "1.0.0"), catalogue, tool);
/// server.stdio(Caller::new(gate)).await
/// # }
/// ```
pub struct Server<E> {
    shared: Arc<Shared<E>>,
    /// Who asks, where the connection says it once for all.
    caller: Option<Caller>,
    /// The client of that connection is gone: nobody waits for an answer.
    gone: CancellationToken,
}

struct Shared<E> {
    identity: Identity,
    catalogue: Catalogue,
    executor: E,
    /// Calls under way, each until its outcome is recorded.
    calls: TaskTracker,
    /// Clients that are told of changes.
    peers: RwLock<Vec<Peer<RoleServer>>>,
}

/// What a server says of itself.
#[derive(Clone, Debug)]
pub struct Identity {
    name: String,
    version: String,
    instructions: Option<String>,
}

impl Identity {
    /// A name and a version.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { name: name.into(), version: version.into(), instructions: None }
    }

    /// What models are told about all of its tools.
    #[must_use]
    pub fn instructions(self, text: impl Into<String>) -> Self {
        Self { instructions: Some(text.into()), ..self }
    }
}

/// A connection ended otherwise than by its client.
#[derive(Debug, thiserror::Error)]
#[error("the connection failed: {0}")]
pub struct ServeError(String);

impl<E: Executor> Server<E> {
    /// A server of `catalogue`, whose calls `executor` does.
    #[must_use]
    pub fn new(identity: Identity, catalogue: Catalogue, executor: E) -> Self {
        let shared =
            Shared { identity, catalogue, executor, calls: TaskTracker::new(), peers: RwLock::default() };
        Self { shared: Arc::new(shared), caller: None, gone: CancellationToken::new() }
    }

    /// What does its calls.
    #[must_use]
    pub fn executor(&self) -> &E {
        &self.shared.executor
    }

    /// The same server for one caller.
    pub(crate) fn of(&self, caller: Caller) -> Self {
        Self { shared: Arc::clone(&self.shared), caller: Some(caller), gone: CancellationToken::new() }
    }

    /// Serves one session over standard input and output, and returns once the client is gone and every call
    /// has its outcome.
    ///
    /// # Errors
    ///
    /// [`ServeError`] if the session did not begin.
    pub async fn stdio(&self, caller: Caller) -> Result<(), ServeError> {
        let on_fault = self.on_fault(&caller);
        self.session(caller, line::stdio(Some(on_fault))).await
    }

    /// Serves one session over any pair of byte streams, one message a line.
    ///
    /// # Errors
    ///
    /// As [`Server::stdio`].
    pub async fn lines(
        &self,
        caller: Caller,
        read: impl tokio::io::AsyncRead + Send + Unpin + 'static,
        write: impl tokio::io::AsyncWrite + Send + Unpin + 'static,
    ) -> Result<(), ServeError> {
        let on_fault = self.on_fault(&caller);
        self.session(caller, line::Lines::new(read, write, crate::wire::Sender::Client, Some(on_fault))).await
    }

    async fn session(
        &self,
        caller: Caller,
        transport: impl rmcp::transport::Transport<RoleServer, Error = std::io::Error> + 'static,
    ) -> Result<(), ServeError> {
        let server = self.of(caller);
        // However it ends; what is under way is cancelled, and drained below.
        let gone = server.gone.clone();
        let session = rmcp::serve_server(server, transport).await;
        let ended = match session {
            Ok(session) => session.waiting().await.map(|_| ()).map_err(|error| error.to_string()),
            Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => Ok(()),
            // What it holds is the client's own message: its text is not repeated.
            Err(rmcp::service::ServerInitializeError::ExpectedInitializeRequest(_)) => {
                Err("the first message was no `initialize`".to_owned())
            }
            Err(error) => Err(error.to_string()),
        };
        gone.cancel();
        self.drained().await;
        ended.map_err(ServeError)
    }

    /// Ready once every call under way has its outcome, or after some seconds.
    pub async fn drained(&self) {
        self.shared.calls.close();
        let _late = tokio::time::timeout(LAST_CALLS, self.shared.calls.wait()).await;
        self.shared.calls.reopen();
    }

    /// Tells every client, whenever `changes` does, that the tools are others now.
    pub fn follow(&self, mut changes: tokio::sync::watch::Receiver<u64>) {
        // Held weakly: the executor that tells of changes is itself held by the server.
        let shared = Arc::downgrade(&self.shared);
        tokio::spawn(async move {
            while changes.changed().await.is_ok() {
                let Some(shared) = shared.upgrade() else { break };
                Self { shared, caller: None, gone: CancellationToken::new() }.tools_changed().await;
            }
        });
    }

    /// Tells every client that the tools are others now.
    pub async fn tools_changed(&self) {
        let peers = self.shared.peers.read().unwrap_or_else(PoisonError::into_inner).clone();
        for peer in peers {
            let _gone = peer.notify_tool_list_changed().await;
        }
    }

    /// Records what was refused on the wire and could have been a call.
    fn on_fault(&self, caller: &Caller) -> OnFault {
        let (caller, calls) = (caller.clone(), self.shared.calls.clone());
        Arc::new(move |fault, raw| {
            if fault.is_call {
                let (caller, code, cause) = (caller.clone(), fault.code(), fault.to_string());
                let raw = raw.to_vec();
                calls.spawn(async move { caller.gate.refuse(code, cause, &raw).await });
            }
        })
    }

    /// The tools that are offered now.
    fn tools(&self) -> Vec<Tool> {
        let offers = self.shared.catalogue.offers();
        offers.filter_map(|offer| Some(tool(offer, self.shared.executor.describe(offer).ok()?))).collect()
    }

    fn who(&self, context: &RequestContext<RoleServer>) -> Result<Caller, ErrorData> {
        let of_request =
            || context.extensions.get::<::http::request::Parts>()?.extensions.get::<Caller>().cloned();
        self.caller
            .clone()
            .or_else(of_request)
            .ok_or_else(|| ErrorData::invalid_request("nobody is known to have asked", None))
    }

    /// The call that a tool's name and arguments mean, with what the tool measures of it. What is none is recorded as
    /// refused.
    async fn read(
        &self,
        gate: &DynamicGate,
        name: &str,
        given: Map<String, Json>,
    ) -> Result<(&Offer, Asked), Refused> {
        let raw = serde_json::to_vec(&given).unwrap_or_default();
        let refuse = async |malformed: Malformed| {
            Err(gate.refuse(malformed.code.code(), malformed.to_string(), &raw).await)
        };
        let offer = match self.shared.catalogue.named_by(name) {
            Ok(offer) => offer,
            Err(malformed) => return refuse(malformed).await,
        };
        if let Err(Withheld { code, message }) = self.shared.executor.describe(offer) {
            return Err(gate.refuse(code, message.to_owned(), &raw).await);
        }
        let read = self.shared.executor.take(offer, given).and_then(|Taken { stated, own }| {
            let check = |raw| gate.check(raw, Measured::Refuse);
            Ok(offer.read_with(gate.policy(), stated, check)?.with_own(own))
        });
        let mut asked = match read {
            Ok(asked) => asked,
            Err(malformed) => return refuse(malformed).await,
        };
        match self.shared.executor.measure(gate, &mut asked).await {
            Ok(()) => Ok((offer, asked)),
            Err(malformed) => refuse(malformed).await,
        }
    }

    /// Whether a call would begin now. What is refused is recorded, as the call would be.
    async fn ask(&self, gate: &DynamicGate, question: Question) -> Result<(), Refused> {
        let (_, asked) = self.read(gate, &question.tool, question.arguments).await?;
        gate.ask(asked.call).await
    }

    async fn called(
        &self,
        caller: &Caller,
        request: CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<CallToolResult, Refused> {
        let gate = &caller.gate;
        let (offer, asked) = self.read(gate, &request.name, request.arguments.unwrap_or_default()).await?;
        let mut running = gate.begin(asked.call.clone()).await?;
        let cancelled = CancellationToken::new();
        let work = Work {
            running: &mut running,
            asked: &asked,
            offer,
            arguments: offer.write(gate.policy(), &asked).unwrap_or_default(),
            cancelled: cancelled.clone(),
            progress: Progress::new(context.peer.clone(), context.meta.get_progress_token()),
        };
        let late = async {
            tokio::select! {
                () = context.ct.cancelled() => {}
                () = self.gone.cancelled() => {}
            }
            cancelled.cancel();
            tokio::time::sleep(GRACE).await;
        };
        let executed = tokio::select! {
            executed = self.shared.executor.execute(work) => Some(executed),
            () = late => None,
        };
        match executed {
            Some(Executed { outcome, answer }) => {
                running.finish(outcome).await;
                Ok(answer)
            }
            None => {
                running.finish(wpc::Outcome::Abandoned).await;
                Ok(CallToolResult::error(Vec::new()))
            }
        }
    }
}

/// Adds what a tool says of one of its arguments.
fn describe(property: &mut Map<String, Json>, said: Map<String, Json>) {
    // Any JSON, as far as the policy's types go: the tool knows more. A reference would lead nowhere.
    let refers = serde_json::to_string(&said).is_ok_and(|text| text.contains("\"$ref\""));
    if property.is_empty() && !refers {
        *property = said;
        return;
    }
    for word in ["title", "description", "default", "examples"] {
        if let Some(text) = said.get(word) {
            property.insert(word.to_owned(), text.clone());
        }
    }
}

/// A tool as the protocol shows it.
fn tool(offer: &Offer, description: Description) -> Tool {
    let Description { title, description, arguments, input_schema, output_schema, annotations } = description;
    let mut schema = input_schema.unwrap_or_else(|| offer.input_schema.clone());
    if let Some(Json::Object(properties)) = schema.get_mut("properties") {
        for (name, said) in arguments {
            if let (Some(Json::Object(property)), Json::Object(said)) = (properties.get_mut(&name), said) {
                describe(property, said);
            }
        }
    }
    let mut tool = Tool::new_with_raw(offer.name.clone(), description.map(Cow::Owned), schema);
    tool.title = title;
    tool.output_schema = output_schema.map(Arc::new);
    tool.annotations = annotations;
    tool
}

impl<E: Executor> ServerHandler for Server<E> {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_tool_list_changed();
        let mut config = ServerConfig::new(capabilities.build());
        config.server_info = Implementation::new(&self.shared.identity.name, &self.shared.identity.version);
        config.instructions.clone_from(&self.shared.identity.instructions);
        config.protocol_version = ProtocolVersion::LATEST_WITH_INITIALIZE;
        config
    }

    /// Those that begin with a handshake: a session is one caller's.
    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        let known = ProtocolVersion::KNOWN_VERSIONS.iter().filter(|version| version.has_initialize());
        Cow::Owned(known.cloned().collect())
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let mut peers = self.shared.peers.write().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|peer| !peer.is_transport_closed());
        peers.push(context.peer);
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.who(&context)?;
        Ok(ListToolsResult::with_all_items(self.tools()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = self.who(&context)?;
        // Held until the outcome is recorded, whatever becomes of the connection.
        let _call = self.shared.calls.token();
        let result = self.called(&caller, request, &context).await;
        Ok(result.unwrap_or_else(|refused| refusal::result(&refused)).into())
    }
}

impl<E> Clone for Server<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), caller: self.caller.clone(), gone: self.gone.clone() }
    }
}

impl<E> fmt::Debug for Server<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("identity", &self.shared.identity).finish_non_exhaustive()
    }
}
