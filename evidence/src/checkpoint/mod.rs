//! Checkpoints: how large a tree is and what its root is, signed (SECURITY.md 2.2).
//!
//! ```text
//! did:key:z6Mk…/job/job_7fz3q                 origin: the ledger, or one job of it
//! 42                                          size
//! eDyv…=                                      root
//!
//! — did:key:z6Mk…/job/job_7fz3q 3kNq…         the ledger's signature
//! — did:key:z6Mw… Zg1c…                       a witness's, of the ledger's own tree only
//! ```
//!
//! The text is a C2SP tlog-checkpoint without extension lines; it and its signature lines are a C2SP
//! signed note (c2sp.org/tlog-checkpoint, /signed-note); a witness's line is a cosignature/v1
//! (c2sp.org/tlog-cosignature).
//!
//! ```
//! use wpc_evidence::Key;
//! use wpc_evidence::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
//! use wpc_evidence::merkle::leaf_hash;
//!
//! let key = Key::generate().unwrap();
//! let checkpoint = Checkpoint { origin: Origin::ledger(key.did()), size: 1, root: leaf_hash(b"opened") };
//! let text = checkpoint.sign(&key).unwrap().to_string();
//! let read = SignedCheckpoint::parse(&text).unwrap();
//! assert_eq!(read.verify(&key.did()), Ok(&checkpoint));
//! ```

mod note;
mod origin;
#[cfg(test)]
mod tests;
mod text;

pub use note::{MAX_CHECKPOINT_BYTES, MAX_SIGNATURE_LINES, MAX_SIGNER_NAME_BYTES, SignedCheckpoint};
pub use origin::Origin;
pub use text::Checkpoint;

/// A text is not a checkpoint, or nobody who counts signed it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Longer than [`MAX_CHECKPOINT_BYTES`], more than [`MAX_SIGNATURE_LINES`] signature lines, or a
    /// signer's name longer than [`MAX_SIGNER_NAME_BYTES`]. Code `too_large`.
    #[error("the checkpoint is too long or has too many signatures")]
    TooLarge,
    /// Another form than the one that is written. Code `malformed`.
    #[error("not a checkpoint: its {0} is missing or wrong")]
    Malformed(&'static str),
    /// Base64 that is not the one encoding of its bytes. Code `base64_malleable`.
    #[error("base64 that is not padded, or has unused bits set")]
    Base64,
    /// The checkpoint is another ledger's, or a witness is asked to sign that of a job. Code
    /// `origin_mismatch`.
    #[error("the checkpoint's origin is another one")]
    Origin,
    /// No signature of the ledger's key holds. Code `checkpoint_signature`.
    #[error("the ledger did not sign the checkpoint")]
    Signature,
    /// The time of a cosignature is no time. Code `time_out_of_range`.
    #[error("the time is not within the years 1970 and 9999")]
    Time,
}

impl CheckpointError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Malformed(_) => "malformed",
            Self::Base64 => "base64_malleable",
            Self::Origin => "origin_mismatch",
            Self::Signature => "checkpoint_signature",
            Self::Time => "time_out_of_range",
        }
    }
}
