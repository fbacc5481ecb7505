//! Steps 1 to 7 of the decision, inside the ledger's lock.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;
use wpc_model::{
    Admission, Approvals, Charging, Conforming, Decision, Moment, Needs, Reason, Refusal, Rulings, Situation,
    admit, in_force,
};

use super::admitted::{Admitted, Asking, Ended, Settling};
use super::current::Stands;
use super::given::{self, Given};
use super::recorded::Recorded;
use super::standing::{Held, Stopped};
use super::{Asked, Core, Slip, untyped, words};
use crate::follow::Follow;
use crate::ledger::{
    Appended, Attempt, Beside, Body, Charged, Closing, Head, JobState, LedgerError, MAX_ENTRIES_PER_JOB,
    RevocationKey, Revoked, Step, Suppressed, Task, Verdict,
};
use crate::refused::{Detail, Refused};
use crate::{CallId, JobId};

/// One call on its way into the ledger.
pub(super) struct Begin {
    core: Arc<Core>,
    asked: Asked,
    call: CallId,
    recorded: Recorded,
    /// What its values in clear conform to.
    conforming: Conforming,
    needs: Needs,
    /// Which approvals it needs is known inside the ledger's lock.
    timed: bool,
    said: Said,
    /// What the last run also records of earlier refusals.
    suppressed: Option<Suppressed>,
    /// Whether the last run refused.
    refuses: Option<Refusing>,
    /// The release that the log names from the last run on.
    named: Option<u64>,
    /// The last run found the job over.
    kills: bool,
}

/// A refusal, and whether it is recorded by itself.
struct Refusing {
    code: &'static str,
    recorded: bool,
}

/// What the last run of the decision said.
enum Said {
    /// It has not run.
    Nothing,
    /// Nothing was decided, for this reason; the revocation that the log now names.
    Stopped(&'static str, Option<u64>),
    /// This, with what was charged, and whether an approval was used.
    Decided(Decision, Vec<Charging>, bool),
}

/// What one run of the decision says, and what is appended.
struct Run {
    said: Said,
    steps: Vec<Step>,
    /// Whether it counts against the cap on refusals.
    refuses: Option<&'static str>,
    /// The release that the steps name.
    named: Option<u64>,
    /// The job is over.
    kills: bool,
}

impl Begin {
    /// Prepares what does not depend on the job.
    pub(super) fn new(core: &Arc<Core>, asked: Asked) -> Result<Self, Refused> {
        core.is_sound()?;
        let (needs, timed) = if asked.rulings.as_ref().is_none_or(Rulings::allow) {
            // What neither reads the clock nor asks what is attested is the same in every situation.
            let needs = Needs::of(&core.policy, &asked.call, Moment::at(0));
            (needs, core.timed.approvals(&asked.call))
        } else {
            (Needs::none(), false)
        };
        let call = core.calls.next();
        let recorded = Recorded::of(core, &asked.call, &call);
        Ok(Self {
            core: Arc::clone(core),
            conforming: core.conforming(&asked.call),
            asked,
            call,
            recorded,
            needs,
            timed,
            said: Said::Nothing,
            suppressed: None,
            refuses: None,
            named: None,
            kills: false,
        })
    }

    /// Decides at the head of the job. Pure but for remembering what it said; may run again.
    pub(super) fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        let Run { said, mut steps, refuses, named, kills } = self.decided(head);
        (self.said, self.refuses, self.suppressed) = (said, None, None);
        (self.named, self.kills) = (named, kills);
        let (flood, at) = (&self.core.flood, head.now_ms());
        if let Some(code) = refuses {
            let recorded = !flood.is_over(at);
            self.refuses = Some(Refusing { code, recorded });
            if !recorded {
                return Vec::new();
            }
        }
        if !steps.is_empty() {
            self.suppressed = flood.due(at);
        }
        if let Some(suppressed) = &self.suppressed {
            steps.insert(0, Step::Entry(Body::Suppressed(suppressed.clone())));
        }
        steps
    }

