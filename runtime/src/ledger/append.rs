//! One append, the same for every store.

use std::collections::BTreeMap;

use wpc_evidence::fold::{Attempted, JobHead, Misplaced, Totals, Written, charge, follow};
use wpc_evidence::time;
use wpc_model::RuleId;

use super::secret::Secret;
use super::{
    Appended, Body, Closed, Closing, Decide, Entry, Head, Instance, LedgerError, MAX_CLOCK_BEHIND_MS, Step,
};
use crate::clock::Clock;
use crate::{CallId, Did, JobId};

/// One job in a store, locked for one append. What is written is seen by later reads.
pub(super) trait Tables: Totals<LedgerError> {
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
