//! The ledger of several machines: a PostgreSQL database that the gates share.
//!
//! An append is one transaction. The job's row is locked in a statement of its own, and what the decision reads is read
//! by later ones: under READ COMMITTED a statement sees what was committed before it *began*, so one that locks and
//! reads at once reads what was there before it waited. Rows are locked in one order: the ledger's, jobs by their ids,
//! agents by their names. Appends to different jobs wait for each other only where they open or close one (the ledger's
//! own log grows) or share a counter of their agent. The clock is the server's, read after the locks.
//!
//! What a batch writes is collected and written at its end, a statement for each table. A decision that turns
//! out to need a lock that is not held is taken again in a new transaction with that lock: decisions are pure.
//!
//! # What of it other databases have
//!
//! The statements of an append are `SELECT … FOR UPDATE`, `INSERT … SELECT … FROM unnest(…)`, `INSERT … ON CONFLICT` and
//! `UPDATE`; there are no advisory locks (CockroachDB's do nothing), no `NOTIFY` (it has none), no savepoints, no
//! triggers and no functions of ours. SQLSTATE 40001 and 40P01 are answered by doing it again, and whoever waits for
//! a row finds it changed, so that a database that runs READ COMMITTED as something stricter, as [CockroachDB] and
//! [YugabyteDB] may, refuses one of two rather than letting it decide on old rows. That much was read in their documents
//! and issues, and none of it was run on them: [`PostgresLedger::open`] refuses whatever does not say that it has
//! `fsync`, `full_page_writes` and `synchronous_commit` on. Run was PostgreSQL 15.
//!
//! [CockroachDB]: https://www.cockroachlabs.com/docs/stable/read-committed
//! [YugabyteDB]: https://docs.yugabyte.com/stable/architecture/transactions/isolation-levels/

mod config;
mod cosigned;
mod locks;
mod pool;
mod schema;
mod session;
mod snapshot;
mod statements;
mod tables;
mod transaction;
mod work;

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use wpc_evidence::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use wpc_evidence::merkle::empty_root;
use wpc_evidence::statement::Released;
use wpc_model::Hash;

use super::append::Writer;
use super::check::{self, Checked, Finding, Store as _};
use super::heads::Heads;
use super::lease::Keeper;
use super::pin::Pin;
use super::queue::{Ask, Queue};
use super::time::{Reading, Times};
use super::{
    Appended, ClockAccepted, Decide, Document, Instance, Ledger, LedgerError, Misplaced, Opening, ReleaseRow,
    RevocationKey, RevocationRow, Task, sealed,
};
use crate::clock::{Clock, SystemClock};
use crate::{Did, JobId, Key};
pub use config::PostgresConfig;
use locks::Wants;
use pool::Pool;
use snapshot::Snapshot;

/// A ledger in a PostgreSQL database.
pub struct PostgresLedger {
    inner: Arc<Inner>,
    /// Started by the first task; the tasks of one job are always one queue's.
    queues: OnceLock<Result<Vec<Queue>, LedgerError>>,
    /// Started by the first append.
    keeper: OnceLock<Result<Keeper, LedgerError>>,
}

struct Inner {
    writer: Writer,
    /// `None`: it can be read, and nothing else.
    key: Option<Arc<Key>>,
    time: Time,
    pin: Option<Mutex<Pinned>>,
    heads: Mutex<Heads>,
    /// Agents that were seen to have counters: their rows are locked at once.
    metered: Mutex<BTreeSet<String>>,
    /// Until when this process's lease runs, Unix milliseconds.
    lease_until: AtomicI64,
    /// A decision panicked: nothing is admitted after it.
    is_poisoned: AtomicBool,
    queues: usize,
    pool: Pool,
}

/// The pinned head.
struct Pinned {
    pin: Pin,
    /// Leaves of the log that it is the head of, as far as this process has pinned.
    size: u64,
}

/// Whose time new entries bear.
struct Time {
    /// The server's, as far as this process can tell, or one that a caller gave.
    clock: Arc<dyn Clock>,
    /// `None`: the clock that was given is asked in place of the server.
    server: Option<Arc<ServerClock>>,
    times: Times,
}

