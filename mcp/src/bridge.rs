//! From an agent's host that speaks over standard input and output to a gate that is reached over HTTP.
//!
//! ```text
//! host ──lines, read strictly──▶ [`Bridge`] ──each request with token, grant and a fresh proof──▶ gate
//! ```
//!
//! Hosts send fixed headers, if any, and cannot prove that a token is theirs. This can, with the agent's key. It decides
//! nothing: whoever goes around it needs the token and the key all the same, and finds the gate.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future as _, poll_fn};
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_core::stream::BoxStream;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, Method};
use reqwest::Client;
use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, ClientRequest, EmptyResult, ErrorData, JsonRpcMessage,
    RequestId, ServerJsonRpcMessage, ServerResult,
};
use rmcp::transport::common::client_side_sse::SseRetryPolicy;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
    StreamableHttpPostResponse,
};
use rmcp::transport::{StreamableHttpClientTransport, Transport};
use rmcp::{RoleClient, RoleServer};
use sse_stream::{Error as SseError, Sse};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::time::timeout;
use wpc::token::possession::{self, Purpose};
use wpc::{Clock as _, Key, SystemClock};

use crate::GRANT_HEADER;
use crate::http_client::{self, MAX_REQUESTS};
use crate::line::{self, Lines, OnFault};
use crate::wire::Sender;

/// How often, and how long apart, an answer that broke off is asked for again.
const MAX_AGAIN: usize = 5;
const AGAIN: Duration = Duration::from_secs(1);
/// How long the reasons of what failed may take to arrive when the session is over.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long the gate may take with what is no message.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);
/// What an answer begins with if the gate did not take the message.
const UNDONE: &str = "nothing was done";
/// Messages that may wait for a session to begin.
const MAX_WAITING: usize = 64;

/// Where the agent's token and grant are read from: for each request again, because tokens are renewed.
pub type Shows = Arc<dyn Fn() -> Result<(String, Vec<u8>), String> + Send + Sync>;

/// Carries one host's session to a gate.
#[derive(Clone)]
pub struct Bridge {
    client: Client,
    url: String,
    agent: Arc<Key>,
    shows: Shows,
    clock: SystemClock,
}

/// A session over a bridge ended otherwise than by its host.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// The URL is none, or would send the token to another machine in clear. Code `bridge_url`.
    #[error("a gate's URL is https:// and a host; http:// on this machine alone")]
    Url,
    /// There is no HTTP client. Code `bridge_client`.
    #[error("no requests can be made: {0}")]
    Client(String),
    /// The gate cannot be reached, or refused the session. Code `gate_refused`.
    #[error("the gate does not take the session: {0}")]
    Refused(String),
    /// The host's side failed. Code `mcp_session`.
    #[error("the host's side failed: {0}")]
    Host(std::io::Error),
}

impl BridgeError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Url => "bridge_url",
            Self::Client(_) => "bridge_client",
            Self::Refused(_) => "gate_refused",
            Self::Host(_) => "mcp_session",
        }
    }
}

impl Bridge {
    /// To the gate at `url`, exactly as it names itself, for the agent with this key; `shows` gives its token, and the
    /// grant that was issued with it.
    ///
    /// # Errors
    ///
    /// [`BridgeError::Url`], and [`BridgeError::Client`] if the machine's certificates cannot be had.
    pub fn new(url: impl Into<String>, agent: Key, shows: Shows) -> Result<Self, BridgeError> {
        let url = url.into();
        if !is_private(&url) {
            return Err(BridgeError::Url);
        }
        let client = http_client::with(reqwest::header::HeaderMap::new()).map_err(BridgeError::Client)?;
        Ok(Self { client, url, agent: Arc::new(agent), shows, clock: SystemClock::new() })
    }

    /// Carries one session over standard input and output, until either side is gone.
    ///
    /// # Errors
    ///
    /// [`BridgeError`] if the gate, or the host's side, ended it.
    pub async fn stdio(&self) -> Result<(), BridgeError> {
        self.carry(line::stdio(Some(self.on_fault()))).await
    }

