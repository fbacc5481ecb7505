//! Steps 1 to 7 of the decision, inside the ledger's lock.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;
use wpc_model::{
    Admission, Approvals, Charging, Decision, Moment, Needs, Refusal, Ruling, Situation, admit, approvals,
    in_force,
};

use super::admitted::{Admitted, Asking, Settling};
use super::{Asked, Core, Slip, untyped, words};
use crate::ledger::{
    Appended, Attempt, Body, Charged, Closing, Head, JobState, LedgerError, MAX_ENTRIES_PER_JOB, Step, Task,
    Verdict,
};
use crate::refused::{Detail, Refused};
use crate::{CallId, JobId};

/// One call on its way into the ledger.
pub(super) struct Begin {
    core: Arc<Core>,
    asked: Asked,
    call: CallId,
    needs: Needs,
    /// Which approvals it needs is known inside the ledger's lock.
    timed: bool,
    said: Said,
}

/// What the last run of the decision said.
enum Said {
    /// It has not run.
    Nothing,
    /// Nothing was decided, for this reason.
    Stopped(&'static str),
    /// This, with what was charged.
    Decided(Decision, Vec<Charging>),
}

impl Begin {
    /// Prepares what does not depend on the job.
    pub(super) fn new(core: &Arc<Core>, asked: Asked) -> Result<Self, Refused> {
        core.is_sound()?;
        let (needs, timed) = match asked.ruling {
            None | Some(Ruling::Allow { .. }) => {
                // What neither reads the clock nor asks for sources is the same in every situation.
                let needs = Needs::of(&core.policy, &asked.call, Moment::at(0));
                (needs, core.timed.approvals(&asked.call))
            }
            Some(Ruling::ExplicitDeny { .. } | Ruling::DefaultDeny { .. }) => (Needs::none(), false),
        };
        let call = core.calls.next();
        Ok(Self { core: Arc::clone(core), asked, call, needs, timed, said: Said::Nothing })
    }

    /// Decides at the head of the job. Pure but for remembering what it said; may run again.
    pub(super) fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        let (said, steps) = self.decided(head);
        self.said = said;
        steps
    }

    fn decided(&self, head: &Head<'_>) -> (Said, Vec<Step>) {
        if let Err((code, steps)) = takes_calls(head) {
            return (Said::Stopped(code), steps);
        }
        if head.job().is_none_or(|job| job.policy_hash != self.core.hash) {
            return (Said::Stopped("job_policy_differs"), Vec::new());
        }
        let call = &self.asked.call;
        let Some(tool) = self.core.policy.tools.get(&call.tool) else {
            return (Said::Stopped("unknown_tool"), vec![untyped::entry("unknown_tool", 0)]);
        };
        if !tool.interface.actions.contains_key(&call.action) {
            return (Said::Stopped("unknown_action"), vec![untyped::entry("unknown_action", 0)]);
        }
        let admission = self.admit(head);
        let verdict = match admission.decision {
            Decision::Allow { rule } => {
                let charges = admission.charges.iter().copied().map(Charged::from).collect();
                Verdict::Allow { rule, charges }
            }
            Decision::Deny(Refusal { reason, rule, .. }) => Verdict::Deny { reason, rule },
        };
        let attempt = Attempt {
            call: self.call.clone(),
            tool: call.tool.clone(),
            action: call.action.clone(),
            resource: call.resource.as_ref().map(|resource| self.core.named.see(resource)),
            engine: self.asked.engine,
            verdict,
        };
        (Said::Decided(admission.decision, admission.charges), vec![Step::Entry(Body::Attempt(attempt))])
    }

