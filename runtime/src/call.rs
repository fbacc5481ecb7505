//! From typed facts to the model's call.

use std::collections::BTreeMap;

use wpc_model::{Content, Given, Malformed, MalformedCode, Sealing, Value};

use crate::describe::{Batch, Record, Records};
use crate::view::{Pairs, Sealed, Shown, TextList, TextMap};

/// What is wrong with a fact, and where below it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    code: MalformedCode,
    path: String,
    message: &'static str,
}

impl Fault {
    const OUT_OF_RANGE: Self = Self::here(MalformedCode::OutOfRange, "is outside the range of its type");
    const REPEATED_KEY: Self = Self::here(MalformedCode::DuplicateKey, "is there twice");
    const REPEATED_MEMBER: Self =
        Self::here(MalformedCode::WrongType, "has a member twice, which no set has");
    const SHRUNK: Self = Self::here(MalformedCode::MissingArgument, "has fewer members than it counts");

    const fn here(code: MalformedCode, message: &'static str) -> Self {
        Self { code, path: String::new(), message }
    }

    fn member(self, name: &str) -> Self {
        Self { path: format!(".{name}{}", self.path), ..self }
    }

    fn item(self, index: usize) -> Self {
        Self { path: format!("[{index}]{}", self.path), ..self }
    }
}

impl From<Fault> for Malformed {
    fn from(fault: Fault) -> Self {
        Self {
            code: fault.code,
            path: format!("$.arguments{}", fault.path),
            message: fault.message.to_owned(),
        }
    }
}

/// An argument that is neither measured nor stated.
#[must_use]
pub(crate) fn missing(name: &str) -> Malformed {
    Fault::here(MalformedCode::MissingArgument, "is missing").member(name).into()
}

pub(crate) fn stated_differs(name: &str) -> Malformed {
    Fault::here(MalformedCode::StatedDiffers, "is stated otherwise than the value describes it")
        .member(name)
        .into()
}

/// Who reads sealed values on their way into a call, and where the value stands that comes next.
#[derive(Clone, Copy, Debug)]
pub struct Seal<'s> {
    sealing: Option<Sealing<'s>>,
    record: Option<&'s str>,
    field: &'s str,
}

impl<'s> Seal<'s> {
    /// Nobody reads them.
    pub const UNREAD: Self = Self { sealing: None, record: None, field: "" };

    /// Among the arguments of a call.
    #[must_use]
    pub const fn arguments(sealing: Sealing<'s>) -> Self {
        Self { sealing: Some(sealing), ..Self::UNREAD }
    }

    /// Among the fields of a record.
    #[must_use]
    pub const fn record<'r>(self, record: &'r str) -> Seal<'r>
    where
        's: 'r,
    {
        Seal { sealing: self.sealing, record: Some(record), field: "" }
    }

    /// In this field.
    #[must_use]
    const fn field<'f>(self, field: &'f str) -> Seal<'f>
    where
        's: 'f,
    {
        Seal { sealing: self.sealing, record: self.record, field }
    }

    /// What is found of a value that stands here.
    fn of(self, value: Sealed<'_>) -> wpc_model::Sealed {
        let Some(sealing) = self.sealing else { return wpc_model::Sealed::UNREAD };
        let seal = |content| sealing.seal(self.record, self.field, content);
        match value.shown() {
            Shown::Nothing => wpc_model::Sealed::UNREAD,
            Shown::Text(text) => seal(Content::Text(text)),
            Shown::Bytes(bytes) => {
                seal(std::str::from_utf8(bytes).map_or(Content::Unreadable, Content::Text))
            }
            Shown::Json(value) => {
                // Within the bounds that JSON from anywhere else has.
                let given = serde_json::to_vec(value).ok().and_then(|json| Given::from_json(&json).ok());
                seal(given.as_ref().map_or(Content::Unreadable, Content::Given))
            }
        }
    }
}

/// The arguments of a call whose facts are `facts`.
///
/// # Errors
///
/// [`Malformed`] only if no call can have them.
pub(crate) fn arguments(facts: &impl Fact, seal: Seal<'_>) -> Result<BTreeMap<String, Value>, Malformed> {
    match facts.value(seal)? {
        Value::Map(arguments) => Ok(arguments),
        // The facts of an action are a struct of its arguments.
        Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::List(_) | Value::Sealed(_) => {
            Ok(BTreeMap::new())
        }
    }
}

/// A typed fact, as the model's value.
pub trait Fact {
    /// The value.
    ///
    /// # Errors
    ///
    /// [`Fault`] only if no call can have it. Ranges and spellings are checked later, with those of
    /// calls from elsewhere.
    fn value(&self, seal: Seal<'_>) -> Result<Value, Fault>;
}

/// The present fields of a record, or the arguments of a call, by name.
#[derive(Debug)]
pub struct Fields<'s> {
    seal: Seal<'s>,
    values: BTreeMap<String, Value>,
    fault: Option<Fault>,
}

impl<'s> Fields<'s> {
    /// None yet.
    #[must_use]
    pub const fn new(seal: Seal<'s>) -> Self {
        Self { seal, values: BTreeMap::new(), fault: None }
    }