    /// Carries one session over any pair of byte streams, one message a line.
    ///
    /// # Errors
    ///
    /// As [`Bridge::stdio`].
    pub async fn lines(
        &self,
        read: impl AsyncRead + Send + Unpin + 'static,
        write: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Result<(), BridgeError> {
        self.carry(Lines::new(read, write, Sender::Client, Some(self.on_fault()))).await
    }

    /// What is refused here and could have been a call is shown to the gate as it came: it refuses it too, and records it.
    fn on_fault(&self) -> OnFault {
        let bridge = self.clone();
        Arc::new(move |fault, raw| {
            if !fault.is_call || raw.is_empty() {
                return;
            }
            let (bridge, raw) = (bridge.clone(), raw.to_vec());
            tokio::spawn(async move {
                let Ok(fields) = bridge.fields(&Method::POST, HashMap::new()) else { return };
                let fields = fields.into_iter().chain([
                    (CONTENT_TYPE, HeaderValue::from_static("application/json")),
                    (ACCEPT, HeaderValue::from_static("application/json, text/event-stream")),
                ]);
                let shown = bridge.client.post(&bridge.url).headers(fields.collect()).body(raw);
                // The host has its answer already.
                let _refused = shown.timeout(SHOWN_WITHIN).send().await;
            });
        })
    }

    async fn carry(
        &self,
        mut near: impl Transport<RoleServer, Error = std::io::Error>,
    ) -> Result<(), BridgeError> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(self.url.clone());
        config.max_concurrent_requests = MAX_REQUESTS;
        // An answer that breaks off is asked for again, and not for ever: who waits is told.
        config.retry_config = Arc::new(Again);
        let mut far = StreamableHttpClientTransport::with_client(self.clone(), config);
        // What could not be delivered, and whose answer the host waits for.
        let (undelivered, mut failed) = mpsc::unbounded_channel::<(Option<RequestId>, String)>();
        let (mut begin, mut last) = (Begin::default(), None);
        let ended = loop {
            tokio::select! {
                message = near.receive() => {
                    let Some(message) = message else { break Ok(()) };
                    for step in begin.take(message) {
                        match step {
                            Step::Answer(message) => near.send(message).await.map_err(BridgeError::Host)?,
                            Step::Pass(message) => deliver(&mut far, message, &undelivered).await,
                        }
                    }
                }
                message = Transport::<RoleClient>::receive(&mut far) => match message {
                    Some(message) => near.send(message).await.map_err(BridgeError::Host)?,
                    None => break Err(()),
                },
                Some((id, why)) = failed.recv() => {
                    told(&mut near, id, &why).await?;
                    last = Some(why);
                }
            }
        };
        let ended = match ended {
            Ok(()) => Ok(()),
            // Why is on its way, with the ids of those who wait.
            Err(()) => {
                drop(undelivered);
                while let Ok(Some((id, why))) = timeout(LAST_WORDS, failed.recv()).await {
                    told(&mut near, id, &why).await?;
                    last = Some(why);
                }
                Err(BridgeError::Refused(last.unwrap_or_else(|| "it ended the session".to_owned())))
            }
        };
        // The gate's session ends with the host's.
        let _gone = Transport::<RoleClient>::close(&mut far).await;
        ended
    }

    /// The fields that show whose a request is, beside `more`.
    fn fields(
        &self,
        method: &Method,
        mut more: HashMap<HeaderName, HeaderValue>,
    ) -> Result<HashMap<HeaderName, HeaderValue>, StreamableHttpError<reqwest::Error>> {
        let (token, grant) = (self.shows)().map_err(|why| undone(&why))?;
        let purpose = Purpose::Request { method: method.as_str(), url: &self.url };
        let now_s = self.clock.wall_ms().div_euclid(1_000);
        let proof = possession::prove(&self.agent, &purpose, &token, now_s)
            .map_err(|error| undone(&error.to_string()))?;
        let shown = [
            (AUTHORIZATION, format!("DPoP {token}")),
            (HeaderName::from_static("dpop"), proof),
            (HeaderName::from_static(GRANT_HEADER), URL_SAFE_NO_PAD.encode(grant)),
        ];
        for (name, value) in shown {
            let mut value = HeaderValue::from_str(&value).map_err(|_| undone("the token is no header"))?;
            value.set_sensitive(true);
            more.insert(name, value);
        }
        Ok(more)
    }
}

