//! The corpus of policies with problems: what is reported where, and how it is drawn.
//!
//! A line that ends in `// error: WPC0201` (or `warning:`, `note:`; several may follow one another)
//! expects exactly that, with its first character on that line. Lines `// param NAME=VALUE` give
//! parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wpc_compiler::{Code, Colour, Diagnostic, Parameters, Source, check, gather, render_all, views};

/// How often each `severity: code` is expected, or found, on each line.
type Expected = BTreeMap<(u32, String), usize>;

fn expected(text: &str) -> Expected {
    let mut expected = Expected::new();
    for (line, text) in (1_u32..).zip(text.lines()) {
        for comment in text.split("// ").skip(1) {
            let comment = comment.trim();
            if ["error: WPC", "warning: WPC", "note: WPC"].iter().any(|start| comment.starts_with(start)) {
                *expected.entry((line, comment.to_owned())).or_default() += 1;
            }
        }
    }
    expected
}

fn found(diagnostics: &[Diagnostic], source: &Source) -> Expected {
    let mut found = Expected::new();
    // Problems of used files are seen in the drawings.
    for view in views(diagnostics, source).into_iter().filter(|view| view.file == source.name()) {
        *found.entry((view.primary.line, format!("{}: {}", view.severity.word(), view.code))).or_default() +=
            1;
    }
    found
}

fn parameters(text: &str) -> Parameters {
    let lines = text.lines().filter_map(|line| line.strip_prefix("// param "));
    lines.filter_map(|line| line.split_once('=')).collect()
}

/// One case of the corpus.
struct Case {
    path: PathBuf,
    source: Source,
    diagnostics: Vec<Diagnostic>,
}

impl Case {
    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).expect("the corpus is readable");
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let mut source = Source::new(name, &text);
        let folder = path.parent().expect("a folder").to_owned();
        gather(&mut source, |used| {
            std::fs::read_to_string(folder.join(used)).map_err(|_| "there is no such file".to_owned())
        });
        let diagnostics = check(&source, &parameters(&text));
        Self { path, source, diagnostics }
    }

    fn drawn(&self) -> String {
        render_all(&self.diagnostics, &self.source, Colour::Plain)
    }

    /// What is expected and not found, and the other way round.
    fn difference(&self) -> Option<String> {
        let (found, expected) = (found(&self.diagnostics, &self.source), expected(self.source.text()));
        if found == expected {
            return None;
        }
        let missing: Vec<_> = expected.iter().filter(|(at, count)| found.get(at) != Some(count)).collect();
        let surplus: Vec<_> = found.iter().filter(|(at, count)| expected.get(at) != Some(count)).collect();
        Some(format!("{}\n  expected {missing:?}\n  found {surplus:?}\n{}", self.source.name(), self.drawn()))
    }
}

fn corpus() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/reject");
    let entries = std::fs::read_dir(folder).expect("the corpus is there");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wpc"));
    paths.sort();
    paths.into_iter().map(Case::read).collect()
}

/// ARCHITECTURE.md A5: lower-case, one line, no full stop; the same for labels and help.
#[track_caller]
fn obeys_the_text_rules(diagnostic: &Diagnostic) {
    let labels = std::iter::once(&diagnostic.primary).chain(&diagnostic.secondary).map(|(_, label)| label);
    for text in labels.chain([&diagnostic.message]).chain(&diagnostic.help) {
        let first = text.chars().next().expect("no text is empty");
        assert!(!first.is_uppercase(), "begins in upper case: {text}");
        assert!(!text.contains('\n') && !text.ends_with('.'), "not one plain sentence: {text}");
    }
}

#[test]
fn every_problem_is_found_where_it_is_and_nothing_else() {
    let corpus = corpus();
    assert!(corpus.len() >= 60, "only {} cases", corpus.len());
    let differences: Vec<String> = corpus.iter().filter_map(Case::difference).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_problem_is_drawn_as_people_were_shown_it() {
    for case in corpus() {
        let name = case.source.name().trim_end_matches(".wpc").to_owned();
        insta::with_settings!({ snapshot_path => case.path.parent().expect("a folder"),
            prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, case.drawn());
        });
    }
}

#[test]
fn every_text_of_a_diagnostic_obeys_the_rules() {
    corpus().iter().flat_map(|case| &case.diagnostics).for_each(obeys_the_text_rules);
}

#[test]
fn the_corpus_shows_every_code_that_a_short_text_can_have() {
    let shown: BTreeSet<Code> =
        corpus().iter().flat_map(|case| &case.diagnostics).map(|one| one.code).collect();
    let elsewhere = |code: &Code| {
        // Megabytes, a defect, `compile`, `test` or the analysis of `wpc check` alone (`cli/tests/it/lints.rs`),
        // or the grammar's own corpus.
        matches!(code, Code::TooLong | Code::TooMany | Code::SelfCheck | Code::NoPolicy)
            || matches!(code, Code::TestFailed | Code::TestWithoutPolicy)
            || code.text().starts_with("WPC01")
            || code.text().starts_with("WPC046")
            || *code == Code::HiddenCharacter
    };
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !shown.contains(code) && !elsewhere(code)).collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

#[test]
fn a_colourful_drawing_says_the_same() {
    let source = Source::new("p.wpc", "policy p { tool x { } }\n");
    let diagnostics = check(&source, &Parameters::new());
    let coloured = render_all(&diagnostics, &source, Colour::Ansi);
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    assert_ne!(coloured, plain, "has colours");
    assert_eq!(plain, render_all(&diagnostics, &source, Colour::Plain));
}
