//! The proof bundle of a job: its parts, gathered from a ledger ([`wpc_evidence::bundle`]).

use std::collections::BTreeSet;

use wpc_evidence::checkpoint::SignedCheckpoint;
use wpc_evidence::commitment::{RAW, RESOURCE};
use wpc_evidence::log::Leaf;
use wpc_evidence::merkle::{inclusion_proof, leaf_hash};
use wpc_evidence::statement::Revoked;
use wpc_model::Hash;

use crate::ledger::{Attempt, Body, Entry, Ledger, LedgerError, RevocationKey, Seen};
use crate::{JobId, Key};

pub use wpc_evidence::bundle::*;

/// Most leaves of the ledger's own log that a bundle carries: the first, and the last ones. Each vouches
/// for all entries before it, so the last says most.
const MAX_ANCHORS: usize = 16;
const PAGE: usize = 256;

/// A bundle could not be made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The key is not the ledger's. Code `key_not_ledgers`.
    #[error("the key is not the ledger's")]
    Key,
    /// The checkpoint that was given is not one of this ledger's own log. Code `origin_mismatch`.
    #[error("the checkpoint is not one of this ledger's own log")]
    Checkpoint,
    /// A document that an entry names is not in the ledger. Code `document_missing`.
    #[error("a document that the log names is not in the ledger")]
    DocumentMissing,
    /// The ledger failed. Its code is [`LedgerError::code`].
    #[error(transparent)]
    Ledger(Box<LedgerError>),
    /// The parts do not fit together. Its code is [`CreateError::code`].
    #[error(transparent)]
    Create(#[from] CreateError),
}

impl From<LedgerError> for BundleError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(Box::new(error))
    }
}

impl BundleError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Key => "key_not_ledgers",
            Self::Checkpoint => "origin_mismatch",
            Self::DocumentMissing => "document_missing",
            Self::Ledger(error) => error.code(),
            Self::Create(error) => error.code(),
        }
    }
}

/// The proof bundle of `job` as it stands now, signed with the ledger's `key`.
///
/// The ledger's own log gets the job's head first. `cosigned` is a checkpoint of that log that witnesses
/// cosigned, if the caller knows which. Without it, the one that most of them cosigned is taken of those that
/// the ledger keeps ([`Ledger::cosigned`]), if it says anything of the job; else the newest head, which rests
/// on the ledger's key alone.
///
/// # Errors
///
/// [`BundleError`] with the first reason found.
pub fn of_job(
    ledger: &dyn Ledger,
    key: &Key,
    job: &JobId,
    cosigned: Option<&SignedCheckpoint>,
) -> Result<Vec<u8>, BundleError> {
    if key.did() != *ledger.did() {
        return Err(BundleError::Key);
    }
    Ok(create(&parts(ledger, job, cosigned)?, key)?)
}

/// The parts of [`of_job`], unsigned.
///
/// # Errors
///
/// As [`of_job`].
pub fn parts(
    ledger: &dyn Ledger,
    job: &JobId,
    cosigned: Option<&SignedCheckpoint>,
) -> Result<Parts, BundleError> {
    // In this order: what is read later has grown, if anything has.
    let newest = ledger.anchor()?;
    let checkpoint = ledger.job_checkpoint(job)?;
    let size = checkpoint.unverified().size;
    let mut gathered = Gathered { ledger, size, entries: Vec::new(), log: Vec::new() };
    gathered.read(job)?;
    let (ledger_checkpoint, leaves) = vouched(ledger, job, size, newest, cosigned)?;
    let named = gathered.documents()?;
    Ok(Parts {
        openings: gathered.openings(job)?,
        revocations: gathered.revocations(&named)?,
        releases: gathered.releases()?,
        entries: gathered.entries,
        policy: named.policy,
        grants: named.grants,
        approvals: named.approvals,
        requests: named.requests,
        memberships: named.memberships,
        receipts: named.receipts,
        checkpoint,
        ledger_checkpoint,
        leaves,
    })
}

