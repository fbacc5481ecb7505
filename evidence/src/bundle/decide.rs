//! The one place that asks the reference interpreter.

use std::collections::BTreeMap;

use wpc_model::{
    Admission, Approval, Approvals, Approving, Attestation, Attested, Call, Charging, History, Moment, Needs,
    Policy, Refusal, Rulings, Situation, Value, approving, in_force, rulings,
};

/// What a policy says of one call before its history is looked at.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) call: Call,
    /// The policy is not valid then, for this reason; nothing else was asked.
    out_of_force: Option<Refusal>,
    rulings: Rulings,
    pub(super) needs: Needs,
}

/// Asks `policy` of `call` at `at`, Unix milliseconds, given what the gate found of where its values came
/// from; `None` if that answers other questions.
pub(super) fn ask(policy: &Policy, call: Call, at: i64, attested: &[Attestation]) -> Option<Asked> {
    let attested = Attested::read(policy, &call, attested)?;
    let situation = Situation::attested(Moment::at(at), &attested);
    Some(Asked {
        out_of_force: in_force(policy, at).err(),
        rulings: rulings(policy, &call, situation),
        needs: Needs::of(policy, &call, situation),
        call,
    })
}

impl Asked {
    /// The approvals that the call needs, of every layer.
    pub(super) fn required<'p>(&self, policy: &'p Policy) -> Vec<&'p Approval> {
        self.needs.asked(policy)
    }

    /// Whether these approvals are enough, at `at`.
    pub(super) fn is_approved(&self, policy: &Policy, approvals: &Approvals<'_>, at: i64) -> bool {
        let needs = std::iter::once(&self.needs).chain(&self.needs.parents);
        needs.zip(policy.layers()).all(|(needs, layer)| {
            matches!(approving(layer, &self.call, &needs.approvals, approvals, at), Approving::Met(_))
        })
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
        None => wpc_model::admit(policy, &asked.call, &asked.rulings, &asked.needs, approvals, history),
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
