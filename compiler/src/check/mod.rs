//! Types, units, bounds: what each statement says, and whether it can be meant.
//!
//! Each statement is checked alone, then the policy as a whole: what the allows and requires
//! amount to together ([`join`]), and the duties that classes of actions bring with them
//! ([`duties`]).

mod approval;
mod approved;
mod condition;
mod contradiction;
mod duties;
mod join;
mod limit;
mod models;
mod orders;
mod people;
mod per;
mod settings;
mod source;
mod steps;
mod subject;
mod surroundings;
mod target;
mod test;

use std::collections::BTreeMap;
use std::sync::Arc;

use wpc_grammar::{Source, syntax};
use wpc_model::{Action, Effect, Measure, Type, Value, Window};

use crate::checked::{Actions, Approval, Checked, Limit, Parent, Rule, Tool};
use crate::interface;
use crate::lines::Lines;
use crate::link::Files;
use crate::names::Names;
use crate::resolve::{Bound, Policy, Resolved, Stated, What};
use crate::value::Reader;
use crate::{Code, Diagnostic, Problems};

pub(crate) use join::{expand, joined};

/// Checks one policy's statements against its tools.
struct Checker<'n, 'a, 'p> {
    names: &'n Names<'a>,
    lines: &'n Lines<'n>,
    /// The tools that conditions and tests may speak of.
    tools: Vec<(&'a str, &'n Arc<interface::Known>)>,
    /// Names of tools whose interface is not known.
    missing: &'n [&'a str],
    schemas: Schemas<'n>,
    problems: &'p mut Problems,
}

/// Where schemas are found that conditions name.
#[derive(Clone, Copy)]
pub(crate) struct Schemas<'f> {
    pub(crate) files: &'f Files,
    pub(crate) source: &'f Source,
}

/// A checked file.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The policy, if the file has one.
    pub(crate) policy: Option<Checked>,
    /// Places of settings that lints speak of.
    pub(crate) places: Places,
}

/// Where settings stand that lints speak of.
#[derive(Debug, Default)]
pub(crate) struct Places {
    pub(crate) token: Option<wpc_grammar::Span>,
    pub(crate) bearer: Option<wpc_grammar::Span>,
    pub(crate) sas_namespace: Option<wpc_grammar::Span>,
    pub(crate) providers: Option<wpc_grammar::Span>,
}

/// Checks a resolved file, whose policy extends `parents`. What it returns is whole only if nothing was
/// reported.
pub(crate) fn check<'a>(
    resolved: &Resolved<'a>,
    parents: Vec<Parent>,
    schemas: Schemas<'_>,
    lines: &Lines<'_>,
    problems: &mut Problems,
) -> Outcome {
    let nothing = Names::default();
    let names = resolved.policy.as_ref().map_or(&nothing, |policy| &policy.names);
    let missing: &[&str] = resolved.policy.as_ref().map_or(&[], |policy| &policy.missing);
    let mut checker = Checker { names, lines, tools: tools(resolved), missing, schemas, problems };
    let mut places = Places::default();
    let policy = resolved.policy.as_ref().map(|policy| {
        let before = checker.problems.count();
        let set = checker.settings(&policy.settings);
        places = Places {
            token: set.token,
            bearer: set.bearer,
            sas_namespace: set.sas_namespace,
            providers: set.providers,
        };
        let mut tools = BTreeMap::new();
        let mut incomplete = policy.tools.iter().any(|bound| bound.incomplete);
        for bound in &policy.tools {
            let (tool, whole) = checker.tool(bound);
            incomplete |= !whole;
            tools.insert(bound.name.text.clone(), tool);
        }
        let (orders, sound) = checker.orders(policy);
        incomplete |= !sound;
        let mut checked = Checked {
            name: policy.name.text.clone(),
            place: policy.name.loc.0,
            docs: interface::lines(policy.docs),
            tools,
            auth: set.auth.unwrap_or_else(settings::default_auth),
            evidence: set.evidence,
            orders,
            settings: set.settings,
            schemas: Arc::clone(schemas.files.schemas()),
            parents,
            tests: Vec::new(),
        };
        // With a statement missing, what the rest amounts to is not worth saying.
        if !incomplete {
            checker.join(&mut checked);
            checker.duties(&checked, set.lifetime.or(set.token), before);
        }
        checked
    });
    let tests = resolved.tests.iter().map(|test| checker.test(test)).collect();
    let policy = policy.map(|policy| Checked { tests, ..policy });
    Outcome { policy, places }
}

impl<'a> Checker<'_, 'a, '_> {
    /// Checks a tool's statements; also says whether all of them were sound.
    fn tool(&mut self, bound: &Bound<'a>) -> (Tool, bool) {
        let scope = self.scope(bound);
        let mut whole = scope.is_some();
        let mut tool = Tool {
            known: bound.known.clone(),
            place: bound.name.loc.0,
            scope: scope.unwrap_or_default(),
            allows: Vec::new(),
            denies: Vec::new(),
            requires: Vec::new(),
            limits: Vec::new(),
            approvals: Vec::new(),
            joins: Vec::new(),
        };
        for stated in &bound.statements {
            let outer = self.problems.enter(stated.head.shared_name());
            whole &= self.statement(stated, &mut tool).is_some();
            self.problems.leave(outer);
        }
        (tool, whole)
    }

