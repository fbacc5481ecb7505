//! The path of one call: admitted, reserved, forwarded once, counted, recorded, answered.
//!
//! It runs on a task of its own, which outlives its client: what was forwarded is recorded, whoever still listens.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use wpc::DynamicGate;
use wpc_evidence::gateway_receipt::GatewayReceipt;
use wpc_model::Hash;

use crate::body::{Body, whole};
use crate::bound::{End, Known};
use crate::job::{Job, Need, Reservation};
use crate::redact::Hasher;
use crate::refusal::Refusal;
use crate::request::{self, Asked};
use crate::route::Target;
use crate::rules::Rules;
use crate::serve::Shared;
use crate::shape::Shape;
use crate::signing::Facts;
use crate::upstream::{Unanswered, come_back};
use crate::usage::Seen;
use crate::{listing, stream};

/// A request whose caller is known.
pub(crate) struct Call {
    pub(crate) shared: Arc<Shared>,
    pub(crate) gate: Arc<DynamicGate>,
    pub(crate) target: Target,
    pub(crate) headers: HeaderMap,
}

/// A call that may be forwarded.
pub(crate) struct Admitted {
    pub(crate) call: Call,
    pub(crate) asked: Asked,
    job: Arc<Job>,
    reservation: Reservation,
    rules: Rules,
    pub(crate) began: Instant,
}

/// What came of forwarding it.
#[derive(Debug, Default)]
pub(crate) struct Received {
    hasher: Sha256,
    pub(crate) bytes: usize,
    pub(crate) seen: Seen,
    pub(crate) status: Option<StatusCode>,
}

impl Received {
    pub(crate) fn take(&mut self, part: &[u8]) {
        self.hasher.update(part);
        self.bytes = self.bytes.saturating_add(part.len());
    }
}

/// Whoever waits for the answer.
pub(crate) type Reply = oneshot::Sender<Response<Body>>;

impl Call {
    pub(crate) async fn run(self, bytes: Bytes, reply: Reply) {
        let (shape, gate) = (self.target.endpoint.shape(), Arc::clone(&self.gate));
        match self.admit(bytes).await {
            Ok(admitted) => admitted.forward(reply).await,
            Err(refusal) => {
                let _gone = reply.send(refused(&gate, refusal, shape).await);
            }
        }
    }

    async fn admit(self, bytes: Bytes) -> Result<Admitted, Refusal> {
        let (shared, target) = (&self.shared, &self.target);
        if !shared.upstreams.knows(&target.provider) {
            let message = format!("the gateway reaches no provider `{}`", target.provider);
            return Err(Refusal::not_found("provider_unknown", message));
        }
        let hasher = Hasher { key: &shared.redaction_key, job: self.gate.job().as_str() };
        let of_path = target.model.as_deref();
        let asked = request::read(bytes, target.endpoint, of_path, &shared.redactions, &hasher)?;
        if !self.gate.policy().admits_model(&target.provider, &asked.model) {
            let message = format!(
                "the policy does not allow `{}/{}`; it allows {}",
                target.provider,
                asked.model,
                listing::words(self.gate.policy())
            );
            return Err(Refusal::forbidden("model_not_allowed", message));
        }
        let job = shared.jobs.of(self.gate.job());
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let need = Need {
            input: number(asked.body.len()),
            output: asked.most_output.map(|most| i64::try_from(most).unwrap_or(i64::MAX)),
            price: shared.prices.as_ref().and_then(|prices| prices.of(&target.provider, &asked.model)),
            nonce: self.nonce()?,
        };
        let reservation = job.reserve(shared.desk(&self.gate), need).await?;
        let began = Instant::now();
        match Rules::begin(&self.gate, target, &asked, need).await {
            Ok(rules) => Ok(Admitted { call: self, asked, job, reservation, rules, began }),
            Err(refusal) => {
                job.release(reservation).await;
                Err(refusal)
            }
        }
    }

