//! A call before an interface has typed it.

use std::collections::BTreeMap;

/// A call as an agent gave it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RawCall {
    /// The tool's name in the policy.
    pub tool: String,
    /// The action.
    pub action: String,
    /// What it acts on, if anything.
    pub resource: Option<RawResource>,
    /// Arguments by name.
    pub arguments: BTreeMap<String, Given>,
}

/// A resource as an agent gave it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RawResource {
    /// The kind.
    pub kind: String,
    /// Values by the names of the kind's parameters.
    pub names: BTreeMap<String, String>,
}

/// A value as an agent gave it: JSON.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Given {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number within ±[`crate::MAX_INTEGER`].
    Integer(i64),
    /// Any other number, in JSON: accepted only in values that never leave the gate (`json`, `sealed`).
    OtherNumber(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Given>),
    /// An object.
    Map(BTreeMap<String, Given>),
}
