//! What the control plane knows, in SQLite or PostgreSQL.
//!
//! ```text
//! handlers ──write(work)──▶ queue ──▶ one thread: BEGIN, lock `head`, a savepoint each, COMMIT ──▶ answers
//!          ──read(work)───▶ queue ──▶ a few threads, each with its own connection
//! ```
//!
//! Every write locks the one row of `head` first, in a statement of its own, and reads in later ones: writes of all
//! processes that share a database are one after another, and what an answer says is durable. Those that wait
//! share a commit. Both databases run the same statements; what differs is how a session begins and locks.
//!
//! Queues are bounded: who finds one full is told to come again, and nothing is kept for them.

mod postgres;
mod schema;
mod sqlite;
mod value;
mod work;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::oneshot;
use wpc::ledger::PostgresConfig;
use wpc_evidence::Key;

use crate::problem::{Code, Refusal};

pub(crate) use value::{Row, Value};
pub(crate) use work::{Author, Reading, Writing};
use work::{Queued, Task};

/// Writes that may wait.
const WRITES: usize = 1_024;
/// Reads that may wait.
const READS: usize = 1_024;
/// Connections that read.
const READERS: usize = 3;
/// Writes that share a commit.
const BATCH: usize = 64;
/// How long a process waits for another one's write.
const BUSY: Duration = Duration::from_secs(5);

/// Where the store is.
#[derive(Clone, Debug)]
pub enum Place {
    /// An SQLite file, which is made where it is missing.
    File(PathBuf),
    /// A PostgreSQL database, whose tables are made where they are missing.
    Postgres(Box<PostgresConfig>),
}

/// The store failed. It never says a parameter nor an address.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It could not be read or written, or did not answer. Code `store_unavailable`.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A row holds what nobody here writes. Code `store_damaged`.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// It belongs to another control plane, or is none. Code `store_foreign`.
    #[error("the store is another control plane's, or none: {0}")]
    Foreign(String),
    /// The audit log is not what the key signed. Code `audit_tampered`.
    #[error("the audit log is not what its key signed")]
    Tampered,
    /// The clock is too far behind what was written last. Code `clock_behind`.
    #[error("the clock is {0} ms behind the store")]
    ClockBehind(i64),
}

impl StoreError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "store_unavailable",
            Self::Damaged(_) => "store_damaged",
            Self::Foreign(_) => "store_foreign",
            Self::Tampered => "audit_tampered",
            Self::ClockBehind(_) => "clock_behind",
        }
    }

    pub(crate) fn unavailable(cause: impl std::fmt::Display) -> Self {
        Self::Unavailable(cause.to_string())
    }

    pub(crate) fn damaged(cause: impl std::fmt::Display) -> Self {
        Self::Damaged(cause.to_string())
    }
}

/// One connection.
trait Session: Send {
    /// Begins a transaction that writes.
    fn begin(&mut self) -> Result<(), StoreError>;
    /// Reads the row of `head`, and keeps everybody else from writing until the transaction ends.
    fn lock(&mut self) -> Result<Vec<Row>, StoreError>;
    /// Wall clock, Unix milliseconds: one for all who share the store.
    fn now_ms(&mut self) -> Result<i64, StoreError>;
    /// Statements without parameters.
    fn run(&mut self, sql: &str) -> Result<(), StoreError>;
    fn rows(&mut self, sql: &str, with: &[Value]) -> Result<Vec<Row>, StoreError>;
    fn execute(&mut self, sql: &str, with: &[Value]) -> Result<u64, StoreError>;
    /// Whether nothing more can be asked here.
    fn is_lost(&self) -> bool;
}

