//! The administration API: one request over one connection, behind the same permit as everything else.

use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, IF_MATCH};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::time::{Duration, Instant, sleep, timeout};

use crate::BusError;
use crate::dialect::address::Node;
use crate::dialect::atom::{API_VERSION, Entry, MEDIA_TYPE, entries};
use crate::error::outside;
use crate::wire::Wire;

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 4 << 20;

/// How often a request is tried that did nothing.
const TRIES: u32 = 4;

/// The wait before the second try; it doubles from then on.
const PAUSE: Duration = Duration::from_millis(50);

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: Method,
    /// The path, without a slash before it; each part as names allow it, so that nothing is to be encoded but
    /// the `$` of `$Default`.
    pub(crate) path: String,
    /// What follows the API's version in the query.
    pub(crate) query: String,
    /// Only if it is there already.
    pub(crate) is_update: bool,
    pub(crate) body: Option<String>,
}

impl Ask {
    pub(crate) fn get(path: String) -> Self {
        Self { method: Method::GET, path, query: String::new(), is_update: false, body: None }
    }

    pub(crate) fn put(path: String, body: String, is_update: bool) -> Self {
        Self { method: Method::PUT, path, query: String::new(), is_update, body: Some(body) }
    }

    pub(crate) fn delete(path: String) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    /// Part of a feed, which is given in pages.
    pub(crate) fn page(path: String, skip: usize, top: usize) -> Self {
        Self { query: format!("&$skip={skip}&$top={top}"), ..Self::get(path) }
    }
}

/// Asks, before `begin_by` or not at all, and gives the entries of the answer. `node` is what a token must be
/// good for.
///
/// # Errors
///
/// [`BusError`]; what may have taken effect is [`BusError::Unknown`]. A question that changes nothing never is.
pub(crate) async fn ask(
    wire: &Arc<Wire>,
    node: &Node,
    ask: Ask,
    begin_by: Instant,
) -> Result<Vec<Entry>, BusError> {
    let (wire, node) = (Arc::clone(wire), node.clone());
    // In a task of its own, so that a caller who stops waiting leaves no half-sent request behind.
    let asked = tokio::spawn(async move {
        let mut pause = PAUSE;
        let mut tries = 1_u32;
        loop {
            let error = match once(&wire, &node, &ask, begin_by).await {
                Err(error @ (BusError::NotConnected { .. } | BusError::Busy { .. })) => error,
                done => return done,
            };
            tries = tries.saturating_add(1);
            if tries > TRIES || Instant::now() + pause >= begin_by {
                return Err(error);
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
    });
    asked.await.unwrap_or_else(|_| {
        Err(BusError::Unknown { problem: "the client failed, or its runtime is shutting down".to_owned() })
    })
}

async fn once(wire: &Wire, node: &Node, ask: &Ask, begin_by: Instant) -> Result<Vec<Entry>, BusError> {
    let host = wire.namespace.host();
    let audience = format!("https://{host}/{}", node.address());
    let authorization = wire.credential.authorization(&audience, node, wire.timeouts.attach).await?;
    let stream = match timeout(wire.timeouts.connect, wire.route.admin(&wire.namespace)).await {
        Ok(stream) => stream?,
        Err(_) => return Err(BusError::TimedOut { what: "the connection" }),
    };
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| BusError::NotConnected { problem: outside(&error.to_string()) })?;
    // It ends when the sender is dropped and the answer is read.
    let connection = tokio::spawn(connection);
    let mut request = Request::builder()
        .method(&ask.method)
        .uri(format!("/{}?api-version={API_VERSION}{}", ask.path.replace('$', "%24"), ask.query))
        .header(HOST, host)
        .header(CONTENT_TYPE, MEDIA_TYPE);
    if ask.is_update {
        request = request.header(IF_MATCH, "*");
    }
    if let Some(authorization) = &authorization {
        let mut value = HeaderValue::from_str(authorization)
            .map_err(|_| BusError::NoToken { problem: "the token cannot be sent in a header".to_owned() })?;
        value.set_sensitive(true);
        request = request.header(AUTHORIZATION, value);
    }
    let body = Full::new(Bytes::from(ask.body.clone().unwrap_or_default()));
    let request = request.body(body).map_err(|_| BusError::DescribedDiffers { what: "encoding" })?;
    if Instant::now() >= begin_by {
        return Err(BusError::PermitExpired);
    }
    // From here on it may have taken effect.
    let answered = timeout(wire.timeouts.answer, async {
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        read(response).await
    });
    let answered = answered.await;
    connection.abort();
    let (status, text) = match answered {
        Ok(Ok(answer)) => answer,
        Ok(Err(problem)) => return Err(lost(ask, outside(&problem))),
        Err(_) => return Err(lost(ask, "no answer in time".to_owned())),
    };
    answer(ask, status, &text)
}

async fn read(response: Response<hyper::body::Incoming>) -> Result<(u16, String), String> {
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
    let body = body.map_err(|error| error.to_string())?.to_bytes();
    String::from_utf8(body.to_vec()).map(|text| (status, text)).map_err(|error| error.to_string())
}

fn answer(ask: &Ask, status: u16, text: &str) -> Result<Vec<Entry>, BusError> {
    match status {
        200..=299 if ask.method == Method::DELETE || text.is_empty() => Ok(Vec::new()),
        200..=299 => entries(text).ok_or_else(|| lost(ask, "the answer is no entry and no feed".to_owned())),
        429 | 503 => Err(BusError::Busy { description: outside(&detail(text)) }),
        400..=499 if status != 408 => Err(BusError::Rejected {
            condition: format!("status {status}"),
            description: outside(&detail(text)),
        }),
        _ => Err(lost(ask, format!("status {status}: {}", outside(&detail(text))))),
    }
}

/// What the broker says of an error.
fn detail(text: &str) -> String {
    let detail = text.split_once("<Detail>").and_then(|(_, rest)| rest.split_once("</Detail>"));
    detail.map_or(text, |(detail, _)| detail).to_owned()
}

/// An answer that was lost: nothing has happened if nothing was to happen.
fn lost(ask: &Ask, problem: String) -> BusError {
    if ask.method == Method::GET {
        BusError::Rejected { condition: String::new(), description: problem }
    } else {
        BusError::Unknown { problem }
    }
}
