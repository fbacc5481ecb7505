//! A database as one unchanging state, for whoever reads.

use std::collections::BTreeMap;

use tokio_postgres::Row;
use wpc_evidence::merkle::Frontier;
use wpc_model::{Counter, Hash, Owner, RuleId};

use super::cosigned;
use super::locks::{frontier, job_head};
use super::session::{Parameters, Session, bytes, damaged, get, number};
use super::tables::{JobRows, approvals, total};
use crate::JobId;
use crate::ledger::check::{AgentCharge, Agents, Kept, KeptLog, Store};
use crate::ledger::columns::{Columns, OF_AGENT, integer, scope};
use crate::ledger::{Entry, LedgerError, Opening, RevocationKey, RevocationRow};
use wpc_evidence::fold::Total;

/// A connection within a transaction that sees one state.
pub(super) struct Snapshot<'a>(pub(super) &'a Session);

impl Snapshot<'_> {
    /// The right edge of the ledger's own log and its note.
    pub(super) fn head(&self) -> Result<(Frontier, String), LedgerError> {
        let row = self.one("SELECT frontier, note FROM ledger", &[])?;
        Ok((frontier(&row, 0)?, get(&row, 1)?))
    }

    /// The signed head of a job, if it was opened.
    pub(super) fn note(&self, job: &JobId) -> Result<Option<String>, LedgerError> {
        let row = self.0.row("SELECT note FROM job WHERE job = $1", &[&job.as_str()])?;
        row.map(|row| get(&row, 0)).transpose()
    }

    /// Jobs that have grown since their last leaf in the ledger's own log, sorted.
    pub(super) fn jobs_to_anchor(&self) -> Result<Vec<JobId>, LedgerError> {
        self.all("SELECT job FROM job WHERE size > anchored ORDER BY job", &[], |row| job(row, 0))
    }

    /// Jobs that take entries, sorted.
    pub(super) fn open_jobs(&self) -> Result<Vec<JobId>, LedgerError> {
        self.all("SELECT job FROM job WHERE state = 'open' ORDER BY job", &[], |row| job(row, 0))
    }

    /// What the entries of a job commit to, in their order.
    pub(super) fn openings(&self, job: &JobId) -> Result<Vec<Opening>, LedgerError> {
        let sql = "SELECT seq, name, body FROM opening WHERE job = $1 ORDER BY seq, name";
        self.all(sql, &[&job.as_str()], |row| {
            Ok(Opening { seq: number(row, 0)?, name: get(row, 1)?, opening: get(row, 2)? })
        })
    }

    /// All revocations, in their order.
    pub(super) fn revocations(&self, after: u64) -> Result<Vec<RevocationRow>, LedgerError> {
        let sql = "SELECT seq, at, kind, value, body FROM revocation WHERE seq > $1 ORDER BY seq";
        self.all(sql, &[&i64::try_from(after).unwrap_or(i64::MAX)], |row| {
            let revocation = RevocationKey { kind: get(row, 2)?, value: get(row, 3)? };
            Ok(RevocationRow { seq: number(row, 0)?, at: get(row, 1)?, revocation, envelope: get(row, 4)? })
        })
    }

    fn one(&self, sql: &'static str, parameters: Parameters<'_>) -> Result<Row, LedgerError> {
        self.0.row(sql, parameters)?.ok_or_else(|| damaged("a row is missing"))
    }

    fn all<T>(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
        read: impl FnMut(&Row) -> Result<T, LedgerError>,
    ) -> Result<Vec<T>, LedgerError> {
        self.0.rows(sql, parameters)?.iter().map(read).collect()
    }
}

