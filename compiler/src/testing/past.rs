//! What happened before, as a test tells it.

use std::collections::BTreeMap;

use wpc_model::{
    Admission, Approvals, Approved, Decision, Ending, Given, Needs, Policy, TooManyLabels, Undecided, Who,
};

use super::step::{Asked, Ended, Signed};

/// Who asks where a test names nobody: approvals count only where the requester is known.
pub(super) const REQUESTER: &str = "did:example:requester";

/// The past of a test: the reference history, and the approvals that were given.
#[derive(Debug, Default)]
pub(super) struct Past {
    made: wpc_model::Past,
    given: Vec<Approved>,
}

impl Past {
    /// What the policy says of a call; if it may go ahead it is charged, and ends as the test says.
    pub(super) fn call(&mut self, policy: &Policy, asked: &Asked, ended: &Ended) -> Option<Decision> {
        let Asked { call, at, .. } = asked;
        policy.tools.get(&call.tool)?;
        if let Err(refusal) = wpc_model::in_force(policy, *at) {
            return Some(Decision::Deny(refusal));
        }
        let who = asked.who();
        let history = self.made.at(who, *at);
        let needs = Needs::of(policy, call, asked.situation(&history));
        let rulings = wpc_model::rulings(policy, call, asked.situation(&history));
        self.sign(policy, asked, &needs);
        let requester = [asked.requester.clone().unwrap_or_else(|| REQUESTER.to_owned())];
        let approvals = Approvals { given: &self.given, requester: &requester };
        let Admission { decision, charges, approvals: used } =
            wpc_model::admit(policy, call, &rulings, &needs, &approvals, &self.made.at(who, *at));
        for index in used {
            if let Some(one) = self.given.get_mut(index) {
                one.used = one.used.saturating_add(1);
            }
        }
        if matches!(decision, Decision::Allow { .. }) {
            self.made.charge(who, *at, &charges);
            let nothing = BTreeMap::new();
            let done = match ended.ending(&nothing) {
                Ending::Done(result) => Some(result),
                Ending::Failed => None,
                Ending::Unknown => return Some(decision),
            };
            self.made.ended(policy, who, *at, call, &charges, done);
        }
        Some(decision)
    }

    /// Earlier calls, admitted whatever the policy says of them.
    ///
    /// # Errors
    ///
    /// [`Undecided`] if what they charge cannot be counted: no gate admits them.
    pub(super) fn given(
        &mut self,
        policy: &Policy,
        asked: &Asked,
        times: u32,
        ended: &Ended,
    ) -> Result<(), Undecided> {
        let nothing = BTreeMap::new();
        self.made.happened(policy, asked.who(), asked.at, &asked.call, times, ended.ending(&nothing))
    }

    /// The job's input.
    ///
    /// # Errors
    ///
    /// [`TooManyLabels`] if no gate opens a job with so much.
    pub(super) fn input(
        &mut self,
        policy: &Policy,
        who: Who<'_>,
        at: i64,
        input: &Given,
    ) -> Result<(), TooManyLabels> {
        self.made.input(policy, who, at, input)
    }

    /// What happened so far; nothing where the policy does not ask where values came from, so that it
    /// costs nothing there.
    pub(super) fn so_far(&self, policy: &Policy) -> wpc_model::Past {
        let asks = policy.conditions().any(|condition| condition.sources().is_some());
        if asks { self.made.clone() } else { wpc_model::Past::new() }
    }

    /// Adds the approvals of a call. Each fixes all of its arguments, and lasts as long as the
    /// shortest of those that it may serve.
    fn sign(&mut self, policy: &Policy, asked: &Asked, needs: &Needs) {
        let lasts = needs.asked(policy).into_iter().map(|approval| approval.within_ms).min().unwrap_or(0);
        let call = &asked.call;
        for Signed { approver, roles, at } in &asked.signed {
            let nonce = self.given.len().to_string();
            let arguments = call.arguments.iter().map(|(name, value)| (name.clone(), Some(value.clone())));
            self.given.push(Approved {
                approver: approver.clone(),
                person: approver.clone(),
                roles: roles.clone(),
                tool: call.tool.clone(),
                action: call.action.clone(),
                resource: call.resource.clone(),
                arguments: arguments.collect(),
                requested_at: *at,
                issued_at: *at,
                not_after: at.saturating_add(lasts),
                used: 0,
                nonce,
            });
        }
    }
}
