//! Tokens: issued for policies that are released and current, looked at, revoked.
//!
//! Bodies are clawscope's (CLAWSIG.md 10). What is refused here and not there: an `aud` without exactly one ledger,
//! a policy that is not released, a life longer than the policy allows, members that nobody reads, and whoever
//! does not sign their request.

use axum::Json;
use axum::extract::State;
use wpc_client::wire::{Introspect, Introspected, Issue, Issued, OneOrMore, Problem};
use wpc_evidence::statement::Revoked;
use wpc_evidence::token::{self, GATE_SCOPE, IssueRequest, MAX_SCOPES, Token};
use wpc_evidence::{Did, JobId, Role, time};
use wpc_model::canon;
use wpc_model::{Hash, Policy};

use super::releases::{Current, current};
use super::revocations::{self, Found};
use super::{SMALL, body, envelope};
use crate::app::{App, Shared};
use crate::caller::{Caller, Sent};
use crate::problem::{Code, Refusal};
use crate::store::{Reading, Writing};

/// Who may ask for tokens and for revocations of them.
const ISSUERS: &[Role] = &[Role::Operator, Role::TokenIssuer];
/// What scopes may begin with.
const SCOPES: [&str; 3] = ["wpc:", "proxy:", "clawproxy:"];
const MAX_SCOPE_BYTES: usize = 128;

/// Issues a token, and its grant.
///
/// The policy must be stored, and the current release of its name; or, while that release lets running jobs finish,
/// an earlier one of a job that has had a token before.
#[utoipa::path(post, path = "/v1/tokens/issue", tag = "tokens", request_body = Issue,
    responses((status = 200, body = Issued), (status = "default", body = Problem)))]
pub(crate) async fn issue(
    State(app): State<Shared>,
    caller: Caller,
    sent: Sent<SMALL>,
) -> Result<Json<Issued>, Refusal> {
    caller.must(ISSUERS)?;
    let asked: Issue = sent.json()?;
    issued(&app, caller, asked).await
}

/// Issues a token with owner, controller and agent.
#[utoipa::path(post, path = "/v1/tokens/issue/canonical", tag = "tokens", request_body = Issue,
    responses((status = 200, body = Issued), (status = "default", body = Problem)))]
pub(crate) async fn issue_canonical(
    State(app): State<Shared>,
    caller: Caller,
    sent: Sent<SMALL>,
) -> Result<Json<Issued>, Refusal> {
    caller.must(ISSUERS)?;
    let asked: Issue = sent.json()?;
    if asked.owner_did.is_none() || asked.controller_did.is_none() || asked.agent_did.is_none() {
        return Err(Refusal::new(Code::ChainRequired));
    }
    if asked.agent_did.as_ref() != Some(&asked.sub) {
        return Err(Refusal::new(Code::ChainMismatch));
    }
    issued(&app, caller, asked).await
}

async fn issued(app: &Shared, caller: Caller, asked: Issue) -> Result<Json<Issued>, Refusal> {
    scopes(&asked.scope)?;
    let policy_hash =
        Hash::from_text(&asked.policy_hash_b64u).ok_or_else(|| Refusal::new(Code::PolicyHashInvalid))?;
    let (ledgers, hosts): (Vec<String>, Vec<String>) =
        asked.aud.0.iter().cloned().partition(|name| name.starts_with("did:"));
    let [ledger] = ledgers.as_slice() else {
        return Err(Refusal::of(Code::IssueRefused, "token_audience", "aud names exactly one ledger's DID"));
    };
    let ledger = Did::parse(ledger).map_err(|error| Refusal::of(Code::IssueRefused, error.code(), error))?;
    let job = match &asked.mission_id {
        Some(job) => {
            JobId::parse(job).map_err(|error| Refusal::of(Code::IssueRefused, error.code(), error))?
        }
        None => JobId::mint()?,
    };
    let policy = app.policy(policy_hash).await?;
    if !policy.admits_agent(&asked.sub) {
        return Err(Refusal::of(Code::IssueRefused, "agent_not_named", "the policy is for other agents"));
    }
    let request = IssueRequest {
        sub: asked.sub.clone(),
        ledger,
        hosts,
        scope: if asked.scope.is_empty() { vec![GATE_SCOPE.to_owned()] } else { asked.scope.clone() },
        job,
        policy_hash,
        jti: None,
        owner_did: asked.owner_did.clone(),
        controller_did: asked.controller_did.clone(),
        agent_did: asked.agent_did.clone(),
    };
    let of = app.did();
    let made = app
        .write(caller, move |app, writing, author| {
            may_issue(app, writing, &policy, &request, asked.mission_id.is_some())?;
            let now_s = writing.at().div_euclid(1_000);
            let lifetime_s = lifetime(&asked, policy.token().max_ttl_seconds, now_s)?;
            let made = token::issue(&app.key, &request, lifetime_s, now_s)
                .map_err(|error| Refusal::of(Code::IssueRefused, error.code(), error))?;
            let answer = answer(&made, &of)?;
            let with = [
                answer.issuer.as_str().into(),
                answer.jti.as_str().into(),
                answer.token_hash.as_str().into(),
                answer.mission_id.as_str().into(),
                request.ledger.as_str().into(),
                request.sub.as_str().into(),
                policy_hash.into(),
                answer.iat.into(),
                answer.exp.into(),
                made.grant.as_slice().into(),
            ];
            let sql = "INSERT INTO issued (issuer, jti, token_hash, job, ledger, agent, policy_hash, iat, exp, body) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
            writing.execute(sql, &with)?;
            let subject = [
                ("agent", canon::Json::from(request.sub.as_str())),
                ("job", canon::Json::from(answer.mission_id.as_str())),
                ("jti", canon::Json::from(answer.jti.as_str())),
                ("policy_hash_b64u", canon::Json::from(answer.policy_hash_b64u.as_str())),
            ];
            writing.audit(author, "token_issued", subject)?;
            Ok(answer)
        })
        .await?;
    app.metrics.issued.inc();
    Ok(Json(made))
}

