//! Whether a condition holds: LANGUAGE.md section 2, items 3 and 4.

use std::collections::BTreeMap;

use crate::{
    Cidr, Comparison, Condition, Part, Quantifier, Regex, Sealed, Situation, Step, Subject, Test, Truth,
    Value, glob, is_under_domain, is_under_path, part,
};

impl Condition {
    /// Whether it holds of `arguments` in `situation`: of the call's arguments, or of one batch
    /// element's fields.
    ///
    /// A missing optional argument or map key makes a comparison unknown; a key that is there in
    /// another ASCII case, alone or beside the one that is asked for, makes it unknown too, so
    /// that no spelling slips past a deny or satisfies an allow.
    #[must_use]
    pub fn holds<'s>(
        &self,
        arguments: &BTreeMap<String, Value>,
        situation: impl Into<Situation<'s>>,
    ) -> Truth {
        let situation = situation.into();
        let tested = Tested { condition: self, matcher: &Matcher::of(&self.test), situation };
        holds(tested, arguments)
    }
}

/// A condition whose constants are read once, for whoever asks it of many calls.
#[derive(Clone, Debug)]
pub struct Prepared {
    condition: Condition,
    matcher: Matcher,
}

impl Prepared {
    /// Reads the constants of `condition`.
    #[must_use]
    pub fn new(condition: Condition) -> Self {
        let matcher = Matcher::of(&condition.test);
        Self { condition, matcher }
    }

    /// As [`Condition::holds`].
    #[must_use]
    pub fn holds<'s>(
        &self,
        arguments: &BTreeMap<String, Value>,
        situation: impl Into<Situation<'s>>,
    ) -> Truth {
        let situation = situation.into();
        let tested = Tested { condition: &self.condition, matcher: &self.matcher, situation };
        holds(tested, arguments)
    }
}

/// Constants that are more than values.
#[derive(Clone, Debug)]
enum Matcher {
    /// Of most tests: none.
    None,
    /// Of `matches`; `None` if it is no pattern, which no checked policy has.
    Regex(Option<Regex>),
    /// Of `within cidr`; what is no block is left out, which no checked policy has.
    Blocks(Vec<Cidr>),
}

impl Matcher {
    fn of(test: &Test) -> Self {
        match test {
            Test::Matches(pattern) => Self::Regex(Regex::new(pattern)),
            Test::WithinCidr(blocks) => {
                Self::Blocks(blocks.iter().filter_map(Value::as_text).filter_map(Cidr::parse).collect())
            }
            Test::Absent
            | Test::Compare(..)
            | Test::Conforms(_)
            | Test::From(_)
            | Test::Has(_)
            | Test::In(_)
            | Test::Lacks(_)
            | Test::Like(_)
            | Test::NotIn(_)
            | Test::Present
            | Test::UnderDomain(_)
            | Test::UnderPath(_) => Self::None,
        }
    }
}

fn holds(tested: Tested<'_>, arguments: &BTreeMap<String, Value>) -> Truth {
    let Subject { quantifier, name, steps } = &tested.condition.subject;
    if tested.condition.subject.is_of_clock() {
        let read = tested.situation.moment.read(steps);
        return tested.holds(read.as_ref().map_or(Found::Unclear, Found::Value));
    }
    let start = arguments.get(name);
    let Some(quantifier) = *quantifier else { return tested.holds(find(start, steps)) };
    match members(start, steps) {
        Members::List(members, rest) => {
            let each = members.iter().map(|member| tested.holds(find(Some(member), rest)));
            match quantifier {
                Quantifier::Each => Truth::all(each),
                Quantifier::Some => Truth::any(each),
            }
        }
        Members::Sealed(sealed, rest) => sealed.answer(Some(quantifier), rest, &tested.condition.test),
        Members::None => Truth::Unknown,
    }
}

