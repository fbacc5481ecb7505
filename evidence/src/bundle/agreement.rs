//! Stage 6: that all parts speak of the same job, and each call was made under a token that was valid.

use super::code::Code;
use super::grants::Tokens;
use super::log::{Logged, readable};
use super::policy::{Under, opened};
use super::read::Run;
use super::report::{Finding, Findings, stop};
use crate::entry::{Attempt, Body};
use crate::token::MAX_AHEAD_S;

/// Compares them.
pub(super) fn verify(
    run: &Run<'_>,
    entries: &[Logged],
    under: &Under,
    tokens: &Tokens,
) -> Result<(), Findings> {
    let mut found = Findings::new();
    let ledger = run.origin.ledger_did();
    for entry in readable(entries).filter(|entry| entry.ledger != *ledger) {
        found.push(Finding::new(Code::LedgerMismatch).at(entry.seq));
    }
    let job = run.origin.job_id();
    if job.is_none_or(|job| job.as_str() != run.job) {
        found.push(Finding::new(Code::JobMismatch).because("the run's metadata"));
    }
    if let Some((opened, _)) = opened(entries) {
        if run.agent != opened.agent || run.tool_version != opened.tool_version {
            found.push(Finding::new(Code::AgentMismatch).because("the run's metadata"));
        }
        if !under.policy.admits_agent(&opened.agent) {
            found.push(Finding::new(Code::AgentMismatch).because("the policy is for other agents"));
        }
        if opened.policy != under.policy.name {
            found.push(Finding::new(Code::PolicyMismatch).because("the policy's name"));
        }
        for held in &tokens.held {
            if Some(&held.job) != job {
                found.push(Finding::new(Code::JobMismatch).at(held.seq).because("a grant"));
            }
            if held.agent != opened.agent {
                found.push(Finding::new(Code::AgentMismatch).at(held.seq).because("a grant"));
            }
            if under.auth.pin_policy_hash && held.policy_hash != under.hash {
                found.push(Finding::new(Code::PolicyMismatch).at(held.seq).because("a grant"));
            }
            if held.ledger != *ledger {
                found.push(Finding::new(Code::LedgerMismatch).at(held.seq).because("a grant"));
            }
        }
    }
    for entry in readable(entries) {
        if let Body::Attempt(attempt) = &entry.body
            && let Some(why) = without_token(attempt, entry.seq, entry.at, under, tokens)
        {
            found.push(Finding::new(Code::TokenNotValidAt).at(entry.seq).because(why));
        }
    }
    stop(found)
}

/// Why a call was not made under a valid token, if it was not.
fn without_token(
    attempt: &Attempt,
    seq: u64,
    at: i64,
    under: &Under,
    tokens: &Tokens,
) -> Option<&'static str> {
    let auth = &under.auth;
    let Some(jti) = &attempt.jti else {
        let demanded = auth.pin_policy_hash || auth.job_scoped_binding || !tokens.held.is_empty();
        return demanded.then_some("no token");
    };
    let Some((_, held)) = tokens.at(jti, seq) else { return Some("a token that the job had not taken") };
    let taken = &held.taken;
    if at >= taken.exp.saturating_mul(1_000) {
        return Some("expired");
    }
    let ahead_ms = taken.iat.saturating_sub(MAX_AHEAD_S).saturating_mul(1_000);
    (at < ahead_ms).then_some("not issued yet")
}
