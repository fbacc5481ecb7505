//! Bytes to policy: strict, bounded, and only the one spelling.
//!
//! ```text
//! bytes ─▶ size, UTF-8, JSON (closed objects, no duplicates) ─▶ put back what is hoisted, in each
//!       policy that is extended too
//!       ─▶ Policy::check ─▶ encode again and compare with the bytes ─▶ Policy
//! ```
//!
//! The last step catches all that reading overlooks: another order, another escape, white space,
//! an `entity` that is not the resource's, an id that is not the rule's.

mod interface;
mod orders;
mod raw;
mod rules;
mod scalars;
mod schemas;
mod settings;
mod unhoist;

use std::collections::BTreeMap;
use std::fmt;

use raw::{RawPolicy, RawTool, Version};
use scalars::Members;
use schemas::RawJson;

use super::{WPC_VERSION, encode};
use crate::canon::{Compare, Json};
use crate::place::Place;
use crate::{
    Approval, Hash, Invalid, Limit, MAX_PARENT_DEPTH, MAX_PARENTS, Order, Owner, Per, Policy, Terms, Tool,
};

/// Longest accepted artifact payload, in bytes.
pub const MAX_ARTIFACT_BYTES: usize = 64 * 1024 * 1024;

/// Not an artifact that may be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DecodeError {
    /// What is wrong.
    pub code: DecodeCode,
    /// Where: a path from `$`, or a byte from 0.
    pub at: String,
    /// In words.
    pub message: String,
}

/// What is wrong with an artifact.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum DecodeCode {
    /// More than [`MAX_ARTIFACT_BYTES`], too many parts once hoisted conditions are put back, or too many
    /// policies that are extended.
    TooLarge,
    /// Not JSON, or not a policy's members and types.
    Malformed,
    /// Not the canonical bytes of the policy it says.
    NotCanonical,
    /// Of another version of the format.
    UnknownVersion,
    /// A policy that no compiler would have made.
    Invalid,
}

impl DecodeCode {
    /// The stable code, `not_canonical`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::NotCanonical => "not_canonical",
            Self::UnknownVersion => "unknown_version",
            Self::Invalid => "invalid",
        }
    }
}

impl DecodeError {
    fn new(code: DecodeCode, at: impl fmt::Display, message: impl Into<String>) -> Self {
        Self { code, at: at.to_string(), message: message.into() }
    }
}

impl From<Invalid> for DecodeError {
    fn from(Invalid { path, message }: Invalid) -> Self {
        Self { code: DecodeCode::Invalid, at: path, message }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.code.code(), self.at, self.message)
    }
}

impl std::error::Error for DecodeError {}

/// Reads an artifact's payload. Whoever calls this has compared the payload's hash or verified
/// its signature.
///
/// # Errors
///
/// [`DecodeError`] unless the bytes are exactly what [`encode()`](crate::encode) writes for a
/// policy that [`Policy::check`] accepts.
pub fn decode(bytes: &[u8]) -> Result<Policy, DecodeError> {
    if bytes.len() > MAX_ARTIFACT_BYTES {
        let message = format!("has {} bytes, more than {MAX_ARTIFACT_BYTES}", bytes.len());
        return Err(DecodeError::new(DecodeCode::TooLarge, Place::Root, message));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = format_args!("byte {}", error.valid_up_to()).to_string();
        DecodeError::new(DecodeCode::Malformed, at, "is not UTF-8")
    })?;
    let policy = Reader { parents: MAX_PARENTS }.policy(text, Place::Root, 0)?;
    policy.check()?;
    let mut compare = Compare::new(bytes);
    encode::write(&policy, &mut compare);
    match compare.difference() {
        None => Ok(policy),
        Some(at) => {
            let at = format_args!("byte {at}").to_string();
            Err(DecodeError::new(DecodeCode::NotCanonical, at, "is not what encoding the policy again gives"))
        }
    }
}

/// Reads a policy and those that it extends.
struct Reader {
    /// How many more of them there may be.
    parents: usize,
}

impl Reader {
    /// The policy that `text` at `at` is, below `depth` others.
    fn policy(&mut self, text: &str, at: Place<'_>, depth: usize) -> Result<Policy, DecodeError> {
        let mut raw: RawPolicy<'_> =
            serde_json::from_str(text).map_err(|error| unreadable(text, &error, at))?;
        if raw.wpc_version.0 != WPC_VERSION {
            return Err(unknown_version(at));
        }
        let of = at.member("extends");
        let mut parents = Vec::with_capacity(raw.extends.len().min(self.parents));
        for (index, parent) in std::mem::take(&mut raw.extends).into_iter().enumerate() {
            let Some(left) = self.parents.checked_sub(1).filter(|_| depth < MAX_PARENT_DEPTH) else {
                let most =
                    format!("is more than {MAX_PARENTS} policies, or more than {MAX_PARENT_DEPTH} deep");
                return Err(DecodeError::new(DecodeCode::TooLarge, of.item(index), most));
            };
            self.parents = left;
            parents.push(self.policy(parent.get(), of.item(index), depth.saturating_add(1))?);
        }
        Ok(Policy { parents, ..policy(raw, at)? })
    }
}