    /// What the client chose so that nothing is forwarded twice.
    fn nonce(&self) -> Result<Option<Hash>, Refusal> {
        let mut keys = self.headers.get_all("idempotency-key").iter();
        match (keys.next(), keys.next()) {
            (None, _) => Ok(None),
            (Some(key), None) if !key.is_empty() => {
                Ok(Some(Hash::under("wpc/idempotency-key/v1", key.as_bytes())))
            }
            _ => Err(Refusal::bad("wrong_type", "a request has one `Idempotency-Key`")),
        }
    }
}

/// The answer to what is not forwarded, which the ledger notes.
async fn refused(gate: &DynamicGate, refusal: Refusal, shape: Shape) -> Response<Body> {
    tracing::info!(job = %gate.job(), code = refusal.code, "a call of a model was refused");
    // What failed in the ledger cannot be noted there; what will do in a moment need not.
    if refusal.status != StatusCode::SERVICE_UNAVAILABLE && !refusal.soon {
        let _noted = gate.refuse(refusal.code, refusal.message.clone(), b"").await;
    }
    error(&refusal, shape)
}

/// An error as the provider's clients read it.
pub(crate) fn error(refusal: &Refusal, shape: Shape) -> Response<Body> {
    let mut response = Response::new(whole(refusal.body(shape)));
    *response.status_mut() = refusal.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-wpc-code", HeaderValue::from_static(refusal.code));
    // The official clients try again by themselves unless they are told.
    headers.insert("x-should-retry", HeaderValue::from_static(if refusal.soon { "true" } else { "false" }));
    if refusal.soon {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

impl Admitted {
    pub(crate) fn shape(&self) -> Shape {
        self.call.target.endpoint.shape()
    }

    /// When the call must have ended.
    pub(crate) fn deadline(&self) -> Instant {
        after(self.began, self.call.shared.limits.end_within)
    }

    async fn forward(self, mut reply: Reply) {
        let Call { shared, target, headers, .. } = &self.call;
        if let Err(refusal) = self.rules.begins() {
            return self.unsent(reply, refusal).await;
        }
        let begins = after(Instant::now(), shared.limits.begin_within).min(self.deadline());
        let sending = shared.upstreams.send(target, headers, self.asked.stream, self.asked.body.clone());
        let mut received = Received::default();
        let answer = tokio::select! {
            answer = timeout_at(begins, sending) => match answer {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(Unanswered::Unreachable)) => {
                    let message = format!("the provider `{}` is not reached; nothing was sent", target.provider);
                    let refusal = Refusal::upstream("upstream_unreachable", message);
                    return self.unsent(reply, refusal).await;
                }
                Ok(Err(Unanswered::Dropped)) => Err(End::Dropped),
                Err(_) => Err(End::TimedOut),
            },
            () = reply.closed() => Err(End::Cancelled),
            () = shared.ending.cancelled() => Err(End::Cancelled),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(end) => return self.answer(reply, received, end, None, Bytes::new()).await,
        };
        received.status = Some(answer.status());
        let is_events = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_events = is_events.is_some_and(|kind| kind.trim_start().starts_with("text/event-stream"));
        if answer.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            // Nobody asked for it, and what cannot be read cannot be counted.
            return self.answer(reply, received, End::Compressed, None, Bytes::new()).await;
        }
        if self.asked.stream && is_events && answer.status().is_success() {
            return stream::pass_on(self, reply, received, answer).await;
        }
        self.plain(reply, received, answer).await;
    }

    /// Nothing was sent: nothing was used.
    async fn unsent(self, reply: Reply, refusal: Refusal) {
        let Self { call: Call { gate, target, .. }, job, reservation, rules, .. } = self;
        job.release(reservation).await;
        rules.unsent(refusal.code).await;
        let _gone = reply.send(refused(&gate, refusal, target.endpoint.shape()).await);
    }

    /// An answer that does not stream.
    async fn plain(self, mut reply: Reply, mut received: Received, mut answer: reqwest::Response) {
        let limits = self.call.shared.limits;
        let back = come_back(answer.headers());
        let mut body = Vec::new();
        let end = loop {
            let silent = after(Instant::now(), limits.silent_for).min(self.deadline());
            let part = tokio::select! {
                part = timeout_at(silent, answer.chunk()) => part,
                () = reply.closed() => break End::Cancelled,
                () = self.call.shared.ending.cancelled() => break End::Cancelled,
            };
            match part {
                Err(_) => break End::TimedOut,
                Ok(Err(_)) => break End::Dropped,
                Ok(Ok(None)) => break End::Complete,
                Ok(Ok(Some(part))) => {
                    received.take(&part);
                    if body.len().saturating_add(part.len()) > limits.answer_bytes {
                        break End::TooLarge;
                    }
                    body.extend_from_slice(&part);
                }
            }
        };
        drop(answer);
        let end = if end == End::Complete { self.read(&mut received, &body) } else { end };
        self.answer(reply, received, end, Some(back), body.into()).await;
    }

    /// What a whole answer says of itself.
    fn read(&self, received: &mut Received, body: &[u8]) -> End {
        let success = received.status.is_some_and(|status| status.is_success());
        let json = serde_json::from_slice::<serde_json::Value>(body);
        match (success, json) {
            (true, Ok(json)) => {
                received.seen.answer(self.call.target.endpoint, &self.asked.model, &json);
                if received.seen.another.is_some() { End::AnotherModel } else { End::Complete }
            }
            (true, Err(_)) => End::Unreadable,
            (false, _) if received.status.is_some_and(|status| status.as_u16() >= 400) => End::Failed,
            (false, _) => End::Unreadable,
        }
    }

    /// Records how it ended, and answers.
    async fn answer(self, reply: Reply, received: Received, end: End, back: Option<HeaderMap>, body: Bytes) {
        let (status, another) = (received.status, received.seen.another.clone());
        let (shape, provider) = (self.shape(), self.call.target.provider.clone());
        let told = self.told();
        let recorded = self.settle(received, end).await;
        let mut response = match (&recorded, end) {
            (Err(refusal), _) => error(refusal, shape),
            (Ok(_), End::Complete | End::Failed) => match status {
                Some(status) if !matches!(status.as_u16(), 401 | 403) => {
                    let mut response = Response::new(whole(body));
                    *response.status_mut() = status;
                    *response.headers_mut() = back.unwrap_or_default();
                    response
                }
                _ => error(&credential(&provider), shape),
            },
            (Ok(_), _) => error(&ended(end, another.as_deref()), shape),
        };
        let headers = response.headers_mut();
        for (name, value) in told {
            headers.append(name, value);
        }
        if let Ok(receipt) = &recorded {
            headers.extend(fields(receipt));
        }
        let _gone = reply.send(response);
    }

    /// What the client is told of what the gateway did to its request.
    pub(crate) fn told(&self) -> Vec<(HeaderName, HeaderValue)> {
        let mut told = Vec::new();
        if let Some(added) = self.asked.added {
            told.push((HeaderName::from_static("x-wpc-added"), HeaderValue::from_static(added)));
        }
        for path in &self.asked.redacted.unmatched {
            // A path of a policy may have any character; a header's value not.
            let path = HeaderValue::from_str(&path.escape_default().to_string());
            told.extend(path.ok().map(|path| (HeaderName::from_static("x-wpc-redact-unmatched"), path)));
        }
        told
    }

    /// Signs and records what the call came to.
    pub(crate) async fn settle(self, received: Received, end: End) -> Result<GatewayReceipt, Refusal> {
        let Self { call: Call { shared, gate, target, .. }, asked, job, reservation, rules, began } = self;
        let Received { hasher, bytes, seen, status } = received;
        let charge = Known {
            end,
            success: status.is_some_and(|status| status.is_success()),
            seen: &seen,
            sent_bytes: asked.body.len(),
            received_bytes: bytes,
            most_output: asked.most_output,
            reserved: reservation.reserved,
        }
        .charge();
        let mut notes = Vec::new();
        notes.extend(asked.added.map(|added| ("added", added.to_owned())));
        // Of what was found: any text, so no longer than a note may be.
        notes.extend(seen.another.as_deref().map(|model| ("answered_model", noted(model))));
        if asked.redacted.values > 0 {
            notes.push(("redacted", asked.redacted.values.to_string()));
        }
        if !asked.redacted.unmatched.is_empty() {
            notes.push(("redact_unmatched", asked.redacted.unmatched.len().to_string()));
            for path in &asked.redacted.unmatched {
                tracing::warn!(job = %gate.job(), path, "a path to redact matched nothing");
            }
        }
        if asked.stream {
            notes.push(("stream", "true".to_owned()));
        }
        let latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let facts = Facts {
            provider: target.provider.clone(),
            model: asked.model.clone(),
            request_hash: Hash::of(&asked.body),
            response_hash: Hash(hasher.finalize().into()),
            charge,
            end,
            status: status.map(|status| status.as_u16()),
            latency_ms,
            notes,
        };
        let recorded = job.settle(reservation, shared.desk(&gate), facts).await;
        tracing::info!(
            job = %gate.job(), provider = target.provider, model = asked.model, end = end.word(),
            status = status.map(|status| status.as_u16()), input = charge.input, output = charge.output,
            tokens = charge.counting.word(), latency_ms, recorded = recorded.is_ok(), "a model was called"
        );
        rules.finish(end).await;
        recorded
    }
}

