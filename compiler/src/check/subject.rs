//! What a condition looks at, and its type.

use wpc_grammar::Loc;
use wpc_grammar::syntax::{self, Path};
use wpc_model::{Action, Quantifier, Step, Subject, Type};

use super::Checker;
use crate::interface::Known;
use crate::words::{describe, one_of};
use crate::{Code, Diagnostic, shape};

/// A subject and what is known of its values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Typed {
    pub(super) subject: Subject,
    /// Of what is tested: of a member where the subject has a quantifier.
    pub(super) ty: Type,
    /// There in every call: nothing on the way is optional or the key of a map.
    pub(super) definite: bool,
    pub(super) sealed: bool,
    /// Sealed within what is sealed already: nobody reads it.
    pub(super) shut: bool,
    /// Whether it may be asked if it is there: not of a size, of a part, or of a list's member.
    pub(super) whole: bool,
}

impl Typed {
    /// Goes on to the members of the list or set that it is.
    fn enter(&mut self, quantifier: syntax::Quantifier, member: Type) {
        self.shut |= self.sealed && member == Type::Json;
        self.ty = member;
        self.definite = false;
        self.whole = false;
        self.subject.quantifier = Some(match quantifier {
            syntax::Quantifier::Each => Quantifier::Each,
            syntax::Quantifier::Some => Quantifier::Some,
        });
    }
}

impl<'a> Checker<'_, 'a, '_> {
    /// The subject that `path` means for an action; `others` says whether another action of the
    /// statement has such an argument. `None` means that a problem was reported.
    pub(super) fn subject(
        &mut self,
        path: &'a Path,
        quantifier: Option<(syntax::Quantifier, Loc)>,
        (name, action): (&str, &Action),
        others: bool,
        known: &Known,
    ) -> Option<Typed> {
        let head = &path.head;
        if head.text == "clock" {
            return self.of_clock(path, quantifier);
        }
        let of_batch = action.batch().and_then(|(_, record)| known.interface().records.get(record));
        let field = action
            .arguments
            .get(&head.text)
            .or_else(|| of_batch.and_then(|record| record.fields.get(&head.text)));
        let Some(field) = field else {
            if !known.is_broken(&head.text) {
                self.unknown_argument(path, (name, action), others, known);
            }
            return None;
        };
        let mut typed = Typed {
            subject: Subject::plain(&head.text),
            ty: field.ty.clone(),
            definite: !field.optional,
            sealed: field.sealed,
            shut: false,
            whole: true,
        };
        // The quantifier ranges over the first list on the path; the rest is read in each member.
        let mut waiting = quantifier;
        for step in &path.steps {
            if let (Some((quantifier, _)), Some(member)) = (waiting, typed.ty.member().cloned()) {
                typed.enter(quantifier, member);
                waiting = None;
            }
            self.step(step, &mut typed, known)?;
        }
        if let Some((quantifier, loc)) = waiting {
            let Some(member) = typed.ty.member().cloned() else {
                self.no_members(path, (quantifier, loc), &typed);
                return None;
            };
            typed.enter(quantifier, member);
        }
        Some(typed)
    }

    fn no_members(&mut self, path: &Path, (quantifier, loc): (syntax::Quantifier, Loc), typed: &Typed) {
        let word = quantifier.as_str();
        let unfit = Diagnostic::error(
            Code::UnfitCondition,
            loc.0.to(path.loc.0),
            format!(
                "found `{word}` on `{}`, a `{}`, expected a list or set",
                path.head.text,
                describe(&typed.ty)
            ),
            "has no members to look at",
        );
        self.problems.report(if matches!(typed.ty, Type::Batch(_)) {
            unfit.help("name a field of the batch's record alone: an allow must hold of every element")
        } else {
            unfit.help(format!("remove `{word}`"))
        });
    }

    /// `clock.time` or `clock.weekday`.
    fn of_clock(&mut self, path: &Path, quantifier: Option<(syntax::Quantifier, Loc)>) -> Option<Typed> {
        let steps = path.steps.iter().map(|step| match step {
            syntax::Step::Field(field) => Step::Field(field.text.clone()),
            syntax::Step::Key(key) => Step::Key(key.value.clone()),
        });
        let subject = Subject { steps: steps.collect(), ..Subject::plain(&path.head.text) };
        if let Some((_, loc)) = quantifier {
            self.problems.report(
                Diagnostic::error(
                    Code::UnfitCondition,
                    loc.0.to(path.loc.0),
                    "found a quantifier before the clock, expected `clock.time` or `clock.weekday` alone",
                    "has no members to look at",
                )
                .help("remove it"),
            );
            return None;
        }
        let Some(ty) = subject.clock_type() else {
            let written = path.steps.first().and_then(|step| match step {
                syntax::Step::Field(field) => Some(field.text.as_str()),
                syntax::Step::Key(_) => None,
            });
            let near = self.problems.nearest(written.unwrap_or_default(), ["time", "weekday"]);
            self.problems.report(
                Diagnostic::error(
                    Code::UnknownPart,
                    path.loc.0,
                    format!("found `{}`, expected `clock.time` or `clock.weekday`", subject.to_text()),
                    "no such part",
                )
                .help(near.unwrap_or_else(|| "use `clock.time` or `clock.weekday`, both in UTC".to_owned())),
            );
            return None;
        };
        Some(Typed { subject, ty: ty.clone(), definite: true, sealed: false, shut: false, whole: false })
    }

