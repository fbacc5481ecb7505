//! What a policy says of a row of calls in one job.

use std::collections::BTreeMap;

use wpc_model::{Approvals, Decision, Needs, Past, Policy, Reason, Value, Who, admit, rulings};

use crate::site::Case;

/// One call of a row, and what came of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// The call, and when it is decided.
    pub case: Case,
    /// What it returned; once admitted, it is done at once.
    pub result: BTreeMap<String, Value>,
}

impl Step {
    pub(crate) fn of(case: Case) -> Self {
        Self { case, result: BTreeMap::new() }
    }
}

/// The one who makes all calls.
const WHO: Who<'static> = Who { job: "job", agent: "agent" };

/// The first call of `steps` that `policy` does not admit, from 0, and why; `None` if it admits them all.
/// Approvals are taken as given, and the policy as in force: they are compared apart.
pub(crate) fn refused(policy: &Policy, steps: &[Step]) -> Option<(usize, Reason)> {
    let mut past = Past::new();
    for (index, Step { case, result }) in steps.iter().enumerate() {
        let (call, at) = (&case.call, case.moment.now_ms);
        let mut needs = Needs::of(policy, call, case.moment);
        needs.approvals.clear();
        needs.parents.iter_mut().for_each(|parent| parent.approvals.clear());
        let rulings = rulings(policy, call, case.moment);
        let nobody = Approvals { given: &[], requester: &[] };
        let admission = admit(policy, call, &rulings, &needs, &nobody, &past.at(WHO, at));
        if let Decision::Deny(refusal) = admission.decision {
            return Some((index, refusal.reason));
        }
        past.charge(WHO, at, &admission.charges);
        past.ended(policy, WHO, at, call, &admission.charges, Some(result));
    }
    None
}
