//! What a batch is about to write: seen by its later decisions, written at its end.

use std::collections::BTreeMap;

use wpc_evidence::fold::{Attempted, Total, Use};
use wpc_evidence::merkle::Frontier;
use wpc_model::Hash;

use super::session::{Parameters, Session};
use crate::ledger::columns::{integer, state};
use crate::ledger::{JobHead, LedgerError};
use crate::{CallId, JobId};

/// Where a counter is: scope, statement and key, as its rows have them.
pub(super) type Place = (String, Vec<u8>, Vec<u8>);

/// A job as it will stand.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) head: JobHead,
    pub(super) anchored: u64,
    pub(super) secret: Option<[u8; 32]>,
    /// Entries that the database has of it; `None` if it is new.
    pub(super) before: Option<u64>,
}

#[derive(Debug)]
pub(super) struct EntryRow {
    pub(super) job: JobId,
    pub(super) seq: i64,
    pub(super) kind: &'static str,
    pub(super) call: Option<CallId>,
    pub(super) decision: Option<&'static str>,
    pub(super) result: Option<&'static str>,
    pub(super) late: bool,
    pub(super) at: i64,
    pub(super) body: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct ChargeRow {
    pub(super) place: Place,
    pub(super) total: Total,
    pub(super) job: JobId,
    pub(super) seq: i64,
}

#[derive(Debug)]
pub(super) struct ApprovalRow {
    pub(super) job: JobId,
    pub(super) hash: Hash,
    pub(super) approver: String,
    pub(super) nonce: String,
    pub(super) memberships: Vec<u8>,
}

/// New rows, of one decision or of all before it.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) jobs: BTreeMap<JobId, Standing>,
    pub(super) entries: Vec<EntryRow>,
    pub(super) attempts: BTreeMap<(JobId, CallId), Attempted>,
    pub(super) charges: Vec<ChargeRow>,
    pub(super) meters: BTreeMap<Place, Total>,
    pub(super) given: Vec<ApprovalRow>,
    pub(super) approvals: BTreeMap<(JobId, Hash), Use>,
    /// By issuer and `jti`: the job, and the hash of the grant.
    pub(super) tokens: BTreeMap<(String, String), (JobId, Hash)>,
    pub(super) openings: Vec<(JobId, i64, String, Vec<u8>)>,
    pub(super) documents: BTreeMap<Hash, Vec<u8>>,
    /// The ledger's own log, if it has grown.
    pub(super) log: Option<Frontier>,
    pub(super) leaves: Vec<(i64, Vec<u8>)>,
}

impl Work {
    /// Adds what comes after it.
    pub(super) fn absorb(&mut self, mut later: Self) {
        self.jobs.append(&mut later.jobs);
        self.entries.append(&mut later.entries);
        self.attempts.append(&mut later.attempts);
        self.charges.append(&mut later.charges);
        self.meters.append(&mut later.meters);
        self.given.append(&mut later.given);
        self.approvals.append(&mut later.approvals);
        self.tokens.append(&mut later.tokens);
        self.openings.append(&mut later.openings);
        self.documents.append(&mut later.documents);
        self.log = later.log.or_else(|| self.log.take());
        self.leaves.append(&mut later.leaves);
    }

    /// Writes all but the ledger's own row. `notes` are the signed heads of the jobs.
    pub(super) fn write(
        &self,
        session: &Session,
        notes: &BTreeMap<JobId, String>,
    ) -> Result<(), LedgerError> {
        self.write_jobs(session, notes)?;
        self.write_entries(session)?;
        self.write_counters(session)?;
        self.write_authority(session)?;
        self.write_beside(session)
    }

    fn write_jobs(&self, session: &Session, notes: &BTreeMap<JobId, String>) -> Result<(), LedgerError> {
        let note = |job: &JobId| notes.get(job).map_or("", String::as_str);
        for (job, Standing { head, anchored, secret, before }) in &self.jobs {
            let (size, unsettled, frontier) =
                (integer(head.size)?, integer(head.unsettled)?, head.frontier.to_bytes());
            let anchored = integer(*anchored)?;
            let Some(before) = before else {
                let sql = "INSERT INTO agent (agent, last_at) VALUES ($1, 0) ON CONFLICT (agent) DO NOTHING";
                session.execute(sql, &[&head.agent])?;
                let sql = "INSERT INTO job (job, agent, policy_hash, state, size, last_at, unsettled, frontier, note, \
                           anchored, secret) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
                let secret = secret.as_ref().map(<[u8; 32]>::as_slice);
                change(
                    1,
                    session.execute(
                        sql,
                        &[
                            &job.as_str(),
                            &head.agent,
                            &head.policy_hash.0.as_slice(),
                            &state(head.state),
                            &size,
                            &head.last_at,
                            &unsettled,
                            &frontier,
                            &note(job),
                            &anchored,
                            &secret,
                        ],
                    ),
                )?;
                continue;
            };
            let sql = "UPDATE job SET state = $2, size = $3, last_at = $4, unsettled = $5, frontier = $6, note = $7, \
                       anchored = $8 WHERE job = $1 AND size = $9";
            change(
                1,
                session.execute(
                    sql,
                    &[
                        &job.as_str(),
                        &state(head.state),
                        &size,
                        &head.last_at,
                        &unsettled,
                        &frontier,
                        &note(job),
                        &anchored,
                        &integer(*before)?,
                    ],
                ),
            )?;
        }
        Ok(())
    }

