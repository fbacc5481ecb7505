//! A ledger in memory: for tests and demonstrations. It ends with the process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use wpc_evidence::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use wpc_evidence::fold::{Attempted, Fold, Meters, Total, Totals, Use, Written};
use wpc_evidence::log::Leaf;
use wpc_evidence::merkle::{Frontier, leaf_hash};
use wpc_evidence::statement::Released;
use wpc_model::{Counter, Hash, Owner, RuleId};

use super::append::{self, Tables, Writer};
use super::check::{self, AgentCharge, Agents, Checked, Kept, KeptLog, Store};
use super::cosigned;
use super::time::{Acceptance, Moment, Past, Reading, Times};
use super::{
    Appended, Beside, Body, ClockAccepted, Decide, Document, Entry, Instance, JobHead, JobState, Ledger,
    LedgerError, Misplaced, Opening, ReleaseRow, RevocationKey, RevocationRow, Task, sealed,
};
use crate::clock::{Clock, SystemClock};
use crate::{CallId, Did, JobId, Key, RandomError};

/// Keeps everything in memory. Limits hold among the threads of this process only, and heads are signed
/// when they are asked for.
pub struct MemoryLedger {
    writer: Writer,
    key: Arc<Key>,
    clock: Arc<dyn Clock>,
    times: Times,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Time of the last entry of any job.
    last_at: i64,
    jobs: BTreeMap<JobId, Job>,
    /// Counters of agents, which all their jobs charge.
    agents: BTreeMap<String, Meters<AgentCharge>>,
    shared: Shared,
}

/// What belongs to no job.
#[derive(Default)]
struct Shared {
    /// The ledger's own log.
    leaves: Vec<Vec<u8>>,
    /// Who took a token, and the hash of its grant.
    tokens: BTreeMap<(Did, String), (JobId, Hash)>,
    documents: BTreeMap<Hash, Vec<u8>>,
    revocations: Vec<RevocationRow>,
    /// By the policy's name.
    releases: BTreeMap<String, Vec<ReleaseRow>>,
    /// Times at which somebody accepted the clock.
    accepted: Vec<Acceptance>,
    /// Heads that witnesses cosigned, by size.
    cosigned: BTreeMap<u64, String>,
}

impl Shared {
    /// Place and time of the last revocation of this, unless it is lifted.
    fn revoked(&self, what: &RevocationKey) -> Option<(u64, i64)> {
        let is_about =
            |row: &&RevocationRow| row.revocation == *what || row.revocation.lifts().as_ref() == Some(what);
        let last = self.revocations.iter().rfind(is_about)?;
        (last.revocation == *what).then_some((last.seq, last.at))
    }

    fn past(&self, last_at: i64) -> Past {
        Past { last_at, accepted: length(&self.accepted) }
    }

    fn document(&self, hash: &Hash) -> Option<Document> {
        self.documents.get(hash).map(|envelope| Document { hash: *hash, envelope: envelope.clone() })
    }
}

/// One job.
#[derive(Default)]
struct Job {
    fold: Fold,
    secret: Option<[u8; 32]>,
    openings: Vec<Opening>,
    /// Its size as of its last leaf in the ledger's own log.
    anchored: u64,
}

/// One job, its agent's counters and what all share, within one append.
struct Rows<'a> {
    job: &'a JobId,
    own: &'a mut Job,
    agents: &'a mut BTreeMap<String, Meters<AgentCharge>>,
    shared: &'a mut Shared,
    /// What this append charged to counters of the agent.
    charged: Vec<Counter>,
    /// Tokens that it took.
    taken: Vec<(Did, String)>,
}

impl Rows<'_> {
    fn of_agent(&self) -> Option<&Meters<AgentCharge>> {
        self.agents.get(&self.own.fold.head.as_ref()?.agent)
    }

    /// Takes back what this append charged to counters of the agent, and the tokens that it took.
    fn undo(self) {
        for token in self.taken {
            self.shared.tokens.remove(&token);
        }
        let agent = self.own.fold.head.as_ref().map(|head| head.agent.clone()).unwrap_or_default();
        let Some(meters) = self.agents.get_mut(&agent) else { return };
        for counter in self.charged {
            if let Some(charges) = meters.0.get_mut(&counter) {
                charges.pop();
                if charges.is_empty() {
                    meters.0.remove(&counter);
                }
            }
        }
    }
}

