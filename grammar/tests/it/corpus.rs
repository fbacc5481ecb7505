//! Text to tree: every construct, beside its source; and everything that is no policy.

use std::fs;
use std::path::PathBuf;

use insta::Settings;
use wpc_grammar::{Source, parse, print};

use crate::render::{is_seen, render};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name)
}

/// The files of one folder of the corpus, by name.
pub(crate) fn corpus(name: &str) -> Vec<Source> {
    let entries = fs::read_dir(folder(name)).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "wpc")).collect();
    files.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        Source::new(name, fs::read_to_string(path).unwrap())
    };
    files.into_iter().map(read).collect()
}

/// Compares with the snapshot that stands beside the source.
fn check(folder_name: &str, source: &Source, result: &str) {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path(folder(folder_name));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let text: String = source.text().chars().map(|char| if is_seen(char) { char } else { '·' }).collect();
    let whole = format!("{}\n{result}", text.trim_end());
    settings.bind(|| insta::assert_snapshot!(source.name(), whole));
}

#[test]
fn each_construct_has_its_tree_and_its_canonical_text() {
    for source in corpus("accept") {
        let file =
            parse(&source).unwrap_or_else(|error| panic!("{}:\n{}", source.name(), render(&source, &error)));
        check("accept", &source, &format!("---- text ----\n{}---- tree ----\n{file:#?}", print(&file)));
    }
}

#[test]
fn what_is_no_policy_is_refused_with_its_reason() {
    for source in corpus("reject") {
        let error = parse(&source).expect_err(source.name());
        let kind = source.text().lines().next().unwrap().strip_prefix("// error: ").unwrap();
        assert_eq!(kind, format!("{:?}", error.kind), "{}:\n{}", source.name(), render(&source, &error));
        check("reject", &source, &format!("---- error ----\n{}", render(&source, &error)));
    }
}
