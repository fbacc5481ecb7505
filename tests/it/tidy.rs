//! The house rules that no compiler checks: file length, names, unfinished work, machine paths.

use std::fs;
use std::path::{Path, PathBuf};

/// Longest accepted Rust file, in lines; 400 is a smell already.
const MAX_LINES: usize = 600;

/// Words for which the glossary in ARCHITECTURE.md has another one.
const BANNED: [&str; 6] = ["Permission", "Capability", "Guard", "Handler", "Manager", "PolicyContract"];

/// Module names that say nothing.
const VAGUE: [&str; 5] = ["util.rs", "utils.rs", "helpers.rs", "common.rs", "misc.rs"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" && name != "corpus" {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 100, "the walk found {} files only", found.len());
    found
}

#[track_caller]
fn check(rule: &str, broken: impl Fn(&Path, &str) -> Vec<String>) {
    let mut all = Vec::new();
    for path in rust_files() {
        let text = fs::read_to_string(&path).unwrap();
        let shown = path.strip_prefix(root()).unwrap().display().to_string();
        all.extend(broken(&path, &text).into_iter().map(|what| format!("{shown}: {what}")));
    }
    all.sort();
    assert!(all.is_empty(), "{rule}\n{}", all.join("\n"));
}

#[test]
fn no_file_is_longer_than_600_lines() {
    check("split these by what lives in them", |path, text| {
        // Written by the emitter; `shipped.rs` regenerates and compares them.
        let generated = path.parent().is_some_and(|folder| folder.ends_with("runtime/src/interface"))
            && !path.ends_with("mod.rs");
        let lines = text.lines().count();
        if lines > MAX_LINES && !generated { vec![format!("{lines} lines")] } else { Vec::new() }
    });
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    check("name these for their noun or verb", |path, _| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if VAGUE.contains(&name.as_str()) { vec![name] } else { Vec::new() }
    });
}

#[test]
fn no_type_is_named_by_a_banned_synonym() {
    check("use the glossary's word", |path, text| {
        let declares = |line: &str, word: &str| {
            ["struct ", "enum ", "trait ", "type "].iter().any(|keyword| {
                line.trim_start()
                    .trim_start_matches("pub ")
                    .trim_start_matches("pub(crate) ")
                    .starts_with(keyword)
                    && line.contains(word)
            })
        };
        let own = path.ends_with("it/tidy.rs");
        let found = |word: &&&str| !own && text.lines().any(|line| declares(line, word));
        BANNED.iter().filter(found).map(|word| (*word).to_owned()).collect()
    });
}

#[test]
fn nothing_is_left_unfinished() {
    let marks = [
        "TO".to_owned() + "DO",
        "FIX".to_owned() + "ME",
        "todo".to_owned() + "!(",
        "unimplemented".to_owned() + "!(",
    ];
    check("finish these", |_, text| {
        marks.iter().filter(|mark| text.contains(mark.as_str())).cloned().collect()
    });
}

#[test]
fn no_path_of_a_machine_is_committed() {
    let places = ["/wo".to_owned() + "rk/", "/ro".to_owned() + "ot/", "/ho".to_owned() + "me/"];
    check("remove these paths", |_, text| {
        places.iter().filter(|place| text.contains(place.as_str())).cloned().collect()
    });
}
