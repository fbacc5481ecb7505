//! What anybody may ask: who answers, whether it does, how much was asked.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wpc_client::wire::{Identity, Problem};
use wpc_evidence::Did;
use wpc_model::Hash;

use crate::app::Shared;
use crate::problem::{Code, Refusal};

/// How tokens name a key: the first 16 hexadecimal digits of the public key's SHA-256.
fn kid(did: &Did) -> String {
    Hash::of(&did.to_public_key()).0.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn public_key(did: &Did) -> String {
    URL_SAFE_NO_PAD.encode(did.to_public_key())
}

/// The process runs.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = 200, body = Value)))]
pub(crate) async fn live() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// The store and the object store answer.
#[utoipa::path(get, path = "/health/ready", tag = "health",
    responses((status = 200, body = Value), (status = "default", body = Problem)))]
pub(crate) async fn ready(State(app): State<Shared>) -> Result<Json<Value>, Refusal> {
    let audited = app.read(|reading| {
        let row = reading.row("SELECT size FROM head WHERE id = 1", &[])?;
        Ok(row.ok_or_else(|| Refusal::new(Code::StoreUnavailable))?.integer(0)?)
    });
    app.metrics.audited.set(audited.await?);
    app.objects.is_ready().await?;
    Ok(Json(json!({ "status": "ok" })))
}

/// Counters in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String)))]
pub(crate) async fn metrics(State(app): State<Shared>) -> Result<Response, Refusal> {
    let text = app.metrics.text().map_err(|_| Refusal::new(Code::Overloaded))?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

/// The key that signs tokens and revocations.
#[utoipa::path(get, path = "/v1/did", tag = "keys", responses((status = 200, body = Identity)))]
pub(crate) async fn did(State(app): State<Shared>) -> Json<Identity> {
    let did = app.did();
    Json(Identity { did: did.to_string(), kid: kid(&did), public_key_b64u: public_key(&did) })
}

/// The same as a set of JSON web keys (RFC 7517, RFC 8037).
#[utoipa::path(get, path = "/v1/jwks", tag = "keys", responses((status = 200, body = Value)))]
pub(crate) async fn jwks(State(app): State<Shared>) -> Response {
    let did = app.did();
    let key = json!({
        "kty": "OKP", "crv": "Ed25519", "x": public_key(&did), "kid": kid(&did), "alg": "EdDSA", "use": "sig",
        "ext": true,
    });
    ([(CACHE_CONTROL, "public, max-age=300")], Json(json!({ "keys": [key] }))).into_response()
}

/// Which keys sign and which are accepted, in clawscope's shape.
#[utoipa::path(get, path = "/v1/keys/rotation-contract", tag = "keys", responses((status = 200, body = Value)))]
pub(crate) async fn rotation(State(app): State<Shared>) -> Json<Value> {
    let kid = kid(&app.did());
    Json(json!({
        "contract_version": "2",
        "key_algorithm": "Ed25519",
        "active_kid": kid,
        "accepted_kids": [kid],
        "signing_kids": [kid],
        "verify_only_kids": [],
        "overlap_seconds": 0,
        "overlap_window_open": false,
        "expiring_kids": [],
        "revocation_stream_endpoint": "/v1/revocations/stream",
        "jwks_endpoint": "/v1/jwks",
    }))
}
