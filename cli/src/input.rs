//! Reading files and standard input, never more than a bound.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use wpc_grammar::{MAX_SOURCE_BYTES, Source};

use crate::failure::Failure;

/// Largest artifact, envelope or map that is read, in bytes.
pub(crate) const MAX_ARTIFACT_BYTES: usize = wpc::MAX_ENVELOPE_BYTES;

/// Whether `path` says standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// How `path` is called in messages.
pub(crate) fn name(path: &Path) -> String {
    if is_stdin(path) { "<stdin>".to_owned() } else { path.display().to_string() }
}

/// Refuses to read standard input twice.
pub(crate) fn once<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Result<(), Failure> {
    if paths.into_iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Failure::environment(
            "usage",
            "`-` stands for standard input, which can be read only once",
        )
        .help("give a file for one of them"));
    }
    Ok(())
}

/// The bytes of `path` (`-` is standard input), at most `most`. `what` names the kind of file in
/// messages.
pub(crate) fn bytes(path: &Path, what: &str, most: usize) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: io::Error| {
        let (code, help) = if error.kind() == io::ErrorKind::NotFound {
            ("file_missing", "check the path")
        } else {
            ("file_unreadable", "check that it is a file that you may read")
        };
        let named = reason(&error);
        Failure::environment(code, format!("cannot read the {what}: {named}"))
            .file(path)
            .help(help)
            .cause(&error)
    };
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if is_stdin(path) {
        io::stdin().lock().take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(unreadable)?;
    }
    if bytes.len() > most {
        return Err(Failure::no("too_large", format!("the {what} is larger than {most} bytes"))
            .file(path)
            .help(format!("give one of at most {most} bytes")));
    }
    Ok(bytes)
}

/// The text of `path`, as [`bytes`].
pub(crate) fn text(path: &Path, what: &str, most: usize) -> Result<String, Failure> {
    String::from_utf8(bytes(path, what, most)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::no("not_utf8", format!("the {what} is not UTF-8 text at byte {at}"))
            .file(path)
            .help("save it as UTF-8")
            .cause(&error)
    })
}

/// The words for what differs between systems.
const REASONS: &[(io::ErrorKind, &str)] = &[
    (io::ErrorKind::NotFound, "no such file"),
    (io::ErrorKind::PermissionDenied, "access denied"),
    (io::ErrorKind::AlreadyExists, "it exists already"),
    (io::ErrorKind::IsADirectory, "it is a directory"),
    (io::ErrorKind::NotADirectory, "a part of the path is not a directory"),
    (io::ErrorKind::StorageFull, "no space left"),
];

/// Why the system refused: in our words where we have them, else in its own.
pub(crate) fn reason(error: &io::Error) -> String {
    match REASONS.iter().find(|(kind, _)| *kind == error.kind()) {
        Some((_, words)) => (*words).to_owned(),
        None => error.to_string(),
    }
}

/// A policy file alone.
pub(crate) fn alone(path: &Path) -> Result<Source, Failure> {
    Ok(Source::new(name(path), text(path, "policy file", MAX_SOURCE_BYTES)?))
}

/// A policy file and the files that it uses, which lie in its folder; for standard input, that is the
/// current one.
pub(crate) fn source(path: &Path) -> Result<Source, Failure> {
    gathered(path, true)
}

/// As [`source`], without the locks beside imported interfaces.
pub(crate) fn source_unlocked(path: &Path) -> Result<Source, Failure> {
    gathered(path, false)
}

fn gathered(path: &Path, locks: bool) -> Result<Source, Failure> {
    let mut source = alone(path)?;
    let folder = if is_stdin(path) { None } else { path.parent() }.unwrap_or(Path::new(""));
    wpc_compiler::gather(&mut source, |used| {
        if !locks && used.ends_with(".lock") {
            return Err("it is not asked for".to_owned());
        }
        let most = u64::try_from(MAX_SOURCE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::new();
        let read = File::open(folder.join(used)).and_then(|file| file.take(most).read_to_end(&mut bytes));
        read.map_err(|error| reason(&error))?;
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())
    });
    Ok(source)
}
