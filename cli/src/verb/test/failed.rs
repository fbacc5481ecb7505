//! A failed expectation, drawn like any other problem: the call, what decided, and why.

use wpc_compiler::{Code, Diagnostic, Expectation, Expected, Found, Ran, Span};
use wpc_model::{Decision, Policy, Reason, instant_text};

use crate::verb::why::facts;
use wpc_viewer::words;

/// One condition that is not true, in words.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) line: u32,
    pub(super) place: Option<Span>,
    pub(super) condition: String,
    pub(super) found: String,
}

/// The failed expectations of a test.
pub(super) fn diagnostics<'t>(test: &'t Ran, policy: &'t Policy) -> impl Iterator<Item = Diagnostic> + 't {
    test.expectations.iter().filter(|one| !one.holds()).map(|one| diagnostic(one, policy))
}

fn diagnostic(one: &Expectation, policy: &Policy) -> Diagnostic {
    let message = format!("found `{}`, expected `{}`", found(&one.found), expected(&one.expected));
    let mut drawn =
        Diagnostic::error(Code::TestFailed, one.place, message, "not so").also(one.call_place, "this call");
    if let Some(rule) = &one.rule {
        drawn = match rule.place {
            Some(place) => drawn.also(place, role(&one.found)),
            None => drawn.of_rule(rule.name.clone()),
        };
    }
    for fact in facts(one, policy) {
        if let Some(place) = fact.place {
            drawn = drawn.also(place, fact.found);
        }
    }
    drawn.help(help(one, policy))
}

/// `allow`, `deny`, `deny default_deny`, as a test says it.
pub(super) fn expected(expected: &Expected) -> String {
    match expected {
        Expected::Allow => "allow".to_owned(),
        Expected::Deny(None) => "deny".to_owned(),
        Expected::Deny(Some(code)) => format!("deny {code}"),
    }
}

/// The same of what was decided.
pub(super) fn found(found: &Found) -> String {
    found.reason().map_or_else(|| "allow".to_owned(), |code| format!("deny {code}"))
}

/// The part that the named statement had in the decision.
fn role(found: &Found) -> &'static str {
    let Found::Decided(Decision::Deny(refusal)) = found else { return "this allows it" };
    match refusal.reason {
        Reason::DefaultDeny => "the nearest rule",
        Reason::PolicyNotValid
        | Reason::ExplicitDeny
        | Reason::OrderDenied
        | Reason::ApprovalRequired
        | Reason::LimitExceeded
        | Reason::Undecided => "this refuses it",
    }
}

/// The conditions of the nearest rule that are not true, and what stands there instead.
pub(super) fn facts(one: &Expectation, policy: &Policy) -> Vec<Fact> {
    let named = one.rule.as_ref().and_then(|spoken| {
        let tool = policy.layers().nth(spoken.layer)?.tools.get(&one.call.tool)?;
        Some((spoken, tool, tool.interface.actions.get(&one.call.action)?, spoken.rule.as_ref()?))
    });
    let Some((spoken, tool, action, rule)) = named else { return Vec::new() };
    let past = one.before.at(one.who(), one.at);
    let situation = one.situation(&past);
    let fact = |at: &wpc_compiler::FailingAt| {
        let condition = rule.conditions.get(usize::try_from(at.failing.condition).ok()?)?;
        let found = facts::found(tool, action, &one.call, condition, situation)?;
        let condition = words::condition(tool, Some(&one.call.action), condition);
        Some(Fact { line: at.line, place: at.place, condition, found })
    };
    spoken.failing.iter().filter_map(fact).collect()
}

fn help(one: &Expectation, policy: &Policy) -> String {
    let refusal = match &one.found {
        Found::Malformed { message, .. } => return format!("correct the call: {message}"),
        Found::Decided(Decision::Allow { .. }) => {
            return "deny it, allow less, or expect `allow`".to_owned();
        }
        Found::Decided(Decision::Deny(refusal)) => refusal,
    };
    let wants_allow = one.expected == Expected::Allow;
    let parent = policy.layers().nth(refusal.layer as usize).filter(|_| refusal.layer > 0);
    if let (Reason::DefaultDeny, Some(parent)) = (refusal.reason, parent) {
        return format!(
            "have `{}`, which is extended, allow it too, or expect `deny default_deny`",
            parent.name
        );
    }
    match (refusal.reason, refusal.frees_at) {
        (Reason::LimitExceeded, Some(at)) => format!("there is room again at `{}`", instant_text(at)),
        (Reason::DefaultDeny, _) if wants_allow && one.rule.is_none() => {
            "no rule allows this action on this resource: allow it, or expect `deny default_deny`".to_owned()
        }
        _ if wants_allow => format!("allow it, or expect `deny {}`", refusal.reason.code()),
        _ => format!("expect `deny {}`, or change the rule", refusal.reason.code()),
    }
}
