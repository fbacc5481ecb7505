//! The ledger of one machine: an SQLite file that several processes may share.
//!
//! An append is one `BEGIN IMMEDIATE` transaction: the lock is taken, the clock is read, the decision
//! runs on what the file says, its entries are written, and the log is synced before anybody is
//! told. A killed process leaves either all of an append or nothing.
//!
//! The file must be on a local file system, in a directory that nobody but its owner may write (0700
//! where `init` makes it), and is itself private (0600), as are the write-ahead log and its index. Rows that
//! somebody else wrote are found, because heads are signed; an older copy of the whole file is found by the
//! pinned head ([`SqliteLedger::pinned`]), as long as nobody can write that too.

mod cosigned;
mod file;
mod head;
mod lease;
mod schema;
mod statements;
mod store;
mod tables;
mod upgrade;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use wpc_evidence::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use wpc_evidence::merkle::empty_root;
use wpc_evidence::statement::Released;
use wpc_model::Hash;

use super::append::{self, Writer};
use super::check::{self, Checked, Finding, Store as _};
use super::heads::Heads;
use super::lease::Keeper;
use super::pin::Pin;
use super::queue::{Ask, Queue};
use super::time::{Acceptance, Moment, Reading, Times};
use super::{
    Appended, ClockAccepted, Decide, Document, Instance, JobState, Ledger, LedgerError, Misplaced, Opening,
    ReleaseRow, RevocationKey, RevocationRow, Task, sealed,
};
use crate::clock::{Clock, SystemClock};
use crate::{Did, JobId, Key};
use store::Snapshot;
use tables::JobRows;

/// A ledger in an SQLite file.
pub struct SqliteLedger {
    inner: Arc<Inner>,
    /// Started by the first task.
    queue: OnceLock<Result<Queue, LedgerError>>,
    /// Started by the first append.
    keeper: OnceLock<Result<Keeper, LedgerError>>,
}

struct Inner {
    writer: Writer,
    /// `None`: it can be read, and nothing else.
    key: Option<Arc<Key>>,
    clock: Arc<dyn Clock>,
    times: Times,
    pin: Option<Pin>,
    held: Mutex<Held>,
}

struct Held {
    connection: Connection,
    heads: Heads,
    /// Until when this process's lease runs, Unix milliseconds.
    lease_until: i64,
}

impl SqliteLedger {
    /// Makes a new ledger named `did` at `path`. Nothing else ever makes one. A missing directory is
    /// made too, if its parent is there.
    ///
    /// # Errors
    ///
    /// [`LedgerError`], and no file, if there is something of that name, the directory is open to
    /// others, or the disk fails.
    pub fn init(path: &Path, did: &Did) -> Result<(), LedgerError> {
        file::make(path, |draft| schema::create(draft, did))
    }

    /// Opens the ledger at `path` with its key, on this machine's clock.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if there is none, it is not a ledger of this version, the key is not its own, or
    /// the file or its directory is open to others.
    pub fn open(path: &Path, key: impl Into<Arc<Key>>) -> Result<Self, LedgerError> {
        Self::open_with_clock(path, key, Arc::new(SystemClock::new()))
    }

