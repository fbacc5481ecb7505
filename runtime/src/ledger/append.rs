//! One append, the same for every store.

use std::collections::BTreeMap;

use wpc_evidence::commitment::JobSecret;
use wpc_evidence::fold::{Attempted, JobHead, Misplaced, Totals, Use, Written, approved, charge, follow};
use wpc_evidence::log::{Leaf, LeafKind};
use wpc_evidence::merkle::{empty_root, leaf_hash};
use wpc_evidence::statement::Release;
use wpc_model::{Hash, RuleId};

use super::beside::{Beside, Document, ReleaseRow, RevocationKey};
use super::time::Moment;
use super::{
    Appended, Body, ClockAccepted, Closed, Closing, Decide, Entry, Head, Instance, JobState, LedgerError,
    Step,
};
use crate::{CallId, Did, JobId};

/// One job in a store, locked for one append. What is written is seen by later reads.
pub(super) trait Tables: Totals<LedgerError> {
    /// The job, if it was opened.
    fn job(&self) -> Result<Option<JobHead>, LedgerError>;

    /// The job's secret, if it was opened and not erased.
    fn secret(&self) -> Result<Option<[u8; 32]>, LedgerError>;

    /// What is known of a call.
    fn attempt(&self, call: &CallId) -> Result<Option<Attempted>, LedgerError>;

    /// How many entries of each kind the job has.
    fn counts(&self) -> Result<BTreeMap<String, u64>, LedgerError>;

    /// Admitted calls without an outcome, sorted.
    fn unsettled(&self) -> Result<Vec<CallId>, LedgerError>;

    /// The sum of all charges of each statement, over the job's own counters.
    fn sums(&self) -> Result<BTreeMap<RuleId, i64>, LedgerError>;

    /// The job's approvals.
    fn approvals(&self) -> Result<BTreeMap<Hash, Use>, LedgerError>;

    /// The signed document whose payload has this hash.
    fn document(&self, hash: &Hash) -> Result<Option<Document>, LedgerError>;

    /// Canonical bytes of admitted attempts without an outcome whose process is known to be dead at `at`.
    fn lapsed(&self, at: i64) -> Result<Vec<Vec<u8>>, LedgerError>;

    /// The job that took the token `jti` of `issuer`, and the hash of its grant.
    fn token(&self, issuer: &Did, jti: &str) -> Result<Option<(JobId, Hash)>, LedgerError>;

    /// How many revocations the ledger holds.
    fn revocations(&self) -> Result<u64, LedgerError>;

    /// Place and time of the last revocation of this, if there is one that is not lifted.
    fn revoked(&self, what: &RevocationKey) -> Result<Option<(u64, i64)>, LedgerError>;

    /// How many releases the ledger holds.
    fn releases(&self) -> Result<u64, LedgerError>;

    /// The releases of a policy's name that come after number `seq`, in their order.
    fn released(&self, policy_name: &str, seq: u64) -> Result<Vec<ReleaseRow>, LedgerError>;

    /// Canonical bytes of the job's last `policy_changed`, else of its `opened`.
    fn named(&self) -> Result<Option<Vec<u8>>, LedgerError>;

    /// Writes an entry, the charges it makes and the job as it stands after it; of its first entry
    /// also the job's secret.
    fn write(&mut self, written: Written<'_>, secret: Option<[u8; 32]>) -> Result<(), LedgerError>;

    /// Keeps what the entry at `seq` brings along.
    fn keep(&mut self, seq: u64, beside: Beside) -> Result<(), LedgerError>;

    /// Appends to the ledger's own log.
    fn log(&mut self, leaf: &Leaf) -> Result<(), LedgerError>;
}

/// Who writes.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    pub(super) ledger: Did,
    pub(super) instance: Instance,
}

