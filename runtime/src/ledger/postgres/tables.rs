//! One job within one batch.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Row;
use wpc_evidence::fold::{self, Attempted, JobHead, Total, Totals, Use, Written};
use wpc_evidence::log::Leaf;
use wpc_model::{Counter, Hash, Owner, RuleId};

use super::locks::Locked;
use super::session::{Session, bytes, damaged, get, number};
use super::statements;
use super::transaction::Batch;
use super::work::{ApprovalRow, ChargeRow, EntryRow, Place, Standing, Work};
use crate::ledger::append::Tables;
use crate::ledger::columns::{Columns, OF_AGENT, integer, key, scope};
use crate::ledger::{Beside, Body, Document, Entry, LedgerError, Misplaced, ReleaseRow, RevocationKey};
use crate::{CallId, Did, JobId, Outcome};

/// What was read and cannot change while the locks are held.
#[derive(Default)]
pub(super) struct Cache {
    meters: BTreeMap<Place, Total>,
    until: BTreeMap<(Place, i64), Total>,
    attempts: BTreeMap<(JobId, CallId), Option<Attempted>>,
    approvals: BTreeMap<JobId, BTreeMap<Hash, Use>>,
}

/// A job's rows, as they are and as this decision is about to make them.
pub(super) struct JobRows<'a, 'b> {
    batch: &'a Batch<'b>,
    job: &'a JobId,
    pub(super) own: Work,
}

impl<'a, 'b> JobRows<'a, 'b> {
    pub(super) fn new(batch: &'a Batch<'b>, job: &'a JobId) -> Self {
        Self { batch, job, own: Work::default() }
    }

    /// The agent whose counters have this scope.
    pub(super) fn agent_of(scope: &str) -> Option<&str> {
        scope.strip_prefix(OF_AGENT)
    }

    /// What was written before, newest first.
    fn written(&self) -> [&Work; 2] {
        [&self.own, &self.batch.work]
    }

    fn standing(&self) -> Option<Standing> {
        let written = self.written().into_iter().find_map(|work| work.jobs.get(self.job).cloned());
        written.or_else(|| self.batch.jobs.get(self.job).map(Locked::standing))
    }

    /// Where a counter is; nowhere, if it is that of the agent of a job that is not open.
    fn place(&self, counter: &Counter) -> Result<Option<Place>, LedgerError> {
        let scope = match counter.owner {
            Owner::Job => scope(self.job),
            Owner::Agent => {
                let Some(standing) = self.standing() else { return Ok(None) };
                let agent = standing.head.agent;
                if !self.batch.agents.contains_key(&agent) {
                    self.batch.wants.borrow_mut().agents.insert(agent);
                    return Err(LedgerError::unavailable("the agent's row is needed"));
                }
                format!("{OF_AGENT}{agent}")
            }
        };
        Ok(Some((scope, counter.statement.0.to_vec(), key(counter))))
    }

    fn last_at(&self, place: &Place) -> Result<Total, LedgerError> {
        if let Some(total) = self.written().into_iter().find_map(|work| work.meters.get(place)) {
            return Ok(*total);
        }
        if let Some(total) = self.batch.cache.borrow().meters.get(place) {
            return Ok(*total);
        }
        let sql = "SELECT n, last_at, total FROM meter WHERE scope = $1 AND limit_id = $2 AND key = $3";
        let row = self.batch.session.row(sql, &[&place.0, &place.1, &place.2])?;
        let total = row.as_ref().map(total).transpose()?.unwrap_or(Total::NONE);
        self.batch.cache.borrow_mut().meters.insert(place.clone(), total);
        Ok(total)
    }

