//! One job within one transaction.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use wpc_model::{Counter, Hash, Owner, Provenance, RuleId};

use super::broken;
use crate::ledger::append::Tables;
use crate::ledger::secret::Secret;
use crate::ledger::{Body, LedgerError, Verdict};
use crate::{CallId, JobId};
use wpc_evidence::fold::{self, Attempted, JobHead, JobState, Total, Totals, Written};

/// A job's rows, seen and changed through a transaction of `connection`.
pub(super) struct JobRows<'a> {
    connection: &'a Connection,
    job: &'a JobId,
    scope: String,
    /// A secret that is not in its table yet.
    minted: OnceCell<Secret>,
}

impl<'a> JobRows<'a> {
    pub(super) fn new(connection: &'a Connection, job: &'a JobId) -> Self {
        Self { connection, job, scope: scope(job), minted: OnceCell::new() }
    }

    fn one<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, LedgerError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(broken)?;
        statement.query_row(parameters, read).optional().map_err(broken)
    }

    fn change(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<(), LedgerError> {
        let changed =
            self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(parameters));
        match changed.map_err(broken)? {
            1 => Ok(()),
            other => Err(LedgerError::unavailable(format_args!("{other} rows changed in place of one"))),
        }
    }
}

/// The scope of counters of one job.
pub(super) fn scope(job: &JobId) -> String {
    format!("job/{job}")
}

/// What the scopes of counters of agents begin with.
pub(super) const OF_AGENT: &str = "agent/";

/// The key of a counter as it stands in its column.
fn key(counter: &Counter) -> Vec<u8> {
    counter.key.map_or_else(Vec::new, |key| key.0.to_vec())
}

impl JobRows<'_> {
    /// The scope of a counter; that of the agent of a job that is not open is nobody's.
    fn scope(&self, counter: &Counter) -> Result<String, LedgerError> {
        if counter.owner == Owner::Job {
            return Ok(self.scope.clone());
        }
        let sql = "SELECT agent FROM job WHERE job = ?1";
        let agent = self.one(sql, [self.job.as_str()], |row| row.get::<_, String>(0))?;
        Ok(format!("{OF_AGENT}{}", agent.unwrap_or_default()))
    }
}

impl Totals<LedgerError> for JobRows<'_> {
    fn last(&self, counter: &Counter) -> Result<Total, LedgerError> {
        let sql = "SELECT n, last_at, total FROM meter WHERE scope = ?1 AND limit_id = ?2 AND key = ?3";
        let counter = (self.scope(counter)?, counter.statement.0, key(counter));
        Ok(self.one(sql, counter, total)?.unwrap_or(Total::NONE))
    }

    fn until(&self, counter: &Counter, at: i64) -> Result<Total, LedgerError> {
        let sql = "SELECT n, at, total FROM charge WHERE scope = ?1 AND limit_id = ?2 AND key = ?3 \
                   AND at <= ?4 ORDER BY at DESC, n DESC LIMIT 1";
        let parameters = (self.scope(counter)?, counter.statement.0, key(counter), at);
        Ok(self.one(sql, parameters, total)?.unwrap_or(Total::NONE))
    }

    fn nth(&self, counter: &Counter, n: u64) -> Result<Total, LedgerError> {
        let sql =
            "SELECT n, at, total FROM charge WHERE scope = ?1 AND limit_id = ?2 AND key = ?3 AND n = ?4";
        let parameters = (self.scope(counter)?, counter.statement.0, key(counter), integer(n)?);
        let found = self.one(sql, parameters, total)?;
        found.ok_or_else(|| LedgerError::unavailable("a charge is missing"))
    }
}

