//! Conditions of every kind that this version has.

use wpc_model::{Action, Interface, Type};

use super::dice::Random;
use super::domain::{KEYS, constant, constants, keys, pattern};

/// What a condition may be about.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Subject {
    /// As a policy writes it, `each labels` or `extra["k"].size`.
    text: String,
    ty: Type,
    /// Only whether it is there may be asked.
    sealed: bool,
    /// Whether it is there may be asked.
    whole: bool,
}

/// What conditions on `action` may be about.
pub(crate) fn subjects(interface: &Interface, action: &Action) -> Vec<Subject> {
    let mut found = Vec::new();
    let of_batch = action.batch().and_then(|(_, record)| interface.records.get(record));
    let fields = of_batch.into_iter().flat_map(|record| &record.fields).chain(&action.arguments);
    for (name, field) in fields {
        walk(interface, name.clone(), &field.ty, field.sealed, &mut found);
    }
    found
}

/// What conditions on each of `actions` may be about.
pub(crate) fn shared(interface: &Interface, actions: &[&Action]) -> Vec<Subject> {
    let mut all = actions.iter().map(|action| subjects(interface, action));
    let first = all.next().unwrap_or_default();
    all.fold(first, |common, next| common.into_iter().filter(|one| next.contains(one)).collect())
}

fn walk(interface: &Interface, text: String, ty: &Type, sealed: bool, found: &mut Vec<Subject>) {
    let sized =
        |ty: &Type| matches!(ty, Type::List(_) | Type::Set(_) | Type::Map(_) | Type::Text | Type::Batch(_));
    if !sealed && sized(ty) {
        found.push(Subject { text: format!("{text}.size"), ty: Type::Count, sealed: false, whole: false });
    }
    match ty {
        _ if sealed => {}
        Type::Record(name) => {
            for (field, of) in interface.records.get(name).into_iter().flat_map(|record| &record.fields) {
                walk(interface, format!("{text}.{field}"), &of.ty, of.sealed, found);
            }
        }
        Type::Map(value) => {
            for key in KEYS {
                walk(interface, format!("{text}[{key:?}]"), value, false, found);
            }
        }
        Type::List(member) | Type::Set(member) if !matches!(**member, Type::Record(_)) => {
            for word in ["each", "some"] {
                let text = format!("{word} {text}");
                found.push(Subject { text, ty: (**member).clone(), sealed: false, whole: false });
            }
        }
        _ => {}
    }
    // Whether a batch is there is no question: every call has it, or is malformed.
    if !matches!(ty, Type::Batch(_)) {
        found.push(Subject { text, ty: ty.clone(), sealed, whole: true });
    }
}

/// A condition on one of `subjects`, on a line.
pub(crate) fn condition(random: &mut Random, subjects: &[Subject]) -> Option<String> {
    let subject = random.pick(subjects)?;
    let asks_presence = subject.sealed || random.chance(12);
    let test = if asks_presence { None } else { test(random, &subject.ty) };
    let test = match test {
        Some(test) => test,
        None if subject.whole => format!("is {}", random.word(&["present", "absent"])),
        None => return None,
    };
    Some(format!("{} {test}", subject.text))
}

fn test(random: &mut Random, ty: &Type) -> Option<String> {
    let word = |random: &mut Random, words: &[&'static str]| random.word(words);
    Some(match ty {
        Type::Bool => format!("{} {}", word(random, &["==", "!="]), constant(random, ty)?),
        Type::Map(_) => format!("{} {}", word(random, &["has", "lacks"]), keys(random)),
        Type::List(member) | Type::Set(member) => {
            format!("{} {}", word(random, &["has", "lacks"]), constants(random, member)?)
        }
        ty if ty.is_integer() || ty.is_text() => match random.below(8) {
            0 => format!("in {}", constants(random, ty)?),
            1 => format!("not in {}", constants(random, ty)?),
            2..=4 if ty.is_integer() => {
                format!("{} {}", word(random, &["<", "<=", ">", ">="]), constant(random, ty)?)
            }
            2..=4 if matches!(ty, Type::Text | Type::Host | Type::Did | Type::EntityName { .. }) => {
                format!("like {}", pattern(random))
            }
            5 => format!("!= {}", constant(random, ty)?),
            _ => format!("== {}", constant(random, ty)?),
        },
        _ => return None,
    })
}
