//! Writing files: whole, durable, and all or none.
//!
//! A file is written without a name where the system can (Linux: `O_TMPFILE`), synced, and only
//! then linked into its directory, so that a process that dies while it writes leaves nothing behind.
//! Where a file of that name must be replaced, the new one has a hidden name for the instant before
//! the rename. Elsewhere a hidden file takes that place from the start, and is removed on failure.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::input::reason;

/// Hidden names that are tried: a process of the same number may have left some when it was killed.
const MAX_ATTEMPTS: u32 = 100;

/// Files that are complete on disk but have no name yet. Dropped, they are gone.
#[derive(Debug, Default)]
#[must_use = "nothing is written before `commit`"]
pub(crate) struct Batch {
    staged: Vec<Staged>,
}

#[derive(Debug)]
struct Staged {
    target: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// An open file without a name.
    #[cfg(target_os = "linux")]
    Unnamed(File),
    /// A hidden file beside the target.
    Named(Hidden),
}

impl Batch {
    /// Writes `bytes` where `target` will be, durably, without its name. Where a link stands, what it
    /// leads to is the target; a file that is there already keeps its mode.
    pub(crate) fn stage(&mut self, target: &Path, bytes: &[u8]) -> Result<(), Failure> {
        let staged = real(target).and_then(|target| {
            let before = existing(&target)?;
            let mut place = Place::open(&target)?;
            if let Some(before) = &before {
                place.file().set_permissions(before.permissions())?;
            }
            place.file().write_all(bytes)?;
            place.file().sync_all()?;
            Ok(Staged { target, place })
        });
        self.staged.push(staged.map_err(|error| unwritable(target, &error))?);
        Ok(())
    }

    /// Gives every file its name, in the order of staging, and syncs the directories. A file that
    /// stands there already is replaced whole. If one cannot be named, those before it are as they were.
    pub(crate) fn commit(self) -> Result<(), Failure> {
        let alone = self.staged.len() < 2;
        let mut published: Vec<Published> = Vec::new();
        for Staged { target, place } in self.staged {
            let named = Published::keep(&target, alone).and_then(|before| {
                place.publish(&target)?;
                published.push(before);
                sync(directory(&target))
            });
            if let Err(error) = named {
                published.iter().rev().for_each(Published::revert);
                return Err(unwritable(&target, &error));
            }
        }
        Ok(())
    }
}

/// A file that has its name, and what had that name before.
#[derive(Debug)]
struct Published {
    target: PathBuf,
    /// Another name of what stood there, for as long as it may be needed.
    before: Option<PathBuf>,
}

impl Published {
    /// Keeps what stands at `target`, unless nothing else could fail after it.
    fn keep(target: &Path, alone: bool) -> io::Result<Self> {
        let before = match existing(target)? {
            Some(_) if !alone => Some(free_name(target, |path| fs::hard_link(target, path))?.0),
            Some(_) | None => None,
        };
        Ok(Self { target: target.to_owned(), before })
    }

    /// Best effort: whoever is told of the failure looks at the files.
    fn revert(&self) {
        let _reverted = match &self.before {
            Some(before) => fs::rename(before, &self.target),
            None => fs::remove_file(&self.target),
        };
    }
}

impl Drop for Published {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            // After a revert there is nothing left to remove.
            let _gone = fs::remove_file(before);
        }
    }
}

/// Where a link leads, else the path itself.
fn real(target: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(target) {
        Ok(found) if found.is_symlink() => fs::canonicalize(target),
        Ok(_) | Err(_) => Ok(target.to_owned()),
    }
}

/// The file at `target`, if there is one; anything else there is an error.
fn existing(target: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(target) {
        Ok(found) if found.is_file() => Ok(Some(found)),
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => Err(io::Error::other("it is not a file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes one file, replacing what stands there.
pub(crate) fn replace(target: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut batch = Batch::default();
    batch.stage(target, bytes)?;
    batch.commit()
}

/// Makes the entries of a directory durable.
pub(crate) fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn directory(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn unwritable(target: &Path, error: &io::Error) -> Failure {
    Failure::environment("file_unwritable", format!("cannot write the file: {}", reason(error)))
        .file(target)
        .help("check that the directory exists and that you may write there")
        .cause(error)
}

impl Place {
    fn open(target: &Path) -> io::Result<Self> {
        if target.file_name().is_none() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        #[cfg(target_os = "linux")]
        if let Ok(file) = unnamed::open(directory(target)) {
            return Ok(Self::Unnamed(file));
        }
        Hidden::create(target).map(Self::Named)
    }

    fn file(&mut self) -> &mut File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => file,
            Self::Named(hidden) => &mut hidden.file,
        }
    }

    fn publish(self, target: &Path) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => match unnamed::link(&file, target) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    let path = free_name(target, |path| unnamed::link(&file, path))?.0;
                    Hidden { file, path }.publish(target)
                }
                linked => linked,
            },
            Self::Named(hidden) => hidden.publish(target),
        }
    }
}

