//! A job's secret and the salts that are derived from it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wpc_model::Hash;
use zeroize::Zeroizing;

use crate::CallId;
use crate::random::{self, RandomError};

/// What a job's salts and labels are derived from: 32 random bytes that only the store holds. Wiped from memory when
/// dropped; `Debug` shows nothing of it.
///
/// ```
/// let secret = wpc_evidence::commitment::JobSecret::mint().unwrap();
/// assert_eq!(format!("{secret:?}"), "JobSecret");
/// ```
#[derive(Clone)]
pub struct JobSecret(Zeroizing<[u8; 32]>);

/// Makes one commitment differ from every other: 16 bytes, written as 22 characters of base64url.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Salt(
    /// The bytes.
    pub [u8; 16],
);

impl JobSecret {
    /// A new one from the operating system's randomness.
    ///
    /// # Errors
    ///
    /// [`RandomError`] only if it gives none.
    pub fn mint() -> Result<Self, RandomError> {
        Ok(Self(Zeroizing::new(random::bytes()?)))
    }

    /// The one that a store kept.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    /// Its bytes, for the store and nobody else.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// What the job remembers a value of some source under (LANGUAGE.md section 7): SHA-256 of a domain, the
    /// secret and the label's hash. All three have one length each, so that no hash says anything of
    /// another one, and who reads entries cannot try values against them.
    #[must_use]
    pub fn label(&self, label: Hash) -> Hash {
        let mut bytes = Zeroizing::new([0; 64]);
        let parts = self.0.iter().chain(&label.0);
        bytes.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        Hash::under("wpc/label-of-job/v1", &*bytes)
    }

    /// The salt of an argument of a call: the first 16 bytes of HMAC-SHA-256 over the domain
    /// `wpc/salt/v1`, the call's id and the name, a zero byte between.
    #[must_use]
    pub fn salt(&self, call: &CallId, name: &str) -> Salt {
        // HMAC fills a short key with zeros up to the block (RFC 2104 section 2).
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(self.0.iter()).for_each(|(to, from)| *to = *from);
        let mut mac = Hmac::<Sha256>::new((&*block).into());
        for part in ["wpc/salt/v1", "\0", call.as_str(), "\0", name] {
            mac.update(part.as_bytes());
        }
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut salt = [0; 16];
        salt.iter_mut().zip(full).for_each(|(to, from)| *to = from);
        Salt(salt)
    }
}

impl fmt::Debug for JobSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobSecret")
    }
}

impl Salt {
    /// Reads the 22 characters, and nothing else.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}