    fn statement(&mut self, stated: &Stated<'a>, tool: &mut Tool) -> Option<()> {
        let known = tool.known.clone();
        let interface = known.interface();
        let actions: Vec<(Arc<str>, &Action)> = match &stated.actions {
            Actions::Any => {
                interface.actions.iter().map(|(name, action)| (Arc::from(name.as_str()), action)).collect()
            }
            Actions::Named(names) => names
                .iter()
                .filter_map(|name| Some((name.clone(), interface.actions.get(&**name)?)))
                .collect(),
        };
        let named: Vec<Arc<str>> = actions.iter().map(|(name, _)| name.clone()).collect();
        let targets =
            self.targets(stated.target, stated.what, &stated.head, &stated.actions, &actions, &known);
        let conditions = self.conditions(&stated.conditions, &actions, &known);
        let head = stated.head.clone();
        match stated.what {
            What::Allow | What::Deny | What::Require => {
                let (targets, conditions) = (targets?, conditions?);
                let (effect, rules) = match stated.what {
                    What::Deny => (Effect::Deny, &mut tool.denies),
                    What::Require => (Effect::Allow, &mut tool.requires),
                    What::Allow | What::Approval(_) | What::Limit { .. } => (Effect::Allow, &mut tool.allows),
                };
                let sound = self.can_apply(&conditions, effect, &head);
                rules.push(Rule { head, actions: stated.actions.clone(), targets, conditions });
                sound.then_some(())
            }
            What::Approval(settings) => {
                let terms = self.terms(settings, &head, &actions, &known);
                let (targets, conditions, terms) = (targets?, conditions?, terms?);
                let sound = self.can_apply(&conditions, Effect::Deny, &head);
                tool.approvals.push(Approval { head, actions: named, targets, conditions, terms });
                sound.then_some(())
            }
            What::Limit { measure, max, per } => {
                let (measured, per) = match measure {
                    syntax::Measure::Concurrent(_) => {
                        (Some((Measure::Calls, Type::Count)), Some(Window::Flight.into()))
                    }
                    syntax::Measure::Of(measure) => {
                        (self.measure(measure, &actions, &known), self.per(per, measure, &known, &actions))
                    }
                };
                let (measure, ty) = measured?;
                let max = self.bound(max, &ty);
                tool.limits.push(Limit {
                    head,
                    measure,
                    actions: named,
                    targets: targets?,
                    max: max?,
                    per: per?,
                });
                Some(())
            }
        }
    }

    /// The values of the scope's parameters.
    fn scope(&mut self, bound: &Bound<'a>) -> Option<Vec<String>> {
        let interface = bound.known.interface();
        let name = bound.name;
        let (scope, made) = match (&interface.scope, bound.scope) {
            (None, None) => return Some(Vec::new()),
            (Some(scope), Some(made)) => (scope, made),
            (Some(scope), None) => {
                let form: Vec<&str> =
                    scope.template.parameters.iter().map(|(name, _)| name.as_str()).collect();
                self.problems.report(
                    Diagnostic::error(
                        Code::UnknownScope,
                        name.loc.0,
                        format!("found tool `{}` without its `{}`", name.text, scope.name),
                        "where does it act?",
                    )
                    .help(format!(
                        "write `tool {} at {}({})`",
                        bound.known.interface().name,
                        scope.name,
                        form.join(", ")
                    )),
                );
                return None;
            }
            (None, Some(made)) => {
                if !bound.known.is_broken(&made.name.text) {
                    self.problems.report(
                        Diagnostic::error(
                            Code::UnknownScope,
                            made.loc.0,
                            format!("found a scope of tool `{}`, which has none", interface.name),
                            "not taken",
                        )
                        .help("remove the `at …`"),
                    );
                }
                return None;
            }
        };
        if made.name.text != scope.name {
            let near = self.problems.nearest(&made.name.text, [scope.name.as_str()]);
            self.problems.report(
                Diagnostic::error(
                    Code::UnknownScope,
                    made.name.loc.0,
                    format!("found `{}`, expected `{}`", made.name.text, scope.name),
                    format!("tool `{}` has no such scope", interface.name),
                )
                .help(near.unwrap_or_else(|| format!("write `{}`", scope.name))),
            );
            return None;
        }
        let parameters = &scope.template.parameters;
        if made.arguments.len() != parameters.len() {
            self.problems.report(
                Diagnostic::error(
                    Code::WrongCount,
                    made.loc.0,
                    format!(
                        "found `{}` with {}, expected {}",
                        scope.name,
                        crate::words::counted(made.arguments.len(), "value"),
                        parameters.len()
                    ),
                    "too many or too few",
                )
                .help(format!(
                    "give it {}",
                    crate::words::all_of(parameters.iter().map(|(name, _)| name.as_str()))
                )),
            );
            return None;
        }
        let mut values = Vec::with_capacity(parameters.len());
        for (value, (_, ty)) in made.arguments.iter().zip(parameters) {
            values.push(Reader::new(self.names, self.problems).constant(value, ty));
        }
        let texts = values.iter().map(|value| value.as_ref().and_then(Value::as_text).map(str::to_owned));
        texts.collect()
    }
}

/// The policy's names that nothing uses, for lints.
pub(crate) fn unused<'a>(policy: &Policy<'a>) -> Vec<(&'a str, wpc_grammar::Span)> {
    policy.names.unused().collect()
}

/// Names of a test's tool: the policy's, or the file's.
fn tools<'r, 'a>(resolved: &'r Resolved<'a>) -> Vec<(&'a str, &'r Arc<interface::Known>)> {
    match &resolved.policy {
        Some(policy) => {
            policy.tools.iter().map(|bound: &Bound<'a>| (bound.name.text.as_str(), &bound.known)).collect()
        }
        None => resolved.interfaces.iter().map(|(name, available)| (*name, &available.known)).collect(),
    }
}