/// A head of the ledger's own log, and the job's leaves up to it.
fn vouched(
    ledger: &dyn Ledger,
    job: &JobId,
    size: u64,
    newest: SignedCheckpoint,
    cosigned: Option<&SignedCheckpoint>,
) -> Result<(SignedCheckpoint, Vec<Anchored>), BundleError> {
    let up_to = |head: &SignedCheckpoint| anchors(ledger, job, head.unverified().size, size);
    if let Some(cosigned) = cosigned {
        cosigned.verify(ledger.did()).map_err(|_| BundleError::Checkpoint)?;
        let (head, newest) = (cosigned.unverified(), newest.unverified());
        if head.origin != newest.origin || head.size > newest.size {
            return Err(BundleError::Checkpoint);
        }
        return Ok((cosigned.clone(), up_to(cosigned)?));
    }
    let mut kept = ledger.cosigned()?;
    // Stable: of those with as many signatures, the newest comes first.
    kept.sort_by_key(|head| std::cmp::Reverse(head.signatures()));
    for head in kept {
        let leaves = up_to(&head)?;
        if !leaves.is_empty() {
            return Ok((head, leaves));
        }
    }
    let leaves = up_to(&newest)?;
    Ok((newest, leaves))
}

/// The job's leaves among the first `of_log` of the ledger's own log, as far as they are within the first
/// `size` entries.
fn anchors(ledger: &dyn Ledger, job: &JobId, of_log: u64, size: u64) -> Result<Vec<Anchored>, BundleError> {
    let (mut hashes, mut own) = (Vec::new(), Vec::new());
    let mut index = 0_u64;
    'log: loop {
        let page = ledger.leaves(index, PAGE)?;
        if page.is_empty() {
            break;
        }
        for bytes in page {
            if index >= of_log {
                break 'log;
            }
            hashes.push(leaf_hash(&bytes));
            let leaf =
                Leaf::decode(&bytes).map_err(|error| LedgerError::Damaged { cause: error.to_string() })?;
            if leaf.job == *job && leaf.size <= size {
                own.push((index, bytes));
            }
            index = index.saturating_add(1);
        }
    }
    if own.len() > MAX_ANCHORS {
        own.drain(1..own.len().saturating_sub(MAX_ANCHORS.saturating_sub(1)));
    }
    let damaged =
        || LedgerError::Damaged { cause: "the ledger's own log is shorter than its head".to_owned() };
    let anchored = |(index, leaf)| {
        let path = inclusion_proof(&hashes, index).ok_or_else(damaged)?;
        Ok(Anchored { index, leaf, path })
    };
    own.into_iter().map(anchored).collect()
}

/// What is read of a job.
struct Gathered<'a> {
    ledger: &'a dyn Ledger,
    size: u64,
    /// Canonical bytes.
    entries: Vec<Vec<u8>>,
    log: Vec<Entry>,
}

/// The documents that its entries name.
#[derive(Default)]
struct Named {
    policy: Vec<u8>,
    grants: Vec<Vec<u8>>,
    approvals: Vec<Vec<u8>>,
    requests: Vec<Vec<u8>>,
    memberships: Vec<Vec<u8>>,
    receipts: Vec<Vec<u8>>,
    /// What a revocation must be about to be about the job.
    stands_on: BTreeSet<RevocationKey>,
}