impl Totals<LedgerError> for Rows<'_> {
    fn last(&self, counter: &Counter) -> Result<Total, LedgerError> {
        match counter.owner {
            Owner::Job => self.own.fold.meters.last(counter),
            Owner::Agent => self.of_agent().map_or(Ok(Total::NONE), |meters| meters.last(counter)),
        }
    }

    fn until(&self, counter: &Counter, at: i64) -> Result<Total, LedgerError> {
        match counter.owner {
            Owner::Job => self.own.fold.meters.until(counter, at),
            Owner::Agent => self.of_agent().map_or(Ok(Total::NONE), |meters| meters.until(counter, at)),
        }
    }

    fn nth(&self, counter: &Counter, n: u64) -> Result<Total, LedgerError> {
        match (counter.owner, self.of_agent()) {
            (Owner::Agent, Some(meters)) => meters.nth(counter, n),
            (Owner::Job | Owner::Agent, _) => self.own.fold.meters.nth(counter, n),
        }
    }
}

impl Tables for Rows<'_> {
    fn job(&self) -> Result<Option<JobHead>, LedgerError> {
        Ok(self.own.fold.head.clone())
    }

    fn attempt(&self, call: &CallId) -> Result<Option<Attempted>, LedgerError> {
        Ok(self.own.fold.attempt(call))
    }

    fn counts(&self) -> Result<BTreeMap<String, u64>, LedgerError> {
        Ok(self.own.fold.counts())
    }

    fn unsettled(&self) -> Result<Vec<CallId>, LedgerError> {
        Ok(self.own.fold.unsettled())
    }

    fn sums(&self) -> Result<BTreeMap<RuleId, i64>, LedgerError> {
        Ok(self.own.fold.sums())
    }

    fn secret(&self) -> Result<Option<[u8; 32]>, LedgerError> {
        Ok(self.own.secret)
    }

    fn approvals(&self) -> Result<BTreeMap<Hash, Use>, LedgerError> {
        Ok(self.own.fold.approvals.clone())
    }

    fn token(&self, issuer: &Did, jti: &str) -> Result<Option<(JobId, Hash)>, LedgerError> {
        Ok(self.shared.tokens.get(&(*issuer, jti.to_owned())).cloned())
    }

    fn revocations(&self) -> Result<u64, LedgerError> {
        Ok(length(&self.shared.revocations))
    }

    fn revoked(&self, what: &RevocationKey) -> Result<Option<(u64, i64)>, LedgerError> {
        Ok(self.shared.revoked(what))
    }

    fn releases(&self) -> Result<u64, LedgerError> {
        Ok(self.shared.releases.values().fold(0, |sum, of| sum.saturating_add(length(of))))
    }

    fn released(&self, policy_name: &str, seq: u64) -> Result<Vec<ReleaseRow>, LedgerError> {
        let of = self.shared.releases.get(policy_name).map_or(&[][..], Vec::as_slice);
        Ok(of.iter().filter(|row| row.seq > seq).cloned().collect())
    }

    fn named(&self) -> Result<Option<Vec<u8>>, LedgerError> {
        let names = |bytes: &&Vec<u8>| {
            Entry::decode(bytes)
                .is_ok_and(|entry| matches!(entry.body, Body::PolicyChanged(_) | Body::Opened(_)))
        };
        Ok(self.own.fold.entries.iter().rev().find(names).cloned())
    }

    fn document(&self, hash: &Hash) -> Result<Option<Document>, LedgerError> {
        Ok(self.shared.document(hash))
    }

    fn lapsed(&self, _: i64) -> Result<Vec<Vec<u8>>, LedgerError> {
        // It ends with the one process that writes it.
        Ok(Vec::new())
    }

    fn keep(&mut self, seq: u64, beside: Beside) -> Result<(), LedgerError> {
        let opening = |(name, opening)| Opening { seq, name, opening };
        self.own.openings.extend(beside.openings.into_iter().map(opening));
        for Document { hash, envelope } in beside.documents {
            self.shared.documents.entry(hash).or_insert(envelope);
        }
        Ok(())
    }

    fn log(&mut self, leaf: &Leaf) -> Result<(), LedgerError> {
        self.shared.leaves.push(leaf.encode().map_err(|_| Misplaced::Malformed)?);
        self.own.anchored = leaf.size;
        Ok(())
    }

    fn write(&mut self, written: Written<'_>, secret: Option<[u8; 32]>) -> Result<(), LedgerError> {
        if secret.is_some() {
            self.own.secret = secret;
        }
        if let Body::Token(taken) = &written.entry.body {
            let token = (taken.issuer, taken.jti.clone());
            if self.shared.tokens.insert(token.clone(), (self.job.clone(), taken.grant)).is_none() {
                self.taken.push(token);
            }
        }
        let (own, of_agent): (Vec<_>, Vec<_>) =
            written.charges.into_iter().partition(|(counter, _)| counter.owner == Owner::Job);
        let seq = written.entry.seq;
        for (counter, total) in of_agent {
            let charge = AgentCharge { total, job: self.job.clone(), seq };
            self.agents.entry(written.job.agent.clone()).or_default().push(counter, charge);
            self.charged.push(counter);
        }
        self.own.fold.write(Written { charges: own, ..written });
        Ok(())
    }
}