    /// Rows that follow from an entry, beside its charges.
    fn write_derived(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        let of = |call: &CallId| (self.job.clone(), call.clone());
        match &entry.body {
            Body::Token(taken) => {
                let token = (taken.issuer.to_string(), taken.jti.clone());
                self.own.tokens.insert(token, (self.job.clone(), taken.grant));
            }
            Body::Approval(given) => {
                let approver = given.approver.to_string();
                let is_same = |row: &ApprovalRow| row.approver == approver && row.nonce == given.nonce;
                let sql = "SELECT 1 FROM approval WHERE approver = $1 AND nonce = $2";
                if self.written().into_iter().any(|work| work.given.iter().any(is_same))
                    || self.batch.session.row(sql, &[&approver, &given.nonce])?.is_some()
                {
                    return Err(Misplaced::ApprovalRepeated.into());
                }
                let bytes = given.memberships.iter().flat_map(|hash| hash.0).collect();
                let (job, hash, nonce) = (self.job.clone(), given.approval, given.nonce.clone());
                let used = Use { used: 0, memberships: given.memberships.clone() };
                self.own.approvals.insert((job.clone(), hash), used);
                self.own.given.push(ApprovalRow { job, hash, approver, nonce, memberships: bytes });
            }
            Body::Attempt(attempt) => {
                let admitted = Columns::of(&entry.body).decision == Some("allow");
                let attempted =
                    Attempted { seq: entry.seq, admitted, unsettled: admitted, awaits_late: false };
                self.own.attempts.insert(of(&attempt.call), attempted);
                if attempt.approvals.is_empty() {
                    return Ok(());
                }
                let mut known = self.approvals()?;
                for approval in &attempt.approvals {
                    let mut used = known.remove(approval).ok_or(Misplaced::ApprovalUnknown)?;
                    used.used = used.used.saturating_add(1);
                    self.own.approvals.insert((self.job.clone(), *approval), used);
                }
            }
            Body::Outcome(settled) => {
                if let Some(mut attempted) = self.attempt(&settled.call)? {
                    attempted.unsettled = false;
                    attempted.awaits_late =
                        !settled.late && matches!(settled.outcome, Outcome::Unknown { .. });
                    self.own.attempts.insert(of(&settled.call), attempted);
                }
            }
            Body::Opened(_)
            | Body::Refused(_)
            | Body::ModelCall(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::PolicyChanged(_)
            | Body::ClockAccepted(_)
            | Body::Closed(_) => {}
        }
        Ok(())
    }
}

impl Totals<LedgerError> for JobRows<'_, '_> {
    fn last(&self, counter: &Counter) -> Result<Total, LedgerError> {
        self.place(counter)?.map_or(Ok(Total::NONE), |place| self.last_at(&place))
    }

    fn until(&self, counter: &Counter, at: i64) -> Result<Total, LedgerError> {
        let Some(place) = self.place(counter)? else { return Ok(Total::NONE) };
        // What this batch charges bears its time, and nothing bears a later one.
        if at >= self.batch.moment.at {
            return self.last_at(&place);
        }
        let asked = (place, at);
        if let Some(total) = self.batch.cache.borrow().until.get(&asked) {
            return Ok(*total);
        }
        let sql = "SELECT n, at, total FROM charge WHERE scope = $1 AND limit_id = $2 AND key = $3 \
                   AND at <= $4 ORDER BY at DESC, n DESC LIMIT 1";
        let (place, at) = &asked;
        let row = self.batch.session.row(sql, &[&place.0, &place.1, &place.2, at])?;
        let total = row.as_ref().map(total).transpose()?.unwrap_or(Total::NONE);
        self.batch.cache.borrow_mut().until.insert(asked, total);
        Ok(total)
    }

    fn nth(&self, counter: &Counter, n: u64) -> Result<Total, LedgerError> {
        let missing = || LedgerError::unavailable("a charge is missing");
        let place = self.place(counter)?.ok_or_else(missing)?;
        let is_it = |row: &&ChargeRow| row.total.n == n && row.place == place;
        if let Some(row) = self.written().into_iter().find_map(|work| work.charges.iter().find(is_it)) {
            return Ok(row.total);
        }
        let sql =
            "SELECT n, at, total FROM charge WHERE scope = $1 AND limit_id = $2 AND key = $3 AND n = $4";
        let row = self.batch.session.row(sql, &[&place.0, &place.1, &place.2, &integer(n)?])?;
        total(&row.ok_or_else(missing)?)
    }
}

impl Tables for JobRows<'_, '_> {
    fn job(&self) -> Result<Option<JobHead>, LedgerError> {
        Ok(self.standing().map(|standing| standing.head))
    }

