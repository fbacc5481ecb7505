//! From the parts of a job's evidence to one file.

use std::collections::BTreeMap;

use wpc_model::Hash;
use wpc_model::canon::Writer;

use super::read::{
    CHECKPOINT, ENTRIES, GRANTS, HEAD, LEAVES, LEDGER, MEMBERSHIPS, NAME, OPENINGS, POLICY, PREDICATE_TYPE,
    RECEIPTS, RELEASES, REQUESTS, REVOCATIONS, RUN, RUN_JOB, RUN_VERSION, STATEMENT_TYPE, SUBJECT, SUMMARY,
    SUMMARY_DENIED, SUMMARY_OUTCOMES, TAIL,
};
use super::report::more;
use super::{MAX_BUNDLE_BYTES, RUN_TYPE};
use crate::checkpoint::SignedCheckpoint;
use crate::entry::{Body, Entry, EntryError, Verdict};
use crate::sign::{self, SignatureError};
use crate::{Key, time};

/// All that proves one job. Envelopes are the bytes of DSSE envelopes.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The signed policy.
    pub policy: Vec<u8>,
    /// The releases of its name that the job's log names, and those in between, oldest first.
    pub releases: Vec<TakenRelease>,
    /// The grants of the job's tokens.
    pub grants: Vec<Vec<u8>>,
    /// Canonical bytes of the job's entries, all of them, in order.
    pub entries: Vec<Vec<u8>>,
    /// Openings of what entries commit to, by the entry's place: canonical bytes.
    pub openings: Vec<(u64, Vec<u8>)>,
    /// The signed approvals that entries name.
    pub approvals: Vec<Vec<u8>>,
    /// The requests that they answer: canonical bytes.
    pub requests: Vec<Vec<u8>>,
    /// The signed statements about the approvers' roles.
    pub memberships: Vec<Vec<u8>>,
    /// The signed head of the job's log.
    pub checkpoint: SignedCheckpoint,
    /// The signed head of the ledger's own log, cosigned or not.
    pub ledger_checkpoint: SignedCheckpoint,
    /// The job's leaves in the ledger's own log.
    pub leaves: Vec<Anchored>,
    /// The revocations that are about the job.
    pub revocations: Vec<Withdrawn>,
    /// The receipts of the model calls that entries name ([`crate::gateway_receipt::GatewayReceipt::as_str`]).
    pub receipts: Vec<Vec<u8>>,
}

/// A leaf of the ledger's own log, and the path that proves that it stands there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Anchored {
    /// Its place in that log.
    pub index: u64,
    /// Its canonical bytes.
    pub leaf: Vec<u8>,
    /// The path to the root ([`crate::merkle::inclusion_proof`]).
    pub path: Vec<Hash>,
}

/// A release that a ledger took.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TakenRelease {
    /// When the ledger took it, Unix milliseconds.
    pub at: i64,
    /// The signed statement.
    pub envelope: Vec<u8>,
}

/// A revocation that a ledger took.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Withdrawn {
    /// Its place among the ledger's revocations, from 1.
    pub seq: u64,
    /// When the ledger took it, Unix milliseconds.
    pub at: i64,
    /// The signed statement.
    pub envelope: Vec<u8>,
}

/// Parts do not make a bundle.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// An entry does not read. Its code is that of the [`EntryError`].
    #[error("an entry is refused: {0}")]
    Entry(#[from] EntryError),
    /// An envelope does not read. Its code is that of the [`SignatureError`].
    #[error("an envelope is refused: {0}")]
    Envelope(#[from] SignatureError),
    /// The job has no entries, or the first does not open it. Code `job_not_open`.
    #[error("the job was not opened")]
    NotOpened,
    /// A time is out of range, or a part is not text. Code `malformed`.
    #[error("a part is not what it must be")]
    Part,
    /// Longer than [`MAX_BUNDLE_BYTES`]. Code `too_large`.
    #[error("the bundle would be longer than {MAX_BUNDLE_BYTES} bytes")]
    TooLarge,
}

impl CreateError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Entry(error) => error.code(),
            Self::Envelope(error) => error.code(),
            Self::NotOpened => "job_not_open",
            Self::Part => "malformed",
            Self::TooLarge => "too_large",
        }
    }
}

