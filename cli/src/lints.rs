//! What a policy says in vain, as diagnostics at the statements that say it.
//!
//! The analysis speaks of rules in normal form; people wrote statements, one of which may be many
//! rules. So what was found of the rules of one statement is told once.

use std::collections::{BTreeMap, BTreeSet};

use wpc_analysis::{Finding, Problem, findings};
use wpc_compiler::{Code, Compiled, Diagnostic, Span};
use wpc_model::{Call, Limit, RuleId, demands};

use wpc_viewer::words;

/// Most other statements that one diagnostic points at.
const MAX_CAUSES: usize = 3;

/// What was found of one statement.
#[derive(Debug, Default)]
struct Statement {
    rules: BTreeSet<RuleId>,
    by: BTreeSet<RuleId>,
    /// What the least call charges to a limit that refuses it.
    charged: Option<String>,
}

/// Adds what the analysis finds of `compiled` to what the compiler found.
pub(crate) fn add(compiled: &Compiled, found: &mut Vec<Diagnostic>) {
    let mut rules_of: BTreeMap<Span, usize> = BTreeMap::new();
    for origin in compiled.map.origins.values() {
        let count = rules_of.entry(origin.span).or_default();
        *count = count.saturating_add(1);
    }
    let mut statements: BTreeMap<(Span, Problem), Statement> = BTreeMap::new();
    for Finding { problem, rule, by, witness } in findings(&compiled.policy) {
        let Some(origin) = compiled.map.origins.get(&rule) else { continue };
        let statement = statements.entry((origin.span, problem)).or_default();
        if statement.charged.is_none() {
            statement.charged = witness.and_then(|case| charged(compiled, &case.call, &by));
        }
        statement.rules.insert(rule);
        statement.by.extend(by);
    }
    for ((span, problem), statement) in statements {
        let all = rules_of.get(&span).copied().unwrap_or(0);
        if let Some(diagnostic) = diagnostic(compiled, span, problem, &statement, all, found) {
            found.push(diagnostic);
        }
    }
    found.sort_by_key(|diagnostic| (diagnostic.primary.0, diagnostic.code));
}

/// What `call` charges to one of `limits`, in its unit.
fn charged(compiled: &Compiled, call: &Call, limits: &[RuleId]) -> Option<String> {
    let tool = compiled.policy.tools.get(&call.tool)?;
    for demand in demands(tool, call).ok()? {
        let limit = tool.limits.get(usize::try_from(demand.limit).ok()?)?;
        if limits.contains(&limit.id) {
            return Some(words::most(tool, &Limit { max: demand.amount, ..limit.clone() }));
        }
    }
    None
}

/// How a problem is told: its code, what was found, what is wrong there, how others explain it, and
/// what to do.
const fn said(problem: Problem) -> (Code, &'static str, &'static str, &'static str, &'static str) {
    match problem {
        Problem::Contradiction => (
            Code::Contradiction,
            "a rule that can never apply",
            "its conditions exclude each other",
            "",
            "correct one of the conditions, or remove the rule",
        ),
        Problem::Denied => (
            Code::DeniedTogether,
            "an `allow` that denies together take back",
            "allows nothing",
            "denies a part of what it allows",
            "remove what is denied anyway, or narrow the denies",
        ),
        Problem::Redundant => (
            Code::Redundant,
            "a rule that adds nothing to others",
            "applies only where others do",
            "applies there too",
            "remove it, or narrow the others",
        ),
        Problem::OverLimit => (
            Code::OverLimit,
            "an `allow` of what a limit never admits",
            "each of its calls is over the limit",
            "admits less than that",
            "raise the limit, or allow smaller calls",
        ),
        Problem::Unreached => (
            Code::UnreachedLimit,
            "a limit that is never reached",
            "another limit is always reached first",
            "admits no more of all that it counts",
            "remove it, or correct one of the two",
        ),
        Problem::IdleLimit => (
            Code::IdleLimit,
            "a limit on what nothing allows",
            "counts nothing",
            "",
            "correct what it speaks of, or remove it",
        ),
        Problem::IdleApproval => (
            Code::IdleApproval,
            "a required approval that is never asked for",
            "nothing that is allowed asks for it",
            "",
            "correct what it speaks of, or remove it",
        ),
    }
}

fn diagnostic(
    compiled: &Compiled,
    span: Span,
    problem: Problem,
    statement: &Statement,
    all: usize,
    found: &[Diagnostic],
) -> Option<Diagnostic> {
    let (code, what, label, cause, help) = said(problem);
    // What the compiler found of an allow and one deny it said better.
    let is_said = |one: &Diagnostic| one.primary.0 == span && one.code == Code::CoveredByDeny;
    if problem == Problem::Denied && found.iter().any(is_said) {
        return None;
    }
    let part = statement.rules.len();
    // Lists overlap; only a statement of which nothing is left adds nothing.
    if problem == Problem::Redundant && part < all {
        return None;
    }
    let message = if part < all {
        format!("found {what}, for {part} of {all} resources")
    } else {
        format!("found {what}")
    };
    let label = match &statement.charged {
        Some(charged) => format!("{label}: the least is {charged}"),
        None => label.to_owned(),
    };
    let mut diagnostic = Diagnostic::error(code, span, message, label).help(help);
    let origins = &compiled.map.origins;
    let causes: BTreeSet<Span> =
        statement.by.iter().filter_map(|id| origins.get(id)).map(|origin| origin.span).collect();
    for other in causes.into_iter().filter(|other| *other != span).take(MAX_CAUSES) {
        diagnostic = diagnostic.also(other, cause);
    }
    let origin = statement.rules.first().and_then(|id| origins.get(id))?;
    Some(diagnostic.of_rule(origin.label.as_ref().unwrap_or(&origin.text).to_string()))
}
