//! Stage 3: which policy the job was under. Whether it was current, `released` says.

use wpc_model::{Auth, Hash, Policy, decode, encode};

use super::code::{Code, Stage};
use super::documents::Documents;
use super::log::Logged;
use super::report::{Finding, Findings, stop};
use crate::entry::{Body, Opened};

/// The policy and its hash.
#[derive(Debug)]
pub(super) struct Under {
    pub(super) policy: Policy,
    pub(super) hash: Hash,
    /// The hashes of it and of those that it extends: what a revocation may name.
    pub(super) hashes: Vec<Hash>,
    /// What the tokens of its jobs must be.
    pub(super) auth: Auth,
}

/// The entry that opens the job, and when. Whether it stands where it must is a later stage's.
pub(super) fn opened(entries: &[Logged]) -> Option<(&Opened, i64)> {
    match entries.first().and_then(|first| first.entry.as_ref().ok()) {
        Some(entry) => match &entry.body {
            Body::Opened(opened) => Some((opened, entry.at)),
            Body::Token(_)
            | Body::Attempt(_)
            | Body::Refused(_)
            | Body::ModelCall(_)
            | Body::Outcome(_)
            | Body::Approval(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::PolicyChanged(_)
            | Body::ClockAccepted(_)
            | Body::Closed(_) => None,
        },
        None => None,
    }
}

/// Decodes the signed policy. The hash covers its interfaces: their used slices are part of it.
pub(super) fn verify(documents: &Documents<'_>, entries: &[Logged]) -> Result<Under, Findings> {
    let hash = Hash::of(&documents.policy);
    let malformed = Finding::new(Code::Malformed).in_stage(Stage::Policy).because("the policy");
    let policy = decode(&documents.policy).map_err(|_| vec![malformed])?;
    let mut found = Findings::new();
    if opened(entries).is_some_and(|(opened, _)| opened.policy_hash != hash) {
        found.push(Finding::new(Code::PolicyHash).at(0));
    }
    stop(found)?;
    let hashes = policy.layers().map(|layer| Hash::of(&encode(layer))).collect();
    let auth = policy.token();
    Ok(Under { policy, hash, hashes, auth })
}
