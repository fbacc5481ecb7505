//! A job's state in memory, derived from its entries.

use std::collections::BTreeMap;

use wpc_model::RuleId;

use super::append::{self, Attempted, Tables, Written};
use super::totals::{Total, Totals};
use super::{Body, Entry, JobHead, LedgerError, Misplaced, Verdict};
use crate::CallId;

/// What a job's entries add up to.
#[derive(Clone, Debug, Default)]
pub(super) struct Fold {
    pub(super) head: Option<JobHead>,
    pub(super) charges: BTreeMap<RuleId, Vec<Total>>,
    /// Canonical bytes, in order. Empty while entries that are kept elsewhere are folded.
    pub(super) entries: Vec<Vec<u8>>,
    counts: BTreeMap<String, u64>,
    attempts: BTreeMap<CallId, Attempted>,
}

impl Fold {
    /// Folds an entry that is already in the log.
    ///
    /// # Errors
    ///
    /// [`Misplaced`] if it cannot stand there.
    pub(super) fn step(&mut self, entry: &Entry, bytes: Vec<u8>) -> Result<(), LedgerError> {
        let job = append::follow(self, self.head.clone(), &entry.body, entry.at)?;
        let charges = append::charge(self, &entry.body, entry.at)?;
        if let Body::Closed(closed) = &entry.body
            && append::closing(self, entry.seq, closed.reason)? != *closed
        {
            return Err(Misplaced::ClosedDiffers.into());
        }
        self.write(Written { entry, bytes, charges, job })
    }

    fn of_limit(&self, limit: RuleId) -> &[Total] {
        self.charges.get(&limit).map_or(&[], Vec::as_slice)
    }
}

impl Totals for Fold {
    fn last(&self, limit: RuleId) -> Result<Total, LedgerError> {
        Ok(self.of_limit(limit).last().copied().unwrap_or(Total::NONE))
    }

    fn until(&self, limit: RuleId, at: i64) -> Result<Total, LedgerError> {
        let charges = self.of_limit(limit);
        let before = charges.partition_point(|charge| charge.at <= at);
        Ok(before.checked_sub(1).and_then(|last| charges.get(last)).copied().unwrap_or(Total::NONE))
    }

    fn nth(&self, limit: RuleId, n: u64) -> Result<Total, LedgerError> {
        let index = n.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let charge = index.and_then(|index| self.of_limit(limit).get(index));
        charge.copied().ok_or_else(|| LedgerError::unavailable("a charge is missing"))
    }
}

impl Tables for Fold {
    fn job(&self) -> Result<Option<JobHead>, LedgerError> {
        Ok(self.head.clone())
    }

    fn attempt(&self, call: &CallId) -> Result<Option<Attempted>, LedgerError> {
        Ok(self.attempts.get(call).copied())
    }

    fn counts(&self) -> Result<BTreeMap<String, u64>, LedgerError> {
        Ok(self.counts.clone())
    }

    fn unsettled(&self) -> Result<Vec<CallId>, LedgerError> {
        let unsettled = self.attempts.iter().filter(|(_, attempt)| attempt.unsettled);
        Ok(unsettled.map(|(call, _)| call.clone()).collect())
    }

    fn sums(&self) -> Result<BTreeMap<RuleId, i64>, LedgerError> {
        Ok(self.charges.iter().filter_map(|(limit, charges)| Some((*limit, charges.last()?.sum))).collect())
    }

    fn write(&mut self, written: Written<'_>) -> Result<(), LedgerError> {
        let Written { entry, bytes, charges, job } = written;
        let count = self.counts.entry(entry.body.kind().to_owned()).or_default();
        *count = count.saturating_add(1);
        match &entry.body {
            Body::Attempt(attempt) => {
                let admitted = matches!(attempt.verdict, Verdict::Allow { .. });
                let attempted = Attempted { seq: entry.seq, unsettled: admitted, admitted };
                self.attempts.insert(attempt.call.clone(), attempted);
            }
            Body::Outcome(settled) => {
                if let Some(attempt) = self.attempts.get_mut(&settled.call) {
                    attempt.unsettled = false;
                }
            }
            Body::Opened(_) | Body::Refused(_) | Body::Closed(_) => {}
        }
        for (limit, total) in charges {
            self.charges.entry(limit).or_default().push(total);
        }
        self.head = Some(job);
        self.entries.push(bytes);
        Ok(())
    }
}
