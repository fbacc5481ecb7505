//! A tool's typed interface, as a policy sees it: no docs, only what is used.

use std::collections::BTreeMap;

use crate::{Comparison, Type};

/// What a tool can do: its scope, resource kinds, records and actions.
///
/// A policy holds the slice that it uses: every action that one of its statements names, with
/// the kinds and records these need.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Interface {
    /// The tool's name, `azure_service_bus`.
    pub name: String,
    /// Where the tool acts, if it has several places.
    pub scope: Option<Scope>,
    /// Resource kinds by name.
    pub kinds: BTreeMap<String, Kind>,
    /// Records by name.
    pub records: BTreeMap<String, Record>,
    /// Classes by name.
    pub classes: BTreeMap<String, Class>,
    /// Actions by name.
    pub actions: BTreeMap<String, Action>,
    /// Names that the artifact gives to common conditions.
    pub constraints: BTreeMap<String, Constraint>,
}

/// `scope namespace(host: host) = "sb://{host}"`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Scope {
    /// Its name, usable as a hole in resource templates.
    pub name: String,
    /// Parameters and text.
    pub template: Template,
}

/// `resource queue(name: entity_name<260>) = "{namespace}/{name}"`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Kind {
    /// Parameters and text.
    pub template: Template,
}

/// Parameters and the text in which they stand between braces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Template {
    /// Name and type of each parameter, in the order in which they are given.
    pub parameters: Vec<(String, Type)>,
    /// Literal text with `{name}` holes.
    pub text: String,
}

impl Template {
    /// The text with each hole filled by `lookup`; an unknown hole stays as it stands.
    #[must_use]
    pub fn expand<'a>(&self, lookup: impl Fn(&str) -> Option<&'a str>) -> String {
        let mut out = String::with_capacity(self.text.len());
        for piece in self.pieces() {
            out.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Hole { name, written } => lookup(name).unwrap_or(written),
            });
        }
        out
    }

    /// The literal text and the holes, in order. A brace without its partner is literal.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let mut rest = self.text.as_str();
        std::iter::from_fn(move || {
            let (piece, after) = first_piece(rest)?;
            rest = after;
            Some(piece)
        })
    }
}

/// A part of a template's text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Piece<'a> {
    /// Literal text.
    Text(&'a str),
    /// `{name}`.
    Hole {
        /// Between the braces.
        name: &'a str,
        /// With the braces.
        written: &'a str,
    },
}

/// The first piece of `text` and what follows it.
fn first_piece(text: &str) -> Option<(Piece<'_>, &str)> {
    let hole = |open: usize| {
        let close = text.get(open..)?.find('}')?.checked_add(open)?;
        Some((text.get(open.checked_add(1)?..close)?, close.checked_add(1)?))
    };
    match text.find('{').and_then(|open| Some((open, hole(open)?))) {
        Some((0, (name, end))) => {
            let (written, after) = text.split_at_checked(end)?;
            Some((Piece::Hole { name, written }, after))
        }
        Some((open, _)) => text.split_at_checked(open).map(|(before, after)| (Piece::Text(before), after)),
        None => (!text.is_empty()).then_some((Piece::Text(text), "")),
    }
}

/// A record: its fields by name.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Record {
    /// Fields in the order of their names.
    pub fields: BTreeMap<String, Field>,
}

/// An argument of an action or a field of a record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Field {
    /// Its type.
    pub ty: Type,
    /// May be missing (`T?`).
    pub optional: bool,
    /// Comes from the tool, never from the caller.
    pub measured: bool,
    /// Never leaves the gate in clear; conditions see only whether it is there.
    pub sealed: bool,
    /// An allow must fix it with `==`.
    pub must_state: bool,
}

/// Duties of a policy that allows an action of this class.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Class {
    /// The policy allows nothing else.
    pub alone: bool,
    /// Every allow is covered by a required approval.
    pub approved: bool,
    /// The token lives at most this long, in milliseconds.
    pub lifetime_ms: Option<i64>,
}