    fn secret(&self) -> Result<Option<[u8; 32]>, LedgerError> {
        Ok(self.standing().and_then(|standing| standing.secret))
    }

    fn attempt(&self, call: &CallId) -> Result<Option<Attempted>, LedgerError> {
        let asked = (self.job.clone(), call.clone());
        if let Some(attempted) = self.written().into_iter().find_map(|work| work.attempts.get(&asked)) {
            return Ok(Some(*attempted));
        }
        // A job that the database has not has no calls there.
        if !self.batch.jobs.contains_key(self.job) {
            return Ok(None);
        }
        if let Some(attempted) = self.batch.cache.borrow().attempts.get(&asked) {
            return Ok(*attempted);
        }
        let sql = "SELECT seq, decision, (SELECT result FROM entry AS later WHERE later.job = $1 AND \
                   later.call = $2 AND later.kind = 'outcome' ORDER BY late DESC LIMIT 1), \
                   EXISTS (SELECT 1 FROM entry AS later WHERE later.job = $1 AND later.call = $2 AND later.late) \
                   FROM entry WHERE job = $1 AND call = $2 AND kind = 'attempt'";
        let row = self.batch.session.row(sql, &[&self.job.as_str(), &call.as_str()])?;
        let read = |row: &Row| -> Result<_, LedgerError> {
            let admitted = get::<Option<&str>>(row, 1)? == Some("allow");
            let result: Option<&str> = get(row, 2)?;
            let late: bool = get(row, 3)?;
            Ok(Attempted {
                seq: number(row, 0)?,
                admitted,
                unsettled: admitted && result.is_none(),
                awaits_late: !late && result == Some("unknown"),
            })
        };
        let attempted = row.as_ref().map(read).transpose()?;
        self.batch.cache.borrow_mut().attempts.insert(asked, attempted);
        Ok(attempted)
    }

    fn counts(&self) -> Result<BTreeMap<String, u64>, LedgerError> {
        let sql = "SELECT kind, count(*) FROM entry WHERE job = $1 GROUP BY kind";
        let rows = self.batch.session.rows(sql, &[&self.job.as_str()])?;
        let mut counts = BTreeMap::<String, u64>::new();
        for row in &rows {
            counts.insert(get(row, 0)?, number(row, 1)?);
        }
        let new = self.written().into_iter().flat_map(|work| &work.entries);
        for entry in new.filter(|entry| entry.job == *self.job) {
            let count = counts.entry(entry.kind.to_owned()).or_default();
            *count = count.saturating_add(1);
        }
        Ok(counts)
    }

    fn unsettled(&self) -> Result<Vec<CallId>, LedgerError> {
        let sql = "SELECT call FROM entry WHERE job = $1 AND decision = 'allow' AND NOT EXISTS \
                   (SELECT 1 FROM entry AS later WHERE later.job = entry.job AND later.call = entry.call AND \
                   later.kind = 'outcome')";
        let rows = self.batch.session.rows(sql, &[&self.job.as_str()])?;
        let call = |row| CallId::parse(get(row, 0)?).ok_or_else(|| damaged("a call's id"));
        let mut calls: BTreeSet<_> = rows.iter().map(call).collect::<Result<_, LedgerError>>()?;
        for work in [&self.batch.work, &self.own] {
            for ((_, call), attempted) in work.attempts.iter().filter(|((job, _), _)| job == self.job) {
                if attempted.unsettled {
                    calls.insert(call.clone());
                } else {
                    calls.remove(call);
                }
            }
        }
        Ok(calls.into_iter().collect())
    }

