//! Stage 3: which policy the job was under, and that it was current.

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
    if let Some((opened, at)) = opened(entries) {
        if opened.policy_hash != hash {
            found.push(Finding::new(Code::PolicyHash).at(0));
        }
        released(documents, opened, at, hash, &mut found);
    }
    stop(found)?;
    let hashes = policy.layers().map(|layer| Hash::of(&encode(layer))).collect();
    let auth = policy.token();
    Ok(Under { policy, hash, hashes, auth })
}

/// Whether the release that the log names made this policy current, and was in force.
fn released(documents: &Documents<'_>, opened: &Opened, at: i64, hash: Hash, found: &mut Findings) {
    let mut past = None;
    for signed in &documents.releases {
        let release = &signed.statement;
        if release.policy_name != opened.policy {
            found.push(Finding::new(Code::PolicyRolledBack).because("a release is another policy's"));
            return;
        }
        if let Some((seq, previous)) = past
            && (release.seq != seq || release.previous != Some(previous))
        {
            found.push(Finding::new(Code::PolicyRolledBack).because("the releases are no chain"));
            return;
        }
        past = release.seq.checked_add(1).map(|next| (next, signed.hash));
    }
    let Some(seq) = opened.release_seq else { return };
    let releases = || documents.releases.iter().map(|signed| &signed.statement);
    match releases().find(|release| release.seq == seq) {
        None => found.push(Finding::new(Code::PolicyRolledBack).because("the release is not there")),
        Some(release) if release.policy_hash != hash => found.push(Finding::new(Code::PolicyHash)),
        Some(release) if !(release.not_before..release.not_after).contains(&at) => {
            found.push(Finding::new(Code::PolicyReleaseExpired));
        }
        Some(_) => {}
    }
    if releases().any(|later| later.seq > seq && later.not_before <= at) {
        found.push(Finding::new(Code::PolicyRolledBack).because("a later release was in force"));
    }
}
