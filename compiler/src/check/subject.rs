//! What a condition looks at, and its type.

use wpc_grammar::Loc;
use wpc_grammar::syntax::{self, Path};
use wpc_model::{Action, Quantifier, Step, Subject, Type};

use super::Checker;
use crate::interface::Known;
use crate::resolve::not_implemented;
use crate::ty;
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
            subject: Subject { quantifier: None, name: head.text.clone(), steps: Vec::new() },
            ty: field.ty.clone(),
            definite: !field.optional,
            sealed: field.sealed,
        };
        for step in &path.steps {
            self.step(step, &mut typed, known)?;
        }
        if let Some((quantifier, loc)) = quantifier {
            let (word, quantifier) = match quantifier {
                syntax::Quantifier::Each => ("each", Quantifier::Each),
                syntax::Quantifier::Some => ("some", Quantifier::Some),
            };
            let Some(member) = typed.ty.member().cloned() else {
                let unfit = Diagnostic::error(
                    Code::UnfitCondition,
                    loc.0.to(path.loc.0),
                    format!(
                        "found `{word}` on `{}`, a `{}`, expected a list or set",
                        head.text,
                        describe(&typed.ty)
                    ),
                    "has no members to look at",
                );
                self.problems.report(if matches!(typed.ty, Type::Batch(_)) {
                    unfit
                        .help("name a field of the batch's record alone: an allow must hold of every element")
                } else {
                    unfit.help(format!("remove `{word}`"))
                });
                return None;
            };
            typed.ty = member;
            typed.definite = false;
            typed.subject.quantifier = Some(quantifier);
        }
        Some(typed)
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
                typed.ty = (**member).clone();
                typed.definite = false;
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
            typed.sealed |= found.sealed;
            typed.subject.steps.push(Step::Field(field.text.clone()));
            typed.ty = found.ty.clone();
            return Some(());
        }
        let sized = shape::inside(&typed.ty).is_some() || matches!(typed.ty, Type::Text | Type::Batch(_));
        if sized && field.text == "size" {
            typed.subject.steps.push(Step::Size);
            typed.ty = Type::Count;
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
        } else if is_later_part(&typed.ty, &field.text) {
            let what = format!("`.{}` of `{}`", field.text, describe(&typed.ty));
            self.problems.report(not_implemented(field.loc.0, &what));
        } else {
            self.unknown_part(field, typed, if sized { &["size"] } else { &[] });
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
        if head.text == "clock" {
            return self.problems.report(not_implemented(path.loc.0, "a condition on the clock"));
        }
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

/// Parts that the language has and this version has not; also the parts of a list's members.
fn is_later_part(ty: &Type, part: &str) -> bool {
    if let Some(member) = ty.member() {
        return matches!(member, Type::Record(_)) || is_later_part(member, part);
    }
    (*ty == Type::Email && matches!(part, "local" | "domain"))
        || (*ty == Type::Url && matches!(part, "scheme" | "host" | "port" | "path"))
}

/// Whether conditions can compare values of `ty` with constants.
pub(super) fn is_comparable(ty: &Type) -> bool {
    *ty == Type::Bool || ((ty.is_integer() || ty.is_text()) && !ty::is_unread(ty))
}
