//! Receipts: one entry, and the proof that it stands in a log that the ledger signed (WIRE.md 4).
//!
//! ```text
//! {"checkpoint":"did:key:z6Mk…/job/job_7fz3q\n3\n…","entry":{…},"path":["…"],"v":1}
//! ```
//!
//! Whoever holds a receipt can show the entry without the ledger, and can show that a later ledger lacks it:
//! the tree that the checkpoint signs begins every later one of the job, or there are two histories.

use serde::Deserialize;
use serde_json::value::RawValue;
use wpc_model::Hash;
use wpc_model::canon::Writer;

use crate::Did;
use crate::checkpoint::{CheckpointError, MAX_CHECKPOINT_BYTES, Origin, SignedCheckpoint};
use crate::entry::{Entry, EntryError, MAX_ENTRY_BYTES};
use crate::merkle::{leaf_hash, verify_inclusion};

/// Longest accepted receipt, in bytes: an entry, a checkpoint, and a path.
pub const MAX_RECEIPT_BYTES: usize = MAX_ENTRY_BYTES + 2 * MAX_CHECKPOINT_BYTES;

/// An entry of a job's log, with the path to a root that the ledger signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// The entry's canonical bytes.
    pub entry: Vec<u8>,
    /// From its leaf to the root ([`crate::merkle::inclusion_proof`]).
    pub path: Vec<Hash>,
    /// The signed head of the job's log, at that time or later.
    pub checkpoint: SignedCheckpoint,
}

/// Bytes are no receipt, or it proves nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// Longer than [`MAX_RECEIPT_BYTES`]. Code `too_large`.
    #[error("the receipt is longer than {MAX_RECEIPT_BYTES} bytes")]
    TooLarge,
    /// A member is missing, or is not what it must be. Code `malformed`.
    #[error("not a receipt")]
    Malformed,
    /// Not the bytes that [`Receipt::encode`] writes. Code `not_canonical`.
    #[error("the receipt is not canonical")]
    NotCanonical,
    /// Its entry does not read. Code: that of the [`EntryError`].
    #[error("the receipt's entry is refused: {0}")]
    Entry(#[from] EntryError),
    /// Its checkpoint does not read or is not signed. Code: that of the [`CheckpointError`].
    #[error("the receipt's checkpoint is refused: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The entry is another ledger's or job's than the checkpoint. Code `origin_mismatch`.
    #[error("the receipt's checkpoint is of another log than its entry")]
    Origin,
    /// The path does not lead from the entry to the root. Code `root_mismatch`.
    #[error("the receipt's entry is not in the tree that was signed")]
    NotIncluded,
}

impl ReceiptError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::NotCanonical => "not_canonical",
            Self::Entry(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
            Self::Origin => "origin_mismatch",
            Self::NotIncluded => "root_mismatch",
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<'a> {
    checkpoint: String,
    #[serde(borrow)]
    entry: &'a RawValue,
    path: Vec<String>,
    v: u8,
}

impl Receipt {
    /// Its canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = b"{\"checkpoint\":".to_vec();
        Writer::new(&mut bytes).text(&self.checkpoint.to_string());
        bytes.extend_from_slice(b",\"entry\":");
        bytes.extend_from_slice(&self.entry);
        bytes.extend_from_slice(b",\"path\":");
        let path: Vec<_> = self.path.iter().map(Hash::to_string).collect();
        Writer::new(&mut bytes).texts(path.iter().map(String::as_str));
        bytes.extend_from_slice(b",\"v\":1}");
        bytes
    }

    /// Reads what [`Receipt::encode`] writes, and nothing else. What it proves is [`Receipt::verify`]'s to
    /// say.
    ///
    /// # Errors
    ///
    /// [`ReceiptError`] with the first reason found.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() > MAX_RECEIPT_BYTES {
            return Err(ReceiptError::TooLarge);
        }
        let written: Written<'_> = serde_json::from_slice(bytes).map_err(|_| ReceiptError::Malformed)?;
        let path = written.path.iter().map(|hash| Hash::from_text(hash)).collect::<Option<_>>();
        let receipt = Self {
            entry: written.entry.get().as_bytes().to_vec(),
            path: path.ok_or(ReceiptError::Malformed)?,
            checkpoint: SignedCheckpoint::parse(&written.checkpoint)?,
        };
        if written.v != 1 {
            return Err(ReceiptError::Malformed);
        }
        if receipt.encode() == bytes { Ok(receipt) } else { Err(ReceiptError::NotCanonical) }
    }

    /// The entry, if `ledger` signed a log that has it.
    ///
    /// # Errors
    ///
    /// [`ReceiptError`] with the first reason found.
    pub fn verify(&self, ledger: &Did) -> Result<Entry, ReceiptError> {
        let head = self.checkpoint.verify(ledger)?;
        let entry = Entry::decode(&self.entry)?;
        if head.origin != Origin::job(entry.ledger, entry.job.clone()) {
            return Err(ReceiptError::Origin);
        }
        if verify_inclusion(leaf_hash(&self.entry), entry.seq, head.size, &self.path, head.root) {
            Ok(entry)
        } else {
            Err(ReceiptError::NotIncluded)
        }
    }
}
