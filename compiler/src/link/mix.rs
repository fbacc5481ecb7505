//! `with`: rules, put into the policy that names them.

use std::collections::{BTreeMap, BTreeSet};

use wpc_grammar::Span;
use wpc_grammar::syntax::{
    ActionRef, Binding, Entry, EntryKind, Ident, Item, ItemKind, PartKind, Policy, Statement, Use,
};

use super::Available;
use crate::{Code, Diagnostic, Problems, shipped, words};

/// Longest text of all statements that are mixed in, each counted in every tool that it comes to.
const MAX_MIXED_BYTES: usize = 16 * 1024 * 1024;

/// Replaces each `with` of the policy among `items` by what it names; gives the places of the rules
/// and of each `with`. That `unusable` names mean nothing was reported.
pub(super) fn mix(
    items: &mut [Item],
    rules: &mut BTreeMap<&str, Available<'_>>,
    unusable: &[&str],
    problems: &mut Problems,
) -> Vec<(Span, Span)> {
    let mut mixed = Vec::new();
    let interfaces = interfaces(items);
    let policy = items.iter_mut().find_map(|item| match &mut item.kind {
        ItemKind::Policy(policy) => Some(policy),
        ItemKind::Use(_) | ItemKind::Interface(_) | ItemKind::Rules(_) | ItemKind::Test(_) => None,
    });
    let Some(policy) = policy else { return mixed };
    let mut seen: BTreeMap<String, Span> = BTreeMap::new();
    for entry in std::mem::take(&mut policy.entries) {
        let EntryKind::With(name) = &entry.kind else {
            policy.entries.push(entry);
            continue;
        };
        if let Some(label) = &entry.label {
            problems.report(
                Diagnostic::error(
                    Code::RepeatedLabel,
                    label.loc.0,
                    "found a label on something other than a rule",
                    "labels nothing",
                )
                .help("label the rules where they are written"),
            );
        }
        if let Some(first) = seen.insert(name.text.clone(), name.loc.0) {
            problems.report(
                Diagnostic::error(
                    Code::RepeatedRules,
                    name.loc.0,
                    format!("found rules `{}` mixed in twice", name.text),
                    "already there",
                )
                .also(first, "first mixed in here")
                .help("remove one of them"),
            );
            continue;
        }
        match rules.get_mut(name.text.as_str()) {
            None if unusable.contains(&name.text.as_str()) => {}
            None => unknown(name, rules, problems),
            Some(available) => {
                available.mixed = true;
                mixed.push((available.whole, name.loc.0));
            }
        }
    }
    let interfaces = &interfaces;
    let mut room = MAX_MIXED_BYTES;
    for available in rules.values().filter(|available| available.mixed) {
        for entry in &available.rules.entries {
            match &entry.kind {
                EntryKind::Settings(_) => policy.entries.push(entry.clone()),
                EntryKind::Statement(Statement::Allow { .. }) => {}
                EntryKind::Statement(statement) => {
                    let bindings = bindings(policy).count();
                    let length = entry.loc.0.end.saturating_sub(entry.loc.0.start) as usize;
                    match room.checked_sub(length.saturating_mul(bindings)) {
                        Some(left) => room = left,
                        None => {
                            too_much(available, problems);
                            break;
                        }
                    }
                    Mixing { policy, interfaces, problems }.statement(entry, statement);
                }
                // The grammar lets none of these stand in `rules`.
                EntryKind::Param { .. }
                | EntryKind::Let { .. }
                | EntryKind::With(_)
                | EntryKind::Tool(_)
                | EntryKind::Test(_) => {}
            }
        }
    }
    mixed
}

/// The actions of each interface, by its name here.
type Interfaces = BTreeMap<String, BTreeSet<String>>;

fn interfaces(items: &[Item]) -> Interfaces {
    let mut found = Interfaces::new();
    for item in items {
        match &item.kind {
            ItemKind::Use(Use::Shipped(name)) => {
                if let Some(known) = shipped::known(&name.text) {
                    let actions = known.interface().actions.keys().cloned().collect();
                    found.entry(name.text.clone()).or_insert(actions);
                }
            }
            ItemKind::Interface(interface) => {
                let names = interface.parts.iter().flat_map(|part| match &part.kind {
                    PartKind::Action(action) => action.names.as_slice(),
                    PartKind::Scope(_)
                    | PartKind::Resource(_)
                    | PartKind::Record { .. }
                    | PartKind::Class { .. }
                    | PartKind::Constraint { .. } => &[],
                });
                let actions = names.map(|(name, _)| name.text.clone()).collect();
                found.entry(interface.name.text.clone()).or_insert(actions);
            }
            ItemKind::Use(Use::File { .. })
            | ItemKind::Policy(_)
            | ItemKind::Rules(_)
            | ItemKind::Test(_) => {}
        }
    }
    found
}

fn unknown(name: &Ident, rules: &BTreeMap<&str, Available<'_>>, problems: &mut Problems) {
    let near = problems.nearest(&name.text, rules.keys().copied());
    let otherwise = || match rules.is_empty() {
        true => format!("write `rules {} {{ }}`, or `use` the file that has them", name.text),
        false => format!("use {}", words::one_of(rules.keys().copied())),
    };
    problems.report(
        Diagnostic::error(
            Code::UnknownRules,
            name.loc.0,
            format!("found unknown rules `{}`", name.text),
            "no `rules` and no used file of this name",
        )
        .help(near.unwrap_or_else(otherwise)),
    );
}

