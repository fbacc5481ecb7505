//! Why something is not a call of a policy's tools.

use std::fmt;

use crate::place::{Place, Quoted};

/// Not a call: refused and recorded before anything is decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Malformed {
    /// What is wrong.
    pub code: MalformedCode,
    /// Where, `$.arguments.messages[0].message_bytes`.
    pub path: String,
    /// In words; holds at most 64 bytes of input in one place, without control characters.
    pub message: String,
}

/// What is wrong with a call.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum MalformedCode {
    /// Not a JSON object, or cut off, or followed by more.
    NotJson,
    /// One key twice in an object.
    DuplicateKey,
    /// Too many bytes, elements, or levels.
    TooLarge,
    /// A member that calls do not have.
    UnknownMember,
    /// A member that calls must have is missing.
    MissingMember,
    /// The policy does not have this tool.
    UnknownTool,
    /// The policy does not speak of this action.
    UnknownAction,
    /// The action does not take this kind of resource.
    UnknownKind,
    /// The action takes a resource and none is given, or the other way round.
    WrongResource,
    /// The action or record does not have this.
    UnknownArgument,
    /// The action or record needs this.
    MissingArgument,
    /// A value of another type.
    WrongType,
    /// A number outside its type's range.
    OutOfRange,
    /// A name, host or address that cannot exist, or is not in its one spelling.
    BadName,
    /// None of the choice's words.
    BadChoice,
    /// An argument that only the tool may state.
    MeasuredStated,
    /// An argument that the tool does not measure, or has measured already.
    NotMeasured,
    /// An argument that is stated beside a value, and otherwise than the value describes it.
    StatedDiffers,
    /// A value that described itself otherwise when the call was recorded than when it was decided.
    DescribedDiffers,
}

impl MalformedCode {
    /// The stable code, `unknown_argument`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotJson => "not_json",
            Self::DuplicateKey => "duplicate_key",
            Self::TooLarge => "too_large",
            Self::UnknownMember => "unknown_member",
            Self::MissingMember => "missing_member",
            Self::UnknownTool => "unknown_tool",
            Self::UnknownAction => "unknown_action",
            Self::UnknownKind => "unknown_kind",
            Self::WrongResource => "wrong_resource",
            Self::UnknownArgument => "unknown_argument",
            Self::MissingArgument => "missing_argument",
            Self::WrongType => "wrong_type",
            Self::OutOfRange => "out_of_range",
            Self::BadName => "bad_name",
            Self::BadChoice => "bad_choice",
            Self::MeasuredStated => "measured_stated",
            Self::NotMeasured => "not_measured",
            Self::StatedDiffers => "stated_differs",
            Self::DescribedDiffers => "described_differs",
        }
    }
}

impl Malformed {
    pub(crate) fn new(code: MalformedCode, at: Place<'_>, message: impl Into<String>) -> Self {
        Self { code, path: at.to_string(), message: message.into() }
    }

    /// `found`, quoted, and what is wrong with it.
    pub(crate) fn about(code: MalformedCode, at: Place<'_>, found: &str, wrong: impl fmt::Display) -> Self {
        Self::new(code, at, format!("{} {wrong}", Quoted(found)))
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.code.code(), self.path, self.message)
    }
}

impl std::error::Error for Malformed {}
