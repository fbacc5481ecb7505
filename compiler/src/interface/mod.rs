//! Tool interfaces: from the tree to [`wpc_model::Interface`].
//!
//! An interface is read part by part in dependency order (records' names, types, classes, then
//! what uses them). A part with a problem is left out and its name remembered, so that what
//! refers to it is not reported as unknown too.

mod action;
mod class;
mod constraint;
mod field;
mod record;
mod returned;
mod template;

use std::collections::{BTreeMap, BTreeSet};

use wpc_grammar::Span;
use wpc_grammar::syntax::{self, Doc, Ident, PartKind};
use wpc_model::{Action, Interface, MAX_PARTS, Type};

use crate::compiled::Whole;
use crate::{Code, Diagnostic, Problems, bounds};

/// An interface as policies see it while they are checked.
#[derive(Debug)]
pub(crate) struct Known {
    /// The interface and its docs.
    pub(crate) whole: Whole,
    /// Where each part stands, by its path in the docs; empty for shipped interfaces, whose text
    /// is not the user's.
    places: BTreeMap<String, Span>,
    /// Names whose declaration has a problem.
    broken: BTreeSet<String>,
}

impl Known {
    /// Its parts.
    pub(crate) fn interface(&self) -> &Interface {
        &self.whole.interface
    }

    /// Where the part of a path stands, if it stands in this source.
    pub(crate) fn place(&self, path: &str) -> Option<Span> {
        self.places.get(path).copied()
    }

    /// Whether `name` has a declaration with a problem, so that not knowing it is no news.
    pub(crate) fn is_broken(&self, name: &str) -> bool {
        self.broken.contains(name)
    }

    /// The names by which conditions can read a call of `action`: its arguments, and the fields
    /// of its batch's record.
    pub(crate) fn readable<'a>(&'a self, action: &'a Action) -> impl Iterator<Item = &'a str> {
        let of_batch = action.batch().and_then(|(_, record)| self.interface().records.get(record));
        let fields = of_batch.into_iter().flat_map(|record| record.fields.keys());
        action.arguments.keys().chain(fields).map(String::as_str)
    }
}

/// Reads an interface and reports everything that is wrong with it.
pub(crate) fn build(
    written: &syntax::Interface,
    docs: &[Doc],
    shipped: bool,
    problems: &mut Problems,
) -> Known {
    let mut records: BTreeSet<&str> = BTreeSet::new();
    for part in &written.parts {
        if let PartKind::Record { name, .. } = &part.kind {
            records.insert(&name.text);
        }
    }
    let mut builder = Builder {
        interface: Interface {
            name: written.name.text.clone(),
            scope: None,
            kinds: BTreeMap::new(),
            records: BTreeMap::new(),
            classes: BTreeMap::new(),
            actions: BTreeMap::new(),
            constraints: BTreeMap::new(),
        },
        records,
        docs: BTreeMap::from([(String::new(), lines(docs))]),
        places: BTreeMap::from([(String::new(), written.name.loc.0)]),
        names: BTreeMap::new(),
        class_names: BTreeMap::new(),
        constraint_names: BTreeMap::new(),
        wires: BTreeMap::new(),
        broken: BTreeSet::new(),
        problems,
    };
    builder.parts(written);
    let Builder { interface, docs, mut places, broken, .. } = builder;
    if shipped {
        places.clear();
    }
    Known { whole: Whole { interface, shipped, docs }, places, broken }
}

/// The lines of a documentation comment.
pub(crate) fn lines(docs: &[Doc]) -> Vec<String> {
    docs.iter().map(|doc| doc.text.clone()).collect()
}

/// An interface under construction.
struct Builder<'a> {
    interface: Interface,
    /// The names of all records, read or not yet.
    records: BTreeSet<&'a str>,
    docs: BTreeMap<String, Vec<String>>,
    places: BTreeMap<String, Span>,
    /// Scope, kinds, records and actions share one namespace, so that a name in a message or in
    /// the docs means one thing.
    names: BTreeMap<&'a str, Span>,
    class_names: BTreeMap<&'a str, Span>,
    /// Constraints are the artifact's names, not the language's.
    constraint_names: BTreeMap<&'a str, Span>,
    /// Names on the wire.
    wires: BTreeMap<&'a str, Span>,
    broken: BTreeSet<String>,
    problems: &'a mut Problems,
}

