//! A ledger's file as one unchanging state, for a check.

use std::collections::BTreeMap;

use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension as _};
use wpc_model::{Counter, Hash, Owner, RuleId};

use super::tables::{JobRows, Number, job_head, log_frontier, total};
use super::{broken, cosigned};
use crate::JobId;
use crate::ledger::append::Tables as _;
use crate::ledger::check::{AgentCharge, Agents, Kept, KeptLog, Store};
use crate::ledger::columns::{Columns, OF_AGENT, integer, scope};
use crate::ledger::{Entry, LedgerError, Opening, RevocationKey, RevocationRow};
use wpc_evidence::fold::Total;

/// A connection within a read transaction.
pub(super) struct Snapshot<'a>(pub(super) &'a Connection);

impl Snapshot<'_> {
    /// What SQLite itself finds wrong with the file: nothing, or one line.
    pub(super) fn is_sound(&self) -> Result<bool, LedgerError> {
        let said = self.0.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
        Ok(said.map_err(broken)? == "ok")
    }

    /// Jobs that have grown since their last leaf in the ledger's own log, sorted.
    pub(super) fn jobs_to_anchor(&self) -> Result<Vec<JobId>, LedgerError> {
        let sql = "SELECT job FROM job WHERE size > anchored ORDER BY job";
        self.all(sql, [], |row| {
            JobId::parse(row.get_ref(0)?.as_str()?).map_err(|_| FromSqlError::InvalidType.into())
        })
    }

    /// What the entries of a job commit to, in their order.
    pub(super) fn openings(&self, job: &JobId) -> Result<Vec<Opening>, LedgerError> {
        let sql = "SELECT seq, name, body FROM opening WHERE job = ?1 ORDER BY seq, name";
        self.all(sql, [job.as_str()], |row| {
            Ok(Opening { seq: row.get::<_, Number>(0)?.0, name: row.get(1)?, opening: row.get(2)? })
        })
    }

    /// All revocations, in their order.
    pub(super) fn revocations(&self, after: u64) -> Result<Vec<RevocationRow>, LedgerError> {
        let sql = "SELECT seq, at, kind, value, body FROM revocation WHERE seq > ?1 ORDER BY seq";
        self.all(sql, [i64::try_from(after).unwrap_or(i64::MAX)], |row| {
            let revocation = RevocationKey { kind: row.get(2)?, value: row.get(3)? };
            Ok(RevocationRow {
                seq: row.get::<_, Number>(0)?.0,
                at: row.get(1)?,
                revocation,
                envelope: row.get(4)?,
            })
        })
    }

    fn all<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, LedgerError> {
        let mut statement = self.0.prepare_cached(sql).map_err(broken)?;
        let rows = statement.query_map(parameters, read).map_err(broken)?;
        rows.collect::<Result<_, _>>().map_err(broken)
    }
}