/// Why there is no answer, though there is a receipt.
pub(crate) fn ended(end: End, another: Option<&str>) -> Refusal {
    match end {
        End::AnotherModel => {
            let another = noted(another.unwrap_or_default());
            let message = format!(
                "`{another}` answered, which was not asked; ask the provider for the model by its own name"
            );
            Refusal::upstream("model_mismatch", message)
        }
        End::Dropped => {
            Refusal::upstream("upstream_dropped", "the provider broke off before its answer was whole")
        }
        End::TimedOut => Refusal::upstream("upstream_timeout", "the provider did not answer in time"),
        End::TooLarge => {
            Refusal::upstream("upstream_too_large", "the provider's answer is longer than one may be")
        }
        End::Unreadable | End::Compressed | End::Complete | End::Failed => {
            Refusal::upstream("upstream_answer", "the provider's answer is none of its protocol")
        }
        // Of a client that went away nobody reads it.
        End::Cancelled => {
            let message = "the gateway was told to stop, and ended the call";
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "gateway_ends", message)
        }
    }
}

/// The provider does not know the operator. Its words are about the operator's key, and stay here.
fn credential(provider: &str) -> Refusal {
    let message = format!("the provider `{provider}` refuses the gateway's key; ask who runs the gateway");
    Refusal::upstream("upstream_credential", message)
}