impl<'a> Builder<'a> {
    fn parts(&mut self, written: &'a syntax::Interface) {
        bounds::name(&written.name, self.problems);
        self.count(written);
        self.name(written);
        // Scope first: templates may name it. Then what actions refer to, and constraints last.
        let rank = |kind: &PartKind| match kind {
            PartKind::Scope(_) => 0,
            PartKind::Record { .. } => 1,
            PartKind::Resource(_) | PartKind::Class { .. } => 2,
            PartKind::Action(_) => 3,
            PartKind::Constraint { .. } => 4,
        };
        let mut ordered: Vec<_> = written.parts.iter().collect();
        ordered.sort_by_key(|part| rank(&part.kind));
        for part in &ordered {
            match &part.kind {
                PartKind::Scope(template) => self.scope(template),
                PartKind::Record { name, fields } => self.record(name, fields),
                PartKind::Resource(template) => self.kind(template),
                PartKind::Class { name, duties } => self.class(name, duties),
                PartKind::Action(action) => self.action(action),
                PartKind::Constraint { name, what } => self.constraint(name, what),
            }
        }
        self.refuse_recursion(written);
    }

    /// Refuses more parts of one sort than an artifact can hold.
    fn count(&mut self, written: &syntax::Interface) {
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for part in &written.parts {
            let (things, count) = match &part.kind {
                PartKind::Scope(_) => continue,
                PartKind::Resource(_) => ("resource kinds", 1),
                PartKind::Record { .. } => ("records", 1),
                PartKind::Class { .. } => ("classes", 1),
                PartKind::Constraint { .. } => ("constraints", 1),
                PartKind::Action(action) => ("actions", action.names.len()),
            };
            *found.entry(things).or_default() += count;
        }
        for (things, found) in found {
            bounds::few(found, MAX_PARTS, things, written.name.loc.0, self.problems);
        }
    }

    /// Gives names to parts in source order, or reports who has them.
    fn name(&mut self, written: &'a syntax::Interface) {
        for part in &written.parts {
            match &part.kind {
                PartKind::Scope(template) | PartKind::Resource(template) => {
                    self.take(&template.name, &part.docs)
                }
                PartKind::Record { name, .. } => self.take(name, &part.docs),
                PartKind::Action(action) => {
                    action.names.iter().for_each(|(name, _)| self.take(name, &part.docs))
                }
                PartKind::Class { .. } | PartKind::Constraint { .. } => {}
            }
        }
    }

    fn take(&mut self, name: &'a Ident, docs: &[Doc]) {
        bounds::name(name, self.problems);
        if let Some(first) = self.names.get(name.text.as_str()) {
            return self.problems.report(
                Diagnostic::error(
                    Code::RepeatedName,
                    name.loc.0,
                    format!("found `{}` twice in tool `{}`", name.text, self.interface.name),
                    "already taken",
                )
                .also(*first, "first used here")
                .help("give each scope, kind, record and action a name of its own"),
            );
        }
        self.names.insert(&name.text, name.loc.0);
        self.describe(name.text.clone(), name.loc.0, docs);
    }

    /// Whether it was this part that got the name.
    fn has(&self, name: &Ident) -> bool {
        self.names.get(name.text.as_str()) == Some(&name.loc.0)
    }

    fn describe(&mut self, path: String, place: Span, docs: &[Doc]) {
        if !docs.is_empty() {
            self.docs.insert(path.clone(), lines(docs));
        }
        self.places.insert(path, place);
    }
}

/// Names that mean something beside arguments: `limit calls`, `clock.time`, `per job`.
const RESERVED: &[&str] =
    &["calls", "clock", "concurrent", "job", "agent", "resource", "second", "minute", "hour", "day", "week"];

/// Whether values of `ty` can be summed by a limit; a batch counts its elements.
pub(crate) fn is_countable(ty: &Type) -> bool {
    matches!(ty, Type::Count | Type::Bytes | Type::Money { .. } | Type::Batch(_))
}
