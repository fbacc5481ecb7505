//! Secret keys in files.
//!
//! A key file is the PKCS #8 form of RFC 8410 section 7 in PEM (RFC 7468), as `openssl genpkey
//! -algorithm ed25519` writes it, three lines ended by line feeds:
//!
//! ```text
//! -----BEGIN PRIVATE KEY-----
//! 64 characters of base64: the 16 bytes 302e020100300506032b657004220420 and the 32-byte seed
//! -----END PRIVATE KEY-----
//! ```
//!
//! No other form is read. The file belongs to its owner alone (mode 0600) from its first moment,
//! and appears under its name complete or not at all.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::Key;
use crate::private_file::{self, Draft, DraftError};
use crate::random::RandomError;

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----\n";
const END: &str = "\n-----END PRIVATE KEY-----\n";
/// PKCS #8 v1 of an Ed25519 key, up to the seed.
const DER_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
const DER_BYTES: usize = 48;
/// No key file is longer, in bytes.
const MAX_KEY_FILE_BYTES: u64 = 256;

/// A key file could not be written or read. Never holds anything of the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// There is something of that name. Code `key_exists`.
    #[error("{} exists already", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// Reading or writing failed. Code `key_io`.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The file is not a regular file, or its mode lets others read or write it. Code
    /// `key_permissions`.
    #[error("{} must be a file that only its owner may use (mode 0600), found mode {mode:04o}", path.display())]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not the one accepted form. Code `key_malformed`.
    #[error("{} is not a PKCS #8 Ed25519 key in PEM", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// No randomness for a temporary name. Code `randomness_unavailable`.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl KeyFileError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "key_exists",
            Self::Io { .. } => "key_io",
            Self::Permissions { .. } => "key_permissions",
            Self::Malformed { .. } => "key_malformed",
            Self::Random(error) => error.code(),
        }
    }
}

impl Key {
    /// Writes the key to a new file with mode 0600. Never overwrites.
    ///
    /// # Errors
    ///
    /// [`KeyFileError`]; then no file of that name was made.
    pub fn write_new(&self, path: &Path) -> Result<(), KeyFileError> {
        let io = |cause: io::Error| {
            let path = path.to_owned();
            if cause.kind() == io::ErrorKind::AlreadyExists {
                KeyFileError::Exists { path }
            } else {
                KeyFileError::Io { path, cause }
            }
        };
        let mut draft = Draft::beside(path).map_err(|error| match error {
            DraftError::Random(error) => error.into(),
            DraftError::Io(cause) => io(cause),
        })?;
        draft.file.write_all(self.to_pem().as_bytes()).map_err(io)?;
        draft.publish(path).map_err(io)
    }

    /// Reads a key file that nobody but its owner may read or write.
    ///
    /// # Errors
    ///
    /// [`KeyFileError`] with the first reason found.
    pub fn read(path: &Path) -> Result<Self, KeyFileError> {
        let io = |cause: io::Error| KeyFileError::Io { path: path.to_owned(), cause };
        let file = File::open(path).map_err(io)?;
        private(&file, path)?;
        let mut text = Zeroizing::new(Vec::with_capacity(DER_BYTES.saturating_mul(4)));
        file.take(MAX_KEY_FILE_BYTES).read_to_end(&mut text).map_err(io)?;
        Self::from_pem(&text).ok_or_else(|| KeyFileError::Malformed { path: path.to_owned() })
    }

    fn to_pem(&self) -> Zeroizing<String> {
        let mut der = Zeroizing::new([0; DER_BYTES]);
        let parts = DER_HEAD.iter().chain(self.seed());
        der.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        let body = Zeroizing::new(STANDARD.encode(*der));
        let mut pem = Zeroizing::new(String::with_capacity(128));
        for part in [BEGIN, &body, END] {
            pem.push_str(part);
        }
        pem
    }

    fn from_pem(text: &[u8]) -> Option<Self> {
        let body = text.strip_prefix(BEGIN.as_bytes())?.strip_suffix(END.as_bytes())?;
        let mut der = Zeroizing::new([0; DER_BYTES]);
        let length = STANDARD.decode_slice(body, der.as_mut_slice()).ok()?;
        let seed = der.strip_prefix(&DER_HEAD)?;
        if length == DER_BYTES { Some(Self::from_seed(seed.try_into().ok()?)) } else { None }
    }
}

/// Refuses a file that is not a regular one, or that others may read or write. Where files have no
/// mode, only the first.
fn private(file: &File, path: &Path) -> Result<(), KeyFileError> {
    let about = file.metadata().map_err(|cause| KeyFileError::Io { path: path.to_owned(), cause })?;
    let mode = private_file::mode(&about);
    if about.is_file() && private_file::is_private(mode) {
        Ok(())
    } else {
        Err(KeyFileError::Permissions { path: path.to_owned(), mode })
    }
}