    fn decided(&self, head: &Head<'_>) -> Run {
        let stopped = |code, steps| {
            let said = Said::Stopped(code, None);
            Run { said, steps, refuses: None, named: None, kills: false }
        };
        let refused = |code, mut steps: Vec<Step>, revoked| {
            steps.push(untyped::entry(code));
            let said = Said::Stopped(code, revoked);
            Run { said, steps, refuses: Some(code), named: None, kills: false }
        };
        if let Err((code, steps)) = takes_calls(head) {
            return stopped(code, steps);
        }
        if head.job().is_none_or(|job| job.policy_hash != self.core.hash) {
            return stopped("job_policy_differs", Vec::new());
        }
        let call = &self.asked.call;
        let Some(tool) = self.core.policy.tools.get(&call.tool) else {
            return refused("unknown_tool", Vec::new(), None);
        };
        if !tool.interface.actions.contains_key(&call.action) {
            return refused("unknown_action", Vec::new(), None);
        }
        if let Some(Err(code)) = self.core.ledger.follow().map(Follow::may_begin) {
            return refused(code, Vec::new(), None);
        }
        let standing = self.core.standing.check(head, &self.core.job, &self.core.hashes, &self.core.agent);
        let (held, revocation_seq) = match standing {
            Ok(standing) => standing,
            Err(Stopped { code, revoked: None }) => return refused(code, Vec::new(), None),
            Err(Stopped { code, revoked: Some((RevocationKey { kind, value }, seq)) }) => {
                let entry = Revoked { what: kind, value, revocation_seq: seq };
                return refused(code, vec![Step::Entry(Body::Revoked(entry))], Some(seq));
            }
        };
        let Stands { named, result, kills } = self.core.current.stands(head);
        let (named, changed) = named.unzip();
        let changed: Vec<Step> = changed.into_iter().collect();
        if let Err(error) = result {
            let mut run = Run { named, kills, ..refused(error.code(), changed, None) };
            if kills && head.job().is_some_and(|job| job.unsettled == 0) {
                run.steps.push(Step::Close(Closing::Superseded));
            }
            return run;
        }
        let given = if self.timed || !self.needs.asked(&self.core.policy).is_empty() {
            self.core.approvals.at(head, &self.core.policy, &self.core.trust)
        } else {
            Given::none()
        };
        // What the entry says is what the decision reads, so that a replay of the one gives the other.
        let attested = self.core.attested(call, head).and(self.conforming.clone());
        let situation = Situation::attested(Moment::at(head.now_ms()), &attested);
        let admission = self.admit(head, situation, &given, held.as_deref());
        let verdict = match admission.decision {
            Decision::Allow { rule } => {
                let charges = admission.charges.iter().copied().map(Charged::from).collect();
                Verdict::Allow { rule, charges }
            }
            Decision::Deny(Refusal { reason, rule, .. }) => Verdict::Deny { reason, rule },
        };
        let (openings, refuses) = match admission.decision {
            Decision::Allow { .. } => (self.recorded.of_admitted(), None),
            Decision::Deny(Refusal { reason: Reason::ApprovalRequired, .. }) => {
                (self.recorded.of_asked(), Some(Reason::ApprovalRequired.code()))
            }
            Decision::Deny(Refusal { reason, .. }) => (self.recorded.of_denied(), Some(reason.code())),
        };
        let attempt = Attempt {
            call: self.call.clone(),
            tool: call.tool.clone(),
            action: call.action.clone(),
            resource: self.recorded.resource.clone(),
            engine: self.asked.engine,
            verdict,
            jti: held.map(|held| held.taken.jti.clone()),
            args_root: self.recorded.args_root,
            facts: self.recorded.facts.clone(),
            attested: attested.attestations(),
            approvals: given::hashes(&given, &admission.approvals),
            revocation_seq,
        };
        let beside = Beside { openings, documents: Vec::new() };
        let mut steps = changed;
        steps.push(Step::With(Body::Attempt(attempt), Box::new(beside)));
        let approved = !admission.approvals.is_empty();
        let said = Said::Decided(admission.decision, admission.charges, approved);
        Run { said, steps, refuses, named, kills: false }
    }

