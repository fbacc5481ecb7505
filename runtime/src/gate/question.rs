//! What a call would get now, asked before it is made.
//!
//! The decision is the one of [`Begin`], in the same place: inside the ledger's lock. A refusal is recorded as that
//! of any attempt, because whoever asks then makes no call. Of what is allowed nothing is recorded, charged or used: the
//! call itself follows, and is decided again.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::begin::Begin;
use super::{Asked, Core};
use crate::JobId;
use crate::ledger::{Appended, Head, LedgerError, Step, Task};
use crate::refused::Refused;

/// A question on its way to the head of its job.
struct Question {
    begin: Begin,
    reply: oneshot::Sender<Result<(), Refused>>,
}

impl Core {
    /// Whether the call would be admitted now. Does not block.
    ///
    /// Nothing happens before the first poll. If the future is dropped later, the call was either never asked
    /// about, or its refusal is recorded.
    pub(crate) async fn ask(self: &Arc<Self>, asked: Asked) -> Result<(), Refused> {
        self.pay_async().await?;
        let begin = Begin::new(self, asked)?;
        let (reply, answer) = oneshot::channel();
        self.ledger.submit(Box::new(Question { begin, reply }));
        answer.await.unwrap_or_else(|_| Err(self.unanswered()))
    }
}

impl Task for Question {
    fn job(&self) -> &JobId {
        self.begin.job()
    }

    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        self.begin.decide_only(head)
    }

    fn done(self: Box<Self>, result: Result<Appended, LedgerError>) {
        // The caller may have stopped waiting.
        let _ = self.reply.send(self.begin.answered(result).map(|_| ()));
    }
}
