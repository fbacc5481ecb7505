//! A job's state in memory, derived from its entries.

use std::collections::BTreeMap;

mod misplaced;
mod step;
mod totals;

use wpc_model::{Counter, Hash, Owner, RuleId};

use crate::entry::{Body, Charged, Closed, Closing, Entry, Verdict};
use crate::merkle::empty_root;
use crate::{CallId, Outcome};

pub use misplaced::Misplaced;
pub use step::{Attempted, JobHead, JobState, Written, add, approved, charge, follow, one};
pub use totals::{Total, Totals, used};

/// What a job's entries add up to.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    /// The job, once it is open.
    pub head: Option<JobHead>,
    /// Of the job's own counters.
    pub meters: Meters<Total>,
    /// Canonical bytes, in order. Empty while entries that are kept elsewhere are folded.
    pub entries: Vec<Vec<u8>>,
    /// Charges to counters of the agent, which other jobs charge too: where they stand, and what they
    /// say.
    pub of_agent: Vec<OfAgent>,
    /// Approvals that were given.
    pub approvals: BTreeMap<Hash, Use>,
    counts: BTreeMap<String, u64>,
    attempts: BTreeMap<CallId, Attempted>,
}

/// A charge to a counter of the agent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OfAgent {
    /// Place of the entry that makes it.
    pub seq: u64,
    /// The entry's time, Unix milliseconds.
    pub at: i64,
    /// What it says.
    pub charged: Charged,
}

/// What became of an approval.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Use {
    /// How many calls it has admitted.
    pub used: u64,
    /// Hashes of the membership statements that came with it, sorted.
    pub memberships: Vec<Hash>,
}

/// Charges by counter, oldest first.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Meters<C>(pub BTreeMap<Counter, Vec<C>>);

impl<C> Default for Meters<C> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// A charge with its running total.
pub trait Running {
    /// The running total with it.
    fn total(&self) -> Total;
}

impl Running for Total {
    fn total(&self) -> Total {
        *self
    }
}

impl<C: Running> Meters<C> {
    fn of(&self, counter: &Counter) -> &[C] {
        self.0.get(counter).map_or(&[], Vec::as_slice)
    }

    /// Adds the charge that follows.
    pub fn push(&mut self, counter: Counter, charge: C) {
        self.0.entry(counter).or_default().push(charge);
    }

    /// The last total of each counter.
    pub fn last_of_each(&self) -> BTreeMap<Counter, Total> {
        self.0.iter().filter_map(|(counter, charges)| Some((*counter, charges.last()?.total()))).collect()
    }

    /// Counters and charges.
    pub fn count(&self) -> [u64; 2] {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let charges = self.0.values().fold(0_u64, |sum, charges| sum.saturating_add(count(charges.len())));
        [count(self.0.len()), charges]
    }
}

impl<C: Running, E: From<Misplaced>> Totals<E> for Meters<C> {
    fn last(&self, counter: &Counter) -> Result<Total, E> {
        Ok(self.of(counter).last().map_or(Total::NONE, Running::total))
    }

    fn until(&self, counter: &Counter, at: i64) -> Result<Total, E> {
        let charges = self.of(counter);
        let before = charges.partition_point(|charge| charge.total().at <= at);
        Ok(before.checked_sub(1).and_then(|last| charges.get(last)).map_or(Total::NONE, Running::total))
    }

    fn nth(&self, counter: &Counter, n: u64) -> Result<Total, E> {
        let index = n.checked_sub(1).and_then(|index| usize::try_from(index).ok());
        let charge = index.and_then(|index| self.of(counter).get(index));
        charge.map(Running::total).ok_or(Misplaced::ChargeDiffers.into())
    }
}

