//! One append, the same for every store.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{Counter, MAX_INTEGER, RuleId};

use super::secret::Secret;
use super::totals::{Total, Totals};
use super::{
    Appended, Body, Charged, Closed, Closing, Decide, Entry, Head, Instance, JobHead, JobState, LedgerError,
    MAX_CLOCK_BEHIND_MS, Misplaced, Step, Verdict, time,
};
use crate::clock::Clock;
use crate::{CallId, Did, JobId};

/// One job in a store, locked for one append. What is written is seen by later reads.
pub(super) trait Tables: Totals {
    /// The job, if it was opened.
    fn job(&self) -> Result<Option<JobHead>, LedgerError>;

    /// The job's secret; a new one if it has none, which is kept with the next entry.
    fn secret(&self) -> Result<Secret, LedgerError>;

    /// What is known of a call.
    fn attempt(&self, call: &CallId) -> Result<Option<Attempted>, LedgerError>;

    /// How many entries of each kind the job has.
    fn counts(&self) -> Result<BTreeMap<String, u64>, LedgerError>;

    /// Admitted calls without an outcome, sorted.
    fn unsettled(&self) -> Result<Vec<CallId>, LedgerError>;

    /// The sum of all charges of each statement, over the job's own counters.
    fn sums(&self) -> Result<BTreeMap<RuleId, i64>, LedgerError>;

    /// Writes an entry, the charges it makes and the job as it stands after it.
    fn write(&mut self, written: Written<'_>) -> Result<(), LedgerError>;
}

/// An attempt in the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Attempted {
    /// Its place.
    pub(super) seq: u64,
    /// Admitted and without an outcome.
    pub(super) unsettled: bool,
    /// Admitted.
    pub(super) admitted: bool,
}

/// All that one entry writes.
#[derive(Debug)]
pub(super) struct Written<'a> {
    /// The entry.
    pub(super) entry: &'a Entry,
    /// Its canonical bytes.
    pub(super) bytes: Vec<u8>,
    /// New running totals by counter.
    pub(super) charges: Vec<(Counter, Total)>,
    /// The job after it.
    pub(super) job: JobHead,
}

/// Who writes.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    pub(super) ledger: Did,
    pub(super) instance: Instance,
}

/// Takes one decision at the head of `job` and writes it to `tables`. `at` is [`now`]'s. On an error
/// the caller discards what was written.
pub(super) fn append(
    tables: &mut dyn Tables,
    writer: &Writer,
    at: i64,
    job: &JobId,
    decide: &mut Decide<'_>,
) -> Result<Appended, LedgerError> {
    let mut state = tables.job()?;
    let first_seq = state.as_ref().map_or(0, |job| job.size);
    let steps = {
        let head = Head::new(at, state.as_ref(), &*tables);
        let steps = decide(&head);
        if let Some(error) = head.failure.into_inner() {
            return Err(error);
        }
        steps
    };
    let mut count = 0_u64;
    for step in steps {
        let seq = state.as_ref().map_or(0, |job| job.size);
        let body = match step {
            Step::Entry(body) => body,
            Step::Close(reason) => Body::Closed(closing(tables, seq, reason)?),
        };
        let after = follow(|call| tables.attempt(call), state.take(), &body, at)?;
        let charges = charge(tables, &body, body.charges(), at)?;
        let entry = Entry {
            ledger: writer.ledger,
            instance: writer.instance.clone(),
            job: job.clone(),
            seq,
            at,
            body,
        };
        let bytes = entry.encode().map_err(|_| Misplaced::Malformed)?;
        tables.write(Written { entry: &entry, bytes, charges, job: after.clone() })?;
        state = Some(after);
        count = count.saturating_add(1);
    }
    Ok(Appended { first_seq, count, at })
}

