//! The server: HTTP, each request with the token of whoever makes it.
//!
//! ```text
//! connection ─▶ Host, Origin ─▶ path ─▶ token, proof ─▶ body, bounded ─▶ a call on its own task
//! ```

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, ORIGIN, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wpc::callers::{GRANT_HEADER, Refusal as Nobody, Shown, Tokens};
use wpc::ledger::Ledger;
use wpc::{DynamicGate, Trust};
use wpc_evidence::Key;
use wpc_model::{Policy, Redaction};
use zeroize::Zeroizing;

use crate::body::{Body, whole};
use crate::call::{Call, error};
use crate::config::{Config, ConfigError, Limits};
use crate::job::{Desk, Jobs};
use crate::prices::Prices;
use crate::refusal::Refusal;
use crate::route::{Route, read, shape_of};
use crate::shape::Shape;
use crate::upstream::Upstreams;
use crate::{listing, redact};

/// Connections at a time.
const MAX_CONNECTIONS: usize = 1_024;
/// How long a client may take to send its headers, and its body.
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
const BODY_WITHIN: Duration = Duration::from_secs(60);
/// How much is read of the body of a request that is refused before, and for how long.
const MAX_REST_BYTES: usize = 64 << 10;
const REST_WITHIN: Duration = Duration::from_secs(1);
/// How long nothing is accepted after an attempt that failed.
const PAUSE: Duration = Duration::from_millis(50);
/// How long calls under way may take once the gateway is asked to end.
const LAST_CALLS: Duration = Duration::from_secs(10);
/// How long their answers may then take to be written.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// A gateway of model calls.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    tokens: Tokens,
    stop: CancellationToken,
}

/// What every call stands on.
pub(crate) struct Shared {
    pub(crate) upstreams: Upstreams,
    pub(crate) prices: Option<Prices>,
    pub(crate) limits: Limits,
    pub(crate) jobs: Jobs,
    pub(crate) redactions: Vec<Redaction>,
    pub(crate) redaction_key: Zeroizing<[u8; 32]>,
    key: Key,
    name: String,
    ledger: Arc<dyn Ledger>,
    url: String,
    /// The name that clients may call it by, beside those of loopback.
    host: Option<String>,
    calls: TaskTracker,
    /// Calls under way end now.
    pub(crate) ending: CancellationToken,
}

impl Shared {
    /// Who keeps and signs what a call of this gate's job comes to.
    pub(crate) fn desk<'d>(&'d self, gate: &'d Arc<DynamicGate>) -> Desk<'d> {
        Desk {
            gate,
            ledger: &self.ledger,
            key: &self.key,
            name: &self.name,
            currency: self.prices.as_ref().map(Prices::currency),
            calls_at_a_time: self.limits.calls_at_a_time,
        }
    }
}

impl Proxy {
    /// A gateway for the jobs of one signed policy in one ledger.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with the first reason found.
    pub fn new(
        artifact: Vec<u8>,
        policy: &Policy,
        trust: Trust,
        ledger: Arc<dyn Ledger>,
        config: Config,
    ) -> Result<Self, ConfigError> {
        config.check(policy, &trust)?;
        let upstreams = Upstreams::new(&config)?;
        let Config { key, prices, url, limits, .. } = config;
        let host = url.split_once("://").and_then(|(_, rest)| Some(rest.split('/').next()?.to_owned()));
        let shared = Shared {
            upstreams,
            prices,
            limits,
            jobs: Jobs::default(),
            redactions: redact::rules(policy),
            redaction_key: key.secret_for("wpc/redaction/v1"),
            name: key.did().to_string(),
            key,
            ledger: Arc::clone(&ledger),
            url: url.trim_end_matches('/').to_owned(),
            host,
            calls: TaskTracker::new(),
            ending: CancellationToken::new(),
        };
        let tokens = Tokens::new(artifact, policy, trust, ledger);
        Ok(Self { shared: Arc::new(shared), tokens, stop: CancellationToken::new() })
    }