fn too_much(available: &Available<'_>, problems: &mut Problems) {
    problems.report(
        Diagnostic::error(
            Code::TooMany,
            available.place,
            format!("found rules that come to more than {MAX_MIXED_BYTES} bytes in all tools together"),
            "too much from here on",
        )
        .help("write fewer rules, or write them into the tools that they are for"),
    );
}

/// One statement on its way into the tools of a policy.
struct Mixing<'m> {
    policy: &'m mut Policy,
    interfaces: &'m Interfaces,
    problems: &'m mut Problems,
}

impl Mixing<'_> {
    fn statement(&mut self, entry: &Entry, statement: &Statement) {
        let actions = match statement {
            Statement::Deny { actions: None, .. } => return self.everywhere(entry),
            Statement::Deny { actions: Some(actions), .. }
            | Statement::Allow { actions, .. }
            | Statement::Require { actions, .. }
            | Statement::Approval { actions, .. }
            | Statement::Limit { actions, .. } => actions,
            Statement::Separate { .. } | Statement::Before { .. } => return self.between(entry, statement),
        };
        let mut placed: BTreeSet<usize> = BTreeSet::new();
        for binding in bindings(self.policy) {
            let had: Vec<usize> = (0..actions.len())
                .filter(|index| actions.get(*index).is_some_and(|one| has(binding, one, self.interfaces)))
                .collect();
            if had.is_empty() {
                continue;
            }
            let kept = actions.iter().enumerate().filter(|(index, _)| had.contains(index));
            let kept = with_actions(statement, kept.map(|(_, one)| one.clone()).collect());
            binding.entries.push(Entry { kind: EntryKind::Statement(kept), ..entry.clone() });
            placed.extend(had);
        }
        for (index, action) in actions.iter().enumerate() {
            if !placed.contains(&index) {
                self.nowhere(action);
            }
        }
    }

    /// `deny any`: of every tool.
    fn everywhere(&mut self, entry: &Entry) {
        bindings(self.policy).for_each(|binding| binding.entries.push(entry.clone()));
    }

    /// `separate` and `before` stand in the policy where they name tools, else in each tool that has
    /// all of their actions.
    fn between(&mut self, entry: &Entry, statement: &Statement) {
        let actions: Vec<&ActionRef> = match statement {
            Statement::Separate { first, second } => first.0.iter().chain(&second.0).collect(),
            Statement::Before { later, earlier, .. } => vec![later, earlier],
            Statement::Allow { .. }
            | Statement::Deny { .. }
            | Statement::Require { .. }
            | Statement::Approval { .. }
            | Statement::Limit { .. } => return,
        };
        if actions.iter().any(|action| action.tool.is_some()) {
            return self.policy.entries.push(entry.clone());
        }
        let mut placed = false;
        for binding in bindings(self.policy) {
            if actions.iter().all(|action| has(binding, action, self.interfaces)) {
                binding.entries.push(entry.clone());
                placed = true;
            }
        }
        if let (false, Some(first)) = (placed, actions.first()) {
            self.nowhere(first);
        }
    }

    /// Reports an action that no tool of the policy has, unless a tool is not known, which is reported
    /// elsewhere.
    fn nowhere(&mut self, action: &ActionRef) {
        let interfaces = self.interfaces;
        let bound: Vec<&str> = bindings(self.policy).map(|binding| binding.tool.text.as_str()).collect();
        if bound.iter().any(|tool| !interfaces.contains_key(*tool)) {
            return;
        }
        let known = bound.iter().filter_map(|tool| interfaces.get(*tool)).flatten().map(String::as_str);
        let near = self.problems.nearest(&action.action.text, known);
        self.problems.report(
            Diagnostic::error(
                Code::UnknownAction,
                action.loc.0,
                format!("found action `{}`, which no tool of the policy has", action.action.text),
                "speaks of nothing",
            )
            .help(near.unwrap_or_else(|| "remove it, or bind the tool that has it".to_owned())),
        );
    }
}

fn bindings(policy: &mut Policy) -> impl Iterator<Item = &mut Binding> {
    policy.entries.iter_mut().filter_map(|entry| match &mut entry.kind {
        EntryKind::Tool(binding) => Some(binding),
        EntryKind::Param { .. }
        | EntryKind::Let { .. }
        | EntryKind::With(_)
        | EntryKind::Test(_)
        | EntryKind::Statement(_)
        | EntryKind::Settings(_) => None,
    })
}

/// Whether a tool has an action; `tool.action` is that tool's alone.
fn has(binding: &Binding, action: &ActionRef, interfaces: &Interfaces) -> bool {
    let name = binding.alias.as_ref().unwrap_or(&binding.tool);
    action.tool.as_ref().is_none_or(|tool| tool.text == name.text)
        && interfaces.get(&binding.tool.text).is_some_and(|actions| actions.contains(&action.action.text))
}

/// The statement, of these actions.
fn with_actions(statement: &Statement, kept: Vec<ActionRef>) -> Statement {
    let mut statement = statement.clone();
    match &mut statement {
        Statement::Deny { actions, .. } => *actions = Some(kept),
        Statement::Allow { actions, .. }
        | Statement::Require { actions, .. }
        | Statement::Approval { actions, .. }
        | Statement::Limit { actions, .. } => *actions = kept,
        Statement::Separate { .. } | Statement::Before { .. } => {}
    }
    statement
}
