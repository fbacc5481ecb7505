//! `did:key:z6Mk…`: an Ed25519 public key as text (W3C CCG did:key v0.7, section 3.1).

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use ed25519_dalek::{Signature, VerifyingKey};

/// An Ed25519 public key, named `did:key:z6Mk…`.
///
/// Only keys that a strict verifier can use exist: keys of small order and keys whose encoding is
/// not canonical (RFC 8032 section 5.1.3) are refused, so one key has one name.
///
/// ```
/// use wpc_evidence::Did;
/// let text = "did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7";
/// assert_eq!(Did::parse(text).unwrap().to_string(), text);
/// ```
#[derive(Clone, Copy)]
pub struct Did {
    key: VerifyingKey,
    /// Its text, which every entry of a ledger has: base58 is slow.
    text: [u8; TEXT_LENGTH],
}

/// A text is not the name of a usable Ed25519 key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DidError {
    /// Not `did:key:z` and base58btc text. Code `did_malformed`.
    #[error("not a `did:key:z…` of an Ed25519 key")]
    Malformed,
    /// Not the shortest encoding of a point of the curve. Code `key_not_canonical`.
    #[error("the key is not a canonical point of the curve")]
    NotCanonical,
    /// A key of small order, under which anybody can sign. Code `key_weak`.
    #[error("the key has small order")]
    Weak,
}

impl DidError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "did_malformed",
            Self::NotCanonical => "key_not_canonical",
            Self::Weak => "key_weak",
        }
    }
}

/// Multicodec `ed25519-pub`, 0xed as an unsigned varint.
const MULTICODEC: [u8; 2] = [0xed, 0x01];
const PREFIX: &str = "did:key:z";
/// Every Ed25519 did:key has this many characters.
const TEXT_LENGTH: usize = 56;

impl Did {
    /// Reads `did:key:z6Mk…`.
    ///
    /// # Errors
    ///
    /// [`DidError`] with the first reason found.
    pub fn parse(text: &str) -> Result<Self, DidError> {
        if text.len() != TEXT_LENGTH {
            return Err(DidError::Malformed);
        }
        let digits = text.strip_prefix(PREFIX).ok_or(DidError::Malformed)?;
        let mut bytes = [0; 34];
        let length = bs58::decode(digits).onto(&mut bytes).map_err(|_| DidError::Malformed)?;
        let (codec, key) = bytes.split_first_chunk::<2>().ok_or(DidError::Malformed)?;
        if length != bytes.len() || *codec != MULTICODEC {
            return Err(DidError::Malformed);
        }
        let key: [u8; 32] = key.try_into().map_err(|_| DidError::Malformed)?;
        let did = Self::from_public_key(&key)?;
        if did.as_str() == text { Ok(did) } else { Err(DidError::Malformed) }
    }

    /// The name of a public key's 32 bytes (RFC 8032 section 5.1.5).
    ///
    /// # Errors
    ///
    /// [`DidError::NotCanonical`] and [`DidError::Weak`], never [`DidError::Malformed`].
    pub fn from_public_key(bytes: &[u8; 32]) -> Result<Self, DidError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| DidError::NotCanonical)?;
        if key.to_edwards().compress().to_bytes() != *bytes {
            return Err(DidError::NotCanonical);
        }
        if key.is_weak() { Err(DidError::Weak) } else { Ok(Self::of(key)) }
    }

    /// The public key's 32 bytes.
    #[must_use]
    pub fn to_public_key(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Whether `signature` over `message` is this key's, strictly (no small-order points, no
    /// malleable scalar).
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }

    /// The text, `did:key:z6Mk…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // It is ASCII.
        str::from_utf8(&self.text).unwrap_or_default()
    }

    pub(super) fn of(key: VerifyingKey) -> Self {
        let mut bytes = [0; 34];
        let parts = MULTICODEC.iter().chain(key.as_bytes());
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        let digits = bs58::encode(bytes).into_vec();
        let mut text = [0; TEXT_LENGTH];
        text.iter_mut().zip(PREFIX.bytes().chain(digits)).for_each(|(to, from)| *to = from);
        Self { key, text }
    }
}

impl PartialEq for Did {
    fn eq(&self, other: &Self) -> bool {
        self.key.as_bytes() == other.key.as_bytes()
    }
}

impl Eq for Did {}

impl Ord for Did {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.as_bytes().cmp(other.key.as_bytes())
    }
}

impl PartialOrd for Did {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Did {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.as_bytes().hash(state);
    }
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
