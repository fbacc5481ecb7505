//! What an entry says of a call's values: commitments in the log, openings beside it.

use std::collections::BTreeMap;

use wpc_evidence::commitment::{Committed, Opening, commit};
use wpc_model::{Call, Hash, Value};

use super::Core;
use crate::CallId;
use crate::ledger::{Fact, Seen};

/// Longest opening of one argument of a denied call that is kept, in bytes: it is whatever the caller
/// sent. A longer one is committed to, and its decision cannot be replayed.
const MAX_DENIED_OPENING_BYTES: usize = 64 << 10;

/// What an attempt commits to.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) args_root: Hash,
    pub(super) facts: Vec<Fact>,
    pub(super) resource: Option<Seen>,
    openings: Vec<Opening>,
    of_resource: Option<Opening>,
}

impl Recorded {
    /// Commits to a call before the ledger's lock is taken.
    pub(super) fn of(core: &Core, call: &Call, id: &CallId) -> Self {
        let Committed { args_root, commitments, openings } = commit(call, &core.policy, &core.secret, id);
        let (resource, of_resource) = match &call.resource {
            None => (None, None),
            Some(resource) => {
                let (seen, opening) = core.named.see(resource, &core.secret, id);
                (Some(seen), opening)
            }
        };
        let reads = core.reads.get(&(call.tool.clone(), call.action.clone()));
        let read = |name: &String| reads.is_some_and(|reads| reads.contains(name));
        let facts = commitments.into_iter().filter(|(name, _)| read(name));
        let facts = facts.map(|(name, commitment)| Fact { name, commitment }).collect();
        Self { args_root, facts, resource, openings, of_resource }
    }

    /// What is kept of an admitted call.
    pub(super) fn of_admitted(&self) -> Vec<(String, Vec<u8>)> {
        self.kept(usize::MAX, |name| self.is_fact(name))
    }

    /// What is kept of a denied one.
    pub(super) fn of_denied(&self) -> Vec<(String, Vec<u8>)> {
        self.kept(MAX_DENIED_OPENING_BYTES, |name| self.is_fact(name))
    }

    /// What is kept of one that people may approve: all of it, so that they see what they sign.
    pub(super) fn of_asked(&self) -> Vec<(String, Vec<u8>)> {
        self.kept(usize::MAX, |_| true)
    }

    fn is_fact(&self, name: &str) -> bool {
        self.facts.binary_search_by(|fact| fact.name.as_str().cmp(name)).is_ok()
    }

    fn kept(&self, most: usize, keeps: impl Fn(&str) -> bool) -> Vec<(String, Vec<u8>)> {
        let arguments = self.openings.iter().filter(|opening| keeps(&opening.name));
        let all = arguments
            .map(|opening| (opening, most))
            .chain(self.of_resource.iter().map(|one| (one, usize::MAX)));
        let encoded = all.map(|(opening, most)| (opening.name.clone(), opening.encode(), most));
        encoded
            .filter(|(_, bytes, most)| bytes.len() <= *most)
            .map(|(name, bytes, _)| (name, bytes))
            .collect()
    }
}

/// What an outcome commits to of what the tool returned: under `result.` and the field's name.
pub(super) fn of_result(
    core: &Core,
    call: &Call,
    id: &CallId,
    results: &BTreeMap<String, Value>,
) -> (Vec<Fact>, Vec<(String, Vec<u8>)>) {
    let action = core.policy.tools.get(&call.tool).and_then(|tool| tool.interface.actions.get(&call.action));
    let ty = |name: &str| action.and_then(|action| action.results.get(name)).map(|field| field.ty.to_text());
    let opened = call.returned_json(&core.policy, results).into_iter().filter_map(|(field, value)| {
        let (ty, name) = (ty(&field)?, format!("result.{field}"));
        Some(Opening { salt: core.secret.salt(id, &name), name, ty, value })
    });
    let all: Vec<Opening> = opened.collect();
    let facts = all.iter().map(|one| Fact { name: one.name.clone(), commitment: one.commitment() }).collect();
    (facts, all.into_iter().map(|one| (one.name.clone(), one.encode())).collect())
}
