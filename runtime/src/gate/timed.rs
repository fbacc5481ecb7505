//! Which calls are decided by the clock, or by what is attested of them.
//!
//! Rules that ask for either are asked inside the ledger's lock, of the call as it is recorded and at
//! the time that its entry gets and on the history that stands before it, so that a replay of the entry gives the
//! same decision.

use wpc_model::{Action, Call, Condition, Interface, Policy};

/// The actions whose rules or approvals read the clock, or ask what the gate attests: where values came from, what
/// they conform to, what sealed ones say.
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
            for rule in tool.allow.iter().chain(&tool.deny) {
                let action = rule.action.as_deref();
                let actions = tool.interface.actions.iter();
                let mut of = actions.filter(|(name, _)| action.is_none_or(|action| *action == **name));
                if of.any(|(_, action)| waits(&tool.interface, action, &rule.conditions)) {
                    rules.push((name.clone(), action.map(str::to_owned)));
                }
            }
        }
        rules.sort_unstable();
        rules.dedup();
        let mut approvals = Vec::new();
        for layer in policy.layers() {
            for approval in &layer.approvals {
                let Some(tool) = layer.tools.get(&approval.tool) else { continue };
                let mut of = approval.actions.iter().filter_map(|name| tool.interface.actions.get(name));
                if of.any(|action| waits(&tool.interface, action, &approval.conditions)) {
                    approvals.push((approval.tool.clone(), approval.actions.clone()));
                }
            }
        }
        Self { rules, approvals }
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

fn waits(interface: &Interface, action: &Action, conditions: &[Condition]) -> bool {
    let one =
        |condition: &Condition| condition.subject.is_of_clock() || interface.is_attested(action, condition);
    conditions.iter().any(one)
}
