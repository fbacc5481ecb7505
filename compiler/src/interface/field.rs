//! Arguments of actions and fields of records.

use std::collections::{BTreeMap, BTreeSet};

use wpc_grammar::syntax;
use wpc_model::{Field, MAX_PARTS, Type};

use super::{Builder, RESERVED};
use crate::words::describe;
use crate::{Code, Diagnostic, bounds, ty};

/// What may stand after an argument's type.
const MARKS: &[&str] = &["measured", "sealed", "must_state"];

/// Where a field stands.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Of {
    Action,
    Record,
}

impl<'a> Builder<'a> {
    /// Reads fields under `path`; those with problems are left out and remembered as broken.
    pub(super) fn fields(
        &mut self,
        written: &'a [syntax::Field],
        path: &str,
        of: Of,
    ) -> BTreeMap<String, Field> {
        self.each(written, &format!("`{path}`"), |builder, field| {
            builder.describe(format!("{path}.{}", field.name.text), field.name.loc.0, &field.docs);
            builder.field(field, of)
        })
    }

    /// Reads the fields of `whose` with `read`, each name once; those with problems are left out and
    /// remembered as broken.
    pub(super) fn each<T>(
        &mut self,
        written: &'a [syntax::Field],
        whose: &str,
        mut read: impl FnMut(&mut Self, &'a syntax::Field) -> Option<T>,
    ) -> BTreeMap<String, T> {
        let mut fields = BTreeMap::new();
        let mut seen = BTreeMap::new();
        if let Some(first) = written.first() {
            bounds::few(written.len(), MAX_PARTS, "fields", first.name.loc.0, self.problems);
        }
        for field in written {
            let name = &field.name;
            bounds::name(name, self.problems);
            if let Some(first) = seen.insert(name.text.as_str(), name.loc.0) {
                self.problems.report(
                    Diagnostic::error(
                        Code::RepeatedName,
                        name.loc.0,
                        format!("found `{}` twice in {whose}", name.text),
                        "already taken",
                    )
                    .also(first, "first used here"),
                );
                continue;
            }
            match read(self, field) {
                Some(read) => drop(fields.insert(name.text.clone(), read)),
                None => drop(self.broken.insert(name.text.clone())),
            }
        }
        fields
    }

    fn field(&mut self, field: &syntax::Field, of: Of) -> Option<Field> {
        let before = self.problems.count();
        let name = &field.name;
        if RESERVED.contains(&name.text.as_str()) {
            self.problems.report(
                Diagnostic::error(
                    Code::RepeatedName,
                    name.loc.0,
                    format!("found `{}`, which means something else in policies", name.text),
                    "reserved",
                )
                .help("choose another name, and give the tool's own as an action's wire name if need be"),
            );
        }
        let marks = self.marks(field);
        let ty = ty::read(&field.ty, &self.records, self.problems)?;
        let mut unfit = |span, message: String, help: &str| {
            let label = "cannot be so";
            self.problems.report(Diagnostic::error(Code::UnfitArgument, span, message, label).help(help));
        };
        let sealed = marks.contains("sealed");
        if matches!(ty, Type::Batch(_)) {
            if of == Of::Record {
                let message =
                    format!("found a batch as field `{}`, expected one only as an argument", name.text);
                unfit(field.ty.loc.0, message, "use `list<…>` in records");
            } else if field.ty.optional || !marks.is_empty() {
                let message = format!("found batch `{}` with `?` or a mark, expected it plain", name.text);
                unfit(field.loc.0, message, "mark the fields of its record instead");
            }
        }
        if marks.contains("must_state") && !can_be_fixed(&ty) {
            let message = format!(
                "found `must_state` on `{}`, a `{}`, which no `==` can fix",
                name.text,
                describe(&ty)
            );
            unfit(field.loc.0, message, "use it on single values that conditions can compare");
        }
        if sealed && marks.contains("must_state") {
            let message = format!("found `{}` both `sealed` and `must_state`", name.text);
            unfit(field.loc.0, message, "choose one: what is sealed is never compared");
        }
        (self.problems.count() == before).then(|| Field {
            ty,
            optional: field.ty.optional,
            measured: marks.contains("measured"),
            sealed,
            must_state: marks.contains("must_state"),
        })
    }

    fn marks<'f>(&mut self, field: &'f syntax::Field) -> BTreeSet<&'f str> {
        let mut marks = BTreeSet::new();
        for mark in &field.marks {
            let text = mark.text.as_str();
            if text == "trusted" {
                self.problems.report(
                    Diagnostic::error(
                        Code::UnknownMark,
                        mark.loc.0,
                        "found `trusted` on what a call is given",
                        "a mark of results",
                    )
                    .help("remove it: only a field of a `result` is trusted or not"),
                );
            } else if !MARKS.contains(&text) {
                let near = self.problems.nearest(text, MARKS.iter().copied());
                self.problems.report(
                    Diagnostic::error(
                        Code::UnknownMark,
                        mark.loc.0,
                        format!("found unknown mark `{text}`"),
                        "no such mark",
                    )
                    .help(
                        near.unwrap_or_else(|| {
                            format!("use {}", crate::words::one_of(MARKS.iter().copied()))
                        }),
                    ),
                );
            } else if !marks.insert(text) {
                self.problems.report(Diagnostic::error(
                    Code::RepeatedSetting,
                    mark.loc.0,
                    format!("found `{text}` twice"),
                    "repeated",
                ));
            }
        }
        marks
    }
}

/// Whether a policy can write `==` and a constant of this type.
fn can_be_fixed(ty: &Type) -> bool {
    *ty == Type::Bool || ty.is_integer() || ty.is_text()
}