    /// As [`SqliteLedger::open`], on another clock.
    ///
    /// # Errors
    ///
    /// As [`SqliteLedger::open`].
    pub fn open_with_clock(
        path: &Path,
        key: impl Into<Arc<Key>>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LedgerError> {
        let key = key.into();
        let ledger = Self::start(path, Some(Arc::clone(&key)), clock)?;
        if key.did() != ledger.inner.writer.ledger {
            return Err(LedgerError::OtherKey { ledger: ledger.inner.writer.ledger.to_string() });
        }
        Ok(ledger)
    }

    /// Opens the ledger at `path` without its key: what is in it can be read and checked, and nothing
    /// can be appended ([`LedgerError::NoKey`]).
    ///
    /// # Errors
    ///
    /// As [`SqliteLedger::open`].
    pub fn read_only(path: &Path) -> Result<Self, LedgerError> {
        Self::start(path, None, Arc::new(SystemClock::new()))
    }

    /// Brings the ledger at `path`, which an older version of this library made, forward to this one's tables, as one
    /// transaction; the version that it had, or `None` if that is this one. Nothing that it holds is changed, and all
    /// of it must hold.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Version`] if a newer version made it, [`LedgerError::TooOld`] if nothing leads here from its
    /// version, [`LedgerError::InUse`] if a process may still write to it, [`LedgerError::Damaged`] if it does not
    /// hold; then the file is as it was.
    pub fn upgrade(path: &Path) -> Result<Option<i64>, LedgerError> {
        upgrade::upgrade(path, SystemClock::new().wall_ms())
    }

    /// Pins the head of the ledger's own log in the file at `pin`, and refuses a ledger that is behind
    /// the head that is pinned there, or is another one. Keep the file beside the key, not beside the
    /// ledger.
    ///
    /// # Errors
    ///
    /// [`LedgerError::BehindCheckpoint`] and [`LedgerError::Tampered`], or if a file cannot be read or
    /// written.
    pub fn pinned(self, pin: &Path) -> Result<Self, LedgerError> {
        let pin = self.read(|snapshot| Pin::compare(pin, snapshot, &self.inner.writer.ledger))?;
        let note = self.read(|snapshot| Ok(head::of_log(snapshot.0)?.1))?;
        if !note.is_empty() {
            pin.set(&note)?;
        }
        // Nobody else has it yet.
        let Inner { writer, key, clock, times, held, .. } = Arc::try_unwrap(self.inner)
            .map_err(|_| LedgerError::unavailable("the ledger is in use already"))?;
        let inner = Inner { writer, key, clock, times, pin: Some(pin), held };
        Ok(Self { inner: Arc::new(inner), queue: OnceLock::new(), keeper: OnceLock::new() })
    }

    fn start(path: &Path, key: Option<Arc<Key>>, clock: Arc<dyn Clock>) -> Result<Self, LedgerError> {
        let path = file::check(path)?;
        let (connection, ledger) = schema::open(&path)?;
        let writer = Writer { ledger, instance: Instance::mint()? };
        let held = Held { connection, heads: Heads::default(), lease_until: 0 };
        let (times, held) = (Times::default(), Mutex::new(held));
        let inner = Inner { writer, key, clock, times, pin: None, held };
        Ok(Self { inner: Arc::new(inner), queue: OnceLock::new(), keeper: OnceLock::new() })
    }

    /// Sees to it that the lease of this process is renewed.
    fn keep(&self) -> Result<(), LedgerError> {
        let inner = Arc::downgrade(&self.inner);
        let renew = move || {
            let Some(inner) = Weak::upgrade(&inner) else { return false };
            // A store that fails now fails the next append too, and there somebody is told.
            let _ = inner.change(|_, _, _| Ok(((), Vec::new())));
            true
        };
        match self.keeper.get_or_init(|| Keeper::start(renew)) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.clone()),
        }
    }

    fn read<T>(&self, read: impl FnOnce(&Snapshot<'_>) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        let mut held = self.inner.lock()?;
        let transaction = held.connection.transaction().map_err(broken)?;
        read(&Snapshot(&transaction))
    }
}

