//! What an action returns.

use std::collections::BTreeMap;

use wpc_grammar::syntax;
use wpc_model::{Returned, Type};

use super::Builder;
use crate::{Code, Diagnostic, ty};

impl<'a> Builder<'a> {
    /// Reads the fields of a `result` block; those with problems are left out and remembered as
    /// broken.
    pub(super) fn results(&mut self, written: &'a [syntax::Field], path: &str) -> BTreeMap<String, Returned> {
        self.each(written, &format!("the result of `{path}`"), Self::returned)
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
