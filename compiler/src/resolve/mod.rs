//! Names: which tool, action, parameter and list of conditions is meant.
//!
//! What is unknown is reported once and left out of the result, so that checking never sees it
//! and one mistake does not become five messages.

mod actions;
mod head;
mod lets;
mod parameters;
mod policy;

use std::collections::BTreeMap;
use std::sync::Arc;

use wpc_grammar::syntax::{self, Doc, File, ItemKind, Use};
use wpc_grammar::{Source, Span};

use crate::checked::{Actions, Head};
use crate::interface::{self, Known};
use crate::lines::Lines;
use crate::link::Linked;
use crate::names::Names;
use crate::{Code, Diagnostic, Problems, shipped};

pub(crate) use actions::unknown as unknown_action;
pub(crate) use parameters::Given;

/// A file whose names are known.
#[derive(Debug)]
pub(crate) struct Resolved<'a> {
    /// Interfaces by name: used, and written in this file.
    pub(crate) interfaces: BTreeMap<&'a str, Available>,
    pub(crate) policy: Option<Policy<'a>>,
    /// All tests, wherever they stand.
    pub(crate) tests: Vec<&'a syntax::Test>,
}

/// An interface and how it came here.
#[derive(Debug)]
pub(crate) struct Available {
    pub(crate) known: Arc<Known>,
    /// The `use`, or the name of the `tool`.
    pub(crate) place: Span,
    /// Named by a `use`.
    pub(crate) used: bool,
    /// Bound by the policy, or spoken of by a test.
    pub(crate) needed: bool,
}

/// The policy of a file.
#[derive(Debug)]
pub(crate) struct Policy<'a> {
    pub(crate) name: &'a syntax::Ident,
    pub(crate) docs: &'a [Doc],
    pub(crate) names: Names<'a>,
    pub(crate) tools: Vec<Bound<'a>>,
    /// Names of tools whose interface is not known.
    pub(crate) missing: Vec<&'a str>,
    /// `separate` and `before`, of the policy and of its tools.
    pub(crate) orders: Vec<Ordered<'a>>,
    /// `token` and `proof`.
    pub(crate) settings: Vec<&'a syntax::Settings>,
    /// Paths of the policies that it extends.
    pub(crate) extends: &'a [syntax::Text],
}

/// A tool as the policy uses it.
#[derive(Debug)]
pub(crate) struct Bound<'a> {
    /// Its name in the policy.
    pub(crate) name: &'a syntax::Ident,
    pub(crate) known: Arc<Known>,
    pub(crate) scope: Option<&'a syntax::Made>,
    pub(crate) statements: Vec<Stated<'a>>,
    /// A statement was left out because of a problem.
    pub(crate) incomplete: bool,
}

/// A statement whose actions are known.
#[derive(Debug)]
pub(crate) struct Stated<'a> {
    pub(crate) head: Head,
    pub(crate) actions: Actions,
    pub(crate) target: Option<&'a syntax::Target>,
    /// Names of condition lists replaced by what they stand for.
    pub(crate) conditions: Vec<&'a syntax::Condition>,
    pub(crate) what: What<'a>,
}

/// A `separate` or a `before`, which may speak of several tools.
#[derive(Debug)]
pub(crate) struct Ordered<'a> {
    pub(crate) head: Head,
    pub(crate) statement: &'a syntax::Statement,
    /// The tool in whose block it stands.
    pub(crate) tool: Option<&'a str>,
}

/// What a statement does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What<'a> {
    Allow,
    Deny,
    Require,
    Approval(&'a [syntax::Setting]),
    Limit { measure: &'a syntax::Measure, max: &'a syntax::Value, per: &'a [syntax::Per] },
}

/// Resolves a file; reports what is unknown, and what this version does not implement.
pub(crate) fn resolve<'a>(
    linked: &'a Linked<'_>,
    source: &'a Source,
    lines: &Lines<'_>,
    given: Given<'_>,
    problems: &mut Problems,
) -> Resolved<'a> {
    let file: &'a File = &linked.file;
    let mut interfaces = BTreeMap::new();
    let mut unknown = Vec::new();
    for item in &file.items {
        match &item.kind {
            ItemKind::Use(Use::Shipped(name)) => {
                if let Some(known) = used(name, problems) {
                    let available = Available { known, place: name.loc.0, used: true, needed: false };
                    offer(name, available, &mut interfaces, problems);
                } else {
                    unknown.push(name.text.as_str());
                }
            }
            // Linking left those alone that it could not follow, and said why.
            ItemKind::Use(Use::File { alias, .. }) => unknown.push(alias.text.as_str()),
            ItemKind::Interface(written) => {
                let known = Arc::new(interface::build(written, &item.docs, false, problems));
                let mixed = linked.uses.get(&written.name.text);
                let (used, needed) = (mixed.is_some(), mixed.is_none_or(|mixed| *mixed));
                let available = Available { known, place: written.name.loc.0, used, needed };
                offer(&written.name, available, &mut interfaces, problems);
            }
            // Linking took them where they are mixed in.
            ItemKind::Rules(_) | ItemKind::Policy(_) | ItemKind::Test(_) => {}
        }
    }
    let mut first: Option<(&'a syntax::Policy, &'a [Doc])> = None;
    let mut tests = Vec::new();
    for item in &file.items {
        match &item.kind {
            ItemKind::Policy(policy) => match first {
                None => first = Some((policy, &item.docs)),
                Some((one, _)) => problems.report(
                    Diagnostic::error(
                        Code::SecondPolicy,
                        policy.name.loc.0,
                        format!("found a second policy, `{}`, expected one in a file", policy.name.text),
                        "one policy too many",
                    )
                    .also(one.name.loc.0, "the first one")
                    .help("move it into a file of its own: each policy has its own hash"),
                ),
            },
            ItemKind::Test(test) => tests.push(test),
            ItemKind::Use(_) | ItemKind::Interface(_) | ItemKind::Rules(_) => {}
        }
    }
    let policy = first.map(|(written, docs)| {
        let context = policy::Context { source, lines, given, unknown: &unknown };
        policy::resolve(written, docs, &mut interfaces, &mut tests, &context, problems)
    });
    tests.sort_by_key(|test| test.name.loc.0);
    Resolved { interfaces, policy, tests }
}

fn used(name: &syntax::Ident, problems: &mut Problems) -> Option<Arc<Known>> {
    let known = shipped::known(&name.text);
    if known.is_none() {
        let near = problems.nearest(&name.text, shipped::names());
        let unknown = Diagnostic::error(
            Code::UnknownInterface,
            name.loc.0,
            format!("found unknown interface `{}`", name.text),
            "not shipped with the compiler",
        );
        let otherwise = || {
            format!("write the `tool` into this file; shipped are {}", crate::words::all_of(shipped::names()))
        };
        problems.report(unknown.help(near.unwrap_or_else(otherwise)));
    }
    known
}

fn offer<'a>(
    name: &'a syntax::Ident,
    available: Available,
    interfaces: &mut BTreeMap<&'a str, Available>,
    problems: &mut Problems,
) {
    if let Some(first) = interfaces.get(name.text.as_str()) {
        return problems.report(
            Diagnostic::error(
                Code::RepeatedName,
                name.loc.0,
                format!("found tool `{}` twice in this file", name.text),
                "already there",
            )
            .also(first.place, "first here")
            .help("remove one of them"),
        );
    }
    interfaces.insert(&name.text, available);
}