impl MemoryLedger {
    /// A new, empty ledger of `key`, on this machine's clock.
    ///
    /// # Errors
    ///
    /// [`RandomError`] only if the operating system gives no randomness.
    pub fn new(key: impl Into<Arc<Key>>) -> Result<Self, RandomError> {
        Self::with_clock(key, Arc::new(SystemClock::new()))
    }

    /// A new, empty ledger on another clock.
    ///
    /// # Errors
    ///
    /// [`RandomError`] only if the operating system gives no randomness.
    pub fn with_clock(key: impl Into<Arc<Key>>, clock: Arc<dyn Clock>) -> Result<Self, RandomError> {
        let key = key.into();
        let writer = Writer { ledger: key.did(), instance: Instance::mint()? };
        Ok(Self { writer, key, clock, times: Times::default(), state: Mutex::default() })
    }

    fn lock(&self) -> Result<MutexGuard<'_, State>, LedgerError> {
        // A decision panicked while it held the lock: what it left is not trusted.
        self.state.lock().map_err(|_| LedgerError::unavailable("a decision panicked"))
    }

    fn now(&self, last_at: i64, shared: &Shared) -> Result<Moment, LedgerError> {
        let last = || Ok(shared.accepted.last().cloned());
        self.times.now(Reading::of(&*self.clock), shared.past(last_at), last)
    }

    /// One append, at `moment`. If it does not fit, it leaves no trace.
    fn one(
        &self,
        state: &mut State,
        moment: Moment,
        job: &JobId,
        append: &mut dyn FnMut(&mut Rows<'_>) -> Result<Appended, LedgerError>,
    ) -> Result<Appended, LedgerError> {
        let State { last_at, jobs, agents, shared } = state;
        let mut new = Job::default();
        let known = jobs.get_mut(job);
        let is_new = known.is_none();
        let own = known.unwrap_or(&mut new);
        let before = (own.fold.entries.len(), own.openings.len(), own.anchored, shared.leaves.len());
        let (charged, taken) = (Vec::new(), Vec::new());
        let mut rows = Rows { job, own, agents, shared, charged, taken };
        let appended = append(&mut rows);
        if appended.is_err() {
            rows.undo();
            let (entries, openings, anchored, leaves) = before;
            shared.leaves.truncate(leaves);
            if !is_new
                && let Some(own) = jobs.get_mut(job)
                && own.fold.entries.len() > entries
            {
                // A later step failed: the steps before it never happened.
                own.fold = refold(own.fold.entries.drain(..entries))?;
                own.openings.truncate(openings);
                own.anchored = anchored;
            }
        }
        let appended = appended?;
        if appended.count > 0 {
            *last_at = moment.at;
        }
        if appended.count > 0 && is_new {
            jobs.insert(job.clone(), new);
        }
        Ok(appended)
    }

    fn sign(&self, origin: Origin, frontier: &Frontier) -> Result<SignedCheckpoint, LedgerError> {
        let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
        checkpoint.sign(&self.key).map_err(LedgerError::unavailable)
    }

    fn sign_log(&self, shared: &Shared) -> Result<SignedCheckpoint, LedgerError> {
        let mut frontier = Frontier::new();
        for leaf in &shared.leaves {
            frontier.push(leaf_hash(leaf)).map_err(LedgerError::unavailable)?;
        }
        self.sign(Origin::ledger(self.writer.ledger), &frontier)
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
        let mut locked = self.lock()?;
        let moment = self.now(locked.last_at, &locked.shared)?;
        self.one(&mut locked, moment, job, &mut |rows| {
            append::append(rows, &self.writer, moment, job, decide)
        })
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

    fn job_checkpoint(&self, job: &JobId) -> Result<SignedCheckpoint, LedgerError> {
        let state = self.lock()?;
        let head = state.jobs.get(job).and_then(|job| job.fold.head.as_ref()).ok_or(Misplaced::NotOpen)?;
        self.sign(Origin::job(self.writer.ledger, job.clone()), &head.frontier)
    }

    fn checkpoint(&self) -> Result<SignedCheckpoint, LedgerError> {
        self.sign_log(&self.lock()?.shared)
    }

    fn anchor(&self) -> Result<SignedCheckpoint, LedgerError> {
        let mut locked = self.lock()?;
        let State { last_at, jobs, shared, .. } = &mut *locked;
        let Moment { at, .. } = self.now(*last_at, shared)?;
        for (job, own) in jobs {
            let Some(head) = own.fold.head.as_ref().filter(|head| head.size > own.anchored) else { continue };
            let leaf = append::head_leaf(job, head, at);
            shared.leaves.push(leaf.encode().map_err(|_| Misplaced::Malformed)?);
            own.anchored = head.size;
            *last_at = at;
        }
        self.sign_log(shared)
    }

    fn keep_cosigned(&self, head: &SignedCheckpoint) -> Result<(), LedgerError> {
        let mut state = self.lock()?;
        let (size, note) = cosigned::merged(head, &state.shared.cosigned, &*state, &self.writer.ledger)?;
        let kept = &mut state.shared.cosigned;
        kept.insert(size, note);
        while kept.len() > cosigned::MOST {
            kept.pop_first();
        }
        Ok(())
    }

    fn cosigned(&self) -> Result<Vec<SignedCheckpoint>, LedgerError> {
        cosigned::newest_first(self.lock()?.shared.cosigned.clone())
    }

    fn leaves(&self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        Ok(page(&self.lock()?.shared.leaves, from, most))
    }

    fn openings(&self, job: &JobId) -> Result<Vec<Opening>, LedgerError> {
        Ok(self.lock()?.jobs.get(job).map(|job| job.openings.clone()).unwrap_or_default())
    }

    fn document(&self, hash: &Hash) -> Result<Option<Document>, LedgerError> {
        Ok(self.lock()?.shared.document(hash))
    }

    fn revoke(&self, seq: u64, revocation: RevocationKey, envelope: &[u8]) -> Result<(), LedgerError> {
        let mut locked = self.lock()?;
        let State { last_at, shared, .. } = &mut *locked;
        let Moment { at, .. } = self.now(*last_at, shared)?;
        if length(&shared.revocations).checked_add(1) != Some(seq) {
            return Err(Misplaced::RevocationGap.into());
        }
        if revocation.lifts().is_some_and(|lifted| shared.revoked(&lifted).is_none()) {
            return Err(Misplaced::NotRevoked.into());
        }
        shared.revocations.push(RevocationRow { seq, at, revocation, envelope: envelope.to_owned() });
        *last_at = at;
        Ok(())
    }

    fn revocations(&self, after: u64) -> Result<Vec<RevocationRow>, LedgerError> {
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(self.lock()?.shared.revocations.iter().skip(after).cloned().collect())
    }

    fn release(&self, released: &Released, envelope: &[u8]) -> Result<(), LedgerError> {
        let mut locked = self.lock()?;
        let State { last_at, shared, .. } = &mut *locked;
        let Moment { at, .. } = self.now(*last_at, shared)?;
        let Released { release, hash } = released;
        let of = shared.releases.get(&release.policy_name).map_or(&[][..], Vec::as_slice);
        append::follows(of.last().map(|last| (last.seq, last.hash)), release)?;
        let row = ReleaseRow { seq: release.seq, at, hash: *hash, envelope: envelope.to_owned() };
        shared.releases.entry(release.policy_name.clone()).or_default().push(row);
        *last_at = at;
        Ok(())
    }

    fn releases(&self, policy_name: &str) -> Result<Vec<ReleaseRow>, LedgerError> {
        Ok(self.lock()?.shared.releases.get(policy_name).cloned().unwrap_or_default())
    }

    fn accept_clock(&self, by: &str) -> Result<ClockAccepted, LedgerError> {
        let mut locked = self.lock()?;
        let past = locked.shared.past(locked.last_at);
        let (moment, acceptance) = Acceptance::of(Reading::of(&*self.clock), past)?;
        let accepted = acceptance.entry(by)?;
        locked.shared.accepted.push(acceptance);
        locked.last_at = moment.at;
        let jobs: Vec<_> = locked.jobs.keys().cloned().collect();
        for job in jobs {
            self.one(&mut locked, moment, &job, &mut |rows| {
                append::accepted(rows, &self.writer, moment, &job, &accepted)
            })?;
        }
        Ok(accepted)
    }

    fn erase(&self, job: &JobId) -> Result<(), LedgerError> {
        let mut state = self.lock()?;
        let own = state.jobs.get_mut(job).ok_or(Misplaced::NotOpen)?;
        if own.fold.head.as_ref().is_none_or(|head| head.state != JobState::Closed) {
            return Err(LedgerError::StillOpen);
        }
        own.openings.clear();
        own.secret = None;
        Ok(())
    }

    fn check(&self) -> Result<Checked, LedgerError> {
        check::check(&*self.lock()?, &self.writer.ledger)
    }
}

fn length<T>(rows: &[T]) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX)
}