/// An artifact of another version looks malformed; say which it is.
fn unreadable(text: &str, error: &serde_json::Error, at: Place<'_>) -> DecodeError {
    match serde_json::from_str::<Version<'_>>(text) {
        Ok(version) if version.wpc_version.0 != WPC_VERSION => unknown_version(at),
        Ok(_) | Err(_) => {
            let there = format_args!("line {} column {}", error.line(), error.column()).to_string();
            let there = if matches!(at, Place::Root) { there } else { format!("{at} {there}") };
            DecodeError::new(DecodeCode::Malformed, there, error.to_string())
        }
    }
}

fn unknown_version(at: Place<'_>) -> DecodeError {
    DecodeError::new(DecodeCode::UnknownVersion, at.member("wpc_version"), format!("is not `{WPC_VERSION}`"))
}

/// A policy that extends nothing yet.
fn policy(mut raw: RawPolicy<'_>, at: Place<'_>) -> Result<Policy, DecodeError> {
    let settings = settings::settings(&mut raw);
    let RawPolicy { approvals, auth, evidence, orders, policy_name, schemas, tools, .. } = raw;
    let mut of = BTreeMap::new();
    for (name, raw) in tools.0 {
        let tool = tool(&name, raw, at.member("tools").member(&name))?;
        of.insert(name, tool);
    }
    let mut approvals: Vec<_> =
        approvals.map(|all| all.rules).unwrap_or_default().into_iter().map(approval).collect();
    approvals.sort_by_key(|approval| approval.id);
    let orders = sequences(orders, at.member("orders"))?;
    Ok(Policy {
        name: policy_name.0.into_owned(),
        tools: of,
        auth: auth.into(),
        approvals,
        evidence: evidence.map(Into::into).unwrap_or_default(),
        orders,
        settings,
        schemas: of_hashes(schemas, at.member("schemas"))?,
        parents: Vec::new(),
    })
}

fn of_hashes(raw: Members<RawJson>, at: Place<'_>) -> Result<BTreeMap<Hash, Json>, DecodeError> {
    let one = |(name, RawJson(schema)): (String, RawJson)| {
        let hash = Hash::from_text(&name);
        let hash =
            hash.ok_or_else(|| DecodeError::new(DecodeCode::Malformed, at.member(&name), "is no hash"))?;
        Ok((hash, schema))
    };
    raw.0.into_iter().map(one).collect()
}

fn sequences(raw: Vec<orders::RawOrder<'_>>, at: Place<'_>) -> Result<Vec<Order>, DecodeError> {
    let order = |(index, raw)| {
        orders::order(raw).map_err(|wrong| DecodeError::new(DecodeCode::Malformed, at.item(index), wrong))
    };
    let mut all = raw.into_iter().enumerate().map(order).collect::<Result<Vec<_>, _>>()?;
    all.sort_by_key(|order| order.id);
    Ok(all)
}

fn approval(raw: raw::RawApproval<'_>) -> Approval {
    let conditions = raw.conditions.into_iter().map(|triple| triple.0).collect();
    let by = raw.by.into_iter().map(Into::into).collect();
    let (uses, bind) = (raw.uses.0, raw.bind.0);
    let terms = Terms { by, quorum: raw.quorum, within_ms: raw.within_ms, uses, bind };
    Approval::new(&raw.tool.0, owned(raw.ops), raw::targets(raw.on), conditions, terms)
}

fn tool(name: &str, raw: RawTool<'_>, at: Place<'_>) -> Result<Tool, DecodeError> {
    let limits = raw.limits.into_iter().map(|limit| {
        let owner = if limit.agent { Owner::Agent } else { Owner::Job };
        let per = Per { window: limit.per.0, owner, by_resource: limit.by_resource, by: owned(limit.by) };
        Limit::new(name, limit.measure.0, owned(limit.ops), raw::targets(limit.on), limit.max, per)
    });
    let mut tool = Tool {
        interface: raw.interface.into(),
        scope: owned(raw.scope),
        allow: raw.allow.0,
        deny: raw.deny.0,
        limits: limits.collect(),
    };
    unhoist::unhoist(name, &mut tool, raw.constraints.0, at.member("constraints"))?;
    tool.limits.sort_by_key(|limit| limit.id);
    Ok(tool)
}

fn owned(names: Vec<scalars::Text<'_>>) -> Vec<String> {
    names.into_iter().map(|name| name.0.into_owned()).collect()
}
