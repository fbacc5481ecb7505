//! An admitted call, from its attempt to its outcome.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use tokio::sync::oneshot;
use wpc_evidence::fold::Attempted;
use wpc_model::{Call, Charging, Value, settle};

use super::{Core, Slip, recorded};
use crate::ledger::{
    Appended, Beside, Body, Charged, Closing, FactsBy, Head, JobState, LedgerError, MAX_ENTRIES_PER_JOB,
    Settled, Step, Task,
};
use crate::{CallId, JobId, Outcome};

/// A call whose attempt is in the ledger. Leaves exactly one outcome: that of
/// [`Admitted::finish`], or abandoned when it is dropped.
#[must_use = "dropping it records the call as abandoned"]
pub(crate) struct Admitted {
    core: Arc<Core>,
    slip: Arc<Slip>,
    asked: Asking,
    settling: Settling,
    open: bool,
}

/// Canonical bytes of openings, by name.
type Openings = Vec<(String, Vec<u8>)>;

/// What was admitted, for its outcome.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    pub(super) call: Arc<Call>,
    pub(super) charged: Vec<Charging>,
    /// What the tool returned, as far as the policy reads it.
    pub(super) results: BTreeMap<String, Value>,
}

/// How an admitted call ended, until the ledger has it.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    asked: Asking,
    settled: Settled,
    /// What opens what the outcome commits to.
    openings: Openings,
    /// The ledger did not take it before.
    owed: bool,
    /// Whether the attempt is in the ledger is not known: the answer to its append was an error.
    doubtful: bool,
}

impl Ended {
    /// A call that was refused to its caller because the ledger failed, and may stand there as allowed.
    pub(super) fn doubtful(call: CallId, asked: Asking) -> Self {
        let settled = Settled {
            call,
            // Read from the attempt, if there is one.
            attempt_seq: 0,
            outcome: Outcome::Abandoned,
            provider: None,
            late: false,
            facts_by: FactsBy::Encoded,
            facts: Vec::new(),
            duration_ms: 0,
            charges: Vec::new(),
        };
        Self { asked, settled, openings: Vec::new(), owed: false, doubtful: true }
    }

    /// Hands it in. Blocks until the ledger has it, or has refused it and it is owed.
    pub(super) fn hand_in(self, core: &Arc<Core>) {
        let result = core.ledger.append(&core.job, &mut |head| steps(head, core, &self));
        self.handed_in(core, result.is_ok());
    }

    /// The same, without blocking: `reply` is told afterwards.
    pub(super) fn submit(self, core: &Arc<Core>, reply: Option<oneshot::Sender<()>>) {
        let task = FinishTask { core: Arc::clone(core), ended: Some(self), reply };
        core.ledger.submit(Box::new(task));
    }

    /// Keeps it, for the gate to hand it in again.
    pub(super) fn owe(self, core: &Arc<Core>) {
        let again = self.owed;
        core.owed.keep(Self { owed: true, ..self }, again);
        core.retry();
    }

    fn handed_in(self, core: &Arc<Core>, taken: bool) {
        if !taken {
            self.owe(core);
        } else if self.owed {
            core.owed.paid();
        }
    }
}

/// Where an outcome that nobody waits for is recorded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Settling {
    /// On the thread that drops, which may block.
    Here,
    /// Wherever the ledger does its waiting.
    Elsewhere,
}

impl Admitted {
    pub(super) fn new(core: Arc<Core>, slip: Slip, asked: Asking, settling: Settling) -> Self {
        Self { core, slip: Arc::new(slip), asked, settling, open: true }
    }

    /// The call's slip.
    pub(crate) fn slip(&self) -> Arc<Slip> {
        Arc::clone(&self.slip)
    }

    /// Records how the call ended; what a client reported beats `outcome`. Blocks until the ledger
    /// has it. If the ledger fails, the gate owes it, and refuses whatever else is asked.
    pub(crate) fn finish(mut self, outcome: Outcome) {
        self.open = false;
        self.asked.results = self.slip.results();
        self.settle_here(outcome);
    }

    /// As [`Admitted::finish`], without blocking. The outcome is on its way when this returns, even
    /// if the future is never polled.
    pub(crate) fn finish_async(mut self, outcome: Outcome) -> impl Future<Output = ()> + Send + use<> {
        self.open = false;
        self.asked.results = self.slip.results();
        let (reply, answer) = oneshot::channel();
        self.settle_elsewhere(outcome, Some(reply));
        async move {
            // No answer means that the ledger dropped the task, and the gate owes it.
            let _ = answer.await;
        }
    }

    fn settle_here(&self, outcome: Outcome) {
        self.ended(outcome).hand_in(&self.core);
    }

    fn settle_elsewhere(&self, outcome: Outcome, reply: Option<oneshot::Sender<()>>) {
        self.ended(outcome).submit(&self.core, reply);
    }

