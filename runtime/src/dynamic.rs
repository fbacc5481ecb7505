//! The dynamic gate: calls that are known only at run time, as JSON or as model calls.

use std::fmt;
use std::sync::Arc;

use wpc_evidence::gateway_receipt::Binding;
use wpc_model::{
    Call, Content, Hash, Malformed, Measured, ModelBudget, Policy, RawCall, Rulings, Situation, Value,
};

use crate::gate::{Admitted, Core, Slip};
use crate::ledger::LedgerError;
use crate::{
    CallId, DynamicPermit, Input, JobId, ModelCalled, OpenError, Opening, Outcome, Presented, Refused, Report,
};

/// A gate for callers that do not know the policy at compile time: proxies, dispatchers, tests.
///
/// There are no compile-time promises here. What it shares with the typed gate is everything that
/// counts at run time: the decision, the limits, the ledger.
pub struct DynamicGate {
    core: Arc<Core>,
}

impl DynamicGate {
    /// Verifies the signed policy, opens the job or joins it, and indexes the rules. Blocks while the
    /// ledger records the opening.
    ///
    /// # Errors
    ///
    /// [`OpenError`] with the first reason found; then nothing was recorded.
    pub fn open(opening: Opening<'_>) -> Result<Self, OpenError> {
        Self::open_with_input(opening, &Input::NONE)
    }

    /// The same for a job that was asked to do something: values of calls may be demanded to come from its
    /// input (`from [job.input]`). Whoever joins the job gives the same, some of it, or none.
    ///
    /// # Errors
    ///
    /// [`OpenError`] with the first reason found; then nothing was recorded.
    pub fn open_with_input(opening: Opening<'_>, input: &Input) -> Result<Self, OpenError> {
        Ok(Self { core: Core::open(opening, input, None)? })
    }

