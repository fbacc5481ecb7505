//! Conditions as people read them, for the texts of errors.

use std::fmt::Write;

use wpc_model::{Condition, Quantifier, Step, Test, Type, Value, time_of_day_text};

/// Most constants of a set that are shown.
const SHOWN: usize = 8;

/// `messages <= 100`. `ty` is the type of what the subject's name means.
pub(super) fn condition(condition: &Condition, ty: Option<&Type>) -> String {
    let subject = &condition.subject;
    let mut said = String::new();
    match subject.quantifier {
        Some(Quantifier::Each) => said.push_str("each "),
        Some(Quantifier::Some) => said.push_str("some "),
        None => {}
    }
    said.push_str(&subject.name);
    for step in &subject.steps {
        match step {
            Step::Field(name) => {
                said.push('.');
                said.push_str(name);
            }
            Step::Key(key) => {
                // Writing to a `String` cannot fail.
                let _ = write!(said, "[{key:?}]");
            }
            Step::Size => said.push_str(".size"),
        }
    }
    let ty = ty.filter(|_| subject.steps.is_empty());
    let test = &condition.test;
    let operand = match test {
        Test::Present => "present".to_owned(),
        Test::Absent => "absent".to_owned(),
        Test::Compare(_, Value::Int(ms)) if subject.is_of_clock() => format!("{:?}", time_of_day_text(*ms)),
        Test::Compare(_, constant) => value(constant, ty),
        Test::From(sources) => {
            let origins: Vec<_> = sources.iter().take(SHOWN).map(wpc_model::Source::origin).collect();
            let more = if sources.len() > SHOWN { ", …" } else { "" };
            format!("[{}{more}]", origins.join(", "))
        }
        Test::Conforms(schema) => schema.to_string(),
        Test::Like(pattern) | Test::Matches(pattern) => format!("{pattern:?}"),
        Test::Has(set)
        | Test::In(set)
        | Test::Lacks(set)
        | Test::NotIn(set)
        | Test::UnderDomain(set)
        | Test::UnderPath(set)
        | Test::WithinCidr(set) => self::set(set, ty),
    };
    let _ = write!(said, " {} {operand}", test.operator());
    said
}

fn set(set: &[Value], ty: Option<&Type>) -> String {
    let mut shown: Vec<_> = set.iter().take(SHOWN).map(|one| value(one, ty)).collect();
    if set.len() > SHOWN {
        shown.push("…".to_owned());
    }
    format!("[{}]", shown.join(", "))
}

fn value(value: &Value, ty: Option<&Type>) -> String {
    match (value, ty) {
        (Value::Bool(value), _) => value.to_string(),
        (Value::Int(value), Some(Type::Bytes)) => {
            unit(*value, &[("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)])
        }
        (Value::Int(value), Some(Type::Duration)) => {
            unit(*value, &[("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1)])
        }
        (Value::Int(value), _) => value.to_string(),
        (Value::Text(word), Some(Type::Choice(_))) => word.clone(),
        (Value::Text(text), _) => format!("{text:?}"),
        (Value::List(_) | Value::Map(_) | Value::Sealed(_), _) => "…".to_owned(),
    }
}

/// In the largest unit that divides it.
fn unit(value: i64, units: &[(&str, i64)]) -> String {
    let whole = units.iter().find(|(_, size)| value != 0 && value.checked_rem(*size) == Some(0));
    match whole.and_then(|(unit, size)| Some((unit, value.checked_div(*size)?))) {
        Some((unit, count)) => format!("{count} {unit}"),
        None => value.to_string(),
    }
}
