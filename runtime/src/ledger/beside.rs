//! What is kept beside the log: what entries commit to, and the signed documents that they name.

use wpc_evidence::statement::Revoked;
use wpc_model::Hash;

/// What one entry brings along. None of it is in the log's tree, so all of it can be erased after the
/// policy's `retain`, and the log still verifies.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Beside {
    /// Canonical bytes of the openings of the entry's commitments, by name.
    pub openings: Vec<(String, Vec<u8>)>,
    /// Signed documents that the entry names by hash.
    pub documents: Vec<Document>,
}

/// A signed document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document {
    /// Hash of its payload: how entries name it.
    pub hash: Hash,
    /// The DSSE envelope's bytes.
    pub envelope: Vec<u8>,
}

/// One opening, and the entry that commits to it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opened {
    /// Place of the entry.
    pub seq: u64,
    /// The argument, `resource`, or the field of the result.
    pub name: String,
    /// Its canonical bytes.
    pub opening: Vec<u8>,
}

/// Kinds of which the last statement counts, and not the first (SECURITY.md 1.10).
const LIFTABLE: [&str; 2] = ["agent", "issuer_key"];
const LIFTED: &str = "_lifted";

/// What a revocation is about, as ledgers keep it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct RevocationKey {
    /// `jti job policy agent issuer_key approval`; of what lifts `agent_lifted issuer_key_lifted`.
    pub kind: String,
    /// Which; of a token the issuer's key, a space, and its `jti`.
    pub value: String,
}

impl RevocationKey {
    /// The key of what a statement revokes.
    #[must_use]
    pub fn of(revoked: &Revoked) -> Self {
        let value = match revoked.issuer() {
            Some(issuer) => format!("{issuer} {}", revoked.value()),
            None => revoked.value(),
        };
        Self { kind: revoked.kind().to_owned(), value }
    }

    /// What it lifts; `None` if it revokes.
    #[must_use]
    pub fn lifts(&self) -> Option<Self> {
        let kind = self.kind.strip_suffix(LIFTED).filter(|kind| LIFTABLE.contains(kind))?;
        Some(Self { kind: kind.to_owned(), value: self.value.clone() })
    }

    /// The kind of what would lift it; its own if nothing can.
    pub(crate) fn lifted_by(&self) -> String {
        if LIFTABLE.contains(&self.kind.as_str()) {
            format!("{}{LIFTED}", self.kind)
        } else {
            self.kind.clone()
        }
    }
}

/// A revocation in a ledger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RevocationRow {
    /// Its place, from 1.
    pub seq: u64,
    /// When the ledger took it, Unix milliseconds.
    pub at: i64,
    /// What it is about.
    pub revocation: RevocationKey,
    /// The signed statement: a DSSE envelope's bytes.
    pub envelope: Vec<u8>,
}

/// A release in a ledger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReleaseRow {
    /// Its place among the releases of its policy's name, from 1.
    pub seq: u64,
    /// When the ledger took it, Unix milliseconds.
    pub at: i64,
    /// The hash of its payload.
    pub hash: Hash,
    /// The signed statement: a DSSE envelope's bytes.
    pub envelope: Vec<u8>,
}
