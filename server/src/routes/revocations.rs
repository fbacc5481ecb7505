//! Revocations: a gapless signed log, as clawscope's events and as its own stream.

use axum::Json;
use axum::extract::State;
use serde_json::json;
use wpc_client::wire::{
    EventRecord, Events, Problem, Revocation as Answer, Revoke, RevokeToken, RevokedToken,
};
use wpc_evidence::statement::{Revocation, Revoked, Statement as _};
use wpc_evidence::token::{Claims, Token};
use wpc_evidence::{Did, JobId, Role, time};
use wpc_model::Hash;
use wpc_model::canon;

use super::{Page, SMALL, body, envelope, tokens};
use crate::app::{App, Shared};
use crate::caller::{Asked, Caller, Sent};
use crate::problem::{Code, Refusal};
use crate::store::{Author, Reading, Row, Writing};

/// Who may revoke.
pub(super) const REVOKERS: &[Role] = &[Role::Operator, Role::Revoker];
const MAX_REASON_BYTES: usize = 512;
/// What clawscope's keys count down from, so that the newest comes first.
const KEYS: i64 = 9_999_999_999;

/// A revocation that was found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Found {
    pub(crate) seq: u64,
    /// Unix milliseconds.
    pub(crate) at: i64,
}

/// What is revoked, as its row has it.
fn value(revoked: &Revoked) -> String {
    revoked.issuer().map_or_else(|| revoked.value(), |issuer| format!("{issuer} {}", revoked.value()))
}

/// The last revocation of this, unless it is lifted.
pub(crate) fn find(reading: &mut Reading<'_>, revoked: &Revoked) -> Result<Option<Found>, Refusal> {
    let sql = "SELECT seq, at, kind FROM revocation WHERE kind IN ($1, $3) AND value = $2 ORDER BY seq DESC LIMIT 1";
    let lift = revoked.lifted_by();
    let lift = lift.as_ref().unwrap_or(revoked).kind();
    let Some(row) = reading.row(sql, &[revoked.kind().into(), value(revoked).into(), lift.into()])? else {
        return Ok(None);
    };
    let stands = row.text(2)? == revoked.kind();
    Ok(if stands { Some(Found { seq: row.number(0)?, at: row.integer(1)? }) } else { None })
}

/// The first reason for which a token of ours is revoked.
pub(crate) fn of_token(
    reading: &mut Reading<'_>,
    claims: &Claims,
    issuer: &Did,
) -> Result<Option<Found>, Refusal> {
    let for_ever = [
        Revoked::Jti { issuer: *issuer, jti: claims.jti().to_owned() },
        Revoked::Job(claims.job().clone()),
        Revoked::Policy(claims.policy_hash()),
    ];
    for revoked in for_ever {
        if let Some(found) = find(reading, &revoked)? {
            return Ok(Some(found));
        }
    }
    for revoked in [Revoked::Agent(claims.sub().to_owned()), Revoked::IssuerKey(*issuer)] {
        let covers = |found: &Found| claims.iat_s().saturating_mul(1_000) <= found.at;
        if let Some(found) = find(reading, &revoked)?.filter(covers) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Signs and writes the next revocation, or what lifts one that stands.
pub(crate) fn append(
    app: &App,
    writing: &mut Writing<'_>,
    author: &Author,
    revoked: Revoked,
    reason: Option<&str>,
) -> Result<Found, Refusal> {
    if let Some(lifted) = revoked.lifts()
        && find(&mut writing.reading(), &lifted)?.is_none()
    {
        return Err(Refusal::new(Code::LiftUnfounded));
    }
    let last = writing.row("SELECT seq, hash FROM revocation ORDER BY seq DESC LIMIT 1", &[])?;
    let (seq, prev) = match last {
        Some(row) => (row.number(0)?, Some(row.hash(1)?)),
        None => (0, None),
    };
    let (kind, value) = (revoked.kind(), value(&revoked));
    let statement = Revocation { seq: seq.saturating_add(1), prev, at: writing.at(), revoked };
    let (seq, at) = (statement.seq, statement.at);
    let payload = statement.encode()?;
    let envelope = statement.sign(std::slice::from_ref(&*app.key))?;
    let sql = "INSERT INTO revocation (seq, at, kind, value, hash, reason, principal, body) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let with = [
        seq.into(),
        at.into(),
        kind.into(),
        value.as_str().into(),
        Hash::of(&payload).into(),
        reason.into(),
        author.principal.as_str().into(),
        envelope.as_slice().into(),
    ];
    writing.execute(sql, &with)?;
    app.metrics.revoked.inc();
    Ok(Found { seq, at })
}

fn reason(reason: Option<&str>) -> Result<(), Refusal> {
    let fits = |reason: &str| reason.len() <= MAX_REASON_BYTES && !reason.chars().any(char::is_control);
    if reason.is_none_or(fits) {
        Ok(())
    } else {
        Err(body("a reason has at most 512 bytes and no control characters"))
    }
}

/// Revokes one token.
#[utoipa::path(post, path = "/v1/tokens/revoke", tag = "tokens", request_body = RevokeToken,
    responses((status = 200, body = RevokedToken), (status = "default", body = Problem)))]
