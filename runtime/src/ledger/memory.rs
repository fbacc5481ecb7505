//! A ledger in memory: for tests and demonstrations. It ends with the process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use super::append::{self, Writer};
use super::check::{self, Checked, Kept, Store};
use super::fold::Fold;
use super::{Appended, Decide, Entry, Instance, Ledger, LedgerError, Task, sealed};
use crate::clock::{Clock, SystemClock};
use crate::random::RandomError;
use crate::{Did, JobId};

/// Keeps everything in memory. Limits hold among the threads of this process only.
pub struct MemoryLedger {
    writer: Writer,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Time of the last entry of any job.
    last_at: i64,
    jobs: BTreeMap<JobId, Fold>,
}

impl MemoryLedger {
    /// A new, empty ledger named `did`, on this machine's clock.
    ///
    /// # Errors
    ///
    /// [`RandomError`] only if the operating system gives no randomness.
    pub fn new(did: Did) -> Result<Self, RandomError> {
        Self::with_clock(did, Arc::new(SystemClock::new()))
    }

    /// A new, empty ledger on another clock.
    ///
    /// # Errors
    ///
    /// [`RandomError`] only if the operating system gives no randomness.
    pub fn with_clock(did: Did, clock: Arc<dyn Clock>) -> Result<Self, RandomError> {
        let writer = Writer { ledger: did, instance: Instance::mint()? };
        Ok(Self { writer, clock, state: Mutex::default() })
    }

    fn lock(&self) -> Result<MutexGuard<'_, State>, LedgerError> {
        // A decision panicked while it held the lock: what it left is not trusted.
        self.state.lock().map_err(|_| LedgerError::unavailable("a decision panicked"))
    }
}

impl fmt::Debug for MemoryLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLedger").field("writer", &self.writer).finish_non_exhaustive()
    }
}

impl sealed::Sealed for MemoryLedger {}

impl Ledger for MemoryLedger {
    fn did(&self) -> &Did {
        &self.writer.ledger
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    fn append(&self, job: &JobId, decide: &mut Decide<'_>) -> Result<Appended, LedgerError> {
        let mut state = self.lock()?;
        let at = append::now(&*self.clock, state.last_at)?;
        if let Some(fold) = state.jobs.get_mut(job) {
            let before = fold.entries.len();
            let appended = append::append(fold, &self.writer, at, job, decide);
            if appended.is_err() && fold.entries.len() > before {
                // A later step failed: the steps before it never happened.
                *fold = refold(fold.entries.drain(..before))?;
            }
            let appended = appended?;
            state.last_at = at;
            return Ok(appended);
        }
        let mut fold = Fold::default();
        let appended = append::append(&mut fold, &self.writer, at, job, decide)?;
        if appended.count > 0 {
            state.last_at = at;
            state.jobs.insert(job.clone(), fold);
        }
        Ok(appended)
    }

    fn submit(&self, mut task: Box<dyn Task>) {
        let job = task.job().clone();
        let result = self.append(&job, &mut |head| task.decide(head));
        task.done(result);
    }

    fn jobs(&self) -> Result<Vec<JobId>, LedgerError> {
        Ok(self.lock()?.jobs.keys().cloned().collect())
    }

    fn entries(&self, job: &JobId, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        self.lock()?.entries(job, from, most)
    }

    fn check(&self) -> Result<Checked, LedgerError> {
        check::check(&*self.lock()?, &self.writer.ledger)
    }
}

fn refold(entries: impl Iterator<Item = Vec<u8>>) -> Result<Fold, LedgerError> {
    let mut fold = Fold::default();
    for bytes in entries {
        let entry = Entry::decode(&bytes).map_err(LedgerError::unavailable)?;
        fold.step(&entry, bytes)?;
    }
    Ok(fold)
}

impl Store for State {
    fn jobs(&self) -> Result<Vec<JobId>, LedgerError> {
        Ok(self.jobs.keys().cloned().collect())
    }

    fn entries(&self, job: &JobId, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let entries = self.jobs.get(job).map_or(&[][..], |fold| &fold.entries);
        Ok(entries.iter().skip(from).take(most).cloned().collect())
    }

    fn kept(&self, job: &JobId) -> Result<Kept, LedgerError> {
        let Some(fold) = self.jobs.get(job) else { return Ok(Kept::default()) };
        let last = fold.charges.iter().filter_map(|(limit, charges)| Some((*limit, *charges.last()?)));
        Ok(Kept { head: fold.head.clone(), meters: last.collect(), charges: fold.charges.clone() })
    }

    fn last_at(&self) -> Result<i64, LedgerError> {
        Ok(self.last_at)
    }

    fn agrees(&self, _: &Entry) -> Result<bool, LedgerError> {
        Ok(true)
    }

    fn rows(&self) -> Result<[u64; 2], LedgerError> {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let sum = |of: fn(&Fold) -> usize| {
            self.jobs.values().fold(0, |sum: u64, fold| sum.saturating_add(count(of(fold))))
        };
        Ok([sum(|fold| fold.charges.len()), sum(|fold| fold.charges.values().map(Vec::len).sum())])
    }
}