impl Time {
    /// What the clock says that counts, given the server's, which was asked when the steady one here said
    /// `earliest`.
    fn reading(&self, server_ms: i64, earliest: Duration) -> Reading {
        let Some(server) = &self.server else { return Reading::of(&*self.clock) };
        server.set(server_ms);
        Reading::elsewhere(server_ms, earliest, &*self.clock)
    }
}

/// The server's clock between two looks at it: this machine's steady one, set by each append.
#[derive(Debug)]
struct ServerClock {
    steady: SystemClock,
    /// The server's wall clock at the steady one's start.
    base_ms: AtomicI64,
}

impl ServerClock {
    fn set(&self, now_ms: i64) {
        self.base_ms.store(now_ms.saturating_sub(self.since_ms()), Ordering::SeqCst);
    }

    fn since_ms(&self) -> i64 {
        i64::try_from(self.steady.monotonic().as_millis()).unwrap_or(i64::MAX)
    }
}

impl Clock for ServerClock {
    fn wall_ms(&self) -> i64 {
        self.base_ms.load(Ordering::SeqCst).saturating_add(self.since_ms())
    }

    fn monotonic(&self) -> Duration {
        self.steady.monotonic()
    }
}

impl PostgresLedger {
    /// Makes a new ledger named `did` in the schema that the search path of `config` begins with. Nothing
    /// else ever makes one.
    ///
    /// # Errors
    ///
    /// [`LedgerError`], and no ledger, if there is one already, the server cannot be used, or it may lose what
    /// it commits.
    pub fn init(config: &PostgresConfig, did: &Did) -> Result<(), LedgerError> {
        let pool = Pool::new(config.clone())?;
        let lent = pool.take()?;
        schema::create(lent.session()?, config, did)
    }

    /// Brings the ledger, which an older version of this library made, forward to this one's tables, as one
    /// transaction; the version that it had, or `None` if that is this one. Nothing that it holds is changed, and all
    /// of it must hold.
    ///
    /// # Errors
    ///
    /// As [`super::SqliteLedger::upgrade`], or if the server cannot be used.
    pub fn upgrade(config: &PostgresConfig) -> Result<Option<i64>, LedgerError> {
        let pool = Pool::new(config.clone())?;
        let lent = pool.take()?;
        schema::forward(lent.session()?, config)
    }

    /// Opens the ledger with its key, on the server's clock.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if there is none, it is not a ledger of this version, the key is not its own, the server
    /// cannot be used, or it may lose what it commits.
    pub fn open(config: &PostgresConfig, key: impl Into<Arc<Key>>) -> Result<Self, LedgerError> {
        Self::start(config, Some(key.into()), None)
    }