    fn sums(&self) -> Result<BTreeMap<RuleId, i64>, LedgerError> {
        let scope = scope(self.job);
        let rows =
            self.batch.session.rows("SELECT limit_id, key, total FROM meter WHERE scope = $1", &[&scope])?;
        let mut meters = BTreeMap::new();
        for row in &rows {
            meters.insert((get::<Vec<u8>>(row, 0)?, get::<Vec<u8>>(row, 1)?), get::<i64>(row, 2)?);
        }
        for work in [&self.batch.work, &self.own] {
            for ((of, statement, key), total) in &work.meters {
                if *of == scope {
                    meters.insert((statement.clone(), key.clone()), total.sum);
                }
            }
        }
        let mut sums = BTreeMap::new();
        for ((statement, _), total) in meters {
            let statement = RuleId(statement.try_into().map_err(|_| damaged("a statement's id"))?);
            fold::add(sums.entry(statement).or_default(), total);
        }
        Ok(sums)
    }

    fn approvals(&self) -> Result<BTreeMap<Hash, Use>, LedgerError> {
        let known = self.batch.cache.borrow().approvals.get(self.job).cloned();
        let mut all = match known {
            Some(known) => known,
            None => {
                let known = approvals(self.batch.session, self.job)?;
                self.batch.cache.borrow_mut().approvals.insert(self.job.clone(), known.clone());
                known
            }
        };
        for work in [&self.batch.work, &self.own] {
            let own = work.approvals.iter().filter(|((job, _), _)| job == self.job);
            all.extend(own.map(|((_, hash), used)| (*hash, used.clone())));
        }
        Ok(all)
    }

    fn document(&self, hash: &Hash) -> Result<Option<Document>, LedgerError> {
        if let Some(envelope) = self.written().into_iter().find_map(|work| work.documents.get(hash)) {
            return Ok(Some(Document { hash: *hash, envelope: envelope.clone() }));
        }
        document(self.batch.session, hash)
    }

    fn lapsed(&self, at: i64) -> Result<Vec<Vec<u8>>, LedgerError> {
        let sql = "SELECT body FROM entry WHERE job = $1 AND decision = 'allow' AND NOT EXISTS \
                   (SELECT 1 FROM entry AS later WHERE later.job = entry.job AND later.call = entry.call AND \
                   later.kind = 'outcome') ORDER BY seq";
        let rows = self.batch.session.rows(sql, &[&self.job.as_str()])?;
        let mut unsettled = Vec::new();
        for row in &rows {
            let body: Vec<u8> = get(row, 0)?;
            let entry = Entry::decode(&body).map_err(damaged)?;
            // An outcome that this batch is about to write settles it.
            let call = entry.body.call().map(|call| self.attempt(call)).transpose()?.flatten();
            if call.is_some_and(|call| call.unsettled) {
                unsettled.push((entry.instance, body));
            }
        }
        let instances: BTreeSet<_> = unsettled.iter().map(|(instance, _)| instance.as_str()).collect();
        let instances: Vec<_> = instances.into_iter().collect();
        let sql = "SELECT instance FROM instance WHERE instance = ANY($1) AND lease_until > $2";
        let rows = self.batch.session.rows(sql, &[&instances, &at])?;
        let alive: BTreeSet<&str> = rows.iter().map(|row| get(row, 0)).collect::<Result<_, _>>()?;
        unsettled.retain(|(instance, _)| !alive.contains(instance.as_str()));
        Ok(unsettled.into_iter().map(|(_, body)| body).collect())
    }

    fn token(&self, issuer: &Did, jti: &str) -> Result<Option<(JobId, Hash)>, LedgerError> {
        let asked = (issuer.to_string(), jti.to_owned());
        if let Some(taken) = self.written().into_iter().find_map(|work| work.tokens.get(&asked)) {
            return Ok(Some(taken.clone()));
        }
        let sql = "SELECT job, grant_hash FROM token WHERE issuer = $1 AND jti = $2";
        let row = self.batch.session.row(sql, &[&issuer.as_str(), &jti])?;
        let read = |row| Ok((JobId::parse(get(row, 0)?).map_err(damaged)?, Hash(bytes(row, 1)?)));
        row.as_ref().map(read).transpose()
    }

    fn revocations(&self) -> Result<u64, LedgerError> {
        Ok(self.batch.revocations)
    }

    fn revoked(&self, what: &RevocationKey) -> Result<Option<(u64, i64)>, LedgerError> {
        if self.batch.revocations == 0 {
            return Ok(None);
        }
        statements::revoked(self.batch.session, what)
    }