    /// Adds a required one.
    #[must_use]
    pub fn required(mut self, name: &str, fact: &impl Fact) -> Self {
        match fact.value(self.seal.field(name)) {
            Ok(value) => {
                self.values.insert(name.to_owned(), value);
            }
            Err(fault) => {
                self.fault.get_or_insert(fault.member(name));
            }
        }
        self
    }

    /// Adds an optional one, if it is there.
    #[must_use]
    pub fn optional(self, name: &str, fact: &Option<impl Fact>) -> Self {
        match fact {
            Some(fact) => self.required(name, fact),
            None => self,
        }
    }

    /// All of them.
    ///
    /// # Errors
    ///
    /// The first that no call can have.
    pub fn finish(self) -> Result<Value, Fault> {
        match self.fault {
            None => Ok(Value::Map(self.values)),
            Some(fault) => Err(fault),
        }
    }
}

/// A `set`: sorted, without repetition.
#[derive(Clone, Copy, Debug)]
pub struct AsSet<T>(
    /// The list.
    pub T,
);

impl<T: Fact> Fact for AsSet<T> {
    fn value(&self, seal: Seal<'_>) -> Result<Value, Fault> {
        let mut value = self.0.value(seal)?;
        if let Value::List(members) = &mut value {
            members.sort();
            // The rules counted what they were given: a repeated member must not pass for two.
            if members.windows(2).any(|two| matches!(two, [one, other] if one == other)) {
                return Err(Fault::REPEATED_MEMBER);
            }
        }
        Ok(value)
    }
}

impl Fact for bool {
    fn value(&self, _: Seal<'_>) -> Result<Value, Fault> {
        Ok(Value::Bool(*self))
    }
}

impl Fact for i64 {
    fn value(&self, _: Seal<'_>) -> Result<Value, Fault> {
        Ok(Value::Int(*self))
    }
}

impl Fact for u64 {
    fn value(&self, _: Seal<'_>) -> Result<Value, Fault> {
        i64::try_from(*self).map(Value::Int).map_err(|_| Fault::OUT_OF_RANGE)
    }
}

impl Fact for &str {
    fn value(&self, _: Seal<'_>) -> Result<Value, Fault> {
        Ok(Value::text(*self))
    }
}

impl Fact for Sealed<'_> {
    fn value(&self, seal: Seal<'_>) -> Result<Value, Fault> {
        Ok(Value::Sealed(seal.of(*self)))
    }
}

impl<T: Fact> Fact for &[T] {
    fn value(&self, seal: Seal<'_>) -> Result<Value, Fault> {
        every(self.len(), |index| self.get(index).map(|fact| fact.value(seal)))
    }
}

impl Fact for TextList<'_> {
    fn value(&self, _: Seal<'_>) -> Result<Value, Fault> {
        let mut members = Vec::with_capacity(self.size());
        self.each(|member| members.push(Value::text(member)));
        Ok(Value::List(members))
    }
}

/// Entries by key, refusing a key that is there already.
fn keyed(fill: impl FnOnce(&mut dyn FnMut(&str, Result<Value, Fault>))) -> Result<Value, Fault> {
    let mut entries = BTreeMap::new();
    let mut fault = None;
    fill(&mut |key, value| match value {
        Ok(value) => {
            if entries.insert(key.to_owned(), value).is_some() {
                fault.get_or_insert(Fault::REPEATED_KEY.member(key));
            }
        }
        Err(why) => {
            fault.get_or_insert(why.member(key));
        }
    });
    fault.map_or(Ok(Value::Map(entries)), Err)
}

impl Fact for TextMap<'_> {
    fn value(&self, _: Seal<'_>) -> Result<Value, Fault> {
        keyed(|add| self.each(|key, value| add(key, Ok(Value::text(value)))))
    }
}

impl<V: Copy + Fact> Fact for Pairs<'_, V> {
    fn value(&self, seal: Seal<'_>) -> Result<Value, Fault> {
        keyed(|add| self.each(|key, value| add(key, value.value(seal))))
    }
}

/// `count` members in order.
fn every(count: usize, at: impl Fn(usize) -> Option<Result<Value, Fault>>) -> Result<Value, Fault> {
    let one = |index| at(index).unwrap_or(Err(Fault::SHRUNK)).map_err(|fault| fault.item(index));
    (0..count).map(one).collect::<Result<_, _>>().map(Value::List)
}

impl<R: Record> Fact for Records<'_, R>
where
    for<'a> R::Fields<'a>: Fact,
{
    fn value(&self, seal: Seal<'_>) -> Result<Value, Fault> {
        every(self.size(), |index| self.at(index).map(|fields| fields.value(seal)))
    }
}

impl<R: Record, F: Fact> Fact for Batch<'_, R, F>
where
    for<'a> R::Fields<'a>: Fact,
{
    fn value(&self, seal: Seal<'_>) -> Result<Value, Fault> {
        match self {
            Self::One(fields) => every(1, |_| Some(fields.value(seal))),
            Self::Many(many) => {
                every(many.count(), |index| many.describe_at(index).map(|fields| fields.value(seal)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_with_a_repeated_member_is_no_set() {
        let members = |all: &[u64]| AsSet(all).value(Seal::UNREAD);
        assert_eq!(members(&[2, 1]), Ok(Value::List(vec![Value::Int(1), Value::Int(2)])));
        assert_eq!(members(&[1, 2, 1]), Err(Fault::REPEATED_MEMBER));
    }
}
