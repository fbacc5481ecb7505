//! Heads of the ledger's own log that witnesses cosigned: kept, so that bundles can carry them.

use std::collections::BTreeMap;

use wpc_evidence::checkpoint::{Origin, SignedCheckpoint};
use wpc_evidence::merkle::{Frontier, leaf_hash};

use super::LedgerError;
use super::check::Store;
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
