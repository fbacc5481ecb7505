//! What happened before, as a test tells it.

use std::collections::BTreeMap;

use wpc_model::{Approvals, Call, Charging, Decision, Moment, Needs, Policy, Value, Who};

use super::Outcome;

/// The one job of a test.
const WHO: Who<'_> = Who { job: "test", agent: "agent" };

/// The history of a test's job.
#[derive(Debug, Default)]
pub(super) struct Past {
    happened: wpc_model::Past,
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
        let needs = Needs::of(policy, call, moment);
        let history = self.happened.at(WHO, now);
        Some(wpc_model::admit(policy, call, ruling, &needs, &Approvals::NONE, &history).decision)
    }

    /// Takes an admitted call, and how it ended: what is unknown may still be on its way. What cannot be
    /// counted charges nothing: no gate admits it.
    pub(super) fn take(
        &mut self,
        policy: &Policy,
        call: &Call,
        at: i64,
        outcome: Outcome,
        result: &BTreeMap<String, Value>,
    ) {
        let charged: Vec<Charging> = self.happened.began(policy, WHO, at, call).unwrap_or_default();
        let done = match outcome {
            Outcome::Done => Some(result),
            Outcome::Failed => None,
            Outcome::Unknown => return,
        };
        self.happened.ended(policy, WHO, at, call, &charged, done);
    }
}