pub(crate) async fn revoke_token(
    State(app): State<Shared>,
    caller: Caller,
    sent: Sent<SMALL>,
) -> Result<Json<RevokedToken>, Refusal> {
    caller.must(REVOKERS)?;
    let asked: RevokeToken = sent.json()?;
    reason(asked.reason.as_deref())?;
    let by_hash = match (&asked.token, &asked.token_hash) {
        (Some(token), None) => {
            Token::parse(token).map_err(|error| Refusal::new(Code::TokenMalformed).because(error))?;
            Some(tokens::token_hash(token))
        }
        (None, Some(hash)) => {
            let is_hash =
                hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            Some(is_hash.then(|| hash.clone()).ok_or_else(|| Refusal::new(Code::TokenHashInvalid))?)
        }
        (None, None) if asked.jti.is_some() => None,
        _ => return Err(Refusal::new(Code::NothingToRevoke)),
    };
    let answer = app
        .write(caller, move |app, writing, author| {
            let (issuer, jti, token_hash) = match by_hash {
                Some(hash) => {
                    let sql = "SELECT issuer, jti FROM issued WHERE token_hash = $1";
                    let row = writing.row(sql, &[hash.as_str().into()])?;
                    let row = row.ok_or_else(|| Refusal::new(Code::TokenUnknown))?;
                    (row.text(0)?, row.text(1)?, Some(hash))
                }
                None => {
                    let issuer = asked.issuer.clone().unwrap_or_else(|| app.did().to_string());
                    let jti = asked.jti.clone().unwrap_or_default();
                    let sql = "SELECT token_hash FROM issued WHERE issuer = $1 AND jti = $2";
                    let row = writing.row(sql, &[issuer.as_str().into(), jti.as_str().into()])?;
                    (issuer, jti, row.map(|row| row.text(0)).transpose()?)
                }
            };
            let issuer =
                Did::parse(&issuer).map_err(|error| Refusal::new(Code::NothingToRevoke).because(error))?;
            let revoked = Revoked::Jti { issuer, jti };
            let known = find(&mut writing.reading(), &revoked)?;
            let status = if known.is_some() { "already_revoked" } else { "revoked" };
            let found = match known {
                Some(found) => found,
                None => revoke_one(app, writing, author, revoked, asked.reason.as_deref())?,
            };
            Ok(RevokedToken {
                status: status.to_owned(),
                revoked_at: found.at.div_euclid(1_000),
                revoked_at_iso: time::to_text(found.at).unwrap_or_default(),
                event_key: key(found.at, token_hash.as_deref().unwrap_or_default()),
                token_hash,
                revocation_seq: found.seq,
            })
        })
        .await?;
    app.hub.poke();
    Ok(Json(answer))
}

/// Appends one, and says so in the audit log.
fn revoke_one(
    app: &App,
    writing: &mut Writing<'_>,
    author: &Author,
    revoked: Revoked,
    reason: Option<&str>,
) -> Result<Found, Refusal> {
    let (kind, value) = (revoked.kind(), value(&revoked));
    let found = append(app, writing, author, revoked, reason)?;
    let seq = i64::try_from(found.seq).unwrap_or(i64::MAX);
    let subject = [
        ("kind", canon::Json::from(kind)),
        ("reason", reason.map_or(canon::Json::Null, canon::Json::from)),
        ("revocation_seq", canon::Json::Integer(seq)),
        ("value", canon::Json::from(value)),
    ];
    writing.audit(author, "revoked", subject)?;
    Ok(found)
}

/// Revokes a job, a policy, an approval (for ever), or the tokens of an agent or of an issuer's key (those issued
/// until now), or lifts what was revoked of these two (`agent_lifted`, `issuer_key_lifted`).
#[utoipa::path(post, path = "/v1/revocations", tag = "revocations", request_body = Revoke,
    responses((status = 200, body = Answer), (status = "default", body = Problem)))]
