//! Conditions: what is tested, how, and against which constants.

use std::sync::Arc;

use wpc_grammar::Span;
use wpc_grammar::syntax::{self, Check, Compare};
use wpc_model::{
    Action, Comparison, Condition, MAX_CONDITIONS, MAX_CONSTANTS, Test, Type, Value, check_regex,
};

use super::Checker;
use super::subject::{Typed, is_comparable};
use crate::checked::Placed;
use crate::fault::Fault;
use crate::interface::Known;
use crate::value::{Reader, Single};
use crate::words::describe;
use crate::{Code, Diagnostic, bounds, shape, text};

/// The actions of a statement, with their names.
pub(super) type Spoken<'k> = [(Arc<str>, &'k Action)];

impl<'a> Checker<'_, 'a, '_> {
    /// Conditions that must make sense for every one of `actions`. `None` if one does not.
    pub(super) fn conditions(
        &mut self,
        written: &[&'a syntax::Condition],
        actions: &Spoken<'_>,
        known: &Known,
    ) -> Option<Vec<Placed>> {
        let mut conditions = Vec::with_capacity(written.len());
        let mut complete = true;
        if let Some(syntax::Condition::Test { loc, .. }) = written.get(MAX_CONDITIONS) {
            bounds::few(written.len(), MAX_CONDITIONS, "conditions in one rule", loc.0, self.problems);
            return None;
        }
        for condition in written {
            let syntax::Condition::Test { quantifier, subject, test, loc } = condition else { continue };
            let typed = self.subject_of_all(subject, *quantifier, actions, known);
            let sound = typed.filter(|typed| !self.names_an_argument(test, typed, actions, known));
            match sound.and_then(|typed| Some((self.tested(test, subject, &typed, known)?, typed))) {
                Some((test, typed)) => conditions.push(Placed {
                    // What the gate alone answers may be unknown.
                    definite: typed.definite && is_definite(&test, &typed),
                    condition: Condition { subject: typed.subject, test },
                    ty: typed.ty,
                    sealed: typed.sealed,
                    span: loc.0,
                    line: self.lines.line_of(loc.0),
                }),
                None => complete = false,
            }
        }
        complete.then_some(conditions)
    }

    /// Reports a condition that compares an argument with another one.
    fn names_an_argument(
        &mut self,
        check: &Check,
        typed: &Typed,
        actions: &Spoken<'_>,
        known: &Known,
    ) -> bool {
        let Some(word) = constant(check).and_then(shape::word) else { return false };
        let is_argument =
            actions.iter().any(|(_, action)| known.readable(action).any(|name| name == word.text));
        if !is_argument || self.names.has(&word.text) || matches!(typed.ty, Type::Choice(_)) {
            return false;
        }
        self.problems.report(
            Diagnostic::error(
                Code::WrongType,
                word.loc.0,
                format!("found argument `{}`, expected a constant", word.text),
                "not a constant",
            )
            .help("compare with a constant: an argument is never compared with another"),
        );
        true
    }

    /// The subject, if it is the same for every action.
    fn subject_of_all(
        &mut self,
        path: &'a syntax::Path,
        quantifier: Option<(syntax::Quantifier, wpc_grammar::Loc)>,
        actions: &Spoken<'_>,
        known: &Known,
    ) -> Option<Typed> {
        let mut agreed: Option<(Typed, &Arc<str>)> = None;
        for (name, action) in actions {
            let others =
                actions.iter().any(|(_, action)| known.readable(action).any(|one| one == path.head.text));
            let typed = self.subject(path, quantifier, (name, action), others, known)?;
            match &mut agreed {
                None => agreed = Some((typed, name)),
                Some((first, _))
                    if first.ty == typed.ty && (first.sealed, first.shut) == (typed.sealed, typed.shut) =>
                {
                    first.definite &= typed.definite;
                }
                Some((first, of)) => {
                    self.problems.report(
                        Diagnostic::error(
                            Code::WrongType,
                            path.loc.0,
                            format!(
                                "found `{}`, a `{}` of `{of}` and a `{}` of `{name}`",
                                path.head.text,
                                describe(&first.ty),
                                describe(&typed.ty)
                            ),
                            "means two things",
                        )
                        .help("write one rule for each action"),
                    );
                    return None;
                }
            }
        }
        agreed.map(|(typed, _)| typed)
    }

    fn tested(
        &mut self,
        check: &'a Check,
        path: &syntax::Path,
        typed: &Typed,
        known: &Known,
    ) -> Option<Test> {
        if matches!(check, Check::Present | Check::Absent) {
            if !typed.whole {
                let help = if typed.subject.is_of_clock() {
                    "compare it: the clock is always there"
                } else {
                    "ask whether the whole argument is there"
                };
                self.unfit(check, path, typed, Some(help));
                return None;
            }
            return Some(if matches!(check, Check::Present) { Test::Present } else { Test::Absent });
        }
        if typed.shut {
            let help = "use `is present` or `is absent`: what is sealed within a sealed value is never read";
            self.unfit(check, path, typed, Some(help));
            return None;
        }
        if let Check::ConformsTo(written) = check {
            let schema = self.schemas.files.schema(self.schemas.source, written, self.problems)?;
            if typed.subject.is_of_clock() || !known.interface().takes_schemas(&typed.ty) {
                let help = "`conforms to` takes a text, a `json`, and lists, sets, maps and records in which nothing is sealed";
                self.unfit(check, path, typed, Some(help));
                return None;
            }
            return Some(Test::Conforms(schema));
        }
        if typed.ty == Type::Json {
            let help = "use `conforms to`, `is present` or `is absent`";
            self.unfit(check, path, typed, Some(help));
            return None;
        }
        if typed.subject.is_of_clock() && typed.ty == Type::Duration {
            return self.time_of_day(check, path, typed);
        }
        let (names, problems) = (self.names, &mut *self.problems);
        let mut reader = Reader::new(names, problems);
        let fits = is_comparable(&typed.ty);
        let ordered = typed.ty.is_integer();
        if let Check::Compare(compare, value) = check
            && fits
            && (ordered || matches!(compare, Compare::Equal | Compare::NotEqual))
        {
            return Some(Test::Compare(comparison(*compare), reader.constant(value, &typed.ty)?));
        }
        if let Check::In(value) | Check::NotIn(value) = check
            && fits
            && typed.ty != Type::Bool
        {
            let constants = reader.set(value, &typed.ty, Single::Refused)?;
            let constants = self.bounded(constants, value.loc().0)?;
            return Some(if matches!(check, Check::In(_)) {
                Test::In(constants)
            } else {
                Test::NotIn(constants)
            });
        }
        if let Check::Has(value) | Check::Lacks(value) = check
            && let Some(member) = member(&typed.ty)
        {
            let members = reader.set(value, &member, Single::Accepted)?;
            let members = self.bounded(members, value.loc().0)?;
            return Some(if matches!(check, Check::Has(_)) {
                Test::Has(members)
            } else {
                Test::Lacks(members)
            });
        }
        if let Check::Like(value) = check
            && fits
            && takes_patterns(&typed.ty)
        {
            let pattern = reader.constant(value, &Type::Text)?;
            let pattern = text::pattern(pattern.as_text()?, &typed.ty);
            return pattern
                .map(Test::Like)
                .map_err(|fault| self.problems.report(fault.at(value.loc().0)))
                .ok();
        }
        if let Check::Matches(value) = check
            && takes_patterns(&typed.ty)
        {
            return self.regex(value, &typed.ty).map(Test::Matches);
        }
        if let Check::WithinCidr(value) = check
            && typed.ty == Type::Ip
        {
            return self.texts_of(value, text::cidr).map(Test::WithinCidr);
        }
        if let Check::UnderPath(value) = check
            && typed.ty == Type::Path
        {
            return self.texts_of(value, text::path).map(Test::UnderPath);
        }
        if let Check::From(value) = check
            && let Some(_) = typed.ty.source_type()
            && !typed.sealed
            && !typed.subject.is_of_clock()
        {
            return self.sources(value, typed);
        }
        if let Check::UnderDomain(value) = check
            && typed.ty == Type::Host
        {
            return self.texts_of(value, text::domain).map(Test::UnderDomain);
        }
        self.unfit(check, path, typed, None);
        None
    }

    /// One text or a list of them, each as `read` takes it; sorted, without repetition.
    fn texts_of(
        &mut self,
        value: &'a syntax::Value,
        read: fn(&str) -> Result<String, Fault>,
    ) -> Option<Vec<Value>> {
        let mut reader = Reader::new(self.names, &mut *self.problems);
        let written = reader.constants(value, &Type::Text, Single::Accepted)?;
        let mut texts = Vec::with_capacity(written.len());
        let mut complete = true;
        for (constant, span) in written {
            match read(constant.as_text()?) {
                Ok(text) => texts.push(Value::Text(text)),
                Err(fault) => {
                    self.problems.report(fault.at(span));
                    complete = false;
                }
            }
        }
        texts.sort();
        texts.dedup();
        complete.then_some(texts).and_then(|texts| self.bounded(texts, value.loc().0))
    }

    /// A pattern of `matches`; what is wrong with it is reported where it stands in the literal.
    fn regex(&mut self, value: &'a syntax::Value, ty: &Type) -> Option<String> {
        let mut reader = Reader::new(self.names, &mut *self.problems);
        let pattern = reader.constant(value, &Type::Text)?;
        let pattern = pattern.as_text()?;
        if let Err(error) = check_regex(pattern) {
            let span = within_literal(value, error.at, error.length);
            self.problems.report(text::regex_fault(&error).at(span));
            return None;
        }
        if *ty == Type::Host
            && let Some(at) = pattern.find(|c: char| c.is_ascii_uppercase())
        {
            let span = within_literal(value, at, 1);
            self.problems.report(text::capital_fault().at(span));
            return None;
        }
        Some(pattern.to_owned())
    }

    /// What `clock.time` is compared with.
    fn time_of_day(&mut self, check: &'a Check, path: &syntax::Path, typed: &Typed) -> Option<Test> {
        let Check::Compare(compare, value) = check else {
            self.unfit(check, path, typed, Some(ON_THE_CLOCK));
            return None;
        };
        if matches!(compare, Compare::Equal | Compare::NotEqual) {
            self.unfit(check, path, typed, Some(ON_THE_CLOCK));
            return None;
        }
        let mut reader = Reader::new(self.names, &mut *self.problems);
        let written = reader.constant(value, &Type::Text)?;
        match text::time_of_day(written.as_text()?) {
            Ok(ms) => Some(Test::Compare(comparison(*compare), Value::Int(ms))),
            Err(fault) => {
                self.problems.report(fault.at(value.loc().0));
                None
            }
        }
    }

    /// The constants, if one condition may have so many.
    fn bounded(&mut self, constants: Vec<Value>, span: Span) -> Option<Vec<Value>> {
        bounds::few(constants.len(), MAX_CONSTANTS, "values in one condition", span, self.problems)
            .then_some(constants)
    }

    fn unfit(&mut self, check: &Check, path: &syntax::Path, typed: &Typed, help: Option<&str>) {
        let quality = if typed.sealed { "sealed " } else { "" };
        let help = help.map_or_else(|| fitting(check, &typed.ty), str::to_owned);
        let ty = if typed.subject.is_of_clock() && typed.ty == Type::Duration {
            "time of day".to_owned()
        } else {
            describe(&typed.ty)
        };
        self.problems.report(
            Diagnostic::error(
                Code::UnfitCondition,
                path.loc.0,
                format!("found `{}` on `{}`, a {quality}`{ty}`", word(check), typed.subject.to_text(),),
                format!("`{}` does not fit its type", word(check)),
            )
            .help(help),
        );
    }
}

/// Whether a condition on what is there is true or false: what the gate alone answers may be unknown.
fn is_definite(test: &Test, typed: &Typed) -> bool {
    let is_presence = matches!(test, Test::Present | Test::Absent) && typed.subject.steps.is_empty();
    is_presence || !(typed.sealed || matches!(test, Test::Conforms(_)))
}

/// What `has` and `lacks` look for in values of `ty`.
fn member(ty: &Type) -> Option<Type> {
    if matches!(ty, Type::Map(_)) {
        return Some(Type::Text);
    }
    ty.member().filter(|member| is_comparable(member)).cloned()
}

/// Whether `like` and `matches` fit: texts of one piece.
fn takes_patterns(ty: &Type) -> bool {
    matches!(ty, Type::Text | Type::Host | Type::Did | Type::Path | Type::EntityName { .. })
}

/// Where `length` bytes of a text stand from the byte `at` on, if it is written out here without
/// escapes; else where the value stands.
fn within_literal(value: &syntax::Value, at: usize, length: usize) -> Span {
    let whole = value.loc().0;
    let syntax::Value::Text(text) = value else { return whole };
    let quotes: usize = if text.raw { 3 } else { 2 };
    let span = text.loc.0;
    let place = || {
        let written = usize::try_from(span.end.checked_sub(span.start)?).ok()?;
        (written == text.value.len() + quotes).then_some(())?;
        let start = span.start.checked_add(u32::try_from(quotes - 1 + at).ok()?)?;
        Some(Span::new(start, start.checked_add(u32::try_from(length).ok()?)?))
    };
    place().unwrap_or(whole)
}

/// How `clock.time` is used.
const ON_THE_CLOCK: &str = "use `<`, `<=`, `>` or `>=` and a time in UTC, such as `clock.time < \"18:00\"`";

/// The conditions that fit values of `ty`.
fn fitting(check: &Check, ty: &Type) -> String {
    let patterned = matches!(check, Check::Like(_) | Check::Matches(_) | Check::UnderDomain(_));
    let tests = match ty {
        Type::Email if patterned => "its parts, `.local` and `.domain`, with it",
        Type::Url if patterned || matches!(check, Check::UnderPath(_)) => {
            "its parts, `.scheme`, `.host`, `.port` and `.path`, with it"
        }
        Type::Bool => "`==` or `!=`",
        Type::Choice(_) => "`==`, `!=`, `in` or `not in`",
        Type::Map(_) => "`has`, `lacks`, `.size` or a key, such as `[\"key\"]`",
        Type::List(_) | Type::Set(_) => "`has`, `lacks`, `each`, `some` or `.size`",
        Type::Batch(_) => "`.size`, or a condition on a field of its record",
        Type::Record(_) => "a condition on one of its fields",
        Type::Int
        | Type::Count
        | Type::Bytes
        | Type::Duration
        | Type::Decimal { .. }
        | Type::Money { .. }
        | Type::Time => "`==`, `!=`, `<`, `<=`, `>`, `>=`, `in` or `not in`",
        Type::Text | Type::Did | Type::EntityName { .. } => "`==`, `!=`, `in`, `not in`, `like` or `matches`",
        Type::Host => "`==`, `!=`, `in`, `not in`, `under domain`, `like` or `matches`",
        Type::Path => "`==`, `!=`, `in`, `not in`, `under path`, `like` or `matches`",
        Type::Ip => "`==`, `!=`, `in`, `not in` or `within cidr`",
        Type::Email => "`==`, `!=`, `in`, `not in`, or a condition on `.local` or `.domain`",
        Type::Url => "`==`, `!=`, `in`, `not in`, or a condition on `.scheme`, `.host`, `.port` or `.path`",
        Type::Json => "`conforms to`, `is present` or `is absent`",
    };
    format!("use {tests}")
}

/// What a condition compares with.
const fn constant(check: &Check) -> Option<&syntax::Value> {
    match check {
        Check::Compare(_, value)
        | Check::In(value)
        | Check::NotIn(value)
        | Check::Like(value)
        | Check::Matches(value)
        | Check::Has(value)
        | Check::Lacks(value)
        | Check::WithinCidr(value)
        | Check::UnderPath(value)
        | Check::UnderDomain(value) => Some(value),
        // A source may be named like an argument.
        Check::Present | Check::Absent | Check::ConformsTo(_) | Check::From(_) => None,
    }
}

const fn word(check: &Check) -> &'static str {
    match check {
        Check::Present => "is present",
        Check::Absent => "is absent",
        Check::Compare(compare, _) => comparison(*compare).symbol(),
        Check::In(_) => "in",
        Check::NotIn(_) => "not in",
        Check::Like(_) => "like",
        Check::Matches(_) => "matches",
        Check::Has(_) => "has",
        Check::Lacks(_) => "lacks",
        Check::WithinCidr(_) => "within cidr",
        Check::UnderPath(_) => "under path",
        Check::UnderDomain(_) => "under domain",
        Check::ConformsTo(_) => "conforms to",
        Check::From(_) => "from",
    }
}

const fn comparison(compare: Compare) -> Comparison {
    match compare {
        Compare::Equal => Comparison::Equal,
        Compare::NotEqual => Comparison::NotEqual,
        Compare::Less => Comparison::Less,
        Compare::AtMost => Comparison::AtMost,
        Compare::Greater => Comparison::Greater,
        Compare::AtLeast => Comparison::AtLeast,
    }
}
