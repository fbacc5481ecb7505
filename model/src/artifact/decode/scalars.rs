//! The leaves of an artifact: texts, constants, and words that stand for something.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};

use crate::{Bind, Comparison, Condition, Hash, Measure, Slot, Source, Subject, Test, Uses, Value, Window};

/// A string, borrowed from the artifact unless it has escapes.
#[derive(Debug, Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<'a>(PhantomData<&'a str>);
        impl<'de: 'a, 'a> Visitor<'de> for Read<'a> {
            type Value = Text<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'a>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'a>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Read(PhantomData))
    }
}

/// A string that is for people: what it must be follows from the rest.
#[derive(Debug)]
pub(super) struct Shown;

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Shown;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E>(self, _: &str) -> Result<Shown, E> {
                Ok(Shown)
            }
        }
        deserializer.deserialize_str(Read)
    }
}

/// An object with members of one type, none of them twice.
#[derive(Debug)]
pub(super) struct Members<T>(pub(super) BTreeMap<String, T>);

impl<T> Default for Members<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<T> {
            type Value = Members<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, T>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member is there twice"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Read(PhantomData))
    }
}

/// A constant of a condition: a scalar, or a list of scalars.
#[derive(Debug)]
pub(super) struct Constant(pub(super) Value);

impl<'de> Deserialize<'de> for Constant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Constant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a truth value, an integer, a string, or an array of these")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Constant, E> {
                Ok(Constant(Value::Bool(value)))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Constant, E> {
                Ok(Constant(Value::Int(number)))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Constant, E> {
                let wrong = |_| E::invalid_value(Unexpected::Unsigned(number), &self);
                i64::try_from(number).map(|number| Constant(Value::Int(number))).map_err(wrong)
            }

            fn visit_str<E>(self, text: &str) -> Result<Constant, E> {
                Ok(Constant(Value::text(text)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Constant, A::Error> {
                let mut list = Vec::new();
                while let Some(Constant(item)) = items.next_element()? {
                    if matches!(item, Value::List(_)) {
                        return Err(A::Error::custom("a list of lists is no constant"));
                    }
                    list.push(item);
                }
                Ok(Constant(Value::List(list)))
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// A condition: `[subject, operator, constant]`.
#[derive(Debug)]
pub(super) struct Triple(pub(super) Condition);

impl<'de> Deserialize<'de> for Triple {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (subject, operator, Constant(constant)) =
            <(Text<'de>, Text<'de>, Constant)>::deserialize(deserializer)?;
        let subject =
            Subject::from_text(&subject.0).ok_or_else(|| D::Error::custom("is no subject of a condition"))?;
        let test = test(&operator.0, constant).ok_or_else(|| D::Error::custom("is no test"))?;
        Ok(Self(Condition { subject, test }))
    }
}

/// The test of an operator and a constant.
fn test(operator: &str, constant: Value) -> Option<Test> {
    Some(match (operator, constant) {
        ("is", Value::Text(word)) if word == "present" => Test::Present,
        ("is", Value::Text(word)) if word == "absent" => Test::Absent,
        ("conforms to", Value::Text(schema)) => Test::Conforms(Hash::from_text(&schema)?),
        ("like", Value::Text(pattern)) => Test::Like(pattern),
        ("matches", Value::Text(pattern)) => Test::Matches(pattern),
        ("from", Value::List(set)) => {
            let source = |one: &Value| one.as_text().and_then(Source::from_text);
            Test::From(set.iter().map(source).collect::<Option<_>>()?)
        }
        ("has", Value::List(set)) => Test::Has(set),
        ("in", Value::List(set)) => Test::In(set),
        ("lacks", Value::List(set)) => Test::Lacks(set),
        ("not in", Value::List(set)) => Test::NotIn(set),
        ("under domain", Value::List(set)) => Test::UnderDomain(set),
        ("under path", Value::List(set)) => Test::UnderPath(set),
        ("within cidr", Value::List(set)) => Test::WithinCidr(set),
        (symbol, constant) => Test::Compare(Comparison::from_symbol(symbol)?, constant),
    })
}

/// A string is exact, `{"like":…}` a pattern, `{"any":true}` any.
#[derive(Debug)]
pub(super) struct RawSlot(pub(super) Slot);

impl<'de> Deserialize<'de> for RawSlot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = RawSlot;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(r#"a string, `{"like":…}` or `{"any":true}`"#)
            }

            fn visit_str<E>(self, name: &str) -> Result<RawSlot, E> {
                Ok(RawSlot(Slot::Exact(name.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawSlot, A::Error> {
                let slot = match map.next_key::<Text<'de>>()? {
                    Some(Text(key)) if key == "like" => Slot::Like(map.next_value()?),
                    Some(Text(key)) if key == "any" => map.next_value::<bool>().map(|_| Slot::Any)?,
                    Some(_) | None => return Err(A::Error::custom("is no slot")),
                };
                match map.next_key::<Text<'de>>()? {
                    Some(_) => Err(A::Error::custom("a slot has one member")),
                    None => Ok(RawSlot(slot)),
                }
            }
        }
        deserializer.deserialize_any(Read)
    }
}

/// `"calls"`, or an argument's name.
#[derive(Debug)]
pub(super) struct RawMeasure(pub(super) Measure);

impl<'de> Deserialize<'de> for RawMeasure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(name) = Text::deserialize(deserializer)?;
        Ok(Self(if name == "calls" { Measure::Calls } else { Measure::Argument(name.into_owned()) }))
    }
}

/// `"job"`, or milliseconds.
#[derive(Debug)]
pub(super) struct RawWindow(pub(super) Window);

impl<'de> Deserialize<'de> for RawWindow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Constant::deserialize(deserializer)? {
            Constant(Value::Int(ms)) => Ok(Self(Window::Sliding { ms })),
            Constant(Value::Text(word)) if word == "job" => Ok(Self(Window::Job)),
            Constant(Value::Text(word)) if word == "flight" => Ok(Self(Window::Flight)),
            Constant(_) => Err(D::Error::custom("is neither `job`, `flight` nor milliseconds")),
        }
    }
}

/// A number, or `"unlimited"`.
#[derive(Debug)]
pub(super) struct RawUses(pub(super) Uses);

impl<'de> Deserialize<'de> for RawUses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || D::Error::custom("is neither a number nor `unlimited`");
        match Constant::deserialize(deserializer)? {
            Constant(Value::Int(times)) => {
                u32::try_from(times).map(|times| Self(Uses::Times(times))).map_err(|_| wrong())
            }
            Constant(Value::Text(word)) if word == "unlimited" => Ok(Self(Uses::Unlimited)),
            Constant(_) => Err(wrong()),
        }
    }
}

/// `"arguments"`, or names.
#[derive(Debug)]
pub(super) struct RawBind(pub(super) Bind);

impl<'de> Deserialize<'de> for RawBind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || D::Error::custom("is neither `arguments` nor names");
        match Constant::deserialize(deserializer)? {
            Constant(Value::Text(word)) if word == "arguments" => Ok(Self(Bind::Arguments)),
            Constant(Value::List(names)) => {
                let name = |value| if let Value::Text(name) = value { Ok(name) } else { Err(wrong()) };
                names.into_iter().map(name).collect::<Result<_, _>>().map(|names| Self(Bind::Some(names)))
            }
            Constant(_) => Err(wrong()),
        }
    }
}
