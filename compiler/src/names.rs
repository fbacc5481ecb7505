//! Parameters and `let`s: the names that values and conditions may use.

use std::cell::Cell;
use std::collections::BTreeMap;

use wpc_grammar::Span;
use wpc_grammar::syntax::{Condition, Ident, Value};
use wpc_model::{self as model, MAX_CONDITIONS, Type};

use crate::{Code, Diagnostic, Problems};

/// How many `let`s may stand between a use and what it means.
const MAX_LETS: usize = 16;
/// Conditions that all uses of condition lists may expand to together.
const MAX_EXPANDED: usize = 1_000_000;

/// Names and conditions that one use may lead through.
const MAX_VISITED: usize = 10_000;

/// Conditions gathered from lists and the lists that these name.
#[derive(Default)]
struct Expansion<'a> {
    flat: Vec<&'a Condition>,
    /// Names followed, and conditions found behind them.
    visited: usize,
    is_reported: bool,
}

/// All names of a policy.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    by_name: BTreeMap<&'a str, Named<'a>>,
    expanded: Cell<usize>,
}

/// One name.
#[derive(Debug)]
pub(crate) struct Named<'a> {
    pub(crate) place: Span,
    pub(crate) meaning: Meaning<'a>,
    used: Cell<bool>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Meaning<'a> {
    /// A parameter and its value.
    Parameter(Type, model::Value),
    /// `let NAME = VALUE`.
    Value(&'a Value),
    /// `let NAME = { … }`.
    Conditions(&'a [Condition]),
    /// Its declaration has a problem.
    Broken,
}

/// A value after all `let`s were followed.
pub(crate) enum Followed<'n, 'a> {
    /// As it is written, in a place.
    Written(&'a Value),
    /// A parameter's value.
    Given(&'n Type, &'n model::Value),
}

/// Where a value was used, and the declarations that led to it.
#[derive(Clone, Copy)]
pub(crate) struct Trail {
    /// Where the policy uses it.
    pub(crate) used: Span,
    /// The last `let` or parameter on the way, if any.
    pub(crate) declared: Option<Span>,
}

impl<'a> Names<'a> {
    /// Adds a name, or reports who has it.
    pub(crate) fn declare(&mut self, name: &'a Ident, meaning: Meaning<'a>, problems: &mut Problems) {
        if let Some(first) = self.by_name.get(name.text.as_str()) {
            return problems.report(
                Diagnostic::error(
                    Code::RepeatedName,
                    name.loc.0,
                    format!("found `{}` twice in this policy", name.text),
                    "already taken",
                )
                .also(first.place, "first used here")
                .help("give each parameter and `let` a name of its own"),
            );
        }
        self.by_name.insert(&name.text, Named { place: name.loc.0, meaning, used: Cell::new(false) });
    }

    /// Remembers that the declaration of `name` has a problem, which was reported.
    pub(crate) fn break_down(&mut self, name: &str) {
        if let Some(named) = self.by_name.get_mut(name) {
            named.meaning = Meaning::Broken;
            named.used.set(true);
        }
    }

    /// The name, which counts as used from now on.
    pub(crate) fn look_up(&self, name: &str) -> Option<&Named<'a>> {
        let named = self.by_name.get(name)?;
        named.used.set(true);
        Some(named)
    }

    /// The parameter of this name, or what stands for one whose declaration has a problem; it counts as
    /// used from now on.
    pub(crate) fn parameter(&self, name: &str) -> Option<&Named<'a>> {
        let named = self.by_name.get(name)?;
        let is_parameter = matches!(named.meaning, Meaning::Parameter(..) | Meaning::Broken);
        is_parameter.then(|| named.used.set(true)).map(|()| named)
    }

    /// Whether there is such a name; does not use it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// All names, for suggestions.
    pub(crate) fn all(&self) -> impl Iterator<Item = &'a str> {
        self.by_name.keys().copied()
    }

    /// The names that nothing uses, with their places.
    pub(crate) fn unused(&self) -> impl Iterator<Item = (&'a str, Span)> {
        self.by_name.iter().filter(|(_, named)| !named.used.get()).map(|(name, named)| (*name, named.place))
    }

    /// What `value` means: a bare word is followed through `let`s. `None` means that a problem
    /// was reported, here or at a declaration.
    pub(crate) fn follow<'n>(
        &'n self,
        value: &'a Value,
        trail: &mut Trail,
        problems: &mut Problems,
    ) -> Option<Followed<'n, 'a>> {
        let mut value = value;
        for _ in 0..=MAX_LETS {
            let Value::Path(path) = value else { return Some(Followed::Written(value)) };
            if !path.steps.is_empty() {
                return Some(Followed::Written(value));
            }
            let Some(named) = self.look_up(&path.head.text) else {
                self.report_unknown(&path.head, problems);
                return None;
            };
            trail.declared = Some(named.place);
            match &named.meaning {
                Meaning::Broken => return None,
                Meaning::Parameter(ty, value) => return Some(Followed::Given(ty, value)),
                Meaning::Value(next) => value = next,
                Meaning::Conditions(_) => {
                    problems.report(
                        Diagnostic::error(
                            Code::WrongType,
                            trail.used,
                            format!("found `{}`, a list of conditions, expected a value", path.head.text),
                            "not a value",
                        )
                        .also(named.place, "declared here"),
                    );
                    return None;
                }
            }
        }
        self.report_circle(*trail, problems);
        None
    }

    /// The conditions of a block with names replaced by what they stand for. At most one more than
    /// a rule may have: who counts them finds them too many.
    pub(crate) fn expand(&self, conditions: &'a [Condition], problems: &mut Problems) -> Vec<&'a Condition> {
        let mut expansion = Expansion::default();
        self.expand_into(conditions, 0, &mut expansion, problems);
        self.settle(expansion)
    }

    /// The conditions that a name stands for.
    pub(crate) fn conditions(&self, name: &'a Ident, problems: &mut Problems) -> Vec<&'a Condition> {
        let mut expansion = Expansion::default();
        self.expand_name(name, 0, &mut expansion, problems);
        self.settle(expansion)
    }

    fn settle(&self, expansion: Expansion<'a>) -> Vec<&'a Condition> {
        self.expanded.set(self.expanded.get().saturating_add(expansion.visited));
        expansion.flat
    }

    fn expand_into(
        &self,
        conditions: &'a [Condition],
        depth: usize,
        expansion: &mut Expansion<'a>,
        problems: &mut Problems,
    ) {
        for condition in conditions {
            if expansion.flat.len() > MAX_CONDITIONS {
                return;
            }
            match condition {
                Condition::Name(name) => self.expand_name(name, depth, expansion, problems),
                Condition::Test { .. } => {
                    expansion.visited += usize::from(depth > 0);
                    expansion.flat.push(condition);
                }
            }
        }
    }

    fn expand_name(
        &self,
        name: &'a Ident,
        depth: usize,
        expansion: &mut Expansion<'a>,
        problems: &mut Problems,
    ) {
        let Some(named) = self.look_up(&name.text) else {
            return self.report_unknown_conditions(name, problems);
        };
        match &named.meaning {
            Meaning::Broken => {}
            Meaning::Conditions(_) if expansion.is_reported => {}
            Meaning::Conditions(_) if depth >= MAX_LETS => {
                expansion.is_reported = true;
                self.report_circle(Trail { used: name.loc.0, declared: Some(named.place) }, problems);
            }
            Meaning::Conditions(conditions) => {
                // A name costs as much as a condition, or empty lists would be free to nest.
                expansion.visited += 1;
                let in_all = self.expanded.get().saturating_add(expansion.visited);
                if expansion.visited <= MAX_VISITED && in_all <= MAX_EXPANDED {
                    return self.expand_into(conditions, depth + 1, expansion, problems);
                }
                expansion.is_reported = true;
                if self.expanded.get() < usize::MAX {
                    self.report_too_many(name, problems);
                }
                if in_all > MAX_EXPANDED {
                    // Once: every later use finds nothing left.
                    self.expanded.set(usize::MAX);
                }
            }
            Meaning::Parameter(..) | Meaning::Value(_) => problems.report(
                Diagnostic::error(
                    Code::WrongType,
                    name.loc.0,
                    format!("found `{}`, a value, expected conditions", name.text),
                    "not a list of conditions",
                )
                .also(named.place, "declared here")
                .help(format!("compare an argument with it, such as `argument == {}`", name.text)),
            ),
        }
    }

    fn report_too_many(&self, name: &Ident, problems: &mut Problems) {
        problems.report(
            Diagnostic::error(
                Code::TooMany,
                name.loc.0,
                format!(
                    "found condition lists with more than {MAX_VISITED} conditions in one use, or {MAX_EXPANDED} in all"
                ),
                "too many from here on",
            )
            .help("write fewer conditions, or use their names less often"),
        );
    }

    fn report_circle(&self, trail: Trail, problems: &mut Problems) {
        let circle = Diagnostic::error(
            Code::TooDeep,
            trail.used,
            format!("found a `let` that leads through itself, or through more than {MAX_LETS} others"),
            "never reaches a value",
        );
        problems.report(circle.also_at(trail.declared, "passes through here").help("write the value out"));
    }

    fn report_unknown_conditions(&self, name: &Ident, problems: &mut Problems) {
        let near = problems.nearest(&name.text, self.all());
        let unknown = Diagnostic::error(
            Code::UnknownName,
            name.loc.0,
            format!("found unknown name `{}`, expected a condition", name.text),
            "no `let` of this policy",
        );
        let otherwise = || format!("write a condition, or declare `let {} = {{ … }}`", name.text);
        problems.report(unknown.help(near.unwrap_or_else(otherwise)));
    }

    pub(crate) fn report_unknown(&self, name: &Ident, problems: &mut Problems) {
        let near = problems.nearest(&name.text, self.all());
        let unknown = Diagnostic::error(
            Code::UnknownName,
            name.loc.0,
            format!("found unknown name `{}`", name.text),
            "no parameter or `let` of this policy",
        );
        let otherwise =
            || format!("put texts between quotes, or declare `param {}` or `let {}`", name.text, name.text);
        problems.report(unknown.help(near.unwrap_or_else(otherwise)));
    }
}
