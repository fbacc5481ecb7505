//! What an action returns.

use std::collections::BTreeMap;

use wpc_grammar::syntax;
use wpc_model::{MAX_PARTS, Returned, Type};

use super::Builder;
use crate::{Code, Diagnostic, bounds, ty};

impl<'a> Builder<'a> {
    /// Reads the fields of a `result` block; those with problems are left out and remembered as
    /// broken.
    pub(super) fn results(&mut self, written: &'a [syntax::Field], path: &str) -> BTreeMap<String, Returned> {
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
                        format!("found `{}` twice in the result of `{path}`", name.text),
                        "already taken",
                    )
                    .also(first, "first used here"),
                );
                continue;
            }
            match self.returned(field) {
                Some(read) => drop(fields.insert(name.text.clone(), read)),
                None => drop(self.broken.insert(name.text.clone())),
            }
        }
        fields
    }

    fn returned(&mut self, field: &syntax::Field) -> Option<Returned> {
        let before = self.problems.count();
        let mut trusted = false;
        for mark in &field.marks {
            if mark.text != "trusted" {
                self.problems.report(
                    Diagnostic::error(
                        Code::UnknownMark,
                        mark.loc.0,
                        format!("found mark `{}` on a field of a result, expected `trusted`", mark.text),
                        "not a mark of results",
                    )
                    .help("remove it, or write `trusted` if later arguments may come from this field"),
                );
            } else if trusted {
                let message = "found `trusted` twice";
                self.problems.report(
                    Diagnostic::error(Code::RepeatedSetting, mark.loc.0, message, "repeated")
                        .help("remove one of them"),
                );
            }
            trusted = true;
        }
        let ty = ty::read(&field.ty, &self.records, self.problems)?;
        if matches!(ty, Type::Batch(_)) {
            let message =
                format!("found a batch as result `{}`, expected one only as an argument", field.name.text);
            self.problems.report(
                Diagnostic::error(Code::UnfitArgument, field.ty.loc.0, message, "cannot be so")
                    .help("use `list<…>` in results"),
            );
        }
        (self.problems.count() == before).then_some(Returned { ty, optional: field.ty.optional, trusted })
    }
}
