//! Whether a gate's files are closed to those that call it (SECURITY.md 1.6).
//!
//! A gate that runs under another user than its callers proves nothing if they can read its key, change its
//! policy, or put another file in their place.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file that is open to others.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenFile {
    /// It cannot be looked at. Code `file_unreadable`.
    #[error("it cannot be looked at: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// Others may read or write it. Code `gate_file_open`.
    #[error("{why}")]
    Open {
        /// The file, or a folder above it.
        path: PathBuf,
        /// How.
        why: String,
    },
    /// A caller is the gate's own user, or root. Code `gate_user`.
    #[error("user {user} would call this gate, and can read and change all that it stands on")]
    Caller {
        /// The user's id.
        user: u32,
    },
}

impl OpenFile {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "file_unreadable",
            Self::Open { .. } => "gate_file_open",
            Self::Caller { .. } => "gate_user",
        }
    }

    /// The file, if it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Unreadable { path, .. } | Self::Open { path, .. } => Some(path),
            Self::Caller { .. } => None,
        }
    }
}

/// Refuses callers that are this process's own user, or root.
///
/// # Errors
///
/// [`OpenFile::Caller`] with the first of them.
pub fn check_callers(callers: &BTreeSet<u32>) -> Result<(), OpenFile> {
    let own = user();
    match callers.iter().find(|caller| **caller == own || **caller == 0) {
        Some(user) => Err(OpenFile::Caller { user: *user }),
        None => Ok(()),
    }
}

/// Refuses a file that anybody but this process's user (and root) may read or write, or could replace.
///
/// # Errors
///
/// [`OpenFile`] with the file or the folder that is open.
pub fn check_closed(file: &Path) -> Result<(), OpenFile> {
    let unreadable = |cause| OpenFile::Unreadable { path: file.to_owned(), cause };
    // What a link leads to; the link itself lies in a folder that is looked at too.
    let real = fs::canonicalize(file).map_err(unreadable)?;
    check_mode(&real, 0o077, "others may read or change it")?;
    let absolute = std::path::absolute(file).map_err(unreadable)?;
    let above = real.ancestors().skip(1).chain(absolute.ancestors().skip(1));
    above.map(Path::to_owned).collect::<BTreeSet<_>>().iter().try_for_each(|folder| check_folder(folder))
}

/// Refuses a program that anybody but this process's user and root could have changed.
///
/// # Errors
///
/// As [`check_closed`].
pub fn check_unchanged(program: &Path) -> Result<(), OpenFile> {
    check_mode(program, 0o022, "others may change it")?;
    program.ancestors().skip(1).try_for_each(check_folder)
}

/// Who may write into a folder may put another file in the place of one, unless it is sticky.
fn check_folder(folder: &Path) -> Result<(), OpenFile> {
    if folder.as_os_str().is_empty() { Ok(()) } else { check_mode(folder, 0o022, "others may replace what lies in it") }
}

#[cfg(unix)]
fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

#[cfg(unix)]
fn check_mode(path: &Path, forbidden: u32, why: &str) -> Result<(), OpenFile> {
    use std::os::unix::fs::MetadataExt as _;

    const STICKY: u32 = 0o1000;
    let found = fs::metadata(path)
        .map_err(|cause| OpenFile::Unreadable { path: path.to_owned(), cause })?;
    let open = |why: String| Err(OpenFile::Open { path: path.to_owned(), why });
    if found.uid() != user() && found.uid() != 0 {
        return open(format!("user {} owns it", found.uid()));
    }
    let sticky = found.is_dir() && found.mode() & STICKY != 0;
    if found.mode() & forbidden != 0 && !sticky {
        return open(format!("{why} (mode {:04o})", found.mode() & 0o7777));
    }
    Ok(())
}

#[cfg(not(unix))]
fn user() -> u32 {
    0
}

#[cfg(not(unix))]
fn check_mode(path: &Path, _: u32, _: &str) -> Result<(), OpenFile> {
    // Nothing is known of who may do what here.
    let why = "this system has no modes of files that this program knows".to_owned();
    Err(OpenFile::Open { path: path.to_owned(), why })
}
