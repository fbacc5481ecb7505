//! `wpc test`: do the policy's own tests hold, and what of the policy do they reach.

mod covered;
mod failed;
mod junit;

use std::path::PathBuf;

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use wpc_compiler::{Diagnostic, Expectation, Ran, Severity, Source, Tested};

use crate::args::Format;
use crate::console::{Console, Done};
use crate::failure::Failure;
use crate::param::Param;
use crate::problems::{self, number};
use crate::{input, param, progress};
use wpc_viewer::plain;

const PASSED: Style = AnsiColor::Green.on_default().bold();
const FAILED: Style = AnsiColor::Red.on_default().bold();

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A test is a job's history. `given` is an earlier call, admitted and charged whatever the policy says
of it; a `call` is decided, and where it is allowed it is charged and done; `expect allow`,
`expect deny` and `expect deny CODE` speak of the call above. Measured arguments are stated too.

Below a `given` or a `call`: `times 200` (of a `given`), `outcome failed` or `outcome unknown` (it is
still on its way), `result { name: value }`, `approved by did(…) as role(\"R\", issuer) at \"…\"` (of a
`call`). Between them, for the steps that follow: `clock`, `job`, `agent` and `requester`. The clock
begins at 2026-01-01T00:00:00Z and stands still until `clock \"…\"`, or `at \"…\"` behind a call, moves it.

Coverage counts every statement that a call made decide, and every condition without which alone a
statement would have spoken otherwise.

Example: wpc test policies/orders.wpc --coverage --require-coverage=80

JSON: `summary` {`passed`, `failed`, `skipped`, `errors`}, `tests` [{`file`, `name`, `line`, `passed`,
`expectations` [{`line`, `passed`, `expected`, `found`, `rule` ({`id`, `text`, `line`} or null),
`failing` [{`line`, `condition`, `found`}]}]}], `coverage` [{`file`, `percent`, `covered`, `all`,
`statements` [{`kind`, `line`, `text`, `decided`, `conditions` [{`line`, `text`, `decided`}]}]}],
`problems` as of `wpc check`. `--format junit` writes one JUnit XML document.")]
pub(crate) struct Args {
    /// Policy files; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Run only the tests with this in their name
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Also show which rules and conditions the tests made decide
    #[arg(long)]
    coverage: bool,
    /// Fail unless every file's coverage is at least so many percent; 100 if none is named
    #[arg(long, value_name = "PERCENT", num_args = 0..=1, require_equals = true, default_missing_value = "100",
        value_parser = clap::value_parser!(u8).range(0..=100))]
    require_coverage: Option<u8>,
    /// Give a parameter a value instead of its default
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<Param>,
}

/// One file and what its tests came to.
#[derive(Debug)]
struct Outcome {
    source: Source,
    tested: Result<Tested, Vec<Diagnostic>>,
}

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    passed: usize,
    failed: usize,
    skipped: usize,
    /// Files that do not compile.
    errors: usize,
}

pub(crate) fn run(args: Args, console: &mut Console) -> Result<Done, Failure> {
    input::once(&args.files)?;
    let parameters = param::collect(&args.param)?;
    let sources = args.files.iter().map(|file| input::source(file)).collect::<Result<Vec<_>, _>>()?;
    let wanted = |name: &str| args.filter.as_ref().is_none_or(|text| name.contains(text.as_str()));
    let outcomes: Vec<Outcome> = progress::during(console, "testing", || {
        let tested = |source: Source| {
            let tested = wpc_compiler::test(&source, &parameters, crate::schemas::engine, wanted);
            Outcome { tested, source }
        };
        sources.into_iter().map(tested).collect()
    });
    let count = count(&outcomes);
    if let (Some(text), 0, 0) = (&args.filter, count.passed.saturating_add(count.failed), count.errors) {
        return Err(Failure::environment("usage", format!("no test has `{text}` in its name"))
            .help("run `wpc test` without `--filter` for the names"));
    }
    outcomes.iter().for_each(|outcome| tell(outcome, args.coverage, console));
    let short = below(&outcomes, args.require_coverage);
    for (file, percent, needed) in &short {
        let file = plain(file);
        console.say(format!("{FAILED}coverage{FAILED:#} of {file} is {percent} %, less than {needed} %"));
    }
    console.say(count.words(outcomes.len()));
    let members = if console.format() == Format::Junit {
        Value::Null
    } else {
        json!({
            "summary": count.json(),
            "tests": outcomes.iter().flat_map(tests).collect::<Vec<_>>(),
            "coverage": outcomes.iter().filter_map(covered::json).collect::<Vec<_>>(),
            "problems": outcomes.iter().flat_map(found).collect::<Vec<_>>(),
        })
    };
    let done = if count.failed == 0 && count.errors == 0 && short.is_empty() {
        Done::yes(members)
    } else {
        Done::no(members)
    };
    if console.format() == Format::Junit {
        return Ok(done.document(junit::written(&outcomes)?));
    }
    Ok(done)
}

