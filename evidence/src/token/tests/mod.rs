//! Tokens, grants, proofs: each refusal has a case.

mod cache;
mod grants;
mod possession;
mod properties;
mod refusals;
mod vectors;

use wpc_model::{Auth, Hash};

use super::{Expected, IssueError, IssueRequest, Issued, TokenError, VerifiedToken, compact, issue, verify};
use crate::{Did, JobId, Key, Trust};

/// 2026-01-01T00:00:00Z.
pub(super) const NOW_S: i64 = 1_767_225_600;
pub(super) const AUTH: Auth =
    Auth { max_ttl_seconds: 900, pin_policy_hash: true, job_scoped_binding: true, proof_of_possession: true };

pub(super) fn issuer() -> Key {
    Key::from_seed(&[1; 32])
}

pub(super) fn agent() -> Key {
    Key::from_seed(&[2; 32])
}

pub(super) fn ledger() -> Did {
    Key::from_seed(&[3; 32]).did()
}

pub(super) fn job() -> JobId {
    JobId::parse("job_1").unwrap()
}

pub(super) fn policy_hash() -> Hash {
    Hash::of(b"policy")
}

/// The issuer, and somebody else with a key and no say about tokens.
pub(super) fn trust() -> Trust {
    let (issuer, author) = (issuer().did(), Key::from_seed(&[4; 32]).did());
    trust_of(&format!(
        r#"{{"v":1,"principals":[{{"name":"issuer","keys":["{issuer}"],"roles":["token_issuer"]}},
        {{"name":"author","keys":["{author}"],"roles":["policy_author"]}}]}}"#
    ))
}

pub(super) fn trust_of(text: &str) -> Trust {
    Trust::parse(text.as_bytes()).unwrap()
}

pub(super) fn request() -> IssueRequest {
    IssueRequest::new(&agent().did(), &ledger(), &job(), policy_hash())
}

/// Issues under a given name.
pub(super) fn issue_as(
    key: &Key,
    request: &IssueRequest,
    lifetime_s: i64,
    now_s: i64,
    jti: &str,
) -> Result<Issued, IssueError> {
    issue(key, &IssueRequest { jti: Some(jti.to_owned()), ..request.clone() }, lifetime_s, now_s)
}

pub(super) fn issued() -> Issued {
    issue_as(&issuer(), &request(), 900, NOW_S, "jti-1").unwrap()
}

/// The claims of [`issued`] as JSON, for tests to change.
pub(super) fn claims() -> serde_json::Value {
    serde_json::from_slice(&issued().token.claims().to_canonical()).unwrap()
}

/// The claims with one of them changed, and the scope hash put right.
pub(super) fn claims_with(member: &str, value: serde_json::Value) -> String {
    let mut claims = claims();
    claims[member] = value;
    let claims = claims.to_string();
    let Some(wire) = super::wire::Wire::read(claims.as_bytes()) else { return claims };
    claims.replace(&issued().token.claims().claimed_scope_hash().to_string(), &wire.scope_hash().to_string())
}

/// Signed by the issuer, whatever it says.
pub(super) fn signed(claims: &str) -> String {
    compact::sign(&issuer(), compact::header(&issuer().did()).as_bytes(), claims.as_bytes())
}

pub(super) fn verified(text: &str) -> Result<VerifiedToken, TokenError> {
    verified_at(text, NOW_S)
}

pub(super) fn verified_at(text: &str, now_s: i64) -> Result<VerifiedToken, TokenError> {
    let (ledger, job) = (ledger(), job());
    let expected = Expected { ledger: &ledger, policy_hash: policy_hash(), auth: &AUTH, job: Some(&job) };
    verify(text, &trust(), &expected, now_s)
}
