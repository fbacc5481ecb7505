//! Proof bundles: verified before they are stored, found by what they are about.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use wpc_client::wire::{Bundle, Evidence, Problem};
use wpc_evidence::Role;
use wpc_evidence::bundle::{self, Options, Verdict, View};
use wpc_evidence::commitment::RESOURCE;
use wpc_evidence::entry::{Body, Seen};
use wpc_evidence::time;
use wpc_model::canon::Json as Canon;
use wpc_model::{Hash, parse_instant};

use super::{census, hash, query};
use crate::app::Shared;
use crate::caller::{Asked, Caller, Sent};
use crate::problem::{Code, Refusal};
use crate::store::{Reading, Row};

/// Longest accepted bundle, in bytes.
const BUNDLE: usize = 64 << 20;
/// Findings that are told of a bundle that does not verify.
const TOLD: usize = 5;
const COLUMNS: &str = "n, hash, job, ledger, agent, policy_hash, verdict, entries, closed, first_at, last_at";

/// Stores a bundle under the hash of its bytes, if it verifies. One with gaps is stored as `incomplete`.
#[utoipa::path(put, path = "/v1/evidence/{hash}", tag = "evidence",
    params(("hash" = String, Path, description = "SHA-256 of the bundle's bytes")), request_body = serde_json::Value,
    responses((status = 201, body = Bundle), (status = 200, body = Bundle), (status = "default", body = Problem)))]
pub(crate) async fn put(
    State(app): State<Shared>,
    Path(of): Path<String>,
    caller: Caller,
    sent: Sent<BUNDLE>,
) -> Result<(StatusCode, Json<Bundle>), Refusal> {
    caller.must(&[Role::Ledger, Role::Operator, Role::Auditor])?;
    let of = hash(&of)?;
    if Hash::of(&sent.0) != of {
        return Err(Refusal::new(Code::BundleRefused).because("the bytes have another hash"));
    }
    if let Some(known) = app.read(move |reading| one(reading, of)).await? {
        return Ok((StatusCode::OK, Json(known)));
    }
    let turn = Arc::clone(&app.verifying).acquire_owned().await.map_err(|_| Refusal::new(Code::Stopping))?;
    let (verifier, bytes) = (Arc::clone(&app), sent.0.clone());
    let verified = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        verified(&verifier, of, &bytes)
    });
    let (row, touched) = verified.await.map_err(|_| Refusal::new(Code::Overloaded))??;
    app.objects.put_bundle(of, sent.0.to_vec()).await?;
    let existed = app.write(caller, move |app, writing, author| {
        let n = writing.next("SELECT max(n) FROM bundle")?;
        let sql = "INSERT INTO bundle (n, hash, job, ledger, agent, policy_hash, verdict, entries, closed, first_at, \
                   last_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (hash) DO NOTHING";
        let with = [
            n.into(),
            of.into(),
            row.job.as_str().into(),
            row.ledger.as_str().into(),
            row.agent.as_str().into(),
            row.policy_hash.into(),
            row.verdict.into(),
            row.entries.into(),
            u64::from(row.closed).into(),
            row.first_at.into(),
            row.last_at.into(),
        ];
        let existed = writing.execute(sql, &with)? == 0;
        if !existed {
            for name in &touched {
                let sql = "INSERT INTO touched (name, bundle) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                writing.execute(sql, &[name.as_str().into(), of.into()])?;
            }
            let subject = [
                ("bundle", Canon::from(of.to_string())),
                ("job", Canon::from(row.job.as_str())),
                ("verdict", Canon::from(row.verdict)),
            ];
            writing.audit(author, "bundle_stored", subject)?;
            app.metrics.bundles.inc();
        }
        Ok(existed)
    });
    let existed = existed.await?;
    let stored = app.read(move |reading| one(reading, of)).await?;
    let status = if existed { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(stored.ok_or_else(|| Refusal::new(Code::StoreUnavailable))?)))
}

/// What is known of a bundle that verified.
struct Known {
    job: String,
    ledger: String,
    agent: String,
    policy_hash: Hash,
    verdict: &'static str,
    entries: u64,
    closed: bool,
    first_at: i64,
    last_at: i64,
}

fn verified(app: &Shared, of: Hash, bytes: &[u8]) -> Result<(Known, BTreeSet<String>), Refusal> {
    let report = bundle::verify(bytes, &app.trust, &Options::default());
    if report.verdict() == Verdict::Refused {
        let told: Vec<_> = report.findings.iter().take(TOLD).map(|finding| finding.code.word()).collect();
        return Err(Refusal::new(Code::BundleRefused).because(told.join(" ")));
    }
    let view = bundle::view(bytes).map_err(|code| Refusal::new(Code::BundleRefused).because(code.word()))?;
    let (Some(first), Some(last)) = (view.entries.first(), view.entries.last()) else {
        return Err(Refusal::new(Code::BundleRefused).because(of));
    };
    let Body::Opened(opened) = &first.entry.body else {
        return Err(Refusal::new(Code::BundleRefused).because(of));
    };
    let agent = opened.agent.clone();
    let policy_hash = view.policy_hash.ok_or_else(|| Refusal::new(Code::BundleRefused))?;
    let known = Known {
        job: first.entry.job.to_string(),
        ledger: first.entry.ledger.to_string(),
        agent,
        policy_hash,
        verdict: report.verdict().word(),
        entries: u64::try_from(view.entries.len()).unwrap_or(u64::MAX),
        closed: matches!(last.entry.body, Body::Closed(_)),
        first_at: first.entry.at,
        last_at: last.entry.at,
    };
    Ok((known, touched(&view)))
}