    fn releases(&self) -> Result<u64, LedgerError> {
        Ok(self.batch.releases)
    }

    fn released(&self, policy_name: &str, seq: u64) -> Result<Vec<ReleaseRow>, LedgerError> {
        statements::releases(self.batch.session, policy_name, seq)
    }

    fn named(&self) -> Result<Option<Vec<u8>>, LedgerError> {
        let names = |row: &&EntryRow| row.job == *self.job && (row.kind == "policy_changed" || row.seq == 0);
        if let Some(row) = self.written().into_iter().find_map(|work| work.entries.iter().rfind(names)) {
            return Ok(Some(row.body.clone()));
        }
        let sql = "SELECT body FROM entry WHERE job = $1 AND (kind = 'policy_changed' OR seq = 0) \
                   ORDER BY seq DESC LIMIT 1";
        let row = self.batch.session.row(sql, &[&self.job.as_str()])?;
        row.map(|row| get(&row, 0)).transpose()
    }

    fn write(&mut self, written: Written<'_>, secret: Option<[u8; 32]>) -> Result<(), LedgerError> {
        let Written { entry, bytes, charges, job } = written;
        let standing = match self.standing() {
            Some(standing) => Standing { head: job, ..standing },
            None => Standing { head: job, anchored: 0, secret, before: None },
        };
        self.own.jobs.insert(self.job.clone(), standing);
        self.write_derived(entry)?;
        let Columns { decision, result, late } = Columns::of(&entry.body);
        let seq = integer(entry.seq)?;
        self.own.entries.push(EntryRow {
            job: self.job.clone(),
            seq,
            kind: entry.body.kind(),
            call: entry.body.call().cloned(),
            decision,
            result,
            late,
            at: entry.at,
            body: bytes,
        });
        for (counter, total) in charges {
            let place = self.place(&counter)?.ok_or(Misplaced::NotOpen)?;
            self.own.meters.insert(place.clone(), total);
            self.own.charges.push(ChargeRow { place, total, job: self.job.clone(), seq });
        }
        Ok(())
    }

    fn keep(&mut self, seq: u64, beside: Beside) -> Result<(), LedgerError> {
        let seq = integer(seq)?;
        let opening = |(name, body)| (self.job.clone(), seq, name, body);
        self.own.openings.extend(beside.openings.into_iter().map(opening));
        let documents = beside.documents.into_iter();
        self.own.documents.extend(documents.map(|Document { hash, envelope }| (hash, envelope)));
        Ok(())
    }

    fn log(&mut self, leaf: &Leaf) -> Result<(), LedgerError> {
        self.batch.log(leaf, &mut self.own)?;
        if let Some(standing) = self.own.jobs.get_mut(self.job) {
            standing.anchored = leaf.size;
        }
        Ok(())
    }
}

/// The approvals of a job, as the database has them.
pub(super) fn approvals(session: &Session, job: &JobId) -> Result<BTreeMap<Hash, Use>, LedgerError> {
    let sql = "SELECT hash, used, memberships FROM approval WHERE job = $1";
    let read = |row: &Row| -> Result<_, LedgerError> {
        let (hashes, rest) = get::<&[u8]>(row, 2)?.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(damaged("the memberships of an approval"));
        }
        let memberships = hashes.iter().copied().map(Hash).collect();
        Ok((Hash(bytes(row, 0)?), Use { used: number(row, 1)?, memberships }))
    };
    session.rows(sql, &[&job.as_str()])?.iter().map(read).collect()
}

/// The signed document whose payload has this hash.
pub(super) fn document(session: &Session, hash: &Hash) -> Result<Option<Document>, LedgerError> {
    let row = session.row("SELECT body FROM document WHERE hash = $1", &[&hash.0.as_slice()])?;
    row.map(|row| Ok(Document { hash: *hash, envelope: get(&row, 0)? })).transpose()
}

/// Reads the columns `n, at, total`.
pub(super) fn total(row: &Row) -> Result<Total, LedgerError> {
    Ok(Total { n: number(row, 0)?, at: get(row, 1)?, sum: get(row, 2)? })
}