fn count(outcomes: &[Outcome]) -> Count {
    let mut count = Count::default();
    for outcome in outcomes {
        match &outcome.tested {
            Ok(tested) => {
                let passed = tested.tests.iter().filter(|test| test.passed()).count();
                count.passed = count.passed.saturating_add(passed);
                count.failed = count.failed.saturating_add(tested.tests.len().saturating_sub(passed));
                count.skipped = count.skipped.saturating_add(tested.skipped);
            }
            Err(_) => count.errors = count.errors.saturating_add(1),
        }
    }
    count
}

impl Count {
    /// `2 files: 12 passed, 1 failed`.
    fn words(self, files: usize) -> String {
        let mut parts = vec![format!("{} passed", self.passed), format!("{} failed", self.failed)];
        if self.skipped > 0 {
            parts.push(format!("{} left out", self.skipped));
        }
        if self.errors > 0 {
            parts.push(format!("{} not tested", number(self.errors, "file")));
        }
        format!("{}: {}", number(files, "file"), parts.join(", "))
    }

    fn json(self) -> Value {
        let Self { passed, failed, skipped, errors } = self;
        json!({ "passed": passed, "failed": failed, "skipped": skipped, "errors": errors })
    }
}

fn tell(outcome: &Outcome, coverage: bool, console: &mut Console) {
    let Outcome { source, tested } = outcome;
    console.say(plain(source.name()));
    let problems = match tested {
        Ok(tested) => &tested.warnings,
        Err(problems) => problems,
    };
    // Warnings are the business of `wpc check`.
    let errors: Vec<_> = problems.iter().filter(|one| one.severity == Severity::Error).cloned().collect();
    if !errors.is_empty() {
        console.say(problems::drawn(&errors, source, console.colour()));
    }
    let Ok(tested) = tested else { return console.say("") };
    if tested.tests.is_empty() {
        console.say(if tested.skipped > 0 { "  no test of this name" } else { "  no tests" });
    }
    for test in &tested.tests {
        let name = plain(&test.name);
        if test.passed() {
            console.say(format!("  {PASSED}passed{PASSED:#}  {name}"));
            continue;
        }
        console.say(format!("  {FAILED}failed{FAILED:#}  {name}"));
        let failures: Vec<_> = failed::diagnostics(test, &tested.policy).collect();
        console.say(format!("{}\n", problems::drawn(&failures, source, console.colour())));
    }
    if coverage {
        console.say(format!("\n{}", covered::table(&tested.coverage)));
    }
    console.say("");
}

/// Files whose coverage is less than what is needed.
fn below(outcomes: &[Outcome], needed: Option<u8>) -> Vec<(&str, usize, u8)> {
    let Some(needed) = needed else { return Vec::new() };
    let short = outcomes.iter().filter_map(|outcome| {
        let percent = outcome.tested.as_ref().ok()?.coverage.percent();
        (percent < usize::from(needed)).then_some((outcome.source.name(), percent, needed))
    });
    short.collect()
}

/// Everything that is wrong with a file, failed tests included.
fn found(outcome: &Outcome) -> Vec<Value> {
    let problems = match &outcome.tested {
        Ok(tested) => {
            let failures = tested.tests.iter().flat_map(|test| failed::diagnostics(test, &tested.policy));
            tested.warnings.iter().cloned().chain(failures).collect()
        }
        Err(problems) => problems.clone(),
    };
    problems::json(&problems, &outcome.source)
}

fn tests(outcome: &Outcome) -> Vec<Value> {
    let Ok(tested) = &outcome.tested else { return Vec::new() };
    let file = outcome.source.name();
    let json = |test: &Ran| {
        json!({
            "file": file,
            "name": test.name,
            "line": test.line,
            "passed": test.passed(),
            "expectations": test.expectations.iter().map(|one| expectation(one, tested)).collect::<Vec<_>>(),
        })
    };
    tested.tests.iter().map(json).collect()
}

fn expectation(one: &Expectation, tested: &Tested) -> Value {
    let rule = one
        .rule
        .as_ref()
        .map(|rule| json!({ "id": rule.id.to_string(), "text": rule.name, "line": rule.line }));
    let failing: Vec<_> = failed::facts(one, &tested.policy)
        .into_iter()
        .map(|fact| json!({ "line": fact.line, "condition": fact.condition, "found": fact.found }))
        .collect();
    json!({
        "line": one.line,
        "passed": one.holds(),
        "expected": failed::expected(&one.expected),
        "found": failed::found(&one.found),
        "rule": rule,
        "failing": failing,
    })
}
