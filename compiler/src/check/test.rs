//! `test` blocks: names and types, and the steps that [`crate::testing`] takes.

use std::sync::Arc;

use wpc_grammar::syntax::{self, ResourceRef, SlotKind, TestCall, TestStep};
use wpc_model::{Action, Call, Resource, Value};

use super::Checker;
use super::steps::Steps;
use crate::checked::Actions;
use crate::interface::Known;
use crate::resolve::unknown_action;
use crate::testing::Test;
use crate::value::{Contents, Reader};
use crate::words::one_of;
use crate::{Code, Diagnostic};

/// Why a call may be refused, as tests name it: the decision's codes (LANGUAGE.md section 6).
const REASONS: &[&str] = &[
    "policy_not_valid",
    "explicit_deny",
    "default_deny",
    "order_denied",
    "approval_required",
    "limit_exceeded",
    "undecided",
];

/// A call, what it says for sealed values, and its tool's interface.
pub(super) type Called = (Call, Contents, Arc<Known>);

impl<'a> Checker<'_, 'a, '_> {
    /// Checks a test's calls and what it expects of them. What it returns is whole only if nothing
    /// was reported.
    pub(super) fn test(&mut self, test: &'a syntax::Test) -> Test {
        let (mut called, mut expected) = (false, false);
        let mut steps = Steps::default();
        for step in &test.steps {
            match step {
                TestStep::Given(call) if self.is_input(call) => {
                    let at = self.at(call, &mut steps);
                    let input = self.input(call);
                    steps.input(input, at);
                }
                TestStep::Given(call) => {
                    let at = self.at(call, &mut steps);
                    let read = self.called(call);
                    steps.given(read, at, call.loc.0);
                }
                TestStep::Call(call) => {
                    called = true;
                    let at = self.at(call, &mut steps);
                    let read = self.called(call);
                    steps.call(read, at, call.loc.0);
                }
                TestStep::Expect { decision, code, loc } => {
                    if !called {
                        self.problems.report(
                            Diagnostic::error(
                                Code::EmptyTest,
                                loc.0,
                                "found an `expect` before any `call`",
                                "of what?",
                            )
                            .help("write the `call` first"),
                        );
                    }
                    (called, expected) = (true, true);
                    self.expected(decision, code.as_ref());
                    steps.expect(decision, code.as_ref(), loc.0);
                }
                TestStep::Setting(setting) => self.step_setting(setting, &mut steps),
            }
        }
        if !expected {
            self.problems.report(
                Diagnostic::error(
                    Code::EmptyTest,
                    test.name.loc.0,
                    "found a test that expects nothing",
                    "always passes",
                )
                .help("add a `call` and an `expect`"),
            );
        }
        Test { name: test.name.value.clone(), place: test.name.loc.0, steps: steps.taken }
    }

    fn expected(&mut self, decision: &syntax::Ident, code: Option<&syntax::Ident>) {
        let mut unknown = |word: &syntax::Ident, known: &[&str]| {
            let near = self.problems.nearest(&word.text, known.iter().copied());
            let expected = one_of(known.iter().copied());
            self.problems.report(
                Diagnostic::error(
                    Code::UnknownReason,
                    word.loc.0,
                    format!("found `{}`, expected {expected}", word.text),
                    "no decision says this",
                )
                .help(near.unwrap_or_else(|| format!("use {expected}"))),
            );
        };
        match (decision.text.as_str(), code) {
            ("deny", Some(code)) if !REASONS.contains(&code.text.as_str()) => unknown(code, REASONS),
            ("allow" | "deny", None) | ("deny", Some(_)) => {}
            ("allow", Some(code)) => {
                self.problems.report(
                    Diagnostic::error(
                        Code::UnknownReason,
                        code.loc.0,
                        format!("found `{}` after `expect allow`, expected nothing", code.text),
                        "an allowed call has no reason",
                    )
                    .help("remove it"),
                );
            }
            _ => unknown(decision, &["allow", "deny"]),
        }
    }

