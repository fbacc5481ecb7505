//! The cookbook (`examples/policies/`): every policy compiles, passes its own tests, is laid out as
//! `wpc fmt` does, and says what it cannot stop.

use std::path::{Path, PathBuf};
use std::{env, fs};

use wpc_compiler::{Colour, Parameters, Severity, Source, check, compile, gather, render_all, test};

fn policies() -> Vec<(PathBuf, Source)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/policies");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "wpc")).collect();
    files.sort();
    let read = |path: PathBuf| {
        let mut source = Source::new(path.display().to_string(), fs::read_to_string(&path).unwrap());
        let folder = path.parent().unwrap();
        gather(&mut source, |used| fs::read_to_string(folder.join(used)).map_err(|error| error.to_string()));
        (path, source)
    };
    files.into_iter().map(read).collect()
}

#[test]
fn there_are_policies_of_a_dozen_trades() {
    assert!(policies().len() >= 12);
}

#[test]
fn every_policy_compiles_without_an_error() {
    for (path, source) in policies() {
        let found = check(&source, &Parameters::new());
        let errors: Vec<_> = found.into_iter().filter(|one| one.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{}\n{}", path.display(), render_all(&errors, &source, Colour::Plain));
        compile(&source, &Parameters::new()).unwrap();
    }
}

#[test]
fn every_policy_passes_its_own_tests() {
    for (path, source) in policies() {
        let engine = |policy: &wpc_model::Policy| -> Box<dyn wpc_model::Schemas> {
            Box::new(wpc::SchemaEngine::of(policy).unwrap())
        };
        let tested = test(&source, &Parameters::new(), engine, |_| true).unwrap();
        assert!(tested.tests.len() >= 2, "{} has hardly a test", path.display());
        for ran in &tested.tests {
            assert!(ran.passed(), "{}: {}: {:?}", path.display(), ran.name, ran.expectations);
        }
        let denied = tested.tests.iter().flat_map(|ran| &ran.expectations);
        assert!(
            denied.filter(|one| one.found.reason().is_some()).count() > 0,
            "{} denies nothing",
            path.display()
        );
    }
}

#[test]
fn every_policy_is_laid_out_and_says_what_it_cannot_stop() {
    for (path, source) in policies() {
        let printed = wpc_grammar::print(&wpc_grammar::parse(&source).unwrap());
        assert_eq!(printed, source.text(), "`wpc fmt {}`", path.display());
        assert!(source.text().contains("\n// What it cannot stop: "), "{}", path.display());
    }
}
