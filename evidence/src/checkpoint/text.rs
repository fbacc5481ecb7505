//! The three lines that are signed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wpc_model::Hash;

use super::{CheckpointError, Origin};
use crate::merkle::{MAX_TREE_SIZE, empty_root};

/// A tree at one size. `Display` writes the text that is signed: three lines, each with its end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// The tree.
    pub origin: Origin,
    /// How many leaves it has, at most [`MAX_TREE_SIZE`].
    pub size: u64,
    /// Its root at that size.
    pub root: Hash,
}

impl Checkpoint {
    /// Reads the text that `Display` writes, and nothing else.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Malformed`] and [`CheckpointError::Base64`] only.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::Malformed("last line end"))?;
        let mut lines = lines.split('\n');
        let (Some(origin), Some(size), Some(root), None) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Malformed("number of lines"));
        };
        let root = STANDARD.decode(root).map_err(|_| CheckpointError::Base64)?;
        let checkpoint = Self {
            origin: Origin::parse(origin)?,
            size: decimal(size).ok_or(CheckpointError::Malformed("size"))?,
            root: Hash(root.try_into().map_err(|_| CheckpointError::Malformed("root"))?),
        };
        checkpoint.fits()?;
        Ok(checkpoint)
    }

    /// Whether it is one of a tree that can exist.
    pub(super) fn fits(&self) -> Result<(), CheckpointError> {
        if self.size > MAX_TREE_SIZE {
            return Err(CheckpointError::Malformed("size"));
        }
        if self.size == 0 && self.root != empty_root() {
            return Err(CheckpointError::Malformed("root"));
        }
        Ok(())
    }
}

/// A whole number without a sign and without zeros in front.
fn decimal(text: &str) -> Option<u64> {
    let plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    plain.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, STANDARD.encode(self.root.0))
    }
}