/// Takes one decision at the head of `job` and writes it to `tables`. On an error the caller discards what was
/// written.
pub(super) fn append(
    tables: &mut dyn Tables,
    writer: &Writer,
    Moment { at, since }: Moment,
    job: &JobId,
    decide: &mut Decide<'_>,
) -> Result<Appended, LedgerError> {
    let mut state = tables.job()?;
    let first_seq = state.as_ref().map_or(0, |job| job.size);
    let fresh = if state.is_none() { Some(JobSecret::mint()?) } else { None };
    let steps = {
        let head = Head::new(at, job, state.as_ref(), &*tables, fresh.as_ref());
        let steps = decide(&head);
        if let Some(error) = head.failure.into_inner() {
            return Err(error);
        }
        steps
    };
    let mut count = 0_u64;
    for step in steps {
        let seq = state.as_ref().map_or(0, |job| job.size);
        let (body, beside) = match step {
            Step::Entry(body) => (body, Beside::default()),
            Step::With(body, beside) => (body, *beside),
            Step::Close(reason) => {
                let root = state.as_ref().map_or_else(empty_root, |job| job.frontier.root());
                (Body::Closed(closing(tables, seq, root, reason)?), Beside::default())
            }
        };
        let mut after = follow(|call| tables.attempt(call), state.take(), &body, at)?;
        may_stand(tables, job, &body)?;
        let charges = charge(tables, &body, body.charges(), at)?;
        let entry = Entry {
            ledger: writer.ledger,
            instance: writer.instance.clone(),
            job: job.clone(),
            seq,
            at,
            body,
        };
        let bytes = entry.encode().map_err(|_| Misplaced::Malformed)?;
        after.frontier.push(leaf_hash(&bytes)).map_err(|_| Misplaced::Malformed)?;
        let kind = match &entry.body {
            Body::Opened(_) => Some(LeafKind::Opened),
            Body::Closed(_) => Some(LeafKind::Closed),
            Body::Token(_)
            | Body::Attempt(_)
            | Body::Refused(_)
            | Body::ModelCall(_)
            | Body::Outcome(_)
            | Body::Approval(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::PolicyChanged(_)
            | Body::ClockAccepted(_) => None,
        };
        let opens = kind == Some(LeafKind::Opened);
        let secret = fresh.as_ref().filter(|_| opens).map(|secret| *secret.expose());
        tables.write(Written { entry: &entry, bytes, charges, job: after.clone() }, secret)?;
        if beside != Beside::default() {
            tables.keep(seq, beside)?;
        }
        if let Some(kind) = kind {
            let root = after.frontier.root();
            tables.log(&Leaf { kind, job: job.clone(), size: after.size, root, at })?;
        }
        state = Some(after);
        count = count.saturating_add(1);
    }
    Ok(Appended { first_seq, count, at, since })
}

/// What an entry must not contradict outside its own job's calls and counters.
fn may_stand(tables: &dyn Tables, job: &JobId, body: &Body) -> Result<(), LedgerError> {
    match body {
        Body::Token(taken) => match tables.token(&taken.issuer, &taken.jti)? {
            Some((of, grant)) if of != *job || grant != taken.grant => Err(Misplaced::TokenRepeated.into()),
            Some(_) | None => Ok(()),
        },
        Body::Approval(_) => approved(body, |hash| Ok(tables.approvals()?.contains_key(hash))),
        // Most calls use none.
        Body::Attempt(attempt) if attempt.approvals.is_empty() => Ok(()),
        Body::Attempt(_) => {
            let given = tables.approvals()?;
            approved(body, |hash| Ok(given.contains_key(hash)))
        }
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

/// Notes in an open job's log that somebody accepted the clock.
pub(super) fn accepted(
    tables: &mut dyn Tables,
    writer: &Writer,
    moment: Moment,
    job: &JobId,
    accepted: &ClockAccepted,
) -> Result<Appended, LedgerError> {
    append(tables, writer, moment, job, &mut |head| {
        let is_open = head.job().is_some_and(|job| job.state == JobState::Open);
        let entry = is_open.then(|| Step::Entry(Body::ClockAccepted(accepted.clone())));
        entry.into_iter().collect()
    })
}

/// Whether a release is the next after the last of its policy's name, given that one's number and hash.
pub(super) fn follows(last: Option<(u64, Hash)>, next: &Release) -> Result<(), LedgerError> {
    let (seq, hash) = last.map_or((0, None), |(seq, hash)| (seq, Some(hash)));
    let fits = seq.checked_add(1) == Some(next.seq) && next.previous == hash;
    if fits { Ok(()) } else { Err(Misplaced::ReleaseGap.into()) }
}

/// The leaf that says how far `job` has come.
pub(super) fn head_leaf(job: &JobId, head: &JobHead, at: i64) -> Leaf {
    Leaf { kind: LeafKind::Head, job: job.clone(), size: head.size, root: head.frontier.root(), at }
}

/// The `closed` entry that follows from the job's log, whose root is `root`.
pub(super) fn closing(
    tables: &dyn Tables,
    seq: u64,
    root: Hash,
    reason: Closing,
) -> Result<Closed, LedgerError> {
    Ok(Closed {
        reason,
        entries: seq,
        root,
        counts: tables.counts()?,
        unsettled: tables.unsettled()?,
        totals: tables.sums()?,
    })
}