/// The members of the first list on a path, and what of the path is read in each.
enum Members<'a, 's> {
    List(&'a [Value], &'s [Step]),
    /// They are in this sealed value, this far from it.
    Sealed(&'a Sealed, &'s [Step]),
    /// There is none.
    None,
}

fn members<'a, 's>(start: Option<&'a Value>, steps: &'s [Step]) -> Members<'a, 's> {
    let at = |length| {
        let (before, after) = steps.split_at_checked(length)?;
        let Found::Value(found) = find(start, before) else { return None };
        if let Value::List(members) = found {
            Some(Members::List(members, after))
        } else if let Value::Sealed(sealed) = found {
            Some(Members::Sealed(sealed, after))
        } else {
            None
        }
    };
    (0..=steps.len()).find_map(at).unwrap_or(Members::None)
}

/// What stands at the end of a path.
#[derive(Clone, Copy)]
enum Found<'a, 's> {
    /// This value.
    Value(&'a Value),
    /// This number: a size, or a part of an address.
    Number(i64),
    /// This part of an address.
    Text(&'a str),
    /// It is in this sealed value, this far from it: at least one step.
    Sealed(&'a Sealed, &'s [Step]),
    /// Nothing: an absent optional argument or a missing key.
    Nothing,
    /// Something, but the map has its key in another ASCII case as well.
    Ambiguous,
    /// Not known: the map has the key in another ASCII case only, or an address has no such part.
    Unclear,
}

fn find<'a, 's>(start: Option<&'a Value>, steps: &'s [Step]) -> Found<'a, 's> {
    let Some(start) = start else { return Found::Nothing };
    let mut found = Found::Value(start);
    let mut ambiguous = false;
    let mut rest = steps;
    while let Some((step, after)) = rest.split_first() {
        found = match (step, found) {
            (_, Found::Value(Value::Sealed(_))) if ambiguous => return Found::Unclear,
            (_, Found::Value(Value::Sealed(sealed))) => return Found::Sealed(sealed, rest),
            (Step::Size, Found::Text(text)) => size(text.len()),
            (Step::Size, Found::Value(Value::Text(text))) => size(text.len()),
            (Step::Size, Found::Value(Value::List(members))) => size(members.len()),
            (Step::Size, Found::Value(Value::Map(members))) => size(members.len()),
            (Step::Field(name), Found::Value(Value::Text(address))) => match part(address, name) {
                Some(Part::Text(text)) => Found::Text(text),
                Some(Part::Number(number)) => Found::Number(number),
                None => return Found::Unclear,
            },
            (Step::Field(name), Found::Value(Value::Map(members))) => there(members.get(name)),
            (Step::Key(key), Found::Value(Value::Map(members))) => {
                ambiguous |= has_other_case(members, key);
                there(members.get(key))
            }
            _ => return Found::Unclear,
        };
        if let Found::Nothing = found {
            return if ambiguous { Found::Unclear } else { Found::Nothing };
        }
        rest = after;
    }
    if ambiguous { Found::Ambiguous } else { found }
}

fn there<'a>(value: Option<&'a Value>) -> Found<'a, 'static> {
    value.map_or(Found::Nothing, Found::Value)
}

fn size(members: usize) -> Found<'static, 'static> {
    i64::try_from(members).map_or(Found::Ambiguous, Found::Number)
}

/// Whether a key differs from `key` in ASCII case only.
fn has_other_case(members: &BTreeMap<String, Value>, key: &str) -> bool {
    members.keys().any(|other| other != key && other.eq_ignore_ascii_case(key))
}

/// A condition, what was read of its constants, and where it is asked.
#[derive(Clone, Copy)]
struct Tested<'t> {
    condition: &'t Condition,
    matcher: &'t Matcher,
    situation: Situation<'t>,
}

