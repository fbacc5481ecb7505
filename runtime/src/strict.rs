//! JSON as whoever decides must read it: what two readers could read differently is refused.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value as Json};

/// Why a document is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    /// Not JSON, or cut off, or followed by more.
    NotJson,
    /// An object has a key twice.
    Twice,
    /// It is nested too deep.
    Deep,
}

/// Reads JSON in which no object has a key twice, nested at most `deepest` levels.
///
/// ```
/// use wpc::strict::{Problem, read};
/// assert!(read(br#"{"a":[1]}"#, 2).is_ok());
/// assert_eq!(read(br#"{"a":1,"a":2}"#, 2), Err(Problem::Twice));
/// assert_eq!(read(b"[[[]]]", 2), Err(Problem::Deep));
/// assert_eq!(read(b"[] []", 2), Err(Problem::NotJson));
/// ```
///
/// # Errors
///
/// [`Problem`] with the first reason found.
pub fn read(bytes: &[u8], deepest: u32) -> Result<Json, Problem> {
    let problem = Cell::new(Problem::NotJson);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = Reader { depth: 0, deepest, problem: &problem }.deserialize(&mut json);
    read.and_then(|value| json.end().map(|()| value)).map_err(|_| problem.get())
}

/// Reads a value in which no object has a key twice.
#[derive(Clone, Copy)]
struct Reader<'p> {
    depth: u32,
    deepest: u32,
    problem: &'p Cell<Problem>,
}

impl Reader<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth <= self.deepest {
            return Ok(Self { depth, ..self });
        }
        self.problem.set(Problem::Deep);
        Err(E::custom("is too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Json, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Json, E> {
        Ok(Json::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let item = self.deeper()?;
        let mut list = Vec::new();
        while let Some(value) = items.next_element_seed(item)? {
            list.push(value);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let value = self.deeper()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                self.problem.set(Problem::Twice);
                return Err(A::Error::custom("has a key twice"));
            }
            let read = entries.next_value_seed(value)?;
            map.insert(key, read);
        }
        Ok(Json::Object(map))
    }
}