    /// Takes no more requests; [`Proxy::serve`] returns.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Serves until it is stopped, and returns once every call is recorded, or after some seconds. How many
    /// receipts could not be recorded.
    pub async fn serve(self: &Arc<Self>, listener: TcpListener) -> usize {
        let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let connections = TaskTracker::new();
        loop {
            let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { break };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.stop.cancelled() => break,
            };
            let Ok((stream, _)) = accepted else {
                // No descriptors are left, or the peer is gone: others may be served soon.
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let this = Arc::clone(self);
            connections.spawn(async move {
                this.connection(stream).await;
                drop(slot);
            });
        }
        let calls = &self.shared.calls;
        calls.close();
        if tokio::time::timeout(LAST_CALLS, calls.wait()).await.is_err() {
            // What was sent is recorded, as far as it came.
            self.shared.ending.cancel();
            let _late = tokio::time::timeout(LAST_CALLS, calls.wait()).await;
        }
        let left = self.shared.jobs.record_all().await;
        // The last answers are written to their ends.
        connections.close();
        let _slow = tokio::time::timeout(LAST_ANSWERS, connections.wait()).await;
        left
    }

    async fn connection(self: Arc<Self>, stream: TcpStream) {
        let stop = self.stop.clone();
        let _delayed = stream.set_nodelay(true);
        let handler = service_fn(move |request| {
            let this = Arc::clone(&self);
            async move { Ok::<_, Infallible>(this.answer(request).await) }
        });
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEADERS_WITHIN);
        let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), handler));
        tokio::select! {
            // A client that breaks off ends its own connection and nothing else.
            _ended = connection.as_mut() => {}
            () = stop.cancelled() => {
                // The answer that is being written is written to its end.
                connection.as_mut().graceful_shutdown();
                let _ended = connection.await;
            }
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let shape = shape_of(path);
        if let Err(refusal) = self.meant(&parts.headers) {
            return unread(body, error(&refusal, shape)).await;
        }
        let route = match read(&parts.method, path, parts.uri.query()) {
            Ok(Route::Health) => return json(&serde_json::json!({ "status": "ok" })),
            Ok(route) => route,
            Err(refusal) => return unread(body, error(&refusal, shape)).await,
        };
        let url = format!("{}{path}", self.shared.url);
        let gate = match self.caller(parts.method.as_str(), &url, &parts.headers).await {
            Ok(gate) => gate,
            Err(nobody) => return unread(body, unauthorised(&nobody, shape)).await,
        };
        let target = match route {
            Route::Call(target) => target,
            Route::Models(Shape::OpenAi) if parts.headers.contains_key("anthropic-version") => {
                return json(&listing::list(gate.policy(), Shape::Anthropic));
            }
            Route::Models(shape) => return json(&listing::list(gate.policy(), shape)),
            Route::Model(shape, name) => {
                let anthropic = shape == Shape::OpenAi && parts.headers.contains_key("anthropic-version");
                let shape = if anthropic { Shape::Anthropic } else { shape };
                return listing::one(gate.policy(), shape, &name)
                    .map_or_else(|refusal| error(&refusal, shape), |one| json(&one));
            }
            Route::Health => return json(&serde_json::json!({ "status": "ok" })),
        };
        let collected = Limited::new(body, self.shared.limits.request_bytes).collect();
        let bytes = match tokio::time::timeout(BODY_WITHIN, collected).await {
            Ok(Ok(collected)) => collected.to_bytes(),
            Ok(Err(_)) => return self.unreadable(&gate, Refusal::too_large(), shape).await,
            Err(_) => {
                let late = Refusal::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "request_timeout",
                    "the request did not come in time",
                );
                return self.unreadable(&gate, late, shape).await;
            }
        };
        self.call(gate, target, parts.headers, bytes, shape).await
    }

    /// Hands a call to a task of its own, and waits for its answer.
    async fn call(
        &self,
        gate: Arc<DynamicGate>,
        target: crate::route::Target,
        headers: HeaderMap,
        bytes: Bytes,
        shape: Shape,
    ) -> Response<Body> {
        let (reply, answer) = oneshot::channel();
        let call = Call { shared: Arc::clone(&self.shared), gate, target, headers };
        self.shared.calls.spawn(call.run(bytes, reply));
        answer.await.unwrap_or_else(|_| {
            let message = "the gateway ended the call";
            error(&Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "gateway_ends", message), shape)
        })
    }

    /// A request that was not read to its end: nothing can follow it.
    async fn unreadable(&self, gate: &DynamicGate, refusal: Refusal, shape: Shape) -> Response<Body> {
        let _noted = gate.refuse(refusal.code, refusal.message.clone(), b"").await;
        closing(error(&refusal, shape))
    }

    /// Whether the request was meant for this server, and no page in a browser made it.
    fn meant(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        if headers.contains_key(ORIGIN) {
            return Err(Refusal::forbidden(
                "origin_refused",
                "requests from pages in browsers are not taken",
            ));
        }
        let host = header(headers, HOST.as_str()).unwrap_or_default();
        let name = host.rsplit_once(':').map_or(host, |(name, port)| {
            if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
        });
        let here = matches!(name, "localhost" | "127.0.0.1" | "[::1]");
        if here || self.shared.host.as_deref() == Some(host) {
            return Ok(());
        }
        Err(Refusal::forbidden("host_refused", "the gateway is not called by this name"))
    }

    /// The gate of whoever sent the request: the token stands where the provider's clients put their key.
    async fn caller(&self, method: &str, url: &str, headers: &HeaderMap) -> Result<Arc<DynamicGate>, Nobody> {
        let token = token(headers)?;
        if headers.get_all("dpop").iter().count() > 1 {
            return Err(Nobody::new("proof_malformed", "a request has one proof"));
        }
        let (proof, grant) = (header(headers, "dpop"), header(headers, GRANT_HEADER));
        self.tokens.caller(Shown { token, proof, grant, method, url }).await
    }
}

