//! Signed heads: what the ledger's key says of each log, kept with it and looked at before it grows.
//!
//! A head is signed in the transaction that makes it, once for all the entries of a batch. Before a log
//! grows, its kept head must be what the key signed, so that rows that somebody else wrote are found, not
//! signed for.

use std::collections::BTreeMap;

use wpc_evidence::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use wpc_evidence::merkle::Frontier;

use super::{JobHead, LedgerError};
use crate::{Did, JobId, Key};

/// Heads that are remembered as signed. More jobs than this at once are verified again.
const MAX_REMEMBERED: usize = 4_096;

/// Heads that this process has signed or verified; the ledger's own log under no job.
#[derive(Debug, Default)]
pub(super) struct Heads(BTreeMap<Option<JobId>, Frontier>);

impl Heads {
    /// Whether the head of a job is what the ledger's key signed, and the job's size that of its head.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Tampered`] if not.
    pub(super) fn trust_job(
        &mut self,
        ledger: Did,
        job: &JobId,
        head: &JobHead,
        note: &str,
    ) -> Result<(), LedgerError> {
        let origin = Origin::job(ledger, job.clone());
        if head.size != head.frontier.size() {
            return Err(LedgerError::Tampered { what: origin.to_string() });
        }
        self.trust(origin, &head.frontier, note)
    }

    /// Whether the head of `origin` is what the ledger's key signed.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Tampered`] if not.
    pub(super) fn trust(
        &mut self,
        origin: Origin,
        frontier: &Frontier,
        note: &str,
    ) -> Result<(), LedgerError> {
        if frontier.size() == 0 && note.is_empty() {
            return Ok(());
        }
        let job = origin.job_id().cloned();
        if self.0.get(&job) == Some(frontier) {
            return Ok(());
        }
        let tampered = || LedgerError::Tampered { what: origin.to_string() };
        let note = SignedCheckpoint::parse(note).map_err(|_| tampered())?;
        let signed = note.verify(origin.ledger_did()).map_err(|_| tampered())?;
        let (size, root) = (frontier.size(), frontier.root());
        if *signed != (Checkpoint { origin: origin.clone(), size, root }) {
            return Err(tampered());
        }
        self.remember(job, frontier.clone());
        Ok(())
    }

    /// Remembers heads that were signed and committed.
    pub(super) fn signed(&mut self, heads: Vec<(Option<JobId>, Frontier)>) {
        heads.into_iter().for_each(|(job, frontier)| self.remember(job, frontier));
    }

    fn remember(&mut self, job: Option<JobId>, frontier: Frontier) {
        if self.0.len() >= MAX_REMEMBERED {
            self.0.clear();
        }
        self.0.insert(job, frontier);
    }
}

/// The signed head of `origin`.
pub(super) fn sign(key: &Key, origin: Origin, frontier: &Frontier) -> Result<String, LedgerError> {
    let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
    Ok(checkpoint.sign(key).map_err(LedgerError::unavailable)?.to_string())
}
