//! A policy's entries.

use std::collections::BTreeMap;

use wpc_grammar::syntax::{self, Conditions, Doc, Entry, EntryKind, Statement};
use wpc_grammar::{Source, Span};
use wpc_model::MAX_TOOLS;

use super::{Available, Bound, Given, Ordered, Policy, Stated, What, actions, head, lets, parameters};
use crate::checked::{Actions, Head};
use crate::lines::Lines;
use crate::names::Names;
use crate::words::{all_of, one_of};
use crate::{Code, Diagnostic, Problems, bounds, shipped};

/// The settings blocks of a policy.
const SETTINGS: &[&str] = &[
    "token",
    "proof",
    "models",
    "sandbox",
    "agents",
    "requesters",
    "environment",
    "credential",
    "valid",
    "on_change",
    "meta",
];

/// What resolving needs beside the tree.
pub(super) struct Context<'a, 'c> {
    pub(super) source: &'a Source,
    pub(super) lines: &'c Lines<'c>,
    pub(super) given: Given<'c>,
    /// Names of interfaces that are not known, which was reported at their `use`.
    pub(super) unknown: &'c [&'a str],
}

pub(super) fn resolve<'a>(
    written: &'a syntax::Policy,
    docs: &'a [Doc],
    interfaces: &mut BTreeMap<&'a str, Available>,
    tests: &mut Vec<&'a syntax::Test>,
    context: &Context<'a, '_>,
    problems: &mut Problems,
) -> Policy<'a> {
    let mut labels = Labels::default();
    let mut policy = Policy {
        name: &written.name,
        docs,
        names: Names::default(),
        tools: Vec::new(),
        missing: Vec::new(),
        orders: Vec::new(),
        settings: Vec::new(),
        extends: &written.extends,
    };
    let mut lets = Vec::new();
    let mut given = Vec::new();
    let mut bindings = Vec::new();
    for entry in &written.entries {
        labels.see(entry, problems);
        match &entry.kind {
            EntryKind::Param { name, ty, default } => {
                given.push(name.text.as_str());
                parameters::declare(name, ty, default.as_ref(), context.given, &mut policy.names, problems);
            }
            EntryKind::Let { name, value } => {
                lets::declare(name, value, &mut policy.names, problems);
                lets.push((name, value));
            }
            // Linking put what it names into the tools.
            EntryKind::With(_) => {}
            EntryKind::Tool(binding) => bindings.push(binding),
            EntryKind::Test(test) => tests.push(test),
            EntryKind::Statement(statement) if is_order(statement) => {
                let head = head::of(entry, statement, context.source, context.lines);
                policy.orders.push(Ordered { head, statement, tool: None });
            }
            EntryKind::Statement(_) => outside_tool(entry, problems),
            EntryKind::Settings(settings) => {
                if setting_of_policy(settings, problems) {
                    policy.settings.push(settings);
                }
            }
        }
    }
    given.sort_unstable();
    if let Given::Outside(parameters) = context.given {
        parameters::refuse_unknown(parameters, &given, written.name.loc.0, problems);
    }
    bounds::name(&written.name, problems);
    bounds::few(bindings.len(), MAX_TOOLS, "tools", written.name.loc.0, problems);
    let mut names: BTreeMap<&str, Span> = BTreeMap::new();
    let mut found = Vec::new();
    for binding in bindings {
        let name = binding.alias.as_ref().unwrap_or(&binding.tool);
        bounds::name(name, problems);
        if let Some(first) = names.insert(&name.text, name.loc.0) {
            problems.report(
                Diagnostic::error(
                    Code::RepeatedName,
                    name.loc.0,
                    format!("found tool `{}` twice in this policy", name.text),
                    "already bound",
                )
                .also(first, "first bound here")
                .help("put the rules into one block, or name this one with `as`"),
            );
        }
        match tool(&binding.tool, interfaces, context.unknown, problems) {
            Some(known) => found.push((binding, name, known)),
            None => {
                policy.missing.push(&name.text);
                // Labels are the policy's, whatever the tool is.
                binding.entries.iter().for_each(|entry| labels.see(entry, problems));
            }
        }
    }
    let tools: Vec<_> = found.iter().map(|(_, _, known)| &**known).collect();
    lets::look_into(&lets, &tools, &mut policy.names, problems);
    for (binding, name, known) in found {
        let mut bound =
            Bound { name, known, scope: binding.scope.as_ref(), statements: Vec::new(), incomplete: false };
        for entry in &binding.entries {
            labels.see(entry, problems);
            match &entry.kind {
                EntryKind::Statement(statement) if is_order(statement) => {
                    let head = head::of(entry, statement, context.source, context.lines);
                    policy.orders.push(Ordered { head, statement, tool: Some(&name.text) });
                }
                EntryKind::Statement(statement) => {
                    let head = head::of(entry, statement, context.source, context.lines);
                    let outer = problems.enter(head.shared_name());
                    let stated = stated(statement, head, &bound, &policy.names, problems);
                    problems.leave(outer);
                    match stated {
                        Some(stated) => bound.statements.push(stated),
                        None => bound.incomplete = true,
                    }
                }
                EntryKind::Settings(settings) => setting_of_tool(settings, problems),
                EntryKind::Param { .. }
                | EntryKind::Let { .. }
                | EntryKind::With(_)
                | EntryKind::Tool(_)
                | EntryKind::Test(_) => {}
            }
        }
        policy.tools.push(bound);
    }
    policy
}