/// The one token of a request.
fn token(headers: &HeaderMap) -> Result<&str, Nobody> {
    let mut found: Option<&str> = None;
    for name in [AUTHORIZATION.as_str(), "x-api-key", "x-goog-api-key"] {
        for value in headers.get_all(name) {
            let text = value.to_str().unwrap_or_default().trim();
            let token = if name == AUTHORIZATION.as_str() {
                let (scheme, token) = text.split_once(' ').unwrap_or_default();
                let known = ["bearer", "dpop"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
                if !known {
                    return Err(Nobody::new(
                        "token_required",
                        "`Authorization` is `Bearer TOKEN` or `DPoP TOKEN`",
                    ));
                }
                token.trim()
            } else {
                text
            };
            if found.is_some_and(|found| found != token) {
                return Err(Nobody::new("token_required", "a request has one token"));
            }
            found = Some(token);
        }
    }
    found.filter(|token| !token.is_empty()).ok_or_else(|| {
        let message =
            "the job's token stands where the provider's key would: give it to the client as its API key";
        Nobody::new("token_required", message)
    })
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A refusal of a request whose body nobody read: the client finds it, and whether it may use the connection again
/// (RFC 9112 section 9.3).
async fn unread(body: Incoming, response: Response<Body>) -> Response<Body> {
    let rest = tokio::time::timeout(REST_WITHIN, Limited::new(body, MAX_REST_BYTES).collect()).await;
    if matches!(rest, Ok(Ok(_))) { response } else { closing(response) }
}

fn closing(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// RFC 6750 section 3, RFC 9449 section 7.1.
fn unauthorised(nobody: &Nobody, shape: Shape) -> Response<Body> {
    let status = match nobody.code {
        code if crate::refusal::is_of_the_store(code) => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNAUTHORIZED,
    };
    let message = match nobody.code {
        "proof_required" => format!(
            "{}: send one in `DPoP` for the URL that is called, or have the policy allow `token {{ bearer }}`",
            nobody.message
        ),
        _ => nobody.message.clone(),
    };
    let mut response = error(&Refusal::new(status, nobody.code, message), shape);
    let challenge = HeaderValue::from_static(r#"DPoP algs="EdDSA", error="invalid_token""#);
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    response
}

fn json(value: &serde_json::Value) -> Response<Body> {
    let mut response = Response::new(whole(value.to_string().into_bytes()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("url", &self.url)
            .field("upstreams", &self.upstreams)
            .finish_non_exhaustive()
    }
}
