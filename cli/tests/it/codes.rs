//! Every code that can be met has a page.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::place::Place;

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The string literals of `text`.
fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

/// What follows each `opening` in `text`, up to `closing`.
fn parts<'t>(text: &'t str, opening: &'t str, closing: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(opening).skip(1).filter_map(move |rest| rest.split(closing).next())
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// The codes in the sources: what functions named `code` return, what gates refuse with, what a
/// ledger's check finds, and what the command line fails with.
fn codes() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in [
        "runtime/src",
        "evidence/src",
        "model/src",
        "tools/service-bus/src",
        "tools/service-bus-mcp/src",
        "mcp/src",
        "proxy/src",
        "client/src",
        "server/src",
        "targets/openclaw/src",
        "cli/src",
    ] {
        rust_files(&root.join(folder), &mut files);
    }
    let mut codes = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let bodies = parts(text, "fn code(", "\n    }\n").flat_map(literals);
        let first = |opening| parts(text, opening, ";").filter_map(|part| literals(part).next());
        let said: &[&str] = if file.to_string_lossy().contains("mcp/src") {
            &["Refusal::new(", "code: ", "failed(", "unknown("]
        } else if file.to_string_lossy().contains("proxy/src") {
            &["Refusal::new(", "bad(", "forbidden(", "not_found(", "too_many(", "upstream(", "Nobody::new("]
        } else {
            &["Refused::new(", "Said::Stopped(", "found.push(", "Failure::no(", "Failure::environment("]
        };
        let said = said.iter().copied().flat_map(first);
        codes.extend(bodies.chain(said).filter(|code| is_code(code)).map(str::to_owned));
    }
    assert!(codes.len() > 80, "only {} codes were found: {codes:?}", codes.len());
    codes
}

#[test]
fn every_code_of_the_libraries_has_a_page() {
    let (json, _) = Place::new().json(&["explain"]);
    let listed = json["codes"].as_array().unwrap().iter().map(|code| code["code"].as_str().unwrap());
    let listed: BTreeSet<_> = listed.map(str::to_owned).collect();
    let of_bundles = wpc::bundle::Code::ALL.iter().map(|code| code.word().to_owned());
    let of_planes = wpc_server::Code::ALL.iter().map(|code| code.word().to_owned());
    let all: BTreeSet<_> = codes().into_iter().chain(of_bundles).chain(of_planes).collect();
    let missing: Vec<_> = all.difference(&listed).cloned().collect();
    assert!(missing.is_empty(), "no page for {missing:?}");
}

#[test]
fn every_page_that_is_listed_can_be_read() {
    let place = Place::new();
    let (json, _) = place.json(&["explain"]);
    for listed in json["codes"].as_array().unwrap() {
        let (page, exit) = place.json(&["explain", listed["code"].as_str().unwrap()]);
        assert_eq!((&page["code"], exit), (&listed["code"], 0));
        assert!(page["page"].as_str().unwrap().len() > 40, "{listed}");
    }
}
