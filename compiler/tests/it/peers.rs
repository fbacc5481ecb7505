//! Faults that peers shipped: each is a diagnostic here, or a test of the policy that fails.
//!
//! Lines are annotated as in the corpus of problems; a failed expectation is an `error: WPC0445` on
//! its line.

use std::path::{Path, PathBuf};

use wpc_compiler::{Parameters, Source, views};

/// What is found and where: `(line, "error: WPC0204")`.
type Found = Vec<(u32, String)>;

fn corpus() -> Vec<Source> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/peers");
    let entries = std::fs::read_dir(folder).expect("the corpus is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    let source = |path: &PathBuf| {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        Source::new(name, std::fs::read_to_string(path).expect("readable"))
    };
    paths.iter().map(source).collect()
}

fn expected(source: &Source) -> Found {
    let lines = (1_u32..).zip(source.text().lines());
    let said = lines.flat_map(|(line, text)| text.split("// ").skip(1).map(move |said| (line, said.trim())));
    let is_code = |said: &str| said.starts_with("error: WPC") || said.starts_with("warning: WPC");
    said.filter(|(_, said)| is_code(said)).map(|(line, said)| (line, said.to_owned())).collect()
}

fn found(source: &Source) -> Found {
    let (problems, failed) = match wpc_compiler::test(source, &Parameters::new(), |_| Box::new(()), |_| true)
    {
        Ok(tested) => {
            let expectations = tested.tests.into_iter().flat_map(|test| test.expectations);
            (tested.warnings, expectations.filter(|one| !one.holds()).map(|one| one.line).collect())
        }
        Err(problems) => (problems, Vec::new()),
    };
    let problems = views(&problems, source);
    let problems =
        problems.iter().map(|one| (one.primary.line, format!("{}: {}", one.severity.word(), one.code)));
    let failed = failed.into_iter().map(|line| (line, "error: WPC0445".to_owned()));
    let mut all: Found = problems.chain(failed).collect();
    all.sort();
    all
}

#[test]
fn no_fault_of_a_peer_goes_through() {
    let corpus = corpus();
    assert!(corpus.len() >= 9, "only {} cases", corpus.len());
    let mut differences = Vec::new();
    for source in &corpus {
        let (found, expected) = (found(source), expected(source));
        if found != expected {
            differences.push(format!("{}\n  expected {expected:?}\n  found {found:?}", source.name()));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn a_pattern_that_others_match_in_exponential_time_takes_none() {
    let corpus = corpus();
    let source = corpus.iter().find(|source| source.name() == "pattern_slow.wpc").expect("it is there");
    // 2^64 steps would take centuries: that this ends is the test.
    assert_eq!(found(source), expected(source));
}