    /// The policy that this gate enforces.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        self.core.policy()
    }

    /// The policy's hash.
    #[must_use]
    pub fn policy_hash(&self) -> Hash {
        self.core.hash()
    }

    /// The job.
    #[must_use]
    pub fn job(&self) -> &JobId {
        self.core.job()
    }

    /// Reads a call. What is not one is recorded as refused.
    ///
    /// With [`Measured::Refuse`], for calls that an agent wrote, whoever executes the call must add
    /// its measured arguments before [`DynamicGate::begin`].
    ///
    /// # Errors
    ///
    /// [`Refused`] with the code of a [`Malformed`], or if it could not be recorded.
    pub async fn read(&self, json: &[u8], measured: Measured) -> Result<Call, Refused> {
        match self.core.read(json, measured) {
            Ok(call) => Ok(call),
            Err(malformed) => Err(self.malformed(&malformed, json).await),
        }
    }

    /// Types a call that whoever fronts a protocol read in its own form, and answers what the policy asks of its
    /// sealed values. Nothing is recorded: what is no call is for [`DynamicGate::refuse`].
    ///
    /// # Errors
    ///
    /// [`Malformed`] with the first thing that is wrong.
    pub fn check(&self, raw: RawCall, measured: Measured) -> Result<Call, Malformed> {
        self.core.check(raw, measured)
    }

    /// What stands in a call for a sealed value: of the field `field` of `record`, or of the argument `field`.
    /// For tools that read the value in a spelling of their own.
    #[must_use]
    pub fn seal(
        &self,
        (tool, action): (&str, &str),
        record: Option<&str>,
        field: &str,
        content: Content<'_>,
    ) -> Value {
        Value::Sealed(self.core.sealed((tool, action), record, field, content))
    }

    /// Records as refused what was asked, as it was received, and is no call: whoever fronts a protocol reads
    /// calls in its own form, and what it cannot read is evidence all the same. `raw` is empty if it was not
    /// kept; `code` is lower-case snake_case, at most 64 bytes; `cause` is for operators and is not recorded.
    pub async fn refuse(&self, code: &'static str, cause: String, raw: &[u8]) -> Refused {
        self.core.refuse_untyped_async(code, cause, raw).await
    }

    /// Decides a complete call and records the attempt.
    ///
    /// Cancellation-safe: dropped before it has an answer, the call was either never asked or is
    /// recorded as abandoned.
    ///
    /// # Errors
    ///
    /// [`Refused`] if the policy does not allow it now, or it could not be decided or recorded.
    pub async fn begin(&self, call: Call) -> Result<DynamicRunning, Refused> {
        self.begin_of(call, b"").await
    }

    /// A call that was read from `raw`, if from anything.
    async fn begin_of(&self, call: Call, raw: &[u8]) -> Result<DynamicRunning, Refused> {
        if let Err(malformed) = call.conform(self.policy()) {
            return Err(self.malformed(&malformed, raw).await);
        }
        let asked = self.core.asked(call);
        let call = Arc::clone(&asked.call);
        let admitted = self.core.begin_async(asked).await?;
        Ok(DynamicRunning { call, slip: admitted.slip(), admitted })
    }

    /// Whether [`DynamicGate::begin`] would admit the call now: for a wall before this one, which makes no call
    /// that is refused here. It is the very decision, with limits, approvals, order and revocations.
    ///
    /// A refusal is recorded as that of any attempt, and `approval_required` leaves the request that people approve. If
    /// the answer is yes, nothing is recorded, charged or used, and so **nothing may be done on the strength of it**:
    /// the call is decided again when it begins, and may then be refused.
    ///
    /// Cancellation-safe: dropped before it has an answer, the call was either never asked about or its refusal
    /// is recorded.
    ///
    /// # Errors
    ///
    /// As [`DynamicGate::begin`].
    pub async fn ask(&self, call: Call) -> Result<(), Refused> {
        if let Err(malformed) = call.conform(self.policy()) {
            return Err(self.malformed(&malformed, b"").await);
        }
        self.core.ask(self.core.asked(call)).await
    }

    /// [`DynamicGate::read`] and [`DynamicGate::begin`] in one.
    ///
    /// # Errors
    ///
    /// As both.
    pub async fn begin_json(&self, json: &[u8], measured: Measured) -> Result<DynamicRunning, Refused> {
        let call = self.read(json, measured).await?;
        self.begin_of(call, json).await
    }

    /// As [`DynamicGate::begin`]; blocks until the ledger has the attempt.
    ///
    /// # Errors
    ///
    /// As [`DynamicGate::begin`].
    pub fn begin_sync(&self, call: Call) -> Result<DynamicRunning, Refused> {
        self.begin_sync_of(call, b"")
    }

    fn begin_sync_of(&self, call: Call, raw: &[u8]) -> Result<DynamicRunning, Refused> {
        if let Err(malformed) = call.conform(self.policy()) {
            return Err(self.core.refuse_untyped(malformed.code.code(), malformed.to_string(), raw));
        }
        let asked = self.core.asked(call);
        let call = Arc::clone(&asked.call);
        let admitted = self.core.begin(asked)?;
        Ok(DynamicRunning { call, slip: admitted.slip(), admitted })
    }

    /// As [`DynamicGate::begin_json`]; blocks until the ledger has it.
    ///
    /// # Errors
    ///
    /// As [`DynamicGate::begin_json`].
    pub fn begin_json_sync(&self, json: &[u8], measured: Measured) -> Result<DynamicRunning, Refused> {
        match self.core.read(json, measured) {
            Ok(call) => self.begin_sync_of(call, json),
            Err(malformed) => {
                Err(self.core.refuse_untyped(malformed.code.code(), malformed.to_string(), json))
            }
        }
    }

    /// Works under another token of the same job and agent from now on: tokens live shorter than jobs.
    /// Blocks while the ledger records it.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the token is refused, or is another job's or agent's; then the old one stays.
    pub fn renew(&self, presented: Presented<'_>) -> Result<(), OpenError> {
        self.core.renew(presented)
    }

    /// Records a call of a model by the receipt that its gateway signed ([`crate::gateway_receipt`]). The gateway
    /// must be one of the trust file, and the receipt this job's: bound to it by name, to the policy, and to
    /// the token where the job has one. It is recorded once, and charged to the policy's budgets.
    ///
    /// What is recorded has happened: a receipt that goes beyond a budget is recorded too. Whoever forwards calls
    /// asks [`DynamicGate::model_budget`] before.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the code of a [`crate::gateway_receipt::GatewayReceiptError`]; `receipt_duplicate`;
    /// `model_cost_unknown` if a budget counts a cost that the receipt does not state; or if it could not be
    /// recorded.
    pub async fn model_call(&self, receipt: &[u8]) -> Result<ModelCalled, Refused> {
        self.core.model_call_async(receipt).await
    }

    /// As [`DynamicGate::model_call`]; blocks until the ledger has it.
    ///
    /// # Errors
    ///
    /// As [`DynamicGate::model_call`].
    pub fn model_call_sync(&self, receipt: &[u8]) -> Result<ModelCalled, Refused> {
        self.core.model_call(receipt)
    }

    /// What is left of the policy's budgets for models, if a model may be called now: the job takes calls, its
    /// token holds, nothing that it stands on is revoked, and the policy is in force and current. What a gateway asks
    /// before it forwards. Nothing is recorded; whoever refuses says so with [`DynamicGate::refuse`].
    ///
    /// # Errors
    ///
    /// [`Refused`] with the reason, which would refuse any call.
    pub async fn model_ready(&self) -> Result<ModelBudget, Refused> {
        self.core.model_ready().await
    }

    /// What is left of the policy's budgets for models. Blocks while the ledger is read.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if it cannot be read.
    pub fn model_budget(&self) -> Result<ModelBudget, LedgerError> {
        self.core.model_budget()
    }

    /// What a receipt of this job's gateway must be bound to; the gateway adds a nonce and a span.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the ledger cannot be read.
    pub fn model_binding(&self) -> Result<Binding, LedgerError> {
        self.core.model_binding()
    }

    /// Closes the job as completed: it takes no more calls, from any gate. Blocks until the ledger has
    /// it.
    ///
    /// # Errors
    ///
    /// [`LedgerError`] if the job is closed already or the ledger fails.
    pub fn close(&self) -> Result<(), LedgerError> {
        self.core.close()
    }

    /// What the rules alone say of a complete call in `situation` (a [`Moment`](wpc_model::Moment) will do),
    /// in the policy and in all that it extends, without limits, approvals and ledger. Nothing is recorded,
    /// so nothing may be done on the strength of it.
    #[must_use]
    pub fn rulings<'s>(&self, call: &Call, situation: impl Into<Situation<'s>>) -> Rulings {
        self.core.rulings(call, situation.into())
    }

    async fn malformed(&self, malformed: &Malformed, raw: &[u8]) -> Refused {
        self.core.refuse_untyped_async(malformed.code.code(), malformed.to_string(), raw).await
    }
}