fn page(rows: &[Vec<u8>], from: u64, most: usize) -> Vec<Vec<u8>> {
    rows.iter().skip(usize::try_from(from).unwrap_or(usize::MAX)).take(most).cloned().collect()
}

fn refold(entries: impl Iterator<Item = Vec<u8>>) -> Result<Fold, LedgerError> {
    let mut fold = Fold::default();
    for bytes in entries {
        let entry = Entry::decode(&bytes).map_err(LedgerError::unavailable)?;
        fold.step(&entry, leaf_hash(&bytes), bytes)?;
    }
    Ok(fold)
}

impl Store for State {
    fn jobs(&self) -> Result<Vec<JobId>, LedgerError> {
        Ok(self.jobs.keys().cloned().collect())
    }

    fn entries(&self, job: &JobId, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        Ok(page(self.jobs.get(job).map_or(&[][..], |job| &job.fold.entries), from, most))
    }

    fn kept(&self, job: &JobId) -> Result<Kept, LedgerError> {
        let Some(Job { fold, anchored, .. }) = self.jobs.get(job) else { return Ok(Kept::default()) };
        Ok(Kept {
            head: fold.head.clone(),
            meters: fold.meters.last_of_each(),
            charges: fold.meters.0.clone(),
            approvals: fold.approvals.clone(),
            note: None,
            anchored: *anchored,
        })
    }

