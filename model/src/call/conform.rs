//! Whether typed values are of their interface's types.

use std::collections::BTreeMap;

use super::malformed::{Malformed, MalformedCode};
use super::{MAX_BATCH, MAX_CALL_DEPTH, MAX_TEXT_BYTES};
use crate::instant::{EARLIEST, LATEST};
use crate::place::Place;
use crate::{Field, Interface, MAX_INTEGER, Type, Value};

/// Whether measured arguments must be there.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Needs {
    /// All required arguments, as a decision does.
    Everything,
    /// Those that the caller states.
    Stated,
}

impl Interface {
    /// Whether `value` is a value of type `ty`: its shape, its range, its spelling.
    ///
    /// # Errors
    ///
    /// [`Malformed`] with the first difference; the path starts at the value.
    pub fn conforms(&self, ty: &Type, value: &Value) -> Result<(), Malformed> {
        Conform { interface: self, needs: Needs::Everything }.value(ty, value, Place::Root, 0)
    }
}

impl Interface {
    /// As [`Interface::conforms`], for the text that stands for a resource's parameter.
    pub(crate) fn spells(&self, ty: &Type, text: &str) -> Result<(), Malformed> {
        spelled(ty, text, Place::Root)
    }
}

/// One walk over values and types together.
pub(super) struct Conform<'i> {
    pub(super) interface: &'i Interface,
    pub(super) needs: Needs,
}

impl Conform<'_> {
    /// Every field there and of its type, and nothing else.
    pub(super) fn fields(
        &self,
        fields: &BTreeMap<String, Field>,
        values: &BTreeMap<String, Value>,
        at: Place<'_>,
        depth: u32,
    ) -> Result<(), Malformed> {
        if let Some(name) = values.keys().find(|name| !fields.contains_key(*name)) {
            return Err(unknown(at.member(name), fields));
        }
        for (name, field) in fields {
            let at = at.member(name);
            match values.get(name) {
                Some(Value::Sealed(_)) if field.sealed || field.ty == Type::Json => {}
                Some(value) if !field.sealed => self.value(&field.ty, value, at, depth)?,
                Some(_) => {
                    return Err(Malformed::new(
                        MalformedCode::WrongType,
                        at,
                        "is sealed and stands in clear",
                    ));
                }
                None if field.optional || (field.measured && self.needs == Needs::Stated) => {}
                None => return Err(Malformed::new(MalformedCode::MissingArgument, at, "is missing")),
            }
        }
        Ok(())
    }

    pub(super) fn value(&self, ty: &Type, value: &Value, at: Place<'_>, depth: u32) -> Result<(), Malformed> {
        let deeper = depth.saturating_add(1);
        if deeper > MAX_CALL_DEPTH {
            return Err(Malformed::new(
                MalformedCode::TooLarge,
                at,
                format!("is more than {MAX_CALL_DEPTH} deep"),
            ));
        }
        match (ty, value) {
            (Type::Bool, Value::Bool(_)) | (Type::Json, Value::Sealed(_)) => Ok(()),
            (ty, Value::Int(number)) if ty.is_integer() => in_range(ty, *number, at),
            (ty, Value::Text(text)) if ty.is_text() => spelled(ty, text, at),
            (Type::List(member), Value::List(members)) => self.members(member, members, at, deeper),
            (Type::Set(member), Value::List(members)) => {
                if !members.is_sorted_by(|left, right| left < right) {
                    return Err(Malformed::new(MalformedCode::WrongType, at, "is a set and not sorted"));
                }
                self.members(member, members, at, deeper)
            }
            (Type::Map(member), Value::Map(members)) => {
                few(members.len(), at)?;
                members.iter().try_for_each(|(key, value)| {
                    let at = at.member(key);
                    short(key, at)?;
                    self.value(member, value, at, deeper)
                })
            }
            (Type::Record(name), Value::Map(values)) => self.record(name, values, at, deeper),
            (Type::Batch(name), Value::List(elements)) => {
                few(elements.len(), at)?;
                elements.iter().enumerate().try_for_each(|(index, element)| {
                    let at = at.item(index);
                    let values = element.as_map().ok_or_else(|| wrong_type(ty, at))?;
                    self.record(name, values, at, deeper)
                })
            }
            _ => Err(wrong_type(ty, at)),
        }
    }

    fn members(&self, ty: &Type, members: &[Value], at: Place<'_>, depth: u32) -> Result<(), Malformed> {
        few(members.len(), at)?;
        members
            .iter()
            .enumerate()
            .try_for_each(|(index, member)| self.value(ty, member, at.item(index), depth))
    }

    fn record(
        &self,
        name: &str,
        values: &BTreeMap<String, Value>,
        at: Place<'_>,
        depth: u32,
    ) -> Result<(), Malformed> {
        let record = self.interface.records.get(name);
        let record =
            record.ok_or_else(|| Malformed::about(MalformedCode::WrongType, at, name, "is no record"))?;
        self.fields(&record.fields, values, at, depth)
    }
}

/// An argument that is not one of `fields`.
pub(super) fn unknown(at: Place<'_>, fields: &BTreeMap<String, Field>) -> Malformed {
    let known: Vec<_> = fields.keys().map(|name| format!("`{name}`")).collect();
    let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
    Malformed::new(MalformedCode::UnknownArgument, at, format!("is not known; expected {known}"))
}

pub(super) fn wrong_type(ty: &Type, at: Place<'_>) -> Malformed {
    Malformed::new(MalformedCode::WrongType, at, format!("is not a `{}`", ty.word()))
}

fn few(members: usize, at: Place<'_>) -> Result<(), Malformed> {
    if members <= MAX_BATCH {
        return Ok(());
    }
    Err(Malformed::new(MalformedCode::TooLarge, at, format!("has {members} members, more than {MAX_BATCH}")))
}

fn short(text: &str, at: Place<'_>) -> Result<(), Malformed> {
    if text.len() <= MAX_TEXT_BYTES {
        return Ok(());
    }
    let found = text.len();
    Err(Malformed::new(MalformedCode::TooLarge, at, format!("has {found} bytes, more than {MAX_TEXT_BYTES}")))
}

pub(super) fn in_range(ty: &Type, number: i64, at: Place<'_>) -> Result<(), Malformed> {
    let range = if ty.is_natural() {
        0..=MAX_INTEGER
    } else if *ty == Type::Time {
        EARLIEST..=LATEST
    } else {
        -MAX_INTEGER..=MAX_INTEGER
    };
    if range.contains(&number) {
        return Ok(());
    }
    Err(Malformed::new(
        MalformedCode::OutOfRange,
        at,
        format!("is {number}, outside the range of `{}`", ty.word()),
    ))
}

/// Whether a text is one of its type, in the one spelling that is compared.
pub(super) fn spelled(ty: &Type, text: &str, at: Place<'_>) -> Result<(), Malformed> {
    short(text, at)?;
    if let Type::Choice(words) = ty {
        return if words.iter().any(|word| word == text) {
            Ok(())
        } else {
            let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
            let wrong = format_args!("is none of {}", words.join(", ")).to_string();
            Err(Malformed::about(MalformedCode::BadChoice, at, text, wrong))
        };
    }
    ty.spelling().check(text).map_err(|error| Malformed::about(MalformedCode::BadName, at, text, error))
}
