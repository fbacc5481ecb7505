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

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_core::stream::BoxStream;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Method};
use reqwest::Client;
use rmcp::model::{ClientJsonRpcMessage, ErrorData, JsonRpcMessage, RequestId};
use rmcp::transport::streamable_http_client::{
    StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError,
    StreamableHttpPostResponse,
};
use rmcp::transport::{StreamableHttpClientTransport, Transport};
use rmcp::{RoleClient, RoleServer};
use sse_stream::{Error as SseError, Sse};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use wpc::token::possession::{self, Purpose};
use wpc::{Clock as _, Key, SystemClock};

use crate::GRANT_HEADER;
use crate::http_client::{self, MAX_REQUESTS};
use crate::line::{self, Lines};
use crate::wire::Sender;

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
        self.carry(line::stdio(None)).await
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
        self.carry(Lines::new(read, write, Sender::Client, None)).await
    }

    async fn carry(
        &self,
        mut near: impl Transport<RoleServer, Error = std::io::Error>,
    ) -> Result<(), BridgeError> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(self.url.clone());
        config.max_concurrent_requests = MAX_REQUESTS;
        let mut far = StreamableHttpClientTransport::with_client(self.clone(), config);
        // What could not be delivered, and whose answer the host waits for.
        let (undelivered, mut failed) = mpsc::unbounded_channel::<(Option<RequestId>, String)>();
        let mut last = None;
        let ended = loop {
            tokio::select! {
                message = near.receive() => {
                    let Some(message) = message else { break Ok(()) };
                    let id = match &message {
                        JsonRpcMessage::Request(request) => Some(request.id.clone()),
                        _ => None,
                    };
                    let mut sent = Box::pin(Transport::<RoleClient>::send(&mut far, message));
                    // Once polled it has its place in the queue, so that messages keep their order.
                    let begun = poll_fn(|cx| Poll::Ready(sent.as_mut().poll(cx))).await;
                    let undelivered = undelivered.clone();
                    tokio::spawn(async move {
                        let sent = match begun {
                            Poll::Ready(sent) => sent,
                            Poll::Pending => sent.await,
                        };
                        if let Err(error) = sent {
                            // An error says that nobody waits any more.
                            let _gone = undelivered.send((id, error.to_string()));
                        }
                    });
                }
                message = Transport::<RoleClient>::receive(&mut far) => match message {
                    Some(message) => near.send(message).await.map_err(BridgeError::Host)?,
                    None => break Err(BridgeError::Refused(last.unwrap_or_else(|| "it ended the session".to_owned()))),
                },
                Some((id, why)) = failed.recv() => {
                    if id.is_some() {
                        let error = ErrorData::internal_error(format!("the gate was not reached: {why}"), None);
                        near.send(JsonRpcMessage::error(error, id)).await.map_err(BridgeError::Host)?;
                    }
                    last = Some(why);
                }
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
        let unshown = |why: String| StreamableHttpError::UnexpectedServerResponse(why.into());
        let (token, grant) = (self.shows)().map_err(unshown)?;
        let purpose = Purpose::Request { method: method.as_str(), url: &self.url };
        let now_s = self.clock.wall_ms().div_euclid(1_000);
        let proof = possession::prove(&self.agent, &purpose, &token, now_s)
            .map_err(|error| unshown(error.to_string()))?;
        let shown = [
            (AUTHORIZATION, format!("DPoP {token}")),
            (HeaderName::from_static("dpop"), proof),
            (HeaderName::from_static(GRANT_HEADER), URL_SAFE_NO_PAD.encode(grant)),
        ];
        for (name, value) in shown {
            let mut value =
                HeaderValue::from_str(&value).map_err(|_| unshown("the token is no header".to_owned()))?;
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
        self.client.post_message(uri, message, session_id, auth_header, fields).await.map_err(|error| {
            match error {
                StreamableHttpError::AuthRequired(_) => StreamableHttpError::UnexpectedServerResponse(
                    "the gate refuses the token, its grant or the proof".into(),
                ),
                other => other,
            }
        })
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
