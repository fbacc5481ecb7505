//! Folding a ledger again and comparing (`wpc ledger check`).

use std::collections::{BTreeMap, VecDeque};

use wpc_model::{Counter, Hash};

use super::agents::Charges;
use super::{Body, Entry, JobHead, LedgerError, cosigned};
use crate::{Did, JobId};
use wpc_evidence::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use wpc_evidence::fold::{Fold, Running, Total, Use};
use wpc_evidence::log::Leaf;
use wpc_evidence::merkle::{Frontier, leaf_hash};
use wpc_evidence::statement::Released;

/// What a check found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Checked {
    /// Jobs read.
    pub jobs: u64,
    /// Entries read.
    pub entries: u64,
    /// Admitted calls without an outcome: they run now, or their process died.
    pub unsettled: u64,
    /// What is wrong; empty if nothing is.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong with a ledger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The stable code: that of an [`super::EntryError`] or a [`super::Misplaced`], or one of
    /// `seq_gap wrong_job wrong_ledger time_backwards entry_differs job_differs meter_differs
    /// window_differs approval_differs release_differs log_malformed log_differs log_forked checkpoint_signature
    /// ledger_differs store_damaged`.
    pub code: &'static str,
    /// The job, if it is about one.
    pub job: Option<JobId>,
    /// The entry, if it is about one.
    pub seq: Option<u64>,
}

/// One state of a store, that does not change while it is read.
pub(super) trait Store {
    /// The ids of all jobs, sorted.
    fn jobs(&self) -> Result<Vec<JobId>, LedgerError>;
    /// Canonical bytes of at most `most` entries from `from` on.
    fn entries(&self, job: &JobId, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError>;
    /// What is derived from the entries and kept beside them.
    fn kept(&self, job: &JobId) -> Result<Kept, LedgerError>;
    /// Time of the last revocation, release or acceptance of the clock; 0 if there is none.
    fn stated_at(&self) -> Result<i64, LedgerError>;
    /// The signed release of a policy's name that has this number.
    fn release(&self, policy_name: &str, seq: u64) -> Result<Option<Vec<u8>>, LedgerError>;
    /// Time of whatever was written last: an entry of any job, a leaf, or a statement.
    fn last_at(&self) -> Result<i64, LedgerError>;
    /// Whether what is kept beside an entry's bytes is what they say.
    fn agrees(&self, entry: &Entry) -> Result<bool, LedgerError>;
    /// What is kept of the counters of agents.
    fn agents(&self) -> Result<Agents, LedgerError>;
    /// Leaves of the ledger's own log, at most `most` from index `from` on.
    fn leaves(&self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError>;
    /// What is kept of that log beside its leaves, if anything is.
    fn log(&self) -> Result<Option<KeptLog>, LedgerError>;
    /// Heads of that log that witnesses cosigned, by size.
    fn cosigned(&self) -> Result<BTreeMap<u64, String>, LedgerError>;
    /// How many meters and charges are kept, of all jobs and agents.
    fn rows(&self) -> Result<[u64; 2], LedgerError>;
}

/// What a store keeps beside a job's entries.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Kept {
    pub(super) head: Option<JobHead>,
    pub(super) meters: BTreeMap<Counter, Total>,
    pub(super) charges: BTreeMap<Counter, Vec<Total>>,
    pub(super) approvals: BTreeMap<Hash, Use>,
    /// The signed head; `None` where heads are signed when asked for.
    pub(super) note: Option<String>,
    /// Its size as of its last leaf in the ledger's own log.
    pub(super) anchored: u64,
}

/// What a store keeps of the ledger's own log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct KeptLog {
    pub(super) frontier: Frontier,
    pub(super) note: String,
}

/// What a store keeps of the counters of agents.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Agents {
    pub(super) meters: BTreeMap<(String, Counter), Total>,
    /// In the order in which they were made.
    pub(super) charges: BTreeMap<(String, Counter), Vec<AgentCharge>>,
}

/// A charge to a counter of an agent, and where it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct AgentCharge {
    pub(super) total: Total,
    pub(super) job: JobId,
    pub(super) seq: u64,
}

impl Running for AgentCharge {
    fn total(&self) -> Total {
        self.total
    }
}

const PAGE: usize = 256;

