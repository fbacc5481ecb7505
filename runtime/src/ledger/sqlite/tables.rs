//! One job within one transaction.

use std::collections::BTreeMap;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use wpc_model::{Counter, Hash, Owner, RuleId};

use super::{broken, lease, statements};
use crate::ledger::append::Tables;
use crate::ledger::columns::{self, Columns, OF_AGENT, integer, key, scope, state};
use crate::ledger::{Beside, Body, Document, Entry, LedgerError, Misplaced, ReleaseRow, RevocationKey};
use crate::{CallId, Did, JobId};
use wpc_evidence::fold::{self, Attempted, JobHead, Total, Totals, Use, Written};
use wpc_evidence::log::Leaf;
use wpc_evidence::merkle::{Frontier, leaf_hash};

/// A job's rows, seen and changed through a transaction of `connection`.
pub(super) struct JobRows<'a> {
    connection: &'a Connection,
    job: &'a JobId,
    scope: String,
}

impl<'a> JobRows<'a> {
    pub(super) fn new(connection: &'a Connection, job: &'a JobId) -> Self {
        Self { connection, job, scope: scope(job) }
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
        let sql =
            "SELECT agent, policy_hash, state, size, last_at, unsettled, frontier FROM job WHERE job = ?1";
        self.one(sql, [self.job.as_str()], job_head)
    }

    fn secret(&self) -> Result<Option<[u8; 32]>, LedgerError> {
        let sql = "SELECT secret FROM job WHERE job = ?1";
        Ok(self.one(sql, [self.job.as_str()], |row| row.get::<_, Option<[u8; 32]>>(0))?.flatten())
    }

    fn approvals(&self) -> Result<BTreeMap<Hash, Use>, LedgerError> {
        let sql = "SELECT hash, used, memberships FROM approval WHERE job = ?1";
        let mut statement = self.connection.prepare_cached(sql).map_err(broken)?;
        let rows = statement.query_map([self.job.as_str()], |row| {
            let (hashes, rest) = row.get_ref(2)?.as_blob()?.as_chunks::<32>();
            if !rest.is_empty() {
                return Err(FromSqlError::InvalidType.into());
            }
            let memberships = hashes.iter().copied().map(Hash).collect();
            Ok((Hash(row.get(0)?), Use { used: row.get::<_, Number>(1)?.0, memberships }))
        });
        rows.and_then(Iterator::collect).map_err(broken)
    }

    fn document(&self, hash: &Hash) -> Result<Option<Document>, LedgerError> {
        document(self.connection, hash)
    }

    fn lapsed(&self, at: i64) -> Result<Vec<Vec<u8>>, LedgerError> {
        let sql = "SELECT body FROM entry WHERE job = ?1 AND decision = 'allow' AND NOT EXISTS \
                   (SELECT 1 FROM entry AS later WHERE later.job = entry.job AND later.call = entry.call AND \
                   later.kind = 'outcome') ORDER BY seq";
        let mut statement = self.connection.prepare_cached(sql).map_err(broken)?;
        let rows = statement.query_map([self.job.as_str()], |row| row.get::<_, Vec<u8>>(0));
        let bodies: Vec<_> = rows.and_then(Iterator::collect).map_err(broken)?;
        let mut lapsed = Vec::new();
        for body in bodies {
            let entry =
                Entry::decode(&body).map_err(|error| LedgerError::Damaged { cause: error.to_string() })?;
            if !lease::runs(self.connection, &entry.instance, at)? {
                lapsed.push(body);
            }
        }
        Ok(lapsed)
    }

    fn token(&self, issuer: &Did, jti: &str) -> Result<Option<(JobId, Hash)>, LedgerError> {
        let sql = "SELECT job, grant_hash FROM token WHERE issuer = ?1 AND jti = ?2";
        self.one(sql, (issuer.as_str(), jti), |row| {
            let job = JobId::parse(row.get_ref(0)?.as_str()?).map_err(|_| FromSqlError::InvalidType)?;
            Ok((job, Hash(row.get(1)?)))
        })
    }

    fn revocations(&self) -> Result<u64, LedgerError> {
        let sql = "SELECT coalesce(max(seq), 0) FROM revocation";
        Ok(self.one(sql, [], |row| Ok(row.get::<_, Number>(0)?.0))?.unwrap_or_default())
    }

    fn revoked(&self, what: &RevocationKey) -> Result<Option<(u64, i64)>, LedgerError> {
        statements::revoked(self.connection, what)
    }

    fn releases(&self) -> Result<u64, LedgerError> {
        let sql = "SELECT coalesce(max(n), 0) FROM release";
        Ok(self.one(sql, [], |row| Ok(row.get::<_, Number>(0)?.0))?.unwrap_or_default())
    }

