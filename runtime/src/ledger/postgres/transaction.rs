//! One transaction: locks, then the clock, then decisions, then what they wrote.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use wpc_evidence::checkpoint::Origin;
use wpc_evidence::log::Leaf;
use wpc_evidence::merkle::{Frontier, leaf_hash};

use super::locks::{self, Locked, Log, Wants};
use super::pool::Lent;
use super::session::{Session, damaged, get, number};
use super::tables::{Cache, JobRows};
use super::work::{Standing, Work, change};
use super::{Inner, statements};
use crate::JobId;
use crate::gate::BEGIN_WITHIN;
use crate::ledger::append::{self, Writer};
use crate::ledger::columns::integer;
use crate::ledger::heads::{self, Heads};
use crate::ledger::time::{Acceptance, Moment, Past};
use crate::ledger::{Appended, ClockAccepted, Decide, JobState, LedgerError, Misplaced, lease};

/// How often a transaction is begun before it is given up.
const TRIES: u32 = 16;
/// What is waited before it is begun again, times the number of tries.
const PAUSE: Duration = Duration::from_millis(2);
/// How often a commit whose answer was lost is looked up, and what is waited in between.
const LOOKUPS: u32 = 20;
const LOOKUP_PAUSE: Duration = Duration::from_millis(100);
/// Agents that are remembered as having counters.
const MAX_METERED: usize = 4_096;
/// The first statements of every change.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '5s'";

/// A transaction that holds its locks.
pub(super) struct Batch<'a> {
    inner: &'a Inner,
    pub(super) session: &'a Session,
    /// When new rows are written.
    pub(super) moment: Moment,
    /// That somebody accepts the clock, in a transaction that may be at any time.
    pub(super) acceptance: Option<Acceptance>,
    /// How many revocations there are.
    pub(super) revocations: u64,
    /// How many releases there are.
    pub(super) releases: u64,
    pub(super) ledger: Option<Log>,
    pub(super) jobs: BTreeMap<JobId, Locked>,
    /// Agents whose rows are locked, and the time of their counters' last charge.
    pub(super) agents: BTreeMap<String, i64>,
    pub(super) work: Work,
    pub(super) wants: RefCell<Wants>,
    pub(super) cache: RefCell<Cache>,
    trusted: BTreeSet<JobId>,
    /// Whether the ledger's row changes although its log does not grow.
    pub(super) touched: bool,
}

/// Why a transaction did not commit.
enum Failed {
    /// Nothing happened, and it may go better the next time.
    Again(LedgerError),
    For(LedgerError),
}

impl From<LedgerError> for Failed {
    fn from(error: LedgerError) -> Self {
        Self::For(error)
    }
}

/// What was signed, and is remembered once it is committed.
struct Signed {
    heads: Vec<(Option<JobId>, Frontier)>,
    /// The ledger's own log, if it grew: its size and its note.
    log: Option<(u64, String)>,
    lease_until: Option<i64>,
}

/// Notes that a decision panicked, for the other threads.
struct Watch<'a> {
    inner: &'a Inner,
    /// Somebody may append while he unwinds from a panic of his own.
    was: bool,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if thread::panicking() && !self.was {
            self.inner.is_poisoned.store(true, Ordering::SeqCst);
        }
    }
}

