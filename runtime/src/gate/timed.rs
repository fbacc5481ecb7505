//! Which calls are decided by the clock, or by where their values came from.
//!
//! Rules that ask for either are asked inside the ledger's lock, of the call as it is recorded and at
//! the time that its entry gets and on the history that stands before it, so that a replay of the entry gives the
//! same decision.

use wpc_model::{Approval, Call, Condition, Policy, Rule};

/// The actions whose rules or approvals read the clock or ask for sources.
#[derive(Debug)]
pub(super) struct Timed {
    /// Tool and action of each rule that does; `None` is every action.
    rules: Vec<(String, Option<String>)>,
    /// Tool and actions of each approval that does.
    approvals: Vec<(String, Vec<String>)>,
}

impl Timed {
    /// Of a policy and all that it extends.
    pub(super) fn of(policy: &Policy) -> Self {
        let mut rules: Vec<(String, Option<String>)> = Vec::new();
        for (name, tool) in policy.layers().flat_map(|layer| &layer.tools) {
            let timed = |rule: &&Rule| waits(&rule.conditions);
            let named = |rule: &Rule| (name.clone(), rule.action.as_deref().map(str::to_owned));
            rules.extend(tool.allow.iter().chain(&tool.deny).filter(timed).map(named));
        }
        rules.sort_unstable();
        rules.dedup();
        let timed = |approval: &&Approval| waits(&approval.conditions);
        let named = |approval: &Approval| (approval.tool.clone(), approval.actions.clone());
        let approvals = policy.layers().flat_map(|layer| &layer.approvals).filter(timed).map(named);
        Self { rules, approvals: approvals.collect() }
    }

    /// Whether a rule that speaks of the call's action waits for the lock.
    pub(super) fn rules(&self, call: &Call) -> bool {
        let speaks = |(tool, action): &(String, Option<String>)| {
            *tool == call.tool && action.as_ref().is_none_or(|action| *action == call.action)
        };
        self.rules.iter().any(speaks)
    }

    /// Whether an approval that speaks of the call's action does.
    pub(super) fn approvals(&self, call: &Call) -> bool {
        self.approvals.iter().any(|(tool, actions)| *tool == call.tool && actions.contains(&call.action))
    }
}

fn waits(conditions: &[Condition]) -> bool {
    conditions.iter().any(|condition| condition.subject.is_of_clock() || condition.sources().is_some())
}
