//! Values as written, read as constants of a type.

mod json;

use std::collections::BTreeMap;

use wpc_grammar::Span;
use wpc_grammar::syntax::{self, Key};
use wpc_model::{Field, Given, Interface, Type, Value};

use crate::fault::Fault;
use crate::names::{Followed, Names, Trail};
use crate::words::{counted, describe, describe_value, one_of};
use crate::{Code, Diagnostic, Problems, text, unit};

/// Reads constants against the names of a policy.
pub(crate) struct Reader<'n, 'a, 'p> {
    names: &'n Names<'a>,
    problems: &'p mut Problems,
    /// What a call of a test says for sealed values.
    contents: Contents,
    /// Where in the call the reader is.
    path: Vec<String>,
}

/// Values that stand sealed in a call, by the names and indices that lead to them
/// ([`wpc_model::SealedAt::path`]).
pub(crate) type Contents = BTreeMap<Vec<String>, Given>;

impl<'n, 'a, 'p> Reader<'n, 'a, 'p> {
    pub(crate) const fn new(names: &'n Names<'a>, problems: &'p mut Problems) -> Self {
        Self { names, problems, contents: Contents::new(), path: Vec::new() }
    }

    /// What was said for the sealed values of the call that was read.
    pub(crate) fn into_contents(self) -> Contents {
        self.contents
    }

    /// `value` as one constant of `ty`; reports what is wrong with it.
    pub(crate) fn constant(&mut self, value: &'a syntax::Value, ty: &Type) -> Option<Value> {
        let mut trail = Trail { used: value.loc().0, declared: None };
        self.constant_at(value, ty, &mut trail)
    }

    fn constant_at(&mut self, value: &'a syntax::Value, ty: &Type, trail: &mut Trail) -> Option<Value> {
        if let Type::Choice(words) = ty
            && let Some(word) = self.choice_word(value, words)
        {
            return word;
        }
        match self.names.follow(value, trail, self.problems)? {
            Followed::Given(given, value) => self.given(given, value, ty, *trail),
            Followed::Written(value) => self.written(value, ty, *trail),
        }
    }

    /// A bare word where a choice is expected: one of its words, unless a parameter or `let` has
    /// the same name. `None` means that it is not for this function to say.
    fn choice_word(&mut self, value: &syntax::Value, words: &[String]) -> Option<Option<Value>> {
        let syntax::Value::Path(path) = value else { return None };
        let (word, known) = (&path.head.text, self.names.has(&path.head.text));
        let chosen = path.steps.is_empty() && words.binary_search(word).is_ok();
        match (chosen, known) {
            (true, false) => Some(Some(Value::text(word))),
            (true, true) => {
                let named = self.names.look_up(word).map(|named| named.place);
                let both = Diagnostic::error(
                    Code::RepeatedName,
                    path.loc.0,
                    format!("found `{word}`, which is a choice here and also a name of this policy"),
                    "could mean either",
                );
                self.problems
                    .report(both.also_at(named, "declared here").help("rename the parameter or `let`"));
                Some(None)
            }
            (false, true) => None,
            (false, false) if path.steps.is_empty() => {
                let near =
                    self.problems.nearest(word, words.iter().map(String::as_str).chain(self.names.all()));
                let help =
                    near.unwrap_or_else(|| format!("use {}", one_of(words.iter().map(String::as_str))));
                let unknown = Diagnostic::error(
                    Code::UnknownChoice,
                    path.loc.0,
                    format!("found `{word}`, expected {}", one_of(words.iter().map(String::as_str))),
                    "not one of the choices",
                );
                self.problems.report(unknown.help(help));
                Some(None)
            }
            (false, false) => None,
        }
    }

    fn written(&mut self, value: &'a syntax::Value, ty: &Type, trail: Trail) -> Option<Value> {
        match (ty, value) {
            (Type::Bool, syntax::Value::Bool(held, _)) => Some(Value::Bool(*held)),
            (Type::Choice(words), syntax::Value::Text(text)) => self.chosen(&text.value, words, trail),
            (Type::Time, syntax::Value::Text(text)) => {
                self.settle(text::time(&text.value).map(Value::Int), trail)
            }
            (ty, syntax::Value::Quantity(quantity)) if ty.is_integer() && *ty != Type::Time => {
                self.settle(unit::integer(quantity, ty).map(Value::Int), trail)
            }
            (ty, syntax::Value::Text(text)) if ty.is_text() => {
                self.settle(text::checked(&text.value, ty).map(Value::Text), trail)
            }
            (Type::Did, syntax::Value::Made(made)) if made.name.text == "did" => self.did(made),
            (Type::List(member) | Type::Set(member), syntax::Value::List(values, _)) => {
                let read: Vec<Option<Value>> =
                    values.iter().map(|value| self.constant(value, member)).collect();
                let mut members: Vec<Value> = read.into_iter().collect::<Option<_>>()?;
                if matches!(ty, Type::Set(_)) {
                    members.sort();
                    members.dedup();
                }
                Some(Value::List(members))
            }
            _ => {
                self.wrong_type(value, ty, trail);
                None
            }
        }
    }

