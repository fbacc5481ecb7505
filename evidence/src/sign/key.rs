//! Secret keys.

use std::fmt;

use ed25519_dalek::{Signer as _, SigningKey};
use wpc_model::Hash;
use zeroize::Zeroizing;

use super::Did;
use crate::random::{self, RandomError};

/// An Ed25519 secret key. Wiped from memory when dropped; no `Debug`, `Display` or accessor
/// shows it.
///
/// ```
/// let key = wpc_evidence::Key::generate().unwrap();
/// assert!(key.did().to_string().starts_with("did:key:z6Mk"));
/// assert_eq!(format!("{key:?}"), format!("Key({})", key.did()));
/// ```
pub struct Key {
    secret: SigningKey,
}

impl Key {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    ///
    /// [`RandomError`] only if the operating system gives none.
    pub fn generate() -> Result<Self, RandomError> {
        Ok(Self::from_seed(&Zeroizing::new(random::bytes()?)))
    }

    /// The key of a 32-byte seed (the private key of RFC 8032 section 5.1.5).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { secret: SigningKey::from_bytes(seed) }
    }

    /// The name of its public key.
    #[must_use]
    pub fn did(&self) -> Did {
        Did::of(self.secret.verifying_key())
    }

    /// A secret that only whoever holds the key can derive, another one for each purpose, the same each time.
    ///
    /// ```
    /// let key = wpc_evidence::Key::from_seed(&[1; 32]);
    /// assert_eq!(key.secret_for("one"), key.secret_for("one"));
    /// assert_ne!(key.secret_for("one"), key.secret_for("another"));
    /// ```
    #[must_use]
    pub fn secret_for(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(Hash::under(purpose, self.seed()).0)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }

    pub(super) fn seed(&self) -> &[u8; 32] {
        self.secret.as_bytes()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.did())
    }
}
