//! Trust Pulse: bundles for people with a browser, which signs no requests.
//!
//! An auditor asks for a link, which says which bundle and until when and is signed by the control plane's key. So any
//! server with that key answers it, nothing is kept, and what leaks from a browser's history soon opens nothing.

use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use wpc_client::wire::{Link, Problem};
use wpc_evidence::bundle::{self, Options};
use wpc_evidence::{Envelope, Role, sign, time};
use wpc_model::Hash;
use wpc_viewer::Page;

use super::hash;
use crate::app::{App, Shared};
use crate::caller::Caller;
use crate::problem::{Code, Refusal};

/// How long a link opens its page.
const LINK_MS: i64 = 120_000;
/// Longest link, in characters: a hash, a time, a signature, and what is around them, twice in base64.
const MAX_LINK: usize = 1_024;
const LINK_TYPE: &str = "application/vnd.wpc.view+json";

/// What a link says.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Opens {
    bundle: String,
    until: i64,
}

/// A link to the page of a bundle. Whoever has it sees the bundle, without signing anything, for two minutes.
#[utoipa::path(post, path = "/v1/evidence/{hash}/link", tag = "evidence",
    params(("hash" = String, Path, description = "SHA-256 of the bundle's bytes")),
    responses((status = 200, body = Link), (status = "default", body = Problem)))]
pub(crate) async fn link(
    State(app): State<Shared>,
    Path(of): Path<String>,
    caller: Caller,
) -> Result<Json<Link>, Refusal> {
    caller.must(&[Role::Auditor])?;
    let of = hash(&of)?;
    if app.objects.bundle(of).await?.is_none() {
        return Err(Refusal::new(Code::BundleUnknown));
    }
    let until = app.now_ms().saturating_add(LINK_MS);
    let expires_at = time::to_text(until).ok_or_else(|| Refusal::new(Code::Overloaded))?;
    let opens = serde_json::to_vec(&Opens { bundle: of.to_string(), until });
    let opens = opens.map_err(|_| Refusal::new(Code::Overloaded))?;
    let signed = URL_SAFE_NO_PAD.encode(sign(LINK_TYPE, &opens, std::slice::from_ref(&*app.key)));
    Ok(Json(Link { url: format!("{}/pulse/{signed}", app.public_url), expires_at }))
}

/// The page of a bundle, as a link of the control plane names it.
#[utoipa::path(get, path = "/pulse/{link}", tag = "evidence",
    params(("link" = String, Path, description = "The end of a link that `POST /v1/evidence/{hash}/link` gave")),
    responses((status = 200, body = String, content_type = "text/html"), (status = "default", body = Problem)))]
pub(crate) async fn page(
    State(app): State<Shared>,
    from: Option<axum::Extension<ConnectInfo<std::net::SocketAddr>>>,
    Path(link): Path<String>,
) -> Result<Response, Refusal> {
    if from.is_some_and(|from| !app.limits.admits(from.0.0.ip())) {
        return Err(Refusal::new(Code::RateLimited));
    }
    let of = opens(&app, &link).ok_or_else(|| Refusal::new(Code::LinkRefused))?;
    let bytes = app.objects.bundle(of).await?.ok_or_else(|| Refusal::new(Code::BundleUnknown))?;
    let turn = Arc::clone(&app.verifying).acquire_owned().await.map_err(|_| Refusal::new(Code::Stopping))?;
    let page = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let report = bundle::verify(&bytes, &app.trust, &Options::default());
        Page { bundle: &bytes, report: Some(&report), map: None }.html()
    });
    let page = page.await.map_err(|_| Refusal::new(Code::Overloaded))?;
    let page = page.map_err(|code| Refusal::new(Code::BundleRefused).because(code.word()))?;
    let policy =
        format!("{}; frame-ancestors 'none'; sandbox allow-scripts", *wpc_viewer::CONTENT_SECURITY_POLICY);
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy.as_str()),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, page).into_response())
}

/// The bundle that a link opens, if this control plane signed it and its time is not over.
fn opens(app: &App, link: &str) -> Option<Hash> {
    if link.len() > MAX_LINK {
        return None;
    }
    let signed = URL_SAFE_NO_PAD.decode(link).ok()?;
    let verified = Envelope::verify(&signed, LINK_TYPE, &app.trust, Role::TokenIssuer).ok()?;
    if verified.keys != [app.did()] {
        return None;
    }
    let Opens { bundle, until } = serde_json::from_slice(&verified.payload).ok()?;
    let now = app.now_ms();
    (now < until && until <= now.saturating_add(LINK_MS)).then(|| hash(&bundle).ok()).flatten()
}