    fn called(&mut self, call: &'a TestCall) -> Option<Called> {
        let (tool, known) = self.called_tool(call)?;
        let known = &known;
        let name = &call.action.action;
        let Some(action) = known.interface().actions.get(&name.text) else {
            if !known.is_broken(&name.text) {
                unknown_action(name, known, self.problems);
            }
            return None;
        };
        let resource = self.resource(call, action, known);
        let (pairs, span): (&'a [syntax::Pair], _) = match &call.arguments {
            Some((pairs, loc)) => (pairs, loc.0),
            None => (&[], call.loc.0),
        };
        let mut reader = Reader::new(self.names, self.problems);
        let arguments = reader.fields(pairs, span, &action.arguments, &name.text, known.interface());
        let (tool, action) = (tool.to_owned(), name.text.clone());
        let contents = reader.into_contents();
        let call = Call { tool, action, resource: resource?, arguments: arguments? };
        Some((call, contents, Arc::clone(known)))
    }

    /// The tool of a call; it may be left out where there is only one.
    fn called_tool(&mut self, call: &TestCall) -> Option<(&'a str, Arc<Known>)> {
        let (tools, missing) = (self.tools.as_slice(), self.missing);
        let Some(tool) = &call.action.tool else {
            if let ([(name, known)], []) = (tools, missing) {
                return Some((*name, Arc::clone(known)));
            }
            if missing.is_empty() && !tools.is_empty() {
                let names = one_of(tools.iter().map(|(name, _)| *name));
                self.problems.report(
                    Diagnostic::error(
                        Code::UnknownTool,
                        call.action.loc.0,
                        format!("found `{}` without a tool, but there are several", call.action.action.text),
                        "of which tool?",
                    )
                    .help(format!("put {names} and a `.` before it")),
                );
            }
            return None;
        };
        if let Some((name, known)) = tools.iter().find(|(name, _)| *name == tool.text) {
            return Some((*name, Arc::clone(known)));
        }
        if missing.contains(&tool.text.as_str()) {
            return None;
        }
        let names = tools.iter().map(|(name, _)| *name);
        let near = self.problems.nearest(&tool.text, names.clone());
        let unknown = Diagnostic::error(
            Code::UnknownTool,
            tool.loc.0,
            format!("found unknown tool `{}`", tool.text),
            "not a tool of this policy",
        );
        self.problems.report(unknown.help(near.unwrap_or_else(|| format!("use {}", one_of(names)))));
        None
    }

    /// The one resource of a call: a kind that the action takes, every name exact. `Some(None)`
    /// where the action takes none.
    fn resource(&mut self, call: &'a TestCall, action: &Action, known: &Known) -> Option<Option<Resource>> {
        let name = &call.action.action.text;
        let word = action.preposition.map_or("on", wpc_model::Preposition::word);
        let Some(target) = &call.target else {
            if !action.kinds.is_empty() {
                self.problems.report(
                    Diagnostic::error(
                        Code::MissingResource,
                        call.loc.0,
                        format!("found a call of `{name}` without a resource"),
                        format!("`{name}` {word} what?"),
                    )
                    .help(format!(
                        "name it, such as `{word} {}(\"…\")`",
                        action.kinds.first().map_or("", String::as_str)
                    )),
                );
                return None;
            }
            return Some(None);
        };
        let named: Arc<str> = Arc::from(name.as_str());
        if !self.takes_resources(target, name, action, known) {
            return None;
        }
        let [ResourceRef::Named { kind, slots, loc }] = target.resources.as_slice() else {
            self.problems.report(
                Diagnostic::error(
                    Code::WrongCount,
                    target.loc.0,
                    "found several resources or a whole kind, expected one resource",
                    "a call is on one resource",
                )
                .help("name one resource"),
            );
            return None;
        };
        let actions = Actions::Named(vec![named.clone()]);
        let found = self.kind(kind, &actions, &[(named, action)], known)?;
        let order = self.in_order(slots, kind, loc.0, found)?;
        let mut names = Vec::with_capacity(order.len());
        for (slot, (_, ty)) in order.into_iter().zip(&found.template.parameters) {
            names.push(match &slot.kind {
                SlotKind::Value(value) => {
                    let read = Reader::new(self.names, self.problems).constant(value, ty);
                    read.as_ref().and_then(Value::as_text).map(str::to_owned)
                }
                SlotKind::Any | SlotKind::Like(_) | SlotKind::In(_) => {
                    self.problems.report(
                        Diagnostic::error(
                            Code::WrongType,
                            slot.loc.0,
                            "found a pattern in a call, expected one name",
                            "a call is on one resource",
                        )
                        .help("name the resource"),
                    );
                    None
                }
            });
        }
        let names = names.into_iter().collect::<Option<_>>()?;
        Some(Some(Resource { kind: kind.text.clone(), names }))
    }
}
