//! Stopping a tool: the first line of the seed's rollback table.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use wpc_client::wire::{Problem, Stop, Stopped, Stops};
use wpc_evidence::Role;
use wpc_evidence::statement::Revoked;
use wpc_evidence::{Did, time};
use wpc_model::canon;

use super::revocations::{self, REVOKERS};
use super::{SMALL, body};
use crate::app::Shared;
use crate::caller::{Caller, Sent};
use crate::problem::{Code, Refusal};

const MAX_TOOL_BYTES: usize = 256;

/// Stops a tool: from now on no token is issued for a policy that has it, and every one that is valid is revoked.
///
/// Asked again, it revokes what was issued since by others on the same store. The answer is the same.
#[utoipa::path(post, path = "/v1/stops", tag = "stops", request_body = Stop,
    responses((status = 200, body = Stopped), (status = "default", body = Problem)))]
pub(crate) async fn post(
    State(app): State<Shared>,
    caller: Caller,
    sent: Sent<SMALL>,
) -> Result<Json<Stopped>, Refusal> {
    caller.must(REVOKERS)?;
    let Stop { tool, reason } = sent.json()?;
    let is_text =
        |text: &str| !text.is_empty() && text.len() <= MAX_TOOL_BYTES && !text.chars().any(char::is_control);
    if !is_text(&tool) || !reason.as_deref().is_none_or(is_text) {
        return Err(body("tool and reason have 1 to 256 bytes and no control characters"));
    }
    let stopped = app
        .write(caller, move |app, writing, author| {
            let sql = "SELECT hash FROM artifact_tool WHERE tool = $1 ORDER BY hash";
            let rows = writing.rows(sql, &[tool.as_str().into()])?;
            let policies = rows.iter().map(|row| row.hash(0)).collect::<Result<Vec<_>, _>>()?;
            let now_s = writing.at().div_euclid(1_000);
            let (mut jobs, mut first, mut last) = (Vec::new(), None, None);
            for policy in &policies {
                let sql = "SELECT issuer, jti, job FROM issued WHERE policy_hash = $1 AND exp > $2 ORDER BY job, jti";
                for row in writing.rows(sql, &[(*policy).into(), now_s.into()])? {
                    let issuer = Did::parse(&row.text(0)?).map_err(|_| Refusal::new(Code::StoreUnavailable))?;
                    let revoked = Revoked::Jti { issuer, jti: row.text(1)? };
                    if revocations::find(&mut writing.reading(), &revoked)?.is_some() {
                        continue;
                    }
                    let found = revocations::append(app, writing, author, revoked, reason.as_deref())?;
                    first = first.or(Some(found.seq));
                    last = Some(found.seq);
                    jobs.push(row.text(2)?);
                }
            }
            jobs.dedup();
            let stopped = Stopped {
                tool: tool.clone(),
                at: time::to_text(writing.at()).unwrap_or_default(),
                policies: policies.iter().map(ToString::to_string).collect(),
                jobs,
                revocations: first.zip(last),
            };
            let bytes = serde_json::to_vec(&stopped).map_err(|error| body(&error.to_string()))?;
            let sql = "INSERT INTO stop (tool, at, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
            let at = writing.at();
            writing.execute(sql, &[tool.as_str().into(), at.into(), bytes.as_slice().into()])?;
            let number = |seq: Option<u64>| {
                seq.and_then(|seq| i64::try_from(seq).ok()).map_or(canon::Json::Null, canon::Json::Integer)
            };
            let subject = [
                ("first_revocation", number(first)),
                ("last_revocation", number(last)),
                ("reason", reason.as_deref().map_or(canon::Json::Null, canon::Json::from)),
                ("tool", canon::Json::from(tool.as_str())),
            ];
            writing.audit(author, "tool_stopped", subject)?;
            Ok(stopped)
        })
        .await?;
    app.hub.poke();
    Ok(Json(stopped))
}

/// Tools that are stopped.
#[utoipa::path(get, path = "/v1/stops", tag = "stops", responses((status = 200, body = Stops), (status = "default", body = Problem)))]
pub(crate) async fn list(State(app): State<Shared>, caller: Caller) -> Result<Json<Stops>, Refusal> {
    caller.must(&[Role::Operator, Role::Revoker, Role::Auditor])?;
    let stops = app.read(|reading| {
        let rows = reading.rows("SELECT body FROM stop ORDER BY tool", &[])?;
        let read = |row: &crate::store::Row| -> Result<Stopped, Refusal> {
            serde_json::from_slice(&row.bytes(0)?).map_err(|_| Refusal::new(Code::StoreUnavailable))
        };
        Ok(Stops { stops: rows.iter().map(read).collect::<Result<_, _>>()? })
    });
    Ok(Json(stops.await?))
}

/// Lets tokens be issued again for policies that have the tool. What was revoked stays revoked.
#[utoipa::path(delete, path = "/v1/stops/{tool}", tag = "stops", params(("tool" = String, Path, description = "The tool")),
    responses((status = 204), (status = "default", body = Problem)))]
pub(crate) async fn delete(
    State(app): State<Shared>,
    Path(tool): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Refusal> {
    caller.must(REVOKERS)?;
    super::text(Some(&tool))?;
    app.write(caller, move |_, writing, author| {
        if writing.execute("DELETE FROM stop WHERE tool = $1", &[tool.as_str().into()])? == 0 {
            return Err(Refusal::new(Code::StopUnknown));
        }
        writing.audit(author, "tool_resumed", [("tool", canon::Json::from(tool))])
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
