//! Commitments: what a leaf holds of a call's arguments, and the openings that stand beside the log
//! (SECURITY.md 1.1).
//!
//! ```text
//! salt       = HMAC-SHA-256(job secret, "wpc/salt/v1" 0 call id 0 name), its first 16 bytes
//! commitment = SHA-256("wpc/arg/v1" 0 {"name","salt","type","value"})
//! args root  = SHA-256("wpc/args/v1" 0 [[name, commitment], …])       by name, every argument of the action
//! ```
//!
//! Each argument has a salt of its own, so that an opening discloses nothing but its own value, and
//! equal values do not look equal. Values are erased by deleting openings and the job's secret; the log
//! still verifies.

mod opening;
mod secret;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use wpc_model::canon::Json;
use wpc_model::{Call, Field, Hash, Policy, Resource, Value};

use crate::CallId;

pub use opening::{MAX_OPENING_BYTES, Opening, OpeningError};
pub use secret::{JobSecret, Salt};

/// The type of an optional argument that is not there. Its value is `null`.
pub const ABSENT: &str = "absent";
/// The type of a value that the gate attests and nobody opens. Its value is what the gate found of it, by the
/// ids of the questions ([`wpc_model::Sealed::to_json`]), or `null` where nothing was asked.
pub const SEALED: &str = "sealed";
/// The type of an argument that the interface does not know.
pub const UNKNOWN: &str = "unknown";
/// The name, and the type, under which a resource is committed to. No argument is named so: names have
/// no back-quote.
pub const RESOURCE: &str = "`resource`";
/// The name, and the type, under which bytes that are no call are committed to: by their hash, so that whoever
/// has them can show that they are what was refused, however long they are.
pub const RAW: &str = "`raw`";
/// Longest opening of a resource that a denied call named, in bytes of its value: it is text of whoever
/// called. A longer one is committed to and not kept.
pub const MAX_NAMED_BYTES: usize = 512;

/// A call's arguments, committed to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Committed {
    /// The commitment to all of them.
    pub args_root: Hash,
    /// The commitment to each.
    pub commitments: BTreeMap<String, Hash>,
    /// What opens each, in the order of the names.
    pub openings: Vec<Opening>,
}

/// Commits to every argument of the call's action: those of the interface, present or not, and any other
/// that the call has.
///
/// Values stand in the spelling of [`Call::to_json`], which [`Call::from_json`] reads back.
#[must_use]
pub fn commit(call: &Call, policy: &Policy, secret: &JobSecret, id: &CallId) -> Committed {
    let fields = policy.tools.get(&call.tool).and_then(|tool| tool.interface.actions.get(&call.action));
    let fields = fields.map(|action| &action.arguments);
    let shown = match call.to_json(policy) {
        Json::Object(mut members) => members.remove("arguments"),
        Json::Null | Json::Bool(_) | Json::Integer(_) | Json::Text(_) | Json::Array(_) => None,
    };
    let Some(Json::Object(mut shown)) = shown else { return Committed::of(Vec::new()) };
    let known = fields.into_iter().flat_map(BTreeMap::keys);
    let names: BTreeMap<&String, Option<&Field>> =
        known.chain(call.arguments.keys()).map(|name| (name, fields.and_then(|all| all.get(name)))).collect();
    let opening = |(name, field): (&String, Option<&Field>)| {
        let (ty, value) = match (call.arguments.get(name), field) {
            (None, _) => (ABSENT.to_owned(), Json::Null),
            (Some(Value::Sealed(sealed)), _) if sealed.answers().is_empty() => {
                (SEALED.to_owned(), Json::Null)
            }
            (Some(Value::Sealed(sealed)), _) => (SEALED.to_owned(), sealed.to_json()),
            (Some(_), field) => {
                let ty = field.map_or_else(|| UNKNOWN.to_owned(), |field| field.ty.to_text());
                (ty, shown.remove(name).unwrap_or(Json::Null))
            }
        };
        Opening { name: name.clone(), salt: secret.salt(id, name), ty, value }
    };
    Committed::of(names.into_iter().map(opening).collect())
}

/// Commits to the resource of a call: what stands in the leaf where the policy does not name it. The
/// opening is there only if its value is short ([`MAX_NAMED_BYTES`]).
#[must_use]
pub fn commit_resource(resource: &Resource, secret: &JobSecret, id: &CallId) -> (Hash, Option<Opening>) {
    let names = Json::array(resource.names.iter().map(String::as_str));
    let value = Json::object([("kind", Json::from(resource.kind.as_str())), ("names", names)]);
    let short = value.encode().len() <= MAX_NAMED_BYTES;
    let (name, salt) = (RESOURCE.to_owned(), secret.salt(id, RESOURCE));
    let opening = Opening { name, salt, ty: RESOURCE.to_owned(), value };
    (opening.commitment(), short.then_some(opening))
}

/// Commits to what was received and is no call. `id` is the name of nothing else.
#[must_use]
pub fn commit_raw(raw: &[u8], secret: &JobSecret, id: &CallId) -> Opening {
    let (name, salt) = (RAW.to_owned(), secret.salt(id, RAW));
    Opening { name, salt, ty: RAW.to_owned(), value: Json::from(Hash::of(raw).to_string()) }
}

impl Committed {
    /// Of arguments whose names differ, in the order of their names.
    fn of(openings: Vec<Opening>) -> Self {
        let commitments =
            openings.iter().map(|opening| (opening.name.clone(), opening.commitment())).collect();
        Self { args_root: args_root(&commitments), commitments, openings }
    }
}

/// The commitments that openings open, by name; `None` if two have one name.
#[must_use]
pub fn commitments(openings: &[Opening]) -> Option<BTreeMap<String, Hash>> {
    let all: BTreeMap<_, _> =
        openings.iter().map(|opening| (opening.name.clone(), opening.commitment())).collect();
    (all.len() == openings.len()).then_some(all)
}

/// The one hash of commitments by name.
#[must_use]
pub fn args_root(commitments: &BTreeMap<String, Hash>) -> Hash {
    root(commitments.iter().map(|(name, commitment)| (name.as_str(), commitment)))
}

/// The same over some arguments alone: what an approval binds. `None` if one of `names` has no
/// commitment, or they are not sorted, or repeated.
#[must_use]
pub fn bound_root(commitments: &BTreeMap<String, Hash>, names: &[String]) -> Option<Hash> {
    if !names.is_sorted_by(|left, right| left < right) {
        return None;
    }
    let pairs = names.iter().map(|name| Some((name.as_str(), commitments.get(name)?)));
    Some(root(pairs.collect::<Option<Vec<_>>>()?.into_iter()))
}

fn root<'a>(pairs: impl Iterator<Item = (&'a str, &'a Hash)>) -> Hash {
    let pair = |(name, commitment): (&str, &Hash)| {
        Json::array([Json::from(name), Json::from(commitment.to_string())])
    };
    Hash::under("wpc/args/v1", &Json::array(pairs.map(pair)).encode())
}
