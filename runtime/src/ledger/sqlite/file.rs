//! Where a ledger's file may be, and how it comes to be.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::ledger::LedgerError;
use wpc_evidence::private_file::{self, Draft, DraftError};

/// Makes the file at `path` with what `fill` writes into it: complete or not at all.
pub(super) fn make(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<(), LedgerError>,
) -> Result<(), LedgerError> {
    let directory = private_file::directory(path);
    if !directory.exists() {
        make_directory(directory).map_err(LedgerError::unavailable)?;
    }
    check_directory(directory)?;
    let path = canonical(path)?;
    let draft = Draft::beside(&path).map_err(|error| match error {
        DraftError::Random(error) => error.into(),
        DraftError::Io(cause) => LedgerError::unavailable(cause),
    })?;
    fill(&draft.path)?;
    draft.publish(&path).map_err(|cause| {
        if cause.kind() == io::ErrorKind::AlreadyExists {
            LedgerError::Exists { path: path.clone() }
        } else {
            LedgerError::unavailable(cause)
        }
    })
}

/// The one name of an existing, private ledger file in a private directory.
pub(super) fn check(path: &Path) -> Result<PathBuf, LedgerError> {
    let path = match canonical(path) {
        Err(LedgerError::Missing { .. }) => return Err(LedgerError::Missing { path: path.to_owned() }),
        other => other?,
    };
    // Not through a link: what is checked must be what is opened.
    let about = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(LedgerError::Missing { path }),
        other => other.map_err(LedgerError::unavailable)?,
    };
    if !about.is_file() {
        return Err(LedgerError::Foreign { path, cause: "not a regular file".to_owned() });
    }
    let mode = private_file::mode(&about);
    if !private_file::is_private(mode) {
        return Err(LedgerError::Permissions { path, mode, allowed: 0o600 });
    }
    check_directory(private_file::directory(&path))?;
    Ok(path)
}

fn check_directory(directory: &Path) -> Result<(), LedgerError> {
    let mode = private_file::mode(&fs::metadata(directory).map_err(LedgerError::unavailable)?);
    // Whoever may write here can put another file in the ledger's place. Reading shows its name only.
    if mode & 0o022 == 0 {
        Ok(())
    } else {
        Err(LedgerError::Permissions { path: directory.to_owned(), mode, allowed: 0o755 })
    }
}

/// The path with every link in its directory resolved.
fn canonical(path: &Path) -> Result<PathBuf, LedgerError> {
    let missing = || LedgerError::Missing { path: path.to_owned() };
    let name = path.file_name().ok_or_else(missing)?;
    match fs::canonicalize(private_file::directory(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing()),
        Err(error) => Err(LedgerError::unavailable(error)),
        Ok(directory) => Ok(directory.join(name)),
    }
}

fn make_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}
