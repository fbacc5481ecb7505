//! Step 1, the policy's part: whether it is the current one of its name (SECURITY.md 1.11).
//!
//! It is looked at inside the ledger's lock, like tokens and revocations: a release that the ledger took is
//! seen by every call that is admitted after it, at every gate of that ledger.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use wpc_evidence::statement::{Currency, ReleaseError, Releases};
use wpc_model::{Hash, OnChange};

use crate::ledger::{Body, Head, PolicyChanged, Step};
use crate::{Role, Trust};

/// What a gate knows of the releases of its policy's name.
#[derive(Debug)]
pub(super) struct Current {
    policy_name: String,
    policy_hash: Hash,
    on_change: OnChange,
    trust: Arc<Trust>,
    known: RwLock<Known>,
    /// The release that the job's log names last, as far as this gate knows; 0 if none.
    named: AtomicU64,
    killed: AtomicBool,
}

#[derive(Debug, Default)]
struct Known {
    /// This many releases of the ledger's were looked at.
    looked: u64,
    releases: Arc<Releases>,
}

/// How a job stands when a call is asked.
#[derive(Debug)]
pub(super) struct Stands {
    /// What its log is to say first: that another release is current.
    pub(super) named: Option<(u64, Step)>,
    pub(super) result: Result<(), ReleaseError>,
    /// The job is over.
    pub(super) kills: bool,
}

impl Current {
    pub(super) fn new(policy_name: &str, policy_hash: Hash, on_change: OnChange, trust: Arc<Trust>) -> Self {
        Self {
            policy_name: policy_name.to_owned(),
            policy_hash,
            on_change,
            trust,
            known: RwLock::default(),
            named: AtomicU64::new(0),
            killed: AtomicBool::new(false),
        }
    }

    pub(super) const fn policy_hash(&self) -> Hash {
        self.policy_hash
    }

    /// Whether a new job may be opened, and the number of the release that lets it; none where nobody
    /// releases.
    pub(super) fn opens(&self, head: &Head<'_>) -> Result<Option<u64>, ReleaseError> {
        let releases = self.at(head)?;
        match self.currency(&releases, head).opens() {
            Err(ReleaseError::Required) if !self.trust.names(Role::Releaser) => Ok(None),
            opens => opens.map(Some),
        }
    }

    /// Whether somebody may join a job that is open; whether calls may begin is another question.
    pub(super) fn joins(&self, head: &Head<'_>) -> Result<(), ReleaseError> {
        if self.at(head)?.all().is_empty() && self.trust.names(Role::Releaser) {
            return Err(ReleaseError::Required);
        }
        Ok(())
    }

    /// Whether a call may begin.
    pub(super) fn stands(&self, head: &Head<'_>) -> Stands {
        let releases = match self.at(head) {
            Ok(releases) => releases,
            Err(error) => return Stands { named: None, result: Err(error), kills: false },
        };
        let currency = self.currency(&releases, head);
        let result = match currency.continues() {
            Err(ReleaseError::Required) if !self.trust.names(Role::Releaser) => Ok(()),
            result => result,
        };
        let kills = currency.running() == OnChange::Kill;
        Stands { named: self.changed(head, &currency), result, kills }
    }

    /// The entry that says which release is current, unless the log says so.
    fn changed(&self, head: &Head<'_>, currency: &Currency<'_>) -> Option<(u64, Step)> {
        let current = currency.current()?;
        if self.named.load(Ordering::SeqCst) == current.seq {
            return None;
        }
        let (named, from) = match head.named()?.body {
            Body::PolicyChanged(changed) => (Some(changed.release_seq), changed.to),
            Body::Opened(opened) => (opened.release_seq, opened.policy_hash),
            Body::Token(_)
            | Body::Attempt(_)
            | Body::Refused(_)
            | Body::Outcome(_)
            | Body::Approval(_)
            | Body::ModelCall(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::ClockAccepted(_)
            | Body::Closed(_) => return None,
        };
        if named.is_some_and(|named| named >= current.seq) {
            // Another gate of the job was first.
            self.names(current.seq);
            return None;
        }
        let (to, release_seq, running) = (current.policy_hash, current.seq, currency.running());
        let changed = Body::PolicyChanged(PolicyChanged { from, to, release_seq, running });
        Some((release_seq, Step::Entry(changed)))
    }

    /// Notes that the job's log names this release.
    pub(super) fn names(&self, seq: u64) {
        self.named.fetch_max(seq, Ordering::SeqCst);
    }

    /// Notes that the job is over.
    pub(super) fn kill(&self) {
        self.killed.store(true, Ordering::SeqCst);
    }

    /// Whether the job is over, as far as this gate knows: then nothing that was admitted begins any more.
    pub(super) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    fn currency<'a>(&self, releases: &'a Releases, head: &Head<'_>) -> Currency<'a> {
        releases.at(self.policy_hash, self.on_change, head.now_ms())
    }

    /// The releases that the ledger holds; those that this gate has not seen are verified.
    fn at(&self, head: &Head<'_>) -> Result<Arc<Releases>, ReleaseError> {
        let count = head.releases();
        let (looked, known) = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            (known.looked, Arc::clone(&known.releases))
        };
        if looked == count {
            return Ok(known);
        }
        let last = known.head().map_or(0, |head| head.seq);
        let rows = head.released(&self.policy_name, last);
        let mut releases = (*known).clone();
        releases.extend(rows.iter().map(|row| &row.envelope), &self.trust)?;
        if releases.all().iter().any(|one| one.release.policy_name != self.policy_name) {
            return Err(ReleaseError::Name);
        }
        let releases = Arc::new(releases);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) =
            Known { looked: count, releases: Arc::clone(&releases) };
        Ok(releases)
    }
}
