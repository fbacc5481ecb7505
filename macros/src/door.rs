//! What both doors say of a policy: where its file is, and what is wrong with it.

use std::path::{Path, PathBuf};
use std::{env, fs};

use proc_macro2::Span;
use syn::{Error, LitStr, Result};
use wpc_compiler::{Colour, Diagnostic, Source, gather, render};

/// `path` seen from the calling source file, as `include_str!` would see it.
pub(crate) fn beside_caller(path: &LitStr) -> PathBuf {
    let caller = path.span().unwrap().local_file();
    let folder = caller.and_then(|file| file.parent().map(Path::to_owned));
    // An editor's server may not know the file.
    let folder = folder.or_else(|| env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)).unwrap_or_default();
    let file = folder.join(path.value());
    std::path::absolute(&file).unwrap_or(file)
}

/// The policy's text and those of the files that it uses, under the names by which the caller knows
/// them.
pub(crate) fn read(path: &LitStr, file: &Path) -> Result<Source> {
    let text = fs::read_to_string(file).map_err(|error| {
        Error::new(path.span(), format!("cannot read the policy `{}`: {}", path.value(), reason(&error)))
    })?;
    let mut source = Source::new(path.value(), text);
    let folder = file.parent().unwrap_or(Path::new(""));
    gather(&mut source, |used| fs::read_to_string(folder.join(used)).map_err(|error| reason(&error)));
    Ok(source)
}

/// An I/O error without the system's number.
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

/// One compiler error per problem, each with its own drawing of the policy.
pub(crate) fn show(at: Span, problems: &[Diagnostic], source: &Source) -> Error {
    let drawing = |problem| {
        let drawn = render(problem, source, Colour::Plain);
        let text = drawn.trim_end();
        // rustc writes `error: ` before it.
        Error::new(
            at,
            text.strip_prefix("error[").and_then(|rest| rest.split_once("]: ")).map_or_else(
                || text.strip_prefix("error: ").unwrap_or(text).to_owned(),
                |(code, rest)| format!("{code}: {rest}"),
            ),
        )
    };
    let mut all =
        problems.iter().filter(|problem| problem.severity == wpc_compiler::Severity::Error).map(drawing);
    let first = all.next().unwrap_or_else(|| Error::new(at, "the policy is refused"));
    all.fold(first, |mut so_far, next| {
        so_far.combine(next);
        so_far
    })
}