/// Folds every job of `store` and compares.
pub(super) fn check(store: &dyn Store, ledger: &Did) -> Result<Checked, LedgerError> {
    let mut checked = Checked::default();
    let (mut last_at, mut rows) = (store.stated_at()?, [0_u64; 2]);
    let mut of_agents = Charges::default();
    let mut log = match Log::read(store, ledger)? {
        Ok(log) => {
            last_at = last_at.max(log.at);
            Some(log)
        }
        Err(code) => {
            checked.findings.push(Finding { code, job: None, seq: None });
            None
        }
    };
    for job in store.jobs()? {
        checked.jobs = checked.jobs.saturating_add(1);
        let mut one = One {
            job: &job,
            ledger,
            fold: Fold::default(),
            at: 0,
            seq: 0,
            leaves: log.as_mut().map(|log| log.of(&job)),
            anchored: 0,
            policy: String::new(),
        };
        if let Err(finding) = one.fold(store, &mut checked)? {
            checked.findings.push(finding);
            continue;
        }
        rows = one.rows(rows);
        last_at = last_at.max(one.at);
        checked.unsettled =
            checked.unsettled.saturating_add(one.fold.head.as_ref().map_or(0, |head| head.unsettled));
        let found = one.compare(&store.kept(&job)?);
        checked.findings.extend(found.into_iter().map(|code| Finding {
            code,
            job: Some(job.clone()),
            seq: None,
        }));
        of_agents.take(&job, &one.fold);
    }
    if checked.findings.is_empty() {
        let agents = store.agents()?;
        rows = of_agents.rows(rows);
        let found = of_agents.compare(&agents);
        checked.findings.extend(found.into_iter().map(|code| Finding { code, job: None, seq: None }));
    }
    if log.is_some_and(|log| !log.is_told()) && checked.findings.is_empty() {
        checked.findings.push(Finding { code: "log_differs", job: None, seq: None });
    }
    // What belongs to no job is seen once every job is as it should be.
    if checked.findings.is_empty() && (store.last_at()?, store.rows()?) != (last_at, rows) {
        checked.findings.push(Finding { code: "ledger_differs", job: None, seq: None });
    }
    Ok(checked)
}

/// Refuses a store of which anything is wrong.
pub(super) fn must_hold(store: &dyn Store, ledger: &Did) -> Result<(), LedgerError> {
    let checked = check(store, ledger)?;
    let Some(Finding { code, job, seq }) = checked.findings.first() else { return Ok(()) };
    let job = job.as_ref().map_or_else(String::new, |job| format!(" in {job}"));
    let seq = seq.map_or_else(String::new, |seq| format!(" at {seq}"));
    Err(LedgerError::Damaged { cause: format!("{code}{job}{seq}") })
}

struct One<'a> {
    job: &'a JobId,
    ledger: &'a Did,
    fold: Fold,
    at: i64,
    seq: u64,
    /// Its leaves in the ledger's own log that are still ahead, by size; `None` if that log cannot be read.
    leaves: Option<VecDeque<Leaf>>,
    /// Size of its last one.
    anchored: u64,
    /// The name of its policy.
    policy: String,
}

