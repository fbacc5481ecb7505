//! What was asked and is not a call: evidence too.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::Core;
use super::begin::takes_calls;
use crate::JobId;
use crate::ledger::{Appended, Body, Head, LedgerError, Step, Task, Untyped};
use crate::refused::{Detail, Refused};

/// The `refused` entry of something that is not a call.
pub(super) fn entry(code: &str, raw_bytes: u64) -> Step {
    Step::Entry(Body::Refused(Untyped { code: code.to_owned(), raw_bytes }))
}

/// Something that is not a call, on its way into the ledger.
pub(super) struct Refusing {
    core: Arc<Core>,
    code: &'static str,
    cause: String,
    raw_bytes: u64,
    /// Why the job takes no entries.
    stopped: Option<&'static str>,
}

impl Refusing {
    pub(super) fn new(core: &Arc<Core>, code: &'static str, cause: String, raw_bytes: u64) -> Self {
        Self { core: Arc::clone(core), code, cause, raw_bytes, stopped: None }
    }

    pub(super) fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        match takes_calls(head) {
            Ok(()) => {
                self.stopped = None;
                vec![entry(self.code, self.raw_bytes)]
            }
            Err((code, steps)) => {
                self.stopped = Some(code);
                steps
            }
        }
    }

    pub(super) fn conclude(self, result: Result<Appended, LedgerError>) -> Refused {
        match result {
            Ok(_) => {
                let detail = Detail { cause: Some(self.cause), ..self.core.detail() };
                Refused::new(self.stopped.unwrap_or(self.code), detail)
            }
            Err(error) => self.core.unrecorded(&error),
        }
    }
}

/// The same for a caller that must not block.
pub(super) struct RefusingTask {
    refusing: Refusing,
    reply: oneshot::Sender<Refused>,
}

impl RefusingTask {
    pub(super) fn new(refusing: Refusing, reply: oneshot::Sender<Refused>) -> Self {
        Self { refusing, reply }
    }
}

impl Task for RefusingTask {
    fn job(&self) -> &JobId {
        self.refusing.core.job()
    }

    fn is_wanted(&self) -> bool {
        // It was asked, whoever waits.
        true
    }

    fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        self.refusing.decide(head)
    }

    fn done(self: Box<Self>, result: Result<Appended, LedgerError>) {
        // The caller may have stopped waiting.
        let _ = self.reply.send(self.refusing.conclude(result));
    }
}
