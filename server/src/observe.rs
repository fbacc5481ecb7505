//! Around every request: a time limit, a line in the log, counters, and refusals in words.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use crate::app::Shared;
use crate::caller::Caller;
use crate::problem::{Code, Refusal};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// Outermost: whatever comes of a request comes through here.
pub(crate) async fn observe(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    // The template, never what was asked: names of jobs and policies stay out of labels and logs.
    let path = request.extensions().get::<MatchedPath>().map_or("unknown", |path| path.as_str()).to_owned();
    // Whose words a refusal is told in is a matter of what was asked, also where there is no such path.
    let asked = request.uri().path().to_owned();
    let answered = tokio::time::timeout(ANSWER, next.run(request)).await;
    let mut response = answered
        .unwrap_or_else(|_| axum::response::IntoResponse::into_response(Refusal::new(Code::TimedOut)));
    let refusal = refusal(&mut response);
    let status = response.status();
    if let Some(refusal) = &refusal {
        say(&mut response, refusal, &asked);
    }
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let seconds = started.elapsed().as_secs_f64();
    let method = if method.as_str().len() > 8 { "other" } else { method.as_str() };
    let labels = [method, path.as_str(), status.as_str()];
    app.metrics.requests.with_label_values(&labels).inc();
    app.metrics.seconds.with_label_values(&[method, path.as_str()]).observe(seconds);
    let principal = response.extensions().get::<Caller>().map(|caller| caller.author.principal.clone());
    let code = refusal.map(|refusal| refusal.code);
    tracing::info!(method, path, status = status.as_u16(), seconds, code, principal, "request");
    response
}

/// Why the answer is one; those of axum itself get our words.
fn refusal(response: &mut Response) -> Option<Refusal> {
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        return Some(refusal);
    }
    let code = match response.status() {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        status if status.is_client_error() => Code::QueryMalformed,
        status if status.is_server_error() => Code::Overloaded,
        _ => return None,
    };
    Some(Refusal { status: response.status(), ..Refusal::new(code) })
}

fn say(response: &mut Response, refusal: &Refusal, path: &str) {
    let problem = refusal.problem(path);
    let Ok(body) = serde_json::to_vec(&problem) else { return };
    *response.body_mut() = Body::from(body);
    let headers = response.headers_mut();
    headers.remove(axum::http::header::CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if matches!(refusal.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
}

/// A panic in a handler is an answer of its own, and no other request's.
pub(crate) async fn contained(request: Request, next: Next) -> Response {
    // Handlers are run on tasks of their own, so that what unwinds there ends here.
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(_) => axum::response::IntoResponse::into_response(StatusCode::INTERNAL_SERVER_ERROR),
    }
}
