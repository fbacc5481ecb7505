//! docs/clawsig.md lists what another verifier lets pass, and the tests of ours that do not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && name != "target" {
                rust_files(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// The names of all tests in the sources.
pub(crate) fn tests(root: &Path) -> BTreeSet<String> {
    let mut files = Vec::new();
    rust_files(root, &mut files);
    let mut tests = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        // Of properties the attribute stands with others.
        for attribute in ["#[test]", "#[tokio::test"] {
            for part in text.split(attribute).skip(1) {
                let name = part.split("fn ").nth(1).and_then(|rest| rest.split('(').next());
                tests.extend(name.map(str::to_owned));
            }
        }
    }
    tests
}

#[test]
fn every_weakness_that_is_listed_has_a_test_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let tests = tests(&root);
    let table = fs::read_to_string(root.join("docs/clawsig.md")).unwrap();
    let mut numbers = Vec::new();
    for row in table.lines() {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let ["", number, _, named, ""] = cells.as_slice() else { continue };
        let Ok(number) = number.parse::<u32>() else { continue };
        numbers.push(number);
        let named: Vec<_> = named.split('`').skip(1).step_by(2).collect();
        for name in &named {
            assert!(tests.contains(*name), "weakness {number}: no test `{name}`");
        }
        assert!(!named.is_empty(), "weakness {number}");
    }
    assert_eq!(numbers, (1..=22).collect::<Vec<_>>());
}
