//! What a file takes from others and from its `rules`, put where it belongs: a tree in, a tree out.
//!
//! ```text
//! use "./crm.wpc" as crm   ─▶  tool crm { … }             the interface of that file
//! with base-duties         ─▶  its statements, in every tool of the policy that has their actions,
//!                              and its settings, in the policy
//! ```
//!
//! What is put somewhere keeps its place: a problem of it is shown in the file where it was written,
//! and [`Linked::explain`] adds the `with` that took it in. Later phases know nothing of files.

mod files;
mod locked;
mod mix;
mod path;

use std::borrow::Cow;
use std::collections::BTreeMap;

use wpc_grammar::Span;
use wpc_grammar::syntax::{EntryKind, File, Ident, Interface, Item, ItemKind, Policy, Rules, Use};

use crate::{Code, Diagnostic, Problems, bounds};

pub(crate) use files::Files;
pub use files::gather;

/// A file that stands for itself.
#[derive(Debug)]
pub(crate) struct Linked<'f> {
    /// Its tree, in which no `use` of a file is left that could be followed, no `rules` and no `with`.
    pub(crate) file: Cow<'f, File>,
    /// The aliases of used files, and whether rules of theirs are mixed in.
    pub(crate) uses: BTreeMap<String, bool>,
    /// Names that nothing uses.
    pub(crate) unused: Vec<(String, Span)>,
    /// The place of rules, and of the `with` that mixed them in.
    mixed: Vec<(Span, Span)>,
}

impl Linked<'_> {
    /// The places of rules, and of the `with`s that mixed them in.
    pub(crate) fn mixed(&self) -> Vec<(Span, Span)> {
        self.mixed.clone()
    }

    /// Adds to problems of mixed-in rules where they were mixed in.
    pub(crate) fn explain(&self, problems: &mut Problems) {
        for (rules, with) in &self.mixed {
            problems.explain(*rules, *with, "mixed in here");
        }
    }
}

/// Rules that `with` may name.
#[derive(Debug)]
struct Available<'f> {
    rules: &'f Rules,
    /// From the first to the last byte.
    whole: Span,
    /// Where the name is declared that they have here.
    place: Span,
    /// The alias of the file that they come from.
    alias: Option<&'f str>,
    mixed: bool,
}

/// Links the file at `path`.
pub(crate) fn link<'f>(files: &'f Files, path: &str, tree: &'f File, problems: &mut Problems) -> Linked<'f> {
    let mut linked =
        Linked { file: Cow::Borrowed(tree), uses: BTreeMap::new(), unused: Vec::new(), mixed: Vec::new() };
    if !tree.items.iter().any(needs_linking) {
        return linked;
    }
    let mut rules: BTreeMap<&str, Available<'f>> = BTreeMap::new();
    let mut unusable: Vec<&str> = Vec::new();
    let mut items = Vec::with_capacity(tree.items.len());
    for item in &tree.items {
        match &item.kind {
            ItemKind::Use(Use::File { path: written, alias }) => {
                let Some((_, used)) = files.find(path, written, problems) else {
                    // Names that are not known for this reason are not reported again.
                    items.push(item.clone());
                    unusable.push(&alias.text);
                    continue;
                };
                let (interface, duties) = (interface(used, alias), rules_of(used, alias));
                if interface.is_none() && duties.is_none() {
                    problems.report(holds_nothing(&written.value, alias));
                    items.push(item.clone());
                    unusable.push(&alias.text);
                    continue;
                }
                linked.uses.insert(alias.text.clone(), false);
                if let Some((whole, found)) = duties {
                    check(found, problems);
                    let place = alias.loc.0;
                    let available =
                        Available { rules: found, whole, place, alias: Some(&alias.text), mixed: false };
                    declare(&alias.text, available, &mut rules, problems);
                }
                if let Some((item, interface)) = interface {
                    let renamed = Interface { name: alias.clone(), parts: interface.parts.clone() };
                    items.push(Item { kind: ItemKind::Interface(renamed), ..item.clone() });
                } else {
                    linked.unused.push((alias.text.clone(), alias.loc.0));
                }
            }
            ItemKind::Rules(found) => {
                bounds::name(&found.name, problems);
                check(found, problems);
                let (whole, place) = (item.loc.0, found.name.loc.0);
                let available = Available { rules: found, whole, place, alias: None, mixed: false };
                declare(&found.name.text, available, &mut rules, problems);
                linked.unused.push((found.name.text.clone(), place));
            }
            ItemKind::Policy(_)
            | ItemKind::Use(Use::Shipped(_))
            | ItemKind::Interface(_)
            | ItemKind::Test(_) => {
                items.push(item.clone());
            }
        }
    }
    linked.mixed = mix::mix(&mut items, &mut rules, &unusable, problems);
    for (name, available) in rules.iter().filter(|(_, available)| available.mixed) {
        linked.unused.retain(|(unused, _)| unused != name);
        if let Some(alias) = available.alias {
            linked.uses.insert(alias.to_owned(), true);
        }
    }
    linked.file = Cow::Owned(File { items, ..tree.clone() });
    linked
}

