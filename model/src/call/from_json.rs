//! Calls in JSON: `{"tool","action","resource":{"kind",…},"arguments":{…}}`, strictly.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::malformed::{Malformed, MalformedCode};
use super::{Call, Given, MAX_CALL_BYTES, MAX_CALL_DEPTH, Measured, RawCall, RawResource};
use crate::place::{Place, Quoted};
use crate::{MAX_INTEGER, Policy, Schemas, Seals, Value};

impl Call {
    /// Reads and types a call in JSON, as [`Call::check`] does.
    ///
    /// Duplicate keys (at every level), unknown members, trailing bytes, more than
    /// [`MAX_CALL_BYTES`] and deeper nesting than [`MAX_CALL_DEPTH`] are refused, and numbers with
    /// a fraction or an exponent or beyond ±[`MAX_INTEGER`] wherever something could read them.
    ///
    /// # Errors
    ///
    /// [`Malformed`] with the first thing that is wrong.
    pub fn from_json(bytes: &[u8], policy: &Policy, measured: Measured) -> Result<Self, Malformed> {
        Self::check(RawCall::from_json(bytes)?, policy, measured)
    }

    /// The same, with what `seals` asks of the call's sealed values answered by who knows the policy's
    /// `schemas`.
    ///
    /// # Errors
    ///
    /// As [`Call::from_json`].
    pub fn from_json_sealing<'s>(
        bytes: &[u8],
        policy: &Policy,
        measured: Measured,
        seals: impl FnOnce(&str, &str) -> &'s Seals,
        schemas: &dyn Schemas,
    ) -> Result<Self, Malformed> {
        let raw = RawCall::from_json(bytes)?;
        let seals = seals(&raw.tool, &raw.action);
        Self::check_sealing(raw, policy, measured, seals, schemas)
    }
}

impl RawCall {
    /// Reads a call in JSON without typing it.
    ///
    /// # Errors
    ///
    /// [`Malformed`] as for [`Call::from_json`], as far as no interface is needed.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Malformed> {
        let root = Place::Root;
        let Given::Map(mut members) = Given::from_json(bytes)? else {
            return Err(Malformed::new(MalformedCode::WrongType, root, "is not an object"));
        };
        let missing =
            |name| move || Malformed::new(MalformedCode::MissingMember, root.member(name), "is missing");
        let tool = members.remove("tool").ok_or_else(missing("tool"))?;
        let action = members.remove("action").ok_or_else(missing("action"))?;
        let call = Self {
            tool: text(tool, root.member("tool"))?,
            action: text(action, root.member("action"))?,
            resource: members.remove("resource").map(resource).transpose()?,
            arguments: members.remove("arguments").map_or_else(
                || Ok(BTreeMap::new()),
                |arguments| object(arguments, root.member("arguments")),
            )?,
        };
        match members.keys().next() {
            Some(name) => {
                Err(Malformed::new(MalformedCode::UnknownMember, root.member(name), "is not known"))
            }
            None => Ok(call),
        }
    }
}

fn resource(given: Given) -> Result<RawResource, Malformed> {
    let at = Place::Root.member("resource");
    let members = object(given, at)?.into_iter();
    let read = |(name, given): (String, Given)| {
        let text = text(given, at.member(&name))?;
        Ok((name, text))
    };
    let mut names: BTreeMap<String, String> = members.map(read).collect::<Result<_, _>>()?;
    let missing = || Malformed::new(MalformedCode::MissingMember, at.member("kind"), "is missing");
    let kind = names.remove("kind").ok_or_else(missing)?;
    Ok(RawResource { kind, names })
}

fn text(given: Given, at: Place<'_>) -> Result<String, Malformed> {
    if let Given::Text(text) = given {
        Ok(text)
    } else {
        Err(Malformed::new(MalformedCode::WrongType, at, "is not a text"))
    }
}