impl Store for Snapshot<'_> {
    fn jobs(&self) -> Result<Vec<JobId>, LedgerError> {
        let names = self.all("SELECT job FROM job UNION SELECT job FROM entry ORDER BY 1", [], |row| {
            row.get::<_, String>(0)
        })?;
        names
            .iter()
            .map(|name| JobId::parse(name).map_err(|error| LedgerError::Damaged { cause: error.to_string() }))
            .collect()
    }

    fn entries(&self, job: &JobId, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let sql = "SELECT body FROM entry WHERE job = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3";
        self.all(sql, (job.as_str(), integer(from)?, most), |row| row.get(0))
    }

    fn agrees(&self, entry: &Entry) -> Result<bool, LedgerError> {
        let Columns { decision, result, late } = Columns::of(&entry.body);
        let sql = "SELECT 1 FROM entry WHERE job = ?1 AND seq = ?2 AND kind = ?3 AND call IS ?4 AND decision IS ?5 \
                   AND at = ?6 AND result IS ?7 AND late = ?8";
        let call = entry.body.call().map(crate::CallId::as_str);
        let parameters = (
            entry.job.as_str(),
            integer(entry.seq)?,
            entry.body.kind(),
            call,
            decision,
            entry.at,
            result,
            late,
        );
        let found =
            self.0.prepare_cached(sql).and_then(|mut one| one.query_row(parameters, |_| Ok(())).optional());
        Ok(found.map_err(broken)?.is_some())
    }

    fn kept(&self, job: &JobId) -> Result<Kept, LedgerError> {
        let sql = "SELECT agent, policy_hash, state, size, last_at, unsettled, frontier, note, anchored FROM job \
                   WHERE job = ?1";
        let read = |row: &rusqlite::Row<'_>| {
            Ok((job_head(row)?, row.get::<_, String>(7)?, row.get::<_, Number>(8)?.0))
        };
        let row = self.0.query_row(sql, [job.as_str()], read).optional().map_err(broken)?;
        let (head, note, anchored) = match row {
            Some((head, note, anchored)) => (Some(head), Some(note), anchored),
            None => (None, None, 0),
        };
        let approvals = JobRows::new(self.0, job).approvals()?;
        let scope = scope(job);
        let sql = "SELECT n, last_at, total, limit_id, key FROM meter WHERE scope = ?1";
        let meters = self.all(sql, [&scope], |row| Ok((counter(row, Owner::Job)?, total(row)?)))?;
        // A charge that does not stand at its entry is as good as none.
        let sql = "SELECT n, charge.at, total, limit_id, key FROM charge JOIN entry USING (job, seq) \
                   WHERE scope = ?1 AND job = ?2 AND charge.at = entry.at AND (decision = 'allow' OR kind IN ('opened', 'model_call', 'outcome')) \
                   ORDER BY limit_id, key, n";
        let rows =
            self.all(sql, (&scope, job.as_str()), |row| Ok((counter(row, Owner::Job)?, total(row)?)))?;
        let mut charges = BTreeMap::<_, Vec<Total>>::new();
        for (counter, total) in rows {
            charges.entry(counter).or_default().push(total);
        }
        Ok(Kept { head, meters: meters.into_iter().collect(), charges, approvals, note, anchored })
    }

    fn agents(&self) -> Result<Agents, LedgerError> {
        let agent = |row: &rusqlite::Row<'_>, column| -> rusqlite::Result<String> {
            let scope: String = row.get(column)?;
            scope.strip_prefix(OF_AGENT).map(str::to_owned).ok_or_else(|| FromSqlError::InvalidType.into())
        };
        let of_agent = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(String, Counter)> {
            Ok((agent(row, 5)?, counter(row, Owner::Agent)?))
        };
        let sql = "SELECT n, last_at, total, limit_id, key, scope FROM meter WHERE substr(scope, 1, 6) = ?1";
        let meters = self.all(sql, [OF_AGENT], |row| Ok((of_agent(row)?, total(row)?)))?;
        let sql = "SELECT n, charge.at, total, limit_id, key, scope, job, seq FROM charge JOIN entry USING (job, seq) \
                   WHERE substr(scope, 1, 6) = ?1 AND charge.at = entry.at AND (decision = 'allow' OR kind = 'outcome') \
                   ORDER BY scope, limit_id, key, n";
        let rows = self.all(sql, [OF_AGENT], |row| {
            let job = JobId::parse(row.get_ref(6)?.as_str()?).map_err(|_| FromSqlError::InvalidType)?;
            let seq = row.get::<_, Number>(7)?.0;
            Ok((of_agent(row)?, AgentCharge { total: total(row)?, job, seq }))
        })?;
        let mut charges = BTreeMap::<_, Vec<AgentCharge>>::new();
        for (counter, charge) in rows {
            charges.entry(counter).or_default().push(charge);
        }
        Ok(Agents { meters: meters.into_iter().collect(), charges })
    }

    fn stated_at(&self) -> Result<i64, LedgerError> {
        let sql = "SELECT coalesce(max(at), 0) FROM (SELECT at FROM revocation UNION ALL SELECT at FROM release \
                   UNION ALL SELECT at FROM clock)";
        self.0.query_row(sql, [], |row| row.get(0)).map_err(broken)
    }

    fn release(&self, policy_name: &str, seq: u64) -> Result<Option<Vec<u8>>, LedgerError> {
        let sql = "SELECT body FROM release WHERE policy_name = ?1 AND seq = ?2";
        let body = self.0.query_row(sql, (policy_name, integer(seq)?), |row| row.get(0));
        body.optional().map_err(broken)
    }

    fn last_at(&self) -> Result<i64, LedgerError> {
        self.0.query_row("SELECT last_at FROM ledger", [], |row| row.get(0)).map_err(broken)
    }

    fn leaves(&self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, LedgerError> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let sql = "SELECT body FROM leaf WHERE n >= ?1 ORDER BY n LIMIT ?2";
        self.all(sql, (integer(from)?, most), |row| row.get(0))
    }

    fn log(&self) -> Result<Option<KeptLog>, LedgerError> {
        let frontier = log_frontier(self.0)?;
        let note = self.0.query_row("SELECT note FROM ledger", [], |row| row.get(0)).map_err(broken)?;
        Ok(Some(KeptLog { frontier, note }))
    }

    fn cosigned(&self) -> Result<BTreeMap<u64, String>, LedgerError> {
        cosigned::kept(self.0)
    }

    fn rows(&self) -> Result<[u64; 2], LedgerError> {
        let count = |sql| self.0.query_row(sql, [], |row| Ok(row.get::<_, Number>(0)?.0)).map_err(broken);
        Ok([count("SELECT count(*) FROM meter")?, count("SELECT count(*) FROM charge")?])
    }
}

/// Reads the columns 3 and 4, `limit_id, key`.
fn counter(row: &rusqlite::Row<'_>, owner: Owner) -> rusqlite::Result<Counter> {
    let key = match row.get_ref(4)?.as_blob()? {
        [] => None,
        key => Some(Hash(key.try_into().map_err(|_| FromSqlError::InvalidType)?)),
    };
    Ok(Counter { statement: RuleId(row.get(3)?), key, owner })
}
