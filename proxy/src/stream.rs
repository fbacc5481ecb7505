//! Answers that stream: each whole event is looked at and passed on as it came.
//!
//! The headers wait for the first event, so that another model's answer is refused as such. The last event
//! waits for the receipt: a stream that ends as it should is recorded. What follows it is a comment,
//!
//! ```text
//! :wpc_receipt=HASH
//! :wpc_receipt_envelope_b64u=ENVELOPE
//! ```
//!
//! but in Google's protocol, whose clients know no comments. There and everywhere the same stands in the trailer
//! fields of a client that takes them (`TE: trailers`).

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::TRAILER;
use http::{HeaderMap, HeaderValue, Response};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use crate::body::{Part, passed_on};
use crate::bound::End;
use crate::call::{Admitted, Received, Reply, after, encoded, ended, error, fields};
use crate::shape::Shape;
use crate::sse::{Splitter, data};
use crate::upstream::come_back;
use crate::usage::Event;

/// How long a provider may keep a stream open after its last event.
const LINGER: Duration = Duration::from_secs(2);

/// Where parts go.
enum Reader {
    /// The client has no headers yet.
    Waits(Reply),
    Reads(mpsc::Sender<Part>),
    /// It is gone.
    Gone,
}

/// A stream on its way.
struct Passing {
    admitted: Admitted,
    received: Received,
    splitter: Splitter,
    reader: Reader,
    /// What waits for the receipt.
    held: BytesMut,
    /// The last event was read.
    last: bool,
    headers: Option<HeaderMap>,
}

/// Passes a stream on.
pub(crate) async fn pass_on(
    admitted: Admitted,
    reply: Reply,
    received: Received,
    mut answer: reqwest::Response,
) {
    let mut headers = come_back(answer.headers());
    for (name, value) in admitted.told() {
        headers.append(name, value);
    }
    let mut passing = Passing {
        admitted,
        received,
        splitter: Splitter::default(),
        reader: Reader::Waits(reply),
        held: BytesMut::new(),
        last: false,
        headers: Some(headers),
    };
    let end = passing.run(&mut answer).await;
    // Closes the connection, unless it ended by itself: the provider stops writing.
    drop(answer);
    passing.end(end).await;
}

impl Passing {
    async fn run(&mut self, answer: &mut reqwest::Response) -> End {
        let limits = self.admitted.call.shared.limits;
        let ending = self.admitted.call.shared.ending.clone();
        loop {
            let wait = if self.last { LINGER } else { limits.silent_for };
            let until = after(Instant::now(), wait).min(self.admitted.deadline());
            let part = tokio::select! {
                part = timeout_at(until, answer.chunk()) => part,
                () = self.reader.gone() => return End::Cancelled,
                () = ending.cancelled() => return End::Cancelled,
            };
            match part {
                Err(_) | Ok(Err(_)) if self.last => return self.whole(),
                Err(_) => return End::TimedOut,
                Ok(Err(_)) => return End::Dropped,
                Ok(Ok(None)) => return self.eof(),
                Ok(Ok(Some(part))) => {
                    self.received.take(&part);
                    self.splitter.push(&part);
                    if self.received.bytes > limits.stream_bytes {
                        return End::TooLarge;
                    }
                    if let Some(end) = self.events().await {
                        return end;
                    }
                    if self.splitter.waiting() > limits.event_bytes {
                        return End::TooLarge;
                    }
                }
            }
        }
    }

    /// Passes on the whole events that are there.
    async fn events(&mut self) -> Option<End> {
        let mut out = BytesMut::new();
        let mut end = None;
        while let Some(event) = self.splitter.next() {
            end = self.event(&event, &mut out);
            if end.is_some() {
                break;
            }
        }
        // Whole events that came before one that is refused are the client's.
        if !out.is_empty() && !self.pass(out.freeze()).await {
            return end.or(Some(End::Cancelled));
        }
        end
    }

