//! `wpc test`: runs the `test` blocks of a policy against the reference interpreter.
//!
//! ```text
//! Source ──front──▶ Checked ──lower──▶ Policy ─┐
//!                      └─ tests: steps ────────┴─ run ─▶ Ran: each `expect` held, or what was decided
//!                                                   └─ covered ─▶ Coverage: what the calls made decide
//! ```
//!
//! Pure, as everything here: a test has no clock but the one that it states. An earlier call
//! (`given`) is taken for admitted and charged, whatever the policy says of it; a `call` is decided,
//! and where it is allowed it is charged and done at once.

mod covered;
mod past;
mod run;
mod step;

use wpc_grammar::syntax::ItemKind;
use wpc_grammar::{Source, Span};
use wpc_model::{Call, Conforming, Decision, History, Past, Policy, Rule, RuleId, Schemas, Situation, Who};

use crate::lines::Lines;
use crate::{Code, Diagnostic, Parameters, Wanted, lower, self_check};

pub use covered::{Coverage, Covered, CoveredCondition, StatementKind};
pub use step::Expected;
pub(crate) use step::{Asked, Ended, Expect, START, Signed, Step, Test};

/// What the tests of one file came to.
#[derive(Clone, Debug)]
pub struct Tested {
    /// The policy that decided.
    pub policy: Policy,
    /// The tests that ran, in source order.
    pub tests: Vec<Ran>,
    /// Tests that were left out by name.
    pub skipped: usize,
    /// What of the policy the calls made decide.
    pub coverage: Coverage,
    /// Warnings and notes of the file.
    pub warnings: Vec<Diagnostic>,
}

/// One test that ran.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What it shows.
    pub name: String,
    /// Its line, from 1.
    pub line: u32,
    /// What it expected, in order.
    pub expectations: Vec<Expectation>,
}

impl Ran {
    /// Whether everything that it expected held.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.expectations.iter().all(Expectation::holds)
    }
}

/// One `expect` and the decision that it speaks of.
#[derive(Clone, Debug)]
pub struct Expectation {
    /// What was expected.
    pub expected: Expected,
    /// Where it stands.
    pub place: Span,
    /// Its line, from 1.
    pub line: u32,
    /// The call, as it was decided.
    pub call: Call,
    /// When it was decided, Unix milliseconds.
    pub at: i64,
    /// What happened before it; nothing where the policy does not ask where values came from.
    pub before: Past,
    /// What the call's values in clear conform to.
    pub conforming: Conforming,
    /// The job and the agent.
    pub by: (String, String),
    /// Where the call stands.
    pub call_place: Span,
    /// What was decided.
    pub found: Found,
    /// The rule, limit or approval that decided, or the nearest rule.
    pub rule: Option<Spoken>,
}

impl Expectation {
    /// The situation in which it was decided, after this `history` of `before`.
    #[must_use]
    pub fn situation<'h>(&'h self, history: &'h dyn History) -> Situation<'h> {
        Situation { conformance: Some(&self.conforming), ..Situation::of(history) }
    }

    /// Who asked.
    #[must_use]
    pub fn who(&self) -> Who<'_> {
        Who { job: &self.by.0, agent: &self.by.1 }
    }

    /// Whether the decision is the one that was expected.
    #[must_use]
    pub fn holds(&self) -> bool {
        match (&self.expected, self.found.reason()) {
            (Expected::Allow, found) => found.is_none(),
            (Expected::Deny(None), found) => found.is_some(),
            (Expected::Deny(Some(wanted)), found) => found == Some(wanted),
        }
    }
}

/// What became of a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Found {
    /// The policy decided.
    Decided(Decision),
    /// The gate refuses it before anything is decided: it is no call of this policy.
    Malformed {
        /// The refusal's code, `too_large`.
        code: &'static str,
        /// What is wrong.
        message: String,
    },
}

impl Found {
    /// The reason's code; `None` if the call is allowed.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Decided(Decision::Allow { .. }) => None,
            Self::Decided(Decision::Deny(refusal)) => Some(refusal.reason.code()),
            Self::Malformed { code, .. } => Some(code),
        }
    }
}

