//! Streamable HTTP (MCP 2025-11-25, "Transports"), each request with the token of whoever makes it.
//!
//! ```text
//! connection ─▶ peer's user id (unix socket) ─▶ body, bounded and read strictly ─▶ token, proof ─▶ session is
//!                                                                                  this job's ─▶ rmcp
//! ```
//!
//! `Host` and `Origin` are looked at before all that, so that no page in a browser reaches a gate on loopback. Beside the
//! server, at `/ask`, whoever stands before the agent's calls asks whether one would begin.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::header::{ALLOW, AUTHORIZATION, CONNECTION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rmcp::model::JsonRpcMessage;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::tower::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use wpc::JobId;
use wpc::callers::{GRANT_HEADER, Refusal, Shown, Tokens};
use wpc_model::MalformedCode;

use super::hosts::Hosts;
use super::question::{self, Question, Rate, ask_url};
use super::{Caller, Executor, Server};
use crate::wire::{self, Fault, FaultKind, MAX_REQUEST_BYTES, Sender};

/// The header that names a session.
const SESSION: &str = "mcp-session-id";
/// Sessions that are remembered; the oldest goes first.
const MAX_SESSIONS: usize = 4_096;
/// Connections at a time.
const MAX_CONNECTIONS: usize = 1_024;
/// How long a client may take to send its headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
/// How long a client may take to send a body.
const BODY_WITHIN: Duration = Duration::from_secs(30);
/// How much is read of the body of a request that is refused before, and for how long.
const MAX_REST_BYTES: usize = 64 << 10;
const REST_WITHIN: Duration = Duration::from_secs(1);
/// How long nothing is accepted after an attempt that failed.
const PAUSE: Duration = Duration::from_millis(50);

type Body = BoxBody<Bytes, Infallible>;

/// Where a server is reached.
#[derive(Debug)]
pub enum Listener {
    /// Over TCP. Who connects is known from tokens alone.
    Tcp(TcpListener),
    /// Over a unix socket, for processes of these users alone.
    Unix {
        /// The socket.
        socket: UnixListener,
        /// User ids.
        users: BTreeSet<u32>,
    },
}

/// A server over HTTP.
pub struct HttpServer<E> {
    server: Server<E>,
    service: StreamableHttpService<Server<E>, LocalSessionManager>,
    tokens: Tokens,
    /// The URL that proofs are made for.
    url: String,
    /// The one beside it, where calls are asked about.
    ask_url: Option<String>,
    rate: Rate,
    since: Instant,
    hosts: Hosts,
    sessions: Mutex<Sessions>,
    stop: CancellationToken,
}

/// Whose a session is.
#[derive(Default)]
struct Sessions {
    jobs: HashMap<String, JobId>,
    order: std::collections::VecDeque<String>,
}

impl Sessions {
    fn bind(&mut self, session: &str, job: &JobId) {
        if self.jobs.insert(session.to_owned(), job.clone()).is_none() {
            self.order.push_back(session.to_owned());
        }
        while self.order.len() > MAX_SESSIONS {
            if let Some(oldest) = self.order.pop_front() {
                self.jobs.remove(&oldest);
            }
        }
    }
}

impl<E: Executor> HttpServer<E> {
    /// Serves what `server` offers to whoever `tokens` lets in. Proofs are made for `url`, exactly as clients
    /// call it, and for its [`ask_url`] where calls are asked about. `hosts` are the names that clients may call it by, beside those of loopback.
    #[must_use]
    pub fn new(server: Server<E>, tokens: Tokens, url: impl Into<String>, hosts: &[String]) -> Self {
        let stop = CancellationToken::new();
        let mut config = StreamableHttpServerConfig::default()
            .enforce_origin_validation()
            .with_max_request_body_bytes(MAX_REQUEST_BYTES)
            .with_cancellation_token(stop.clone());
        config.allowed_hosts.extend(hosts.iter().cloned());
        let each = server.clone();
        let service = StreamableHttpService::new(move || Ok(each.clone()), Arc::default(), config);
        let (url, hosts) = (url.into(), Hosts::new(hosts));
        let ask_url = ask_url(&url);
        let (rate, since, sessions) = (Rate::default(), Instant::now(), Mutex::default());
        Self { server, service, tokens, url, ask_url, rate, since, hosts, sessions, stop }
    }