    /// The identifier inside `did(…)`: a text, or a name of one; not another `did(…)`, which a
    /// `let` could make endless.
    fn did(&mut self, made: &'a syntax::Made) -> Option<Value> {
        let [inner] = made.arguments.as_slice() else {
            self.problems.report(
                Diagnostic::error(
                    Code::WrongCount,
                    made.loc.0,
                    format!("found `did` with {}, expected one", counted(made.arguments.len(), "value")),
                    "takes one identifier",
                )
                .help("write `did(\"did:key:…\")`"),
            );
            return None;
        };
        let mut trail = Trail { used: inner.loc().0, declared: None };
        match self.names.follow(inner, &mut trail, self.problems)? {
            Followed::Given(given, value) => self.given(given, value, &Type::Did, trail),
            Followed::Written(syntax::Value::Text(text)) => {
                self.settle(text::checked(&text.value, &Type::Did).map(Value::Text), trail)
            }
            Followed::Written(other) => {
                self.wrong_type(other, &Type::Did, trail);
                None
            }
        }
    }

    fn chosen(&mut self, word: &str, words: &[String], trail: Trail) -> Option<Value> {
        if words.iter().any(|one| one == word) {
            return Some(Value::text(word));
        }
        let near = self.problems.nearest(word, words.iter().map(String::as_str));
        let fault = Fault::new(
            Code::UnknownChoice,
            format!("found {word:?}, expected {}", one_of(words.iter().map(String::as_str))),
            "not one of the choices",
        );
        let help = near.unwrap_or_else(|| format!("use {}", one_of(words.iter().map(String::as_str))));
        self.settle(Err(fault.help(help)), trail)
    }

    /// A parameter's value where `ty` is expected: the types must be of one kind, and the value
    /// must be one of `ty` too.
    fn given(&mut self, given: &Type, value: &Value, ty: &Type, trail: Trail) -> Option<Value> {
        if given == ty {
            return Some(value.clone());
        }
        match (given, ty, value) {
            (Type::List(a) | Type::Set(a), Type::List(b) | Type::Set(b), Value::List(members)) => {
                let read: Vec<Option<Value>> =
                    members.iter().map(|value| self.given(a, value, b, trail)).collect();
                let mut members: Vec<Value> = read.into_iter().collect::<Option<_>>()?;
                if matches!(ty, Type::Set(_)) {
                    members.sort();
                    members.dedup();
                }
                return Some(Value::List(members));
            }
            (Type::Int | Type::Count, Type::Int, Value::Int(_)) => return Some(value.clone()),
            (Type::Int, Type::Count, Value::Int(number)) if *number >= 0 => return Some(value.clone()),
            (given, Type::Choice(words), Value::Text(text)) if given.is_text() => {
                return self.chosen(text, words, trail);
            }
            (given, ty, Value::Text(text)) if given.is_text() && ty.is_text() => {
                return self.settle(text::checked(text, ty).map(Value::Text), trail);
            }
            _ => {}
        }
        let wrong = Diagnostic::error(
            Code::WrongType,
            trail.used,
            format!("found a `{}`, expected `{}`", describe(given), describe(ty)),
            format!("not a `{}`", describe(ty)),
        );
        self.problems.report(wrong.also_at(trail.declared, "declared here"));
        None
    }

    fn settle(&mut self, read: Result<Value, Fault>, trail: Trail) -> Option<Value> {
        read.map_err(|fault| {
            self.problems.report(fault.at(trail.used).also_at(trail.declared, "the value comes from here"));
        })
        .ok()
    }

    fn wrong_type(&mut self, value: &syntax::Value, ty: &Type, trail: Trail) {
        let wrong = Diagnostic::error(
            Code::WrongType,
            trail.used,
            format!("found {}, expected `{}`", describe_value(value), describe(ty)),
            format!("not a `{}`", describe(ty)),
        );
        let wrong = wrong.also_at(trail.declared, "the value comes from here");
        let help = match (ty, value) {
            (Type::Text | Type::Host | Type::EntityName { .. }, syntax::Value::Quantity(_)) => {
                Some("put it between quotes")
            }
            (Type::Did, _) => Some("write `did(\"did:key:…\")`"),
            (_, syntax::Value::Path(_)) => {
                Some("compare with a constant: an argument is never compared with another")
            }
            _ => None,
        };
        self.problems.report(match help {
            Some(help) => wrong.help(help),
            None => wrong,
        });
    }

