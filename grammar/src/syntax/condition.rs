//! Conditions.

use super::{Ident, Path, Text, Value};
use crate::Loc;

/// `{ … }` or the name of a `let`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Conditions {
    /// `{ condition; condition }`.
    Block {
        /// All must hold.
        conditions: Vec<Condition>,
        /// Where, braces included.
        loc: Loc,
    },
    /// The name of a `let`.
    Name(Ident),
}

/// One condition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Condition {
    /// `each recipients.domain in […]`.
    Test {
        /// `each` or `some`.
        quantifier: Option<(Quantifier, Loc)>,
        /// What is tested.
        subject: Path,
        /// How.
        test: Check,
        /// Where.
        loc: Loc,
    },
    /// The name of a `let` with conditions.
    Name(Ident),
}

/// How many elements must satisfy a test.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Quantifier {
    /// Every one; true of none.
    Each,
    /// At least one; false of none.
    Some,
}

/// How a subject is tested.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Check {
    /// `is present`.
    Present,
    /// `is absent`.
    Absent,
    /// `== != < <= > >=`.
    Compare(Compare, Value),
    /// `in [...]`.
    In(Value),
    /// `not in [...]`.
    NotIn(Value),
    /// `like "…"`.
    Like(Value),
    /// `matches "…"`.
    Matches(Value),
    /// `has "…"`, `has [...]`.
    Has(Value),
    /// `lacks "…"`, `lacks [...]`.
    Lacks(Value),
    /// `within cidr "…"`.
    WithinCidr(Value),
    /// `under path "…"`.
    UnderPath(Value),
    /// `under domain "…"`.
    UnderDomain(Value),
    /// `conforms to "schema.json"`.
    ConformsTo(Text),
    /// `from [sources]`.
    From(Value),
}

/// A comparison.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Compare {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

impl Compare {
    /// Every comparison, in the order of the declaration.
    pub const ALL: [Self; 6] =
        [Self::Equal, Self::NotEqual, Self::Less, Self::AtMost, Self::Greater, Self::AtLeast];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

impl Quantifier {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Each => "each",
            Self::Some => "some",
        }
    }
}
