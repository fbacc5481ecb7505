//! The values of arguments and constants.

use std::collections::BTreeMap;

use crate::Sealed;

/// Greatest magnitude of an integer: `2^53 - 1`, what every JSON reader holds exactly
/// (RFC 8259 section 6).
pub const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// A value of a call's argument or a condition's constant.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Value {
    /// A `bool`.
    Bool(bool),
    /// Every number: counts, bytes, milliseconds, scaled decimals, minor units of money, Unix
    /// milliseconds. Within ±[`MAX_INTEGER`].
    Int(i64),
    /// Every text: names, hosts, choices, addresses.
    Text(String),
    /// A list, a set, or the elements of a batch.
    List(Vec<Value>),
    /// A map, or the present fields of a record.
    Map(BTreeMap<String, Value>),
    /// A value that never leaves the gate (`json`, `sealed`): that it is there, and what the gate found of
    /// it.
    Sealed(Sealed),
}

impl Value {
    /// A sealed value of which nothing is known but that it is there.
    pub const SEALED: Self = Self::Sealed(Sealed::UNREAD);

    /// A text value.
    ///
    /// ```
    /// use wpc_model::Value;
    /// assert_eq!(Value::text("a"), Value::Text("a".to_owned()));
    /// ```
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The integer, if it is one.
    #[must_use]
    pub const fn as_int(&self) -> Option<i64> {
        if let Self::Int(value) = self { Some(*value) } else { None }
    }

    /// The text, if it is one.
    #[must_use]
    pub const fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text.as_str()) } else { None }
    }

    /// The members, if it is a list, a set or a batch.
    #[must_use]
    pub const fn as_list(&self) -> Option<&[Self]> {
        if let Self::List(members) = self { Some(members.as_slice()) } else { None }
    }

    /// The members, if it is a map or a record.
    #[must_use]
    pub const fn as_map(&self) -> Option<&BTreeMap<String, Self>> {
        if let Self::Map(members) = self { Some(members) } else { None }
    }
}
