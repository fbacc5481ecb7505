//! What was asked and is not a call: evidence too.

use std::sync::Arc;

use tokio::sync::oneshot;
use wpc_evidence::commitment::{Opening, commit_raw};

use super::Core;
use super::begin::takes_calls;
use crate::JobId;
use crate::ledger::{Appended, Beside, Body, Head, LedgerError, Step, Suppressed, Task, Untyped};
use crate::refused::{Detail, Refused};

/// The `refused` entry of something that is not a call.
pub(super) fn entry(code: &str) -> Step {
    Step::Entry(Body::Refused(Untyped { code: code.to_owned(), raw_bytes: 0, raw_commitment: None }))
}

/// What was received, as far as an entry says.
struct Raw {
    bytes: u64,
    /// `None` if there was nothing.
    opening: Option<Opening>,
}

impl Raw {
    fn of(core: &Core, raw: &[u8]) -> Self {
        let opening = (!raw.is_empty()).then(|| commit_raw(raw, &core.secret, &core.calls.next()));
        Self { bytes: u64::try_from(raw.len()).unwrap_or(u64::MAX), opening }
    }

    fn entry(&self, code: &str) -> Step {
        let raw_commitment = self.opening.as_ref().map(Opening::commitment);
        let body = Body::Refused(Untyped { code: code.to_owned(), raw_bytes: self.bytes, raw_commitment });
        let openings = self.opening.iter().map(|opening| (opening.name.clone(), opening.encode()));
        Step::With(body, Box::new(Beside { openings: openings.collect(), documents: Vec::new() }))
    }
}

/// Something that is not a call, on its way into the ledger.
pub(super) struct Refusing {
    core: Arc<Core>,
    code: &'static str,
    cause: String,
    raw: Raw,
    /// Why the job takes no entries.
    stopped: Option<&'static str>,
    /// Whether the last run found too many of this second.
    over: bool,
    /// What the last run also records of earlier refusals.
    suppressed: Option<Suppressed>,
}

impl Refusing {
    pub(super) fn new(core: &Arc<Core>, code: &'static str, cause: String, raw: &[u8]) -> Self {
        Self {
            core: Arc::clone(core),
            code,
            cause,
            raw: Raw::of(core, raw),
            stopped: None,
            over: false,
            suppressed: None,
        }
    }

    pub(super) fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        (self.stopped, self.over, self.suppressed) = (None, false, None);
        if let Err((code, steps)) = takes_calls(head) {
            self.stopped = Some(code);
            return steps;
        }
        // One cap for all that is refused: who asks nonsense in a loop fills no ledger either.
        let (flood, at) = (&self.core.flood, head.now_ms());
        self.over = flood.is_over(at);
        if self.over {
            return Vec::new();
        }
        self.suppressed = flood.due(at);
        let earlier = self.suppressed.iter().map(|earlier| Step::Entry(Body::Suppressed(earlier.clone())));
        earlier.chain([self.raw.entry(self.code)]).collect()
    }

    fn count(&self, at: i64) {
        let flood = &self.core.flood;
        match (self.stopped, self.over) {
            (Some(_), _) => {}
            (None, true) => flood.suppressed(self.code, at),
            (None, false) => flood.recorded(at),
        }
        if let Some(suppressed) = &self.suppressed {
            flood.told(suppressed);
        }
    }

    pub(super) fn conclude(self, result: Result<Appended, LedgerError>) -> Refused {
        match result {
            Ok(appended) => {
                self.count(appended.at);
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