    /// Looks at an event; it goes to `out`, or waits.
    fn event(&mut self, event: &[u8], out: &mut BytesMut) -> Option<End> {
        let (endpoint, model) = (self.admitted.call.target.endpoint, &self.admitted.asked.model);
        let kind = match data(event) {
            Some(data) => self.received.seen.event(endpoint, model, &data),
            None => Event::Part,
        };
        if self.received.seen.another.is_some() {
            return Some(End::AnotherModel);
        }
        if self.last {
            self.held.extend_from_slice(event);
            return None;
        }
        // What was perhaps the last was not.
        out.extend_from_slice(&self.held.split());
        match kind {
            Event::Part => out.extend_from_slice(event),
            Event::PerhapsLast => self.held.extend_from_slice(event),
            Event::Last => {
                self.held.extend_from_slice(event);
                self.last = true;
            }
        }
        None
    }

    /// The provider closed the stream.
    fn eof(&mut self) -> End {
        let rest = self.splitter.rest();
        if !rest.is_empty() {
            let mut out = BytesMut::new();
            if let Some(end) = self.event(&rest, &mut out) {
                return end;
            }
            // Nothing follows: whatever it was, it waits for the receipt.
            out.extend_from_slice(&self.held);
            self.held = out;
        }
        if self.last || !self.held.is_empty() { self.whole() } else { End::Dropped }
    }

    fn whole(&self) -> End {
        if self.received.seen.failed { End::Failed } else { End::Complete }
    }

    /// Hands bytes to the client, who gets the headers first. Whether there is one.
    async fn pass(&mut self, bytes: Bytes) -> bool {
        self.reader = match std::mem::replace(&mut self.reader, Reader::Gone) {
            Reader::Waits(reply) => begun(reply, self.headers.take().unwrap_or_default()),
            reader @ (Reader::Reads(_) | Reader::Gone) => reader,
        };
        let Reader::Reads(sender) = &self.reader else { return false };
        let sent = timeout_at(self.admitted.deadline(), sender.send(Part::data(bytes))).await;
        let reads = matches!(sent, Ok(Ok(())));
        if !reads {
            self.reader = Reader::Gone;
        }
        reads
    }

    /// Records how it ended, and ends the client's stream with it.
    async fn end(self, end: End) {
        let Self { admitted, received, mut reader, held, headers, .. } = self;
        let (endpoint, shape) = (admitted.call.target.endpoint, admitted.shape());
        let another = received.seen.another.clone();
        let recorded = admitted.settle(received, end).await;
        let refusal = match (&recorded, end) {
            (Err(refusal), _) => Some(refusal.clone()),
            (Ok(_), End::Complete | End::Failed) => None,
            (Ok(_), end) => Some(ended(end, another.as_deref())),
        };
        let mut rest = Vec::new();
        match &refusal {
            None => {
                rest.extend_from_slice(&held);
                if !held.ends_with(b"\n\n") && !held.ends_with(b"\n\r\n") && !held.ends_with(b"\r\r") {
                    rest.extend_from_slice(b"\n\n");
                }
            }
            Some(refusal) => rest.extend_from_slice(&refusal.event(endpoint)),
        }
        if let Ok(receipt) = &recorded
            && shape != Shape::Google
        {
            let comment = format!(
                ":wpc_receipt={}\n:wpc_receipt_envelope_b64u={}\n\n",
                receipt.hash(),
                encoded(receipt)
            );
            rest.extend_from_slice(comment.as_bytes());
        }
        if let Reader::Waits(reply) = reader {
            if let Some(refusal) = refusal {
                let mut response = error(&refusal, shape);
                if let Ok(receipt) = &recorded {
                    response.headers_mut().extend(fields(receipt));
                }
                let _gone = reply.send(response);
                return;
            }
            // Its first event was its last.
            reader = begun(reply, headers.unwrap_or_default());
        }
        if let Reader::Reads(sender) = reader {
            let _gone = sender.send(Part::data(rest.into())).await;
            if let Ok(receipt) = &recorded {
                let _gone = sender.send(Part::trailers(fields(receipt))).await;
            }
        }
    }
}

/// Sends the headers.
fn begun(reply: Reply, headers: HeaderMap) -> Reader {
    let (sender, body) = passed_on();
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response.headers_mut().insert(TRAILER, HeaderValue::from_static("x-wpc-receipt, x-wpc-receipt-envelope"));
    if reply.send(response).is_ok() { Reader::Reads(sender) } else { Reader::Gone }
}

impl Reader {
    /// Ready once nobody reads.
    async fn gone(&mut self) {
        match self {
            Self::Waits(reply) => reply.closed().await,
            Self::Reads(sender) => sender.closed().await,
            Self::Gone => {}
        }
    }
}
