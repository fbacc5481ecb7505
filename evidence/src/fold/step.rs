//! One entry after another: what may stand where, and what it charges.

use std::collections::BTreeSet;

use wpc_model::{Counter, Hash, MAX_INTEGER};

use super::Misplaced;
use super::totals::{Total, Totals};
use crate::CallId;
use crate::entry::{Body, Charged, Entry, Verdict};
use crate::merkle::Frontier;

/// What is known of an opened job.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JobHead {
    /// Who works on it.
    pub agent: String,
    /// Its policy.
    pub policy_hash: Hash,
    /// Whether it takes entries.
    pub state: JobState,
    /// Entries so far: the next sequence number.
    pub size: u64,
    /// Time of the last entry, Unix milliseconds.
    pub last_at: i64,
    /// Admitted calls without an outcome.
    pub unsettled: u64,
    /// The right edge of the tree over its entries.
    pub frontier: Frontier,
}

/// Whether a job takes entries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum JobState {
    /// It does.
    Open,
    /// Its last entry is `closed`.
    Closed,
}

/// An attempt in the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Attempted {
    /// Its place.
    pub seq: u64,
    /// Admitted and without an outcome.
    pub unsettled: bool,
    /// Admitted.
    pub admitted: bool,
    /// Its outcome is `unknown`, and no late one has come.
    pub awaits_late: bool,
}

/// All that one entry writes.
#[derive(Debug)]
pub struct Written<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
    /// New running totals by counter.
    pub charges: Vec<(Counter, Total)>,
    /// The job after it.
    pub job: JobHead,
}

/// The job after `body`, if `body` may stand there; its tree still lacks the entry. `attempt` knows the
/// job's calls.
///
/// # Errors
///
/// [`Misplaced`] if it may not, or what `attempt` fails with.
pub fn follow<E: From<Misplaced>>(
    attempt: impl Fn(&CallId) -> Result<Option<Attempted>, E>,
    job: Option<JobHead>,
    body: &Body,
    at: i64,
) -> Result<JobHead, E> {
    let mut job = match (job, body) {
        (None, Body::Opened(opened)) => JobHead {
            agent: opened.agent.clone(),
            policy_hash: opened.policy_hash,
            state: JobState::Open,
            size: 0,
            last_at: at,
            unsettled: 0,
            frontier: Frontier::new(),
        },
        (None, _) => return Err(Misplaced::NotOpen.into()),
        (Some(_), Body::Opened(_)) => return Err(Misplaced::AlreadyOpen.into()),
        (Some(job), _) => job,
    };
    if job.state == JobState::Closed {
        return Err(Misplaced::AfterClosed.into());
    }
    match body {
        Body::Opened(_)
        | Body::Token(_)
        | Body::Refused(_)
        | Body::ModelCall(_)
        | Body::Approval(_)
        | Body::Revoked(_)
        | Body::Suppressed(_)
        | Body::PolicyChanged(_)
        | Body::ClockAccepted(_) => {}
        Body::Attempt(attempted) => {
            if attempt(&attempted.call)?.is_some() {
                return Err(Misplaced::CallRepeated.into());
            }
            if matches!(attempted.verdict, Verdict::Allow { .. }) {
                job.unsettled = job.unsettled.saturating_add(1);
            }
        }
        Body::Outcome(settled) => match attempt(&settled.call)? {
            Some(attempt) if attempt.admitted && attempt.seq == settled.attempt_seq => match settled.late {
                true if attempt.awaits_late => {}
                false if attempt.unsettled => job.unsettled = job.unsettled.saturating_sub(1),
                true | false => return Err(Misplaced::OutcomeRepeated.into()),
            },
            _ => return Err(Misplaced::OutcomeUnmatched.into()),
        },
        Body::Closed(_) => job.state = JobState::Closed,
    }
    job.size = job.size.saturating_add(1);
    job.last_at = at;
    Ok(job)
}

/// Whether the approvals that `body` speaks of may stand there: each is given once, and used only after.
///
/// # Errors
///
/// [`Misplaced`] if not, or what `given` fails with.
pub fn approved<E: From<Misplaced>>(body: &Body, given: impl Fn(&Hash) -> Result<bool, E>) -> Result<(), E> {
    match body {
        Body::Approval(approval) if given(&approval.approval)? => Err(Misplaced::ApprovalRepeated.into()),
        Body::Attempt(attempt) => {
            for approval in &attempt.approvals {
                if !given(approval)? {
                    return Err(Misplaced::ApprovalUnknown.into());
                }
            }
            Ok(())
        }
        Body::Approval(_)
        | Body::Opened(_)
        | Body::Token(_)
        | Body::Refused(_)
        | Body::ModelCall(_)
        | Body::Outcome(_)
        | Body::Revoked(_)
        | Body::Suppressed(_)
        | Body::PolicyChanged(_)
        | Body::ClockAccepted(_)
        | Body::Closed(_) => Ok(()),
    }
}

/// The running totals after `charges` of `body`, which must start from what the ledger holds. Only
/// an outcome gives back.
///
/// # Errors
///
/// [`Misplaced`] if a charge does not start there, or what the totals fail with.
pub fn charge<'c, E: From<Misplaced>>(
    totals: &dyn Totals<E>,
    body: &Body,
    charges: impl IntoIterator<Item = &'c Charged>,
    at: i64,
) -> Result<Vec<(Counter, Total)>, E> {
    let least = if matches!(body, Body::Outcome(_)) { i64::MIN } else { 0 };
    let (mut charged, mut counters) = (Vec::new(), BTreeSet::new());
    for charge in charges {
        // An entry charges a counter once.
        if charge.amount < least || !counters.insert(charge.counter) {
            return Err(Misplaced::ChargeDiffers.into());
        }
        charged.push((charge.counter, one(totals, charge, at)?));
    }
    Ok(charged)
}

/// The running total after one charge.
///
/// # Errors
///
/// As [`charge`].
pub fn one<E: From<Misplaced>>(totals: &dyn Totals<E>, charge: &Charged, at: i64) -> Result<Total, E> {
    let last = totals.last(&charge.counter)?;
    let base = match charge.window_ms {
        None => Total::NONE,
        Some(ms) => totals.until(&charge.counter, at.saturating_sub(ms))?,
    };
    if last.sum.checked_sub(base.sum) != Some(charge.before) {
        return Err(Misplaced::ChargeDiffers.into());
    }
    match (last.n.checked_add(1), last.sum.checked_add(charge.amount)) {
        (Some(n), Some(sum)) if sum >= 0 => Ok(Total { n, at, sum }),
        _ => Err(Misplaced::ChargeDiffers.into()),
    }
}

/// A statement's sum with that of one more of its counters; never more than an entry may hold.
pub fn add(sum: &mut i64, more: i64) {
    *sum = sum.saturating_add(more).min(MAX_INTEGER);
}
