//! A JSON value as a tree, for callers that build objects as they go.

use std::collections::BTreeMap;

use super::{Sink, Writer};

/// A JSON value without fractions.
///
/// ```
/// use wpc_model::canon::Json;
/// let entry = Json::object([("seq", Json::from(0_i64)), ("kind", Json::from("opened"))]);
/// assert_eq!(entry.encode(), br#"{"kind":"opened","seq":0}"#);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number within ±[`crate::MAX_INTEGER`].
    Integer(i64),
    /// A string.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object.
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// An object of these members; of two with one name the last counts.
    #[must_use]
    pub fn object<N: Into<String>>(members: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }

    /// An array of these items.
    #[must_use]
    pub fn array<T: Into<Self>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }

    /// Its canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(Writer::new(&mut bytes));
        bytes
    }

    /// Writes it at `to`.
    pub fn write<S: Sink>(&self, to: Writer<'_, S>) {
        match self {
            Self::Null => to.null(),
            Self::Bool(value) => to.bool(*value),
            Self::Integer(value) => to.integer(*value),
            Self::Text(text) => to.text(text),
            Self::Array(items) => to.array(|array| items.iter().for_each(|item| item.write(array.item()))),
            Self::Object(members) => to.object(|object| {
                for (name, value) in in_order(members) {
                    value.write(object.member(name));
                }
            }),
        }
    }
}

/// Members by UTF-16 code units (RFC 8785 section 3.2.3). A map of strings has them by code
/// points, which differs only above U+D800.
pub(crate) fn in_order<V>(members: &BTreeMap<String, V>) -> Vec<(&str, &V)> {
    let mut sorted: Vec<_> = members.iter().map(|(name, value)| (name.as_str(), value)).collect();
    sorted.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
    sorted
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
