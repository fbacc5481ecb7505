//! The paths and their document (OpenAPI 3.1), both of the same annotations.

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Json, Router};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::Shared;
use crate::problem::{Code, Refusal};
use crate::routes::{
    approvals, audit, census, checkpoints, evidence, jobs, meta, pulse, registry, releases, revocations,
    stops, stream, tokens,
};
use crate::{caller, observe};

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "wpc control plane",
    description = "Signed policies, tokens, revocations, approvals and evidence. Requests are signed (RFC 9421 over \
                   @method, @target-uri and, where there is content, content-digest; created, keyid, nonce) or come \
                   with a client certificate. Errors are problem details (RFC 9457) with stable codes."
))]
struct Document;

/// Paths that anybody may ask.
fn open() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(meta::live))
        .routes(routes!(meta::ready))
        .routes(routes!(meta::metrics))
        .routes(routes!(meta::did))
        .routes(routes!(meta::jwks))
        .routes(routes!(meta::rotation))
        .routes(routes!(pulse::page))
}

/// Paths of principals.
fn closed() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(registry::put, registry::get))
        .routes(routes!(registry::post))
        .routes(routes!(releases::list))
        .routes(routes!(releases::get))
        .routes(routes!(releases::post))
        .routes(routes!(tokens::issue))
        .routes(routes!(tokens::issue_canonical))
        .routes(routes!(tokens::introspect))
        .routes(routes!(revocations::revoke_token))
        .routes(routes!(revocations::revoke))
        .routes(routes!(revocations::events))
        .routes(routes!(stream::get))
        .routes(routes!(jobs::open))
        .routes(routes!(jobs::get))
        .routes(routes!(checkpoints::push))
        .routes(routes!(checkpoints::get))
        .routes(routes!(approvals::ask))
        .routes(routes!(approvals::list, approvals::submit))
        .routes(routes!(approvals::get))
        .routes(routes!(evidence::put, evidence::get))
        .routes(routes!(evidence::list))
        .routes(routes!(pulse::link))
        .routes(routes!(census::get))
        .routes(routes!(stops::post, stops::list))
        .routes(routes!(stops::delete))
        .routes(routes!(audit::get))
}

/// The document of all paths.
#[must_use]
pub fn openapi() -> OpenApi {
    let paths = open().merge(closed()).into_openapi();
    let mut document = Document::openapi();
    document.merge(paths);
    document
}

pub(crate) fn router(app: Shared) -> Router {
    let closed = Router::from(closed()).route_layer(from_fn_with_state(app.clone(), caller::authenticate));
    let document = axum::routing::get(|| async { Json(openapi()) });
    Router::from(open())
        .merge(closed)
        .route("/openapi.json", document)
        .fallback(|| async { Refusal::new(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Refusal::new(Code::MethodNotAllowed) })
        // Every route that reads a body has a bound of its own.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(app.clone(), observe::observe))
        .layer(from_fn(observe::contained))
        .with_state(app)
}