impl Tables for JobRows<'_> {
    fn job(&self) -> Result<Option<JobHead>, LedgerError> {
        let sql = "SELECT agent, policy_hash, state, size, last_at, unsettled FROM job WHERE job = ?1";
        self.one(sql, [self.job.as_str()], job_head)
    }

    fn secret(&self) -> Result<Secret, LedgerError> {
        if let Some(secret) = self.minted.get() {
            return Ok(secret.clone());
        }
        let sql = "SELECT secret FROM secret WHERE job = ?1";
        let found = self.one(sql, [self.job.as_str()], |row| row.get::<_, [u8; 32]>(0))?;
        if let Some(bytes) = found {
            return Ok(Secret::from(bytes));
        }
        if self.last(&Provenance::remembered())? != Total::NONE {
            // What the job remembers was hashed under another one, and would look as if it were not there.
            return Err(LedgerError::Damaged { cause: "a job's secret is missing".to_owned() });
        }
        let secret = Secret::mint()?;
        Ok(self.minted.get_or_init(|| secret).clone())
    }

    fn attempt(&self, call: &CallId) -> Result<Option<Attempted>, LedgerError> {
        let sql = "SELECT seq, decision, EXISTS (SELECT 1 FROM entry AS later WHERE later.job = ?1 AND \
                   later.call = ?2 AND later.kind = 'outcome') \
                   FROM entry WHERE job = ?1 AND call = ?2 AND kind = 'attempt'";
        self.one(sql, (self.job.as_str(), call.as_str()), |row| {
            let admitted = row.get_ref(1)?.as_str()? == "allow";
            let settled: bool = row.get(2)?;
            Ok(Attempted { seq: row.get::<_, Number>(0)?.0, admitted, unsettled: admitted && !settled })
        })
    }

    fn counts(&self) -> Result<BTreeMap<String, u64>, LedgerError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT kind, count(*) FROM entry WHERE job = ?1 GROUP BY kind")
            .map_err(broken)?;
        let rows =
            statement.query_map([self.job.as_str()], |row| Ok((row.get(0)?, row.get::<_, Number>(1)?.0)));
        rows.and_then(Iterator::collect).map_err(broken)
    }

    fn unsettled(&self) -> Result<Vec<CallId>, LedgerError> {
        let sql = "SELECT call FROM entry WHERE job = ?1 AND decision = 'allow' AND NOT EXISTS \
                   (SELECT 1 FROM entry AS later WHERE later.job = entry.job AND later.call = entry.call AND \
                   later.kind = 'outcome') ORDER BY call";
        let mut statement = self.connection.prepare_cached(sql).map_err(broken)?;
        let rows = statement.query_map([self.job.as_str()], |row| {
            CallId::parse(row.get_ref(0)?.as_str()?).ok_or_else(|| FromSqlError::InvalidType.into())
        });
        rows.and_then(Iterator::collect).map_err(broken)
    }

    fn sums(&self) -> Result<BTreeMap<RuleId, i64>, LedgerError> {
        let sql = "SELECT limit_id, total FROM meter WHERE scope = ?1";
        let mut statement = self.connection.prepare_cached(sql).map_err(broken)?;
        let rows = statement
            .query_map([&self.scope], |row| Ok((RuleId(row.get(0)?), row.get::<_, i64>(1)?)))
            .map_err(broken)?;
        let mut sums = BTreeMap::new();
        for row in rows {
            let (statement, total) = row.map_err(broken)?;
            fold::add(sums.entry(statement).or_default(), total);
        }
        Ok(sums)
    }

    fn write(&mut self, written: Written<'_>) -> Result<(), LedgerError> {
        let Written { entry, bytes, charges, job } = written;
        self.write_job(&job)?;
        if let Some(secret) = self.minted.take() {
            self.change(
                "INSERT INTO secret (job, secret) VALUES (?1, ?2)",
                (self.job.as_str(), secret.bytes()),
            )?;
        }
        let decision = match &entry.body {
            Body::Attempt(attempt) => Some(decision(&attempt.verdict)),
            Body::Opened(_) | Body::Refused(_) | Body::Outcome(_) | Body::Closed(_) => None,
        };
        self.change(
            "INSERT INTO entry (job, seq, kind, call, decision, at, body) \
             VALUES (:job, :seq, :kind, :call, :decision, :at, :body)",
            named_params! {
                ":job": self.job.as_str(), ":seq": integer(entry.seq)?, ":kind": entry.body.kind(),
                ":call": entry.body.call().map(CallId::as_str), ":decision": decision, ":at": entry.at,
                ":body": bytes,
            },
        )?;
        for (counter, total) in charges {
            let (n, scope, key) = (integer(total.n)?, self.scope(&counter)?, key(&counter));
            self.change(
                "INSERT INTO charge (scope, limit_id, key, n, at, total, job, seq) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                (
                    &scope,
                    counter.statement.0,
                    &key,
                    n,
                    total.at,
                    total.sum,
                    self.job.as_str(),
                    integer(entry.seq)?,
                ),
            )?;
            self.change(
                "INSERT INTO meter (scope, limit_id, key, n, total, last_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                 ON CONFLICT (scope, limit_id, key) DO UPDATE SET n = ?4, total = ?5, last_at = ?6 \
                 WHERE n = ?4 - 1",
                (&scope, counter.statement.0, &key, n, total.sum, total.at),
            )?;
        }
        self.change("UPDATE ledger SET last_at = ?1", [entry.at])
    }
}

impl JobRows<'_> {
    fn write_job(&self, job: &JobHead) -> Result<(), LedgerError> {
        self.change(
            "INSERT INTO job (job, agent, policy_hash, state, size, last_at, unsettled) \
             VALUES (:job, :agent, :policy_hash, :state, :size, :last_at, :unsettled) \
             ON CONFLICT (job) DO UPDATE SET state = :state, size = :size, last_at = :last_at, \
             unsettled = :unsettled WHERE size = :size - 1",
            named_params! {
                ":job": self.job.as_str(), ":agent": job.agent, ":policy_hash": job.policy_hash.0,
                ":state": state(job.state), ":size": integer(job.size)?, ":last_at": job.last_at,
                ":unsettled": integer(job.unsettled)?,
            },
        )
    }
}

/// Reads the columns `agent, policy_hash, state, size, last_at, unsettled`.
pub(super) fn job_head(row: &Row<'_>) -> rusqlite::Result<JobHead> {
    let state = match row.get_ref(2)?.as_str()? {
        "open" => JobState::Open,
        "closed" => JobState::Closed,
        _ => return Err(FromSqlError::InvalidType.into()),
    };
    Ok(JobHead {
        agent: row.get(0)?,
        policy_hash: Hash(row.get(1)?),
        state,
        size: row.get::<_, Number>(3)?.0,
        last_at: row.get(4)?,
        unsettled: row.get::<_, Number>(5)?.0,
    })
}

/// Reads the columns `n, at, total`.
pub(super) fn total(row: &Row<'_>) -> rusqlite::Result<Total> {
    Ok(Total { n: row.get::<_, Number>(0)?.0, at: row.get(1)?, sum: row.get(2)? })
}

/// The word of a verdict.
pub(super) const fn decision(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Allow { .. } => "allow",
        Verdict::Deny { .. } => "deny",
    }
}

const fn state(state: JobState) -> &'static str {
    match state {
        JobState::Open => "open",
        JobState::Closed => "closed",
    }
}

/// A number that is never negative.
pub(super) struct Number(pub(super) u64);

impl FromSql for Number {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number).map(Self).map_err(|_| FromSqlError::OutOfRange(number))
    }
}

pub(super) fn integer(number: u64) -> Result<i64, LedgerError> {
    i64::try_from(number).map_err(LedgerError::unavailable)
}