    /// Validity, the order of calls, approvals and limits, and what an admitted call charges; before
    /// them the rules, if they read the clock or ask for sources.
    fn admit(&self, head: &Head<'_>) -> Admission {
        // On the ledger's clock, which is the one that the entry bears.
        if let Err(refusal) = in_force(&self.core.policy, head.now_ms()) {
            return refusal.into();
        }
        let (call, situation) = (&self.asked.call, Situation::of(head));
        let ruling = self.asked.ruling.unwrap_or_else(|| self.core.rule(call, situation));
        let needs = if self.timed {
            let approvals = approvals(&self.core.policy, call, situation);
            Cow::Owned(Needs { approvals, ..self.needs.clone() })
        } else {
            Cow::Borrowed(&self.needs)
        };
        // Nobody can approve anything yet.
        admit(&self.core.policy, call, ruling, &needs, &Approvals::NONE, head)
    }

    /// What the caller gets, once the ledger has answered.
    pub(super) fn conclude(
        self,
        result: Result<Appended, LedgerError>,
        settling: Settling,
    ) -> Result<Admitted, Refused> {
        let appended = match result {
            Ok(appended) => appended,
            Err(error) => {
                return Err(Refused::new(
                    error.code(),
                    Detail { cause: Some(error.to_string()), ..self.detail() },
                ));
            }
        };
        match self.said {
            Said::Decided(Decision::Allow { .. }, charged) => {
                let slip = Slip::new(Arc::clone(&self.core), self.call, appended.first_seq);
                let asked = Asking { call: self.asked.call, charged, results: BTreeMap::new() };
                Ok(Admitted::new(self.core, slip, asked, settling))
            }
            Said::Decided(Decision::Deny(refusal), _) => Err(self.denied(refusal)),
            Said::Stopped(code) => Err(Refused::new(code, self.detail())),
            // A ledger that did not ask cannot have admitted.
            Said::Nothing => Err(Refused::new("ledger_unavailable", self.detail())),
        }
    }

    fn denied(&self, refusal: Refusal) -> Refused {
        let tool = self.core.policy.tools.get(&self.asked.call.tool);
        let near = refusal.rule.and_then(|id| tool?.allow.iter().find(|rule| rule.id == id));
        let condition = refusal.condition.and_then(|at| near?.conditions.get(at as usize));
        let detail = Detail {
            call: Some(self.call.clone()),
            rule: refusal.rule,
            condition: condition.map(words::of_condition),
            condition_index: refusal.condition,
            frees_at: refusal.frees_at,
            ..self.detail()
        };
        Refused::new(refusal.reason.code(), detail)
    }

    fn detail(&self) -> Detail {
        let call = &self.asked.call;
        let tool = self.core.policy.tools.get_key_value(&call.tool);
        let action = tool.and_then(|(_, tool)| tool.interface.actions.get_key_value(&call.action));
        Detail {
            tool: tool.map(|(name, _)| name.clone()),
            action: action.map(|(name, _)| name.clone()),
            ..self.core.detail()
        }
    }
}

/// Whether the job takes another call; if not, why, and what to append.
pub(super) fn takes_calls(head: &Head<'_>) -> Result<(), (&'static str, Vec<Step>)> {
    let Some(job) = head.job() else { return Err(("job_not_open", Vec::new())) };
    if job.state == JobState::Closed {
        return Err(("job_closed", Vec::new()));
    }
    if job.size < MAX_ENTRIES_PER_JOB {
        return Ok(());
    }
    // Calls in flight still leave their outcomes; the last of them closes the job.
    let close = if job.unsettled == 0 { vec![Step::Close(Closing::Exhausted)] } else { Vec::new() };
    Err(("job_exhausted", close))
}

/// A call whose caller must not block.
pub(super) struct BeginTask {
    begin: Begin,
    reply: oneshot::Sender<Result<Admitted, Refused>>,
}

impl BeginTask {
    pub(super) fn new(begin: Begin, reply: oneshot::Sender<Result<Admitted, Refused>>) -> Self {
        Self { begin, reply }
    }
}

impl Task for BeginTask {
    fn job(&self) -> &JobId {
        &self.begin.core.job
    }

    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        self.begin.decide(head)
    }

    fn done(self: Box<Self>, result: Result<Appended, LedgerError>) {
        // If the caller is gone, the admitted call comes back, is dropped, and is recorded as
        // abandoned.
        let _ = self.reply.send(self.begin.conclude(result, Settling::Elsewhere));
    }
}
