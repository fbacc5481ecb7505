//! Policies, `rules`, and what their bodies hold.

use super::{Conditions, Doc, Ident, Made, Statement, Test, Text, Ty, Value};
use crate::Loc;

/// `policy NAME extends "…", "…" { … }`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// May hold dashes.
    pub name: Ident,
    /// Paths of the parents.
    pub extends: Vec<Text>,
    /// The body.
    pub entries: Vec<Entry>,
}

/// `rules NAME { … }`: duties mixed in by `with NAME`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    /// May hold dashes.
    pub name: Ident,
    /// Only [`EntryKind::Statement`] and [`EntryKind::Settings`].
    pub entries: Vec<Entry>,
}

/// One entry of a policy, of a tool binding, or of `rules`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// `///` lines above it, and one on its own line after it.
    pub docs: Vec<Doc>,
    /// `@label("…")`.
    pub label: Option<Text>,
    /// What it is.
    pub kind: EntryKind,
    /// Where, without docs and label.
    pub loc: Loc,
}

/// What an entry is. Which kinds may stand where is the grammar's business: bindings and
/// `rules` hold statements and settings only.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum EntryKind {
    /// `param NAME: TYPE = VALUE`.
    Param {
        /// Its name.
        name: Ident,
        /// Its type.
        ty: Ty,
        /// The value if none is given at compile time.
        default: Option<Value>,
    },
    /// `let NAME = …`.
    Let {
        /// Its name.
        name: Ident,
        /// A value or a list of conditions.
        value: LetValue,
    },
    /// `with NAME`.
    With(Ident),
    /// `tool NAME as ALIAS at SCOPE(…) { … }`.
    Tool(Binding),
    /// `test "…" { … }` inside a policy.
    Test(Test),
    /// `allow`, `deny`, `require`, `limit`, `separate`, `before`.
    Statement(Statement),
    /// `token { … }`, `proof { … }` and the like.
    Settings(Settings),
}

/// The right side of `let`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LetValue {
    /// A value.
    Value(Value),
    /// `{ conditions }`.
    Conditions(Conditions),
}

/// A tool as this policy uses it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Binding {
    /// The interface's name.
    pub tool: Ident,
    /// `as NAME`.
    pub alias: Option<Ident>,
    /// `at namespace(host)`.
    pub scope: Option<Made>,
    /// Statements and settings.
    pub entries: Vec<Entry>,
}

/// `NAME { setting; setting }`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The block's name.
    pub name: Ident,
    /// Its settings.
    pub settings: Vec<Setting>,
    /// From the name to the closing brace.
    pub loc: Loc,
}

/// `lifetime 15 min`, `by did(a), did(b)`: a name, then comma-separated groups of values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Setting {
    /// The setting's name.
    pub name: Ident,
    /// The groups; no group is empty, there may be none.
    pub groups: Vec<Vec<Value>>,
    /// Where.
    pub loc: Loc,
}