    fn agents(&self) -> Result<Agents, LedgerError> {
        let mut agents = Agents::default();
        for (agent, meters) in &self.agents {
            let last = meters.last_of_each();
            agents.meters.extend(last.into_iter().map(|(counter, total)| ((agent.clone(), counter), total)));
            let charges = meters.0.iter();
            agents
                .charges
                .extend(charges.map(|(counter, charges)| ((agent.clone(), *counter), charges.clone())));
        }
        Ok(agents)
    }

    fn stated_at(&self) -> Result<i64, LedgerError> {
        let released = self.shared.releases.values().filter_map(|of| Some(of.last()?.at)).max();
        let revoked = self.shared.revocations.last().map(|row| row.at);
        let accepted = self.shared.accepted.last().map(|one| one.wall.max(one.ledger_at));
        Ok([released, revoked, accepted].into_iter().flatten().max().unwrap_or_default())
    }

    fn release(&self, policy_name: &str, seq: u64) -> Result<Option<Vec<u8>>, LedgerError> {
        let of = self.shared.releases.get(policy_name).map_or(&[][..], Vec::as_slice);
        Ok(of.iter().find(|row| row.seq == seq).map(|row| row.envelope.clone()))
    }

    fn last_at(&self) -> Result<i64, LedgerError> {
        Ok(self.last_at)
    }

    fn leaves(&self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        Ok(page(&self.shared.leaves, from, most))
    }

    fn log(&self) -> Result<Option<KeptLog>, LedgerError> {
        Ok(None)
    }

    fn agrees(&self, _: &Entry) -> Result<bool, LedgerError> {
        Ok(true)
    }

    fn cosigned(&self) -> Result<BTreeMap<u64, String>, LedgerError> {
        Ok(self.shared.cosigned.clone())
    }

    fn rows(&self) -> Result<[u64; 2], LedgerError> {
        let jobs = self.jobs.values().map(|job| job.fold.meters.count());
        let counts = jobs.chain(self.agents.values().map(Meters::count));
        Ok(counts.fold([0, 0], |[meters, charges]: [u64; 2], [more, also]| {
            [meters.saturating_add(more), charges.saturating_add(also)]
        }))
    }
}
