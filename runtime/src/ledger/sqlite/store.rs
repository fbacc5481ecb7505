//! A ledger's file as one unchanging state, for a check.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _};
use wpc_model::RuleId;

use super::broken;
use super::tables::{Number, decision, integer, job_head, scope, total};
use crate::JobId;
use crate::ledger::check::{Kept, Store};
use crate::ledger::totals::Total;
use crate::ledger::{Body, Entry, LedgerError};

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
        names.iter().map(|name| JobId::parse(name).map_err(LedgerError::unavailable)).collect()
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
        let meters =
            self.all("SELECT n, last_at, total, limit_id FROM meter WHERE scope = ?1", [&scope], |row| {
                Ok((RuleId(row.get(3)?), total(row)?))
            })?;
        // A charge that does not stand at its attempt is as good as none.
        let sql = "SELECT n, charge.at, total, limit_id FROM charge JOIN entry USING (job, seq) \
                   WHERE scope = ?1 AND job = ?2 AND decision = 'allow' AND charge.at = entry.at ORDER BY limit_id, n";
        let rows = self.all(sql, (&scope, job.as_str()), |row| Ok((RuleId(row.get(3)?), total(row)?)))?;
        let mut charges = BTreeMap::<_, Vec<Total>>::new();
        for (limit, total) in rows {
            charges.entry(limit).or_default().push(total);
        }
        Ok(Kept { head, meters: meters.into_iter().collect(), charges })
    }

    fn last_at(&self) -> Result<i64, LedgerError> {
        self.0.query_row("SELECT last_at FROM ledger", [], |row| row.get(0)).map_err(broken)
    }

    fn rows(&self) -> Result<[u64; 2], LedgerError> {
        let count = |sql| self.0.query_row(sql, [], |row| Ok(row.get::<_, Number>(0)?.0)).map_err(broken);
        Ok([count("SELECT count(*) FROM meter")?, count("SELECT count(*) FROM charge")?])
    }
}
