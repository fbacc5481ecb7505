//! Bundles made by somebody who holds the ledger's key, and so signs whatever they like with it.

use wpc::JobId;
use wpc::bundle::{Anchored, Parts, create};
use wpc::ledger::Entry;
use wpc_evidence::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use wpc_evidence::log::{Leaf, LeafKind};
use wpc_evidence::merkle::{Frontier, leaf_hash};

use crate::world::{JOB, ledger_key, witness};

/// Signs the parts as they are.
pub(crate) fn signed(parts: &Parts) -> Vec<u8> {
    create(parts, &ledger_key()).unwrap()
}

/// The signed head of a job's log of these entries.
pub(crate) fn head(entries: &[Vec<u8>]) -> SignedCheckpoint {
    let origin = Origin::job(ledger_key().did(), JobId::parse(JOB).unwrap());
    checkpoint(origin, entries)
}

fn checkpoint(origin: Origin, leaves: &[Vec<u8>]) -> SignedCheckpoint {
    let mut tree = Frontier::new();
    for leaf in leaves {
        tree.push(leaf_hash(leaf)).unwrap();
    }
    Checkpoint { origin, size: tree.size(), root: tree.root() }.sign(&ledger_key()).unwrap()
}

/// A ledger's log that says of these entries what it must, and nothing of any other.
pub(crate) fn anchor(parts: &mut Parts, cosigned: bool) {
    let head = head(&parts.entries);
    let leaf = Leaf {
        kind: LeafKind::Head,
        job: JobId::parse(JOB).unwrap(),
        size: head.unverified().size,
        root: head.unverified().root,
        at: 1_767_225_600_000,
    };
    let leaf = leaf.encode().unwrap();
    let log = checkpoint(Origin::ledger(ledger_key().did()), std::slice::from_ref(&leaf));
    parts.ledger_checkpoint = if cosigned { log.cosign(&witness(), 1_767_225_700).unwrap() } else { log };
    parts.leaves = vec![Anchored { index: 0, leaf, path: vec![] }];
}

/// With other entries; all that the ledger's key signs is signed anew.
pub(crate) fn with(parts: &Parts, change: impl FnOnce(&mut Vec<Entry>)) -> Parts {
    let mut entries: Vec<Entry> = parts.entries.iter().map(|bytes| Entry::decode(bytes).unwrap()).collect();
    change(&mut entries);
    let entries: Vec<_> = entries.iter().map(|entry| entry.encode().unwrap()).collect();
    let mut forged = Parts { checkpoint: head(&entries), entries, ..parts.clone() };
    anchor(&mut forged, false);
    forged
}
