//! Whether a model may be called for a job now, and for how much: what a gateway asks before it forwards.
//!
//! The same reasons stop it as stop a call of a tool, looked at in the same place: inside the ledger's lock, so
//! that a revocation that returned before is seen. Nothing is recorded here.

use std::sync::Arc;

use tokio::sync::oneshot;
use wpc_model::{ModelBudget, in_force};

use super::Core;
use super::begin::takes_calls;
use crate::JobId;
use crate::follow::Follow;
use crate::ledger::{Appended, Head, LedgerError, Step, Task};
use crate::refused::{Detail, Refused};

/// A question on its way to the head of its job.
struct Asking {
    core: Arc<Core>,
    said: Result<ModelBudget, &'static str>,
    reply: oneshot::Sender<Result<ModelBudget, Refused>>,
}

impl Core {
    /// What is left of the budgets for models, if a model may be called now. Does not block.
    pub(crate) async fn model_ready(self: &Arc<Self>) -> Result<ModelBudget, Refused> {
        self.pay_async().await?;
        let (reply, answer) = oneshot::channel();
        let asking = Asking { core: Arc::clone(self), said: Err("ledger_unavailable"), reply };
        self.ledger.submit(Box::new(asking));
        answer.await.unwrap_or_else(|_| Err(self.unanswered()))
    }

    fn ready_at(&self, head: &Head<'_>) -> Result<ModelBudget, &'static str> {
        takes_calls(head).map_err(|(code, _)| code)?;
        if head.job().is_none_or(|job| job.policy_hash != self.hash) {
            return Err("job_policy_differs");
        }
        if let Some(Err(code)) = self.ledger.follow().map(Follow::may_begin) {
            return Err(code);
        }
        self.standing.check(head, &self.job, &self.hashes, &self.agent).map_err(|stopped| stopped.code)?;
        self.current.stands(head).result.map_err(|error| error.code())?;
        in_force(&self.policy, head.now_ms()).map_err(|refusal| refusal.reason.code())?;
        self.policy.model_budget().left(head).ok_or("ledger_unavailable")
    }
}

impl Task for Asking {
    fn job(&self) -> &JobId {
        self.core.job()
    }

    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        self.said = self.core.ready_at(head);
        Vec::new()
    }

    fn done(self: Box<Self>, result: Result<Appended, LedgerError>) {
        let Self { core, said, reply } = *self;
        let answer = match result {
            Ok(_) => said.map_err(|code| Refused::new(code, Detail { ..core.detail() })),
            Err(error) => Err(core.unrecorded(&error)),
        };
        // The caller may have stopped waiting.
        let _ = reply.send(answer);
    }
}
