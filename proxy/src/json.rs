//! JSON that keeps the order of its members: what is sent on is what came, but for what a policy takes out.
//!
//! What two readers could read differently is refused: a key that stands twice, anything after the document.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Number;
use wpc::strict::{self, Built};

pub(crate) use wpc::strict::Problem;

/// Deepest nesting of a request.
const MAX_DEPTH: u32 = 100;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    Array(Vec<Json>),
    Object(Members),
}

/// Members in the order in which they came, no name twice.
pub(crate) type Members = Vec<(String, Json)>;

impl Json {
    /// Reads a document strictly.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Problem> {
        strict::read(bytes, MAX_DEPTH)
    }

    /// Its text.
    pub(crate) fn encode(&self) -> Vec<u8> {
        // Keys are texts, and writing to memory does not fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    /// The member, unless it is absent or null: providers take both for the same.
    pub(crate) fn stated(&self, name: &str) -> Option<&Self> {
        self.get(name).filter(|value| **value != Self::Null)
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    pub(crate) fn as_u64(&self) -> Option<u64> {
        if let Self::Number(number) = self { number.as_u64() } else { None }
    }

    pub(crate) fn items(&self) -> &[Self] {
        if let Self::Array(items) = self { items } else { &[] }
    }

    /// Puts a member in the place of one of its name, or at the end.
    pub(crate) fn set(&mut self, name: &str, value: Self) {
        let Self::Object(members) = self else { return };
        match members.iter_mut().find(|(found, _)| found == name) {
            Some((_, old)) => *old = value,
            None => members.push((name.to_owned(), value)),
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl Built for Json {
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
        Self::Text(text)
    }

    fn array(items: Vec<Self>) -> Self {
        Self::Array(items)
    }

    fn object(members: Members) -> Self {
        Self::Object(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_spelling_of_what_is_kept_are_kept() {
        let text = r#"{"z":1,"a":[true,null,0.1,-5,18446744073709551615,"\u00fc\n"],"m":{}}"#;
        let read = Json::read(text.as_bytes()).unwrap();
        assert_eq!(read.encode(), text.replace("\\u00fc", "ü").as_bytes());
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        assert_eq!(Json::read(br#"{"model":"a","model":"b"}"#), Err(Problem::Twice));
        assert_eq!(Json::read(b"{} {}"), Err(Problem::NotJson));
        assert_eq!(Json::read(&[b'['; 200]), Err(Problem::Deep));
        assert_eq!(Json::read(b"\xff"), Err(Problem::NotJson));
    }
}
