//! Calls: from what an agent gave to what a policy decides on.
//!
//! ```text
//! JSON ──from_json──▶ RawCall ──check──▶ Call ──measure──▶ Call, complete ──▶ rule(…)
//!       strict, bounded       typed by the interface
//! ```
//!
//! In JSON, counts, bytes and durations (milliseconds) are integers; `decimal` and `money` are
//! strings with exactly their fraction digits (`"25.00"`), because a JSON number would be a float;
//! a `time` is a string in RFC 3339 with the zone `Z` (`"2026-01-31T09:30:00Z"`), because people
//! read it; a `host`, and the host of an `email`, may be in any letter case and are lower-cased;
//! `null` stands for an absent optional argument.

mod conform;
#[cfg(feature = "serde")]
mod from_json;
mod given;
mod malformed;
mod reader;
mod reopened;
mod to_json;
mod typed;

use std::collections::BTreeMap;

pub use given::{Given, RawCall, RawResource};
pub use malformed::{Malformed, MalformedCode};
pub(crate) use reader::read_alone;

use crate::Value;

/// Longest accepted call in JSON, in bytes.
pub const MAX_CALL_BYTES: usize = 1024 * 1024;

/// Deepest accepted nesting of a call's arguments and of its JSON.
pub const MAX_CALL_DEPTH: u32 = 32;

/// Most elements of a batch, members of a list, set or map.
pub const MAX_BATCH: usize = 10_000;

/// Longest text argument or map key, in bytes.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;

/// One call, as the tool described it and a policy's interface types it.
///
/// The arguments of a batch action are a [`Value::List`] of [`Value::Map`]s under the batch's
/// name. An absent optional argument has no entry. Decide only what is complete
/// ([`Call::conform`]): a measured argument that is not there yet looks absent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// The tool's name in the policy.
    pub tool: String,
    /// The action.
    pub action: String,
    /// What it acts on, if the action takes a resource.
    pub resource: Option<Resource>,
    /// Arguments by name.
    pub arguments: BTreeMap<String, Value>,
}

/// A resource: a kind and its parameters' values, never its string.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Resource {
    /// The kind.
    pub kind: String,
    /// One value per parameter of the kind, in the interface's order.
    pub names: Vec<String>,
}

/// What to make of measured arguments that a call states.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Measured {
    /// The call comes from an agent: stating one is malformed, and they may be missing until
    /// [`Call::measure`] adds them.
    Refuse,
    /// The call is a test or a question: they must be there like all others.
    Accept,
}