    /// As [`PostgresLedger::open`], on another clock than the server's. Gates that share a ledger must share
    /// its clock too.
    ///
    /// # Errors
    ///
    /// As [`PostgresLedger::open`].
    pub fn open_with_clock(
        config: &PostgresConfig,
        key: impl Into<Arc<Key>>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LedgerError> {
        Self::start(config, Some(key.into()), Some(clock))
    }

    /// Opens the ledger without its key: what is in it can be read and checked, and nothing can be appended
    /// ([`LedgerError::NoKey`]). A standby will do.
    ///
    /// # Errors
    ///
    /// As [`PostgresLedger::open`].
    pub fn read_only(config: &PostgresConfig) -> Result<Self, LedgerError> {
        Self::start(&config.clone().reading(), None, None)
    }

    /// Pins the head of the ledger's own log in the file at `pin`, and refuses a ledger that is behind the head that
    /// is pinned there, as a replica is that lost the tail, or is another one.
    ///
    /// # Errors
    ///
    /// [`LedgerError::BehindCheckpoint`] and [`LedgerError::Tampered`], or if a file cannot be read or written.
    pub fn pinned(self, pin: &Path) -> Result<Self, LedgerError> {
        let pin = self.read(|snapshot| Pin::compare(pin, snapshot, &self.inner.writer.ledger))?;
        let note = self.read(|snapshot| Ok(snapshot.head()?.1))?;
        if !note.is_empty() {
            pin.set(&note)?;
        }
        // Nobody else has it yet.
        let inner = Arc::try_unwrap(self.inner)
            .map_err(|_| LedgerError::unavailable("the ledger is in use already"))?;
        let inner = Arc::new(Inner { pin: Some(Mutex::new(Pinned { pin, size: 0 })), ..inner });
        Ok(Self { inner, queues: OnceLock::new(), keeper: OnceLock::new() })
    }

    fn start(
        config: &PostgresConfig,
        key: Option<Arc<Key>>,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Self, LedgerError> {
        let pool = Pool::new(config.clone())?;
        let lent = pool.take()?;
        let ledger = schema::open(lent.session()?, config)?;
        if key.as_ref().is_some_and(|key| key.did() != ledger) {
            return Err(LedgerError::OtherKey { ledger: ledger.to_string() });
        }
        let time = match clock {
            Some(clock) => Time { clock, server: None, times: Times::default() },
            None => {
                let (steady, base_ms) = (SystemClock::new(), AtomicI64::new(0));
                let server = Arc::new(ServerClock { steady, base_ms });
                server.set(locks::clock(lent.session()?)?);
                let clock = Arc::<ServerClock>::clone(&server);
                Time { clock, server: Some(server), times: Times::default() }
            }
        };
        lent.keep();
        let inner = Inner {
            writer: Writer { ledger, instance: Instance::mint()? },
            key,
            time,
            pin: None,
            heads: Mutex::default(),
            metered: Mutex::default(),
            lease_until: AtomicI64::new(0),
            is_poisoned: AtomicBool::new(false),
            queues: config.most(),
            pool,
        };
        Ok(Self { inner: Arc::new(inner), queues: OnceLock::new(), keeper: OnceLock::new() })
    }

    /// Sees to it that the lease of this process is renewed.
    fn keep(&self) -> Result<(), LedgerError> {
        let inner = Arc::downgrade(&self.inner);
        let renew = move || {
            let Some(inner) = Weak::upgrade(&inner) else { return false };
            // A store that fails now fails the next append too, and there somebody is told.
            let _ = inner.change(&BTreeSet::new(), false, |_| Ok(()));
            true
        };
        match self.keeper.get_or_init(|| Keeper::start(renew)) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.clone()),
        }
    }

    fn queues(&self) -> Result<&[Queue], LedgerError> {
        let start = || {
            let inner = Arc::clone(&self.inner);
            Queue::start(move |asks| inner.append(asks))
        };
        let queues = self.queues.get_or_init(|| (0..self.inner.queues).map(|_| start()).collect());
        queues.as_ref().map(Vec::as_slice).map_err(Clone::clone)
    }

    /// Reads one state of the database, that does not change meanwhile.
    fn read<T>(&self, read: impl FnOnce(&Snapshot<'_>) -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        self.inner.sound()?;
        let lent = self.inner.pool.take()?;
        let session = lent.session()?;
        session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        let read = read(&Snapshot(session));
        session.run("ROLLBACK")?;
        lent.keep();
        read
    }
}

impl Inner {
    fn sound(&self) -> Result<(), LedgerError> {
        if self.is_poisoned.load(Ordering::SeqCst) {
            return Err(LedgerError::unavailable("a decision panicked"));
        }
        Ok(())
    }

    /// Applies `asks` in order, in one transaction. One that does not fit leaves no trace; if the
    /// store fails, none of them happened.
    fn append(&self, mut asks: Vec<Ask<'_, '_>>) -> Vec<Result<Appended, LedgerError>> {
        let jobs: BTreeSet<_> = asks.iter().map(|ask| ask.job().clone()).collect();
        let changed = self.change(&jobs, false, |batch| {
            let mut results = Vec::with_capacity(asks.len());
            for ask in &mut asks {
                let job = ask.job().clone();
                let result = batch.one(&self.writer, &job, &mut |head| ask.decide(head));
                if let Err(error @ (LedgerError::Unavailable { .. } | LedgerError::Damaged { .. })) = &result
                {
                    return Err(error.clone());
                }
                results.push(result);
            }
            Ok(results)
        });
        changed.unwrap_or_else(|error| asks.iter().map(|_| Err(error.clone())).collect())
    }
}

impl sealed::Sealed for PostgresLedger {}

impl Ledger for PostgresLedger {
    fn did(&self) -> &Did {
        &self.inner.writer.ledger
    }

    /// The server's, as of the last append and this machine's steady clock since.
    fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.time.clock
    }

    fn append(&self, job: &JobId, decide: &mut Decide<'_>) -> Result<Appended, LedgerError> {
        self.keep()?;
        let mut results = self.inner.append(vec![Ask::Here(job, decide)]);
        results.pop().unwrap_or_else(|| Err(LedgerError::unavailable("no answer")))
    }

