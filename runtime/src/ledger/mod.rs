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
mod beside;
mod check;
mod columns;
mod cosigned;
mod error;
mod followed;
mod heads;
mod lease;
mod memory;
mod pin;
#[cfg(feature = "postgres")]
mod postgres;
mod queue;
mod receipt;
mod sqlite;
mod time;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wpc_evidence::checkpoint::SignedCheckpoint;
use wpc_evidence::commitment::JobSecret;
use wpc_evidence::fold::{Attempted, Use, used};
use wpc_evidence::statement::Released;
use wpc_model::{Bound, Counter, Hash, History, Used};

use crate::clock::Clock;
use crate::follow::Follow;
use crate::{CallId, Did, JobId};

use append::Tables;

pub use beside::{Beside, Document, Opened as Opening, ReleaseRow, RevocationKey, RevocationRow};
pub use check::{Checked, Finding};
pub use cosigned::witness_request;
pub use error::LedgerError;
pub use followed::Followed;
pub use memory::MemoryLedger;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresConfig, PostgresLedger};
pub use receipt::receipt;
pub use sqlite::SqliteLedger;
pub use wpc_evidence::entry::{
    Attempt, Body, Charged, ClockAccepted, Closed, Closing, Engine, Entry, EntryError, Fact, FactsBy, Given,
    Instance, MAX_AGENT_BYTES, MAX_CODE_BYTES, MAX_ENTRY_BYTES, ModelCall, Opened, PolicyChanged, Proof,
    Revoked, Seen, Settled, Suppressed, Taken, Untyped, Verdict,
};
pub use wpc_evidence::fold::{JobHead, JobState, Misplaced};
pub use wpc_evidence::receipt::{MAX_RECEIPT_BYTES, Receipt, ReceiptError};

/// Entries that a job may have before it takes no more calls. Outcomes of admitted calls are still
/// recorded; then the job is closed as exhausted.
pub const MAX_ENTRIES_PER_JOB: u64 = 100_000;

/// How far the wall clock may be behind the ledger, in milliseconds (SECURITY.md 1.13).
pub const MAX_CLOCK_BEHIND_MS: i64 = 5_000;

/// How much more or less than the steady clock the wall clock may move between two appends of a process, in
/// milliseconds (SECURITY.md 1.13).
pub const MAX_CLOCK_JUMP_MS: i64 = 5_000;

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

    /// Who keeps it up to date with a control plane, if anybody does ([`Followed`]).
    fn follow(&self) -> Option<&dyn Follow> {
        None
    }

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

    /// The signed head of a job's log: its size and root as of its last entry.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if there is no such job, the store fails, or this ledger was opened without its
    /// key and nobody signed that head.
    fn job_checkpoint(&self, job: &JobId) -> Result<SignedCheckpoint, LedgerError>;

    /// The signed head of the ledger's own log.
    ///
    /// # Errors
    ///
    /// As [`Ledger::job_checkpoint`].
    fn checkpoint(&self) -> Result<SignedCheckpoint, LedgerError>;

    /// Adds to the ledger's own log how far every job has come that has grown since, and gives the
    /// log's new signed head.
    ///
    /// # Errors
    ///
    /// As [`Ledger::job_checkpoint`].
    fn anchor(&self) -> Result<SignedCheckpoint, LedgerError>;

    /// Keeps a head of the ledger's own log that witnesses cosigned, or more signatures of one that is kept. The
    /// newest few are kept. Whose signatures count is whoever reads them to say.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Forked`] and [`LedgerError::BehindCheckpoint`] if the head is not of this ledger's history,
    /// [`LedgerError::Checkpoint`] if the ledger did not sign it, or the store fails.
    fn keep_cosigned(&self, head: &SignedCheckpoint) -> Result<(), LedgerError>;

    /// The heads that are kept, the newest first.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the store fails.
    fn cosigned(&self) -> Result<Vec<SignedCheckpoint>, LedgerError>;

    /// The leaves of the ledger's own log, at most `most` from index `from` on.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the store fails.
    fn leaves(&self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError>;

    /// What the entries of a job commit to, as far as it is not erased, in their order.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the store fails.
    fn openings(&self, job: &JobId) -> Result<Vec<Opening>, LedgerError>;

    /// The signed document whose payload has this hash.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the store fails.
    fn document(&self, hash: &Hash) -> Result<Option<Document>, LedgerError>;

    /// Takes a revocation. Once this returns, no call that it is about is admitted by anybody who
    /// shares this ledger; one that was admitted before begins within [`crate::BEGIN_WITHIN`] or never.
    ///
    /// Whoever calls has verified the statement, and that it follows the ledger's last one: `seq` is the
    /// place that it names. The same may be revoked again, which covers the tokens that were issued since, or
    /// lifted, if it is an agent or an issuer's key: then tokens that were issued before are good again.
    ///
    /// # Errors
    ///
    /// [`Misplaced::RevocationGap`] if `seq` is not the next place: another revocation came between.
    /// [`Misplaced::NotRevoked`] if it lifts what is not revoked.
    /// [`LedgerError`] if the store fails.
    fn revoke(&self, seq: u64, revocation: RevocationKey, envelope: &[u8]) -> Result<(), LedgerError>;

    /// The revocations that come after place `after`, in their order; all of them after 0.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the store fails.
    fn revocations(&self, after: u64) -> Result<Vec<RevocationRow>, LedgerError>;

    /// Takes a release. Once this returns, no call is admitted by anybody who shares this ledger that does not
    /// take it into account.
    ///
    /// Whoever calls has verified the statement ([`crate::release::submit`] does).
    ///
    /// # Errors
    ///
    /// [`Misplaced::ReleaseGap`] if it does not follow the last release of its policy's name: another one came
    /// between. [`LedgerError`] if the store fails.
    fn release(&self, released: &Released, envelope: &[u8]) -> Result<(), LedgerError>;

    /// The releases of a policy's name, in their order.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the store fails.
    fn releases(&self, policy_name: &str) -> Result<Vec<ReleaseRow>, LedgerError>;

    /// Takes the clock's word after a jump, as it stands now; `by` says who does. Every open job's log gets an
    /// entry of it.
    ///
    /// After a jump back, entries bear the time of the last one until the clock has caught up.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the clock is out of range, `by` cannot stand in an entry, or the store fails.
    fn accept_clock(&self, by: &str) -> Result<ClockAccepted, LedgerError>;

    /// Deletes the openings of a job and its secret: its values can then no longer be shown or guessed,
    /// and its log still verifies. Only of a job that is closed.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the job is open or unknown, or the store fails.
    fn erase(&self, job: &JobId) -> Result<(), LedgerError>;

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
    /// This entry, and what is kept beside it.
    With(Body, Box<Beside>),
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
    /// What the ledger's steady clock ([`Clock::monotonic`]) said just before that time was read: what may begin
    /// within a second of the append begins within a second of this.
    pub since: Duration,
}

