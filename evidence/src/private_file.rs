//! Files that belong to their owner alone, and appear under their name complete or not at all.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::random::{self, RandomError};

/// A new file with mode 0600 from its first moment, under a name that nobody can guess, in the
/// directory of the name that it is to have.
#[derive(Debug)]
pub struct Draft {
    /// Where it is now.
    pub path: PathBuf,
    /// The file, open for writing.
    pub file: File,
}

/// A draft could not be made.
#[derive(Debug)]
pub enum DraftError {
    /// The operating system gave no randomness.
    Random(RandomError),
    /// The file system refused.
    Io(io::Error),
}

impl Draft {
    /// Makes the file.
    pub fn beside(target: &Path) -> Result<Self, DraftError> {
        let mut name = OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".{}", random::base32(random::bytes().map_err(DraftError::Random)?)));
        let path = target.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(DraftError::Io)?;
        Ok(Self { path, file })
    }

    /// Gives the file its name. Fails with [`io::ErrorKind::AlreadyExists`] if there is something of
    /// that name; never overwrites.
    pub fn publish(self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::hard_link(&self.path, target)?;
        sync_directory(target)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Published, it has another name; otherwise nothing may remain. Nobody can be told here.
        let _ = fs::remove_file(&self.path);
    }
}

/// Permission bits; 0 where files have none.
pub fn mode(about: &Metadata) -> u32 {
    #[cfg(unix)]
    return std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o7777;
    #[cfg(not(unix))]
    return 0;
}

/// Whether nobody but the owner may do anything.
pub fn is_private(mode: u32) -> bool {
    mode & 0o077 == 0
}

/// The directory that `path` is in.
pub fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes a new name durable (POSIX: a directory must be synced itself).
fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory(path))?.sync_all() } else { Ok(()) }
}