    fn step(&mut self, step: &'a syntax::Step, typed: &mut Typed, known: &Known) -> Option<()> {
        let field = match step {
            syntax::Step::Key(key) => {
                let Type::Map(member) = &typed.ty else {
                    let (subject, ty) = (typed.subject.to_text(), describe(&typed.ty));
                    let message = format!("found a key of `{subject}`, a `{ty}`, expected a map");
                    self.problems.report(
                        Diagnostic::error(Code::UnknownPart, key.loc.0, message, "has no keys")
                            .help("remove the key"),
                    );
                    return None;
                };
                typed.shut |= typed.sealed && **member == Type::Json;
                typed.ty = (**member).clone();
                typed.definite = false;
                typed.whole = true;
                typed.subject.steps.push(Step::Key(key.value.clone()));
                return Some(());
            }
            syntax::Step::Field(field) => field,
        };
        if let Type::Record(record) = &typed.ty {
            let fields = &known.interface().records.get(record)?.fields;
            let Some(found) = fields.get(&field.text) else {
                if !known.is_broken(&field.text) {
                    let fields: Vec<&str> = fields.keys().map(String::as_str).collect();
                    self.unknown_part(field, typed, &fields);
                }
                return None;
            };
            typed.definite &= !found.optional;
            typed.shut |= typed.sealed && (found.sealed || found.ty == Type::Json);
            typed.sealed |= found.sealed;
            typed.whole = true;
            typed.subject.steps.push(Step::Field(field.text.clone()));
            typed.ty = found.ty.clone();
            return Some(());
        }
        let sized = shape::inside(&typed.ty).is_some() || matches!(typed.ty, Type::Text | Type::Batch(_));
        if sized && field.text == "size" {
            typed.subject.steps.push(Step::Size);
            typed.ty = Type::Count;
            typed.whole = false;
            return Some(());
        }
        if let Some(part) = typed.ty.part(&field.text) {
            // A part that may be read in two ways is not known.
            typed.definite &= matches!(typed.ty, Type::Email) || field.text == "scheme";
            typed.subject.steps.push(Step::Field(field.text.clone()));
            typed.ty = part.clone();
            typed.whole = false;
            return Some(());
        }
        if let Type::Batch(record) = &typed.ty {
            let message = format!("found `.{}` of batch `{}`", field.text, typed.subject.name);
            let help = format!(
                "write `{}` alone: a condition on a field of `{record}` is about every element",
                field.text
            );
            self.problems.report(
                Diagnostic::error(Code::UnknownPart, field.loc.0, message, "speaks of one element")
                    .help(help),
            );
        } else if typed.ty.member().is_some_and(|member| reaches(member, &field.text, known)) {
            let message = format!("found `.{}` of `{}`, a list of many", field.text, typed.subject.to_text());
            self.problems.report(
                Diagnostic::error(Code::UnknownPart, field.loc.0, message, "speaks of one member")
                    .help("write `each` or `some` before the path"),
            );
        } else {
            let parts: Vec<&str> =
                sized.then_some("size").into_iter().chain(typed.ty.parts().iter().copied()).collect();
            self.unknown_part(field, typed, &parts);
        }
        None
    }

    fn unknown_part(&mut self, field: &syntax::Ident, typed: &Typed, parts: &[&str]) {
        let near = self.problems.nearest(&field.text, parts.iter().copied());
        let help = near.unwrap_or_else(|| match parts {
            [] => "remove it".to_owned(),
            parts => format!("use {}", one_of(parts.iter().copied())),
        });
        self.problems.report(
            Diagnostic::error(
                Code::UnknownPart,
                field.loc.0,
                format!(
                    "found `.{}` of `{}`, a `{}`",
                    field.text,
                    typed.subject.to_text(),
                    describe(&typed.ty)
                ),
                "no such part",
            )
            .help(help),
        );
    }

    fn unknown_argument(
        &mut self,
        path: &Path,
        (name, action): (&str, &Action),
        others: bool,
        known: &Known,
    ) {
        let head = &path.head;
        let unknown = Diagnostic::error(
            Code::UnknownArgument,
            head.loc.0,
            format!("found unknown argument `{}`", head.text),
            format!("`{name}` has no such argument"),
        );
        let unknown = unknown.also_at(known.place(name), format!("`{name}` is declared here"));
        if others {
            return self.problems.report(unknown.help("write the condition for the actions that have it"));
        }
        if self.names.has(&head.text) {
            let help = "write the argument first: a condition compares an argument with a constant";
            return self.problems.report(unknown.help(help));
        }
        let near = self.problems.nearest(&head.text, known.readable(action));
        let help = near.unwrap_or_else(|| {
            let mut readable = known.readable(action).peekable();
            match readable.peek() {
                Some(_) => format!("use {}", one_of(readable)),
                None => format!("remove the condition: `{name}` has no arguments"),
            }
        });
        self.problems.report(unknown.help(help));
    }
}

/// Whether values of `ty` have a field or part of this name.
fn reaches(ty: &Type, name: &str, known: &Known) -> bool {
    let of_record = |record: &String| {
        known.interface().records.get(record).is_some_and(|record| record.fields.contains_key(name))
    };
    ty.part(name).is_some() || matches!(ty, Type::Record(record) if of_record(record))
}

/// Whether conditions can compare values of `ty` with constants.
pub(super) fn is_comparable(ty: &Type) -> bool {
    *ty == Type::Bool || ty.is_integer() || ty.is_text()
}