    fn submit(&self, task: Box<dyn Task>) {
        let queues = match self.keep().and_then(|()| self.queues()) {
            Ok(queues) => queues,
            Err(error) => return task.done(Err(error)),
        };
        let mut hasher = DefaultHasher::new();
        task.job().as_str().hash(&mut hasher);
        let count = u64::try_from(queues.len()).unwrap_or(1).max(1);
        let index = usize::try_from(hasher.finish().checked_rem(count).unwrap_or(0)).unwrap_or(0);
        match queues.get(index) {
            Some(queue) => queue.push(task),
            None => task.done(Err(LedgerError::unavailable("no queue"))),
        }
    }

    fn jobs(&self) -> Result<Vec<JobId>, LedgerError> {
        self.read(|snapshot| snapshot.jobs())
    }

    fn entries(&self, job: &JobId, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        self.read(|snapshot| snapshot.entries(job, from, most))
    }

    fn job_checkpoint(&self, job: &JobId) -> Result<SignedCheckpoint, LedgerError> {
        let note = self.read(|snapshot| snapshot.note(job))?.ok_or(Misplaced::NotOpen)?;
        SignedCheckpoint::parse(&note).map_err(session::damaged)
    }

    fn checkpoint(&self) -> Result<SignedCheckpoint, LedgerError> {
        let note = self.read(|snapshot| Ok(snapshot.head()?.1))?;
        if note.is_empty() {
            // No job was opened yet.
            let key = self.inner.key.as_ref().ok_or(LedgerError::NoKey)?;
            let origin = Origin::ledger(self.inner.writer.ledger);
            let empty = Checkpoint { origin, size: 0, root: empty_root() };
            return empty.sign(key).map_err(LedgerError::unavailable);
        }
        SignedCheckpoint::parse(&note).map_err(session::damaged)
    }

    fn anchor(&self) -> Result<SignedCheckpoint, LedgerError> {
        let grown = self.read(|snapshot| snapshot.jobs_to_anchor())?;
        self.inner.change(&grown.into_iter().collect(), true, |batch| batch.anchor())?;
        self.checkpoint()
    }

    fn keep_cosigned(&self, head: &SignedCheckpoint) -> Result<(), LedgerError> {
        let ledger = self.inner.writer.ledger;
        self.inner.change(&BTreeSet::new(), true, |batch| cosigned::keep(batch.session, head, &ledger))
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
        self.inner.change(&BTreeSet::new(), true, |batch| batch.revoke(seq, &revocation, envelope))
    }

    fn revocations(&self, after: u64) -> Result<Vec<RevocationRow>, LedgerError> {
        self.read(|snapshot| snapshot.revocations(after))
    }

    fn release(&self, released: &Released, envelope: &[u8]) -> Result<(), LedgerError> {
        self.inner.change(&BTreeSet::new(), true, |batch| batch.release(released, envelope))
    }

    fn releases(&self, policy_name: &str) -> Result<Vec<ReleaseRow>, LedgerError> {
        self.read(|snapshot| statements::releases(snapshot.0, policy_name, 0))
    }

    fn accept_clock(&self, by: &str) -> Result<ClockAccepted, LedgerError> {
        // A job that is opened meanwhile is opened on the clock that is accepted.
        let jobs = self.read(|snapshot| snapshot.open_jobs())?.into_iter().collect();
        let wants = Wants { ledger: true, any_time: true, ..Wants::default() };
        self.inner.change_with(&jobs, wants, |batch| batch.accept(&self.inner.writer, &jobs, by))
    }

    fn erase(&self, job: &JobId) -> Result<(), LedgerError> {
        self.inner.change(&BTreeSet::from([job.clone()]), false, |batch| batch.erase(job))
    }

    fn check(&self) -> Result<Checked, LedgerError> {
        self.read(|snapshot| match check::check(snapshot, &self.inner.writer.ledger) {
            Err(LedgerError::Damaged { .. }) => {
                let finding = Finding { code: "store_damaged", job: None, seq: None };
                Ok(Checked { findings: vec![finding], ..Checked::default() })
            }
            checked => checked,
        })
    }
}

impl fmt::Debug for PostgresLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresLedger").field("writer", &self.inner.writer).finish_non_exhaustive()
    }
}
