//! Merkle trees over SHA-256: RFC 6962 section 2.1, verified as RFC 9162 sections 2.1.3 and 2.1.4 say.
//!
//! ```text
//! entry bytes ──leaf_hash──▶ leaf ──Frontier::push──▶ root      the right edge alone: what a ledger stores
//! all leaves ──inclusion_proof──▶ path ──verify_inclusion──▶ yes     this leaf stands at that index
//!            ──consistency_proof─▶ path ──verify_consistency▶ yes     the old tree begins the new one
//! ```
//!
//! A leaf's hash and a node's have different prefixes, so that no node passes for a leaf.
//!
//! ```
//! use wpc_evidence::merkle::{Frontier, inclusion_proof, leaf_hash, verify_inclusion};
//!
//! let leaves = [leaf_hash(b"opened"), leaf_hash(b"attempt"), leaf_hash(b"outcome")];
//! let mut tree = Frontier::new();
//! for leaf in leaves {
//!     tree.push(leaf).unwrap();
//! }
//! let path = inclusion_proof(&leaves, 1).unwrap();
//! assert!(verify_inclusion(leaves[1], 1, tree.size(), &path, tree.root()));
//! assert!(!verify_inclusion(leaves[0], 1, tree.size(), &path, tree.root()));
//! ```

mod frontier;
mod proof;
#[cfg(test)]
mod tests;

use sha2::{Digest, Sha256};
use wpc_model::Hash;

pub use frontier::{Frontier, FrontierError, MAX_TREE_SIZE};
pub use proof::{consistency_proof, inclusion_proof, verify_consistency, verify_inclusion};

/// The hash of the leaf that holds `bytes`: `SHA-256(0x00 || bytes)`.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash.update(bytes);
    Hash(hash.finalize().into())
}

/// The root of the tree without leaves: `SHA-256("")`.
#[must_use]
pub fn empty_root() -> Hash {
    Hash::of(b"")
}

/// `SHA-256(0x01 || left || right)`.
fn node_hash(left: Hash, right: Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left.0);
    hash.update(right.0);
    Hash(hash.finalize().into())
}