    /// Ends every session; [`HttpServer::serve`] returns.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Serves until it is stopped, and returns once every call has its outcome.
    pub async fn serve(self: &Arc<Self>, listener: Listener) {
        let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { break };
            let accepted = tokio::select! {
                accepted = accept(&listener) => accepted,
                () = self.stop.cancelled() => break,
            };
            let Some(stream) = accepted else { continue };
            let (this, stop) = (Arc::clone(self), self.stop.clone());
            tokio::spawn(async move {
                let handler = service_fn(move |request| {
                    let this = Arc::clone(&this);
                    async move { Ok::<_, Infallible>(this.answer(request).await) }
                });
                let mut http = hyper::server::conn::http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
                tokio::select! {
                    // A client that breaks off ends its own connection and nothing else.
                    _ended = http.serve_connection(stream, handler) => {}
                    () = stop.cancelled() => {}
                }
                drop(slot);
            });
        }
        self.server.drained().await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        if let Err(refusal) = self.hosts.check(&parts) {
            return unread(body, refused(StatusCode::FORBIDDEN, &refusal)).await;
        }
        if let Some(url) = self.ask_url.as_ref().filter(|_| question::is_asked_at(parts.uri.path())) {
            return self.asked(url, &parts, body).await;
        }
        let caller = match self.caller(&self.url, &parts.method, &parts.headers).await {
            Ok(caller) => caller,
            Err(refusal) => return unread(body, unauthorised(&refusal)).await,
        };
        let session = header(&parts.headers, SESSION).map(str::to_owned);
        if let Some(session) = &session
            && !self.is_theirs(session, &caller)
        {
            let why = Refusal::new("session_other_job", "the session was begun under another job's token");
            return unread(body, refused(StatusCode::FORBIDDEN, &why)).await;
        }
        let bytes = match whole(body).await {
            Ok(bytes) => bytes,
            Err(Cut::TooLarge) => return closing(self.faulty(&caller, &Fault::too_large(), b"")),
            Err(cut @ (Cut::Broken | Cut::Late)) => return closing(cut.answer()),
        };
        if parts.method == Method::POST
            && let Err(fault) = wire::read(&bytes, Sender::Client)
        {
            return self.faulty(&caller, &fault, &bytes);
        }
        let (method, job) = (parts.method.clone(), caller.gate().job().clone());
        // What names the agent stays here.
        parts.headers.remove(AUTHORIZATION);
        parts.headers.remove("dpop");
        parts.headers.remove(GRANT_HEADER);
        parts.extensions.insert(caller);
        let response = self.service.handle(Request::from_parts(parts, Full::new(bytes))).await;
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        match (session, header(response.headers(), SESSION)) {
            (None, Some(begun)) => sessions.bind(begun, &job),
            (Some(ended), _) if method == Method::DELETE => {
                sessions.jobs.remove(&ended);
            }
            _ => {}
        }
        drop(sessions);
        response
    }

    /// Answers whether a call would begin now.
    async fn asked(&self, url: &str, parts: &Parts, body: Incoming) -> Response<Body> {
        if parts.method != Method::POST {
            let why = Refusal::new("method_not_allowed", "a question is a POST");
            let mut response = refused(StatusCode::METHOD_NOT_ALLOWED, &why);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return unread(body, response).await;
        }
        let caller = match self.caller(url, &parts.method, &parts.headers).await {
            Ok(caller) => caller,
            Err(refusal) => return unread(body, unauthorised(&refusal)).await,
        };
        if let Err(is_first) = self.rate.take(caller.gate().job(), self.since.elapsed().as_secs()) {
            if is_first {
                question::log_too_many(caller.gate());
            }
            let why = Refusal::new(question::TOO_MANY, "this job asks too often; ask again in a second");
            return unread(body, refused(StatusCode::TOO_MANY_REQUESTS, &why)).await;
        }
        let (read, bytes) = match whole(body).await {
            Ok(bytes) => (Question::read(&bytes), bytes),
            Err(Cut::TooLarge) => (Err(Question::too_large()), Bytes::new()),
            Err(cut @ (Cut::Broken | Cut::Late)) => return closing(cut.answer()),
        };
        let is_cut = read.is_err() && bytes.is_empty();
        // As a call's: what was asked has its entry and its line, whatever becomes of the connection.
        let server = self.server.clone();
        let told = self.server.shared.calls.spawn(async move {
            let gate = caller.gate();
            match read {
                Ok(question) => {
                    let (tool, stamp) = (question.tool.clone(), question.stamp.clone());
                    let told = server.ask(gate, question).await;
                    question::log(gate, &tool, &stamp, &told);
                    (StatusCode::OK, question::answer(&told))
                }
                Err(malformed) => {
                    let (code, why) = (malformed.code.code(), malformed.to_string());
                    let _recorded = gate.refuse(code, why.clone(), &bytes).await;
                    question::log_malformed(gate, code);
                    let status = if malformed.code == MalformedCode::TooLarge {
                        StatusCode::PAYLOAD_TOO_LARGE
                    } else {
                        StatusCode::BAD_REQUEST
                    };
                    (status, serde_json::json!({ "code": code, "message": why }))
                }
            }
        });
        let (status, answer) = told.await.unwrap_or_else(|_| {
            let answer =
                serde_json::json!({ "code": "gate_faulted", "message": "the question was not answered" });
            (StatusCode::INTERNAL_SERVER_ERROR, answer)
        });
        let response = json_response(status, serde_json::to_vec(&answer).unwrap_or_default());
        if is_cut { closing(response) } else { response }
    }

    /// Whether the session was begun under the caller's job; a session that nobody began is rmcp's to refuse.
    fn is_theirs(&self, session: &str, caller: &Caller) -> bool {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.jobs.get(session).is_none_or(|job| job == caller.gate().job())
    }

    async fn caller(&self, url: &str, method: &Method, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let (scheme, token) = header(headers, AUTHORIZATION.as_str())
            .and_then(|value| value.split_once(' '))
            .ok_or_else(|| Refusal::new("token_required", "the request has no token"))?;
        let is_dpop = scheme.eq_ignore_ascii_case("dpop");
        if !is_dpop && !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Refusal::new("token_required", "`Authorization` is `DPoP TOKEN` or `Bearer TOKEN`"));
        }
        let proof = if is_dpop { header(headers, "dpop") } else { None };
        if headers.get_all("dpop").iter().count() > 1 || headers.get_all(AUTHORIZATION).iter().count() > 1 {
            return Err(Refusal::new("proof_malformed", "a request has one token and one proof"));
        }
        let shown = Shown {
            token: token.trim(),
            proof,
            grant: header(headers, GRANT_HEADER),
            method: method.as_str(),
            url,
        };
        self.tokens.caller(shown).await.map(Caller::new)
    }

    /// Answers what is refused on the wire, and records it if it could have been a call.
    fn faulty(&self, caller: &Caller, fault: &Fault, raw: &[u8]) -> Response<Body> {
        self.server.on_fault(caller)(fault, raw);
        let error: JsonRpcMessage = JsonRpcMessage::error(fault.error(), fault.id.clone());
        let status = match fault.kind {
            FaultKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            // The request was understood; its answer is an error of JSON-RPC.
            FaultKind::Method(_) | FaultKind::Call(_) if fault.wants_answer => StatusCode::OK,
            FaultKind::Method(_)
            | FaultKind::Call(_)
            | FaultKind::NotJson
            | FaultKind::DuplicateKey
            | FaultKind::Batch
            | FaultKind::NotAMessage(_) => StatusCode::BAD_REQUEST,
        };
        json_response(status, serde_json::to_vec(&error).unwrap_or_default())
    }
}