/// The interface that a binding names.
fn tool<'a>(
    name: &'a syntax::Ident,
    interfaces: &mut BTreeMap<&'a str, Available>,
    reported: &[&str],
    problems: &mut Problems,
) -> Option<std::sync::Arc<crate::interface::Known>> {
    if let Some(available) = interfaces.get_mut(name.text.as_str()) {
        available.needed = true;
        return Some(available.known.clone());
    }
    if reported.contains(&name.text.as_str()) {
        return None;
    }
    let unknown = Diagnostic::error(
        Code::UnknownTool,
        name.loc.0,
        format!("found unknown tool `{}`", name.text),
        "no `use` or `tool` of this file has this name",
    );
    if shipped::known(&name.text).is_some() {
        problems.report(unknown.help(format!("write `use {}` at the top of the file", name.text)));
        return None;
    }
    let known = interfaces.keys().map(ToString::to_string).chain(shipped::names().map(str::to_owned));
    let known: Vec<String> = known.collect();
    let near = problems.nearest(&name.text, known.iter().map(String::as_str));
    let otherwise =
        || format!("write its `tool` interface into this file; shipped are {}", all_of(shipped::names()));
    problems.report(unknown.help(near.unwrap_or_else(otherwise)));
    None
}

fn stated<'a>(
    statement: &'a Statement,
    head: Head,
    bound: &Bound<'a>,
    names: &Names<'a>,
    problems: &mut Problems,
) -> Option<Stated<'a>> {
    let named = |written: &'a [syntax::ActionRef], problems: &mut Problems| {
        actions::resolve(written, bound.name, &bound.known, problems)
    };
    let (actions, target, conditions, what) = match statement {
        Statement::Allow { actions, target, when } => {
            (named(actions, problems), target, when.as_ref(), What::Allow)
        }
        Statement::Deny { actions: Some(actions), target, when } => {
            (named(actions, problems), target, when.as_ref(), What::Deny)
        }
        Statement::Deny { actions: None, target, when } => {
            (Some(Actions::Any), target, when.as_ref(), What::Deny)
        }
        Statement::Require { actions, target, conditions } => {
            (named(actions, problems), target, Some(conditions), What::Require)
        }
        Statement::Approval { actions, target, when, settings } => {
            (named(actions, problems), target, when.as_ref(), What::Approval(settings))
        }
        Statement::Limit { measure, actions, target, max, per } => {
            (named(actions, problems), target, None, What::Limit { measure, max, per })
        }
        // These stand apart.
        Statement::Separate { .. } | Statement::Before { .. } => return None,
    };
    // Names in conditions are looked up even where an action is unknown.
    let conditions = match conditions {
        None => Vec::new(),
        Some(Conditions::Block { conditions, .. }) => names.expand(conditions, problems),
        Some(Conditions::Name(name)) => names.conditions(name, problems),
    };
    Some(Stated { head, actions: actions?, target: target.as_ref(), conditions, what })
}

/// Whether a statement may speak of several tools.
const fn is_order(statement: &Statement) -> bool {
    matches!(statement, Statement::Separate { .. } | Statement::Before { .. })
}

fn outside_tool(entry: &Entry, problems: &mut Problems) {
    problems.report(
        Diagnostic::error(
            Code::OutsideTool,
            entry.loc.0,
            "found a rule outside a tool",
            "which tool does it speak of?",
        )
        .help("move it into a `tool … { }` block"),
    );
}

/// Whether settings are the policy's and of this version; reports them otherwise.
fn setting_of_policy(settings: &syntax::Settings, problems: &mut Problems) -> bool {
    let name = settings.name.text.as_str();
    if SETTINGS.contains(&name) {
        return true;
    }
    unknown_setting(settings, problems);
    false
}

fn setting_of_tool(settings: &syntax::Settings, problems: &mut Problems) {
    let name = settings.name.text.as_str();
    if SETTINGS.contains(&name) {
        return problems.report(
            Diagnostic::error(
                Code::UnknownSetting,
                settings.name.loc.0,
                format!("found `{name}` inside a tool, expected it in the policy"),
                "not a tool's setting",
            )
            .help("move it out of the tool's block"),
        );
    }
    unknown_setting(settings, problems);
}

fn unknown_setting(settings: &syntax::Settings, problems: &mut Problems) {
    let name = settings.name.text.as_str();
    let near = problems.nearest(name, SETTINGS.iter().copied());
    problems.report(
        Diagnostic::error(
            Code::UnknownSetting,
            settings.name.loc.0,
            format!("found unknown settings `{name}`"),
            "no such settings",
        )
        .help(near.unwrap_or_else(|| format!("use {}", one_of(SETTINGS.iter().copied())))),
    );
}

/// Labels seen so far: each names one rule.
#[derive(Default)]
struct Labels<'a> {
    seen: BTreeMap<&'a str, Span>,
}

impl<'a> Labels<'a> {
    fn see(&mut self, entry: &'a Entry, problems: &mut Problems) {
        let Some(label) = &entry.label else { return };
        let wrong =
            |message: String, text: &str| Diagnostic::error(Code::RepeatedLabel, label.loc.0, message, text);
        if !matches!(entry.kind, EntryKind::Statement(_)) {
            return problems.report(
                wrong("found a label on something other than a rule".to_owned(), "labels nothing")
                    .help("put it above an `allow`, `deny`, `require` or `limit`"),
            );
        }
        if label.value.trim().is_empty() {
            return problems.report(
                wrong("found an empty label".to_owned(), "says nothing")
                    .help("name the rule, or remove the label"),
            );
        }
        if let Some(first) = self.seen.insert(&label.value, label.loc.0)
            // Rules that are mixed into several tools are one rule to their author.
            && first != label.loc.0
        {
            problems.report(
                wrong(format!("found label {:?} twice", label.value), "already taken")
                    .also(first, "first used here")
                    .help("give each rule a label of its own"),
            );
        }
    }
}