/// One file that proves a job: an in-toto Statement in a DSSE envelope, signed with the ledger's `key`.
///
/// What is put in is not judged here: that is [`super::verify`]'s.
///
/// # Errors
///
/// [`CreateError`] if parts do not read.
pub fn create(parts: &Parts, key: &Key) -> Result<Vec<u8>, CreateError> {
    let payload = payload(parts)?;
    let file = sign::sign(RUN_TYPE, &payload, std::slice::from_ref(key));
    if file.len() > MAX_BUNDLE_BYTES { Err(CreateError::TooLarge) } else { Ok(file) }
}

/// The Statement's canonical bytes: the layout that [`super::read::Run`] reads.
pub(super) fn payload(parts: &Parts) -> Result<Vec<u8>, CreateError> {
    let mut summary = Summary::default();
    let mut run = None;
    for bytes in &parts.entries {
        let entry = Entry::decode(bytes)?;
        if run.is_none() {
            let Body::Opened(opened) = &entry.body else { return Err(CreateError::NotOpened) };
            run = Some((opened.agent.clone(), entry.job.clone(), opened.tool_version));
        }
        summary.count(&entry.body);
    }
    let (agent, job, version) = run.ok_or(CreateError::NotOpened)?;
    let subject = parts.checkpoint.unverified();
    let mut out = Out(Vec::with_capacity(parts.length()));
    out.fixed(STATEMENT_TYPE);
    out.envelopes(&parts.approvals)?;
    out.fixed(MEMBERSHIPS);
    out.envelopes(&parts.memberships)?;
    out.fixed(REQUESTS);
    out.list(&parts.requests, |out, request| out.json(request))?;
    out.fixed(CHECKPOINT);
    out.text(&parts.checkpoint.to_string());
    out.fixed(ENTRIES);
    out.list(&parts.entries, |out, entry| out.json(entry))?;
    out.fixed(GRANTS);
    out.envelopes(&parts.grants)?;
    out.fixed(LEDGER);
    out.text(&parts.ledger_checkpoint.to_string());
    out.fixed(LEAVES);
    out.list(&parts.leaves, |out, anchored| {
        out.fixed("{\"index\":");
        out.number(anchored.index)?;
        out.fixed(",\"leaf\":");
        out.json(&anchored.leaf)?;
        out.fixed(",\"path\":");
        out.list(&anchored.path, |out, hash| {
            out.text(&hash.to_string());
            Ok(())
        })?;
        out.fixed("}");
        Ok(())
    })?;
    out.fixed(OPENINGS);
    out.list(&parts.openings, |out, (seq, opening)| {
        out.fixed("{\"opening\":");
        out.json(opening)?;
        out.fixed(",\"seq\":");
        out.number(*seq)?;
        out.fixed("}");
        Ok(())
    })?;
    out.fixed(POLICY);
    out.envelope(&parts.policy)?;
    out.fixed(RECEIPTS);
    // As text: the bytes of a payload are what was signed, whatever their order.
    out.list(&parts.receipts, |out, receipt| {
        out.text(std::str::from_utf8(receipt).map_err(|_| CreateError::Part)?);
        Ok(())
    })?;
    out.fixed(RELEASES);
    out.list(&parts.releases, |out, one| {
        out.fixed("{\"at\":");
        out.text(&time::to_text(one.at).ok_or(CreateError::Part)?);
        out.fixed(",\"envelope\":");
        out.envelope(&one.envelope)?;
        out.fixed("}");
        Ok(())
    })?;
    out.fixed(REVOCATIONS);
    out.list(&parts.revocations, |out, one| {
        out.fixed("{\"at\":");
        out.text(&time::to_text(one.at).ok_or(CreateError::Part)?);
        out.fixed(",\"envelope\":");
        out.envelope(&one.envelope)?;
        out.fixed(",\"seq\":");
        out.number(one.seq)?;
        out.fixed("}");
        Ok(())
    })?;
    out.fixed(RUN);
    out.text(&agent);
    out.fixed(RUN_JOB);
    out.text(job.as_str());
    out.fixed(RUN_VERSION);
    match version {
        Some(version) => out.text(&version.to_string()),
        None => out.fixed("null"),
    }
    summary.write(&mut out)?;
    out.fixed(PREDICATE_TYPE);
    out.fixed(SUBJECT);
    out.text(&hex(&subject.root));
    out.fixed(NAME);
    out.text(&subject.origin.to_string());
    out.fixed(TAIL);
    Ok(out.0)
}