/// The names of all resources that calls were about, as far as the bundle shows them.
fn touched(view: &View) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for shown in &view.entries {
        let Body::Attempt(attempt) = &shown.entry.body else { continue };
        match &attempt.resource {
            None => {}
            Some(Seen::Named { names: of, .. }) => names.extend(of.iter().cloned()),
            Some(Seen::Other { .. }) => {
                let opening = shown.openings.get(RESOURCE).map(|opening| &opening.value);
                let Some(Canon::Object(members)) = opening else { continue };
                let Some(Canon::Array(of)) = members.get("names") else { continue };
                names.extend(
                    of.iter().filter_map(|name| {
                        if let Canon::Text(text) = name { Some(text.clone()) } else { None }
                    }),
                );
            }
        }
    }
    // PostgreSQL's texts hold no NUL, and nobody looks for one.
    names.retain(|name| !name.contains('\0'));
    names
}

fn read(row: &Row) -> Result<Bundle, Refusal> {
    Ok(Bundle {
        bundle_hash: row.hash(1)?.to_string(),
        job: row.text(2)?,
        ledger: row.text(3)?,
        agent: row.text(4)?,
        policy_hash_b64u: row.hash(5)?.to_string(),
        verdict: row.text(6)?,
        entries: row.number(7)?,
        closed: row.number(8)? == 1,
        first_at: time::to_text(row.integer(9)?).unwrap_or_default(),
        last_at: time::to_text(row.integer(10)?).unwrap_or_default(),
    })
}

fn one(reading: &mut Reading<'_>, of: Hash) -> Result<Option<Bundle>, Refusal> {
    let row = reading.row(&format!("SELECT {COLUMNS} FROM bundle WHERE hash = $1"), &[of.into()])?;
    row.as_ref().map(read).transpose()
}

/// A bundle's bytes.
#[utoipa::path(get, path = "/v1/evidence/{hash}", tag = "evidence",
    params(("hash" = String, Path, description = "SHA-256 of the bundle's bytes")),
    responses((status = 200, body = serde_json::Value), (status = "default", body = Problem)))]
pub(crate) async fn get(
    State(app): State<Shared>,
    Path(of): Path<String>,
    caller: Caller,
) -> Result<Response, Refusal> {
    caller.must(&[Role::Auditor])?;
    let bytes = app.objects.bundle(hash(&of)?).await?.ok_or_else(|| Refusal::new(Code::BundleUnknown))?;
    Ok(([(CONTENT_TYPE, "application/json")], bytes).into_response())
}

/// Which bundles.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    /// Of this job.
    job: Option<String>,
    /// Of this agent.
    agent: Option<String>,
    /// Of this policy.
    policy_hash_b64u: Option<String>,
    /// With a call on a resource of which one name is this.
    resource: Option<String>,
    /// With an entry not before this instant, RFC 3339.
    from: Option<String>,
    /// With an entry before this instant, RFC 3339.
    until: Option<String>,
    /// Rows of the page, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u64>,
    /// Where the page before ended.
    cursor: Option<String>,
}

pub(crate) fn instant(text: Option<&str>, or: i64) -> Result<i64, Refusal> {
    let Some(text) = text else { return Ok(or) };
    parse_instant(text).ok_or_else(|| query("not an instant like 2026-01-02T03:04:05Z"))
}

/// Bundles by job, agent, policy, resource and window of time; and the jobs of the same window of which there is none.
#[utoipa::path(get, path = "/v1/evidence", tag = "evidence", params(Which),
    responses((status = 200, body = Evidence), (status = "default", body = Problem)))]
pub(crate) async fn list(
    State(app): State<Shared>,
    caller: Caller,
    Asked(which): Asked<Which>,
) -> Result<Json<Evidence>, Refusal> {
    caller.must(&[Role::Auditor])?;
    let limit = super::limit(which.limit)?;
    let after = super::number(which.cursor.as_deref())?;
    let policy = which.policy_hash_b64u.as_deref().map(hash).transpose()?;
    let text =
        |text: &Option<String>| super::text(text.as_deref()).map(|text| text.unwrap_or_default().to_owned());
    let (job, agent, resource) = (text(&which.job)?, text(&which.agent)?, text(&which.resource)?);
    let (from, until) =
        (instant(which.from.as_deref(), 0)?, instant(which.until.as_deref(), time::MAX_TIME_MS)?);
    let found = app.read(move |reading| {
        let sql = format!(
            "SELECT {COLUMNS} FROM bundle b WHERE n > $1 AND ($2 = '' OR job = $2) AND ($3 = '' OR agent = $3) AND \
             ($4 = 0 OR policy_hash = $5) AND last_at >= $6 AND first_at < $7 AND \
             ($8 = '' OR EXISTS (SELECT 1 FROM touched t WHERE t.name = $8 AND t.bundle = b.hash)) \
             ORDER BY n LIMIT $9"
        );
        let with = [
            after.into(),
            job.as_str().into(),
            agent.as_str().into(),
            u64::from(policy.is_some()).into(),
            policy.unwrap_or(Hash([0; 32])).into(),
            from.into(),
            until.into(),
            resource.as_str().into(),
            limit.into(),
        ];
        let rows = reading.rows(&sql, &with)?;
        let full = u64::try_from(rows.len()).is_ok_and(|length| length == limit);
        let cursor = rows.last().filter(|_| full).map(|row| row.number(0)).transpose()?;
        // Told once, with the first page.
        let without_bundle = if after == 0 && job.is_empty() {
            census::without_bundle(reading, (from, until), &agent, policy)?
        } else {
            Vec::new()
        };
        Ok(Evidence {
            bundles: rows.iter().map(read).collect::<Result<_, _>>()?,
            without_bundle,
            cursor: cursor.map(|cursor| cursor.to_string()),
        })
    });
    Ok(Json(found.await?))
}