/// The store, shared by all who ask.
#[derive(Debug)]
pub(crate) struct Store {
    /// Dropped first: the threads end when nobody can ask any more.
    queues: Option<Queues>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Queues {
    writes: SyncSender<Box<dyn Queued>>,
    reads: SyncSender<Box<dyn Queued>>,
}

impl Store {
    /// Opens the store, makes its tables where there are none, and compares its audit log with what `key` signed.
    pub(crate) fn open(place: &Place, key: Arc<Key>) -> Result<Self, StoreError> {
        let mut first = connect(place)?;
        schema::prepare(&mut *first, matches!(place, Place::File(_)), &key)?;
        work::verify(&mut *first, &key)?;
        let (writes, asked) = sync_channel(WRITES);
        let mut threads = vec![spawn("wpc-store-write", {
            let place = place.clone();
            move || write(&place, Some(first), &asked, &key)
        })?];
        let (reads, asked) = sync_channel::<Box<dyn Queued>>(READS);
        let asked = Arc::new(Mutex::new(asked));
        for _ in 0..READERS {
            let (place, asked) = (place.clone(), Arc::clone(&asked));
            threads.push(spawn("wpc-store-read", move || read(&place, &asked))?);
        }
        Ok(Self { queues: Some(Queues { writes, reads }), threads })
    }

    /// Does `work` in a transaction. The answer comes once it is durable; an error leaves nothing.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&mut Writing<'_>) -> Result<T, Refusal> + Send + 'static,
    {
        let (task, answer) = Task::new(work);
        self.ask(|queues| &queues.writes, Box::new(task))?;
        answered(answer).await
    }

    /// Reads.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: FnOnce(&mut Reading<'_>) -> Result<T, Refusal> + Send + 'static,
    {
        let (task, answer) = Task::new(|writing: &mut Writing<'_>| work(&mut writing.reading()));
        self.ask(|queues| &queues.reads, Box::new(task))?;
        answered(answer).await
    }

    fn ask(
        &self,
        queue: impl Fn(&Queues) -> &SyncSender<Box<dyn Queued>>,
        task: Box<dyn Queued>,
    ) -> Result<(), Refusal> {
        let queues = self.queues.as_ref().ok_or_else(|| Refusal::new(Code::Stopping))?;
        queue(queues).try_send(task).map_err(|error| match error {
            TrySendError::Full(_) => Refusal::new(Code::Overloaded),
            TrySendError::Disconnected(_) => Refusal::new(Code::StoreUnavailable),
        })
    }
}

impl Drop for Store {
    /// Waits until everything that was asked is done.
    fn drop(&mut self) {
        self.queues = None;
        for thread in self.threads.drain(..) {
            let _ended = thread.join();
        }
    }
}

async fn answered<T>(answer: oneshot::Receiver<Result<T, Refusal>>) -> Result<T, Refusal> {
    answer.await.unwrap_or_else(|_| Err(Refusal::new(Code::StoreUnavailable)))
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    thread::Builder::new().name(name.to_owned()).spawn(run).map_err(StoreError::unavailable)
}

fn connect(place: &Place) -> Result<Box<dyn Session>, StoreError> {
    Ok(match place {
        Place::File(path) => Box::new(sqlite::connect(path)?),
        Place::Postgres(config) => Box::new(postgres::connect(config)?),
    })
}

/// The session, or a new one in place of one that is lost.
fn session<'s>(
    place: &Place,
    session: &'s mut Option<Box<dyn Session>>,
) -> Result<&'s mut Box<dyn Session>, StoreError> {
    if session.as_ref().is_some_and(|session| session.is_lost()) {
        *session = None;
    }
    match session {
        Some(session) => Ok(session),
        none => Ok(none.insert(connect(place)?)),
    }
}

fn write(place: &Place, mut open: Option<Box<dyn Session>>, asked: &Receiver<Box<dyn Queued>>, key: &Key) {
    while let Ok(first) = asked.recv() {
        let mut batch = vec![first];
        batch.extend(asked.try_iter().take(BATCH.saturating_sub(1)));
        let done = session(place, &mut open).and_then(|session| work::batch(&mut **session, &mut batch, key));
        if done.is_err() {
            // Whatever became of the transaction, it ends with its connection.
            open = None;
        }
        for task in batch {
            task.done(done.clone());
        }
    }
}

fn read(place: &Place, asked: &Mutex<Receiver<Box<dyn Queued>>>) {
    let mut open = None;
    loop {
        let next = asked.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut task) = next else { return };
        let done = session(place, &mut open).and_then(|session| work::once(&mut **session, &mut *task));
        task.done(done);
    }
}