    /// The outcome, and what opens what it commits to.
    fn ended(&self, outcome: Outcome) -> Ended {
        let (outcome, provider) = match self.slip.reported() {
            Some(report) => report.clone().into_outcome(),
            // Nothing went out under the permit: whatever was done, it was not this call.
            None if outcome == Outcome::Done && !self.slip.is_spent() => {
                (Outcome::Unknown { code: "permit_unspent".to_owned() }, None)
            }
            None => (outcome, None),
        };
        let outcome = outcome.with_fitting_code();
        let (facts, openings) = match &outcome {
            Outcome::Done => {
                recorded::of_result(&self.core, &self.asked.call, self.slip.call_id(), &self.asked.results)
            }
            Outcome::Failed { .. } | Outcome::Unknown { .. } | Outcome::Abandoned => (Vec::new(), Vec::new()),
        };
        let settled = Settled {
            call: self.slip.call_id().clone(),
            attempt_seq: self.slip.attempt_seq(),
            outcome,
            provider,
            late: false,
            facts_by: self.slip.facts_by(),
            facts,
            duration_ms: u64::try_from(self.slip.elapsed().as_millis()).unwrap_or(u64::MAX),
            charges: Vec::new(),
        };
        Ended { asked: self.asked.clone(), settled, openings, owed: false, doubtful: false }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        if self.open {
            self.asked.results = self.slip.results();
            match self.settling {
                Settling::Here => self.settle_here(Outcome::Abandoned),
                Settling::Elsewhere => self.settle_elsewhere(Outcome::Abandoned, None),
            }
        }
    }
}

impl fmt::Debug for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted").field("call", self.slip.call_id()).finish_non_exhaustive()
    }
}

/// The outcome's entry, with what it charges; the last one of an exhausted job also closes it.
fn steps(head: &Head<'_>, core: &Core, ended: &Ended) -> Vec<Step> {
    let Ended { asked, settled, openings, .. } = ended;
    let done = (settled.outcome == Outcome::Done).then_some(&asked.results);
    let attempt = head.attempt(&settled.call);
    if is_said(head, ended, attempt) {
        return Vec::new();
    }
    // Another process may have given up on this one, and given back its places in flight.
    let late = attempt.is_some_and(|attempt| attempt.awaits_late);
    let held = if late { &[][..] } else { asked.charged.as_slice() };
    let settled_up = settle(&core.policy, &asked.call, held, done, head);
    let labels = done.map(|result| core.provenance.of_result(&asked.call, result, head));
    let charges = settled_up.into_iter().chain(labels.into_iter().flatten()).map(Charged::from).collect();
    let attempt_seq = attempt.map_or(settled.attempt_seq, |attempt| attempt.seq);
    let body = Body::Outcome(Settled { attempt_seq, charges, late, ..settled.clone() });
    let beside = Beside { openings: openings.clone(), documents: Vec::new() };
    let outcome = Step::With(body, Box::new(beside));
    let ends = match head.job() {
        Some(job) if late || job.unsettled != 1 => None,
        Some(_) if core.current.is_killed() => Some(Closing::Superseded),
        Some(job) if job.size >= MAX_ENTRIES_PER_JOB => Some(Closing::Exhausted),
        Some(_) | None => None,
    };
    [outcome].into_iter().chain(ends.map(Step::Close)).collect()
}

/// Whether the ledger has all that it can have of how the call ended.
fn is_said(head: &Head<'_>, ended: &Ended, attempt: Option<Attempted>) -> bool {
    // A job that is over has named the call as one without an outcome.
    if head.job().is_some_and(|job| job.state == JobState::Closed) {
        return true;
    }
    let Some(attempt) = attempt else { return ended.doubtful };
    if attempt.unsettled {
        return false;
    }
    // The answer to an earlier try was lost, and the entry was not; or another process gave up on the call, and nothing
    // more is known here.
    let knows = matches!(ended.settled.outcome, Outcome::Done | Outcome::Failed { .. });
    !attempt.awaits_late || ended.owed && !knows
}

/// An outcome on its way. Dropped before the ledger answered, it is owed.
struct FinishTask {
    core: Arc<Core>,
    /// `None` once the ledger answered.
    ended: Option<Ended>,
    reply: Option<oneshot::Sender<()>>,
}

impl Task for FinishTask {
    fn job(&self) -> &JobId {
        &self.core.job
    }

    fn is_wanted(&self) -> bool {
        true
    }

    fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        self.ended.as_ref().map(|ended| steps(head, &self.core, ended)).unwrap_or_default()
    }

    fn done(mut self: Box<Self>, result: Result<Appended, LedgerError>) {
        if let Some(ended) = self.ended.take() {
            ended.handed_in(&self.core, result.is_ok());
        }
    }
}

impl Drop for FinishTask {
    fn drop(&mut self) {
        if let Some(ended) = self.ended.take() {
            ended.handed_in(&self.core, false);
        }
        if let Some(reply) = self.reply.take() {
            // The caller may have stopped waiting.
            let _ = reply.send(());
        }
    }
}
