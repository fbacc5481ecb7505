//! Signed policies by hash: what is stored never changes.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use wpc_client::wire::{Artifact, Problem};
use wpc_evidence::{Envelope, POLICY_TYPE, Role};
use wpc_model::{Hash, canon, decode};

use super::{LARGE, SMALL, envelope};
use crate::app::Shared;
use crate::caller::{Caller, Sent};
use crate::problem::{Code, Refusal};

fn policy_hash(text: &str) -> Result<Hash, Refusal> {
    Hash::from_text(text).ok_or_else(|| Refusal::new(Code::PolicyHashInvalid))
}

/// Stores a signed policy under its hash.
///
/// Whoever asks is any principal; what counts are the signatures of its authors, as many as the trust file demands.
#[utoipa::path(put, path = "/v1/wpc/{hash}", tag = "registry", params(("hash" = String, Path, description = "The policy's hash")),
    request_body = serde_json::Value,
    responses((status = 201, body = Artifact), (status = 200, body = Artifact), (status = "default", body = Problem)))]
pub(crate) async fn put(
    State(app): State<Shared>,
    Path(hash): Path<String>,
    caller: Caller,
    sent: Sent<LARGE>,
) -> Result<(StatusCode, Json<Artifact>), Refusal> {
    let hash = policy_hash(&hash)?;
    let verified = Envelope::verify(&sent.0, POLICY_TYPE, &app.trust, Role::PolicyAuthor)?;
    if Hash::of(&verified.payload) != hash {
        return Err(Refusal::new(Code::PolicyHashMismatch));
    }
    let policy = decode(&verified.payload)
        .map_err(|error| Refusal::of(Code::BodyMalformed, error.code.code(), error))?;
    let known = app
        .read(move |reading| {
            Ok(reading.row("SELECT 1 FROM artifact WHERE hash = $1", &[hash.into()])?.is_some())
        })
        .await?;
    let stored = if known { app.objects.artifact(hash).await? } else { None };
    let (existed, bytes) = match stored {
        Some(bytes) => (true, bytes),
        None => {
            app.objects.put_artifact(hash, sent.0.to_vec()).await?;
            let name = policy.name.clone();
            let tools: std::collections::BTreeSet<_> = policy
                .layers()
                .flat_map(|layer| layer.tools.values().map(|tool| tool.interface.name.clone()))
                .collect();
            app.write(caller, move |_, writing, author| {
                let sql = "INSERT INTO artifact (hash, name, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                let at = writing.at();
                if writing.execute(sql, &[hash.into(), name.as_str().into(), at.into()])? == 1 {
                    for tool in &tools {
                        let sql =
                            "INSERT INTO artifact_tool (tool, hash) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                        writing.execute(sql, &[tool.as_str().into(), hash.into()])?;
                    }
                    let subject = [
                        ("policy_hash_b64u", canon::Json::from(hash.to_string())),
                        ("policy_name", canon::Json::from(name)),
                    ];
                    writing.audit(author, "artifact_stored", subject)?;
                }
                Ok(())
            })
            .await?;
            (false, sent.0.to_vec())
        }
    };
    let status = if existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(artifact(hash, &bytes, Some(existed))?)))
}

/// A signed policy.
#[utoipa::path(get, path = "/v1/wpc/{hash}", tag = "registry", params(("hash" = String, Path, description = "The policy's hash")),
    responses((status = 200, body = Artifact), (status = "default", body = Problem)))]
pub(crate) async fn get(
    State(app): State<Shared>,
    Path(hash): Path<String>,
    _caller: Caller,
) -> Result<Json<Artifact>, Refusal> {
    let hash = policy_hash(&hash)?;
    let (bytes, _) = app.artifact(hash).await?;
    Ok(Json(artifact(hash, &bytes, None)?))
}

/// clawcontrols' way to register a policy that nobody signed: refused.
///
/// There the registry signs what it is given. Here authors sign; `PUT /v1/wpc/{hash}` takes the signed policy.
#[utoipa::path(post, path = "/v1/wpc", tag = "registry", request_body = serde_json::Value,
    responses((status = "default", body = Problem)))]
pub(crate) async fn post(_caller: Caller, _sent: Sent<SMALL>) -> Refusal {
    Refusal::new(Code::AuthorSignatureRequired)
}

fn artifact(hash: Hash, bytes: &[u8], existed: Option<bool>) -> Result<Artifact, Refusal> {
    Ok(Artifact { ok: true, existed, policy_hash_b64u: hash.to_string(), envelope: envelope(bytes)? })
}
