//! Approvals: what gates ask for, and what people sign on their own machines.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use wpc_client::wire::{Problem, Requests, SubmitApproval, Taken, Waiting};
use wpc_evidence::Role;
use wpc_evidence::approved;
use wpc_evidence::statement::{Approval, ApprovalRequest};
use wpc_model::Hash;
use wpc_model::canon;

use super::{LARGE, bytes, envelope, hash};
use crate::app::Shared;
use crate::caller::{Asked, Caller, Sent};
use crate::problem::{Code, Refusal};
use crate::store::Reading;

/// Who may see arguments in clear.
const READERS: &[Role] = &[Role::Approver, Role::Ledger, Role::Auditor];

/// A gate asks people to approve a call that it refused.
#[utoipa::path(post, path = "/v1/approvals/requests", tag = "approvals", request_body = serde_json::Value,
    responses((status = 201, body = Taken), (status = 200, body = Taken), (status = "default", body = Problem)))]
pub(crate) async fn ask(
    State(app): State<Shared>,
    caller: Caller,
    sent: Sent<LARGE>,
) -> Result<(StatusCode, Json<Taken>), Refusal> {
    let request = ApprovalRequest::decode(&sent.0)?;
    caller.must_be(&request.ledger)?;
    request.check()?;
    let of = Hash::of(&sent.0);
    let existed = app
        .write(caller, move |_, writing, author| {
            let n = writing.next("SELECT max(n) FROM request")?;
            let sql = "INSERT INTO request (hash, n, job, ledger, at, body) VALUES ($1, $2, $3, $4, $5, $6) \
                       ON CONFLICT (hash) DO NOTHING";
            let at = writing.at();
            let with = [
                of.into(),
                n.into(),
                request.job.as_str().into(),
                request.ledger.as_str().into(),
                at.into(),
                sent.0.as_ref().into(),
            ];
            let existed = writing.execute(sql, &with)? == 0;
            if !existed {
                let subject = [
                    ("call", canon::Json::from(request.call.as_str())),
                    ("job", canon::Json::from(request.job.as_str())),
                    ("request", canon::Json::from(of.to_string())),
                ];
                writing.audit(author, "approval_requested", subject)?;
            }
            Ok(existed)
        })
        .await?;
    let status = if existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(Taken { hash: of.to_string(), existed })))
}

/// Which requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// Of this job only.
    job: Option<String>,
    /// Of this ledger only.
    ledger: Option<String>,
    /// Rows of the page, 1 to 50.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<u64>,
    /// Where the page before ended.
    cursor: Option<String>,
}

/// What waits for people, oldest first, with what they signed.
#[utoipa::path(get, path = "/v1/approvals", tag = "approvals", params(Which),
    responses((status = 200, body = Requests), (status = "default", body = Problem)))]
pub(crate) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    Asked(which): Asked<Which>,
) -> Result<Json<Requests>, Refusal> {
    caller.must(READERS)?;
    let limit = which.limit.unwrap_or(20);
    if !(1..=50).contains(&limit) {
        return Err(super::query("limit is 1 to 50"));
    }
    let after = super::number(which.cursor.as_deref())?;
    let job = super::text(which.job.as_deref())?.map(str::to_owned);
    let ledger = super::text(which.ledger.as_deref())?.map(str::to_owned);
    let found = app.read(move |reading| {
        let sql = "SELECT n, hash, body FROM request WHERE n > $1 AND ($2 = '' OR job = $2) AND \
                   ($3 = '' OR ledger = $3) ORDER BY n LIMIT $4";
        let with =
            [after.into(), job.unwrap_or_default().into(), ledger.unwrap_or_default().into(), limit.into()];
        let rows = reading.rows(sql, &with)?;
        let mut requests = Vec::new();
        let mut last = 0;
        for row in &rows {
            last = row.number(0)?;
            requests.push(waiting(reading, row.hash(1)?, &row.bytes(2)?)?);
        }
        let full = u64::try_from(rows.len()).is_ok_and(|length| length == limit);
        Ok(Requests { requests, cursor: full.then(|| last.to_string()) })
    });
    Ok(Json(found.await?))
}

