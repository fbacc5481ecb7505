//! SHA-256 hashes and the ids made from them.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::base64url;

/// A SHA-256 hash. Written as base64url without padding, 43 characters (RFC 4648 section 5).
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Hash(
    /// The 32 bytes.
    pub [u8; 32],
);

/// Names a rule, limit or approval by its normal form: the first 16 bytes of a hash, written
/// `r_` and 22 characters of base64url. Ordered by its bytes.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RuleId(
    /// The 16 bytes.
    pub [u8; 16],
);

impl Hash {
    /// The hash of `bytes` as they are: a policy's payload.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The hash of `bytes` under `domain`, so that a rule's hash can never be mistaken for an
    /// argument's: SHA-256 of the domain, a zero byte, and the bytes.
    #[must_use]
    pub fn under(domain: &str, bytes: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(domain.as_bytes());
        hash.update([0]);
        hash.update(bytes);
        Self(hash.finalize().into())
    }

    /// Reads the 43 characters; refuses any other text, unused bits that are not zero included.
    ///
    /// ```
    /// use wpc_model::Hash;
    /// let hash = Hash::of(b"");
    /// assert_eq!(Hash::from_text(&hash.to_string()), Some(hash));
    /// assert_eq!(Hash::from_text("short"), None);
    /// ```
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        base64url::read(text).map(Self)
    }
}

impl RuleId {
    /// The id of a normal form's canonical bytes, hashed as by [`Hash::under`] the domain
    /// `wpc/rule/v1`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        RuleHasher::new().and(bytes).finish()
    }

    /// `r_` and 22 characters, without allocating.
    #[must_use]
    pub fn to_text(&self) -> RuleIdText {
        let mut text = *b"r_AAAAAAAAAAAAAAAAAAAAAA";
        if let Some((_, digits)) = text.split_at_mut_checked(2) {
            base64url::write(&self.0, digits);
        }
        RuleIdText(text)
    }

    /// Reads `r_` and 22 characters; refuses any other text.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        base64url::read(text.strip_prefix("r_")?).map(Self)
    }
}

/// Computes a [`RuleId`] of bytes that come in pieces; what is common to many is hashed once.
#[derive(Clone)]
pub(crate) struct RuleHasher(Sha256);

impl RuleHasher {
    pub(crate) fn new() -> Self {
        Self(Sha256::new()).and(b"wpc/rule/v1\0")
    }

    /// After the next bytes.
    pub(crate) fn and(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    pub(crate) fn finish(self) -> RuleId {
        let full: [u8; 32] = self.0.finalize().into();
        let mut id = [0; 16];
        id.iter_mut().zip(full).for_each(|(to, from)| *to = from);
        RuleId(id)
    }
}

/// The text of a [`RuleId`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RuleIdText([u8; 24]);

impl RuleIdText {
    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The bytes are ASCII by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'A'; 43];
        base64url::write(&self.0, &mut text);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_text().as_str())
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
