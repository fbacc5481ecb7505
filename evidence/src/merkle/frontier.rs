//! The right edge of a tree: all that appending needs.

use wpc_model::{Hash, MAX_INTEGER};

use super::{empty_root, node_hash};

/// Most leaves of a tree: sizes stand in entries as JSON integers.
pub const MAX_TREE_SIZE: u64 = MAX_INTEGER.unsigned_abs();

/// A tree that grows: its size, and the root of each perfect subtree on its right edge, the largest
/// first. There is one for each bit of the size, so never more than 64.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frontier {
    size: u64,
    edge: Vec<Hash>,
}

/// A tree cannot grow, or bytes are not a frontier.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FrontierError {
    /// It has [`MAX_TREE_SIZE`] leaves. Code `tree_full`.
    #[error("the tree has {MAX_TREE_SIZE} leaves")]
    Full,
    /// Not a size and as many hashes as it has bits that are set. Code `frontier_malformed`.
    #[error("not the right edge of a tree")]
    Malformed,
}

impl FrontierError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Full => "tree_full",
            Self::Malformed => "frontier_malformed",
        }
    }
}

impl Frontier {
    /// Of the tree without leaves.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, edge: Vec::new() }
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf, given by its hash, and gives its index.
    ///
    /// # Errors
    ///
    /// [`FrontierError::Full`] only, at [`MAX_TREE_SIZE`].
    pub fn push(&mut self, leaf: Hash) -> Result<u64, FrontierError> {
        let index = self.size;
        self.size = index.checked_add(1).filter(|&size| size <= MAX_TREE_SIZE).ok_or(FrontierError::Full)?;
        // Every set bit below the first clear one is a perfect subtree that the leaf completes.
        let completed = usize::try_from(index.trailing_ones()).unwrap_or(usize::MAX);
        let kept = self.edge.len().saturating_sub(completed);
        let root = self.edge.drain(kept..).rev().fold(leaf, |right, left| node_hash(left, right));
        self.edge.push(root);
        Ok(index)
    }

    /// The tree's root; of the tree without leaves `SHA-256("")`.
    #[must_use]
    pub fn root(&self) -> Hash {
        let from_right = self.edge.iter().copied().rev();
        from_right.reduce(|right, left| node_hash(left, right)).unwrap_or_else(empty_root)
    }

    /// Its bytes, for a store: the size as 8 bytes, big-endian, then the hashes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        self.edge.iter().for_each(|hash| bytes.extend_from_slice(&hash.0));
        bytes
    }

    /// Reads what [`Frontier::to_bytes`] writes, and nothing else. Whether the hashes are those of a
    /// tree that anybody signed is the caller's to find out.
    ///
    /// # Errors
    ///
    /// [`FrontierError::Malformed`] only.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FrontierError> {
        let (size, rest) = bytes.split_first_chunk().ok_or(FrontierError::Malformed)?;
        let size = u64::from_be_bytes(*size);
        let (hashes, left) = rest.as_chunks::<32>();
        let fits = left.is_empty()
            && size <= MAX_TREE_SIZE
            && usize::try_from(size.count_ones()).is_ok_and(|count| count == hashes.len());
        if fits {
            Ok(Self { size, edge: hashes.iter().copied().map(Hash).collect() })
        } else {
            Err(FrontierError::Malformed)
        }
    }
}
