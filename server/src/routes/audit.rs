//! The audit log: who wrote what, as a Merkle tree with a signed head.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use wpc_client::wire::{Audit, Problem};
use wpc_evidence::Role;

use crate::app::Shared;
use crate::caller::{Asked, Caller};
use crate::problem::{Code, Refusal};

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// The index of the first entry that is wanted, from 0.
    from: Option<u64>,
    /// Entries of the page, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// Entries of the audit log, and its signed head.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(Which),
    responses((status = 200, body = Audit), (status = "default", body = Problem)))]
pub(crate) async fn get(
    State(app): State<Shared>,
    caller: Caller,
    Asked(which): Asked<Which>,
) -> Result<Json<Audit>, Refusal> {
    caller.must(&[Role::Auditor])?;
    let (from, limit) = (which.from.unwrap_or_default(), super::limit(which.limit)?);
    let audit = app.read(move |reading| {
        // The head after the entries: it covers them.
        let rows = reading
            .rows("SELECT body FROM audit WHERE n >= $1 ORDER BY n LIMIT $2", &[from.into(), limit.into()])?;
        let text = |row: &crate::store::Row| -> Result<String, Refusal> {
            String::from_utf8(row.bytes(0)?).map_err(|_| Refusal::new(Code::StoreUnavailable))
        };
        let entries = rows.iter().map(text).collect::<Result<_, _>>()?;
        Ok(Audit { entries, checkpoint: reading.note()? })
    });
    Ok(Json(audit.await?))
}