    fn write_entries(&self, session: &Session) -> Result<(), LedgerError> {
        let rows = &self.entries;
        let calls = column(rows, |row| row.call.as_ref().map(CallId::as_str));
        let bodies = column(rows, |row| row.body.as_slice());
        insert(
            session,
            "INSERT INTO entry (job, seq, kind, call, decision, result, late, at, body) SELECT * FROM unnest(\
             $1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::bigint[], \
             $9::bytea[])",
            &[
                &column(rows, |row| row.job.as_str()),
                &column(rows, |row| row.seq),
                &column(rows, |row| row.kind),
                &calls,
                &column(rows, |row| row.decision),
                &column(rows, |row| row.result),
                &column(rows, |row| row.late),
                &column(rows, |row| row.at),
                &bodies,
            ],
            rows.len(),
        )
    }

    fn write_counters(&self, session: &Session) -> Result<(), LedgerError> {
        let rows = &self.charges;
        let numbers = rows.iter().map(|row| integer(row.total.n)).collect::<Result<Vec<_>, _>>()?;
        insert(
            session,
            "INSERT INTO charge (scope, limit_id, key, n, at, total, job, seq) SELECT * FROM unnest(\
             $1::text[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::bigint[])",
            &[
                &column(rows, |row| row.place.0.as_str()),
                &column(rows, |row| row.place.1.as_slice()),
                &column(rows, |row| row.place.2.as_slice()),
                &numbers,
                &column(rows, |row| row.total.at),
                &column(rows, |row| row.total.sum),
                &column(rows, |row| row.job.as_str()),
                &column(rows, |row| row.seq),
            ],
            rows.len(),
        )?;
        let rows: Vec<_> = self.meters.iter().collect();
        let numbers = rows.iter().map(|(_, total)| integer(total.n)).collect::<Result<Vec<_>, _>>()?;
        insert(
            session,
            "INSERT INTO meter (scope, limit_id, key, n, total, last_at) SELECT * FROM unnest(\
             $1::text[], $2::bytea[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[]) \
             ON CONFLICT (scope, limit_id, key) DO UPDATE SET n = excluded.n, total = excluded.total, \
             last_at = excluded.last_at WHERE meter.n < excluded.n",
            &[
                &column(&rows, |(place, _)| place.0.as_str()),
                &column(&rows, |(place, _)| place.1.as_slice()),
                &column(&rows, |(place, _)| place.2.as_slice()),
                &numbers,
                &column(&rows, |(_, total)| total.sum),
                &column(&rows, |(_, total)| total.at),
            ],
            rows.len(),
        )
    }

    /// Approvals and tokens. If another job took the same one meanwhile, the decision is taken again.
    fn write_authority(&self, session: &Session) -> Result<(), LedgerError> {
        for row in &self.given {
            let sql = "INSERT INTO approval (job, hash, approver, nonce, memberships, used) \
                       VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (approver, nonce) DO NOTHING";
            let inserted = session.execute(
                sql,
                &[&row.job.as_str(), &row.hash.0.as_slice(), &row.approver, &row.nonce, &row.memberships],
            )?;
            if inserted == 0 {
                return session.repeat("the approval was taken meanwhile");
            }
        }
        for ((job, hash), Use { used, .. }) in &self.approvals {
            let sql = "UPDATE approval SET used = $3 WHERE job = $1 AND hash = $2";
            change(1, session.execute(sql, &[&job.as_str(), &hash.0.as_slice(), &integer(*used)?]))?;
        }
        for ((issuer, jti), (job, grant)) in &self.tokens {
            let sql = "INSERT INTO token (issuer, jti, job, grant_hash) VALUES ($1, $2, $3, $4) \
                       ON CONFLICT (issuer, jti) DO UPDATE SET job = excluded.job \
                       WHERE token.job = excluded.job AND token.grant_hash = excluded.grant_hash";
            let taken = session.execute(sql, &[issuer, jti, &job.as_str(), &grant.0.as_slice()])?;
            if taken == 0 {
                return session.repeat("the token was taken meanwhile");
            }
        }
        Ok(())
    }

    fn write_beside(&self, session: &Session) -> Result<(), LedgerError> {
        let rows = &self.openings;
        insert(
            session,
            "INSERT INTO opening (job, seq, name, body) SELECT * FROM unnest(\
             $1::text[], $2::bigint[], $3::text[], $4::bytea[])",
            &[
                &column(rows, |row| row.0.as_str()),
                &column(rows, |row| row.1),
                &column(rows, |row| row.2.as_str()),
                &column(rows, |row| row.3.as_slice()),
            ],
            rows.len(),
        )?;
        for (hash, body) in &self.documents {
            // The same document again is no news.
            let sql = "INSERT INTO document (hash, body) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING";
            session.execute(sql, &[&hash.0.as_slice(), body])?;
        }
        let rows = &self.leaves;
        insert(
            session,
            "INSERT INTO leaf (n, body) SELECT * FROM unnest($1::bigint[], $2::bytea[])",
            &[&column(rows, |row| row.0), &column(rows, |row| row.1.as_slice())],
            rows.len(),
        )
    }
}

fn column<'a, R, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

/// Inserts this many rows in one statement.
fn insert(
    session: &Session,
    sql: &'static str,
    columns: Parameters<'_>,
    rows: usize,
) -> Result<(), LedgerError> {
    if rows == 0 {
        return Ok(());
    }
    change(u64::try_from(rows).unwrap_or(u64::MAX), session.execute(sql, columns))
}

/// So many rows must have changed.
pub(super) fn change(expected: u64, changed: Result<u64, LedgerError>) -> Result<(), LedgerError> {
    match changed? {
        changed if changed == expected => Ok(()),
        other => Err(LedgerError::unavailable(format_args!("{other} rows changed in place of {expected}"))),
    }
}
