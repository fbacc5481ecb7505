//! Counters: all that a decision must know of what happened before is a sum over one of them.
//!
//! ```text
//! limit bytes of send per resource   counter (limit, key of the resource)     + bytes, when admitted
//! limit concurrent send              counter (limit)                          + 1 when admitted, - 1 at the outcome
//! limit calls of send per agent      counter (limit), the agent's             + 1, whatever the job
//! separate read from send            counters (separate, side)                + 1 on the call's own side
//! before apply do plan               counter (before, what must agree)        + 1 when a plan is done
//! to from [contacts.search.emails]   counter (source, value under a secret)   + 1 when a search first gives it
//! ```
//!
//! A key is a hash, so that what a call said never stands in an entry. It is not salted, because
//! equal values must meet: whoever reads entries can try values against it. Those of sources are under
//! the job's secret ([`crate::History::salted`]): they need to meet within one job alone.

use std::collections::BTreeMap;

use crate::canon::Json;
use crate::{Call, Hash, Resource, RuleId, Value, Window};

/// One running sum.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Counter {
    /// The statement that counts.
    pub statement: RuleId,
    /// Which of its counters, where it has several.
    pub key: Option<Hash>,
    /// Whose it is.
    pub owner: Owner,
}

/// Whose counter it is.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Owner {
    /// The job's.
    #[default]
    Job,
    /// The agent's: all its jobs in one ledger charge it.
    Agent,
}

impl Counter {
    /// The job's one counter of a statement.
    #[must_use]
    pub const fn of(statement: RuleId) -> Self {
        Self { statement, key: None, owner: Owner::Job }
    }

    /// One of the job's several counters of a statement.
    #[must_use]
    pub const fn keyed(statement: RuleId, key: Hash) -> Self {
        Self { statement, key: Some(key), owner: Owner::Job }
    }
}

/// A counter with what may be charged to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Bound {
    /// The counter.
    pub counter: Counter,
    /// Over what it is summed.
    pub window: Window,
    /// The greatest sum.
    pub max: i64,
}

/// One charge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Charge {
    /// The counter.
    pub counter: Counter,
    /// When, Unix milliseconds.
    pub at: i64,
    /// How much; negative where a place is given back.
    pub amount: i64,
}

/// What a decision or an outcome charges, and what it found.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Charging {
    /// The counter.
    pub counter: Counter,
    /// Over what it was summed.
    pub window: Window,
    /// The sum before.
    pub before: i64,
    /// What is added; negative where a place is given back.
    pub amount: i64,
}

/// What the key is for, so that keys of different uses never meet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Use {
    /// One of a limit's counters.
    Limit,
    /// Admitted calls of the first side of a `separate`, or of the second.
    Side(usize),
    /// Earlier calls that were done, by what must agree.
    Done,
    /// Later calls that took one of them.
    Taken,
}

impl Use {
    const fn word(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Side(0) => "first",
            Self::Side(_) => "second",
            Self::Done => "done",
            Self::Taken => "taken",
        }
    }
}

/// Builds a key from its parts, in order.
#[derive(Clone, Debug)]
pub(super) struct KeyParts(Vec<Json>);

impl KeyParts {
    pub(super) fn new(what: Use) -> Self {
        Self(vec![Json::from(what.word())])
    }

    /// And the resource; with `fold`, names that differ in ASCII case alone are one.
    pub(super) fn resource(&mut self, resource: Option<&Resource>, fold: bool) {
        let name = |name: &String| Json::Text(folded(name, fold));
        self.0.push(match resource {
            None => Json::Null,
            Some(resource) => Json::array([
                Json::from(resource.kind.as_str()),
                Json::array(resource.names.iter().map(name)),
            ]),
        });
    }

    /// And a value; with `fold`, texts that differ in ASCII case alone are one.
    pub(super) fn value(&mut self, value: &Value, fold: bool) {
        self.0.push(json(value, fold));
    }

    pub(super) fn finish(self) -> Hash {
        Hash::under("wpc/key/v1", &Json::Array(self.0).encode())
    }
}

fn folded(text: &str, fold: bool) -> String {
    if fold { text.to_ascii_lowercase() } else { text.to_owned() }
}

/// A value as JSON.
pub(crate) fn json_of(value: &Value) -> Json {
    json(value, false)
}

fn json(value: &Value, fold: bool) -> Json {
    match value {
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::Integer(*value),
        Value::Text(text) => Json::Text(folded(text, fold)),
        Value::List(members) => Json::array(members.iter().map(|member| json(member, fold))),
        Value::Map(members) => {
            let member = |(name, member): (&String, &Value)| (folded(name, fold), json(member, fold));
            Json::Object(members.iter().map(member).collect::<BTreeMap<_, _>>())
        }
        Value::Sealed(_) => Json::Null,
    }
}

/// The key under which a limit counts `call`: `None` inside for a limit with one counter.
///
/// Texts and names that differ in ASCII case alone share a counter, so that letter case gives nobody
/// a second one.
pub(super) fn key_of(limit: &crate::Limit, call: &Call) -> Option<Option<Hash>> {
    if !limit.by_resource && limit.by.is_empty() {
        return Some(None);
    }
    let mut parts = KeyParts::new(Use::Limit);
    if limit.by_resource {
        parts.resource(call.resource.as_ref(), true);
    }
    for name in &limit.by {
        parts.value(call.arguments.get(name)?, true);
    }
    Some(Some(parts.finish()))
}