impl Gathered<'_> {
    fn read(&mut self, job: &JobId) -> Result<(), BundleError> {
        let mut from = 0_u64;
        while from < self.size {
            let page = self.ledger.entries(job, from, PAGE)?;
            if page.is_empty() {
                break;
            }
            for bytes in page {
                if from < self.size {
                    self.log.push(Entry::decode(&bytes).map_err(CreateError::from)?);
                    self.entries.push(bytes);
                    from = from.saturating_add(1);
                }
            }
        }
        Ok(())
    }

    fn document(&self, hash: &Hash) -> Result<Vec<u8>, BundleError> {
        let document = self.ledger.document(hash)?;
        document.map(|document| document.envelope).ok_or(BundleError::DocumentMissing)
    }

    fn documents(&self) -> Result<Named, BundleError> {
        let mut named = Named::default();
        let mut seen = BTreeSet::new();
        let mut get = |hash: &Hash, to: &mut Vec<Vec<u8>>| -> Result<(), BundleError> {
            if seen.insert(*hash) {
                to.push(self.document(hash)?);
            }
            Ok(())
        };
        for entry in &self.log {
            match &entry.body {
                Body::Opened(opened) => {
                    named.policy = self.document(&opened.policy_hash)?;
                    named.stands_on.extend(
                        [
                            Revoked::Job(entry.job.clone()),
                            Revoked::Policy(opened.policy_hash),
                            Revoked::Agent(opened.agent.clone()),
                        ]
                        .iter()
                        .map(RevocationKey::of),
                    );
                }
                Body::Token(taken) => {
                    get(&taken.grant, &mut named.grants)?;
                    let token = Revoked::Jti { issuer: taken.issuer, jti: taken.jti.clone() };
                    named.stands_on.insert(RevocationKey::of(&token));
                    named.stands_on.insert(RevocationKey::of(&Revoked::IssuerKey(taken.issuer)));
                }
                Body::Approval(given) => {
                    get(&given.approval, &mut named.approvals)?;
                    get(&given.request, &mut named.requests)?;
                    for membership in &given.memberships {
                        get(membership, &mut named.memberships)?;
                    }
                    named.stands_on.insert(RevocationKey::of(&Revoked::Approval(given.approval)));
                }
                Body::ModelCall(called) => get(&called.receipt, &mut named.receipts)?,
                Body::Attempt(_)
                | Body::Refused(_)
                | Body::Outcome(_)
                | Body::Revoked(_)
                | Body::Suppressed(_)
                | Body::PolicyChanged(_)
                | Body::ClockAccepted(_)
                | Body::Closed(_) => {}
            }
        }
        Ok(named)
    }

    /// The releases that the log names, and those in between; from the first on, if the job was opened without.
    fn releases(&self) -> Result<Vec<TakenRelease>, BundleError> {
        let (mut policy, mut first, mut last) = (None, None, 0);
        for entry in &self.log {
            match &entry.body {
                Body::Opened(opened) => {
                    (policy, first) = (Some(&opened.policy), opened.release_seq);
                    last = first.unwrap_or_default();
                }
                Body::PolicyChanged(changed) => last = changed.release_seq,
                Body::Token(_)
                | Body::Attempt(_)
                | Body::Refused(_)
                | Body::Outcome(_)
                | Body::Approval(_)
                | Body::ModelCall(_)
                | Body::Revoked(_)
                | Body::Suppressed(_)
                | Body::ClockAccepted(_)
                | Body::Closed(_) => {}
            }
        }
        let Some(policy) = policy.filter(|_| last > 0) else { return Ok(Vec::new()) };
        let named = first.unwrap_or(1)..=last;
        let rows = self.ledger.releases(policy)?.into_iter().filter(|row| named.contains(&row.seq));
        Ok(rows.map(|row| TakenRelease { at: row.at, envelope: row.envelope }).collect())
    }

    /// Openings of what entries commit to by name. What is kept beside them, for people who are asked to
    /// approve, is not what replay reads.
    fn openings(&self, job: &JobId) -> Result<Vec<(u64, Vec<u8>)>, BundleError> {
        let mut openings = Vec::new();
        for row in self.ledger.openings(job)? {
            let entry = usize::try_from(row.seq).ok().and_then(|index| self.log.get(index));
            if entry.is_some_and(|entry| commits_to(&entry.body, &row.name)) {
                openings.push((row.seq, row.name, row.opening));
            }
        }
        openings.sort_by(|(seq, name, _), (other, other_name, _)| (seq, name).cmp(&(other, other_name)));
        Ok(openings.into_iter().map(|(seq, _, opening)| (seq, opening)).collect())
    }

    fn revocations(&self, named: &Named) -> Result<Vec<Withdrawn>, BundleError> {
        let rows = self.ledger.revocations(0)?.into_iter();
        let about = rows.filter(|row| {
            named.stands_on.contains(row.revocation.lifts().as_ref().unwrap_or(&row.revocation))
        });
        Ok(about.map(|row| Withdrawn { seq: row.seq, at: row.at, envelope: row.envelope }).collect())
    }
}

fn commits_to(body: &Body, name: &str) -> bool {
    let facts = match body {
        Body::Attempt(Attempt { resource: Some(Seen::Other { .. }), .. }) if name == RESOURCE => return true,
        Body::Attempt(attempt) => &attempt.facts,
        Body::Outcome(settled) => &settled.facts,
        Body::Refused(untyped) => return untyped.raw_commitment.is_some() && name == RAW,
        Body::Opened(_)
        | Body::Token(_)
        | Body::ModelCall(_)
        | Body::Approval(_)
        | Body::Revoked(_)
        | Body::Suppressed(_)
        | Body::PolicyChanged(_)
        | Body::ClockAccepted(_)
        | Body::Closed(_) => return false,
    };
    facts.iter().any(|fact| fact.name == name)
}
