//! The ledger: what happened in each job, and so the state from which limits are derived.
//!
//! ```text
//! Ledger::append(job, decide) ── lock ──▶ Head ──decide──▶ steps ──▶ entries, charges ── durable ──▶ Appended
//!                                          └─ a History: sums over counters, O(log n)
//! ```
//!
//! The decision runs *inside* the lock, on the job's head, so nothing can be charged between what
//! it saw and what it wrote. It is pure and may run more than once. [`MemoryLedger`] and
//! [`SqliteLedger`] differ in nothing but where the bytes are; both pass the same tests.

mod agents;
mod append;
mod check;
mod error;
mod memory;
mod secret;
mod sqlite;

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use wpc_evidence::fold::used;
use wpc_model::{Bound, Counter, Hash, History, Used};

use crate::clock::Clock;
use crate::{Did, JobId};

pub use check::{Checked, Finding};
pub use error::LedgerError;
pub use memory::MemoryLedger;
pub use sqlite::SqliteLedger;
pub use wpc_evidence::entry::{
    Attempt, Body, Charged, Closed, Closing, Engine, Entry, EntryError, FactsBy, Instance, MAX_AGENT_BYTES,
    MAX_CODE_BYTES, MAX_ENTRY_BYTES, Opened, Seen, Settled, Untyped, Verdict,
};
pub use wpc_evidence::fold::{JobHead, JobState, Misplaced};

/// Entries that a job may have before it takes no more calls. Outcomes of admitted calls are still
/// recorded; then the job is closed as exhausted.
pub const MAX_ENTRIES_PER_JOB: u64 = 100_000;

/// How far the wall clock may be behind the ledger, in milliseconds (SECURITY.md 1.13).
pub const MAX_CLOCK_BEHIND_MS: i64 = 5_000;

/// Decides at the head of a job what is appended: pure, because it may run again.
pub type Decide<'a> = dyn FnMut(&Head<'_>) -> Vec<Step> + 'a;

/// Where the entries of jobs are kept.
///
/// Sealed: what a gate promises rests on the promises made here.
pub trait Ledger: sealed::Sealed + fmt::Debug + Send + Sync {
    /// The ledger's name.
    fn did(&self) -> &Did;

    /// The clock that it reads inside its lock.
    fn clock(&self) -> &Arc<dyn Clock>;

    /// Decides at the head of `job` and records what was decided, as one step that either happens
    /// as a whole or not at all. Blocks until it is as durable as the ledger is.
    ///
    /// Nothing is written, and the clock alone is read, if `decide` gives no steps.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the store fails, the clock is too far behind, or a step does not fit the
    /// job's log.
    fn append(&self, job: &JobId, decide: &mut Decide<'_>) -> Result<Appended, LedgerError>;

    /// [`Ledger::append`] for callers that must not block: a ledger that waits for a disk does it
    /// on a thread of its own.
    fn submit(&self, task: Box<dyn Task>);

    /// The ids of all jobs, sorted.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the store fails.
    fn jobs(&self) -> Result<Vec<JobId>, LedgerError>;

    /// The canonical bytes of at most `most` entries of a job, from sequence number `from` on.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the store fails.
    fn entries(&self, job: &JobId, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError>;

    /// Derives everything again from the entries and compares it with what the ledger keeps.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the store fails; what it holds that is wrong is in [`Checked`].
    fn check(&self) -> Result<Checked, LedgerError>;
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// One append that somebody waits for elsewhere.
pub trait Task: Send {
    /// The job it is about.
    fn job(&self) -> &JobId;

    /// Whether anybody still waits. If not, a task that has not begun is dropped.
    fn is_wanted(&self) -> bool;

    /// As in [`Ledger::append`].
    fn decide(&mut self, head: &Head<'_>) -> Vec<Step>;

    /// Takes the result, once it is durable.
    fn done(self: Box<Self>, result: Result<Appended, LedgerError>);
}

/// What a decision appends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// This entry.
    Entry(Body),
    /// The `closed` entry that follows from the job's log.
    Close(Closing),
}

/// What was appended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Appended {
    /// Place of the first new entry, or where it would have been.
    pub first_seq: u64,
    /// How many entries are new.
    pub count: u64,
    /// The time they bear, Unix milliseconds.
    pub at: i64,
}

/// A job as it stands while a decision is taken.
pub struct Head<'a> {
    now_ms: i64,
    job: Option<&'a JobHead>,
    tables: &'a dyn append::Tables,
    failure: RefCell<Option<LedgerError>>,
}

impl<'a> Head<'a> {
    fn new(now_ms: i64, job: Option<&'a JobHead>, tables: &'a dyn append::Tables) -> Self {
        Self { now_ms, job, tables, failure: RefCell::new(None) }
    }

    /// The time that new entries will bear, Unix milliseconds: the wall clock's, but never before
    /// the ledger's last entry.
    #[must_use]
    pub const fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// The job, if it was opened.
    #[must_use]
    pub const fn job(&self) -> Option<&JobHead> {
        self.job
    }

    /// What was read; `None` if the store failed, and then the append fails whatever the decision is.
    fn read<T>(&self, read: Result<T, LedgerError>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                *self.failure.borrow_mut() = Some(error);
                None
            }
        }
    }
}

/// Says what [`wpc_model::Past`] says of all charges, in logarithmic time. If something cannot be
/// read, the append fails whatever the decision is.
impl History for Head<'_> {
    fn now(&self) -> i64 {
        self.now_ms
    }

    fn used(&self, bound: &Bound, amount: i64) -> Option<Used> {
        self.read(used(self.tables, bound, amount, self.now_ms))?
    }

    fn total(&self, counter: &Counter, until: Option<i64>) -> Option<i64> {
        let last = match until {
            Some(at) if at < self.now_ms => self.tables.until(counter, at),
            Some(_) | None => self.tables.last(counter),
        };
        Some(self.read(last)?.sum)
    }

    fn salted(&self, label: Hash) -> Option<Hash> {
        Some(self.read(self.tables.secret())?.salt(label))
    }
}

impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head").field("now_ms", &self.now_ms).field("job", &self.job).finish_non_exhaustive()
    }
}
