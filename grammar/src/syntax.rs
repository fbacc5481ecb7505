//! The spanned tree: what was written, before anything is known about it.
//!
//! Every node carries a [`Loc`]; equality ignores places, so `parse(print(tree)) == tree`.
//! Lists keep the order in which they were written. Nothing here is resolved: a unit, an
//! action or a setting may not exist.

mod condition;
mod interface;
mod policy;
mod statement;
mod test;
mod value;

use std::fmt;

use crate::Loc;

pub use condition::{Check, Compare, Condition, Conditions, Quantifier};
pub use interface::{
    Action, ConstraintOperator, ConstraintShape, Field, Interface, Part, PartKind, Template, Ty, TyArgument,
    TyKind,
};
pub use policy::{Binding, Entry, EntryKind, LetValue, Policy, Rules, Setting, Settings};
pub use statement::{ActionRef, Measure, Per, ResourceRef, Same, Slot, SlotKind, Statement, Target};
pub use test::{Test, TestCall, TestStep};
pub use value::{Key, Made, Pair, Path, Quantity, Step, Value};

/// A word: an identifier, a policy name, a unit, a keyword used as a name.
/// Back-quotes are removed; `quoted` says they were there.
#[derive(Clone, Eq, PartialEq)]
pub struct Ident {
    /// The word without back-quotes.
    pub text: String,
    /// Written between back-quotes.
    pub quoted: bool,
    /// Where.
    pub loc: Loc,
}

/// A string literal, decoded.
#[derive(Clone, Eq, PartialEq)]
pub struct Text {
    /// The value, escapes resolved.
    pub value: String,
    /// Written as `r"…"`.
    pub raw: bool,
    /// Where, quotes included.
    pub loc: Loc,
}

/// One `///` line, without the slashes and at most one leading space.
#[derive(Clone, Eq, PartialEq)]
pub struct Doc {
    /// The text of the line.
    pub text: String,
    /// Where.
    pub loc: Loc,
}

/// A comment (`//`, or `////` and more), kept for the printer.
#[derive(Clone, Eq, PartialEq)]
pub struct Comment {
    /// The comment from its first slash, trailing blanks removed.
    pub text: String,
    /// Something other than blanks and `;` stands before it on its line.
    pub trailing: bool,
    /// Where.
    pub loc: Loc,
}

/// Where each run of blank lines begins, in source order, kept for the printer.
///
/// Like a [`Loc`] it says how a file looks and not what it says, so every one equals every other.
#[derive(Clone, Default)]
pub struct BlankLines(
    /// Byte offsets.
    pub Vec<u32>,
);

impl PartialEq for BlankLines {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for BlankLines {}

/// One `.wpc` file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    /// `use`, `tool`, `policy`, `rules` and `test`, in source order.
    pub items: Vec<Item>,
    /// All comments, in source order.
    pub comments: Vec<Comment>,
    /// Where people left lines empty.
    pub blank_lines: BlankLines,
    /// The whole file.
    pub loc: Loc,
}

/// A top-level item with its documentation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// `///` lines above it.
    pub docs: Vec<Doc>,
    /// What it is.
    pub kind: ItemKind,
    /// Where, without the docs.
    pub loc: Loc,
}

/// What a top-level item is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ItemKind {
    /// `use azure_service_bus`, `use "./x.wpc" as x`.
    Use(Use),
    /// `tool NAME { … }`: an interface.
    Interface(Interface),
    /// `policy NAME { … }`.
    Policy(Policy),
    /// `rules NAME { … }`.
    Rules(Rules),
    /// `test "…" { … }`.
    Test(Test),
}

/// What a `use` names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Use {
    /// An interface shipped inside the compiler.
    Shipped(Ident),
    /// A file, relative to this one.
    File {
        /// The path as written.
        path: Text,
        /// The name it gets here.
        alias: Ident,
    },
}

// The leaves of the tree in one line each, so that a printed tree can be read.

impl fmt::Debug for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = if self.quoted { "`" } else { "" };
        write!(f, "Ident({quote}{}{quote} @ {:?})", self.text, self.loc)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let raw = if self.raw { "raw " } else { "" };
        write!(f, "Text({raw}{:?} @ {:?})", self.value, self.loc)
    }
}

impl fmt::Debug for Doc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Doc({:?} @ {:?})", self.text, self.loc)
    }
}

impl fmt::Debug for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.trailing { "trailing " } else { "" };
        write!(f, "Comment({place}{:?} @ {:?})", self.text, self.loc)
    }
}

impl fmt::Debug for BlankLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlankLines{:?}", self.0)
    }
}
