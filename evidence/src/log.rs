//! The ledger's own log: one tree over what became of its jobs (SECURITY.md 1.5).
//!
//! Nobody can follow the trees of all jobs, so a ledger keeps one more, whose leaves say that a job
//! was opened, how far it had come, and that it was closed. Its checkpoints are what witnesses cosign:
//! a job that is hidden, cut short or rewritten no longer agrees with it.

use serde_json::{Map, Value};
use wpc_model::canon::{Compare, Sink, Writer};
use wpc_model::{Hash, MAX_INTEGER};

use crate::{JobId, time};

/// Longest accepted leaf, in bytes.
pub const MAX_LEAF_BYTES: usize = 1_024;

/// One leaf: how one job stood.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leaf {
    /// What became of it.
    pub kind: LeafKind,
    /// The job.
    pub job: JobId,
    /// How many entries its log had.
    pub size: u64,
    /// The root of their tree.
    pub root: Hash,
    /// When, Unix milliseconds.
    pub at: i64,
}

/// What a leaf says of its job.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LeafKind {
    /// It was opened: its log has its first entries.
    Opened,
    /// It had come so far.
    Head,
    /// It was closed: its log has its last entry.
    Closed,
}

impl LeafKind {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened => "job_opened",
            Self::Head => "job_head",
            Self::Closed => "job_closed",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Opened, Self::Head, Self::Closed].into_iter().find(|kind| kind.word() == word)
    }
}

/// Bytes are not a leaf. Code `leaf_malformed`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a leaf of a ledger's log")]
pub struct LeafError;

impl LeafError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "leaf_malformed"
    }
}

impl Leaf {
    /// Its canonical bytes: what the tree hashes.
    ///
    /// # Errors
    ///
    /// [`LeafError`] only if the size or the time is out of range.
    pub fn encode(&self) -> Result<Vec<u8>, LeafError> {
        let at = time::to_text(self.at).ok_or(LeafError)?;
        let size = i64::try_from(self.size).ok().filter(|size| *size <= MAX_INTEGER).ok_or(LeafError)?;
        let mut bytes = Vec::with_capacity(256);
        self.write(&at, size, Writer::new(&mut bytes));
        Ok(bytes)
    }

    /// Reads the bytes that [`Leaf::encode`] writes, and no others.
    ///
    /// # Errors
    ///
    /// [`LeafError`] only.
    pub fn decode(bytes: &[u8]) -> Result<Self, LeafError> {
        if bytes.len() > MAX_LEAF_BYTES {
            return Err(LeafError);
        }
        let object: Map<String, Value> = serde_json::from_slice(bytes).map_err(|_| LeafError)?;
        let text = |name| object.get(name).and_then(Value::as_str).ok_or(LeafError);
        if object.get("v").and_then(Value::as_i64) != Some(1) {
            return Err(LeafError);
        }
        let size = object.get("size").and_then(Value::as_u64).ok_or(LeafError)?;
        let at = text("at")?;
        let leaf = Self {
            kind: LeafKind::from_word(text("kind")?).ok_or(LeafError)?,
            job: JobId::parse(text("job")?).map_err(|_| LeafError)?,
            size,
            root: Hash::from_text(text("root")?).ok_or(LeafError)?,
            at: time::from_text(at).ok_or(LeafError)?,
        };
        let size = i64::try_from(size).ok().filter(|size| *size <= MAX_INTEGER).ok_or(LeafError)?;
        let mut compare = Compare::new(bytes);
        leaf.write(at, size, Writer::new(&mut compare));
        if compare.difference().is_some() { Err(LeafError) } else { Ok(leaf) }
    }

    fn write<S: Sink>(&self, at: &str, size: i64, to: Writer<'_, S>) {
        to.object(|object| {
            object.member("at").text(at);
            object.member("job").text(self.job.as_str());
            object.member("kind").text(self.kind.word());
            object.member("root").text(&self.root.to_string());
            object.member("size").integer(size);
            object.member("v").integer(1);
        });
    }
}

#[cfg(test)]
mod tests {
    use wpc_model::Hash;

    use super::{Leaf, LeafKind};
    use crate::JobId;

    #[test]
    fn a_leaf_has_one_spelling() {
        let leaf = Leaf {
            kind: LeafKind::Closed,
            job: JobId::parse("job_1").unwrap(),
            size: 7,
            root: Hash::of(b"root"),
            at: 1_767_323_045_678,
        };
        let bytes = leaf.encode().unwrap();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            format!(
                r#"{{"at":"2026-01-02T03:04:05.678Z","job":"job_1","kind":"job_closed","root":"{}","size":7,"v":1}}"#,
                leaf.root
            )
        );
        assert_eq!(Leaf::decode(&bytes), Ok(leaf));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            if let Ok(other) = Leaf::decode(&changed) {
                assert_eq!(other.encode(), Ok(changed));
            }
            assert!(Leaf::decode(&bytes[..at]).is_err());
        }
    }
}
