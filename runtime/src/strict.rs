//! JSON of a protocol, read so that no two readers of it could differ: no object has a key twice, nothing stands
//! behind the document, and nesting has an end. For whoever fronts one before a gate.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// Why a document is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// It is not JSON, or something stands behind it.
    NotJson,
    /// An object has a key twice.
    Twice,
    /// It is nested deeper than it may be.
    Deep,
}

/// What a document is read into.
pub trait Built: Sized {
    /// `null`.
    fn null() -> Self;
    /// `true` or `false`.
    fn bool(value: bool) -> Self;
    /// A number.
    fn number(number: Number) -> Self;
    /// A text.
    fn text(text: String) -> Self;
    /// An array.
    fn array(items: Vec<Self>) -> Self;
    /// An object; its members as they came, no name twice.
    fn object(members: Vec<(String, Self)>) -> Self;
}

impl Built for Value {
    fn null() -> Self {
        Self::Null
    }

    fn bool(value: bool) -> Self {
        Self::Bool(value)
    }

    fn number(number: Number) -> Self {
        Self::Number(number)
    }

    fn text(text: String) -> Self {
        Self::String(text)
    }

    fn array(items: Vec<Self>) -> Self {
        Self::Array(items)
    }

    fn object(members: Vec<(String, Self)>) -> Self {
        Self::Object(members.into_iter().collect())
    }
}

/// Reads a document in which arrays and objects are nested at most `most` deep.
///
/// ```
/// use wpc::strict::{Problem, read};
/// assert!(read::<serde_json::Value>(br#"{"a":[1]}"#, 2).is_ok());
/// assert_eq!(read::<serde_json::Value>(br#"{"a":[1]}"#, 1), Err(Problem::Deep));
/// assert_eq!(read::<serde_json::Value>(br#"{"a":1,"a":2}"#, 2), Err(Problem::Twice));
/// assert_eq!(read::<serde_json::Value>(b"{} {}", 2), Err(Problem::NotJson));
/// ```
///
/// # Errors
///
/// [`Problem`] with the first thing that is wrong.
pub fn read<T: Built>(bytes: &[u8], most: u32) -> Result<T, Problem> {
    let problem = Cell::new(Problem::NotJson);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let reader = Reader { left: most, problem: &problem, built: PhantomData };
    let read = reader.deserialize(&mut json);
    read.and_then(|value| json.end().map(|()| value)).map_err(|_| problem.get())
}

struct Reader<'p, T> {
    /// How many levels may still be begun.
    left: u32,
    problem: &'p Cell<Problem>,
    built: PhantomData<T>,
}

impl<T> Reader<'_, T> {
    fn deeper<E: Error>(&self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..*self }),
            None => Err(self.refused(Problem::Deep)),
        }
    }

    fn refused<E: Error>(&self, problem: Problem) -> E {
        self.problem.set(problem);
        E::custom("is refused")
    }
}

impl<T> Clone for Reader<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Reader<'_, T> {}

impl<'de, T: Built> DeserializeSeed<'de> for Reader<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Built> Visitor<'de> for Reader<'_, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::null())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<T, E> {
        Ok(T::bool(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Ok(T::number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(T::number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Ok(Number::from_f64(number).map_or_else(T::null, T::number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<T, E> {
        Ok(T::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        let item = self.deeper()?;
        let mut list = Vec::new();
        while let Some(value) = items.next_element_seed(item)? {
            list.push(value);
        }
        Ok(T::array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<T, A::Error> {
        let value = self.deeper()?;
        let (mut members, mut names) = (Vec::new(), HashSet::new());
        while let Some(name) = entries.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(self.refused(Problem::Twice));
            }
            members.push((name, entries.next_value_seed(value)?));
        }
        Ok(T::object(members))
    }
}
