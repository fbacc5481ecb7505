//! Over what a limit counts, and into which counters.

use wpc_grammar::Span;
use wpc_grammar::syntax::{Ident, Per as Written};
use wpc_model::{Owner, Per, Type, Window};

use super::Checker;
use super::condition::Spoken;
use crate::interface::Known;
use crate::unit::{self, WINDOWS};
use crate::words::{describe, one_of};
use crate::{Code, Diagnostic};

/// What one `per` says.
enum Said {
    Window(Window),
    Agent,
    Resource,
    Argument(String),
}

impl<'a> Checker<'_, 'a, '_> {
    /// Exactly one window, and what tells counters apart.
    pub(super) fn per(
        &mut self,
        written: &'a [Written],
        measure: &Ident,
        known: &Known,
        actions: &Spoken<'_>,
    ) -> Option<Per> {
        let mut per = Per::from(Window::Job);
        let mut window: Option<Span> = None;
        let mut said: Vec<(String, Span)> = Vec::new();
        for one in written {
            let (found, span) = match one {
                Written::Word(word) => (self.word(word, known, actions)?, word.loc.0),
                Written::Quantity(quantity) => {
                    let span = quantity.loc.0;
                    match unit::integer(quantity, &Type::Duration) {
                        Ok(0) => {
                            self.no_length(span);
                            return None;
                        }
                        Ok(ms) => (Said::Window(Window::Sliding { ms }), span),
                        Err(fault) => {
                            self.problems.report(fault.at(span));
                            return None;
                        }
                    }
                }
            };
            let name = match found {
                Said::Window(found) => {
                    if let Some(first) = window {
                        self.second_window(first, span);
                        return None;
                    }
                    (per.window, window) = (found, Some(span));
                    continue;
                }
                Said::Agent => {
                    per.owner = Owner::Agent;
                    "agent".to_owned()
                }
                Said::Resource => {
                    per.by_resource = true;
                    "resource".to_owned()
                }
                Said::Argument(name) => {
                    per.by.push(name.clone());
                    name
                }
            };
            if let Some((_, first)) = said.iter().find(|(other, _)| *other == name) {
                self.problems.report(
                    Diagnostic::error(
                        Code::RepeatedSetting,
                        span,
                        format!("found `per {name}` twice"),
                        "repeated",
                    )
                    .also(*first, "the first one")
                    .help("remove one of them"),
                );
                return None;
            }
            said.push((name, span));
        }
        if window.is_none() {
            let at = said.first().map_or(measure.loc.0, |(_, span)| *span);
            self.problems.report(
                Diagnostic::error(
                    Code::MissingWindow,
                    at,
                    "found a limit that does not say over what time it counts",
                    "in a job, or in how long?",
                )
                .help("add `per job`, or a duration such as `per hour`"),
            );
            return None;
        }
        per.by.sort();
        Some(per)
    }

    fn no_length(&mut self, span: Span) {
        self.problems.report(
            Diagnostic::error(Code::ZeroLimit, span, "found a window of no length", "holds nothing")
                .help("write a longer one, such as `per minute`"),
        );
    }

    fn second_window(&mut self, first: Span, span: Span) {
        self.problems.report(
            Diagnostic::error(Code::RepeatedSetting, span, "found a second window", "one too many")
                .also(first, "the first one")
                .help("write one limit for each window"),
        );
    }

    fn word(&mut self, word: &Ident, known: &Known, actions: &Spoken<'_>) -> Option<Said> {
        let text = word.text.as_str();
        if text == "job" {
            return Some(Said::Window(Window::Job));
        }
        if let Some((_, ms)) = WINDOWS.iter().find(|(name, _)| *name == text) {
            return Some(Said::Window(Window::Sliding { ms: *ms }));
        }
        if text == "agent" {
            return Some(Said::Agent);
        }
        if text == "resource" {
            let without = actions.iter().find(|(_, action)| action.kinds.is_empty());
            if let Some((name, _)) = without {
                let help = "remove it, or count by an argument";
                self.unfit_counter(
                    word,
                    format!("`{name}`, which takes no resource"),
                    "no resource to tell calls apart",
                    help,
                );
                return None;
            }
            return Some(Said::Resource);
        }
        let is_argument = actions.iter().any(|(_, action)| known.readable(action).any(|name| name == text));
        if is_argument {
            return self.tells_apart(word, actions).then(|| Said::Argument(text.to_owned()));
        }
        let words = WINDOWS.iter().map(|(name, _)| *name).chain(["job", "agent", "resource"]);
        let readable = actions.iter().flat_map(|(_, action)| known.readable(action));
        let near = self.problems.nearest(text, words.clone().chain(readable));
        self.problems.report(
            Diagnostic::error(
                Code::UnknownUnit,
                word.loc.0,
                format!("found `per {text}`, expected a job, a duration, or what tells calls apart"),
                "no such window or argument",
            )
            .help(near.unwrap_or_else(|| format!("use {}, or a duration such as `15 min`", one_of(words)))),
        );
        None
    }

    /// Whether every call of each action has one readable value of this name.
    fn tells_apart(&mut self, word: &Ident, actions: &Spoken<'_>) -> bool {
        let text = word.text.as_str();
        for (name, action) in actions {
            let Some(field) = action.arguments.get(text) else {
                let of = format!("`{name}`, where `{text}` is no argument of the call itself");
                let help = "count by an argument that every action of the limit has; a batch has one value for each element";
                self.unfit_counter(word, of, "not one value for each call", help);
                return false;
            };
            let scalar = field.ty == Type::Bool || field.ty.is_integer() || field.ty.is_text();
            let (why, help) = if field.optional {
                let help = "count by an argument that every call has".to_owned();
                ("which a call may leave out".to_owned(), help)
            } else if field.sealed {
                ("which is sealed".to_owned(), format!("limit without `per {text}`"))
            } else if !scalar {
                let why = format!("a `{}`, which is not one value", describe(&field.ty));
                (why, "count by an argument with a single value".to_owned())
            } else {
                continue;
            };
            self.unfit_counter(word, format!("`{name}`, {why}"), "tells no two calls apart", &help);
            return false;
        }
        true
    }

    fn unfit_counter(&mut self, word: &Ident, of: String, label: &str, help: &str) {
        let message = format!("found `per {}` of {of}", word.text);
        self.problems.report(Diagnostic::error(Code::UnfitCounter, word.loc.0, message, label).help(help));
    }
}
