//! A configuration as it is written: JSON5, its members in their order, since the order of servers decides names.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

/// Largest configuration that is read, in bytes.
pub const MAX_CONFIG_BYTES: usize = 1 << 20;
/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;
/// Longest list that is read.
const MAX_LIST: usize = 2_048;

/// Why a configuration cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is larger than [`MAX_CONFIG_BYTES`].
    #[error("the configuration is larger than {MAX_CONFIG_BYTES} bytes")]
    TooLarge,
    /// It has more agents or servers than are judged.
    #[error("the configuration has more than {most} {what}")]
    TooMany {
        /// Agents or servers.
        what: &'static str,
        /// How many are judged.
        most: usize,
    },
    /// It is no JSON5, has a member twice, or is nested too deeply.
    #[error("the configuration is not JSON5 that can be judged: {0}")]
    Malformed(String),
    /// It is no object.
    #[error("the configuration is not an object")]
    NotAnObject,
}

impl ReadError {
    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge | Self::TooMany { .. } => "too_large",
            Self::Malformed(_) | Self::NotAnObject => "openclaw_unreadable",
        }
    }
}

/// A value of a configuration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number. Nothing is decided by one.
    Number,
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Map(Vec<(String, Self)>),
}

impl Node {
    /// Reads JSON5 within bounds.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.len() > MAX_CONFIG_BYTES {
            return Err(ReadError::TooLarge);
        }
        let text = std::str::from_utf8(bytes).map_err(|error| ReadError::Malformed(error.to_string()))?;
        let Root(node) = json5::from_str(text).map_err(|error| ReadError::Malformed(error.to_string()))?;
        match node {
            Self::Map(_) => Ok(node),
            Self::Null | Self::Bool(_) | Self::Number | Self::Text(_) | Self::List(_) => {
                Err(ReadError::NotAnObject)
            }
        }
    }

    /// The member of this name; `None` also where this is no object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.members().find(|(member, _)| *member == name).map(|(_, value)| value)
    }

    /// The value at a path of members.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The members of an object, in their order; none of anything else.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &Self)> {
        let members = if let Self::Map(members) = self { members.as_slice() } else { &[] };
        members.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The elements of an array; none of anything else.
    pub(crate) fn elements(&self) -> &[Self] {
        if let Self::List(elements) = self { elements } else { &[] }
    }

    /// A string.
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A boolean.
    pub(crate) fn flag(&self) -> Option<bool> {
        if let Self::Bool(flag) = self { Some(*flag) } else { None }
    }

    /// The strings of an array; `None` if it is no array.
    pub(crate) fn texts(&self) -> Option<Vec<&str>> {
        let Self::List(elements) = self else { return None };
        Some(elements.iter().filter_map(Self::text).collect())
    }
}

/// A whole document.
struct Root(Node);

impl<'de> Deserialize<'de> for Root {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Seed { depth: MAX_DEPTH }.deserialize(deserializer).map(Self)
    }
}

/// Reads one value, `depth` levels deep at most.
struct Seed {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Seed {
    fn inner<E: serde::de::Error>(&self) -> Result<usize, E> {
        self.depth
            .checked_sub(1)
            .ok_or_else(|| E::custom(format!("it is nested deeper than {MAX_DEPTH} levels")))
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Bool(flag))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Node, A::Error> {
        let depth = self.inner()?;
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(Seed { depth })? {
            if list.len() >= MAX_LIST {
                return Err(A::Error::custom(format!("a list has more than {MAX_LIST} elements")));
            }
            list.push(element);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let depth = self.inner()?;
        let (mut map, mut seen) = (Vec::new(), BTreeSet::new());
        while let Some(name) = members.next_key::<String>()? {
            if !seen.insert(name.clone()) {
                // Which of the two is meant differs between readers.
                return Err(A::Error::custom(format!("the member {name:?} stands twice in one object")));
            }
            let value = members.next_value_seed(Seed { depth })?;
            map.push((name, value));
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json5_is_read_in_its_order() {
        let node = Node::read(b"// c\n{ b: 'x', 'a': [1, .5, true, null,], }").unwrap();
        let names: Vec<_> = node.members().map(|(name, _)| name).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(node.at(&["a"]).unwrap().elements().len(), 4);
    }

    #[test]
    fn what_cannot_be_judged_is_refused() {
        let code = |text: &str| Node::read(text.as_bytes()).unwrap_err().code();
        assert_eq!(code("{ a: 1, a: 2 }"), "openclaw_unreadable");
        assert_eq!(code("[]"), "openclaw_unreadable");
        assert_eq!(code("{ a: "), "openclaw_unreadable");
        assert_eq!(code("{} {}"), "openclaw_unreadable");
        assert_eq!(code(&"[".repeat(200_000)), "openclaw_unreadable");
        assert_eq!(code(&format!("{{ a: [{}] }}", "1,".repeat(MAX_LIST + 1))), "openclaw_unreadable");
        assert_eq!(code(&" ".repeat(MAX_CONFIG_BYTES + 1)), "too_large");
        assert_eq!(Node::read(b"{ \xff }").unwrap_err().code(), "openclaw_unreadable");
    }
}
