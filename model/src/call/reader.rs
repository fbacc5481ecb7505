//! Given values as values of the interface's types.

use std::collections::BTreeMap;

use super::conform::{Conform, Needs, in_range, spelled, unknown, wrong_type};
use super::malformed::{Malformed, MalformedCode};
use super::typed::kind_of;
use super::{Given, Measured, RawResource, Resource};
use crate::place::Place;
use crate::sealed::{Content, Sealing, Seals};
use crate::{
    Action, Field, Interface, Sealed, Type, Value, fold_url, minor_digits, parse_decimal, parse_instant,
};

/// Reads given values as values of the interface's types. Ranges and spellings are left to
/// [`Conform`](super::conform::Conform).
pub(super) struct Reader<'i> {
    pub(super) interface: &'i Interface,
    pub(super) measured: Measured,
    pub(super) seal: Seal<'i>,
}

/// What becomes of sealed values.
#[derive(Clone, Copy, Debug)]
pub(super) enum Seal<'i> {
    /// They are dropped.
    Unread,
    /// They are read, and dropped.
    Read(Sealing<'i>),
    /// They were sealed before: what stands for them is what was found of them.
    Opened(&'i Seals),
}

/// What stands in evidence for a sealed value of which something was found: `{"sealed":{"r_…":true}}`.
pub(super) const SEALED: &str = "sealed";

/// Where a value stands: in this field of this record, or in this argument.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    place: Place<'a>,
    record: Option<&'a str>,
    field: &'a str,
}

impl Reader<'_> {
    pub(super) fn resource(&self, raw: RawResource, action: &Action) -> Result<Resource, Malformed> {
        let RawResource { kind, mut names } = raw;
        let at = Place::Root.member("resource");
        if action.kinds.is_empty() {
            let message = "is not expected: the action takes none";
            return Err(Malformed::new(MalformedCode::WrongResource, at, message));
        }
        let parameters = &kind_of(self.interface, action, &kind)?.template.parameters;
        let mut in_order = Vec::with_capacity(parameters.len());
        for (name, ty) in parameters {
            let text = names
                .remove(name)
                .ok_or_else(|| Malformed::new(MalformedCode::MissingMember, at.member(name), "is missing"))?;
            in_order.push(folded(ty, text));
        }
        match names.keys().next() {
            Some(name) => Err(Malformed::new(MalformedCode::UnknownMember, at.member(name), "is not known")),
            None => Ok(Resource { kind, names: in_order }),
        }
    }

    pub(super) fn fields(
        &self,
        given: BTreeMap<String, Given>,
        fields: &BTreeMap<String, Field>,
        record: Option<&str>,
        place: Place<'_>,
    ) -> Result<BTreeMap<String, Value>, Malformed> {
        let mut values = BTreeMap::new();
        for (name, given) in given {
            let at = place.member(&name);
            let field = fields.get(&name).ok_or_else(|| unknown(at, fields))?;
            if field.measured && self.measured == Measured::Refuse {
                let message = "is measured by the tool and may not be stated";
                return Err(Malformed::new(MalformedCode::MeasuredStated, at, message));
            }
            if field.optional && given == Given::Null {
                continue;
            }
            let of = At { place: at, record, field: &name };
            let value =
                if field.sealed { self.sealed(&given, of) } else { self.value(given, &field.ty, of)? };
            values.insert(name, value);
        }
        Ok(values)
    }

    fn sealed(&self, given: &Given, At { record, field, .. }: At<'_>) -> Value {
        Value::Sealed(match (self.seal, given) {
            (Seal::Unread, _) => Sealed::UNREAD,
            (Seal::Read(sealing), given) => sealing.seal(record, field, Content::Given(given)),
            (Seal::Opened(seals), Given::Map(members)) => match members.get(SEALED) {
                Some(Given::Map(answers)) if members.len() == 1 => seals.reopen(record, field, answers),
                Some(_) | None => Sealed::UNREAD,
            },
            (Seal::Opened(_), _) => Sealed::UNREAD,
        })
    }

    fn value(&self, given: Given, ty: &Type, at: At<'_>) -> Result<Value, Malformed> {
        let place = at.place;
        Ok(match (ty, given) {
            (Type::Json, given) => self.sealed(&given, at),
            (Type::Bool, Given::Bool(value)) => Value::Bool(value),
            (ty, given @ (Given::Integer(_) | Given::Text(_))) => scalar(given, ty, place)?,
            (Type::List(member), Given::List(members)) => Value::List(self.members(members, member, at)?),
            (Type::Set(member), Given::List(members)) => {
                let mut members = self.members(members, member, at)?;
                members.sort_unstable();
                members.dedup();
                Value::List(members)
            }
            (Type::Map(member), Given::Map(members)) => {
                let read = |(key, given): (String, Given)| {
                    let value = self.value(given, member, At { place: place.member(&key), ..at })?;
                    Ok((key, value))
                };
                Value::Map(members.into_iter().map(read).collect::<Result<_, _>>()?)
            }
            (Type::Record(name), Given::Map(members)) => self.record(name, members, place)?,
            (Type::Batch(name), Given::List(elements)) => {
                let read = |(index, element): (usize, Given)| {
                    let at = place.item(index);
                    if let Given::Map(members) = element {
                        self.record(name, members, at)
                    } else {
                        Err(Malformed::new(MalformedCode::WrongType, at, format!("is not a `{name}`")))
                    }
                };
                Value::List(elements.into_iter().enumerate().map(read).collect::<Result<_, _>>()?)
            }
            _ => return Err(wrong_type(ty, place)),
        })
    }

    fn members(&self, given: Vec<Given>, ty: &Type, at: At<'_>) -> Result<Vec<Value>, Malformed> {
        let one = |(index, one)| self.value(one, ty, At { place: at.place.item(index), ..at });
        given.into_iter().enumerate().map(one).collect()
    }

    fn record(&self, name: &str, given: BTreeMap<String, Given>, at: Place<'_>) -> Result<Value, Malformed> {
        let record = self.interface.records.get(name);
        let record =
            record.ok_or_else(|| Malformed::about(MalformedCode::WrongType, at, name, "is no record"))?;
        Ok(Value::Map(self.fields(given, &record.fields, Some(name), at)?))
    }
}

