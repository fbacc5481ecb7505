//! A ledger's file as one unchanging state, for a check.

use std::collections::BTreeMap;

use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension as _};
use wpc_model::{Counter, Hash, Owner, RuleId};

use super::broken;
use super::tables::{Number, OF_AGENT, decision, integer, job_head, scope, total};
use crate::JobId;
use crate::ledger::check::{AgentCharge, Agents, Kept, Store};
use crate::ledger::{Body, Entry, LedgerError};
use wpc_evidence::fold::Total;

/// A connection within a read transaction.
pub(super) struct Snapshot<'a>(pub(super) &'a Connection);

impl Snapshot<'_> {
    /// What SQLite itself finds wrong with the file: nothing, or one line.
    pub(super) fn is_sound(&self) -> Result<bool, LedgerError> {
        let said = self.0.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
        Ok(said.map_err(broken)? == "ok")
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
        let expected = match &entry.body {
            Body::Attempt(attempt) => Some(decision(&attempt.verdict)),
            Body::Opened(_) | Body::Refused(_) | Body::Outcome(_) | Body::Closed(_) => None,
        };
        let sql = "SELECT 1 FROM entry WHERE job = ?1 AND seq = ?2 AND kind = ?3 AND call IS ?4 AND decision IS ?5 \
                   AND at = ?6";
        let call = entry.body.call().map(crate::CallId::as_str);
        let parameters =
            (entry.job.as_str(), integer(entry.seq)?, entry.body.kind(), call, expected, entry.at);
        let found =
            self.0.prepare_cached(sql).and_then(|mut one| one.query_row(parameters, |_| Ok(())).optional());
        Ok(found.map_err(broken)?.is_some())
    }

    fn kept(&self, job: &JobId) -> Result<Kept, LedgerError> {
        let sql = "SELECT agent, policy_hash, state, size, last_at, unsettled FROM job WHERE job = ?1";
        let head = self.0.query_row(sql, [job.as_str()], job_head).optional().map_err(broken)?;
        let scope = scope(job);
        let sql = "SELECT n, last_at, total, limit_id, key FROM meter WHERE scope = ?1";
        let meters = self.all(sql, [&scope], |row| Ok((counter(row, Owner::Job)?, total(row)?)))?;
        // A charge that does not stand at its entry is as good as none.
        let sql = "SELECT n, charge.at, total, limit_id, key FROM charge JOIN entry USING (job, seq) \
                   WHERE scope = ?1 AND job = ?2 AND charge.at = entry.at AND (decision = 'allow' OR kind IN ('opened', 'outcome')) \
                   ORDER BY limit_id, key, n";
        let rows =
            self.all(sql, (&scope, job.as_str()), |row| Ok((counter(row, Owner::Job)?, total(row)?)))?;
        let mut charges = BTreeMap::<_, Vec<Total>>::new();
        for (counter, total) in rows {
            charges.entry(counter).or_default().push(total);
        }
        Ok(Kept { head, meters: meters.into_iter().collect(), charges })
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

    fn last_at(&self) -> Result<i64, LedgerError> {
        self.0.query_row("SELECT last_at FROM ledger", [], |row| row.get(0)).map_err(broken)
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
