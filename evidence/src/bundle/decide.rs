//! The one place that asks the reference interpreter.

use std::collections::BTreeMap;

use wpc_model::{
    Admission, Approvals, Call, Charging, History, Moment, Needs, Policy, Refusal, Ruling, Value, in_force, rule,
};

/// What a policy says of one call before its history is looked at.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) call: Call,
    /// The policy is not valid then, for this reason; nothing else was asked.
    out_of_force: Option<Refusal>,
    ruling: Ruling,
    pub(super) needs: Needs,
}

/// Asks `policy` of `call` at `at`, Unix milliseconds.
pub(super) fn ask(policy: &Policy, call: Call, at: i64) -> Asked {
    let moment = Moment::at(at);
    let tool = policy.tools.get(&call.tool);
    Asked {
        out_of_force: in_force(policy, at).err(),
        ruling: tool.map_or(Ruling::DefaultDeny { near: None }, |tool| rule(tool, &call, moment)),
        needs: Needs::of(policy, &call, moment),
        call,
    }
}

/// Decides it.
pub(super) fn admit(
    policy: &Policy,
    asked: &Asked,
    approvals: &Approvals<'_>,
    history: &dyn History,
) -> Admission {
    match asked.out_of_force {
        Some(refusal) => refusal.into(),
        None => wpc_model::admit(policy, &asked.call, asked.ruling, &asked.needs, approvals, history),
    }
}

/// What an outcome charges.
pub(super) fn settle(
    policy: &Policy,
    call: &Call,
    charged: &[Charging],
    done: Option<&BTreeMap<String, Value>>,
    history: &dyn History,
) -> Vec<Charging> {
    wpc_model::settle(policy, call, charged, done, history)
}