impl Store for Snapshot<'_> {
    fn jobs(&self) -> Result<Vec<JobId>, LedgerError> {
        self.all("SELECT job FROM job UNION SELECT job FROM entry ORDER BY 1", &[], |row| job(row, 0))
    }

    fn entries(&self, job: &JobId, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let sql = "SELECT body FROM entry WHERE job = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
        self.all(sql, &[&job.as_str(), &integer(from)?, &most], |row| get(row, 0))
    }

    fn agrees(&self, entry: &Entry) -> Result<bool, LedgerError> {
        let Columns { decision, result, late } = Columns::of(&entry.body);
        let sql = "SELECT 1 FROM entry WHERE job = $1 AND seq = $2 AND kind = $3 AND call IS NOT DISTINCT FROM $4 \
                   AND decision IS NOT DISTINCT FROM $5 AND at = $6 AND result IS NOT DISTINCT FROM $7 AND late = $8";
        let call = entry.body.call().map(crate::CallId::as_str);
        let (job, seq, kind) = (entry.job.as_str(), integer(entry.seq)?, entry.body.kind());
        let found = self.0.row(sql, &[&job, &seq, &kind, &call, &decision, &entry.at, &result, &late])?;
        Ok(found.is_some())
    }

    fn kept(&self, job: &JobId) -> Result<Kept, LedgerError> {
        let sql = "SELECT agent, policy_hash, state, size, last_at, unsettled, frontier, note, anchored FROM job \
                   WHERE job = $1";
        let (head, note, anchored) = match self.0.row(sql, &[&job.as_str()])? {
            Some(row) => (Some(job_head(&row)?), Some(get(&row, 7)?), number(&row, 8)?),
            None => (None, None, 0),
        };
        let scope = scope(job);
        let own = |row: &Row| Ok((counter(row, Owner::Job)?, total(row)?));
        let sql = "SELECT n, last_at, total, limit_id, key FROM meter WHERE scope = $1";
        let meters = self.all(sql, &[&scope], own)?;
        // A charge that does not stand at its entry is as good as none.
        let sql = "SELECT n, charge.at, total, limit_id, key FROM charge JOIN entry USING (job, seq) \
                   WHERE scope = $1 AND job = $2 AND charge.at = entry.at AND \
                   (decision = 'allow' OR kind IN ('opened', 'model_call', 'outcome')) \
                   ORDER BY limit_id, key, n";
        let mut charges = BTreeMap::<_, Vec<Total>>::new();
        for (counter, total) in self.all(sql, &[&scope, &job.as_str()], own)? {
            charges.entry(counter).or_default().push(total);
        }
        let approvals = approvals(self.0, job)?;
        Ok(Kept { head, meters: meters.into_iter().collect(), charges, approvals, note, anchored })
    }

    fn agents(&self) -> Result<Agents, LedgerError> {
        let of_agent = |row: &Row| -> Result<_, LedgerError> {
            let agent = JobRows::agent_of(get(row, 5)?).ok_or_else(|| damaged("a counter's scope"))?;
            Ok((agent.to_owned(), counter(row, Owner::Agent)?))
        };
        let sql = "SELECT n, last_at, total, limit_id, key, scope FROM meter WHERE left(scope, 6) = $1";
        let meters = self.all(sql, &[&OF_AGENT], |row| Ok((of_agent(row)?, total(row)?)))?;
        let sql = "SELECT n, charge.at, total, limit_id, key, scope, job, seq FROM charge JOIN entry USING (job, seq) \
                   WHERE left(scope, 6) = $1 AND charge.at = entry.at AND (decision = 'allow' OR kind = 'outcome') \
                   ORDER BY scope, limit_id, key, n";
        let rows = self.all(sql, &[&OF_AGENT], |row| {
            let charge = AgentCharge { total: total(row)?, job: job(row, 6)?, seq: number(row, 7)? };
            Ok((of_agent(row)?, charge))
        })?;
        let mut charges = BTreeMap::<_, Vec<AgentCharge>>::new();
        for (counter, charge) in rows {
            charges.entry(counter).or_default().push(charge);
        }
        Ok(Agents { meters: meters.into_iter().collect(), charges })
    }

    fn stated_at(&self) -> Result<i64, LedgerError> {
        let sql = "SELECT coalesce(max(at), 0) FROM (SELECT at FROM revocation UNION ALL SELECT at FROM release \
                   UNION ALL SELECT at FROM clock) AS stated";
        get(&self.one(sql, &[])?, 0)
    }

    fn release(&self, policy_name: &str, seq: u64) -> Result<Option<Vec<u8>>, LedgerError> {
        let sql = "SELECT body FROM release WHERE policy_name = $1 AND seq = $2";
        self.0.row(sql, &[&policy_name, &integer(seq)?])?.map(|row| get(&row, 0)).transpose()
    }

    /// Of each job its own row tells; that of the ledger changes when the ledger's own log grows.
    fn last_at(&self) -> Result<i64, LedgerError> {
        let sql = "SELECT greatest((SELECT max(last_at) FROM ledger), (SELECT max(last_at) FROM job))";
        get(&self.one(sql, &[])?, 0)
    }

    fn leaves(&self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let sql = "SELECT body FROM leaf WHERE n >= $1 ORDER BY n LIMIT $2";
        self.all(sql, &[&integer(from)?, &most], |row| get(row, 0))
    }

    fn log(&self) -> Result<Option<KeptLog>, LedgerError> {
        let (frontier, note) = self.head()?;
        Ok(Some(KeptLog { frontier, note }))
    }

    fn cosigned(&self) -> Result<BTreeMap<u64, String>, LedgerError> {
        cosigned::kept(self.0)
    }

    fn rows(&self) -> Result<[u64; 2], LedgerError> {
        let row = self.one("SELECT (SELECT count(*) FROM meter), (SELECT count(*) FROM charge)", &[])?;
        Ok([number(&row, 0)?, number(&row, 1)?])
    }
}

/// Reads the columns 3 and 4, `limit_id, key`.
fn counter(row: &Row, owner: Owner) -> Result<Counter, LedgerError> {
    let key = match get::<&[u8]>(row, 4)? {
        [] => None,
        key => Some(Hash(key.try_into().map_err(damaged)?)),
    };
    Ok(Counter { statement: RuleId(bytes(row, 3)?), key, owner })
}

fn job(row: &Row, column: usize) -> Result<JobId, LedgerError> {
    JobId::parse(get(row, column)?).map_err(damaged)
}