/// A number or a text.
fn scalar(given: Given, ty: &Type, at: Place<'_>) -> Result<Value, Malformed> {
    match (ty, given) {
        (Type::Int | Type::Count | Type::Bytes | Type::Duration, Given::Integer(number)) => {
            Ok(Value::Int(number))
        }
        (Type::Decimal { .. } | Type::Money { .. } | Type::Time, Given::Text(text)) => {
            Ok(Value::Int(written(ty, &text, at)?))
        }
        (ty, Given::Text(text)) if ty.is_text() => Ok(Value::Text(folded(ty, text))),
        _ => Err(wrong_type(ty, at)),
    }
}

impl Interface {
    /// A given value as a value of `ty`, which it must be in all respects.
    pub(crate) fn read(&self, given: Given, ty: &Type, at: Place<'_>) -> Result<Value, Malformed> {
        let reader = Reader { interface: self, measured: Measured::Accept, seal: Seal::Unread };
        let value = reader.value(given, ty, At { place: at, record: None, field: "" })?;
        Conform { interface: self, needs: Needs::Everything }.value(ty, &value, at, 0)?;
        Ok(value)
    }
}

/// A number or a text as a value of `ty`, in its one spelling, if it is one.
pub(crate) fn read_alone(given: Given, ty: &Type) -> Option<Value> {
    let value = scalar(given, ty, Place::Root).ok()?;
    match &value {
        Value::Int(number) => in_range(ty, *number, Place::Root).ok()?,
        Value::Text(text) => spelled(ty, text, Place::Root).ok()?,
        Value::Bool(_) | Value::List(_) | Value::Map(_) | Value::Sealed(_) => return None,
    }
    Some(value)
}

/// The integer of a decimal, money or time that is written as text.
fn written(ty: &Type, text: &str, at: Place<'_>) -> Result<i64, Malformed> {
    let (read, wanted) = if let Type::Decimal { scale } = ty {
        (parse_decimal(text, *scale), format!("a decimal with {scale} fraction digits"))
    } else if let Type::Money { currency } = ty {
        let scale = minor_digits(currency);
        (parse_decimal(text, scale), format!("an amount of {currency} with {scale} fraction digits"))
    } else {
        (parse_instant(text), "a time like `2026-01-31T09:30:00Z`".to_owned())
    };
    read.ok_or_else(|| Malformed::about(MalformedCode::WrongType, at, text, format!("is not {wanted}")))
}

/// Hosts in lower case, also those of addresses: letter case means nothing in them.
fn folded(ty: &Type, text: String) -> String {
    match (ty, text.rsplit_once('@')) {
        (Type::Host, _) => text.to_ascii_lowercase(),
        (Type::Url, _) => fold_url(&text),
        (Type::Email, Some((local, host))) => format!("{local}@{}", host.to_ascii_lowercase()),
        _ => text,
    }
}