pub(crate) async fn revoke(
    State(app): State<Shared>,
    caller: Caller,
    sent: Sent<SMALL>,
) -> Result<Json<Answer>, Refusal> {
    caller.must(REVOKERS)?;
    let asked: Revoke = sent.json()?;
    reason(asked.reason.as_deref())?;
    let revoked = named(&asked)?;
    let answer = app
        .write(caller, move |app, writing, author| {
            let for_ever = revoked.lifted_by().is_none() && revoked.lifts().is_none();
            let known = if for_ever { find(&mut writing.reading(), &revoked)? } else { None };
            let existed = known.is_some();
            let found = match known {
                Some(found) => found,
                None => revoke_one(app, writing, author, revoked, asked.reason.as_deref())?,
            };
            let row = writing.row("SELECT body FROM revocation WHERE seq = $1", &[found.seq.into()])?;
            let row = row.ok_or_else(|| Refusal::new(Code::StoreUnavailable))?;
            Ok(Answer {
                revocation_seq: found.seq,
                kind: asked.kind,
                value: asked.value,
                existed,
                envelope: envelope(&row.bytes(0)?)?,
            })
        })
        .await?;
    app.hub.poke();
    Ok(Json(answer))
}

fn named(asked: &Revoke) -> Result<Revoked, Refusal> {
    let wrong = |what: &str| Refusal::new(Code::NothingToRevoke).because(what);
    let value = asked.value.as_str();
    let hash = || Hash::from_text(value).ok_or_else(|| wrong("not a hash of 43 characters"));
    let agent = || {
        let is_name = !value.is_empty() && value.len() <= 512 && !value.chars().any(char::is_control);
        is_name.then(|| value.to_owned()).ok_or_else(|| wrong("not an agent's name"))
    };
    let issuer = || Did::parse(value).map_err(|_| wrong("not a did:key"));
    Ok(match asked.kind.as_str() {
        "job" => Revoked::Job(JobId::parse(value).map_err(|_| wrong("not the id of a job"))?),
        "policy" => Revoked::Policy(hash()?),
        "approval" => Revoked::Approval(hash()?),
        "agent" => Revoked::Agent(agent()?),
        "agent_lifted" => Revoked::AgentLifted(agent()?),
        "issuer_key" => Revoked::IssuerKey(issuer()?),
        "issuer_key_lifted" => Revoked::IssuerKeyLifted(issuer()?),
        _ => {
            let kinds = "kind is job, policy, agent, issuer_key, approval, agent_lifted or issuer_key_lifted";
            return Err(wrong(kinds));
        }
    })
}

fn key(at: i64, name: &str) -> String {
    format!("events:revocations:{}:{name}", KEYS.saturating_sub(at.div_euclid(1_000)))
}

/// Revocations, newest first, in clawscope's shape.
#[utoipa::path(get, path = "/v1/revocations/events", tag = "revocations", params(Page),
    responses((status = 200, body = Events), (status = "default", body = Problem)))]
pub(crate) async fn events(
    State(app): State<Shared>,
    _caller: Caller,
    Asked(page): Asked<Page>,
) -> Result<Json<Events>, Refusal> {
    let (limit, after) = (page.limit()?, page.after()?);
    let before = if after == 0 { i64::MAX.unsigned_abs() } else { after };
    let events = app.read(move |reading| {
        let sql = "SELECT seq, at, kind, value, reason, principal FROM revocation \
                   WHERE seq < $1 ORDER BY seq DESC LIMIT $2";
        let rows = reading.rows(sql, &[before.into(), limit.into()])?;
        let events = rows.iter().map(|row| event(reading, row)).collect::<Result<Vec<_>, _>>()?;
        let last = events.last().map_or(1, |event| event.sequence);
        let cursor = (last > 1).then(|| last.to_string());
        Ok(Events { list_complete: cursor.is_none(), cursor, events })
    });
    Ok(Json(events.await?))
}

fn event(reading: &mut Reading<'_>, row: &Row) -> Result<EventRecord, Refusal> {
    let (sequence, at, kind, value) = (row.number(0)?, row.integer(1)?, row.text(2)?, row.text(3)?);
    let token_hash = match value.split_once(' ') {
        Some((issuer, jti)) if kind == "jti" => {
            let sql = "SELECT token_hash FROM issued WHERE issuer = $1 AND jti = $2";
            reading.row(sql, &[issuer.into(), jti.into()])?.map(|row| row.text(0)).transpose()?
        }
        Some(_) | None => None,
    };
    let name = token_hash.clone().unwrap_or_else(|| format!("{kind}:{value}"));
    Ok(EventRecord {
        sequence,
        key: key(at, &name),
        record: json!({
            "token_hash": token_hash,
            "kind": kind,
            "value": value,
            "revoked_at": at.div_euclid(1_000),
            "revoked_at_iso": time::to_text(at),
            "reason": row.maybe_text(4)?,
            "revoked_by": row.text(5)?,
        }),
    })
}
