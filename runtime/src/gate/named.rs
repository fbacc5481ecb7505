//! The resources that a policy, or one that it extends, names, and so may stand in entries in clear.

use std::collections::HashSet;

use wpc_evidence::commitment::{JobSecret, Opening, commit_resource};
use wpc_model::{Policy, Resource, Slot, Target};

use crate::CallId;
use crate::ledger::Seen;

/// Kind and names of every resource that some statement writes out in full.
pub(super) struct Named(HashSet<(String, Vec<String>)>);

impl Named {
    pub(super) fn of(policy: &Policy) -> Self {
        let tools = || policy.layers().flat_map(|layer| layer.tools.values());
        let rules = tools().flat_map(|tool| tool.allow.iter().chain(&tool.deny).map(|rule| &rule.target));
        let limits = tools().flat_map(|tool| tool.limits.iter().flat_map(|limit| &limit.targets));
        let approvals = policy.layers().flat_map(|layer| &layer.approvals);
        let approvals = approvals.flat_map(|approval| &approval.targets);
        Self(rules.chain(limits).chain(approvals).filter_map(written_out).collect())
    }

    /// As much of a resource as an entry may hold, and what opens the rest if it is short.
    pub(super) fn see(
        &self,
        resource: &Resource,
        secret: &JobSecret,
        call: &CallId,
    ) -> (Seen, Option<Opening>) {
        // One lookup per call; the set owns its keys, so the question must too.
        let asked = (resource.kind.clone(), resource.names.clone());
        if self.0.contains(&asked) {
            let (kind, names) = asked;
            return (Seen::Named { kind, names }, None);
        }
        let (commitment, opening) = commit_resource(resource, secret, call);
        (Seen::Other { kind: asked.0, commitment }, opening)
    }
}

fn written_out(target: &Target) -> Option<(String, Vec<String>)> {
    let Target::Of { kind, slots } = target else { return None };
    let exact = |slot: &Slot| match slot {
        Slot::Exact(name) => Some(name.clone()),
        Slot::Any | Slot::Like(_) => None,
    };
    Some((kind.to_string(), slots.iter().map(exact).collect::<Option<_>>()?))
}