    /// `value` as a list of constants of `member`, none twice and at least one, each with its
    /// place. One value alone stands for a list of it where `single` says so.
    pub(crate) fn constants(
        &mut self,
        value: &'a syntax::Value,
        member: &Type,
        single: Single,
    ) -> Option<Vec<(Value, Span)>> {
        let mut trail = Trail { used: value.loc().0, declared: None };
        if let (Single::Accepted, Type::Choice(words)) = (single, member)
            && let Some(word) = self.choice_word(value, words)
        {
            return Some(vec![(word?, trail.used)]);
        }
        let members = match self.names.follow(value, &mut trail, self.problems)? {
            Followed::Written(syntax::Value::List(values, _)) => {
                let mut members = Vec::with_capacity(values.len());
                let mut complete = true;
                for value in values {
                    // A member of a list that a `let` names is at fault where the `let` stands.
                    match self.constant(value, member) {
                        Some(constant) => members.push((constant, value.loc().0)),
                        None => complete = false,
                    }
                }
                complete.then_some(members)?
            }
            Followed::Given(Type::List(given) | Type::Set(given), Value::List(values)) => values
                .iter()
                .map(|value| Some((self.given(given, value, member, trail)?, trail.used)))
                .collect::<Option<Vec<_>>>()?,
            Followed::Given(given, value) if single == Single::Accepted => {
                vec![(self.given(given, value, member, trail)?, trail.used)]
            }
            Followed::Written(inner) if single == Single::Accepted => {
                vec![(self.constant_at(inner, member, &mut trail)?, trail.used)]
            }
            Followed::Given(..) | Followed::Written(_) => {
                let found = Diagnostic::error(
                    Code::WrongType,
                    trail.used,
                    format!("found {}, expected a list of `{}`", describe_value(value), describe(member)),
                    "not a list",
                );
                let found = found.also_at(trail.declared, "declared here");
                self.problems.report(found.help("put the values between `[` and `]`"));
                return None;
            }
        };
        if members.is_empty() {
            let empty = Diagnostic::error(
                Code::EmptyList,
                trail.used,
                "found an empty list, expected at least one value",
                "empty",
            );
            let empty = empty.also_at(trail.declared, "declared here");
            self.problems.report(empty.help("name what is meant, or remove the condition"));
            return None;
        }
        Some(members)
    }

    /// Like [`Reader::constants`], sorted and without repetition, places left out.
    pub(crate) fn set(
        &mut self,
        value: &'a syntax::Value,
        member: &Type,
        single: Single,
    ) -> Option<Vec<Value>> {
        let mut members: Vec<Value> =
            self.constants(value, member, single)?.into_iter().map(|(constant, _)| constant).collect();
        members.sort();
        members.dedup();
        Some(members)
    }

    /// `value` as an argument of a call in a test: as [`Reader::constant`], and records, maps,
    /// batches and `json` too.
    pub(crate) fn argument(
        &mut self,
        value: &'a syntax::Value,
        ty: &Type,
        interface: &Interface,
    ) -> Option<Value> {
        match (ty, value) {
            (Type::Json, value) => {
                let content = self.json(value, "not JSON")?;
                self.contents.insert(self.path.clone(), content);
                Some(Value::SEALED)
            }
            (Type::Map(member), syntax::Value::Object(pairs, _)) => {
                let mut members = BTreeMap::new();
                let mut complete = true;
                for pair in pairs {
                    let (name, place) = key(&pair.key);
                    complete &= self.part(name, &pair.value, member, interface).is_some_and(|read| {
                        members.insert(name.to_owned(), read).is_none() || self.repeated_key(name, place)
                    });
                }
                complete.then_some(Value::Map(members))
            }
            (Type::Record(record), syntax::Value::Object(pairs, span)) => {
                self.record(pairs, span.0, record, interface)
            }
            (Type::Batch(record), syntax::Value::List(elements, span)) => {
                if elements.is_empty() {
                    self.problems.report(
                        Diagnostic::error(
                            Code::EmptyList,
                            span.0,
                            "found an empty batch, expected at least one element",
                            "empty",
                        )
                        .help(format!("write a `{record}` between braces")),
                    );
                    return None;
                }
                let element = Type::Record(record.clone());
                self.parts(elements, &element, interface).map(Value::List)
            }
            (Type::List(member) | Type::Set(member), syntax::Value::List(values, _)) => {
                let mut members = self.parts(values, member, interface)?;
                if matches!(ty, Type::Set(_)) {
                    members.sort();
                    members.dedup();
                }
                Some(Value::List(members))
            }
            _ => self.constant(value, ty),
        }
    }