impl Tested<'_> {
    fn holds(self, found: Found<'_, '_>) -> Truth {
        let read;
        let test = &self.condition.test;
        let value = match (test, found) {
            (Test::Present, Found::Value(_) | Found::Number(_) | Found::Text(_) | Found::Ambiguous)
            | (Test::Absent, Found::Nothing) => return Truth::True,
            (Test::Absent, Found::Value(_) | Found::Number(_) | Found::Text(_) | Found::Ambiguous)
            | (Test::Present, Found::Nothing) => return Truth::False,
            (_, Found::Nothing | Found::Ambiguous | Found::Unclear) => return Truth::Unknown,
            (test, Found::Value(Value::Sealed(sealed))) => return sealed.answer(None, &[], test),
            (test, Found::Sealed(sealed, rest)) => return sealed.answer(None, rest, test),
            (_, Found::Value(value)) => value,
            (_, Found::Number(number)) => {
                read = Value::Int(number);
                &read
            }
            (_, Found::Text(text)) => {
                read = Value::text(text);
                &read
            }
        };
        match test {
            Test::Present => Truth::True,
            Test::Absent => Truth::False,
            Test::Compare(comparison, constant) => compare(*comparison, value, constant),
            Test::Conforms(_) => self.situation.conforms(self.condition, value),
            Test::From(sources) => self.situation.came_from(sources, value),
            Test::In(constants) => Truth::of(constants.contains(value)),
            Test::NotIn(constants) => Truth::of(!constants.contains(value)),
            Test::Has(wanted) => Truth::all(wanted.iter().map(|one| contains(value, one))),
            Test::Lacks(unwanted) => Truth::all(unwanted.iter().map(|one| contains(value, one).negate())),
            Test::Like(_)
            | Test::Matches(_)
            | Test::UnderDomain(_)
            | Test::UnderPath(_)
            | Test::WithinCidr(_) => value.as_text().map_or(Truth::Unknown, |text| self.matches(text)),
        }
    }

    /// The tests that look into a text.
    fn matches(self, text: &str) -> Truth {
        let one_of = |constants: &[Value], is_of: fn(&str, &str) -> bool| {
            Truth::of(constants.iter().filter_map(Value::as_text).any(|of| is_of(text, of)))
        };
        match (&self.condition.test, self.matcher) {
            (Test::Like(pattern), _) => Truth::of(glob(pattern, text)),
            (Test::Matches(_), Matcher::Regex(Some(regex))) => Truth::of(regex.matches(text)),
            (Test::UnderDomain(of), _) => one_of(of, is_under_domain),
            (Test::UnderPath(of), _) => one_of(of, is_under_path),
            (Test::WithinCidr(_), Matcher::Blocks(blocks)) => {
                Truth::of(blocks.iter().any(|block| block.contains(text)))
            }
            _ => Truth::Unknown,
        }
    }
}

fn compare(comparison: Comparison, value: &Value, constant: &Value) -> Truth {
    match (comparison, value, constant) {
        (Comparison::Equal, _, _) => Truth::of(value == constant),
        (Comparison::NotEqual, _, _) => Truth::of(value != constant),
        (Comparison::Less, Value::Int(left), Value::Int(right)) => Truth::of(left < right),
        (Comparison::AtMost, Value::Int(left), Value::Int(right)) => Truth::of(left <= right),
        (Comparison::Greater, Value::Int(left), Value::Int(right)) => Truth::of(left > right),
        (Comparison::AtLeast, Value::Int(left), Value::Int(right)) => Truth::of(left >= right),
        _ => Truth::Unknown,
    }
}

/// Whether a map has the key, or a list the member. A key that differs in ASCII case only: unknown.
fn contains(value: &Value, one: &Value) -> Truth {
    match (value, one) {
        (Value::Map(members), Value::Text(key)) if members.contains_key(key) => Truth::True,
        (Value::Map(members), Value::Text(key)) if has_other_case(members, key) => Truth::Unknown,
        (Value::Map(_), Value::Text(_)) => Truth::False,
        (Value::List(members), _) => Truth::of(members.contains(one)),
        _ => Truth::Unknown,
    }
}