fn scopes(scopes: &[String]) -> Result<(), Refusal> {
    let fits = |scope: &String| (1..=MAX_SCOPE_BYTES).contains(&scope.len());
    if scopes.len() > MAX_SCOPES || !scopes.iter().all(fits) {
        return Err(Refusal::new(Code::ScopeInvalid));
    }
    for scope in scopes {
        if scope.contains('*') {
            return Err(Refusal::new(Code::ScopeWildcard));
        }
        if scope.starts_with("control:") {
            return Err(Refusal::new(Code::ScopeSensitive));
        }
        if !SCOPES.iter().any(|allowed| scope.starts_with(allowed)) {
            return Err(Refusal::new(Code::ScopeNotAllowed));
        }
    }
    Ok(())
}

fn lifetime(asked: &Issue, longest_s: i64, now_s: i64) -> Result<i64, Refusal> {
    let seconds = match (asked.ttl_sec, asked.exp) {
        (Some(_), Some(_)) => return Err(body("ttl_sec or exp, not both")),
        (Some(seconds), None) => seconds,
        (None, Some(exp)) => exp.saturating_sub(now_s),
        (None, None) => longest_s,
    };
    if seconds < 1 {
        return Err(Refusal::new(Code::TtlExpired));
    }
    if seconds > longest_s {
        return Err(Refusal::new(Code::TtlTooLong).because(format_args!("at most {longest_s} s")));
    }
    Ok(seconds)
}

/// Whether what is known allows such a token now.
fn may_issue(
    app: &App,
    writing: &mut Writing<'_>,
    policy: &Policy,
    request: &IssueRequest,
    named: bool,
) -> Result<(), Refusal> {
    let at = writing.at();
    let mut reading = writing.reading();
    let known = job(&mut reading, request)?;
    if named && known == Known::Another {
        return Err(Refusal::new(Code::JobTaken));
    }
    let head = current(&mut reading, &policy.name)?.ok_or_else(|| Refusal::new(Code::PolicyNotReleased))?;
    let is_head = head.policy_hash == request.policy_hash;
    // An earlier release of a job that runs, while the current one lets it finish.
    let finishes = head.running == "finish" && known == Known::Same;
    if !is_head && !finishes {
        return Err(Refusal::new(Code::PolicyNotReleased));
    }
    if is_head {
        holds(&head, at)?;
    }
    for layer in policy.layers() {
        for tool in layer.tools.values() {
            let sql = "SELECT 1 FROM stop WHERE tool = $1";
            if reading.row(sql, &[tool.interface.name.as_str().into()])?.is_some() {
                return Err(Refusal::new(Code::ToolStopped).because(&tool.interface.name));
            }
        }
        let hash = Hash::of(&wpc_model::encode(layer));
        if revocations::find(&mut reading, &Revoked::Policy(hash))?.is_some() {
            return Err(Refusal::new(Code::Revoked).because("the policy"));
        }
    }
    if revocations::find(&mut reading, &Revoked::Job(request.job.clone()))?.is_some() {
        return Err(Refusal::new(Code::Revoked).because("the job"));
    }
    // A token of the second in which its agent was revoked would be revoked with it.
    for covers in [Revoked::Agent(request.sub.clone()), Revoked::IssuerKey(app.did())] {
        if let Some(found) = revocations::find(&mut reading, &covers)?
            && at.div_euclid(1_000).saturating_mul(1_000) <= found.at
        {
            return Err(Refusal::new(Code::Revoked).because("come again in a second"));
        }
    }
    Ok(())
}

