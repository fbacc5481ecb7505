//! Which resources a statement speaks of.

use std::sync::Arc;

use wpc_grammar::Span;
use wpc_grammar::syntax::{self, ResourceRef, SlotKind};
use wpc_model::{Kind, Type};

use super::Checker;
use super::condition::Spoken;
use crate::checked::{Actions, Head, Slot, Target};
use crate::interface::Known;
use crate::resolve::What;
use crate::value::{Reader, Single};
use crate::words::{counted, describe, one_of};
use crate::{Code, Diagnostic, text};

impl<'a> Checker<'_, 'a, '_> {
    /// The resources of a statement; at least one. `None` means that a problem was reported.
    pub(super) fn targets(
        &mut self,
        written: Option<&'a syntax::Target>,
        what: What<'a>,
        head: &Head,
        named: &Actions,
        actions: &Spoken<'_>,
        known: &Known,
    ) -> Option<Vec<Target>> {
        let Some(written) = written else {
            return self.without_target(what, head, actions);
        };
        let mut sound = true;
        for (name, action) in actions {
            if matches!(named, Actions::Any) {
                break;
            }
            sound &= self.takes_resources(written, name, action, known);
        }
        if matches!(named, Actions::Any) && written.preposition.text != "on" {
            self.wrong_preposition(&written.preposition, "`any` action", "on");
            sound = false;
        }
        if !sound {
            return None;
        }
        let mut targets = Vec::with_capacity(written.resources.len());
        let mut complete = true;
        for resource in &written.resources {
            match self.target(resource, what, named, actions, known) {
                Some(target) => targets.push(target),
                None => complete = false,
            }
        }
        complete.then_some(targets)
    }

    fn without_target(&mut self, what: What<'a>, head: &Head, actions: &Spoken<'_>) -> Option<Vec<Target>> {
        if !matches!(what, What::Allow) {
            return Some(vec![Target::Any]);
        }
        let Some((name, action)) = actions.iter().find(|(_, action)| !action.kinds.is_empty()) else {
            return Some(vec![Target::Any]);
        };
        let word = action.preposition.map_or("on", wpc_model::Preposition::word);
        let kind = action.kinds.first().map_or("resource", String::as_str);
        self.problems.report(
            Diagnostic::error(
                Code::MissingResource,
                head.span,
                format!("found an `allow` of `{name}` without a resource"),
                format!("`{name}` {word} what?"),
            )
            .help(format!("name it, such as `{word} {kind}(\"…\")`")),
        );
        None
    }

    pub(super) fn takes_resources(
        &mut self,
        written: &syntax::Target,
        name: &str,
        action: &wpc_model::Action,
        known: &Known,
    ) -> bool {
        if known.is_broken(name) {
            return false;
        }
        if action.kinds.is_empty() {
            self.problems.report(
                Diagnostic::error(
                    Code::MissingResource,
                    written.loc.0,
                    format!("found a resource of `{name}`, which takes none"),
                    "not taken",
                )
                .help("remove it"),
            );
            return false;
        }
        let word = action.preposition.map_or("on", wpc_model::Preposition::word);
        if written.preposition.text != word && written.preposition.text != "on" {
            self.wrong_preposition(&written.preposition, &format!("`{name}`"), word);
            return false;
        }
        true
    }

    fn wrong_preposition(&mut self, found: &syntax::Ident, what: &str, word: &str) {
        self.problems.report(
            Diagnostic::error(
                Code::WrongPreposition,
                found.loc.0,
                format!("found `{}`, but {what} is said with `{word}`", found.text),
                "the wrong word",
            )
            .help(format!("write `{word}`")),
        );
    }

    fn target(
        &mut self,
        resource: &'a ResourceRef,
        what: What<'a>,
        named: &Actions,
        actions: &Spoken<'_>,
        known: &Known,
    ) -> Option<Target> {
        let (kind, span) = match resource {
            ResourceRef::Any { kind: None, loc } if matches!(what, What::Allow) => {
                let kinds =
                    actions.iter().flat_map(|(_, action)| &action.kinds).map(|kind| format!("any {kind}"));
                let mut kinds: Vec<String> = kinds.collect();
                kinds.sort();
                kinds.dedup();
                self.problems.report(
                    Diagnostic::error(
                        Code::AllowAny,
                        loc.0,
                        "found an `allow` on `any`, expected resources or a whole kind of them",
                        "allows everything there is or will be",
                    )
                    .help(format!("name resources, or write {}", one_of(kinds.iter().map(String::as_str)))),
                );
                return None;
            }
            ResourceRef::Any { kind: None, .. } => return Some(Target::Any),
            ResourceRef::Any { kind: Some(kind), loc } | ResourceRef::Named { kind, loc, .. } => {
                (kind, loc.0)
            }
        };
        let found = self.kind(kind, named, actions, known)?;
        let slots = match resource {
            ResourceRef::Any { .. } => found.template.parameters.iter().map(|_| Slot::Any).collect(),
            ResourceRef::Named { slots, .. } => self.slots(slots, kind, span, found)?,
        };
        Some(Target::Of { kind: Arc::from(kind.text.as_str()), slots, span })
    }

