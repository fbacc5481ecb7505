//! Heads of the ledger's own log that witnesses cosigned: kept, so that bundles can carry them.

use std::collections::BTreeMap;

use wpc_evidence::checkpoint::{Origin, SignedCheckpoint};
use wpc_evidence::merkle::{Frontier, consistency_proof, leaf_hash};
use wpc_evidence::witness::Request;

use super::check::Store;
use super::{Ledger, LedgerError};
use crate::Did;

/// How many are kept: the newest. Several, because witnesses do not all see the same ones.
pub(super) const MOST: usize = 16;
const PAGE: usize = 256;

/// What is to be kept of `note`, given what is kept already, by size: a head that this ledger's log begins
/// with, its signature lines added to those that are there.
pub(super) fn merged(
    note: &SignedCheckpoint,
    kept: &BTreeMap<u64, String>,
    store: &dyn Store,
    ledger: &Did,
) -> Result<(u64, String), LedgerError> {
    let head = note.verify(ledger)?;
    if head.origin != Origin::ledger(*ledger) {
        return Err(wpc_evidence::checkpoint::CheckpointError::Origin.into());
    }
    let mut tree = Frontier::new();
    while tree.size() < head.size {
        let left = usize::try_from(head.size.saturating_sub(tree.size())).unwrap_or(PAGE).min(PAGE);
        let page = store.leaves(tree.size(), left)?;
        if page.is_empty() {
            return Err(LedgerError::BehindCheckpoint { found: tree.size(), pinned: head.size });
        }
        for leaf in page {
            tree.push(leaf_hash(&leaf)).map_err(LedgerError::unavailable)?;
        }
    }
    if tree.root() != head.root {
        return Err(LedgerError::Forked { size: head.size });
    }
    let all = match kept.get(&head.size) {
        Some(kept) => parsed(kept)?.merge(note.clone())?,
        None => note.clone(),
    };
    Ok((head.size, all.to_string()))
}

/// The newest first.
pub(super) fn newest_first(kept: BTreeMap<u64, String>) -> Result<Vec<SignedCheckpoint>, LedgerError> {
    kept.into_values().rev().map(|note| parsed(&note)).collect()
}

/// What a ledger asks a witness who cosigned `old` leaves of its log last (0 for the first time): to cosign
/// `head`, with the proof that it begins with those.
///
/// # Errors
///
/// [`LedgerError::BehindCheckpoint`] if the head has fewer leaves than that, or the store fails.
pub fn witness_request(
    ledger: &dyn Ledger,
    old: u64,
    head: SignedCheckpoint,
) -> Result<Request, LedgerError> {
    let size = head.unverified().size;
    let mut leaves = Vec::new();
    loop {
        let at = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
        let left = usize::try_from(size.saturating_sub(at)).unwrap_or(PAGE).min(PAGE);
        let page = if left > 0 { ledger.leaves(at, left)? } else { Vec::new() };
        if page.is_empty() {
            break;
        }
        leaves.extend(page.iter().map(|leaf| leaf_hash(leaf)));
    }
    let proof = consistency_proof(&leaves, old, size);
    let proof = proof.ok_or(LedgerError::BehindCheckpoint { found: size, pinned: old })?;
    Ok(Request { old, proof, head })
}

/// Whether what is kept is what the ledger's log says, and is signed; the code of what is wrong.
pub(super) fn check(
    kept: &BTreeMap<u64, String>,
    roots: &BTreeMap<u64, wpc_model::Hash>,
    ledger: &Did,
) -> Result<(), &'static str> {
    for (size, note) in kept {
        let note = SignedCheckpoint::parse(note).map_err(|_| "checkpoint_signature")?;
        let head = note.verify(ledger).map_err(|_| "checkpoint_signature")?;
        if head.origin != Origin::ledger(*ledger) || head.size != *size {
            return Err("checkpoint_signature");
        }
        if roots.get(size) != Some(&head.root) {
            return Err("log_forked");
        }
    }
    Ok(())
}

fn parsed(note: &str) -> Result<SignedCheckpoint, LedgerError> {
    SignedCheckpoint::parse(note).map_err(|error| LedgerError::Damaged { cause: error.to_string() })
}