impl Inner {
    /// Changes the database in one transaction that holds the rows of `jobs`, and of the ledger if that is asked for,
    /// and signs the heads of the jobs that grew. `run` may run more than once.
    pub(super) fn change<T>(
        &self,
        jobs: &BTreeSet<JobId>,
        ledger: bool,
        run: impl FnMut(&mut Batch<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        self.change_with(jobs, Wants { ledger, ..Wants::default() }, run)
    }

    /// As [`Inner::change`], with what else it wants.
    pub(super) fn change_with<T>(
        &self,
        jobs: &BTreeSet<JobId>,
        mut wants: Wants,
        mut run: impl FnMut(&mut Batch<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        if self.key.is_none() {
            return Err(LedgerError::NoKey);
        }
        let _watch = Watch { inner: self, was: thread::panicking() };
        let mut tries = 0_u32;
        loop {
            self.sound()?;
            match self.once(self.pool.take()?, jobs, &mut wants, &mut run) {
                Ok(done) => return Ok(done),
                Err(Failed::For(error)) => return Err(error),
                Err(Failed::Again(error)) if tries >= TRIES => return Err(error),
                Err(Failed::Again(_)) => tries = tries.saturating_add(1),
            }
            thread::sleep(PAUSE.saturating_mul(tries.saturating_sub(1)));
        }
    }

    fn once<T>(
        &self,
        lent: Lent<'_>,
        jobs: &BTreeSet<JobId>,
        wants: &mut Wants,
        run: &mut impl FnMut(&mut Batch<'_>) -> Result<T, LedgerError>,
    ) -> Result<T, Failed> {
        let session = lent.session()?;
        session.is_to_repeat();
        if let Err(error) = session.run(BEGIN) {
            // It died while nobody used it.
            return Err(if session.is_lost() { Failed::Again(error) } else { Failed::For(error) });
        }
        let asked = RefCell::new(Wants::default());
        let done = Batch::lock(self, session, jobs, wants, &asked).and_then(|mut batch| {
            let done = run(&mut batch);
            asked.replace(batch.wants.take());
            let done = done?;
            let signed = batch.write()?;
            Ok((done, signed, batch.work))
        });
        let (done, signed, work) = match done {
            Ok(done) => done,
            Err(error) => {
                let asked = asked.into_inner();
                let more = asked.ledger || !asked.agents.is_empty();
                wants.ledger |= asked.ledger;
                wants.agents.extend(asked.agents);
                let again = session.is_to_repeat() || more;
                if !session.is_lost() && session.run("ROLLBACK").is_ok() {
                    lent.keep();
                }
                return Err(if again { Failed::Again(error) } else { Failed::For(error) });
            }
        };
        let sent = self.time.clock.monotonic();
        if let Err(error) = session.run("COMMIT") {
            if !session.is_lost() {
                let again = session.is_to_repeat();
                // Dropped and not rolled back: what state it is in is the server's to know.
                return Err(if again { Failed::Again(error) } else { Failed::For(error) });
            }
            drop(lent);
            self.look_up(&work, wants.ledger, error)?;
            let late = self.time.clock.monotonic().saturating_sub(sent) > BEGIN_WITHIN;
            if late && work.entries.iter().any(|entry| entry.decision == Some("allow")) {
                // A revocation may have returned since, and no effect begins so long after its admission.
                return Err(LedgerError::unavailable("that it was recorded was learned too late").into());
            }
        } else {
            lent.keep();
        }
        self.remember(signed, &work)?;
        Ok(done)
    }

    fn remember(&self, signed: Signed, work: &Work) -> Result<(), LedgerError> {
        self.heads().signed(signed.heads);
        if let Some(until) = signed.lease_until {
            self.lease_until.fetch_max(until, Ordering::SeqCst);
        }
        let metered = work.meters.keys().filter_map(|(scope, ..)| JobRows::agent_of(scope));
        let mut known = self.metered.lock().unwrap_or_else(PoisonError::into_inner);
        for agent in metered {
            if !known.contains(agent) {
                if known.len() >= MAX_METERED {
                    known.clear();
                }
                known.insert(agent.to_owned());
            }
        }
        drop(known);
        if let (Some((size, note)), Some(pinned)) = (signed.log, &self.pin) {
            let mut pinned = pinned.lock().unwrap_or_else(PoisonError::into_inner);
            // Another thread's commit may have been later and pinned sooner.
            if size > pinned.size {
                pinned.pin.set(&note)?;
                pinned.size = size;
            }
        }
        Ok(())
    }

    pub(super) fn heads(&self) -> MutexGuard<'_, Heads> {
        // What is in it was signed or verified, entry by entry.
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a commit happened whose answer was lost: asked on another connection, and never repeated. It waits for
    /// the locks that the transaction held, so it is over by then, either way.
    fn look_up(&self, work: &Work, ledger: bool, lost: LedgerError) -> Result<(), LedgerError> {
        let Some(first) = work.entries.first() else { return Err(lost) };
        let found = |session: &Session| -> Result<bool, LedgerError> {
            session.run(BEGIN)?;
            if ledger {
                session.rows("SELECT 1 FROM ledger FOR UPDATE", &[])?;
            }
            session.rows("SELECT 1 FROM job WHERE job = $1 FOR UPDATE", &[&first.job.as_str()])?;
            let sql = "SELECT body FROM entry WHERE job = $1 AND seq = $2";
            let row = session.row(sql, &[&first.job.as_str(), &first.seq])?;
            let body = row.as_ref().map(|row| get::<&[u8]>(row, 0)).transpose()?;
            let found = body == Some(first.body.as_slice());
            session.run("ROLLBACK")?;
            Ok(found)
        };
        for _ in 0..LOOKUPS {
            let looked = self.pool.take().and_then(|lent| {
                let looked = found(lent.session()?)?;
                lent.keep();
                Ok(looked)
            });
            match looked {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(lost),
                Err(_) => thread::sleep(LOOKUP_PAUSE),
            }
        }
        Err(lost)
    }
}

impl<'a> Batch<'a> {
    fn lock(
        inner: &'a Inner,
        session: &'a Session,
        jobs: &BTreeSet<JobId>,
        wants: &Wants,
        asked: &RefCell<Wants>,
    ) -> Result<Self, LedgerError> {
        let ledger = if wants.ledger { Some(locks::lock_ledger(inner, session)?) } else { None };
        let locked = locks::lock_jobs(session, jobs)?;
        if locked.len() < jobs.len() && !wants.ledger {
            // To open one takes the ledger's row, and that comes first.
            asked.borrow_mut().ledger = true;
            return Err(LedgerError::unavailable("the ledger's row is needed"));
        }
        let agents = locks::lock_agents(inner, session, &locked, wants)?;
        let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, last_at, \
                   (SELECT coalesce(max(seq), 0) FROM revocation), (SELECT coalesce(max(n), 0) FROM release), \
                   (SELECT coalesce(max(n), 0) FROM clock) FROM ledger";
        let earliest = inner.time.clock.monotonic();
        let row = session.row(sql, &[])?.ok_or_else(|| damaged("the ledger's row is missing"))?;
        let last = [get(&row, 1)?].into_iter().chain(locked.values().map(|job| job.head.last_at));
        let last = last.chain(agents.values().copied()).max().unwrap_or(0);
        let past = Past { last_at: last, accepted: number(&row, 4)? };
        let reading = inner.time.reading(get(&row, 0)?, earliest);
        let (moment, acceptance) = if wants.any_time {
            let (moment, acceptance) = Acceptance::of(reading, past)?;
            (moment, Some(acceptance))
        } else {
            (inner.time.times.now(reading, past, || statements::accepted(session))?, None)
        };
        Ok(Self {
            inner,
            session,
            moment,
            acceptance,
            revocations: number(&row, 2)?,
            releases: number(&row, 3)?,
            ledger,
            jobs: locked,
            agents,
            work: Work::default(),
            wants: RefCell::default(),
            cache: RefCell::default(),
            trusted: BTreeSet::new(),
            touched: false,
        })
    }

    /// One append. If it does not fit, it leaves no trace.
    pub(super) fn one(
        &mut self,
        writer: &Writer,
        job: &JobId,
        decide: &mut Decide<'_>,
    ) -> Result<Appended, LedgerError> {
        self.trust(job)?;
        let mut rows = JobRows::new(self, job);
        let appended = append::append(&mut rows, writer, self.moment, job, decide)?;
        let own = rows.own;
        self.work.absorb(own);
        Ok(appended)
    }

    /// Notes in a job's log that somebody accepted the clock.
    pub(super) fn accepted(
        &mut self,
        writer: &Writer,
        job: &JobId,
        accepted: &ClockAccepted,
    ) -> Result<(), LedgerError> {
        self.trust(job)?;
        let mut rows = JobRows::new(self, job);
        append::accepted(&mut rows, writer, self.moment, job, accepted)?;
        let own = rows.own;
        self.work.absorb(own);
        Ok(())
    }

    /// A job's kept head must be what the key signed, before the job grows.
    fn trust(&mut self, job: &JobId) -> Result<(), LedgerError> {
        let Some(locked) = self.jobs.get(job).filter(|_| !self.trusted.contains(job)) else { return Ok(()) };
        self.inner.heads().trust_job(self.inner.writer.ledger, job, &locked.head, &locked.note)?;
        self.trusted.insert(job.clone());
        Ok(())
    }

    /// Adds to the ledger's own log how far the jobs have come.
    pub(super) fn anchor(&mut self) -> Result<(), LedgerError> {
        let jobs: Vec<_> = self.jobs.keys().cloned().collect();
        for job in jobs {
            self.trust(&job)?;
            let Some(locked) = self.jobs.get(&job).filter(|job| job.head.size > job.anchored) else {
                continue;
            };
            let leaf = append::head_leaf(&job, &locked.head, self.moment.at);
            let mut standing = locked.standing();
            standing.anchored = leaf.size;
            let mut own = Work::default();
            self.log(&leaf, &mut own)?;
            own.jobs.insert(job, standing);
            self.work.absorb(own);
        }
        Ok(())
    }

    /// Appends to the ledger's own log.
    pub(super) fn log(&self, leaf: &Leaf, own: &mut Work) -> Result<(), LedgerError> {
        let Some(ledger) = &self.ledger else {
            self.wants.borrow_mut().ledger = true;
            return Err(LedgerError::unavailable("the ledger's row is needed"));
        };
        let so_far = own.log.take().or_else(|| self.work.log.clone());
        let mut frontier = so_far.unwrap_or_else(|| ledger.frontier.clone());
        let bytes = leaf.encode().map_err(|_| Misplaced::Malformed)?;
        let n = frontier.push(leaf_hash(&bytes)).map_err(|_| Misplaced::Malformed)?;
        own.leaves.push((integer(n)?, bytes));
        own.log = Some(frontier);
        Ok(())
    }

    /// Deletes a job's openings and its secret.
    pub(super) fn erase(&mut self, job: &JobId) -> Result<(), LedgerError> {
        let locked = self.jobs.get(job).ok_or(Misplaced::NotOpen)?;
        if locked.head.state != JobState::Closed {
            return Err(LedgerError::StillOpen);
        }
        self.session.execute("DELETE FROM opening WHERE job = $1", &[&job.as_str()])?;
        change(1, self.session.execute("UPDATE job SET secret = NULL WHERE job = $1", &[&job.as_str()]))
    }

    /// Signs the heads that grew and writes everything.
    fn write(&self) -> Result<Signed, LedgerError> {
        let (Inner { key, writer, .. }, at) = (self.inner, self.moment.at);
        let key = key.as_ref().ok_or(LedgerError::NoKey)?;
        let mut signed = Signed { heads: Vec::new(), log: None, lease_until: None };
        let mut notes = BTreeMap::new();
        for (job, Standing { head, .. }) in &self.work.jobs {
            let note = heads::sign(key, Origin::job(writer.ledger, job.clone()), &head.frontier)?;
            notes.insert(job.clone(), note);
            signed.heads.push((Some(job.clone()), head.frontier.clone()));
        }
        self.work.write(self.session, &notes)?;
        if let Some(frontier) = &self.work.log {
            let note = heads::sign(key, Origin::ledger(writer.ledger), frontier)?;
            let sql = "UPDATE ledger SET frontier = $1, note = $2, last_at = $3";
            change(1, self.session.execute(sql, &[&frontier.to_bytes(), &note, &at]))?;
            signed.heads.push((None, frontier.clone()));
            signed.log = Some((frontier.size(), note));
        } else if self.touched {
            change(1, self.session.execute("UPDATE ledger SET last_at = $1", &[&at]))?;
        }
        let charged = self.work.meters.keys().filter_map(|(scope, ..)| JobRows::agent_of(scope));
        for agent in charged.collect::<BTreeSet<_>>() {
            let sql = "UPDATE agent SET last_at = $2 WHERE agent = $1";
            change(1, self.session.execute(sql, &[&agent, &at]))?;
        }
        if let Some(until) = lease::renewed(at, self.inner.lease_until.load(Ordering::SeqCst)) {
            let sql = "INSERT INTO instance (instance, lease_until) VALUES ($1, $2) ON CONFLICT (instance) \
                       DO UPDATE SET lease_until = greatest(instance.lease_until, excluded.lease_until)";
            change(1, self.session.execute(sql, &[&writer.instance.as_str(), &until]))?;
            signed.lease_until = Some(until);
        }
        Ok(signed)
    }
}