/// The time of new entries: the wall clock's, but never before that of the ledger's last entry, of
/// any job.
pub(super) fn now(clock: &dyn Clock, last_ms: i64) -> Result<i64, LedgerError> {
    let wall_ms = clock.wall_ms();
    if !(0..=time::MAX_TIME_MS).contains(&wall_ms) {
        return Err(LedgerError::ClockOutOfRange);
    }
    let behind_ms = last_ms.saturating_sub(wall_ms);
    if behind_ms > MAX_CLOCK_BEHIND_MS {
        return Err(LedgerError::ClockBehind { behind_ms });
    }
    Ok(wall_ms.max(last_ms))
}

/// The job after `body`, if `body` may stand there. `attempt` knows the job's calls.
pub(super) fn follow(
    attempt: impl Fn(&CallId) -> Result<Option<Attempted>, LedgerError>,
    job: Option<JobHead>,
    body: &Body,
    at: i64,
) -> Result<JobHead, LedgerError> {
    let mut job = match (job, body) {
        (None, Body::Opened(opened)) => JobHead {
            agent: opened.agent.clone(),
            policy_hash: opened.policy_hash,
            state: JobState::Open,
            size: 0,
            last_at: at,
            unsettled: 0,
        },
        (None, _) => return Err(Misplaced::NotOpen.into()),
        (Some(_), Body::Opened(_)) => return Err(Misplaced::AlreadyOpen.into()),
        (Some(job), _) => job,
    };
    if job.state == JobState::Closed {
        return Err(Misplaced::AfterClosed.into());
    }
    match body {
        Body::Opened(_) | Body::Refused(_) => {}
        Body::Attempt(attempted) => {
            if attempt(&attempted.call)?.is_some() {
                return Err(Misplaced::CallRepeated.into());
            }
            if matches!(attempted.verdict, Verdict::Allow { .. }) {
                job.unsettled = job.unsettled.saturating_add(1);
            }
        }
        Body::Outcome(settled) => match attempt(&settled.call)? {
            Some(attempt) if attempt.admitted && attempt.seq == settled.attempt_seq => {
                if !attempt.unsettled {
                    return Err(Misplaced::OutcomeRepeated.into());
                }
                job.unsettled = job.unsettled.saturating_sub(1);
            }
            _ => return Err(Misplaced::OutcomeUnmatched.into()),
        },
        Body::Closed(_) => job.state = JobState::Closed,
    }
    job.size = job.size.saturating_add(1);
    job.last_at = at;
    Ok(job)
}

/// The running totals after `charges` of `body`, which must start from what the ledger holds. Only
/// an outcome gives back.
pub(super) fn charge<'c>(
    tables: &dyn Totals,
    body: &Body,
    charges: impl IntoIterator<Item = &'c Charged>,
    at: i64,
) -> Result<Vec<(Counter, Total)>, LedgerError> {
    let least = if matches!(body, Body::Outcome(_)) { i64::MIN } else { 0 };
    let (mut totals, mut charged) = (Vec::new(), BTreeSet::new());
    for charge in charges {
        // An entry charges a counter once.
        if charge.amount < least || !charged.insert(charge.counter) {
            return Err(Misplaced::ChargeDiffers.into());
        }
        totals.push((charge.counter, one(tables, charge, at)?));
    }
    Ok(totals)
}

/// The running total after one charge.
pub(super) fn one(tables: &dyn Totals, charge: &Charged, at: i64) -> Result<Total, LedgerError> {
    let last = tables.last(&charge.counter)?;
    let base = match charge.window_ms {
        None => Total::NONE,
        Some(ms) => tables.until(&charge.counter, at.saturating_sub(ms))?,
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
pub(super) fn add(sum: &mut i64, more: i64) {
    *sum = sum.saturating_add(more).min(MAX_INTEGER);
}

/// The `closed` entry that follows from the job's log.
pub(super) fn closing(tables: &dyn Tables, seq: u64, reason: Closing) -> Result<Closed, LedgerError> {
    Ok(Closed {
        reason,
        entries: seq,
        counts: tables.counts()?,
        unsettled: tables.unsettled()?,
        totals: tables.sums()?,
    })
}
