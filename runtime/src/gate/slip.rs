//! What an admitted call carries: its names, its deadline, and what was reported of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use wpc_model::{Call, Credential, Hash, Malformed, Policy, Value, demands};

use super::Core;
use crate::ledger::FactsBy;
use crate::refused::{Detail, Refused};
use crate::{CallId, JobId, Report};

/// How long after its admission an effect may begin (SECURITY.md 1.10).
pub const BEGIN_WITHIN: Duration = Duration::from_secs(1);

/// The slip of one admitted call. Shared by the permit and by what records the outcome.
#[derive(Debug)]
pub(crate) struct Slip {
    core: Arc<Core>,
    call: CallId,
    attempt_seq: u64,
    /// Whether somebody approved it.
    approved: bool,
    /// When the attempt was appended, on the ledger's monotonic clock: however late the answer came.
    admitted_at: Duration,
    report: OnceLock<Report>,
    results: Mutex<BTreeMap<String, Value>>,
    encoded: AtomicBool,
    given: AtomicBool,
    spent: AtomicBool,
}

impl Slip {
    pub(super) fn new(
        core: Arc<Core>,
        call: CallId,
        attempt_seq: u64,
        approved: bool,
        admitted_at: Duration,
    ) -> Self {
        Self {
            core,
            call,
            attempt_seq,
            approved,
            admitted_at,
            report: OnceLock::new(),
            results: Mutex::default(),
            encoded: AtomicBool::new(false),
            given: AtomicBool::new(false),
            spent: AtomicBool::new(false),
        }
    }

    /// The job.
    pub(crate) fn job(&self) -> &JobId {
        &self.core.job
    }

    /// The call.
    pub(crate) fn call_id(&self) -> &CallId {
        &self.call
    }

    /// Place of the attempt in the job's log.
    pub(crate) fn attempt_seq(&self) -> u64 {
        self.attempt_seq
    }

    /// The policy.
    pub(crate) fn policy(&self) -> &Policy {
        &self.core.policy
    }

    /// The policy's hash.
    pub(crate) fn policy_hash(&self) -> Hash {
        self.core.hash
    }

    /// The values of the parameters of `tool`'s scope, in order.
    pub(crate) fn scope(&self, tool: &str) -> &[String] {
        self.core.policy.tools.get(tool).map(|tool| tool.scope.as_slice()).unwrap_or_default()
    }

    /// Whether somebody's approval was used for the call.
    pub(crate) fn is_approved(&self) -> bool {
        self.approved
    }

    /// Whether some limit of the policy, or of one that it extends, counts the call.
    pub(crate) fn is_limited(&self, call: &Call) -> bool {
        let counts = |tool| demands(tool, call).is_ok_and(|demands| !demands.is_empty());
        self.core.policy.layers().any(|layer| layer.tools.get(&call.tool).is_some_and(counts))
    }

    /// What the policy, and those that it extends, demand that the tool's client logs in with.
    pub(crate) fn credentials(&self) -> impl Iterator<Item = Credential> + '_ {
        self.core.policy.layers().filter_map(|layer| layer.settings.credential)
    }

    /// Gives the permit of a dynamic call out, once.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the code `permit_spent` only if it was given out before.
    pub(crate) fn give(&self) -> Result<(), Refused> {
        if self.given.swap(true, Ordering::SeqCst) {
            let detail = Detail { call: Some(self.call.clone()), ..self.core.detail() };
            return Err(Refused::new("permit_spent", detail));
        }
        Ok(())
    }

    /// How long from now the effect may still begin.
    pub(crate) fn remaining(&self) -> Duration {
        BEGIN_WITHIN.saturating_sub(self.elapsed())
    }

    /// Whether the effect may still begin. If not, the call is reported as failed, because nothing
    /// was sent.
    ///
    /// # Errors
    ///
    /// [`Refused`] with the code `permit_expired` if more than [`BEGIN_WITHIN`] has passed since the append, and
    /// `policy_changed` if this gate has learned since that the job is over.
    pub(crate) fn begin_effect(&self) -> Result<(), Refused> {
        self.spent.store(true, Ordering::SeqCst);
        if self.core.current.is_killed() {
            return Err(self.unbegun("policy_changed"));
        }
        if self.elapsed() > BEGIN_WITHIN {
            return Err(self.unbegun("permit_expired"));
        }
        Ok(())
    }

    /// Reports that nothing was begun.
    fn unbegun(&self, code: &'static str) -> Refused {
        self.report(Report::Failed { code: code.to_owned(), status: None });
        let detail = Detail { call: Some(self.call.clone()), ..self.core.detail() };
        Refused::new(code, detail)
    }

    /// Sets what a client saw the provider answer; the first report counts.
    pub(crate) fn report(&self, report: Report) {
        // A second report would contradict the first: the first is what was seen first.
        let _ = self.report.set(report);
    }

    /// Keeps a field of what the tool returned, if the policy reads it; the last value counts.
    ///
    /// # Errors
    ///
    /// [`Malformed`] only if the policy reads the field and the value is not of its type. The field is
    /// then as good as absent.
    pub(crate) fn returned(&self, call: &Call, name: &str, value: Value) -> Result<(), Malformed> {
        let Ok(mut results) = self.results.lock() else { return Ok(()) };
        results.remove(name);
        if self.core.policy.reads_result(call, name, &value)? {
            results.insert(name.to_owned(), value);
        }
        Ok(())
    }

    /// What the tool returned, as far as the policy reads it.
    pub(super) fn results(&self) -> BTreeMap<String, Value> {
        self.results.lock().map(|results| results.clone()).unwrap_or_default()
    }

    /// Notes that a client of ours encoded the value and found the admitted facts in its bytes.
    pub(crate) fn facts_encoded(&self) {
        self.encoded.store(true, Ordering::SeqCst);
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.core.ledger.clock().monotonic().saturating_sub(self.admitted_at)
    }

    pub(super) fn reported(&self) -> Option<&Report> {
        self.report.get()
    }

    /// Whether an effect was begun, or tried to begin.
    pub(super) fn is_spent(&self) -> bool {
        self.spent.load(Ordering::SeqCst)
    }

    pub(super) fn facts_by(&self) -> FactsBy {
        if self.encoded.load(Ordering::SeqCst) { FactsBy::Encoded } else { FactsBy::Declared }
    }
}
