//! Interfaces: tools as their developers describe them.

use super::{Doc, Ident, Key, Path, Per, Quantity, Setting, Text};
use crate::Loc;

/// `tool NAME { … }`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Interface {
    /// Its name.
    pub name: Ident,
    /// Its parts.
    pub parts: Vec<Part>,
}

/// One part of an interface.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// `///` lines above it, and one on its own line after it.
    pub docs: Vec<Doc>,
    /// What it is.
    pub kind: PartKind,
    /// Where, without the docs.
    pub loc: Loc,
}

/// What a part of an interface is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PartKind {
    /// `scope namespace(host: host) = "sb://{host}"`.
    Scope(Template),
    /// `resource queue(name: entity_name<260>) = "{namespace}/{name}"`.
    Resource(Template),
    /// `record message { … }`.
    Record {
        /// Its name.
        name: Ident,
        /// Its fields.
        fields: Vec<Field>,
    },
    /// `class deadletter: approved, lifetime 1 h`.
    Class {
        /// Its name.
        name: Ident,
        /// `alone`, `approved`, `lifetime D`.
        duties: Vec<Setting>,
    },
    /// `constraint max_message_bytes = message_bytes <= _`.
    Constraint {
        /// The name in the artifact.
        name: Ident,
        /// What it stands for.
        what: ConstraintShape,
    },
    /// `action send to queue, topic class c { … } result { … }`.
    Action(Action),
}

/// `NAME(field: type, …) = "template"`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Template {
    /// The scope's or the resource kind's name.
    pub name: Ident,
    /// Its parameters.
    pub fields: Vec<Field>,
    /// The text with `{name}` holes.
    pub template: Text,
}

/// What a named constraint stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConstraintShape {
    /// `limit messages per job`.
    Limit {
        /// What is counted.
        measure: Ident,
        /// Per what.
        per: Per,
    },
    /// `message_bytes <= _`.
    Condition {
        /// What is tested.
        subject: Path,
        /// How.
        operator: ConstraintOperator,
    },
}

/// The operator of a named constraint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConstraintOperator {
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `in`
    In,
    /// `has`
    Has,
    /// `lacks`
    Lacks,
}

/// One `action` line: one or several actions that share everything else.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Action {
    /// Names, each with its wire name if written.
    pub names: Vec<(Ident, Option<Text>)>,
    /// `to`, `from`, `on` or `in`, if it takes resources.
    pub preposition: Option<Ident>,
    /// The resource kinds.
    pub kinds: Vec<Ident>,
    /// `class NAME`.
    pub classes: Vec<Ident>,
    /// Its arguments.
    pub arguments: Vec<Field>,
    /// `result { … }`.
    pub result: Option<Vec<Field>>,
}

/// `message_bytes: bytes measured`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    /// `///` lines above it, and one on its own line after it.
    pub docs: Vec<Doc>,
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: Ty,
    /// `measured`, `sealed`, `must_state`, `trusted`.
    pub marks: Vec<Ident>,
    /// Where, without the docs.
    pub loc: Loc,
}

/// A type as written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ty {
    /// Which.
    pub kind: TyKind,
    /// Followed by `?`.
    pub optional: bool,
    /// Where.
    pub loc: Loc,
}

/// Which type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TyKind {
    /// `bytes`, `list<email>`, `entity_name<260>`, a record's name.
    Named {
        /// The name.
        name: Ident,
        /// Between `<` and `>`.
        arguments: Vec<TyArgument>,
    },
    /// `choice { peek_lock, receive_and_delete }`.
    Choice(Vec<Key>),
}

/// One argument of a type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TyArgument {
    /// A type.
    Ty(Ty),
    /// A number.
    Number(Quantity),
}

impl ConstraintOperator {
    /// Every operator, in the order of the declaration.
    pub const ALL: [Self; 6] = [Self::AtMost, Self::AtLeast, Self::Equal, Self::In, Self::Has, Self::Lacks];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::Equal => "==",
            Self::In => "in",
            Self::Has => "has",
            Self::Lacks => "lacks",
        }
    }
}
