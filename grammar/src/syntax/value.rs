//! Values.

use super::{Ident, Text};
use std::fmt;

use crate::Loc;

/// A value as written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// `true`, `false`.
    Bool(bool, Loc),
    /// `128 KiB`, `200`, `25.00 USD`.
    Quantity(Quantity),
    /// A string.
    Text(Text),
    /// `[a, b]`.
    List(Vec<Value>, Loc),
    /// `{ a: 1; "b": 2 }`.
    Object(Vec<Pair>, Loc),
    /// `did(oncall)`.
    Made(Made),
    /// `oncall`, `email.domain`, `properties["k"]`.
    Path(Path),
}

impl Value {
    /// Where it stands.
    #[must_use]
    pub fn loc(&self) -> Loc {
        match self {
            Self::Bool(_, loc) | Self::List(_, loc) | Self::Object(_, loc) => *loc,
            Self::Quantity(quantity) => quantity.loc,
            Self::Text(text) => text.loc,
            Self::Made(made) => made.loc,
            Self::Path(path) => path.loc,
        }
    }
}

/// A number with an optional unit. Underscores and leading zeros are gone; no floats.
#[derive(Clone, Eq, PartialEq)]
pub struct Quantity {
    /// A minus sign was written.
    pub negative: bool,
    /// Digits before the point, at least one, no leading zero unless alone.
    pub whole: String,
    /// Digits after the point, as written (`25.00` has `00`).
    pub fraction: Option<String>,
    /// The unit.
    pub unit: Option<Ident>,
    /// Where, unit included.
    pub loc: Loc,
}

/// One member of an object.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pair {
    /// The key; `Text` where it was written as a string.
    pub key: Key,
    /// The value.
    pub value: Value,
}

/// The key of an object's member.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Key {
    /// `messages:`.
    Word(Ident),
    /// `"schema_version":`.
    Text(Text),
}

/// `did("…")`, `role("AP_Manager", issuer)`, `namespace(host)`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Made {
    /// The name before the parenthesis.
    pub name: Ident,
    /// The arguments.
    pub arguments: Vec<Value>,
    /// Where.
    pub loc: Loc,
}

/// `a.b["c"]`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Path {
    /// The first word.
    pub head: Ident,
    /// What follows it.
    pub steps: Vec<Step>,
    /// Where.
    pub loc: Loc,
}

/// One step of a path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// `.name`.
    Field(Ident),
    /// `["key"]`.
    Key(Text),
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        write!(f, "Quantity({sign}{}", self.whole)?;
        if let Some(fraction) = &self.fraction {
            write!(f, ".{fraction}")?;
        }
        if let Some(unit) = &self.unit {
            write!(f, " {unit:?}")?;
        }
        write!(f, " @ {:?})", self.loc)
    }
}