    /// A part of the argument that is being read, under a name or an index.
    fn part(
        &mut self,
        step: &str,
        value: &'a syntax::Value,
        ty: &Type,
        interface: &Interface,
    ) -> Option<Value> {
        self.path.push(step.to_owned());
        let read = self.argument(value, ty, interface);
        self.path.pop();
        read
    }

    fn parts(&mut self, values: &'a [syntax::Value], ty: &Type, interface: &Interface) -> Option<Vec<Value>> {
        let one = |(index, value): (usize, _)| self.part(&index.to_string(), value, ty, interface);
        let read: Vec<Option<Value>> = values.iter().enumerate().map(one).collect();
        read.into_iter().collect()
    }

    /// A field or argument; of a sealed one what is said is kept aside.
    fn field(
        &mut self,
        name: &str,
        value: &'a syntax::Value,
        field: &Field,
        interface: &Interface,
    ) -> Option<Value> {
        let read = self.part(name, value, &field.ty, interface)?;
        if !field.sealed {
            return Some(read);
        }
        let path: Vec<String> = self.path.iter().cloned().chain([name.to_owned()]).collect();
        if field.ty != Type::Json {
            // Nothing within a sealed value is seen from outside.
            self.contents.retain(|inner, _| !inner.starts_with(&path));
            self.contents.insert(path, interface.given(&read, &field.ty));
        }
        Some(Value::SEALED)
    }

    fn record(
        &mut self,
        pairs: &'a [syntax::Pair],
        span: Span,
        record: &str,
        interface: &Interface,
    ) -> Option<Value> {
        let found = interface.records.get(record)?;
        self.fields(pairs, span, &found.fields, record, interface).map(Value::Map)
    }

    /// The members of an object as the fields of a record or the arguments of an action.
    pub(crate) fn fields(
        &mut self,
        pairs: &'a [syntax::Pair],
        span: Span,
        fields: &BTreeMap<String, Field>,
        of: &str,
        interface: &Interface,
    ) -> Option<BTreeMap<String, Value>> {
        let before = self.problems.count();
        let mut members = BTreeMap::new();
        let mut named = std::collections::BTreeSet::new();
        for pair in pairs {
            let (name, place) = key(&pair.key);
            let Some(field) = fields.get(name) else {
                let near = self.problems.nearest(name, fields.keys().map(String::as_str));
                let help = near.unwrap_or_else(|| {
                    if fields.is_empty() {
                        return format!("remove it: `{of}` takes no arguments");
                    }
                    format!("use {}", one_of(fields.keys().map(String::as_str)))
                });
                self.problems.report(
                    Diagnostic::error(
                        Code::UnknownArgument,
                        place,
                        format!("found unknown argument `{name}`"),
                        format!("`{of}` has no such argument"),
                    )
                    .help(help),
                );
                continue;
            };
            if !named.insert(name) {
                self.repeated_key(name, place);
                continue;
            }
            if let Some(read) = self.field(name, &pair.value, field, interface) {
                members.insert(name.to_owned(), read);
            }
        }
        let missing: Vec<&str> = fields
            .iter()
            .filter(|(name, field)| !field.optional && !named.contains(name.as_str()))
            .map(|(name, _)| name.as_str())
            .collect();
        if !missing.is_empty() && self.problems.count() == before {
            self.problems.report(
                Diagnostic::error(
                    Code::WrongCount,
                    span,
                    format!("found `{of}` without {}", crate::words::all_of(missing)),
                    "incomplete",
                )
                .help("state every argument that is not optional; a test says the measured ones too"),
            );
        }
        (self.problems.count() == before).then_some(members)
    }

    fn repeated_key(&mut self, name: &str, place: Span) -> bool {
        self.problems.report(Diagnostic::error(
            Code::RepeatedName,
            place,
            format!("found `{name}` twice"),
            "already stated",
        ));
        false
    }
}

/// Whether one value may stand for a list of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Single {
    /// `has "k"`.
    Accepted,
    /// `in` takes lists alone.
    Refused,
}

fn key(key: &Key) -> (&str, Span) {
    match key {
        Key::Word(ident) => (&ident.text, ident.loc.0),
        Key::Text(text) => (&text.value, text.loc.0),
    }
}