fn needs_linking(item: &Item) -> bool {
    match &item.kind {
        ItemKind::Use(Use::File { .. }) | ItemKind::Rules(_) => true,
        ItemKind::Policy(Policy { entries, .. }) => {
            entries.iter().any(|entry| matches!(entry.kind, EntryKind::With(_)))
        }
        ItemKind::Use(Use::Shipped(_)) | ItemKind::Interface(_) | ItemKind::Test(_) => false,
    }
}

/// The interface of `used` that `alias` means: the one of that name, else the only one.
fn interface<'f>(used: &'f File, alias: &Ident) -> Option<(&'f Item, &'f Interface)> {
    let all = used.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Interface(interface) => Some((item, interface)),
        ItemKind::Use(_) | ItemKind::Policy(_) | ItemKind::Rules(_) | ItemKind::Test(_) => None,
    });
    named_or_only(all, |(_, interface)| &interface.name, alias)
}

/// The same of its rules.
fn rules_of<'f>(used: &'f File, alias: &Ident) -> Option<(Span, &'f Rules)> {
    let all = used.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Rules(rules) => Some((item.loc.0, rules)),
        ItemKind::Use(_) | ItemKind::Policy(_) | ItemKind::Interface(_) | ItemKind::Test(_) => None,
    });
    named_or_only(all, |(_, rules)| &rules.name, alias)
}

fn named_or_only<'f, T: Copy>(
    all: impl Iterator<Item = T> + Clone,
    name: impl Fn(&T) -> &'f Ident,
    alias: &Ident,
) -> Option<T> {
    let mut first = all.clone();
    let only = first.next().filter(|_| first.next().is_none());
    all.clone().find(|one| name(one).text == alias.text).or(only)
}

fn holds_nothing(written: &str, alias: &Ident) -> Diagnostic {
    Diagnostic::error(
        Code::UnusableFile,
        alias.loc.0,
        format!("found no interface and no rules in {written:?} that `{}` could mean", alias.text),
        "stands for nothing",
    )
    .help("name one as it is named there; another name will do where there is only one")
}

fn declare<'f>(
    name: &'f str,
    available: Available<'f>,
    rules: &mut BTreeMap<&'f str, Available<'f>>,
    problems: &mut Problems,
) {
    if let Some(first) = rules.get(name) {
        return problems.report(
            Diagnostic::error(
                Code::RepeatedName,
                available.place,
                format!("found rules `{name}` twice in this file"),
                "already there",
            )
            .also(first.place, "first here")
            .help("give them another name"),
        );
    }
    rules.insert(name, available);
}

/// Reports what rules cannot hold, whether they are mixed in or not.
fn check(rules: &Rules, problems: &mut Problems) {
    use wpc_grammar::syntax::Statement;
    for entry in &rules.entries {
        if matches!(entry.kind, EntryKind::Statement(Statement::Allow { .. })) {
            problems.report(
                Diagnostic::error(
                    Code::AllowInRules,
                    entry.loc.0,
                    "found an `allow` in `rules`, which hold duties alone",
                    "grants something",
                )
                .help("write it into the policies, where a reviewer looks for it"),
            );
        }
    }
}
