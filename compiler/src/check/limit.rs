//! What a limit counts, and up to how much.

use std::sync::Arc;

use wpc_grammar::syntax::{Ident, Value as Written};
use wpc_model::{Action, Field, Measure, Type, Value};

use super::Checker;
use super::condition::Spoken;
use crate::interface::{Known, is_countable};
use crate::value::Reader;
use crate::words::describe;
use crate::{Code, Diagnostic};

impl<'a> Checker<'_, 'a, '_> {
    /// What a limit counts and the type of its bound.
    pub(super) fn measure(
        &mut self,
        measure: &Ident,
        actions: &Spoken<'_>,
        known: &Known,
    ) -> Option<(Measure, Type)> {
        if measure.text == "calls" {
            return Some((Measure::Calls, Type::Count));
        }
        let mut agreed: Option<(Type, &Arc<str>)> = None;
        for (name, action) in actions {
            let ty = self.counted(measure, name, action, known)?;
            match &agreed {
                None => agreed = Some((ty, name)),
                Some((first, _)) if *first == ty => {}
                Some((first, of)) => {
                    self.problems.report(
                        Diagnostic::error(
                            Code::UnfitMeasure,
                            measure.loc.0,
                            format!(
                                "found `{}`, a `{}` of `{of}` and a `{}` of `{name}`",
                                measure.text,
                                describe(first),
                                describe(&ty)
                            ),
                            "two things in one sum",
                        )
                        .help("write one limit for each action"),
                    );
                    return None;
                }
            }
        }
        agreed.map(|(ty, _)| (Measure::Argument(measure.text.clone()), ty))
    }

    /// The type in which an argument of `action` is summed.
    fn counted(&mut self, measure: &Ident, name: &str, action: &Action, known: &Known) -> Option<Type> {
        let of_batch = action.batch().and_then(|(_, record)| known.interface().records.get(record));
        let field = action
            .arguments
            .get(&measure.text)
            .or_else(|| of_batch.and_then(|record| record.fields.get(&measure.text)));
        let Some(Field { ty, optional, sealed, .. }) = field else {
            if !known.is_broken(&measure.text) {
                let countable = known.readable(action).chain(["calls"]);
                let near = self.problems.nearest(&measure.text, countable);
                let unknown = Diagnostic::error(
                    Code::UnknownArgument,
                    measure.loc.0,
                    format!("found a limit on `{}`, which `{name}` does not have", measure.text),
                    format!("`{name}` has no such argument"),
                );
                let unknown = unknown.also_at(known.place(name), format!("`{name}` is declared here"));
                self.problems
                    .report(unknown.help(near.unwrap_or_else(|| "count `calls`, or an argument".to_owned())));
            }
            return None;
        };
        let quality = if *sealed { "sealed " } else { "" };
        if *sealed || !is_countable(ty) {
            self.problems.report(
                Diagnostic::error(
                    Code::UnfitMeasure,
                    measure.loc.0,
                    format!("found a limit on `{}`, a {quality}`{}`", measure.text, describe(ty)),
                    "cannot be summed",
                )
                .help("limit `calls`, or a count, bytes or money argument"),
            );
            return None;
        }
        if *optional {
            self.problems.report(
                Diagnostic::error(
                    Code::OptionalMeasure,
                    measure.loc.0,
                    format!("found a limit on `{}`, which a call of `{name}` may leave out", measure.text),
                    "may be absent",
                )
                .help(format!("add `require {name} {{ {} is present }}` and limit `calls`", measure.text)),
            );
            return None;
        }
        Some(if matches!(ty, Type::Batch(_)) { Type::Count } else { ty.clone() })
    }

    /// The greatest sum, at least 1.
    pub(super) fn bound(&mut self, max: &'a Written, ty: &Type) -> Option<i64> {
        let read = Reader::new(self.names, self.problems).constant(max, ty)?;
        let Value::Int(number) = read else { return None };
        if number < 1 {
            self.problems.report(
                Diagnostic::error(
                    Code::ZeroLimit,
                    max.loc().0,
                    "found a limit that admits nothing",
                    "less than one",
                )
                .help("write a `deny` if nothing may go ahead"),
            );
            return None;
        }
        Some(number)
    }
}
