//! A ledger whose gates follow a control plane.

use std::sync::Arc;

use wpc_evidence::checkpoint::SignedCheckpoint;
use wpc_evidence::statement::Released;
use wpc_model::Hash;

use super::{
    Appended, Checked, ClockAccepted, Decide, Document, Ledger, LedgerError, Opening, ReleaseRow,
    RevocationKey, RevocationRow, Task, sealed,
};
use crate::clock::Clock;
use crate::follow::Follow;
use crate::{Did, JobId};

/// A ledger with somebody who keeps it up to date: every gate that is opened on it opens its job at the control
/// plane, and refuses calls while what it knows is stale.
#[derive(Debug)]
pub struct Followed {
    ledger: Arc<dyn Ledger>,
    follow: Arc<dyn Follow>,
}

impl Followed {
    /// `ledger`, kept up to date by `follow`.
    #[must_use]
    pub fn new(ledger: Arc<dyn Ledger>, follow: Arc<dyn Follow>) -> Self {
        Self { ledger, follow }
    }
}

impl sealed::Sealed for Followed {}

impl Ledger for Followed {
    fn did(&self) -> &Did {
        self.ledger.did()
    }

    fn clock(&self) -> &Arc<dyn Clock> {
        self.ledger.clock()
    }

    fn follow(&self) -> Option<&dyn Follow> {
        Some(&*self.follow)
    }

    fn append(&self, job: &JobId, decide: &mut Decide<'_>) -> Result<Appended, LedgerError> {
        self.ledger.append(job, decide)
    }

    fn submit(&self, task: Box<dyn Task>) {
        self.ledger.submit(task);
    }

    fn jobs(&self) -> Result<Vec<JobId>, LedgerError> {
        self.ledger.jobs()
    }

    fn entries(&self, job: &JobId, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        self.ledger.entries(job, from, most)
    }

    fn job_checkpoint(&self, job: &JobId) -> Result<SignedCheckpoint, LedgerError> {
        self.ledger.job_checkpoint(job)
    }

    fn checkpoint(&self) -> Result<SignedCheckpoint, LedgerError> {
        self.ledger.checkpoint()
    }

    fn anchor(&self) -> Result<SignedCheckpoint, LedgerError> {
        self.ledger.anchor()
    }

    fn keep_cosigned(&self, head: &SignedCheckpoint) -> Result<(), LedgerError> {
        self.ledger.keep_cosigned(head)
    }

    fn cosigned(&self) -> Result<Vec<SignedCheckpoint>, LedgerError> {
        self.ledger.cosigned()
    }

    fn leaves(&self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        self.ledger.leaves(from, most)
    }

    fn openings(&self, job: &JobId) -> Result<Vec<Opening>, LedgerError> {
        self.ledger.openings(job)
    }

    fn document(&self, hash: &Hash) -> Result<Option<Document>, LedgerError> {
        self.ledger.document(hash)
    }

    fn revoke(&self, seq: u64, revocation: RevocationKey, envelope: &[u8]) -> Result<(), LedgerError> {
        self.ledger.revoke(seq, revocation, envelope)
    }

    fn revocations(&self, after: u64) -> Result<Vec<RevocationRow>, LedgerError> {
        self.ledger.revocations(after)
    }

    fn release(&self, released: &Released, envelope: &[u8]) -> Result<(), LedgerError> {
        self.ledger.release(released, envelope)
    }

    fn releases(&self, policy_name: &str) -> Result<Vec<ReleaseRow>, LedgerError> {
        self.ledger.releases(policy_name)
    }

    fn accept_clock(&self, by: &str) -> Result<ClockAccepted, LedgerError> {
        self.ledger.accept_clock(by)
    }

    fn erase(&self, job: &JobId) -> Result<(), LedgerError> {
        self.ledger.erase(job)
    }

    fn check(&self) -> Result<Checked, LedgerError> {
        self.ledger.check()
    }
}
