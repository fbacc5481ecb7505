//! Typed conditions on a call's arguments.

use crate::{Action, Hash, Source, Value};

/// One condition of a rule: a test of a subject against constants.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Condition {
    /// What is tested.
    pub subject: Subject,
    /// How.
    pub test: Test,
}

/// What a condition looks at: `message_bytes`, `each tags`, `properties["k"]`, `recipients.size`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Subject {
    /// Test each or some member of the first list or set on the path; what follows on the path is
    /// read in each member.
    pub quantifier: Option<Quantifier>,
    /// An argument of the action, else a field of its batch's record; `clock` for the time of the
    /// decision.
    pub name: String,
    /// What is read of it.
    pub steps: Vec<Step>,
}

impl Subject {
    /// The argument or field `name` itself.
    #[must_use]
    pub fn plain(name: &str) -> Self {
        Self { quantifier: None, name: name.to_owned(), steps: Vec::new() }
    }

    /// Whether `name` is a field of the batch's record, so that the condition speaks of every
    /// element of the batch. An argument of the action comes first.
    #[must_use]
    pub fn is_of_element(&self, action: &Action) -> bool {
        !self.is_of_clock() && !action.arguments.contains_key(&self.name) && action.batch().is_some()
    }
}

/// How many members must satisfy a test.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Quantifier {
    /// Every one; true of none.
    Each,
    /// At least one; false of none.
    Some,
}

/// One step of a subject's path.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Step {
    /// `.field` of a record, `.domain` and other parts of an e-mail address or a url.
    Field(String),
    /// `["key"]` of a map.
    Key(String),
    /// `.size`: members of a list, set, map or batch; UTF-8 bytes of a text.
    Size,
}

/// How a subject is tested. Constants have the subject's type; sets are sorted, without repetition.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Test {
    /// `is absent`.
    Absent,
    /// `== != < <= > >=`.
    Compare(Comparison, Value),
    /// `conforms to`: to the JSON Schema of this hash, one of [`crate::Policy::schemas`].
    Conforms(Hash),
    /// `from`: from one of these, all of one type. Sorted, without repetition.
    From(Vec<Source>),
    /// `has`: all of these keys (of a map) or members (of a list or set) are there.
    Has(Vec<Value>),
    /// `in`.
    In(Vec<Value>),
    /// `lacks`: none of these is there.
    Lacks(Vec<Value>),
    /// `like`: `*` any run, `?` one character, `\` escapes; the whole value.
    Like(String),
    /// `matches`: a pattern of [`crate::check_regex`]; the whole value.
    Matches(String),
    /// `not in`.
    NotIn(Vec<Value>),
    /// `is present`.
    Present,
    /// `under domain`: one of these hosts, or a subdomain of one.
    UnderDomain(Vec<Value>),
    /// `under path`: one of these paths, or below one.
    UnderPath(Vec<Value>),
    /// `within cidr`: in one of these blocks, `10.0.0.0/8`.
    WithinCidr(Vec<Value>),
}

/// A comparison. `<` and `>` are for integers only.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Comparison {
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

impl Comparison {
    /// The operator as written.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
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

impl Comparison {
    /// The comparison of an operator.
    #[must_use]
    pub fn from_symbol(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::AtMost,
            ">" => Self::Greater,
            ">=" => Self::AtLeast,
            _ => return None,
        })
    }
}

impl Condition {
    /// The schema that it asks conformance to, if it does.
    #[must_use]
    pub const fn schema(&self) -> Option<&Hash> {
        if let Test::Conforms(schema) = &self.test { Some(schema) } else { None }
    }
}

impl Test {
    /// The operator as written.
    #[must_use]
    pub const fn operator(&self) -> &'static str {
        match self {
            Self::Absent | Self::Present => "is",
            Self::Compare(comparison, _) => comparison.symbol(),
            Self::Conforms(_) => "conforms to",
            Self::From(_) => "from",
            Self::Has(_) => "has",
            Self::In(_) => "in",
            Self::Lacks(_) => "lacks",
            Self::Like(_) => "like",
            Self::Matches(_) => "matches",
            Self::NotIn(_) => "not in",
            Self::UnderDomain(_) => "under domain",
            Self::UnderPath(_) => "under path",
            Self::WithinCidr(_) => "within cidr",
        }
    }

    /// The set of constants, if it has one.
    #[must_use]
    pub fn set(&self) -> Option<&[Value]> {
        match self {
            Self::Has(set)
            | Self::In(set)
            | Self::Lacks(set)
            | Self::NotIn(set)
            | Self::UnderDomain(set)
            | Self::UnderPath(set)
            | Self::WithinCidr(set) => Some(set),
            Self::Absent
            | Self::Present
            | Self::Compare(..)
            | Self::Conforms(_)
            | Self::From(_)
            | Self::Like(_)
            | Self::Matches(_) => None,
        }
    }
}