impl Fold {
    /// Folds an entry that is already in the log, given its leaf's hash. Charges to counters of the agent
    /// are noted; `bytes` are kept as they are, empty where the entries are kept elsewhere.
    ///
    /// # Errors
    ///
    /// [`Misplaced`] if it cannot stand there.
    pub fn step(&mut self, entry: &Entry, leaf: Hash, bytes: Vec<u8>) -> Result<(), Misplaced> {
        let known = |call: &CallId| Ok::<_, Misplaced>(self.attempt(call));
        let mut job = follow(known, self.head.clone(), &entry.body, entry.at)?;
        job.frontier.push(leaf).map_err(|_| Misplaced::Malformed)?;
        approved(&entry.body, |approval| Ok::<_, Misplaced>(self.approvals.contains_key(approval)))?;
        let (own, of_agent): (Vec<_>, Vec<_>) =
            entry.body.charges().iter().partition(|charge| charge.counter.owner == Owner::Job);
        let charges = charge(&self.meters, &entry.body, own, entry.at)?;
        if let Body::Closed(closed) = &entry.body
            && self.closing(entry.seq, self.root(), closed.reason) != *closed
        {
            return Err(Misplaced::ClosedDiffers);
        }
        let noted =
            of_agent.into_iter().map(|charged| OfAgent { seq: entry.seq, at: entry.at, charged: *charged });
        self.of_agent.extend(noted);
        self.write(Written { entry, bytes, charges, job });
        Ok(())
    }

    /// The root of the tree over the entries.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.head.as_ref().map_or_else(empty_root, |head| head.frontier.root())
    }

    fn closing(&self, seq: u64, root: Hash, reason: Closing) -> Closed {
        Closed {
            reason,
            entries: seq,
            root,
            counts: self.counts.clone(),
            unsettled: self.unsettled(),
            totals: self.sums(),
        }
    }

    /// What is known of a call.
    #[must_use]
    pub fn attempt(&self, call: &CallId) -> Option<Attempted> {
        self.attempts.get(call).copied()
    }

    /// How many entries of each kind there are.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }

    /// Admitted calls without an outcome, sorted.
    #[must_use]
    pub fn unsettled(&self) -> Vec<CallId> {
        let unsettled = self.attempts.iter().filter(|(_, attempt)| attempt.unsettled);
        unsettled.map(|(call, _)| call.clone()).collect()
    }

    /// The sum of all charges of each statement, over the job's own counters.
    #[must_use]
    pub fn sums(&self) -> BTreeMap<RuleId, i64> {
        let mut sums = BTreeMap::new();
        for (counter, total) in self.meters.last_of_each() {
            add(sums.entry(counter.statement).or_default(), total.sum);
        }
        sums
    }

    /// Takes an entry and its charges to the job's own counters.
    pub fn write(&mut self, written: Written<'_>) {
        let Written { entry, bytes, charges, job } = written;
        let count = self.counts.entry(entry.body.kind().to_owned()).or_default();
        *count = count.saturating_add(1);
        match &entry.body {
            Body::Attempt(attempt) => {
                let admitted = matches!(attempt.verdict, Verdict::Allow { .. });
                let attempted =
                    Attempted { seq: entry.seq, unsettled: admitted, admitted, awaits_late: false };
                self.attempts.insert(attempt.call.clone(), attempted);
                for approval in &attempt.approvals {
                    if let Some(one) = self.approvals.get_mut(approval) {
                        one.used = one.used.saturating_add(1);
                    }
                }
            }
            Body::Outcome(settled) => {
                if let Some(attempt) = self.attempts.get_mut(&settled.call) {
                    attempt.unsettled = false;
                    attempt.awaits_late = !settled.late && matches!(settled.outcome, Outcome::Unknown { .. });
                }
            }
            Body::Approval(given) => {
                let memberships = given.memberships.clone();
                self.approvals.insert(given.approval, Use { used: 0, memberships });
            }
            Body::Opened(_)
            | Body::Token(_)
            | Body::Refused(_)
            | Body::ModelCall(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::PolicyChanged(_)
            | Body::ClockAccepted(_)
            | Body::Closed(_) => {}
        }
        for (counter, total) in charges {
            self.meters.push(counter, total);
        }
        self.head = Some(job);
        self.entries.push(bytes);
    }
}