impl fmt::Debug for DynamicGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicGate").field("core", &self.core).finish_non_exhaustive()
    }
}

/// An admitted call. Say how it ended with [`DynamicRunning::finish`]; dropped, it is recorded as
/// abandoned.
#[derive(Debug)]
#[must_use = "dropping it records the call as abandoned"]
pub struct DynamicRunning {
    call: Arc<Call>,
    slip: Arc<Slip>,
    admitted: Admitted,
}

impl DynamicRunning {
    /// The call that was admitted: what may be sent, and nothing else.
    #[must_use]
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The policy that admitted it.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        self.slip.policy()
    }

    /// Its name within the job.
    #[must_use]
    pub fn call_id(&self) -> &CallId {
        self.slip.call_id()
    }

    /// Place of its attempt in the job's log.
    #[must_use]
    pub fn attempt_seq(&self) -> u64 {
        self.slip.attempt_seq()
    }

    /// The permit, for a first-party client that takes nothing else: it compares what it sends with the call,
    /// and reports what the provider answered.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the code `permit_spent` only if it was given out before.
    pub fn permit(&mut self) -> Result<DynamicPermit<'_>, Refused> {
        self.slip.give()?;
        Ok(DynamicPermit::new(Arc::clone(&self.call), Arc::clone(&self.slip)))
    }

    /// To be asked right before the effect: whether it may still begin. If not, the call is recorded
    /// as failed. A call that is finished as done without having asked is recorded as unknown,
    /// `permit_unspent`.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the code `permit_expired` only if more than [`crate::BEGIN_WITHIN`] has passed
    /// since the call was admitted.
    pub fn begin_effect(&self) -> Result<(), Refused> {
        self.slip.begin_effect()
    }

    /// Says what the provider answered; the first report counts, and beats the outcome of
    /// [`DynamicRunning::finish`].
    pub fn report(&self, report: Report) {
        self.slip.report(report);
    }

    /// Says what the field `name` of the call's result is, for the policy's `before`s and as a
    /// source of later values. It counts once the outcome is `done`; the last value of a field counts, and
    /// one that the policy does not read is not kept.
    ///
    /// # Errors
    ///
    /// [`Malformed`] only if the value is not what the interface says; the field then counts as absent,
    /// so that nothing that waits for it goes ahead.
    pub fn returned(&self, name: &str, value: Value) -> Result<(), Malformed> {
        self.slip.returned(&self.call, name, value)
    }

    /// Records how the call ended, without blocking. The outcome is on its way when this returns; the
    /// future is ready once the ledger has it. If the ledger fails, the gate keeps it, refuses every later call as
    /// `gate_faulted`, and hands it in again before each, until the ledger has it.
    pub fn finish(self, outcome: Outcome) -> impl Future<Output = ()> + Send + use<> {
        self.admitted.finish_async(outcome)
    }

    /// As [`DynamicRunning::finish`]; blocks until the ledger has it.
    pub fn finish_sync(self, outcome: Outcome) {
        self.admitted.finish(outcome);
    }
}