/// How an action's target is said.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Preposition {
    /// `send to queue(...)`.
    To,
    /// `receive from queue(...)`.
    From,
    /// `manage on queue(...)`.
    On,
    /// `write in folder(...)`.
    In,
}

impl Preposition {
    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::To => "to",
            Self::From => "from",
            Self::On => "on",
            Self::In => "in",
        }
    }

    /// The preposition of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "to" => Some(Self::To),
            "from" => Some(Self::From),
            "on" => Some(Self::On),
            "in" => Some(Self::In),
            _ => None,
        }
    }
}

/// One action of an interface.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Action {
    /// Its name on the wire where that differs (`action create_issue = "create-issue"`).
    pub wire: Option<String>,
    /// The word before its resources; `None` where it takes none.
    pub preposition: Option<Preposition>,
    /// The resource kinds it takes, sorted; empty where it takes none.
    pub kinds: Vec<String>,
    /// Its classes, sorted.
    pub classes: Vec<String>,
    /// Arguments by name.
    pub arguments: BTreeMap<String, Field>,
    /// What comes back, by name; of an artifact's slice, what its policy reads.
    pub results: BTreeMap<String, Returned>,
}

/// One field of what an action returns.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Returned {
    /// Its type.
    pub ty: Type,
    /// It may be absent.
    pub optional: bool,
    /// Its values may be where later arguments come from.
    pub trusted: bool,
}

impl Interface {
    /// What `name` means in a condition, limit or constraint of `action`: its argument, else a
    /// field of its batch's record.
    #[must_use]
    pub fn field<'a>(&'a self, action: &'a Action, name: &str) -> Option<&'a Field> {
        let of_element = || self.records.get(action.batch()?.1)?.fields.get(name);
        action.arguments.get(name).or_else(of_element)
    }
}

impl Action {
    /// The one argument of type `batch<R>`: its name and the record's.
    #[must_use]
    pub fn batch(&self) -> Option<(&str, &str)> {
        self.arguments.iter().find_map(|(name, field)| {
            if let Type::Batch(record) = &field.ty { Some((name.as_str(), record.as_str())) } else { None }
        })
    }
}

/// What a name under an artifact's `constraints` stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Constraint {
    /// `limit ARG per job`.
    LimitPerJob {
        /// What is counted.
        measure: String,
    },
    /// `ARG <= _`, `ARG >= _`, `ARG == _`.
    Compare {
        /// The argument or element field.
        subject: String,
        /// The comparison.
        comparison: Comparison,
    },
    /// `ARG in _`.
    In {
        /// The argument or element field.
        subject: String,
    },
    /// `ARG has _`.
    Has {
        /// The argument or element field.
        subject: String,
    },
    /// `ARG lacks _`.
    Lacks {
        /// The argument or element field.
        subject: String,
    },
}

impl Constraint {
    /// The argument or element field that it speaks of.
    #[must_use]
    pub fn subject(&self) -> &str {
        match self {
            Self::LimitPerJob { measure } => measure,
            Self::Compare { subject, .. }
            | Self::In { subject }
            | Self::Has { subject }
            | Self::Lacks { subject } => subject,
        }
    }

    /// What it says of the subject, as written: `<=`, `has`, and `per job` for a limit.
    #[must_use]
    pub const fn operator(&self) -> &'static str {
        match self {
            Self::LimitPerJob { .. } => "per job",
            Self::Compare { comparison, .. } => comparison.symbol(),
            Self::In { .. } => "in",
            Self::Has { .. } => "has",
            Self::Lacks { .. } => "lacks",
        }
    }

    /// The constraint of a subject and an operator.
    #[must_use]
    pub fn from_operator(subject: String, operator: &str) -> Option<Self> {
        Some(match operator {
            "per job" => Self::LimitPerJob { measure: subject },
            "in" => Self::In { subject },
            "has" => Self::Has { subject },
            "lacks" => Self::Lacks { subject },
            _ => Self::Compare { subject, comparison: Comparison::from_symbol(operator)? },
        })
    }
}
