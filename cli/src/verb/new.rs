//! `wpc new`: a project that builds, so that the first thing to do is to change it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::{input, output};

/// What a project consists of: a path in it, and the template of the file.
const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("../../template/Cargo.toml.in")),
    ("README.md", include_str!("../../template/README.md")),
    (".gitignore", include_str!("../../template/gitignore")),
    ("build.rs", include_str!("../../template/build.rs.in")),
    ("policies/{{name}}.wpc", include_str!("../../template/policies/policy.wpc")),
    ("src/main.rs", include_str!("../../template/src/main.rs.in")),
    ("src/notebook.rs", include_str!("../../template/src/notebook.rs.in")),
];

/// Names that cargo refuses, that clash with the project's own dependencies, or whose type would be a
/// word of Rust.
const TAKEN: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "wpc",
    "wpc-build",
    "wpc-compiler",
    "wpc-grammar",
    "wpc-macros",
    "wpc-model",
    "yield",
];

/// Longest name of a project, in characters (crates.io).
const MAX_NAME: usize = 64;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Makes the directory NAME with a policy and its tests, a build script, an annotated tool, and a
README that says what to do next. The project uses the wpc crates of the checkout that this `wpc` was
built from, or of the one that `--path` names: no registry has them.

Example: wpc new meeting-notes && cd meeting-notes && cargo build

JSON: `directory`, `files` [path]")]
pub(crate) struct Args {
    /// Name of the project: lower-case letters, digits and `-`
    #[arg(value_name = "NAME")]
    name: String,
    /// Use the wpc crates of this checkout
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    let Args { name, path } = args;
    if !is_name(&name) {
        return Err(Failure::environment("usage", format!("`{name}` cannot be the name of a project"))
            .help("use lower-case letters, digits and `-`, beginning with a letter"));
    }
    if TAKEN.contains(&name.as_str()) {
        return Err(Failure::environment("usage", format!("`{name}` is taken by Rust, cargo or wpc"))
            .help("choose another name"));
    }
    let directory = Path::new(&name);
    if fs::symlink_metadata(directory).is_ok() {
        return Err(Failure::environment("file_exists", "there is something of that name")
            .file(directory)
            .help("choose another name"));
    }
    let [wpc, wpc_build] = dependencies(path.as_deref())?;
    let fill = |text: &str| {
        text.replace("{{name}}", &name)
            .replace("{{Name}}", &type_name(&name))
            .replace("{{wpc}}", &wpc)
            .replace("{{wpc-build}}", &wpc_build)
    };
    let files: Vec<_> = FILES.iter().map(|(path, text)| (fill(path), fill(text))).collect();
    write(directory, &files).map_err(|error| {
        Failure::environment("file_unwritable", format!("cannot make the project: {}", input::reason(&error)))
            .file(directory)
            .help("check that you may write here")
            .cause(&error)
    })?;
    let files: Vec<_> = files.into_iter().map(|(path, _)| format!("{name}/{path}")).collect();
    files.iter().for_each(|file| console.say(format!("wrote {file}")));
    console.say(format!("made {name}; its README.md says what to do next"));
    Ok(Done::yes(json!({ "directory": name, "files": files })))
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(|c: char| c != '-')
        && name.len() <= MAX_NAME
        && !name.contains("--")
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// The lines for `wpc` and `wpc-build` in a manifest.
fn dependencies(checkout: Option<&Path>) -> Result<[String; 2], Failure> {
    let checkout = checkout.unwrap_or(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")));
    let line = |name: &str, folder: &str| {
        let path = fs::canonicalize(checkout.join(folder)).map_err(|error| {
            Failure::environment("file_missing", format!("no `{folder}` in the checkout"))
                .file(checkout)
                .help("give `--path` the root of a checkout of wpc")
                .cause(&error)
        })?;
        let text = path.display().to_string();
        // A TOML literal string has no escapes.
        if text.contains(['\'', '\n']) {
            return Err(Failure::environment("usage", "the checkout's path has a quote or a new line")
                .file(checkout)
                .help("move the checkout"));
        }
        Ok(format!("{name} = {{ path = '{text}' }}"))
    };
    Ok([line("wpc", "runtime")?, line("wpc-build", "compiler/build")?])
}

/// The policy's type in Rust: `MeetingNotes` of `meeting-notes`.
fn type_name(name: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('-').map(capital).collect()
}

/// Writes everything to a hidden directory, then gives it its name.
fn write(directory: &Path, files: &[(String, String)]) -> io::Result<()> {
    let draft = tempfile::Builder::new().prefix(".wpc-new-").tempdir_in(".")?;
    for (path, text) in files {
        let path = draft.path().join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    readable(draft.path())?;
    fs::rename(draft.path(), directory)?;
    // It has its name now: there is nothing left to remove.
    let _renamed = draft.keep();
    output::sync(Path::new("."))
}

/// A temporary directory is its owner's alone; a project is like every other.
#[cfg(unix)]
fn readable(directory: &Path) -> io::Result<()> {
    let ordinary = fs::metadata(directory.join("src"))?;
    fs::set_permissions(directory, ordinary.permissions())
}

#[cfg(not(unix))]
fn readable(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_must_be_one_that_cargo_and_the_language_take() {
        assert!(is_name("meeting-notes") && is_name("a1"));
        for other in ["", "Notes", "1a", "a-", "a--b", "a_b", "../a", "a b"] {
            assert!(!is_name(other), "{other}");
        }
    }

    #[test]
    fn the_policy_has_a_type_of_its_own() {
        assert_eq!(type_name("meeting-notes"), "MeetingNotes");
    }
}