impl Parts {
    /// About how long the payload is.
    fn length(&self) -> usize {
        let entries = self.entries.iter().map(Vec::len);
        let openings = self.openings.iter().map(|(_, opening)| opening.len());
        let receipts = self.receipts.iter().map(Vec::len);
        let all = entries.chain(openings).chain(receipts).chain([self.policy.len()]);
        all.fold(4_096_usize, |sum, length| sum.saturating_add(length).saturating_add(32))
    }
}

/// How often what happened: for whoever reads the file without a verifier, which counts anew.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Summary {
    pub(super) allowed: u64,
    pub(super) denied: BTreeMap<String, u64>,
    pub(super) outcomes: BTreeMap<String, u64>,
}

impl Summary {
    /// Counts one entry.
    pub(super) fn count(&mut self, body: &Body) {
        match body {
            Body::Attempt(attempt) => match &attempt.verdict {
                Verdict::Allow { .. } => more(&mut self.allowed),
                Verdict::Deny { reason, .. } => {
                    more(self.denied.entry(reason.code().to_owned()).or_default());
                }
            },
            Body::Outcome(settled) => {
                more(self.outcomes.entry(settled.outcome.word().to_owned()).or_default())
            }
            Body::Opened(_)
            | Body::Token(_)
            | Body::Refused(_)
            | Body::ModelCall(_)
            | Body::Approval(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::PolicyChanged(_)
            | Body::ClockAccepted(_)
            | Body::Closed(_) => {}
        }
    }

    fn write(&self, out: &mut Out) -> Result<(), CreateError> {
        out.fixed(SUMMARY);
        out.number(self.allowed)?;
        out.fixed(SUMMARY_DENIED);
        out.counts(&self.denied)?;
        out.fixed(SUMMARY_OUTCOMES);
        out.counts(&self.outcomes)?;
        out.fixed(HEAD);
        Ok(())
    }
}

pub(super) fn hex(hash: &Hash) -> String {
    hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Canonical bytes in the making.
struct Out(Vec<u8>);

impl Out {
    fn fixed(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn text(&mut self, text: &str) {
        Writer::new(&mut self.0).text(text);
    }

    fn number(&mut self, number: u64) -> Result<(), CreateError> {
        Writer::new(&mut self.0).integer(i64::try_from(number).map_err(|_| CreateError::Part)?);
        Ok(())
    }

    /// JSON that is canonical already.
    fn json(&mut self, bytes: &[u8]) -> Result<(), CreateError> {
        if bytes.is_empty() {
            return Err(CreateError::Part);
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn envelope(&mut self, envelope: &[u8]) -> Result<(), CreateError> {
        self.0.extend_from_slice(&sign::canonical(envelope)?);
        Ok(())
    }

    fn envelopes(&mut self, envelopes: &[Vec<u8>]) -> Result<(), CreateError> {
        self.list(envelopes, |out, envelope| out.envelope(envelope))
    }

    fn list<T>(
        &mut self,
        items: &[T],
        mut write: impl FnMut(&mut Self, &T) -> Result<(), CreateError>,
    ) -> Result<(), CreateError> {
        self.fixed("[");
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.fixed(",");
            }
            write(self, item)?;
        }
        self.fixed("]");
        Ok(())
    }

    fn counts(&mut self, counts: &BTreeMap<String, u64>) -> Result<(), CreateError> {
        self.fixed("{");
        for (index, (name, count)) in counts.iter().enumerate() {
            if index > 0 {
                self.fixed(",");
            }
            self.text(name);
            self.fixed(":");
            self.number(*count)?;
        }
        self.fixed("}");
        Ok(())
    }
}
