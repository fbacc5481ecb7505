//! Releases: which policy of a name is the current one, as a chain of signed statements.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use wpc_client::wire::{Chain, Names, Problem, Released};
use wpc_evidence::statement::{Release, ReleaseHead, Statement as _};
use wpc_model::Hash;
use wpc_model::canon;

use super::{LARGE, Page, envelope};
use crate::app::Shared;
use crate::caller::{Asked, Caller, Sent};
use crate::problem::{Code, Refusal};
use crate::store::{Reading, Row};

/// The current release of a name.
pub(crate) struct Current {
    pub(crate) seq: u64,
    pub(crate) hash: Hash,
    pub(crate) policy_hash: Hash,
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    pub(crate) running: String,
}

pub(crate) fn current(reading: &mut Reading<'_>, name: &str) -> Result<Option<Current>, Refusal> {
    let sql = "SELECT seq, hash, policy_hash, not_before, not_after, running FROM release \
               WHERE policy_name = $1 ORDER BY seq DESC LIMIT 1";
    let read = |row: Row| -> Result<Current, Refusal> {
        Ok(Current {
            seq: row.number(0)?,
            hash: row.hash(1)?,
            policy_hash: row.hash(2)?,
            not_before: row.integer(3)?,
            not_after: row.integer(4)?,
            running: row.text(5)?,
        })
    };
    reading.row(sql, &[name.into()])?.map(read).transpose()
}

/// Makes a stored policy the current one of its name.
///
/// The body is the release, signed by as many releasers as the trust file demands; it names the one before.
#[utoipa::path(post, path = "/v1/policies/{name}/releases", tag = "registry",
    params(("name" = String, Path, description = "The policy's name")), request_body = serde_json::Value,
    responses((status = 201, body = Released), (status = 200, body = Released), (status = "default", body = Problem)))]
pub(crate) async fn post(
    State(app): State<Shared>,
    Path(name): Path<String>,
    caller: Caller,
    sent: Sent<LARGE>,
) -> Result<(StatusCode, Json<Released>), Refusal> {
    let signed = Release::verify(&sent.0, &app.trust)?;
    if signed.statement.policy_name != name {
        return Err(Refusal::new(Code::PolicyNameMismatch));
    }
    let policy = app.policy(signed.statement.policy_hash).await?;
    if policy.name != name {
        return Err(Refusal::new(Code::PolicyNameMismatch).because("the policy itself has another name"));
    }
    let released = app
        .write(caller, move |_, writing, author| {
            let release = &signed.statement;
            let known = current(&mut writing.reading(), &name)?;
            let head = known.map(|known| ReleaseHead { policy_name: name.clone(), seq: known.seq, hash: known.hash });
            ReleaseHead::follow(head.as_ref(), &signed)
                .map_err(|error| Refusal::of(Code::ReleaseRefused, error.code(), error))?;
            let existed = head.is_some_and(|head| head.seq == release.seq);
            if !existed {
                if release.not_after <= writing.at() {
                    return Err(Refusal::of(Code::ReleaseRefused, "policy_release_expired", "it no longer holds"));
                }
                let n = writing.next("SELECT max(n) FROM release")?;
                let sql = "INSERT INTO release (policy_name, seq, n, hash, policy_hash, not_before, not_after, \
                           running, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
                let with = [
                    name.as_str().into(),
                    release.seq.into(),
                    n.into(),
                    signed.hash.into(),
                    release.policy_hash.into(),
                    release.not_before.into(),
                    release.not_after.into(),
                    release.running.word().into(),
                    sent.0.as_ref().into(),
                ];
                writing.execute(sql, &with)?;
                let subject = [
                    ("policy_hash_b64u", canon::Json::from(release.policy_hash.to_string())),
                    ("policy_name", canon::Json::from(name.as_str())),
                    ("release", canon::Json::from(signed.hash.to_string())),
                ];
                writing.audit(author, "released", subject)?;
            }
            Ok(Released {
                policy_name: name,
                seq: release.seq,
                policy_hash_b64u: release.policy_hash.to_string(),
                release_hash_b64u: signed.hash.to_string(),
                existed,
            })
        })
        .await?;
    app.hub.poke();
    let status = if released.existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(released)))
}

/// Where a chain is read from.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct From {
    /// The first release that is wanted, from 1.
    from: Option<u64>,
}

/// The signed releases of a name, oldest first; at most 200.
#[utoipa::path(get, path = "/v1/policies/{name}", tag = "registry",
    params(("name" = String, Path, description = "The policy's name"), From),
    responses((status = 200, body = Chain), (status = "default", body = Problem)))]
pub(crate) async fn get(
    State(app): State<Shared>,
    Path(name): Path<String>,
    _caller: Caller,
    Asked(From { from }): Asked<From>,
) -> Result<Json<Chain>, Refusal> {
    super::text(Some(&name))?;
    let chain = app.read(move |reading| {
        let head = current(reading, &name)?.ok_or_else(|| Refusal::new(Code::PolicyUnknown))?;
        let sql = "SELECT body FROM release WHERE policy_name = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
        let rows =
            reading.rows(sql, &[name.as_str().into(), from.unwrap_or(1).into(), super::MAX_PAGE.into()])?;
        let releases = rows.iter().map(|row| envelope(&row.bytes(0)?)).collect::<Result<_, Refusal>>()?;
        Ok(Chain {
            policy_name: name,
            head_seq: head.seq,
            policy_hash_b64u: head.policy_hash.to_string(),
            releases,
        })
    });
    Ok(Json(chain.await?))
}

/// Names of released policies, each with its current release.
#[utoipa::path(get, path = "/v1/policies", tag = "registry", params(Page),
    responses((status = 200, body = Names), (status = "default", body = Problem)))]
pub(crate) async fn list(
    State(app): State<Shared>,
    _caller: Caller,
    Asked(page): Asked<Page>,
) -> Result<Json<Names>, Refusal> {
    let limit = page.limit()?;
    let after = super::text(page.cursor.as_deref())?.unwrap_or_default().to_owned();
    let names = app.read(move |reading| {
        let sql = "SELECT r.policy_name, r.seq, r.policy_hash, r.hash FROM release r WHERE r.policy_name > $1 AND \
                   r.seq = (SELECT max(o.seq) FROM release o WHERE o.policy_name = r.policy_name) \
                   ORDER BY r.policy_name LIMIT $2";
        let rows = reading.rows(sql, &[after.into(), limit.into()])?;
        let read = |row: &Row| -> Result<Released, Refusal> {
            Ok(Released {
                policy_name: row.text(0)?,
                seq: row.number(1)?,
                policy_hash_b64u: row.hash(2)?.to_string(),
                release_hash_b64u: row.hash(3)?.to_string(),
                existed: true,
            })
        };
        let policies = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let full = u64::try_from(policies.len()).is_ok_and(|length| length == limit);
        let cursor = policies.last().filter(|_| full).map(|last| last.policy_name.clone());
        Ok(Names { policies, cursor })
    });
    Ok(Json(names.await?))
}