/// A foreign text as it may be repeated.
fn noted(text: &str) -> String {
    let plain: String = text.chars().filter(|character| !character.is_control()).take(60).collect();
    if plain.is_empty() { "?".to_owned() } else { plain }
}

/// A receipt as it stands in headers and trailers.
pub(crate) fn fields(receipt: &GatewayReceipt) -> HeaderMap {
    let said = receipt.said();
    let [span, tokens] = [said.binding.span_id.as_deref(), said.notes.get("tokens").map(String::as_str)];
    let fields = [
        ("x-wpc-receipt", Some(receipt.hash().to_string())),
        ("x-wpc-receipt-envelope", Some(encoded(receipt))),
        ("x-wpc-span", span.map(str::to_owned)),
        ("x-wpc-tokens", tokens.map(str::to_owned)),
    ];
    let field = |(name, text): (&'static str, Option<String>)| {
        Some((HeaderName::from_static(name), HeaderValue::from_str(&text?).ok()?))
    };
    fields.into_iter().filter_map(field).collect()
}

/// A receipt's envelope as it stands in headers and comments.
pub(crate) fn encoded(receipt: &GatewayReceipt) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(receipt.as_str())
}

/// An instant so much later; one that never comes where there is none.
pub(crate) fn after(from: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365);
    from.checked_add(wait.min(FAR)).unwrap_or(from)
}