impl StreamableHttpClient for Bridge {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session_id: Option<Arc<str>>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<StreamableHttpPostResponse, StreamableHttpError<reqwest::Error>> {
        let fields = self.fields(&Method::POST, custom_headers)?;
        let posted = self.client.post_message(uri, message, session_id, auth_header, fields).await;
        // Transports answer it by logging in, which is done here by the fields.
        if matches!(posted, Err(StreamableHttpError::AuthRequired(_))) {
            return Err(undone("it refuses the token, its grant or the proof (401)"));
        }
        posted
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session_id: Arc<str>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<(), StreamableHttpError<reqwest::Error>> {
        let fields = self.fields(&Method::DELETE, custom_headers)?;
        self.client.delete_session(uri, session_id, auth_header, fields).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session_id: Option<Arc<str>>,
        last_event_id: Option<String>,
        auth_header: Option<String>,
        custom_headers: HashMap<HeaderName, HeaderValue>,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, StreamableHttpError<reqwest::Error>> {
        let fields = self.fields(&Method::GET, custom_headers)?;
        self.client.get_stream(uri, session_id, last_event_id, auth_header, fields).await
    }
}

/// How an answer that broke off is asked for again.
#[derive(Debug)]
struct Again;

impl SseRetryPolicy for Again {
    fn retry(&self, times: usize) -> Option<Duration> {
        (times < MAX_AGAIN).then_some(AGAIN)
    }
}

/// A message that the gate did not take.
fn undone(why: &str) -> StreamableHttpError<reqwest::Error> {
    StreamableHttpError::UnexpectedServerResponse(format!("{UNDONE}: {why}").into())
}

/// Tells the host that what it asked has no answer.
async fn told(
    near: &mut impl Transport<RoleServer, Error = std::io::Error>,
    id: Option<RequestId>,
    why: &str,
) -> Result<(), BridgeError> {
    if id.is_none() {
        return Ok(());
    }
    let error = ErrorData::internal_error(why.to_owned(), None);
    near.send(JsonRpcMessage::error(error, id)).await.map_err(BridgeError::Host)
}

/// Sends a message on. Once its future is polled it has its place in the queue, so that messages keep their order.
async fn deliver(
    far: &mut StreamableHttpClientTransport<Bridge>,
    message: ClientJsonRpcMessage,
    undelivered: &mpsc::UnboundedSender<(Option<RequestId>, String)>,
) {
    let id = if let JsonRpcMessage::Request(request) = &message { Some(request.id.clone()) } else { None };
    let mut sent = Box::pin(Transport::<RoleClient>::send(far, message));
    let begun = poll_fn(|cx| Poll::Ready(sent.as_mut().poll(cx))).await;
    let undelivered = undelivered.clone();
    tokio::spawn(async move {
        let sent = match begun {
            Poll::Ready(sent) => sent,
            Poll::Pending => sent.await,
        };
        if let Err(error) = sent {
            // An error says that nobody waits any more.
            let _gone = undelivered.send((id, said(&error)));
        }
    });
}

/// What became of a message that has no answer, in words for the model: what may have been done must not read as undone.
fn said(error: &StreamableHttpError<reqwest::Error>) -> String {
    if let StreamableHttpError::UnexpectedServerResponse(why) = error
        && why.starts_with(UNDONE)
    {
        return why.to_string();
    }
    if let StreamableHttpError::Client(cause) = error
        && cause.is_connect()
    {
        return format!("{UNDONE}: the gate was not reached ({error})");
    }
    format!("the gate gave no answer to this; whether anything was done is not known: {error}")
}

/// A session's first messages. The transport to the gate takes what comes behind `initialize` for the host's
/// `initialized`: until that has come, pings are answered here, and the rest waits.
#[derive(Default)]
struct Begin {
    is_asked: bool,
    is_over: bool,
    waiting: Vec<ClientJsonRpcMessage>,
}

/// What is done with a message.
enum Step {
    Answer(ServerJsonRpcMessage),
    Pass(ClientJsonRpcMessage),
}

impl Begin {
    fn take(&mut self, message: ClientJsonRpcMessage) -> Vec<Step> {
        if self.is_over || !self.is_asked {
            self.is_asked = true;
            return vec![Step::Pass(message)];
        }
        if let JsonRpcMessage::Notification(notification) = &message
            && matches!(notification.notification, ClientNotification::InitializedNotification(_))
        {
            self.is_over = true;
            let waiting = std::mem::take(&mut self.waiting);
            return [message].into_iter().chain(waiting).map(Step::Pass).collect();
        }
        if let JsonRpcMessage::Request(request) = &message
            && matches!(request.request, ClientRequest::PingRequest(_))
        {
            let pong = ServerResult::EmptyResult(EmptyResult {});
            return vec![Step::Answer(JsonRpcMessage::response(pong, request.id.clone()))];
        }
        // More than a host asks before it has begun ends the session at the gate.
        if self.waiting.len() >= MAX_WAITING {
            return vec![Step::Pass(message)];
        }
        self.waiting.push(message);
        Vec::new()
    }
}

/// Whether what is sent there is read there alone.
fn is_private(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    url.scheme() == "https" || url.scheme() == "http" && is_here
}

/// Without the token and the key.
impl fmt::Debug for Bridge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bridge").field("url", &self.url).finish_non_exhaustive()
    }
}