impl Inner {
    fn lock(&self) -> Result<MutexGuard<'_, Held>, LedgerError> {
        // A decision panicked while it held the connection: what it left is not trusted.
        self.held.lock().map_err(|_| LedgerError::unavailable("a decision panicked"))
    }

    /// Applies `asks` in order, in one transaction. One that does not fit leaves no trace; if the
    /// store fails, none of them happened.
    fn append(&self, asks: Vec<Ask<'_, '_>>) -> Vec<Result<Appended, LedgerError>> {
        let count = asks.len();
        self.try_append(asks).unwrap_or_else(|error| vec![Err(error); count])
    }

    fn try_append(&self, asks: Vec<Ask<'_, '_>>) -> Result<Vec<Result<Appended, LedgerError>>, LedgerError> {
        let mut grown = BTreeSet::new();
        self.change(|connection, heads, moment| {
            let mut results = Vec::with_capacity(asks.len());
            for ask in asks {
                let job = ask.job().clone();
                let savepoint = connection.savepoint().map_err(broken)?;
                // A job that this batch grew was looked at before it grew.
                let looked_at = grown.contains(&job);
                let result = self.one(&savepoint, heads, moment, ask, looked_at);
                match &result {
                    Ok(appended) => {
                        savepoint.commit().map_err(broken)?;
                        if appended.count > 0 {
                            grown.insert(job);
                        }
                    }
                    // The file may have rolled everything back by itself.
                    Err(error @ (LedgerError::Unavailable { .. } | LedgerError::Damaged { .. })) => {
                        return Err(error.clone());
                    }
                    Err(_) => savepoint.finish().map_err(broken)?,
                }
                results.push(result);
            }
            Ok((results, grown.into_iter().collect()))
        })
    }

    /// Changes the file in one transaction and signs the heads of the jobs that `change` names. It is
    /// given the time that new rows bear.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Transaction<'_>, &mut Heads, Moment) -> Result<(T, Vec<JobId>), LedgerError>,
    ) -> Result<T, LedgerError> {
        self.change_at(
            |connection| {
                let last = || statements::accepted(connection);
                Ok((self.times.now(Reading::of(&*self.clock), statements::past(connection)?, last)?, ()))
            },
            |transaction, heads, moment, ()| change(transaction, heads, moment),
        )
    }

    /// As [`Inner::change`], at the time that `moment` gives, and with what it says besides.
    fn change_at<M, T>(
        &self,
        moment: impl FnOnce(&Transaction<'_>) -> Result<(Moment, M), LedgerError>,
        change: impl FnOnce(&mut Transaction<'_>, &mut Heads, Moment, M) -> Result<(T, Vec<JobId>), LedgerError>,
    ) -> Result<T, LedgerError> {
        let key = self.key.as_ref().ok_or(LedgerError::NoKey)?;
        let mut locked = self.lock()?;
        let Held { connection, heads, lease_until } = &mut *locked;
        let mut transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
        // After the lock, never before: the clock of a waiting process would be old.
        let (moment, said) = moment(&transaction)?;
        let (frontier, note) = head::of_log(&transaction)?;
        heads.trust(Origin::ledger(self.writer.ledger), &frontier, &note)?;
        let (changed, jobs) = change(&mut transaction, heads, moment, said)?;
        let signed = head::sign(&transaction, key, &self.writer.ledger, &jobs)?;
        let renewed = lease::renew(&transaction, &self.writer.instance, moment.at, *lease_until)?;
        transaction.commit().map_err(broken)?;
        *lease_until = renewed;
        let log_grew = signed.iter().any(|(job, _)| job.is_none());
        heads.signed(signed);
        if let (true, Some(pin)) = (log_grew, &self.pin) {
            pin.set(&head::of_log(connection)?.1)?;
        }
        Ok(changed)
    }

    fn one(
        &self,
        connection: &Connection,
        heads: &mut Heads,
        moment: Moment,
        mut ask: Ask<'_, '_>,
        looked_at: bool,
    ) -> Result<Appended, LedgerError> {
        let job = ask.job().clone();
        if !looked_at {
            self.trust(connection, heads, &job)?;
        }
        let mut rows = JobRows::new(connection, &job);
        append::append(&mut rows, &self.writer, moment, &job, &mut |head| ask.decide(head))
    }

    /// A job's kept head must be what the key signed, before the job grows.
    fn trust(&self, connection: &Connection, heads: &mut Heads, job: &JobId) -> Result<(), LedgerError> {
        let Some((head, note)) = head::of_job(connection, job)? else { return Ok(()) };
        heads.trust_job(self.writer.ledger, job, &head, &note)
    }
}

impl sealed::Sealed for SqliteLedger {}

impl Ledger for SqliteLedger {
    fn did(&self) -> &Did {
        &self.inner.writer.ledger
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    fn append(&self, job: &JobId, decide: &mut Decide<'_>) -> Result<Appended, LedgerError> {
        self.keep()?;
        let mut results = self.inner.append(vec![Ask::Here(job, decide)]);
        results.pop().unwrap_or_else(|| Err(LedgerError::unavailable("no answer")))
    }

    fn submit(&self, task: Box<dyn Task>) {
        if let Err(error) = self.keep() {
            task.done(Err(error));
            return;
        }
        let queue = self.queue.get_or_init(|| {
            let inner = Arc::clone(&self.inner);
            Queue::start(move |asks| inner.append(asks))
        });
        match queue {
            Ok(queue) => queue.push(task),
            Err(error) => task.done(Err(error.clone())),
        }
    }

    fn jobs(&self) -> Result<Vec<JobId>, LedgerError> {
        self.read(|snapshot| snapshot.jobs())
    }

    fn entries(&self, job: &JobId, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        self.read(|snapshot| snapshot.entries(job, from, most))
    }

    fn job_checkpoint(&self, job: &JobId) -> Result<SignedCheckpoint, LedgerError> {
        let note = self.read(|snapshot| head::of_job(snapshot.0, job))?.ok_or(Misplaced::NotOpen)?.1;
        SignedCheckpoint::parse(&note).map_err(|error| LedgerError::Damaged { cause: error.to_string() })
    }

    fn checkpoint(&self) -> Result<SignedCheckpoint, LedgerError> {
        let note = self.read(|snapshot| Ok(head::of_log(snapshot.0)?.1))?;
        if note.is_empty() {
            // No job was opened yet.
            let key = self.inner.key.as_ref().ok_or(LedgerError::NoKey)?;
            let origin = Origin::ledger(self.inner.writer.ledger);
            let empty = Checkpoint { origin, size: 0, root: empty_root() };
            return empty.sign(key).map_err(LedgerError::unavailable);
        }
        SignedCheckpoint::parse(&note).map_err(|error| LedgerError::Damaged { cause: error.to_string() })
    }

    fn anchor(&self) -> Result<SignedCheckpoint, LedgerError> {
        self.inner.change(|transaction, heads, Moment { at, .. }| {
            for job in Snapshot(transaction).jobs_to_anchor()? {
                let Some((head, note)) = head::of_job(transaction, &job)? else { continue };
                heads.trust_job(self.inner.writer.ledger, &job, &head, &note)?;
                tables::log(transaction, &append::head_leaf(&job, &head, at))?;
            }
            Ok(((), Vec::new()))
        })?;
        self.checkpoint()
    }

    fn keep_cosigned(&self, head: &SignedCheckpoint) -> Result<(), LedgerError> {
        let ledger = self.inner.writer.ledger;
        self.inner.change(|transaction, _, _| Ok((cosigned::keep(transaction, head, &ledger)?, Vec::new())))
    }

    fn cosigned(&self) -> Result<Vec<SignedCheckpoint>, LedgerError> {
        self.read(|snapshot| super::cosigned::newest_first(cosigned::kept(snapshot.0)?))
    }

    fn leaves(&self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        self.read(|snapshot| snapshot.leaves(from, most))
    }

    fn openings(&self, job: &JobId) -> Result<Vec<Opening>, LedgerError> {
        self.read(|snapshot| snapshot.openings(job))
    }

    fn document(&self, hash: &Hash) -> Result<Option<Document>, LedgerError> {
        self.read(|snapshot| tables::document(snapshot.0, hash))
    }

    fn revoke(&self, seq: u64, revocation: RevocationKey, envelope: &[u8]) -> Result<(), LedgerError> {
        self.inner.change(|transaction, _, Moment { at, .. }| {
            Ok((statements::revoke(transaction, seq, &revocation, envelope, at)?, Vec::new()))
        })
    }

    fn revocations(&self, after: u64) -> Result<Vec<RevocationRow>, LedgerError> {
        self.read(|snapshot| snapshot.revocations(after))
    }

    fn release(&self, released: &Released, envelope: &[u8]) -> Result<(), LedgerError> {
        self.inner.change(|transaction, _, Moment { at, .. }| {
            Ok((statements::release(transaction, released, envelope, at)?, Vec::new()))
        })
    }

    fn releases(&self, policy_name: &str) -> Result<Vec<ReleaseRow>, LedgerError> {
        self.read(|snapshot| statements::releases(snapshot.0, policy_name, 0))
    }

    fn accept_clock(&self, by: &str) -> Result<ClockAccepted, LedgerError> {
        let Inner { writer, clock, .. } = &*self.inner;
        self.inner.change_at(
            |connection| Acceptance::of(Reading::of(&**clock), statements::past(connection)?),
            |transaction, heads, moment, acceptance| {
                let accepted = acceptance.entry(by)?;
                statements::accept(transaction, &acceptance, by, moment.at)?;
                let mut grown = Vec::new();
                for job in Snapshot(transaction).jobs()? {
                    self.inner.trust(transaction, heads, &job)?;
                    let mut rows = JobRows::new(transaction, &job);
                    if append::accepted(&mut rows, writer, moment, &job, &accepted)?.count > 0 {
                        grown.push(job);
                    }
                }
                Ok((accepted, grown))
            },
        )
    }

    fn erase(&self, job: &JobId) -> Result<(), LedgerError> {
        self.inner.change(|transaction, _, _| {
            let (head, _) = head::of_job(transaction, job)?.ok_or(Misplaced::NotOpen)?;
            if head.state != JobState::Closed {
                return Err(LedgerError::StillOpen);
            }
            tables::erase(transaction, job)?;
            Ok(((), Vec::new()))
        })
    }

    fn check(&self) -> Result<Checked, LedgerError> {
        self.read(|snapshot| {
            let damaged = || {
                let finding = Finding { code: "store_damaged", job: None, seq: None };
                Checked { findings: vec![finding], ..Checked::default() }
            };
            if !snapshot.is_sound()? {
                return Ok(damaged());
            }
            match check::check(snapshot, &self.inner.writer.ledger) {
                Err(LedgerError::Damaged { .. }) => Ok(damaged()),
                checked => checked,
            }
        })
    }
}

impl fmt::Debug for SqliteLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteLedger").field("writer", &self.inner.writer).finish_non_exhaustive()
    }
}

/// The store failed, or holds what cannot be read.
#[expect(clippy::wildcard_enum_match_arm, reason = "whatever else SQLite says is about the store")]
fn broken(error: rusqlite::Error) -> LedgerError {
    match error {
        rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::InvalidColumnType(..) => LedgerError::Damaged { cause: error.to_string() },
        _ => LedgerError::unavailable(error),
    }
}