    fn released(&self, policy_name: &str, seq: u64) -> Result<Vec<ReleaseRow>, LedgerError> {
        statements::releases(self.connection, policy_name, seq)
    }

    fn named(&self) -> Result<Option<Vec<u8>>, LedgerError> {
        let sql = "SELECT body FROM entry WHERE job = ?1 AND (kind = 'policy_changed' OR seq = 0) \
                   ORDER BY seq DESC LIMIT 1";
        self.one(sql, [self.job.as_str()], |row| row.get(0))
    }

    fn keep(&mut self, seq: u64, beside: Beside) -> Result<(), LedgerError> {
        for (name, opening) in beside.openings {
            let sql = "INSERT INTO opening (job, seq, name, body) VALUES (?1, ?2, ?3, ?4)";
            self.change(sql, (self.job.as_str(), integer(seq)?, name, opening))?;
        }
        for Document { hash, envelope } in beside.documents {
            // The same document again is no news.
            let sql = "INSERT INTO document (hash, body) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING";
            let stored =
                self.connection.prepare_cached(sql).and_then(|mut one| one.execute((hash.0, envelope)));
            stored.map_err(broken)?;
        }
        Ok(())
    }

    fn log(&mut self, leaf: &Leaf) -> Result<(), LedgerError> {
        log(self.connection, leaf)
    }