fn object(given: Given, at: Place<'_>) -> Result<BTreeMap<String, Given>, Malformed> {
    if let Given::Map(members) = given {
        Ok(members)
    } else {
        Err(Malformed::new(MalformedCode::WrongType, at, "is not an object"))
    }
}

impl Policy {
    /// Reads what `call` returned, an object of the fields of its result, as far as the policy reads them; of
    /// others nothing is said.
    ///
    /// # Errors
    ///
    /// [`Malformed`] with the first thing that is wrong; the path starts at the result.
    pub fn result_from_json(&self, call: &Call, json: &[u8]) -> Result<BTreeMap<String, Value>, Malformed> {
        let given = object(Given::from_json(json)?, Place::Root)?;
        let Some(tool) = self.tools.get(&call.tool) else { return Ok(BTreeMap::new()) };
        let Some(action) = tool.interface.actions.get(&call.action) else { return Ok(BTreeMap::new()) };
        let read = given.into_iter().filter_map(|(name, given)| {
            let ty = &action.results.get(&name)?.ty;
            Some(tool.interface.read(given, ty, Place::Root.member(&name)).map(|value| (name.clone(), value)))
        });
        read.collect()
    }
}

impl Given {
    /// Reads a JSON value of at most [`MAX_CALL_BYTES`] and [`MAX_CALL_DEPTH`].
    ///
    /// # Errors
    ///
    /// [`Malformed`] with `too_large`, `duplicate_key` or `not_json`.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_CALL_BYTES {
            let message = format!("has {} bytes, more than {MAX_CALL_BYTES}", bytes.len());
            return Err(Malformed::new(MalformedCode::TooLarge, Place::Root, message));
        }
        let problem = Cell::new(MalformedCode::NotJson);
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let read = Read { depth: 0, problem: &problem }.deserialize(&mut json);
        read.and_then(|given| json.end().map(|()| given)).map_err(|error| {
            // serde_json adds the line and column; what it repeats of the input is quoted by us.
            Malformed::new(problem.get(), Place::Root, error.to_string())
        })
    }
}

/// Reads one value at a depth.
#[derive(Clone, Copy)]
struct Read<'p> {
    depth: u32,
    /// What is wrong, if this reader and not JSON's grammar says so.
    problem: &'p Cell<MalformedCode>,
}

impl Read<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth <= MAX_CALL_DEPTH {
            return Ok(Self { depth, ..self });
        }
        self.problem.set(MalformedCode::TooLarge);
        Err(E::custom(format_args!("is more than {MAX_CALL_DEPTH} deep")))
    }
}

impl<'de> DeserializeSeed<'de> for Read<'_> {
    type Value = Given;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Given, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Read<'_> {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Given, E> {
        Ok(Given::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Given, E> {
        Ok(Given::Bool(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Given, E> {
        let in_range = (-MAX_INTEGER..=MAX_INTEGER).contains(&number);
        Ok(if in_range { Given::Integer(number) } else { Given::OtherNumber(number.to_string()) })
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Given, E> {
        i64::try_from(number)
            .map_or_else(|_| Ok(Given::OtherNumber(number.to_string())), |number| self.visit_i64(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Given, E> {
        // `1e300` and `0.5`, which are JSON.
        Ok(Given::OtherNumber(format!("{number:?}")))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Given, E> {
        Ok(Given::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Given, E> {
        Ok(Given::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Given, A::Error> {
        let item = self.deeper()?;
        let mut list = Vec::new();
        while let Some(given) = items.next_element_seed(item)? {
            list.push(given);
        }
        Ok(Given::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Given, A::Error> {
        let value = self.deeper()?;
        let mut map = BTreeMap::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                self.problem.set(MalformedCode::DuplicateKey);
                return Err(A::Error::custom(format_args!("has the key {} twice", Quoted(&key))));
            }
            let given = entries.next_value_seed(value)?;
            map.insert(key, given);
        }
        Ok(Given::Map(map))
    }
}