/// The first hidden name beside `target` under which `make` finds nothing, and what it made.
fn free_name<T>(target: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(PathBuf, T)> {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let mut last = io::ErrorKind::AlreadyExists.into();
    for attempt in 0..MAX_ATTEMPTS {
        let path = target.with_file_name(format!(".{name}.{}-{attempt}.tmp", std::process::id()));
        match make(&path) {
            Ok(made) => return Ok((path, made)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// A file with a temporary name, removed when dropped.
#[derive(Debug)]
struct Hidden {
    file: File,
    path: PathBuf,
}

impl Hidden {
    fn create(target: &Path) -> io::Result<Self> {
        let create = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
        let (path, file) = free_name(target, create)?;
        Ok(Self { file, path })
    }

    fn publish(self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove.
        let _renamed = fs::remove_file(&self.path);
    }
}

#[cfg(target_os = "linux")]
mod unnamed {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd;
    use std::path::{Path, PathBuf};

    use rustix::fs::{AtFlags, CWD, Mode, OFlags};

    /// A file in `directory` without a name (open(2), `O_TMPFILE`). Fails where the file system
    /// or a missing `/proc` would keep it from getting one.
    pub(super) fn open(directory: &Path) -> io::Result<File> {
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(directory, flags, Mode::from_raw_mode(0o666))?);
        std::fs::symlink_metadata(door(&file)).map(|_| file)
    }

    /// Gives `file` the name `target`; an existing one is an error.
    pub(super) fn link(file: &File, target: &Path) -> io::Result<()> {
        Ok(rustix::fs::linkat(CWD, door(file), CWD, target, AtFlags::SYMLINK_FOLLOW)?)
    }

    fn door(file: &File) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_dropped_batch_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let mut batch = Batch::default();
        batch.stage(&directory.path().join("a"), b"a").unwrap();
        drop(batch);
        assert_eq!(names(directory.path()), Vec::<String>::new());
    }

    #[test]
    fn a_staged_file_has_no_name_that_a_killed_process_could_leave() {
        let directory = tempfile::tempdir().unwrap();
        let mut batch = Batch::default();
        batch.stage(&directory.path().join("a"), b"a").unwrap();
        if cfg!(target_os = "linux") {
            assert_eq!(names(directory.path()), Vec::<String>::new());
        }
        batch.commit().unwrap();
        assert_eq!(names(directory.path()), ["a"]);
    }

    #[test]
    fn an_existing_file_is_replaced_whole() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("a");
        replace(&target, b"a longer text").unwrap();
        replace(&target, b"short").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"short");
        assert_eq!(names(directory.path()), ["a"]);
    }

    #[test]
    fn one_bad_target_leaves_the_others_unwritten() {
        let directory = tempfile::tempdir().unwrap();
        let mut batch = Batch::default();
        batch.stage(&directory.path().join("a"), b"a").unwrap();
        batch.stage(&directory.path().join("missing/b"), b"b").unwrap_err();
        drop(batch);
        assert_eq!(names(directory.path()), Vec::<String>::new());
    }

    #[test]
    fn a_target_that_cannot_be_named_leaves_the_others_as_they_were() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("old"), b"old").unwrap();
        let mut batch = Batch::default();
        for name in ["old", "new", "taken"] {
            batch.stage(&at(name), b"changed").unwrap();
        }
        // Somebody makes a directory of that name meanwhile.
        fs::create_dir(at("taken")).unwrap();
        batch.commit().unwrap_err();
        assert_eq!(fs::read(at("old")).unwrap(), b"old");
        assert_eq!(names(directory.path()), ["old", "taken"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_mode_a_mode() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("a"), b"old").unwrap();
        fs::set_permissions(at("a"), fs::Permissions::from_mode(0o600)).unwrap();
        symlink("a", at("link")).unwrap();
        replace(&at("link"), b"new").unwrap();
        assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
        assert_eq!(fs::read(at("a")).unwrap(), b"new");
        assert_eq!(fs::metadata(at("a")).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_directory_is_no_target() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("d")).unwrap();
        let mut batch = Batch::default();
        batch.stage(&directory.path().join("d"), b"").unwrap_err();
    }

    #[test]
    fn a_name_that_a_killed_process_left_is_passed_over() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("a");
        let left = format!(".a.{}-0.tmp", std::process::id());
        fs::write(directory.path().join(&left), b"half").unwrap();
        fs::write(&target, b"old").unwrap();
        replace(&target, b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(names(directory.path()), [left, "a".to_owned()]);
    }

    #[test]
    fn a_hidden_file_is_removed_whether_published_or_not() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("a");
        drop(Hidden::create(&target).unwrap());
        assert_eq!(names(directory.path()), Vec::<String>::new());
        Hidden::create(&target).unwrap().publish(&target).unwrap();
        Hidden::create(&target).unwrap().publish(&target).unwrap();
        assert_eq!(names(directory.path()), ["a"]);
    }
}
