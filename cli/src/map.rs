//! The map file `NAME.wpc.map.json`: where each rule was written, outside the hash.
//!
//! It is nobody's signature: it only points people at lines. So a map that cannot be read, or is
//! of another policy, is left aside.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use wpc_compiler::{Map, Origin};
use wpc_model::{Condition, Hash, MAX_PARENT_DEPTH, Policy, RuleId};

use crate::input;

/// Lines of rules, limits and approvals.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    source: String,
    origins: BTreeMap<RuleId, Written>,
    /// Those of the policies that are extended, in the artifact's order.
    parents: Vec<Self>,
}

#[derive(Debug)]
struct Written {
    line: u64,
    conditions: Vec<u64>,
}

/// The bytes of a map file: JSON with sorted members, for people and programs.
pub(crate) fn encode(policy: &Policy, hash: Hash, map: &Map) -> Vec<u8> {
    let mut file = json!({ "v": 1, "policy_hash_b64u": hash.to_string() });
    if let Some(members) = file.as_object_mut() {
        members.extend(of_layer(policy, map));
    }
    format!("{file:#}\n").into_bytes()
}

/// What it says of one policy, and of those that this one extends.
fn of_layer(policy: &Policy, map: &Map) -> serde_json::Map<String, Value> {
    let conditions = conditions(policy);
    let origins = map.origins.iter().map(|(id, origin)| {
        let Origin { line, text, label, docs, conditions: _, lines: _, span: _ } = origin;
        let sorted = conditions.get(id).copied().unwrap_or_default();
        let line_of = |condition: &Condition| origin.line_of(condition).unwrap_or(*line);
        let lines: Vec<_> = sorted.iter().map(line_of).collect();
        let origin =
            json!({ "line": line, "text": **text, "label": label.as_deref(), "docs": **docs, "condition_lines": lines });
        (id.to_string(), origin)
    });
    let mut members = serde_json::Map::new();
    members.insert("source".to_owned(), json!(map.source));
    members.insert("docs".to_owned(), json!(map.docs));
    members.insert("origins".to_owned(), json!(origins.collect::<serde_json::Map<_, _>>()));
    if !policy.parents.is_empty() {
        let parents = policy.parents.iter().zip(&map.parents).map(|(policy, map)| of_layer(policy, map));
        members.insert("parents".to_owned(), json!(parents.collect::<Vec<_>>()));
    }
    members
}

/// The conditions of everything that has an id, in the artifact's order.
fn conditions(policy: &Policy) -> BTreeMap<RuleId, &[Condition]> {
    let rules = policy.tools.values().flat_map(|tool| tool.allow.iter().chain(&tool.deny));
    let rules = rules.map(|rule| (rule.id, &*rule.conditions));
    rules.chain(policy.approvals.iter().map(|approval| (approval.id, &*approval.conditions))).collect()
}

impl Lines {
    /// The lines of the policy `hash`, if its map lies at `path`.
    pub(crate) fn beside(path: &Path, hash: Hash) -> Option<Self> {
        let bytes = input::bytes(path, "map", input::MAX_ARTIFACT_BYTES).ok()?;
        let file: Value = serde_json::from_slice(&bytes).ok()?;
        if file.get("policy_hash_b64u")?.as_str()? != hash.to_string() {
            return None;
        }
        Self::of_layer(&file, MAX_PARENT_DEPTH)
    }

    /// Of one policy, above which there are at most `depth` others.
    fn of_layer(file: &Value, depth: usize) -> Option<Self> {
        let read = |(id, origin): (&String, &Value)| {
            let lines = origin.get("condition_lines")?.as_array()?.iter().filter_map(Value::as_u64);
            let written = Written { line: origin.get("line")?.as_u64()?, conditions: lines.collect() };
            Some((RuleId::from_text(id)?, written))
        };
        let origins = file.get("origins")?.as_object()?.iter().filter_map(read).collect();
        let parents = match file.get("parents") {
            None => Vec::new(),
            Some(parents) => {
                let depth = depth.checked_sub(1)?;
                let all = parents.as_array()?.iter().map(|parent| Self::of_layer(parent, depth));
                all.collect::<Option<_>>()?
            }
        };
        Some(Self { source: file.get("source")?.as_str()?.to_owned(), origins, parents })
    }

    /// Of the policy and of each that it extends, in the order of [`Policy::layers`].
    pub(crate) fn layers(&self) -> Vec<&Self> {
        std::iter::once(self).chain(self.parents.iter().flat_map(Self::layers)).collect()
    }

    /// The policy file's name as it was given to `wpc compile`.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The line of a rule, limit or approval, from 1.
    pub(crate) fn of(&self, id: RuleId) -> Option<u64> {
        self.origins.get(&id).map(|written| written.line)
    }

    /// The line of one of its conditions, by the artifact's order.
    pub(crate) fn of_condition(&self, id: RuleId, index: u32) -> Option<u64> {
        self.origins.get(&id)?.conditions.get(usize::try_from(index).ok()?).copied()
    }
}
