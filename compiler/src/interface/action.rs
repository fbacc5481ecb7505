//! Actions.

use std::collections::BTreeMap;

use wpc_grammar::syntax::{self, Ident};
use wpc_model::{Action, Field, Preposition, Type};

use super::Builder;
use super::field::Of;
use crate::{Code, Diagnostic};

/// Longest name of an action on the wire, in bytes.
const MAX_WIRE_BYTES: usize = 256;

impl<'a> Builder<'a> {
    pub(super) fn action(&mut self, written: &'a syntax::Action) {
        let before = self.problems.count();
        let preposition = written.preposition.as_ref().and_then(|word| Preposition::from_word(&word.text));
        let kinds = self.listed(&written.kinds, Code::UnknownKind, "resource kind", |builder| {
            builder.interface.kinds.keys().cloned().collect()
        });
        let classes = self.listed(&written.classes, Code::UnknownMark, "class", |builder| {
            builder.interface.classes.keys().cloned().collect()
        });
        if self.problems.count() > before {
            self.broken.extend(written.names.iter().map(|(name, _)| name.text.clone()));
        }
        let Some((first, _)) = written.names.first() else { return };
        let arguments = self.fields(&written.arguments, &first.text, Of::Action);
        self.batch(written, &arguments);
        let results = self.results(written.result.as_deref().unwrap_or_default(), &first.text);
        for (name, wire) in &written.names {
            if !self.has(name) {
                continue;
            }
            if name.text != first.text {
                for field in &written.arguments {
                    self.describe(
                        format!("{}.{}", name.text, field.name.text),
                        field.name.loc.0,
                        &field.docs,
                    );
                }
            }
            if let Some(wire) = wire
                && (wire.value.is_empty()
                    || wire.value.len() > MAX_WIRE_BYTES
                    || wire.value.chars().any(char::is_control))
            {
                self.problems.report(
                    Diagnostic::error(
                        Code::InvalidName,
                        wire.loc.0,
                        format!("found a name on the wire that is empty, longer than {MAX_WIRE_BYTES} bytes, or not plain text"),
                        "not a valid name",
                    )
                    .help("write the name that the tool itself uses"),
                );
            }
            let on_wire = wire
                .as_ref()
                .map_or((name.text.as_str(), name.loc.0), |wire| (wire.value.as_str(), wire.loc.0));
            if let Some(first) = self.wires.insert(on_wire.0, on_wire.1) {
                self.problems.report(
                    Diagnostic::error(
                        Code::RepeatedName,
                        on_wire.1,
                        format!("found two actions called `{}` on the wire", on_wire.0),
                        "already taken",
                    )
                    .also(first, "first used here"),
                );
            }
            let action = Action {
                wire: wire.as_ref().map(|wire| wire.value.clone()),
                preposition,
                kinds: kinds.clone(),
                classes: classes.clone(),
                arguments: arguments.clone(),
                results: results.clone(),
            };
            self.interface.actions.insert(name.text.clone(), action);
        }
    }

    /// Names of kinds or classes: known, each once, sorted.
    fn listed(
        &mut self,
        names: &'a [Ident],
        code: Code,
        what: &str,
        known: impl Fn(&Self) -> Vec<String>,
    ) -> Vec<String> {
        let known = known(self);
        let mut found = BTreeMap::new();
        for name in names {
            if known.binary_search(&name.text).is_err() {
                if self.broken.contains(&name.text) {
                    // Whoever names it is silently right.
                    found.insert(name.text.clone(), name.loc.0);
                    continue;
                }
                let near = self.problems.nearest(&name.text, known.iter().map(String::as_str));
                let unknown = Diagnostic::error(
                    code,
                    name.loc.0,
                    format!("found unknown {what} `{}`", name.text),
                    format!("tool `{}` has no such {what}", self.interface.name),
                );
                let otherwise = || match known.as_slice() {
                    [] => format!("declare the {what}"),
                    known => {
                        format!(
                            "declare it, or use {}",
                            crate::words::one_of(known.iter().map(String::as_str))
                        )
                    }
                };
                self.problems.report(unknown.help(near.unwrap_or_else(otherwise)));
            } else if let Some(first) = found.insert(name.text.clone(), name.loc.0) {
                self.problems.report(
                    Diagnostic::error(
                        Code::RepeatedName,
                        name.loc.0,
                        format!("found {what} `{}` twice", name.text),
                        "repeated",
                    )
                    .also(first, "first written here"),
                );
            }
        }
        found.into_keys().collect()
    }

    /// At most one batch, whose fields have names of their own: conditions speak of both by
    /// their bare names.
    fn batch(&mut self, written: &'a syntax::Action, arguments: &BTreeMap<String, Field>) {
        let place = |name: &str| {
            written.arguments.iter().find(|field| field.name.text == name).map(|field| field.name.loc.0)
        };
        let mut batches = arguments.iter().filter_map(|(name, field)| {
            if let Type::Batch(record) = &field.ty { Some((name.as_str(), record.as_str())) } else { None }
        });
        let Some((first, record)) = batches.next() else { return };
        if let Some((second, _)) = batches.next() {
            let diagnostic = Diagnostic::error(
                Code::UnfitArgument,
                place(second).unwrap_or_default(),
                format!("found a second batch, `{second}`, expected one at most"),
                "an action has one batch",
            );
            self.problems.report(
                diagnostic.also_at(place(first), "the first one").help("use `list<…>` for the other"),
            );
        }
        let fields =
            self.interface.records.get(record).map(|record| record.fields.keys()).into_iter().flatten();
        let hidden: Vec<String> = fields.filter(|field| arguments.contains_key(*field)).cloned().collect();
        for name in hidden {
            let field = self.places.get(&format!("{record}.{name}")).copied();
            self.problems.report(
                Diagnostic::error(
                    Code::UnfitArgument,
                    place(&name).unwrap_or_default(),
                    format!("found argument `{name}`, which hides a field of the batch's record `{record}`"),
                    "conditions could mean either",
                )
                .also_at(field, "the field")
                .help("rename one of them"),
            );
        }
    }
}