impl One<'_> {
    /// Folds all entries up to the first that is wrong.
    fn fold(&mut self, store: &dyn Store, checked: &mut Checked) -> Result<Result<(), Finding>, LedgerError> {
        loop {
            let page = store.entries(self.job, self.seq, PAGE)?;
            if page.is_empty() {
                return Ok(Ok(()));
            }
            for bytes in page {
                if let Err(code) = self.entry(store, &bytes)? {
                    return Ok(Err(Finding { code, job: Some(self.job.clone()), seq: Some(self.seq) }));
                }
                self.seq = self.seq.saturating_add(1);
                checked.entries = checked.entries.saturating_add(1);
            }
        }
    }

    fn entry(&mut self, store: &dyn Store, bytes: &[u8]) -> Result<Result<(), &'static str>, LedgerError> {
        let entry = match Entry::decode(bytes) {
            Ok(entry) => entry,
            Err(error) => return Ok(Err(error.code())),
        };
        if entry.seq != self.seq {
            return Ok(Err("seq_gap"));
        }
        if entry.job != *self.job {
            return Ok(Err("wrong_job"));
        }
        if entry.ledger != *self.ledger {
            return Ok(Err("wrong_ledger"));
        }
        if entry.at < self.at {
            return Ok(Err("time_backwards"));
        }
        self.at = entry.at;
        if !store.agrees(&entry)? {
            return Ok(Err("entry_differs"));
        }
        if !self.is_released(store, &entry.body)? {
            return Ok(Err("release_differs"));
        }
        match self.fold.step(&entry, leaf_hash(bytes), Vec::new()) {
            Ok(()) => Ok(self.leaf()),
            Err(misplaced) => Ok(Err(misplaced.code())),
        }
    }

    /// Whether the release that an entry names is there and says what the entry says of it.
    fn is_released(&mut self, store: &dyn Store, body: &Body) -> Result<bool, LedgerError> {
        let (seq, policy_hash) = match body {
            Body::Opened(opened) => {
                self.policy.clone_from(&opened.policy);
                let Some(seq) = opened.release_seq else { return Ok(true) };
                (seq, opened.policy_hash)
            }
            Body::PolicyChanged(changed) => (changed.release_seq, changed.to),
            Body::Token(_)
            | Body::Attempt(_)
            | Body::Refused(_)
            | Body::Outcome(_)
            | Body::Approval(_)
            | Body::ModelCall(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::ClockAccepted(_)
            | Body::Closed(_) => return Ok(true),
        };
        let envelope = store.release(&self.policy, seq)?;
        let released = envelope.and_then(|envelope| Released::unverified(&envelope).ok());
        Ok(released.is_some_and(|one| {
            one.release.seq == seq
                && one.release.policy_hash == policy_hash
                && one.release.policy_name == self.policy
        }))
    }

    /// Whether the ledger's own log says the same of the job as it stands.
    fn leaf(&mut self) -> Result<(), &'static str> {
        let size = self.seq.saturating_add(1);
        while let Some(leaf) = self.leaves.as_mut().and_then(|all| all.pop_front_if(|leaf| leaf.size <= size))
        {
            if leaf.size != size || leaf.root != self.fold.root() {
                return Err("log_differs");
            }
            self.anchored = size;
        }
        Ok(())
    }

    /// `before`, and the meters and charges of this job.
    fn rows(&self, [meters, charges]: [u64; 2]) -> [u64; 2] {
        let [own_meters, own_charges] = self.fold.meters.count();
        [meters.saturating_add(own_meters), charges.saturating_add(own_charges)]
    }

    fn compare(&self, kept: &Kept) -> Vec<&'static str> {
        let mut found = Vec::new();
        if self.fold.head != kept.head {
            found.push("job_differs");
        }
        if self.fold.meters.last_of_each() != kept.meters {
            found.push("meter_differs");
        }
        if self.fold.meters.0 != kept.charges {
            found.push("window_differs");
        }
        if self.fold.approvals != kept.approvals {
            found.push("approval_differs");
        }
        if let Some(leaves) = &self.leaves
            && (!leaves.is_empty() || self.anchored != kept.anchored || self.anchored == 0)
        {
            found.push("log_differs");
        }
        let signed = |note: &String| {
            let note = SignedCheckpoint::parse(note).ok()?;
            let checkpoint = note.verify(self.ledger).ok()?;
            let (size, root) = (self.seq, self.fold.root());
            let origin = Origin::job(*self.ledger, self.job.clone());
            (*checkpoint == Checkpoint { origin, size, root }).then_some(())
        };
        if kept.note.as_ref().is_some_and(|note| signed(note).is_none()) {
            found.push("checkpoint_signature");
        }
        found
    }
}

/// The ledger's own log, by job.
#[derive(Debug, Default)]
struct Log {
    of: BTreeMap<JobId, VecDeque<Leaf>>,
    /// Time of its last leaf.
    at: i64,
}

impl Log {
    /// Reads it and compares it with what is kept of it.
    fn read(store: &dyn Store, ledger: &Did) -> Result<Result<Self, &'static str>, LedgerError> {
        let (mut log, mut frontier) = (Self::default(), Frontier::new());
        let cosigned = store.cosigned()?;
        let mut roots = BTreeMap::new();
        loop {
            let page = store.leaves(frontier.size(), PAGE)?;
            if page.is_empty() {
                break;
            }
            for bytes in page {
                let Ok(leaf) = Leaf::decode(&bytes) else { return Ok(Err("log_malformed")) };
                if leaf.at < log.at || frontier.push(leaf_hash(&bytes)).is_err() {
                    return Ok(Err("log_malformed"));
                }
                if cosigned.contains_key(&frontier.size()) {
                    roots.insert(frontier.size(), frontier.root());
                }
                log.at = leaf.at;
                log.of.entry(leaf.job.clone()).or_default().push_back(leaf);
            }
        }
        if let Err(code) = cosigned::check(&cosigned, &roots, ledger) {
            return Ok(Err(code));
        }
        let Some(kept) = store.log()? else { return Ok(Ok(log)) };
        if kept.frontier != frontier {
            return Ok(Err("log_differs"));
        }
        // Before the first job there is no head.
        if kept.note.is_empty() && frontier.size() == 0 {
            return Ok(Ok(log));
        }
        let signed = || {
            let note = SignedCheckpoint::parse(&kept.note).ok()?;
            let checkpoint = note.verify(ledger).ok()?;
            let (size, root) = (frontier.size(), frontier.root());
            (*checkpoint == Checkpoint { origin: Origin::ledger(*ledger), size, root }).then_some(())
        };
        Ok(signed().map(|()| log).ok_or("checkpoint_signature"))
    }

    /// Takes the leaves of a job.
    fn of(&mut self, job: &JobId) -> VecDeque<Leaf> {
        self.of.remove(job).unwrap_or_default()
    }

    /// Whether every leaf was of a job that is there.
    fn is_told(&self) -> bool {
        self.of.is_empty()
    }
}