/// A job as it stands while a decision is taken.
pub struct Head<'a> {
    now_ms: i64,
    id: &'a JobId,
    job: Option<&'a JobHead>,
    tables: &'a dyn Tables,
    /// Of a job that is not open: the secret that it gets, so that its first entry can charge under it.
    fresh: Option<&'a JobSecret>,
    failure: RefCell<Option<LedgerError>>,
}

impl<'a> Head<'a> {
    fn new(
        now_ms: i64,
        id: &'a JobId,
        job: Option<&'a JobHead>,
        tables: &'a dyn Tables,
        fresh: Option<&'a JobSecret>,
    ) -> Self {
        Self { now_ms, id, job, tables, fresh, failure: RefCell::new(None) }
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

    /// The job's approvals; none if they cannot be read.
    pub(crate) fn approvals(&self) -> BTreeMap<Hash, Use> {
        self.read(self.tables.approvals()).unwrap_or_default()
    }

    /// The signed document whose payload has this hash.
    pub(crate) fn document(&self, hash: &Hash) -> Option<Document> {
        self.read(self.tables.document(hash))?
    }

    /// Admitted attempts without an outcome whose process is known to be dead.
    pub(crate) fn lapsed(&self) -> Vec<Entry> {
        let bodies = self.read(self.tables.lapsed(self.now_ms)).unwrap_or_default();
        bodies.iter().filter_map(|body| Entry::decode(body).ok()).collect()
    }

    /// What is known of a call.
    pub(crate) fn attempt(&self, call: &CallId) -> Option<Attempted> {
        self.read(self.tables.attempt(call))?
    }

    /// The job's secret, unless it was erased.
    pub(crate) fn secret(&self) -> Option<JobSecret> {
        let kept = || Some(JobSecret::from_bytes(&self.read(self.tables.secret())??));
        self.fresh.cloned().or_else(kept)
    }

    /// Whether the job took this token, whose grant has this hash.
    pub(crate) fn has_token(&self, issuer: &Did, jti: &str, grant: &Hash) -> bool {
        let taken = self.read(self.tables.token(issuer, jti)).flatten();
        taken.is_some_and(|(job, known)| known == *grant && job == *self.id)
    }

    /// How many revocations the ledger holds.
    pub(crate) fn revocations(&self) -> u64 {
        self.read(self.tables.revocations()).unwrap_or_default()
    }

    /// Place and time of the last revocation of this, if there is one that is not lifted.
    pub(crate) fn revoked(&self, what: &RevocationKey) -> Option<(u64, i64)> {
        self.read(self.tables.revoked(what))?
    }

    /// How many releases the ledger holds, of all policies.
    pub(crate) fn releases(&self) -> u64 {
        self.read(self.tables.releases()).unwrap_or_default()
    }

    /// The releases of a policy's name that come after number `seq`.
    pub(crate) fn released(&self, policy_name: &str, seq: u64) -> Vec<ReleaseRow> {
        self.read(self.tables.released(policy_name, seq)).unwrap_or_default()
    }

    /// The job's last `policy_changed`, else its `opened`.
    pub(crate) fn named(&self) -> Option<Entry> {
        Entry::decode(&self.read(self.tables.named())??).ok()
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
        Some(self.secret()?.label(label))
    }
}

impl fmt::Debug for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head").field("now_ms", &self.now_ms).field("job", &self.job).finish_non_exhaustive()
    }
}