fn waiting(reading: &mut Reading<'_>, request: Hash, bytes: &[u8]) -> Result<Waiting, Refusal> {
    let rows = reading.rows("SELECT body FROM approval WHERE request = $1 ORDER BY n", &[request.into()])?;
    let read = |row: &crate::store::Row| -> Result<SubmitApproval, Refusal> {
        serde_json::from_slice(&row.bytes(0)?).map_err(|_| Refusal::new(Code::StoreUnavailable))
    };
    Ok(Waiting {
        request_hash: request.to_string(),
        request: envelope(bytes)?,
        approvals: rows.iter().map(read).collect::<Result<_, _>>()?,
    })
}

/// One request, with what people signed.
#[utoipa::path(get, path = "/v1/approvals/{request}", tag = "approvals",
    params(("request" = String, Path, description = "The hash of the request")),
    responses((status = 200, body = Waiting), (status = "default", body = Problem)))]
pub(crate) async fn get(
    State(app): State<Shared>,
    Path(request): Path<String>,
    caller: Caller,
) -> Result<Json<Waiting>, Refusal> {
    caller.must(READERS)?;
    let request = hash(&request)?;
    let found = app.read(move |reading| {
        let row = reading.row("SELECT body FROM request WHERE hash = $1", &[request.into()])?;
        let row = row.ok_or_else(|| Refusal::new(Code::RequestUnknown))?;
        waiting(reading, request, &row.bytes(0)?)
    });
    Ok(Json(found.await?))
}

/// Hands in a signed approval. Whether it is enough is for the gate to say, when the call is asked again.
#[utoipa::path(post, path = "/v1/approvals", tag = "approvals", request_body = SubmitApproval,
    responses((status = 201, body = Taken), (status = 200, body = Taken), (status = "default", body = Problem)))]
pub(crate) async fn submit(
    State(app): State<Shared>,
    caller: Caller,
    sent: Sent<LARGE>,
) -> Result<(StatusCode, Json<Taken>), Refusal> {
    let asked: SubmitApproval = sent.json()?;
    let signed = bytes(&asked.approval)?;
    let memberships = asked.memberships.iter().map(bytes).collect::<Result<Vec<_>, _>>()?;
    let (approval, of, signer) = Approval::verify_one(&signed, &app.trust)?;
    let request = approval.request;
    let body = app
        .read(move |reading| {
            let row = reading.row("SELECT body FROM request WHERE hash = $1", &[request.into()])?;
            Ok(row.ok_or_else(|| Refusal::new(Code::RequestUnknown))?.bytes(0)?)
        })
        .await?;
    let policy = app.policy(ApprovalRequest::decode(&body)?.policy_hash).await?;
    let document = |hash: &Hash| (*hash == request).then(|| body.clone());
    approved::read(&signed, document, &memberships, &policy, &app.trust)
        .map_err(|error| Refusal::of(Code::BodyMalformed, error.code(), error))?;
    let stored = serde_json::to_vec(&asked).map_err(|error| super::body(&error.to_string()))?;
    let existed = app
        .write(caller, move |app, writing, author| {
            if writing.row("SELECT 1 FROM approval WHERE hash = $1", &[of.into()])?.is_some() {
                return Ok(true);
            }
            let n = writing.next("SELECT max(n) FROM approval")?;
            let sql = "INSERT INTO approval (hash, n, request, job, approver, nonce, body) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
            let with = [
                of.into(),
                n.into(),
                request.into(),
                approval.job.as_str().into(),
                signer.principal.as_str().into(),
                approval.nonce.as_str().into(),
                stored.as_slice().into(),
            ];
            if writing.execute(sql, &with)? == 0 {
                return Err(Refusal::new(Code::ApprovalRepeated));
            }
            let subject = [
                ("approval", canon::Json::from(of.to_string())),
                ("approver", canon::Json::from(signer.principal.as_str())),
                ("job", canon::Json::from(approval.job.as_str())),
                ("request", canon::Json::from(request.to_string())),
            ];
            writing.audit(author, "approved", subject)?;
            app.metrics.approved.inc();
            Ok(false)
        })
        .await?;
    app.hub.poke();
    let status = if existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(Taken { hash: of.to_string(), existed })))
}
