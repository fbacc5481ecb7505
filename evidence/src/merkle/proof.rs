//! Proofs: paths of hashes, made from all leaves and verified from two roots.

use wpc_model::Hash;

use super::{Frontier, empty_root, node_hash};

/// The path that proves where `leaves[index]` stands in the tree of all `leaves` (hashes), from the
/// leaf to the root: RFC 6962 section 2.1.1. `None` if there is no such leaf. Hashes every leaf once.
#[must_use]
pub fn inclusion_proof(leaves: &[Hash], index: u64) -> Option<Vec<Hash>> {
    let mut index = usize::try_from(index).ok().filter(|&index| index < leaves.len())?;
    let mut subtree = leaves;
    let mut from_root = Vec::new();
    while let Some((left, right)) = split(subtree) {
        let other;
        (subtree, other) = match index.checked_sub(left.len()) {
            None => (left, right),
            Some(of_right) => {
                index = of_right;
                (right, left)
            }
        };
        from_root.push(root_of(other)?);
    }
    from_root.reverse();
    Some(from_root)
}

/// Whether the tree of `size` leaves with `root` has the leaf of hash `leaf` at `index`.
#[must_use]
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, path: &[Hash], root: Hash) -> bool {
    let Some(last) = size.checked_sub(1).filter(|&last| index <= last) else { return false };
    let mut climb = Climb { node: index, last };
    let mut hash = leaf;
    for &beside in path {
        match climb.side() {
            None => return false,
            Some(Side::Left) => hash = node_hash(beside, hash),
            Some(Side::Right) => hash = node_hash(hash, beside),
        }
        climb.up();
    }
    climb.last == 0 && hash == root
}

/// The path that proves that the tree of the first `old` of `leaves` (hashes) begins the tree of the
/// first `new`: RFC 6962 section 2.1.2. Empty if `old` is 0 or `new`, where nothing is to be proved.
/// `None` if `old` is greater than `new`, or `new` than the leaves there are.
#[must_use]
pub fn consistency_proof(leaves: &[Hash], old: u64, new: u64) -> Option<Vec<Hash>> {
    let mut subtree = leaves.get(..usize::try_from(new).ok()?)?;
    let mut old = usize::try_from(old).ok().filter(|&old| old <= subtree.len())?;
    let mut from_root = Vec::new();
    if old == 0 {
        return Some(from_root);
    }
    // The old root itself is known to who verifies.
    let mut is_whole_old = true;
    while old < subtree.len() {
        let (left, right) = split(subtree)?;
        let other;
        (subtree, other) = match old.checked_sub(left.len()) {
            None | Some(0) => (left, right),
            Some(of_right) => {
                old = of_right;
                is_whole_old = false;
                (right, left)
            }
        };
        from_root.push(root_of(other)?);
    }
    if !is_whole_old {
        from_root.push(root_of(subtree)?);
    }
    from_root.reverse();
    Some(from_root)
}

/// Whether the tree of `old_size` leaves with `old_root` begins the tree of `new_size` leaves with
/// `new_root`. The tree without leaves, whose root must then be that of it, begins every tree.
#[must_use]
pub fn verify_consistency(
    old_size: u64,
    new_size: u64,
    old_root: Hash,
    new_root: Hash,
    path: &[Hash],
) -> bool {
    let (Some(old_last), Some(new_last)) = (old_size.checked_sub(1), new_size.checked_sub(1)) else {
        // Without leaves, the new tree must be the old one.
        let new_is_tree = new_size > 0 || new_root == empty_root();
        return old_size == 0 && old_root == empty_root() && new_is_tree && path.is_empty();
    };
    if old_last >= new_last {
        return old_last == new_last && old_root == new_root && path.is_empty();
    }
    let mut climb = Climb { node: old_last, last: new_last };
    climb.skip(climb.node.trailing_ones());
    let (first, rest) = match path {
        _ if old_size.is_power_of_two() => (old_root, path),
        [] => return false,
        [first, rest @ ..] => (*first, rest),
    };
    let (mut old_hash, mut new_hash) = (first, first);
    for &beside in rest {
        match climb.side() {
            None => return false,
            Some(Side::Left) => {
                old_hash = node_hash(beside, old_hash);
                new_hash = node_hash(beside, new_hash);
            }
            Some(Side::Right) => new_hash = node_hash(new_hash, beside),
        }
        climb.up();
    }
    climb.last == 0 && old_hash == old_root && new_hash == new_root
}

/// Where the next hash of a path stands.
enum Side {
    Left,
    Right,
}

/// A way from a node to the root: `fn` and `sn` of RFC 9162.
struct Climb {
    /// The node's index in its level.
    node: u64,
    /// The index of the level's last node.
    last: u64,
}

impl Climb {
    /// Where the node's neighbour is; `None` at the root. A node without one is passed up to the level
    /// on which it has one.
    fn side(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        if self.node & 1 == 1 {
            return Some(Side::Left);
        }
        if self.node < self.last {
            return Some(Side::Right);
        }
        // The last node of its level is an even one, so it is a level's only right end until it is odd.
        self.skip(self.node.trailing_zeros());
        Some(Side::Left)
    }

    fn up(&mut self) {
        self.skip(1);
    }

    fn skip(&mut self, levels: u32) {
        self.node = self.node.checked_shr(levels).unwrap_or_default();
        self.last = self.last.checked_shr(levels).unwrap_or_default();
    }
}

/// The two subtrees of a tree: the left one has the greatest power of two leaves that leaves some.
fn split(leaves: &[Hash]) -> Option<(&[Hash], &[Hash])> {
    let level = leaves.len().checked_sub(1)?.checked_ilog2()?;
    leaves.split_at_checked(1_usize.checked_shl(level)?)
}

fn root_of(leaves: &[Hash]) -> Option<Hash> {
    let mut tree = Frontier::new();
    leaves.iter().try_for_each(|&leaf| tree.push(leaf).map(|_| ())).ok()?;
    Some(tree.root())
}
