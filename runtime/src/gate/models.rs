//! Calls of models: the receipts of a gateway, recorded under the job that they belong to.
//!
//! The gate does not forward calls of models; a gateway does, and signs what it saw. What was used is used, so a
//! receipt that goes beyond a budget is recorded too, and whoever forwards asks before how much is left.

use std::sync::Arc;

use tokio::sync::oneshot;
use wpc_evidence::clawsig::event_hash;
use wpc_evidence::gateway_receipt::{Binding, GatewayReceipt, GatewayReceiptError};
use wpc_model::{ModelBudget, ModelRefusal};

use super::Core;
use super::begin::takes_calls;
use crate::JobId;
use crate::ledger::{
    Appended, Beside, Body, Charged, Document, Entry, Head, LedgerError, ModelCall, Step, Task,
};
use crate::refused::{Detail, Refused};

/// A recorded call of a model.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ModelCalled {
    /// Place of its entry in the job's log.
    pub seq: u64,
    /// It went beyond a budget of the policy: nothing more may be forwarded for this job.
    pub over_budget: bool,
}

/// A receipt on its way into the ledger.
pub(super) struct Recording {
    core: Arc<Core>,
    receipt: GatewayReceipt,
    budget: ModelBudget,
    said: Said,
}

/// What the last run said.
#[derive(Clone, Copy)]
enum Said {
    Recorded { over_budget: bool },
    Stopped(&'static str),
}

impl Core {
    /// Records a model call by its receipt. Blocks until the ledger has it.
    pub(crate) fn model_call(self: &Arc<Self>, receipt: &[u8]) -> Result<ModelCalled, Refused> {
        self.pay()?;
        let mut recording = Recording::new(self, receipt)?;
        let result = self.ledger.append(&self.job, &mut |head| recording.decide(head));
        recording.conclude(result)
    }

    /// As [`Core::model_call`], without blocking.
    pub(crate) async fn model_call_async(self: &Arc<Self>, receipt: &[u8]) -> Result<ModelCalled, Refused> {
        self.pay_async().await?;
        let recording = Recording::new(self, receipt)?;
        let (reply, answer) = oneshot::channel();
        self.ledger.submit(Box::new(RecordingTask { recording, reply }));
        answer.await.unwrap_or_else(|_| Err(self.unanswered()))
    }

    /// What is left of the policy's budgets for models.
    pub(crate) fn model_budget(&self) -> Result<ModelBudget, LedgerError> {
        let (budget, mut left) = (self.policy.model_budget(), None);
        self.ledger.append(&self.job, &mut |head| {
            left = budget.left(head);
            Vec::new()
        })?;
        left.ok_or_else(|| LedgerError::unavailable("the budget cannot be read"))
    }

    /// What a receipt of this job's gateway is bound to.
    pub(crate) fn model_binding(&self) -> Result<Binding, LedgerError> {
        let damaged = |cause: &str| LedgerError::Damaged { cause: cause.to_owned() };
        let first = self.ledger.entries(&self.job, 0, 1)?.pop();
        let first = first.ok_or_else(|| damaged("the job has no entry"))?;
        let opened = Entry::decode(&first).map_err(|error| damaged(&error.to_string()))?;
        let event = event_hash(&opened).map_err(|error| damaged(&error.to_string()))?;
        Ok(Binding {
            run_id: self.job.to_string(),
            event_hash: Some(event),
            policy_hash: Some(self.hash),
            token_scope_hash: self.standing.held().map(|held| held.taken.scope_hash),
            ..Binding::default()
        })
    }
}

impl Recording {
    fn new(core: &Arc<Core>, receipt: &[u8]) -> Result<Self, Refused> {
        core.is_sound()?;
        let refused = |error: GatewayReceiptError| core.refused(error.code(), Some(error.to_string()));
        let receipt = GatewayReceipt::read(receipt).map_err(refused)?;
        receipt.trusted(&core.trust).map_err(refused)?;
        let scope = core.standing.held().map(|held| held.taken.scope_hash);
        receipt.belongs(&core.job, &core.hashes, scope.as_slice()).map_err(refused)?;
        if !core.policy.admits_model(&receipt.said().provider, &receipt.said().model) {
            return Err(refused(GatewayReceiptError::Model));
        }
        let budget = core.policy.model_budget();
        let said = Said::Stopped("ledger_unavailable");
        Ok(Self { core: Arc::clone(core), receipt, budget, said })
    }

    /// Pure but for remembering what it said; may run again.
    fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        let (said, steps) = self.decided(head);
        self.said = said;
        steps
    }

    fn decided(&self, head: &Head<'_>) -> (Said, Vec<Step>) {
        if let Err((code, steps)) = takes_calls(head) {
            return (Said::Stopped(code), steps);
        }
        let charges = match self.budget.charges(&self.receipt.used(), head) {
            Ok(charges) => charges,
            Err(ModelRefusal::Repeated) => return (Said::Stopped("receipt_duplicate"), Vec::new()),
            Err(ModelRefusal::CostUnknown) => return (Said::Stopped("model_cost_unknown"), Vec::new()),
            Err(ModelRefusal::Unreadable) => return (Said::Stopped("ledger_unavailable"), Vec::new()),
        };
        let over_budget = self.budget.is_exceeded_by(&charges);
        let said = self.receipt.said();
        let called = ModelCall {
            receipt: self.receipt.hash(),
            signer: *self.receipt.signer(),
            receipt_id: said.receipt_id.clone(),
            span: said.binding.span_id.clone(),
            charges: charges.into_iter().map(Charged::from).collect(),
        };
        let envelope = self.receipt.as_str().as_bytes().to_vec();
        let document = Document { hash: self.receipt.hash(), envelope };
        let beside = Beside { openings: Vec::new(), documents: vec![document] };
        let steps = vec![Step::With(Body::ModelCall(called), Box::new(beside))];
        (Said::Recorded { over_budget }, steps)
    }

    fn conclude(self, result: Result<Appended, LedgerError>) -> Result<ModelCalled, Refused> {
        match (result, self.said) {
            (Ok(appended), Said::Recorded { over_budget }) => {
                Ok(ModelCalled { seq: appended.first_seq, over_budget })
            }
            (Ok(_), Said::Stopped(code)) => Err(Refused::new(code, Detail { ..self.core.detail() })),
            (Err(error), _) => Err(self.core.unrecorded(&error)),
        }
    }
}

/// The same for a caller that must not block.
struct RecordingTask {
    recording: Recording,
    reply: oneshot::Sender<Result<ModelCalled, Refused>>,
}

impl Task for RecordingTask {
    fn job(&self) -> &JobId {
        self.recording.core.job()
    }

    fn is_wanted(&self) -> bool {
        // The model was called, whoever waits.
        true
    }

    fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        self.recording.decide(head)
    }

    fn done(self: Box<Self>, result: Result<Appended, LedgerError>) {
        // The caller may have stopped waiting.
        let _ = self.reply.send(self.recording.conclude(result));
    }
}
