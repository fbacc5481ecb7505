//! Rows that are locked, in statements of their own, and what is read of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use tokio_postgres::Row;
use wpc_evidence::checkpoint::Origin;
use wpc_evidence::merkle::Frontier;
use wpc_model::Hash;

use super::Inner;
use super::session::{Session, bytes, damaged, get, number};
use super::work::Standing;
use crate::JobId;
use crate::ledger::columns::state_of;
use crate::ledger::{JobHead, LedgerError};

/// Locks that a change needs beside those of its jobs.
#[derive(Clone, Debug, Default)]
pub(super) struct Wants {
    pub(super) ledger: bool,
    pub(super) agents: BTreeSet<String>,
    /// Whatever the clock says: somebody accepts it.
    pub(super) any_time: bool,
}

/// A job's row, locked.
pub(super) struct Locked {
    pub(super) head: JobHead,
    pub(super) note: String,
    pub(super) anchored: u64,
    pub(super) secret: Option<[u8; 32]>,
}

/// The ledger's row, locked.
pub(super) struct Log {
    pub(super) frontier: Frontier,
    pub(super) note: String,
}

impl Locked {
    /// As it stands.
    pub(super) fn standing(&self) -> Standing {
        let Self { head, anchored, secret, .. } = self;
        Standing { head: head.clone(), anchored: *anchored, secret: *secret, before: Some(head.size) }
    }
}

/// Locks the ledger's row; its own log must be what the key signed.
pub(super) fn lock_ledger(inner: &Inner, session: &Session) -> Result<Log, LedgerError> {
    let rows = session.rows("SELECT frontier, note FROM ledger FOR UPDATE", &[])?;
    let [row] = rows.as_slice() else { return Err(damaged("the ledger does not have one row")) };
    let log = Log { frontier: frontier(row, 0)?, note: get(row, 1)? };
    inner.heads().trust(Origin::ledger(inner.writer.ledger), &log.frontier, &log.note)?;
    Ok(log)
}

/// The server's clock, Unix milliseconds.
pub(super) fn clock(session: &Session) -> Result<i64, LedgerError> {
    let sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    get(&session.row(sql, &[])?.ok_or_else(|| damaged("no time"))?, 0)
}

pub(super) fn lock_jobs(
    session: &Session,
    jobs: &BTreeSet<JobId>,
) -> Result<BTreeMap<JobId, Locked>, LedgerError> {
    if jobs.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<_> = jobs.iter().map(JobId::as_str).collect();
    let sql = "SELECT agent, policy_hash, state, size, last_at, unsettled, frontier, note, anchored, secret, job \
               FROM job WHERE job = ANY($1) ORDER BY job FOR UPDATE";
    let rows = session.rows(sql, &[&names])?;
    let read = |row: &Row| -> Result<_, LedgerError> {
        let secret = match get::<Option<&[u8]>>(row, 9)? {
            Some(secret) => Some(secret.try_into().map_err(damaged)?),
            None => None,
        };
        let locked = Locked { head: job_head(row)?, note: get(row, 7)?, anchored: number(row, 8)?, secret };
        Ok((JobId::parse(get(row, 10)?).map_err(damaged)?, locked))
    };
    rows.iter().map(read).collect()
}

/// Locks the rows of the jobs' agents that have counters, as far as is known.
pub(super) fn lock_agents(
    inner: &Inner,
    session: &Session,
    jobs: &BTreeMap<JobId, Locked>,
    wants: &Wants,
) -> Result<BTreeMap<String, i64>, LedgerError> {
    let mut names = wants.agents.clone();
    let metered = inner.metered.lock().unwrap_or_else(PoisonError::into_inner);
    let agents = jobs.values().map(|job| &job.head.agent);
    names.extend(agents.filter(|agent| metered.contains(*agent)).cloned());
    drop(metered);
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<_> = names.iter().collect();
    let sql = "SELECT agent, last_at FROM agent WHERE agent = ANY($1) ORDER BY agent FOR UPDATE";
    session.rows(sql, &[&names])?.iter().map(|row| Ok((get(row, 0)?, get(row, 1)?))).collect()
}

pub(super) fn frontier(row: &Row, column: usize) -> Result<Frontier, LedgerError> {
    Frontier::from_bytes(get(row, column)?).map_err(damaged)
}

/// Reads the columns `agent, policy_hash, state, size, last_at, unsettled, frontier`.
pub(super) fn job_head(row: &Row) -> Result<JobHead, LedgerError> {
    Ok(JobHead {
        agent: get(row, 0)?,
        policy_hash: Hash(bytes(row, 1)?),
        state: state_of(get(row, 2)?).ok_or_else(|| damaged("a job's state"))?,
        size: number(row, 3)?,
        last_at: get(row, 4)?,
        unsettled: number(row, 5)?,
        frontier: frontier(row, 6)?,
    })
}
