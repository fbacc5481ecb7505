//! A ledger in memory: for tests and demonstrations. It ends with the process.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use wpc_model::{Counter, Owner, RuleId};

use super::append::{self, Tables, Writer};
use super::check::{self, AgentCharge, Agents, Checked, Kept, Store};
use super::secret::Secret;
use super::{Appended, Decide, Entry, Instance, JobHead, Ledger, LedgerError, Task, sealed};
use crate::RandomError;
use crate::clock::{Clock, SystemClock};
use crate::{CallId, Did, JobId};
use wpc_evidence::fold::{Attempted, Fold, Meters, Total, Totals, Written};

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
    /// Of jobs that remember where values came from.
    secrets: BTreeMap<JobId, Secret>,
    /// Counters of agents, which all their jobs charge.
    agents: BTreeMap<String, Meters<AgentCharge>>,
}

/// One job and its agent's counters, within one append.
struct Rows<'a> {
    job: &'a JobId,
    fold: &'a mut Fold,
    agents: &'a mut BTreeMap<String, Meters<AgentCharge>>,
    /// What this append charged to counters of the agent.
    charged: Vec<Counter>,
    /// The job's secret, once it is asked for.
    secret: OnceCell<Secret>,
}

impl Rows<'_> {
    fn of_agent(&self) -> Option<&Meters<AgentCharge>> {
        self.agents.get(&self.fold.head.as_ref()?.agent)
    }

    /// Takes back what this append charged to counters of the agent.
    fn undo(self) {
        let agent = self.fold.head.as_ref().map(|head| head.agent.clone()).unwrap_or_default();
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
            Owner::Job => self.fold.meters.last(counter),
            Owner::Agent => self.of_agent().map_or(Ok(Total::NONE), |meters| meters.last(counter)),
        }
    }

    fn until(&self, counter: &Counter, at: i64) -> Result<Total, LedgerError> {
        match counter.owner {
            Owner::Job => self.fold.meters.until(counter, at),
            Owner::Agent => self.of_agent().map_or(Ok(Total::NONE), |meters| meters.until(counter, at)),
        }
    }

    fn nth(&self, counter: &Counter, n: u64) -> Result<Total, LedgerError> {
        match (counter.owner, self.of_agent()) {
            (Owner::Agent, Some(meters)) => meters.nth(counter, n),
            (Owner::Job | Owner::Agent, _) => self.fold.meters.nth(counter, n),
        }
    }
}

impl Tables for Rows<'_> {
    fn job(&self) -> Result<Option<JobHead>, LedgerError> {
        Ok(self.fold.head.clone())
    }

    fn secret(&self) -> Result<Secret, LedgerError> {
        if let Some(secret) = self.secret.get() {
            return Ok(secret.clone());
        }
        let secret = Secret::mint()?;
        Ok(self.secret.get_or_init(|| secret).clone())
    }

    fn attempt(&self, call: &CallId) -> Result<Option<Attempted>, LedgerError> {
        Ok(self.fold.attempt(call))
    }

    fn counts(&self) -> Result<BTreeMap<String, u64>, LedgerError> {
        Ok(self.fold.counts())
    }

    fn unsettled(&self) -> Result<Vec<CallId>, LedgerError> {
        Ok(self.fold.unsettled())
    }

    fn sums(&self) -> Result<BTreeMap<RuleId, i64>, LedgerError> {
        Ok(self.fold.sums())
    }

    fn write(&mut self, written: Written<'_>) -> Result<(), LedgerError> {
        let (own, of_agent): (Vec<_>, Vec<_>) =
            written.charges.into_iter().partition(|(counter, _)| counter.owner == Owner::Job);
        let seq = written.entry.seq;
        for (counter, total) in of_agent {
            let charge = AgentCharge { total, job: self.job.clone(), seq };
            self.agents.entry(written.job.agent.clone()).or_default().push(counter, charge);
            self.charged.push(counter);
        }
        self.fold.write(Written { charges: own, ..written });
        Ok(())
    }
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
        let mut locked = self.lock()?;
        let state = &mut *locked;
        let at = append::now(&*self.clock, state.last_at)?;
        let mut new = Fold::default();
        let known = state.jobs.get_mut(job);
        let is_new = known.is_none();
        let fold = known.unwrap_or(&mut new);
        let before = fold.entries.len();
        let secret = state.secrets.get(job).cloned().map_or_else(OnceCell::new, OnceCell::from);
        let mut rows = Rows { job, fold, agents: &mut state.agents, charged: Vec::new(), secret };
        let appended = append::append(&mut rows, &self.writer, at, job, decide);
        let secret = rows.secret.take();
        if appended.is_err() {
            rows.undo();
            if !is_new
                && let Some(fold) = state.jobs.get_mut(job)
                && fold.entries.len() > before
            {
                // A later step failed: the steps before it never happened.
                *fold = refold(fold.entries.drain(..before))?;
            }
        }
        let appended = appended?;
        if appended.count > 0 || !is_new {
            state.last_at = at;
        }
        if appended.count > 0 && is_new {
            state.jobs.insert(job.clone(), new);
        }
        if appended.count > 0
            && let Some(secret) = secret
        {
            state.secrets.insert(job.clone(), secret);
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
        let meters = fold.meters.last_of_each();
        Ok(Kept { head: fold.head.clone(), meters, charges: fold.meters.0.clone() })
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

    fn last_at(&self) -> Result<i64, LedgerError> {
        Ok(self.last_at)
    }

    fn agrees(&self, _: &Entry) -> Result<bool, LedgerError> {
        Ok(true)
    }

    fn rows(&self) -> Result<[u64; 2], LedgerError> {
        let jobs = self.jobs.values().map(|fold| fold.meters.count());
        let counts = jobs.chain(self.agents.values().map(Meters::count));
        Ok(counts.fold([0, 0], |[meters, charges]: [u64; 2], [more, also]| {
            [meters.saturating_add(more), charges.saturating_add(also)]
        }))
    }
}
