//! Rows of heads.

use rusqlite::Connection;
use wpc_evidence::checkpoint::{Origin, SignedCheckpoint};
use wpc_evidence::merkle::Frontier;

use super::broken;
use super::tables::{JobRows, log_frontier};
use crate::ledger::append::Tables as _;
use crate::ledger::{JobHead, LedgerError, heads};
use crate::{Did, JobId, Key};

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
        let note = heads::sign(key, Origin::job(*ledger, job.clone()), &head.frontier)?;
        run("UPDATE job SET note = ?2 WHERE job = ?1", &[&job.as_str(), &note])?;
        signed.push((Some(job.clone()), head.frontier));
    }
    let (frontier, note) = of_log(connection)?;
    let size = SignedCheckpoint::parse(&note).map_or(0, |note| note.unverified().size);
    if size != frontier.size() {
        let note = heads::sign(key, Origin::ledger(*ledger), &frontier)?;
        run("UPDATE ledger SET note = ?1", &[&note])?;
        signed.push((None, frontier));
    }
    Ok(signed)
}