    /// The kind of a name, if it exists and every action takes it.
    pub(super) fn kind<'k>(
        &mut self,
        kind: &syntax::Ident,
        named: &Actions,
        actions: &Spoken<'_>,
        known: &'k Known,
    ) -> Option<&'k Kind> {
        let Some(found) = known.interface().kinds.get(&kind.text) else {
            if known.is_broken(&kind.text) {
                return None;
            }
            let kinds = known.interface().kinds.keys().map(String::as_str);
            let near = self.problems.nearest(&kind.text, kinds.clone());
            let unknown = Diagnostic::error(
                Code::UnknownKind,
                kind.loc.0,
                format!("found unknown resource kind `{}`", kind.text),
                format!("tool `{}` has no such kind", known.interface().name),
            );
            let unknown = unknown.also_at(known.place(""), "the tool");
            self.problems.report(unknown.help(near.unwrap_or_else(|| format!("use {}", one_of(kinds)))));
            return None;
        };
        if matches!(named, Actions::Any) {
            return Some(found);
        }
        for (name, action) in actions {
            if !action.kinds.contains(&kind.text) {
                if known.is_broken(name) {
                    return None;
                }
                let taken = one_of(action.kinds.iter().map(String::as_str));
                let wrong = Diagnostic::error(
                    Code::KindNotTaken,
                    kind.loc.0,
                    format!("found a `{}`, but `{name}` takes {taken}", kind.text),
                    format!("`{name}` does not take a `{}`", kind.text),
                );
                let wrong = wrong.also_at(known.place(name), format!("`{name}` is declared here"));
                self.problems.report(wrong.help(format!("name {taken}, or leave `{name}` out")));
                return None;
            }
        }
        Some(found)
    }

    fn slots(
        &mut self,
        written: &'a [syntax::Slot],
        kind: &syntax::Ident,
        span: Span,
        found: &Kind,
    ) -> Option<Vec<Slot>> {
        let order = self.in_order(written, kind, span, found)?;
        let mut slots = Vec::with_capacity(order.len());
        for (slot, (_, ty)) in order.into_iter().zip(&found.template.parameters) {
            slots.push(self.slot(slot, ty));
        }
        slots.into_iter().collect()
    }

    /// The written slots in the order of the kind's parameters; each must be there once.
    pub(super) fn in_order(
        &mut self,
        written: &'a [syntax::Slot],
        kind: &syntax::Ident,
        span: Span,
        found: &Kind,
    ) -> Option<Vec<&'a syntax::Slot>> {
        let parameters = &found.template.parameters;
        let mut order: Vec<Option<&'a syntax::Slot>> = parameters.iter().map(|_| None).collect();
        let mut position = 0;
        let mut sound = true;
        for slot in written {
            let index = match &slot.name {
                None => {
                    position += 1;
                    position - 1
                }
                Some(name) => match parameters.iter().position(|(parameter, _)| *parameter == name.text) {
                    Some(index) => index,
                    None => {
                        let names = parameters.iter().map(|(parameter, _)| parameter.as_str());
                        let near = self.problems.nearest(&name.text, names.clone());
                        self.problems.report(
                            Diagnostic::error(
                                Code::UnknownArgument,
                                name.loc.0,
                                format!("found unknown parameter `{}`", name.text),
                                format!("a `{}` has no such parameter", kind.text),
                            )
                            .help(near.unwrap_or_else(|| format!("use {}", one_of(names)))),
                        );
                        sound = false;
                        continue;
                    }
                },
            };
            match order.get_mut(index) {
                Some(place @ None) => *place = Some(slot),
                Some(Some(first)) => {
                    let first = first.loc.0;
                    self.problems.report(
                        Diagnostic::error(
                            Code::RepeatedName,
                            slot.loc.0,
                            "found the same parameter twice",
                            "already stated",
                        )
                        .also(first, "first here"),
                    );
                    sound = false;
                }
                // Counted below.
                None => {}
            }
        }
        let complete: Option<Vec<_>> = order.into_iter().collect();
        if sound && (complete.is_none() || written.len() != parameters.len()) {
            let form: Vec<String> =
                parameters.iter().map(|(name, ty)| format!("{name}: {}", describe(ty))).collect();
            self.problems.report(
                Diagnostic::error(
                    Code::WrongCount,
                    span,
                    format!(
                        "found `{}` with {}, expected {}",
                        kind.text,
                        counted(written.len(), "value"),
                        parameters.len()
                    ),
                    "too many or too few",
                )
                .help(format!("write `{}({})`", kind.text, form.join(", "))),
            );
            return None;
        }
        complete.filter(|_| sound)
    }

    fn slot(&mut self, slot: &'a syntax::Slot, ty: &Type) -> Option<Slot> {
        match &slot.kind {
            SlotKind::Any => Some(Slot::Any),
            SlotKind::Like(_) if matches!(ty, Type::Choice(_)) => {
                self.problems.report(
                    Diagnostic::error(
                        Code::UnfitCondition,
                        slot.loc.0,
                        format!("found a pattern, expected one of `{}`", describe(ty)),
                        "choices have no patterns",
                    )
                    .help("list the choices that are meant"),
                );
                None
            }
            SlotKind::Like(_) if matches!(ty, Type::Email | Type::Url | Type::Ip) => {
                self.problems.report(
                    Diagnostic::error(
                        Code::UnfitCondition,
                        slot.loc.0,
                        format!("found a pattern, expected one or more of type `{}`", describe(ty)),
                        "easily wider than it looks",
                    )
                    .help("list those that are meant, or write `any` and say in `when` what holds of an argument"),
                );
                None
            }
            SlotKind::Like(pattern) => match text::pattern(&pattern.value, ty) {
                Ok(pattern) => Some(Slot::Like(pattern)),
                Err(fault) => {
                    self.problems.report(fault.at(pattern.loc.0));
                    None
                }
            },
            SlotKind::In(value) => self.names_of(value, ty, Single::Refused),
            SlotKind::Value(value) => self.names_of(value, ty, Single::Accepted),
        }
    }

    fn names_of(&mut self, value: &'a syntax::Value, ty: &Type, single: Single) -> Option<Slot> {
        let names = Reader::new(self.names, self.problems).set(value, ty, single)?;
        let texts = names.iter().map(|name| name.as_text().map(str::to_owned));
        texts.collect::<Option<_>>().map(Slot::OneOf)
    }
}
