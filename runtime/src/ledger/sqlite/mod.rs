//! The ledger of one machine: an SQLite file that several processes may share.
//!
//! An append is one `BEGIN IMMEDIATE` transaction: the lock is taken, the clock is read, the decision
//! runs on what the file says, its entries are written, and the log is synced before anybody is
//! told. A killed process leaves either all of an append or nothing.
//!
//! The file must be on a local file system, in a directory that nobody but its owner may write (0700
//! where `init` makes it), and is itself private (0600), as are the write-ahead log and its index. Whoever can write it can reset limits: a second party that keeps
//! checkpoints, in a later version, is what catches that.

mod file;
mod queue;
mod schema;
mod store;
mod tables;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use rusqlite::{Connection, TransactionBehavior};

use super::append::{self, Writer};
use super::check::{self, Checked, Finding, Store as _};
use super::{Appended, Decide, Instance, Ledger, LedgerError, Task, sealed};
use crate::clock::{Clock, SystemClock};
use crate::{Did, JobId};
use queue::Queue;
use store::Snapshot;
use tables::JobRows;

/// A ledger in an SQLite file.
pub struct SqliteLedger {
    inner: Arc<Inner>,
    /// Started by the first task.
    queue: OnceLock<Result<Queue, LedgerError>>,
}

struct Inner {
    writer: Writer,
    clock: Arc<dyn Clock>,
    connection: Mutex<Connection>,
}

/// One append of a batch.
enum Ask<'a, 'd> {
    /// Somebody waits on this thread.
    Here(&'a JobId, &'a mut Decide<'d>),
    /// Somebody waits elsewhere.
    Queued(&'a mut dyn Task),
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

    /// Opens the ledger at `path`, on this machine's clock.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if there is none, it is not a ledger of this version, or the file or its
    /// directory is open to others.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        Self::open_with_clock(path, Arc::new(SystemClock::new()))
    }

    /// As [`SqliteLedger::open`], on another clock.
    ///
    /// # Errors
    ///
    /// As [`SqliteLedger::open`].
    pub fn open_with_clock(path: &Path, clock: Arc<dyn Clock>) -> Result<Self, LedgerError> {
        let path = file::check(path)?;
        let (connection, ledger) = schema::open(&path)?;
        let writer = Writer { ledger, instance: Instance::mint()? };
        let inner = Inner { writer, clock, connection: Mutex::new(connection) };
        Ok(Self { inner: Arc::new(inner), queue: OnceLock::new() })
    }

    fn read<T>(&self, read: impl FnOnce(&Snapshot<'_>) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        let mut connection = self.inner.lock()?;
        let transaction = connection.transaction().map_err(broken)?;
        read(&Snapshot(&transaction))
    }
}

impl Inner {
    fn lock(&self) -> Result<MutexGuard<'_, Connection>, LedgerError> {
        // A decision panicked while it held the connection: what it left is not trusted.
        self.connection.lock().map_err(|_| LedgerError::unavailable("a decision panicked"))
    }

    /// Applies `asks` in order, in one transaction. One that does not fit leaves no trace; if the
    /// store fails, none of them happened.
    fn append(&self, asks: Vec<Ask<'_, '_>>) -> Vec<Result<Appended, LedgerError>> {
        let count = asks.len();
        self.try_append(asks).unwrap_or_else(|error| vec![Err(error); count])
    }

    fn try_append(&self, asks: Vec<Ask<'_, '_>>) -> Result<Vec<Result<Appended, LedgerError>>, LedgerError> {
        let mut connection = self.lock()?;
        let mut transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
        let mut results = Vec::with_capacity(asks.len());
        for ask in asks {
            let savepoint = transaction.savepoint().map_err(broken)?;
            let result = self.one(&savepoint, ask);
            match &result {
                Ok(_) => savepoint.commit().map_err(broken)?,
                // The file may have rolled everything back by itself.
                Err(error @ (LedgerError::Unavailable { .. } | LedgerError::Damaged { .. })) => {
                    return Err(error.clone());
                }
                Err(_) => savepoint.finish().map_err(broken)?,
            }
            results.push(result);
        }
        transaction.commit().map_err(broken)?;
        Ok(results)
    }

    fn one(&self, connection: &Connection, ask: Ask<'_, '_>) -> Result<Appended, LedgerError> {
        // After the lock, never before: the clock of a waiting process would be old.
        let at = append::now(&*self.clock, Snapshot(connection).last_at()?)?;
        let append = |job: &JobId, decide: &mut Decide<'_>| {
            append::append(&mut JobRows::new(connection, job), &self.writer, at, job, decide)
        };
        match ask {
            Ask::Here(job, decide) => append(job, decide),
            Ask::Queued(task) => append(&task.job().clone(), &mut |head| task.decide(head)),
        }
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
        let mut results = self.inner.append(vec![Ask::Here(job, decide)]);
        results.pop().unwrap_or_else(|| Err(LedgerError::unavailable("no answer")))
    }

    fn submit(&self, task: Box<dyn Task>) {
        let queue = self.queue.get_or_init(|| Queue::start(Arc::clone(&self.inner)));
        match queue {
            Ok(queue) => {
                if let Err(task) = queue.push(task) {
                    task.done(Err(LedgerError::unavailable("the ledger's thread ended")));
                }
            }
            Err(error) => task.done(Err(error.clone())),
        }
    }

    fn jobs(&self) -> Result<Vec<JobId>, LedgerError> {
        self.read(|snapshot| snapshot.jobs())
    }

    fn entries(&self, job: &JobId, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        self.read(|snapshot| snapshot.entries(job, from, most))
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
