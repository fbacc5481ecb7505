//! What happened before, as a test tells it.

use wpc_model::{Call, Charge, Decision, Moment, Policy};

/// The charges of a test's job, oldest first.
#[derive(Debug, Default)]
pub(super) struct Past {
    charges: Vec<Charge>,
}

impl Past {
    /// What the policy says of `call` at `now`, Unix milliseconds.
    pub(super) fn decide(&self, policy: &Policy, call: &Call, now: i64) -> Option<Decision> {
        let tool = policy.tools.get(&call.tool)?;
        if let Err(refusal) = wpc_model::in_force(policy, now) {
            return Some(Decision::Deny(refusal));
        }
        let moment = Moment::at(now);
        let ruling = wpc_model::rule(tool, call, moment);
        let asked = wpc_model::approvals(policy, call, moment);
        let demands = wpc_model::demands(tool, call);
        let demanded = demands.as_deref().map_err(|undecided| *undecided);
        let used = |limit: &wpc_model::Limit, amount| wpc_model::used(&self.charges, limit, amount, now);
        Some(wpc_model::admit(policy, tool, ruling, &asked, demanded, used))
    }

    /// Charges an admitted call. What cannot be counted charges nothing: no gate admits it.
    pub(super) fn charge(&mut self, policy: &Policy, call: &Call, at: i64) {
        let Some(tool) = policy.tools.get(&call.tool) else { return };
        for demand in wpc_model::demands(tool, call).unwrap_or_default() {
            if let Some(limit) = tool.limits.get(demand.limit as usize) {
                self.charges.push(Charge { limit: limit.id, at, amount: demand.amount });
            }
        }
    }
}