fn holds(head: &Current, at: i64) -> Result<(), Refusal> {
    if at < head.not_before {
        return Err(Refusal::of(
            Code::PolicyNotReleased,
            "policy_release_early",
            "the release does not hold yet",
        ));
    }
    if at >= head.not_after {
        return Err(Refusal::of(
            Code::PolicyNotReleased,
            "policy_release_expired",
            "the release no longer holds",
        ));
    }
    Ok(())
}

/// What is known of a job.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Known {
    /// Nothing.
    New,
    /// It had tokens that say the same.
    Same,
    /// It is another's.
    Another,
}

fn job(reading: &mut Reading<'_>, request: &IssueRequest) -> Result<Known, Refusal> {
    let id = || request.job.as_str().into();
    let opened = reading.row("SELECT ledger FROM job WHERE job = $1", &[id()])?;
    if opened.map(|row| row.text(0)).transpose()?.is_some_and(|ledger| ledger != request.ledger.as_str()) {
        return Ok(Known::Another);
    }
    let sql = "SELECT agent, ledger, policy_hash FROM issued WHERE job = $1 ORDER BY exp LIMIT 1";
    let Some(row) = reading.row(sql, &[id()])? else { return Ok(Known::New) };
    let same = row.text(0)? == request.sub
        && row.text(1)? == request.ledger.as_str()
        && row.hash(2)? == request.policy_hash;
    Ok(if same { Known::Same } else { Known::Another })
}

/// SHA-256 of a token's compact form, as clawscope writes it.
pub(crate) fn token_hash(token: &str) -> String {
    Hash::of(token.as_bytes()).0.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn answer(made: &token::Issued, issuer: &Did) -> Result<Issued, Refusal> {
    let claims = made.token.claims();
    Ok(Issued {
        token: made.token.as_str().to_owned(),
        token_hash: token_hash(made.token.as_str()),
        grant: envelope(&made.grant)?,
        policy_hash_b64u: claims.policy_hash().to_string(),
        token_scope_hash_b64u: claims.claimed_scope_hash().to_string(),
        mission_id: claims.job().to_string(),
        kid: made.token.kid().to_owned(),
        issuer: issuer.to_string(),
        jti: claims.jti().to_owned(),
        iat: claims.iat_s(),
        exp: claims.exp_s(),
        claims: envelope(&claims.to_canonical())?,
    })
}

/// What a token is, and whether it is valid now (RFC 7662).
///
/// It is found by the whole of its compact form: what another spelling or another key made was not issued here.
#[utoipa::path(post, path = "/v1/tokens/introspect", tag = "tokens", request_body = Introspect,
    responses((status = 200, body = Introspected), (status = "default", body = Problem)))]
pub(crate) async fn introspect(
    State(app): State<Shared>,
    _caller: Caller,
    sent: Sent<SMALL>,
) -> Result<Json<Introspected>, Refusal> {
    let asked: Introspect = sent.json()?;
    let token =
        Token::parse(&asked.token).map_err(|error| Refusal::new(Code::TokenMalformed).because(error))?;
    let token_hash = token_hash(&asked.token);
    let (by, issuer, now_s) = (token_hash.clone(), app.did(), app.now_ms().div_euclid(1_000));
    let claims = token.claims().clone();
    let found = app
        .read(move |reading| {
            let sql = "SELECT 1 FROM issued WHERE token_hash = $1";
            if reading.row(sql, &[by.into()])?.is_none() {
                return Err(Refusal::new(Code::TokenUnknown));
            }
            if claims.exp_s() <= now_s {
                return Err(Refusal::new(Code::TokenExpired));
            }
            revocations::of_token(reading, &claims, &issuer)
        })
        .await?;
    let claims = token.claims();
    let revoked_at = found.map(|Found { at, .. }| at);
    Ok(Json(Introspected {
        active: found.is_none(),
        revoked: found.map(|_| true),
        token_hash,
        sub: claims.sub().to_owned(),
        aud: OneOrMore(claims.aud().map(str::to_owned).collect()),
        scope: claims.scope().map(str::to_owned).collect(),
        policy_hash_b64u: claims.policy_hash().to_string(),
        token_scope_hash_b64u: claims.claimed_scope_hash().to_string(),
        mission_id: claims.job().to_string(),
        jti: claims.jti().to_owned(),
        iat: claims.iat_s(),
        exp: claims.exp_s(),
        kid: token.kid().to_owned(),
        kid_source: "header".to_owned(),
        revoked_at: revoked_at.map(|at| at.div_euclid(1_000)),
        revoked_at_iso: revoked_at.and_then(time::to_text),
    }))
}