/// A statement that a decision names, with its place.
#[derive(Clone, Debug)]
pub struct Spoken {
    /// The rule, limit or approval.
    pub id: RuleId,
    /// Its label, else its text.
    pub name: String,
    /// The statement, without its block; `None` if it was not written in this file.
    pub place: Option<Span>,
    /// Its line, from 1.
    pub line: u32,
    /// Of the nearest allow: every condition that is not true.
    pub failing: Vec<FailingAt>,
    /// The rule itself, of which `failing` speaks.
    pub rule: Option<Rule>,
    /// Whose it is: index into [`Policy::layers`], 0 for the policy itself.
    pub layer: usize,
}

/// A condition that is not true, with its place.
#[derive(Clone, Copy, Debug)]
pub struct FailingAt {
    /// Which one, and of which element.
    pub failing: wpc_model::Failing,
    /// Where it was written; `None` if not in this file.
    pub place: Option<Span>,
    /// Its line, from 1.
    pub line: u32,
}

/// Runs the tests of `source` whose names `wanted` takes. `engine` gives who runs the policy's schemas: `()`
/// knows none, and what is asked of them is then unknown.
///
/// ```
/// use wpc_compiler::{Parameters, Source, test};
///
/// let source = Source::new("orders.wpc", r#"
///     use azure_service_bus
///     policy orders {
///         tool azure_service_bus at namespace("contoso.servicebus.windows.net") {
///             allow send to queue("orders") when { message_bytes <= 128 KiB }
///         }
///     }
///     test "large orders are refused" {
///         call send to queue("orders") { messages: [{ message_bytes: 1 MiB, properties: {} }] }
///         expect deny default_deny
///     }
/// "#);
/// let tested = test(&source, &Parameters::new(), |_| Box::new(()), |_| true).expect("it has no problems");
/// assert!(tested.tests[0].passed());
/// assert_eq!((tested.coverage.covered(), tested.coverage.all()), (1, 2)); // the condition, not the allow
/// ```
///
/// # Errors
///
/// Every problem of the source, as [`compile`](crate::compile); and tests in a file without a policy,
/// because nothing can decide their calls.
pub fn test(
    source: &Source,
    parameters: &Parameters,
    engine: impl FnOnce(&Policy) -> Box<dyn Schemas>,
    wanted: impl Fn(&str) -> bool,
) -> Result<Tested, Vec<Diagnostic>> {
    let (checked, mut warnings) = crate::front(source, parameters, Wanted::Anything)?;
    let Some(checked) = checked else {
        warnings.extend(without_policy(source));
        return Err(warnings);
    };
    let (policy, map) = lower::lower(&checked, source.name());
    self_check::self_check(&checked, &policy, self_check::Effort::Quick).map_err(|found| vec![*found])?;
    let lines = Lines::of(source);
    let places = run::Places::of(&checked, &map);
    let mut coverage = covered::Watch::new(&checked, &policy, &map, source);
    let chosen: Vec<&Test> = checked.tests.iter().filter(|test| wanted(&test.name)).collect();
    let schemas = engine(&policy);
    let mut ran = |test: &&Test| run::run(test, &policy, &places, &lines, &*schemas, &mut coverage);
    let tests = chosen.iter().map(&mut ran).collect();
    Ok(Tested {
        tests,
        skipped: checked.tests.len().saturating_sub(chosen.len()),
        coverage: coverage.finish(),
        warnings,
        policy,
    })
}

/// The tests of a file that has no policy: they are said, because they never ran.
fn without_policy(source: &Source) -> Vec<Diagnostic> {
    let Ok(file) = wpc_grammar::parse(source) else { return Vec::new() };
    let tests = file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Test(test) => Some(test),
        ItemKind::Use(_) | ItemKind::Interface(_) | ItemKind::Policy(_) | ItemKind::Rules(_) => None,
    });
    let mut found: Vec<Diagnostic> = tests
        .map(|test| {
            Diagnostic::error(
                Code::TestWithoutPolicy,
                test.name.loc.0,
                "found a test in a file without a policy",
                "nothing decides its calls",
            )
            .help("move it into the file of a policy that binds the tool")
        })
        .collect();
    if found.is_empty() {
        found.push(
            Diagnostic::error(
                Code::NoPolicy,
                Span::new(0, 0),
                "found no policy in this file",
                "nothing to test",
            )
            .help("give the file of a policy"),
        );
    }
    found
}
