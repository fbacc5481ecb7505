//! Signed heads: what the ledger's key says of each log, kept with it and looked at before it grows.
//!
//! A head is signed in the transaction that makes it, once for all the entries of a batch. Before a log
//! grows, its kept head must be what the key signed, so that rows that somebody else wrote are found, not
//! signed for.

use std::collections::BTreeMap;

use rusqlite::Connection;
use wpc_evidence::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use wpc_evidence::merkle::Frontier;

use super::broken;
use super::tables::{JobRows, log_frontier};
use crate::ledger::append::Tables as _;
use crate::ledger::{JobHead, LedgerError};
use crate::{Did, JobId, Key};

/// Heads that are remembered as signed. More jobs than this at once are verified again.
const MAX_REMEMBERED: usize = 4_096;

/// Heads that this process has signed or verified; the ledger's own log under no job.
#[derive(Debug, Default)]
pub(super) struct Heads(BTreeMap<Option<JobId>, Frontier>);

impl Heads {
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

/// The job and its note, if it was opened.
pub(super) fn of_job(connection: &Connection, job: &JobId) -> Result<Option<(JobHead, String)>, LedgerError> {
    let Some(head) = JobRows::new(connection, job).job()? else { return Ok(None) };
    let sql = "SELECT note FROM job WHERE job = ?1";
    let note =
        connection.prepare_cached(sql).and_then(|mut one| one.query_row([job.as_str()], |row| row.get(0)));
    Ok(Some((head, note.map_err(broken)?)))
}

/// The right edge of the ledger's own log and its note.
pub(super) fn of_log(connection: &Connection) -> Result<(Frontier, String), LedgerError> {
    let note = connection
        .prepare_cached("SELECT note FROM ledger")
        .and_then(|mut one| one.query_row([], |row| row.get(0)));
    Ok((log_frontier(connection)?, note.map_err(broken)?))
}

/// Signs the heads of `jobs`, and that of the ledger's own log if it has grown.
pub(super) fn sign(
    connection: &Connection,
    key: &Key,
    ledger: &Did,
    jobs: &[JobId],
) -> Result<Vec<(Option<JobId>, Frontier)>, LedgerError> {
    let run = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(sql).and_then(|mut one| one.execute(parameters)).map_err(broken)
    };
    let mut signed = Vec::new();
    for job in jobs {
        let Some(head) = JobRows::new(connection, job).job()? else { continue };
        let note = one(key, Origin::job(*ledger, job.clone()), &head.frontier)?;
        run("UPDATE job SET note = ?2 WHERE job = ?1", &[&job.as_str(), &note])?;
        signed.push((Some(job.clone()), head.frontier));
    }
    let (frontier, note) = of_log(connection)?;
    let size = SignedCheckpoint::parse(&note).map_or(0, |note| note.unverified().size);
    if size != frontier.size() {
        let note = one(key, Origin::ledger(*ledger), &frontier)?;
        run("UPDATE ledger SET note = ?1", &[&note])?;
        signed.push((None, frontier));
    }
    Ok(signed)
}

fn one(key: &Key, origin: Origin, frontier: &Frontier) -> Result<String, LedgerError> {
    let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
    Ok(checkpoint.sign(key).map_err(LedgerError::unavailable)?.to_string())
}
