//! Jobs: open at one ledger only (SECURITY.md 1.4).

use axum::Json;
use axum::extract::{Path, State};
use wpc_client::wire::{Job, OpenJob, Problem};
use wpc_evidence::Role;
use wpc_model::canon;

use super::{SMALL, did, hash, job};
use crate::app::Shared;
use crate::caller::{Caller, Sent};
use crate::problem::{Code, Refusal};

/// A ledger opens a job. The first one does; another one, or another first entry, is refused.
#[utoipa::path(post, path = "/v1/jobs/{job}/open", tag = "jobs", params(("job" = String, Path, description = "The job")),
    request_body = OpenJob, responses((status = 200, body = Job), (status = "default", body = Problem)))]
pub(crate) async fn open(
    State(app): State<Shared>,
    Path(id): Path<String>,
    caller: Caller,
    sent: Sent<SMALL>,
) -> Result<Json<Job>, Refusal> {
    let id = job(&id)?;
    let asked: OpenJob = sent.json()?;
    let (ledger, leaf) = (did(&asked.ledger)?, hash(&asked.opened_leaf)?);
    caller.must_be(&ledger)?;
    let opened = app.write(caller, move |_, writing, author| {
        let sql =
            "INSERT INTO job (job, ledger, opened_leaf, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let at = writing.at();
        let with = [id.as_str().into(), ledger.as_str().into(), leaf.into(), at.into()];
        let existed = writing.execute(sql, &with)? == 0;
        if existed {
            let row =
                writing.row("SELECT ledger, opened_leaf FROM job WHERE job = $1", &[id.as_str().into()])?;
            let row = row.ok_or_else(|| Refusal::new(Code::StoreUnavailable))?;
            if row.text(0)? != ledger.as_str() || row.hash(1)? != leaf {
                return Err(Refusal::new(Code::JobOpenElsewhere));
            }
        } else {
            // A token of ours says for which ledger the job is.
            let sql = "SELECT 1 FROM issued WHERE job = $1 AND ledger <> $2 LIMIT 1";
            if writing.row(sql, &[id.as_str().into(), ledger.as_str().into()])?.is_some() {
                return Err(Refusal::new(Code::JobOpenElsewhere).because("its tokens are for another ledger"));
            }
            let subject = [
                ("job", canon::Json::from(id.as_str())),
                ("ledger", canon::Json::from(ledger.as_str())),
                ("opened_leaf", canon::Json::from(leaf.to_string())),
            ];
            writing.audit(author, "job_opened", subject)?;
        }
        Ok(Job { job: id.to_string(), ledger: ledger.to_string(), opened_leaf: leaf.to_string(), existed })
    });
    Ok(Json(opened.await?))
}

/// Where a job is open.
#[utoipa::path(get, path = "/v1/jobs/{job}", tag = "jobs", params(("job" = String, Path, description = "The job")),
    responses((status = 200, body = Job), (status = "default", body = Problem)))]
pub(crate) async fn get(
    State(app): State<Shared>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<Job>, Refusal> {
    caller.must(&[Role::Auditor, Role::Operator, Role::Ledger])?;
    let id = job(&id)?;
    let found = app.read(move |reading| {
        let row = reading.row("SELECT ledger, opened_leaf FROM job WHERE job = $1", &[id.as_str().into()])?;
        let row = row.ok_or_else(|| Refusal::new(Code::JobUnknown))?;
        Ok(Job {
            job: id.to_string(),
            ledger: row.text(0)?,
            opened_leaf: row.hash(1)?.to_string(),
            existed: true,
        })
    });
    Ok(Json(found.await?))
}
