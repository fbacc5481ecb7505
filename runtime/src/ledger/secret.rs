//! The secret of a job, under which it remembers where values came from.

use std::fmt;

use wpc_evidence::random::{self, RandomError};
use wpc_model::Hash;
use zeroize::{Zeroize as _, Zeroizing};

/// 32 random bytes that never leave the store: without them, who reads entries cannot try values
/// against the labels in them.
#[derive(Clone)]
pub(super) struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    pub(super) fn mint() -> Result<Self, RandomError> {
        random::bytes().map(Self::from)
    }

    /// As the store keeps it.
    pub(super) fn bytes(&self) -> &[u8] {
        &*self.0
    }

    /// SHA-256 of a domain, the secret and the label's hash. All three have one length each, so that
    /// no hash says anything of another one.
    pub(super) fn salt(&self, label: Hash) -> Hash {
        let mut bytes = [0; 64];
        let (first, second) = bytes.split_at_mut(32);
        first.copy_from_slice(&*self.0);
        second.copy_from_slice(&label.0);
        let salted = Hash::under("wpc/label-of-job/v1", &bytes);
        bytes.zeroize();
        salted
    }
}

impl From<[u8; 32]> for Secret {
    fn from(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