/// What was accepted. Where no descriptors are left, others may be served soon: it is not asked again at once.
async fn accepted<T>(accepted: std::io::Result<T>) -> Option<T> {
    if accepted.is_err() {
        tokio::time::sleep(PAUSE).await;
    }
    accepted.ok()
}

/// A connection that may be served.
async fn accept(listener: &Listener) -> Option<TokioIo<Box<dyn Stream>>> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, _) = accepted(listener.accept().await).await?;
            stream.set_nodelay(true).ok()?;
            Some(TokioIo::new(Box::new(stream)))
        }
        Listener::Unix { socket, users } => {
            let (stream, _) = accepted(socket.accept().await).await?;
            // The kernel's word, taken when the peer connected.
            let user = stream.peer_cred().ok()?.uid();
            users.contains(&user).then(|| TokioIo::new(Box::new(stream) as Box<dyn Stream>))
        }
    }
}

/// A connection of either kind.
trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Stream for S {}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Why a request's body is not whole.
#[derive(Clone, Copy)]
enum Cut {
    TooLarge,
    /// The connection ended first: nobody knows what was asked, or waits for an answer.
    Broken,
    Late,
}

impl Cut {
    fn answer(self) -> Response<Body> {
        let (status, why) = match self {
            Self::Late => (StatusCode::REQUEST_TIMEOUT, "the body took too long"),
            Self::TooLarge | Self::Broken => (StatusCode::BAD_REQUEST, "the body is not whole"),
        };
        refused(status, &Refusal::new("body_incomplete", why))
    }
}

/// A request's body.
async fn whole(body: Incoming) -> Result<Bytes, Cut> {
    let collected = Limited::new(body, MAX_REQUEST_BYTES).collect();
    match tokio::time::timeout(BODY_WITHIN, collected).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Cut::TooLarge),
        Ok(Err(_)) => Err(Cut::Broken),
        Err(_) => Err(Cut::Late),
    }
}

/// A refusal of a request whose body nobody read: the client finds it, and whether it may use the connection again
/// (RFC 9112 section 9.3).
async fn unread(body: Incoming, response: Response<Body>) -> Response<Body> {
    let rest = tokio::time::timeout(REST_WITHIN, Limited::new(body, MAX_REST_BYTES).collect()).await;
    if matches!(rest, Ok(Ok(_))) { response } else { closing(response) }
}

/// An answer to a request that was not read to its end: nothing can follow it.
fn closing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// RFC 6750 section 3, RFC 9449 section 7.1.
fn unauthorised(refusal: &Refusal) -> Response<Body> {
    let mut response = refused(StatusCode::UNAUTHORIZED, refusal);
    let challenge = HeaderValue::from_static(r#"DPoP algs="EdDSA", error="invalid_token""#);
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}

fn refused(status: StatusCode, refusal: &Refusal) -> Response<Body> {
    let body = serde_json::json!({ "code": refusal.code, "message": refusal.message });
    json_response(status, serde_json::to_vec(&body).unwrap_or_default())
}

fn json_response(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::from(body)).boxed());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl<E> std::fmt::Debug for HttpServer<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpServer").field("server", &self.server).finish_non_exhaustive()
    }
}
