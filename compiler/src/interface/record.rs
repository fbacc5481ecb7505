//! Records.

use std::collections::BTreeMap;

use wpc_grammar::Span;
use wpc_grammar::syntax::{self, Ident, PartKind};
use wpc_model::{Record, Type};

use super::Builder;
use super::field::Of;
use crate::{Code, Diagnostic, shape, ty};

impl<'a> Builder<'a> {
    pub(super) fn record(&mut self, name: &'a Ident, fields: &'a [syntax::Field]) {
        if ty::is_builtin(&name.text) {
            return self.problems.report(
                Diagnostic::error(
                    Code::RepeatedName,
                    name.loc.0,
                    format!("found record `{}`, which is the name of a type", name.text),
                    "hides a type",
                )
                .help("give the record another name"),
            );
        }
        if !self.has(name) {
            return;
        }
        let fields = self.fields(fields, &name.text, Of::Record);
        self.interface.records.insert(name.text.clone(), Record { fields });
    }

    /// Refuses records that contain themselves, however far down, and those that hold so much that
    /// a value of them could not be looked at.
    pub(super) fn refuse_recursion(&mut self, written: &syntax::Interface) {
        let mut places: BTreeMap<&str, Span> = BTreeMap::new();
        for part in &written.parts {
            if let PartKind::Record { name, .. } = &part.kind {
                places.insert(&name.text, name.loc.0);
            }
        }
        for (name, excess) in excessive(&self.interface.records) {
            let Some(place) = places.get(name.as_str()) else { continue };
            let (message, label) = match excess {
                Excess::Circle => (format!("found record `{name}` inside itself"), "never ends"),
                Excess::Depth => (
                    format!("found record `{name}`, with more than {MAX_DEPTH} records inside one another"),
                    "too deep",
                ),
                Excess::Fields => (
                    format!("found record `{name}`, with more than {MAX_FIELDS} fields, inner ones included"),
                    "too large",
                ),
            };
            self.problems.report(
                Diagnostic::error(Code::RecursiveRecord, *place, message, label)
                    .help("use `json` for the inner part"),
            );
        }
    }
}

/// Most records inside one another.
const MAX_DEPTH: usize = 16;
/// Most fields of a record, those of the records inside it included.
const MAX_FIELDS: usize = 4_096;

/// Why a record is refused.
enum Excess {
    Circle,
    Depth,
    Fields,
}

/// What is known of a record during the search.
#[derive(Clone, Copy)]
enum State {
    /// Being looked at: meeting it again closes a circle.
    Inside,
    /// Ends after so many levels, with so many fields.
    Ends { depth: usize, fields: usize },
}

/// The records that are refused, each for its first reason. An explicit stack keeps a hostile chain
/// of records off the thread's.
fn excessive(records: &BTreeMap<String, Record>) -> Vec<(String, Excess)> {
    let mut states: BTreeMap<&str, State> = BTreeMap::new();
    let mut found = Vec::new();
    for name in records.keys() {
        let mut stack: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut next = Some(name.as_str()).filter(|name| !states.contains_key(name));
        loop {
            if let Some(name) = next.take() {
                states.insert(name, State::Inside);
                stack.push((name, inner(records, name)));
            }
            let Some((name, rest)) = stack.last_mut() else { break };
            let Some(inside) = rest.pop() else {
                let (state, excess) = measured(records, name, &states);
                states.insert(name, state);
                found.extend(excess.map(|excess| ((*name).to_owned(), excess)));
                stack.pop();
                continue;
            };
            match states.get(inside) {
                None => next = Some(inside),
                Some(State::Inside) => found.push((inside.to_owned(), Excess::Circle)),
                Some(State::Ends { .. }) => {}
            }
        }
    }
    found
}

/// Depth and fields of a record whose inner records are settled. One that is refused counts as
/// empty in those around it.
fn measured<'r>(
    records: &'r BTreeMap<String, Record>,
    name: &str,
    states: &BTreeMap<&'r str, State>,
) -> (State, Option<Excess>) {
    let own = records.get(name).map_or(0, |record| record.fields.len());
    let inside = inner(records, name).into_iter().filter_map(|inside| match states.get(inside) {
        Some(State::Ends { depth, fields }) => Some((*depth, *fields)),
        Some(State::Inside) | None => None,
    });
    let (depth, fields) = inside.fold((0, own), |(depth, sum), (inner_depth, inner_fields)| {
        (depth.max(inner_depth), sum.saturating_add(inner_fields))
    });
    let depth = depth.saturating_add(1);
    let excess = if depth > MAX_DEPTH {
        Some(Excess::Depth)
    } else if fields > MAX_FIELDS {
        Some(Excess::Fields)
    } else {
        None
    };
    let state =
        if excess.is_some() { State::Ends { depth: 0, fields: 0 } } else { State::Ends { depth, fields } };
    (state, excess)
}

/// The records in the fields of a record, one for each field.
fn inner<'r>(records: &'r BTreeMap<String, Record>, name: &str) -> Vec<&'r str> {
    let fields = records.get(name).into_iter().flat_map(|record| record.fields.values());
    fields.filter_map(|field| innermost(&field.ty)).collect()
}

fn innermost(ty: &Type) -> Option<&str> {
    let mut ty = ty;
    while let Some(inside) = shape::inside(ty) {
        ty = inside;
    }
    shape::record(ty)
}
