//! A directory of releases: `NAME.000001.release.json` and so on, each written once.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use wpc_evidence::RandomError;
use wpc_evidence::private_file::{Draft, DraftError};
use wpc_evidence::statement::{MAX_RELEASES, MAX_STATEMENT_ENVELOPE_BYTES};

const ENDING: &str = ".release.json";

/// A directory that holds the chains of releases of policies.
///
/// It is no more trusted than a mirror: whoever reads it verifies what is in it, and a ledger that has seen a
/// newer release takes no older one.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// A directory of releases cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The policy's name is not one that a file may have. Code `release_name`.
    #[error("the policy's name cannot be that of a file")]
    Name,
    /// There is a release of this number already. Code `policy_release_forked`.
    #[error("there is a release of this number already")]
    Exists,
    /// There are more releases than a chain has, or one is too long. Code `too_large`.
    #[error("there are too many releases, or one is too long")]
    TooLarge,
    /// No randomness for a file's name. Code `randomness_unavailable`.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The file system refused. Code `file_unreadable`.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl FolderError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Name => "release_name",
            Self::Exists => "policy_release_forked",
            Self::TooLarge => "too_large",
            Self::Random(error) => error.code(),
            Self::Io(_) => "file_unreadable",
        }
    }
}

impl Folder {
    /// The directory at `path`, which must be there.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The names of the policies that have releases here, sorted.
    ///
    /// # Errors
    ///
    /// [`FolderError`] if the directory cannot be read.
    pub fn names(&self) -> Result<Vec<String>, FolderError> {
        let mut names: Vec<_> = self.list()?.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// The signed releases of a policy's name, oldest first; whether they are a chain, and who signed it,
    /// [`wpc_evidence::statement::Releases::verify`] says.
    ///
    /// # Errors
    ///
    /// [`FolderError`] if a file cannot be read.
    pub fn read(&self, policy_name: &str) -> Result<Vec<Vec<u8>>, FolderError> {
        let of = self.list()?.into_iter().filter(|(name, _)| name == policy_name);
        let mut seqs: Vec<_> = of.map(|(_, seq)| seq).collect();
        seqs.sort_unstable();
        if seqs.len() > MAX_RELEASES {
            return Err(FolderError::TooLarge);
        }
        seqs.into_iter().map(|seq| bytes(&self.file(policy_name, seq)?)).collect()
    }

    /// Writes the release of this number; where.
    ///
    /// # Errors
    ///
    /// [`FolderError::Exists`] if there is one, and whatever the file system says.
    pub fn add(&self, policy_name: &str, seq: u64, envelope: &[u8]) -> Result<PathBuf, FolderError> {
        let path = self.file(policy_name, seq)?;
        let mut draft = Draft::beside(&path).map_err(|error| match error {
            DraftError::Random(error) => FolderError::Random(error),
            DraftError::Io(error) => error.into(),
        })?;
        draft.file.write_all(envelope)?;
        readable(&draft.file)?;
        draft.publish(&path).map_err(|error| {
            let exists = error.kind() == io::ErrorKind::AlreadyExists;
            if exists { FolderError::Exists } else { error.into() }
        })?;
        Ok(path)
    }

    fn file(&self, policy_name: &str, seq: u64) -> Result<PathBuf, FolderError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if policy_name.is_empty() || policy_name.starts_with('.') || !policy_name.bytes().all(fits) {
            return Err(FolderError::Name);
        }
        Ok(self.0.join(name(policy_name, seq)))
    }

    /// Name and number of each release that is here.
    fn list(&self) -> Result<Vec<(String, u64)>, FolderError> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let file = entry?.file_name();
            let Some(file) = file.to_str() else { continue };
            let Some((of, seq)) = file.strip_suffix(ENDING).and_then(|stem| stem.rsplit_once('.')) else {
                continue;
            };
            if let Ok(seq) = seq.parse()
                && name(of, seq) == file
            {
                found.push((of.to_owned(), seq));
            }
        }
        Ok(found)
    }
}

fn name(policy_name: &str, seq: u64) -> String {
    format!("{policy_name}.{seq:06}{ENDING}")
}

/// Releases are no secret: gates of other users read them.
fn readable(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

fn bytes(path: &Path) -> Result<Vec<u8>, FolderError> {
    let most = u64::try_from(MAX_STATEMENT_ENVELOPE_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_STATEMENT_ENVELOPE_BYTES { Err(FolderError::TooLarge) } else { Ok(bytes) }
}
