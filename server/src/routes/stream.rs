//! The stream that gates follow (SECURITY.md 1.10).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use utoipa::IntoParams;
use wpc_client::events::Event;
use wpc_client::wire::{Events, Problem};

use super::{Page, revocations};
use crate::app::Shared;
use crate::caller::{Asked, Caller};
use crate::problem::{Code, Refusal};

/// Streams that may be open at the same time.
const MOST: i64 = 4_096;
/// Revocations that are read at a time.
const PAGE: u64 = 256;
/// How long a stream lives: whoever follows begins anew where it ended.
const LIFE: Duration = Duration::from_secs(300);

/// Where the stream begins, or a page of events.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct From {
    /// The number of the last revocation that is known, 0 if none is.
    after: Option<u64>,
    /// Rows of a page of events.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// Revocations, heartbeats, releases and approvals as they come, as server-sent events; or, for whoever does not
/// accept `text/event-stream`, a page of events in clawscope's shape.
#[utoipa::path(get, path = "/v1/revocations/stream", tag = "revocations", params(From),
    responses((status = 200, body = Events), (status = "default", body = Problem)))]
pub(crate) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    headers: HeaderMap,
    Asked(From { after, limit, cursor }): Asked<From>,
) -> Result<Response, Refusal> {
    let accepts = headers.get(ACCEPT).and_then(|accepts| accepts.to_str().ok()).unwrap_or_default();
    if !accepts.contains("text/event-stream") {
        let Json(events) = revocations::events(State(app), caller, Asked(Page { limit, cursor })).await?;
        let mut page = serde_json::to_value(events).map_err(|_| Refusal::new(Code::StoreUnavailable))?;
        if let Some(page) = page.as_object_mut() {
            page.insert("stream_version".to_owned(), "1".into());
        }
        return Ok(Json(page).into_response());
    }
    if app.metrics.listeners.get() >= MOST {
        return Err(Refusal::new(Code::Overloaded));
    }
    let after = after.unwrap_or_default();
    let known = app
        .read(|reading| {
            let last = reading.row("SELECT max(seq) FROM revocation", &[])?;
            Ok(last.map_or(Ok(None), |row| row.maybe_number(0))?.unwrap_or_default())
        })
        .await?;
    if after > known {
        // Whoever follows knows more than this store: it lost something.
        return Err(Refusal::of(
            Code::CheckpointBehind,
            "revocation_behind",
            "fewer revocations are known here",
        ));
    }
    let listener = Listener {
        // Before the store is read: nothing falls between the two.
        live: app.hub.listen(),
        closed: app.hub.closed(),
        backlog: Vec::new(),
        last: after,
        caught_up: false,
        begun: tokio::time::Instant::now(),
        _open: Open::new(Arc::clone(&app)),
        app,
    };
    let first = stream::once(async { Ok::<_, Infallible>(Bytes::from_static(b": wpc\n\n")) });
    let events = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(event.to_text())), listener))
    });
    let mut response = Body::from_stream(stream::StreamExt::chain(first, events)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// One open stream, counted while it is.
struct Open(Shared);

impl Open {
    fn new(app: Shared) -> Self {
        app.metrics.listeners.inc();
        Self(app)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics.listeners.dec();
    }
}

struct Listener {
    app: Shared,
    live: Receiver<Arc<Event>>,
    closed: watch::Receiver<bool>,
    /// What was read and not yet told, newest first.
    backlog: Vec<Event>,
    /// The number of the last revocation that was told.
    last: u64,
    caught_up: bool,
    begun: tokio::time::Instant,
    _open: Open,
}

impl Listener {
    /// The next event; `None` ends the stream, and whoever follows begins anew.
    async fn next(&mut self) -> Option<Event> {
        while !self.caught_up {
            if let Some(event) = self.backlog.pop() {
                if let Event::Revocation { seq, .. } = event {
                    self.last = seq;
                }
                return Some(event);
            }
            let after = self.last;
            let page = self.app.read(move |reading| {
                let sql = "SELECT seq, body FROM revocation WHERE seq > $1 ORDER BY seq LIMIT $2";
                let rows = reading.rows(sql, &[after.into(), PAGE.into()])?;
                let event = |row: &crate::store::Row| -> Result<Event, Refusal> {
                    Ok(Event::Revocation { seq: row.number(0)?, envelope: row.bytes(1)? })
                };
                rows.iter().map(event).collect::<Result<Vec<_>, _>>()
            });
            self.backlog = page.await.ok()?;
            self.backlog.reverse();
            self.caught_up = self.backlog.is_empty();
        }
        loop {
            let left = LIFE.saturating_sub(self.begun.elapsed());
            let event = tokio::select! {
                _ = self.closed.changed() => return None,
                event = tokio::time::timeout(left, self.live.recv()) => event,
            };
            let event = match event {
                Ok(Ok(event)) => event,
                // Too slow or too old.
                Ok(Err(RecvError::Lagged(_) | RecvError::Closed)) | Err(_) => return None,
            };
            match &*event {
                Event::Revocation { seq, .. } if *seq <= self.last => {}
                Event::Revocation { seq, .. } if *seq == self.last.saturating_add(1) => {
                    self.last = *seq;
                    return Some((*event).clone());
                }
                // Something is missing: begin anew.
                Event::Revocation { .. } => return None,
                // One from before what was read from the store.
                Event::Heartbeat { seq, .. } if *seq < self.last => {}
                Event::Heartbeat { seq, .. } if *seq > self.last => return None,
                Event::Heartbeat { .. } | Event::Release { .. } | Event::Approval { .. } => {
                    return Some((*event).clone());
                }
            }
        }
    }
}
