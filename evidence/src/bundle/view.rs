//! A look into a bundle that nobody has verified: for showing and searching.

use std::collections::BTreeMap;

use wpc_model::Hash;

use super::code::Code;
use super::read::Run;
use super::{MAX_BUNDLE_BYTES, RUN_TYPE};
use crate::checkpoint::Origin;
use crate::commitment::Opening;
use crate::entry::Entry;
use crate::gateway_receipt::GatewayReceipt;
use crate::sign;

/// What a bundle says. Nobody has verified any of it.
#[derive(Clone, Debug)]
pub struct View {
    /// The job's log.
    pub origin: Origin,
    /// The policy's hash, by its payload.
    pub policy_hash: Option<Hash>,
    /// The policy's payload: its artifact.
    pub policy: Option<Vec<u8>>,
    /// The entries.
    pub entries: Vec<Shown>,
    /// Canonical envelopes of the signed approvals, by their payloads' hashes.
    pub approvals: BTreeMap<Hash, String>,
    /// Receipts of model calls, by their payloads' hashes. Their signatures hold; whose they are, nobody has
    /// looked.
    pub receipts: BTreeMap<Hash, GatewayReceipt>,
}

/// An entry and what is shown of what it commits to.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The entry.
    pub entry: Entry,
    /// Openings, by name.
    pub openings: BTreeMap<String, Opening>,
}

/// Reads a bundle without verifying it.
///
/// # Errors
///
/// A code of the stages [`super::Stage::Read`] and [`super::Stage::Log`], if it is none.
pub fn view(bytes: &[u8]) -> Result<View, Code> {
    let of = super::documents::of_signature;
    let (payload, payload_type) = sign::unverified(bytes, MAX_BUNDLE_BYTES).map_err(of)?;
    if payload_type != RUN_TYPE {
        return Err(Code::PayloadType);
    }
    let run = Run::read(&payload)?;
    let mut entries = Vec::with_capacity(run.entries.len());
    for raw in &run.entries {
        let entry = Entry::decode(raw.as_bytes()).map_err(|_| Code::LeafEncoding)?;
        entries.push(Shown { entry, openings: BTreeMap::new() });
    }
    for raw in &run.openings {
        let opening = Opening::decode(raw.opening.as_bytes()).map_err(|_| Code::Malformed)?;
        let index = usize::try_from(raw.seq).map_err(|_| Code::Malformed)?;
        let shown = entries.get_mut(index).ok_or(Code::CommitmentMismatch)?;
        shown.openings.insert(opening.name.clone(), opening);
    }
    let policy = sign::unverified(run.policy.as_bytes(), crate::MAX_ENVELOPE_BYTES);
    let policy = policy.ok().map(|(payload, _)| payload);
    let policy_hash = policy.as_deref().map(Hash::of);
    let mut approvals = BTreeMap::new();
    for envelope in &run.approvals {
        let (payload, _) = sign::unverified(envelope.as_bytes(), crate::MAX_ENVELOPE_BYTES).map_err(of)?;
        approvals.insert(Hash::of(&payload), (*envelope).to_owned());
    }
    let mut receipts = BTreeMap::new();
    for text in &run.receipts {
        let receipt = super::receipts::read(text)?;
        receipts.insert(receipt.hash(), receipt);
    }
    Ok(View { origin: run.origin, policy_hash, policy, entries, approvals, receipts })
}
