//! Whether a condition holds: LANGUAGE.md section 2, items 3 and 4.

use std::collections::BTreeMap;

use crate::{Comparison, Condition, Quantifier, Step, Test, Truth, Value, glob};

impl Condition {
    /// Whether it holds of `arguments`: of the call's arguments, or of one batch element's fields.
    ///
    /// A missing optional argument or map key makes a comparison unknown; a key that is there in
    /// another ASCII case, alone or beside the one that is asked for, makes it unknown too, so
    /// that no spelling slips past a deny or satisfies an allow.
    #[must_use]
    pub fn holds(&self, arguments: &BTreeMap<String, Value>) -> Truth {
        let found = find(arguments.get(&self.subject.name), &self.subject.steps);
        let Some(quantifier) = self.subject.quantifier else { return self.test.holds(found) };
        let Found::Value(Value::List(members)) = found else { return Truth::Unknown };
        let each = members.iter().map(|member| self.test.holds(Found::Value(member)));
        match quantifier {
            Quantifier::Each => Truth::all(each),
            Quantifier::Some => Truth::any(each),
        }
    }
}

/// What stands at the end of a path.
#[derive(Clone, Copy)]
enum Found<'a> {
    /// This value.
    Value(&'a Value),
    /// This size.
    Size(i64),
    /// Nothing: an absent optional argument or a missing key.
    Nothing,
    /// Something, but the map has its key in another ASCII case as well.
    Ambiguous,
    /// Not known: the map has the key in another ASCII case only, or the value is sealed.
    Unclear,
}

fn find<'a>(start: Option<&'a Value>, steps: &[Step]) -> Found<'a> {
    let Some(mut value) = start else { return Found::Nothing };
    let mut ambiguous = false;
    for step in steps {
        let next = match (step, value) {
            (Step::Size, Value::Text(text)) => return size(text.len(), ambiguous),
            (Step::Size, Value::List(members)) => return size(members.len(), ambiguous),
            (Step::Size, Value::Map(members)) => return size(members.len(), ambiguous),
            (Step::Field(name), Value::Map(members)) => members.get(name),
            (Step::Key(key), Value::Map(members)) => {
                ambiguous |= has_other_case(members, key);
                members.get(key)
            }
            _ => return Found::Unclear,
        };
        match next {
            Some(next) => value = next,
            None if ambiguous => return Found::Unclear,
            None => return Found::Nothing,
        }
    }
    if ambiguous { Found::Ambiguous } else { Found::Value(value) }
}

fn size(members: usize, ambiguous: bool) -> Found<'static> {
    match i64::try_from(members) {
        Ok(members) if !ambiguous => Found::Size(members),
        _ => Found::Ambiguous,
    }
}

/// Whether a key differs from `key` in ASCII case only.
fn has_other_case(members: &BTreeMap<String, Value>, key: &str) -> bool {
    members.keys().any(|other| other != key && other.eq_ignore_ascii_case(key))
}

impl Test {
    fn holds(&self, found: Found<'_>) -> Truth {
        let size;
        let value = match (self, found) {
            (Self::Present, Found::Value(_) | Found::Size(_) | Found::Ambiguous)
            | (Self::Absent, Found::Nothing) => return Truth::True,
            (Self::Absent, Found::Value(_) | Found::Size(_) | Found::Ambiguous)
            | (Self::Present, Found::Nothing) => return Truth::False,
            (_, Found::Nothing | Found::Ambiguous | Found::Unclear) | (_, Found::Value(Value::Sealed)) => {
                return Truth::Unknown;
            }
            (_, Found::Value(value)) => value,
            (_, Found::Size(members)) => {
                size = Value::Int(members);
                &size
            }
        };
        match self {
            Self::Present => Truth::True,
            Self::Absent => Truth::False,
            Self::Compare(comparison, constant) => compare(*comparison, value, constant),
            Self::In(constants) => Truth::of(constants.contains(value)),
            Self::NotIn(constants) => Truth::of(!constants.contains(value)),
            Self::Like(pattern) => {
                value.as_text().map_or(Truth::Unknown, |text| Truth::of(glob(pattern, text)))
            }
            Self::Has(wanted) => Truth::all(wanted.iter().map(|one| contains(value, one))),
            Self::Lacks(unwanted) => Truth::all(unwanted.iter().map(|one| contains(value, one).negate())),
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