    fn attempt(&self, call: &CallId) -> Result<Option<Attempted>, LedgerError> {
        let sql = "SELECT seq, decision, (SELECT result FROM entry AS later WHERE later.job = ?1 AND \
                   later.call = ?2 AND later.kind = 'outcome' ORDER BY late DESC LIMIT 1), \
                   EXISTS (SELECT 1 FROM entry AS later WHERE later.job = ?1 AND later.call = ?2 AND later.late = 1) \
                   FROM entry WHERE job = ?1 AND call = ?2 AND kind = 'attempt'";
        self.one(sql, (self.job.as_str(), call.as_str()), |row| {
            let admitted = row.get_ref(1)?.as_str()? == "allow";
            let result = row.get::<_, Option<String>>(2)?;
            let late: bool = row.get(3)?;
            Ok(Attempted {
                seq: row.get::<_, Number>(0)?.0,
                admitted,
                unsettled: admitted && result.is_none(),
                awaits_late: !late && result.as_deref() == Some("unknown"),
            })
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

    fn write(&mut self, written: Written<'_>, secret: Option<[u8; 32]>) -> Result<(), LedgerError> {
        let Written { entry, bytes, charges, job } = written;
        self.write_job(&job, secret)?;
        self.write_derived(&entry.body)?;
        let Columns { decision, result, late } = Columns::of(&entry.body);
        self.change(
            "INSERT INTO entry (job, seq, kind, call, decision, result, late, at, body) \
             VALUES (:job, :seq, :kind, :call, :decision, :result, :late, :at, :body)",
            named_params! {
                ":job": self.job.as_str(), ":seq": integer(entry.seq)?, ":kind": entry.body.kind(),
                ":call": entry.body.call().map(CallId::as_str), ":decision": decision, ":result": result,
                ":late": late, ":at": entry.at, ":body": bytes,
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
    fn write_job(&self, job: &JobHead, secret: Option<[u8; 32]>) -> Result<(), LedgerError> {
        self.change(
            "INSERT INTO job (job, agent, policy_hash, state, size, last_at, unsettled, frontier, note, anchored, secret) \
             VALUES (:job, :agent, :policy_hash, :state, :size, :last_at, :unsettled, :frontier, '', 0, :secret) \
             ON CONFLICT (job) DO UPDATE SET state = :state, size = :size, last_at = :last_at, \
             unsettled = :unsettled, frontier = :frontier WHERE size = :size - 1",
            named_params! {
                ":job": self.job.as_str(), ":agent": job.agent, ":policy_hash": job.policy_hash.0,
                ":state": state(job.state), ":size": integer(job.size)?, ":last_at": job.last_at,
                ":unsettled": integer(job.unsettled)?, ":frontier": job.frontier.to_bytes(),
                ":secret": secret,
            },
        )
    }

    /// Rows that follow from an entry, beside its charges.
    fn write_derived(&self, body: &Body) -> Result<(), LedgerError> {
        match body {
            Body::Token(taken) => {
                let sql = "INSERT INTO token (issuer, jti, job, grant_hash) VALUES (?1, ?2, ?3, ?4) \
                           ON CONFLICT (issuer, jti) DO UPDATE SET job = ?3 WHERE grant_hash = ?4";
                self.change(sql, (taken.issuer.as_str(), &taken.jti, self.job.as_str(), taken.grant.0))
            }
            Body::Approval(given) => {
                let sql = "SELECT 1 FROM approval WHERE approver = ?1 AND nonce = ?2";
                let seen = self.one(sql, (given.approver.as_str(), &given.nonce), |_| Ok(()))?;
                if seen.is_some() {
                    return Err(Misplaced::ApprovalRepeated.into());
                }
                let sql = "INSERT INTO approval (job, hash, approver, nonce, memberships, used) \
                           VALUES (?1, ?2, ?3, ?4, ?5, 0)";
                let memberships: Vec<u8> = given.memberships.iter().flat_map(|hash| hash.0).collect();
                let (approver, nonce) = (given.approver.as_str(), &given.nonce);
                self.change(sql, (self.job.as_str(), given.approval.0, approver, nonce, memberships))
            }
            Body::Attempt(attempt) => attempt.approvals.iter().try_for_each(|approval| {
                let sql = "UPDATE approval SET used = used + 1 WHERE job = ?1 AND hash = ?2";
                self.change(sql, (self.job.as_str(), approval.0))
            }),
            Body::Opened(_)
            | Body::Refused(_)
            | Body::ModelCall(_)
            | Body::Outcome(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::PolicyChanged(_)
            | Body::ClockAccepted(_)
            | Body::Closed(_) => Ok(()),
        }
    }
}

/// Appends to the ledger's own log.
pub(super) fn log(connection: &Connection, leaf: &Leaf) -> Result<(), LedgerError> {
    let mut frontier = log_frontier(connection)?;
    let bytes = leaf.encode().map_err(|_| Misplaced::Malformed)?;
    let n = frontier.push(leaf_hash(&bytes)).map_err(|_| Misplaced::Malformed)?;
    let run = |sql: &str, parameters: &[&dyn rusqlite::ToSql]| {
        connection.prepare_cached(sql).and_then(|mut one| one.execute(parameters)).map_err(broken)
    };
    run("INSERT INTO leaf (n, body) VALUES (?1, ?2)", &[&integer(n)?, &bytes])?;
    run("UPDATE ledger SET frontier = ?1, last_at = ?2", &[&frontier.to_bytes(), &leaf.at])?;
    run("UPDATE job SET anchored = ?2 WHERE job = ?1", &[&leaf.job.as_str(), &integer(leaf.size)?])?;
    Ok(())
}

/// The signed document whose payload has this hash.
pub(super) fn document(connection: &Connection, hash: &Hash) -> Result<Option<Document>, LedgerError> {
    let mut statement =
        connection.prepare_cached("SELECT body FROM document WHERE hash = ?1").map_err(broken)?;
    let envelope = statement.query_row([hash.0], |row| row.get(0)).optional().map_err(broken)?;
    Ok(envelope.map(|envelope| Document { hash: *hash, envelope }))
}

/// Deletes a job's openings and its secret.
pub(super) fn erase(connection: &Connection, job: &JobId) -> Result<(), LedgerError> {
    for sql in ["DELETE FROM opening WHERE job = ?1", "UPDATE job SET secret = NULL WHERE job = ?1"] {
        connection.execute(sql, [job.as_str()]).map_err(broken)?;
    }
    Ok(())
}

/// The right edge of the ledger's own log.
pub(super) fn log_frontier(connection: &Connection) -> Result<Frontier, LedgerError> {
    connection.query_row("SELECT frontier FROM ledger", [], |row| frontier(row, 0)).map_err(broken)
}

fn frontier(row: &Row<'_>, column: usize) -> rusqlite::Result<Frontier> {
    Frontier::from_bytes(row.get_ref(column)?.as_blob()?).map_err(|_| FromSqlError::InvalidType.into())
}

/// Reads the columns `agent, policy_hash, state, size, last_at, unsettled, frontier`.
pub(super) fn job_head(row: &Row<'_>) -> rusqlite::Result<JobHead> {
    let state = columns::state_of(row.get_ref(2)?.as_str()?).ok_or(FromSqlError::InvalidType)?;
    Ok(JobHead {
        agent: row.get(0)?,
        policy_hash: Hash(row.get(1)?),
        state,
        size: row.get::<_, Number>(3)?.0,
        last_at: row.get(4)?,
        unsettled: row.get::<_, Number>(5)?.0,
        frontier: frontier(row, 6)?,
    })
}

/// Reads the columns `n, at, total`.
pub(super) fn total(row: &Row<'_>) -> rusqlite::Result<Total> {
    Ok(Total { n: row.get::<_, Number>(0)?.0, at: row.get(1)?, sum: row.get(2)? })
}

/// A number that is never negative.
pub(super) struct Number(pub(super) u64);

impl FromSql for Number {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number).map(Self).map_err(|_| FromSqlError::OutOfRange(number))
    }
}