    /// Validity, the order of calls, approvals and limits, and what an admitted call charges; before
    /// them the rules, if they read the clock or ask for sources.
    fn admit(
        &self,
        head: &Head<'_>,
        situation: Situation<'_>,
        given: &Given,
        held: Option<&Held>,
    ) -> Admission {
        // On the ledger's clock, which is the one that the entry bears.
        if let Err(refusal) = in_force(&self.core.policy, head.now_ms()) {
            return refusal.into();
        }
        let call = &self.asked.call;
        let rulings = match &self.asked.rulings {
            Some(rulings) => Cow::Borrowed(rulings),
            None => Cow::Owned(self.core.rulings(call, situation)),
        };
        let needs = if self.timed {
            Cow::Owned(self.needs.at(&self.core.policy, call, situation))
        } else {
            Cow::Borrowed(&self.needs)
        };
        // Without a token nobody is known to have asked, and so nothing is approved.
        let requester = held.map(|held| held.requester.as_slice()).unwrap_or_default();
        let approvals = Approvals { given: &given.approved, requester };
        admit(&self.core.policy, call, &rulings, &needs, &approvals, head)
    }

    /// What the caller gets, once the ledger has answered.
    pub(super) fn conclude(
        self,
        result: Result<Appended, LedgerError>,
        settling: Settling,
    ) -> Result<Admitted, Refused> {
        let failed = result.is_err();
        let answered = self.answered(result);
        let Said::Decided(Decision::Allow { .. }, charged, approved) = self.said else {
            return Err(answered.err().unwrap_or_else(|| Refused::new("ledger_unavailable", self.detail())));
        };
        let asked = Asking { call: self.asked.call, charged, results: BTreeMap::new() };
        let appended = match answered {
            Ok(appended) => appended,
            Err(refused) => {
                // The attempt may be there all the same: the call did not begin, and the ledger is to say so.
                if failed {
                    Ended::doubtful(self.call, asked).owe(&self.core);
                }
                return Err(refused);
            }
        };
        // The attempt is the last of what was appended.
        let last = appended.first_seq.saturating_add(appended.count).saturating_sub(1);
        let slip = Slip::new(Arc::clone(&self.core), self.call, last, approved, appended.since);
        Ok(Admitted::new(self.core, slip, asked, settling))
    }

    /// Takes note of what the ledger answered: what it appended, if the call is allowed.
    pub(super) fn answered(&self, result: Result<Appended, LedgerError>) -> Result<Appended, Refused> {
        let appended = result.map_err(|error| {
            Refused::new(error.code(), Detail { cause: Some(error.to_string()), ..self.detail() })
        })?;
        self.count(&appended);
        match self.said {
            Said::Decided(Decision::Allow { .. }, ..) => Ok(appended),
            Said::Decided(Decision::Deny(refusal), ..) => Err(self.denied(refusal)),
            Said::Stopped(code, _) => Err(Refused::new(code, self.detail())),
            // A ledger that did not ask cannot have admitted.
            Said::Nothing => Err(Refused::new("ledger_unavailable", self.detail())),
        }
    }

    /// The same decision where no call follows from it yet: what a refusal leaves, and nothing of what is allowed.
    pub(super) fn decide_only(&mut self, head: &Head<'_>) -> Vec<Step> {
        let steps = self.decide(head);
        if !matches!(self.said, Said::Decided(Decision::Allow { .. }, ..)) {
            return steps;
        }
        // The call itself will say these.
        (self.suppressed, self.named) = (None, None);
        Vec::new()
    }

    /// The job.
    pub(super) fn job(&self) -> &JobId {
        &self.core.job
    }

    /// Takes note of what was appended.
    fn count(&self, appended: &Appended) {
        let flood = &self.core.flood;
        match self.refuses {
            Some(Refusing { recorded: true, .. }) => flood.recorded(appended.at),
            Some(Refusing { code, recorded: false }) => flood.suppressed(code, appended.at),
            None => {}
        }
        if let Some(suppressed) = &self.suppressed {
            flood.told(suppressed);
        }
        if let Some(seq) = self.named
            && appended.count > 0
        {
            self.core.current.names(seq);
        }
        if self.kills {
            self.core.current.kill();
        }
        if let Said::Stopped(_, Some(seq)) = self.said
            && appended.count > 0
        {
            self.core.standing.told(seq);
        }
    }

    fn denied(&self, refusal: Refusal) -> Refused {
        let layer = self.core.policy.layers().nth(refusal.layer as usize);
        let tool = layer.and_then(|layer| layer.tools.get(&self.asked.call.tool));
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
