//! Every page's wrong example gives its code alone, and its right example nothing at all.

use wpc_compiler::{Code, Colour, Parameters, Source, check, compile, gather, render_all};

/// Codes whose example would be megabytes long, or would need a defect; and those of `wpc check`,
/// which analyses what was compiled: its own tests try their examples.
const WITHOUT_EXAMPLES: &[Code] = &[
    Code::TooLong,
    Code::TooMany,
    Code::SelfCheck,
    Code::Contradiction,
    Code::DeniedTogether,
    Code::Redundant,
    Code::OverLimit,
    Code::UnreachedLimit,
    Code::IdleLimit,
    Code::IdleApproval,
];

/// The first ```` ```wpc ```` block after `heading`, with the parameters that its info string gives.
fn example(page: &str, heading: &str) -> Option<(Parameters, String)> {
    let (_, after) = page.split_once(heading)?;
    let (_, block) = after.split_once("```wpc")?;
    let (info, text) = block.split_once('\n')?;
    let (text, _) = text.split_once("\n```")?;
    let parameters = info.split_whitespace().filter_map(|pair| pair.split_once('=')).collect();
    Some((parameters, format!("{text}\n")))
}

fn codes(page: &str, text: &str, parameters: &Parameters) -> (Vec<Code>, String) {
    let mut source = Source::new("page.wpc", text);
    // Another file stands under a heading of its own.
    gather(&mut source, |path| {
        let file = example(page, &format!("## The file `{path}`"));
        file.map(|(_, text)| text).ok_or_else(|| "there is no such file".to_owned())
    });
    // `compile` says more than `check`: it wants a policy.
    let found = match compile(&source, parameters) {
        Ok(_) => check(&source, parameters),
        Err(found) => found,
    };
    if found.is_empty() || found.iter().all(|one| one.code == Code::NoPolicy) {
        let (failed, drawn) = failed(&source, parameters);
        if !failed.is_empty() {
            return (failed, drawn);
        }
    }
    let mut codes: Vec<Code> = found.iter().map(|diagnostic| diagnostic.code).collect();
    codes.dedup();
    (codes, render_all(&found, &source, Colour::Plain))
}

/// What running the tests of a sound file says.
fn failed(source: &Source, parameters: &Parameters) -> (Vec<Code>, String) {
    match wpc_compiler::test(source, parameters, |_| Box::new(()), |_| true) {
        Ok(tested) if tested.tests.iter().all(wpc_compiler::Ran::passed) => (Vec::new(), String::new()),
        Ok(tested) => (vec![Code::TestFailed], format!("{:#?}", tested.tests)),
        Err(found) => {
            let codes = found.iter().map(|one| one.code).filter(|code| *code != Code::NoPolicy).collect();
            (codes, render_all(&found, source, Colour::Plain))
        }
    }
}

#[test]
fn every_page_begins_with_its_code_and_title() {
    for code in Code::ALL {
        let heading = format!("# {code}: {}\n\n", code.title());
        assert!(code.page().starts_with(&heading), "{code} begins otherwise");
        assert!(code.page().lines().all(|line| line.len() <= 200), "{code} has a long line");
    }
}

#[test]
fn the_wrong_example_of_every_page_gives_its_code_alone() {
    let mut failures = Vec::new();
    for code in Code::ALL.iter().filter(|code| !WITHOUT_EXAMPLES.contains(code)) {
        let (parameters, text) = example(code.page(), "## Wrong").expect("every page has a wrong example");
        let (codes, drawn) = codes(code.page(), &text, &parameters);
        if codes != [*code] {
            failures.push(format!("{code} gives {codes:?}\n{drawn}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_right_example_of_every_page_gives_nothing() {
    let mut failures = Vec::new();
    for code in Code::ALL.iter().filter(|code| !WITHOUT_EXAMPLES.contains(code)) {
        let (parameters, text) = example(code.page(), "## Right").expect("every page has a right example");
        let (codes, drawn) = codes(code.page(), &text, &parameters);
        if !codes.is_empty() {
            failures.push(format!("{code} gives {codes:?}\n{drawn}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn codes_and_lints_are_found_by_their_names() {
    for code in Code::ALL {
        assert_eq!(Code::from_text(code.text()), Some(*code));
        assert_eq!(code.lint().and_then(Code::from_lint), code.lint().map(|_| *code));
    }
    assert_eq!(Code::from_text("WPC9999"), None);
    assert_eq!(Code::from_lint("no_such_lint"), None);
    assert!(Code::ALL.is_sorted_by(|left, right| left.text() < right.text()), "numbers are in order");
}
