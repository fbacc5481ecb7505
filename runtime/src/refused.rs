//! A call that may not begin: one face for the agent, one for the operator.

use std::fmt;

use wpc_model::{Hash, RuleId};

use crate::{CallId, JobId};

/// A denial, or a failure before the effect. Nothing was sent.
///
/// `Display` is safe to show to an agent: it names the action and says that it was refused, never a
/// threshold, a rule or a reason. [`Refused::detail`] has all of that, for operators.
#[derive(Clone)]
pub struct Refused {
    code: &'static str,
    detail: Box<Detail>,
}

/// What an operator may know of a refusal. Not for agents.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Detail {
    /// The tool, if it is one of the policy's.
    pub tool: Option<String>,
    /// The action, if it is one of the policy's.
    pub action: Option<String>,
    /// The policy's name.
    pub policy: String,
    /// The policy's hash.
    pub policy_hash: Option<Hash>,
    /// The job.
    pub job: Option<JobId>,
    /// The call, if it was recorded as one.
    pub call: Option<CallId>,
    /// The deny, the nearest allow, the approval or the limit that refused.
    pub rule: Option<RuleId>,
    /// The nearest allow's first condition that is not true.
    pub condition: Option<String>,
    /// Its index among that allow's conditions.
    pub condition_index: Option<u32>,
    /// For a limit: when the call would fit again, Unix milliseconds, if it ever does.
    pub frees_at: Option<i64>,
    /// What failed, where the policy did not refuse.
    pub cause: Option<String>,
}

impl Refused {
    pub(crate) fn new(code: &'static str, detail: Detail) -> Self {
        Self { code, detail: Box::new(detail) }
    }

    /// The stable code: `explicit_deny default_deny order_denied approval_required limit_exceeded
    /// undecided`, a malformed call's own code, `permit_expired`, `job_closed`, `job_exhausted`,
    /// `ledger_unavailable`, `clock_behind`, `gate_faulted`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// Everything that is known, for operators.
    #[must_use]
    pub const fn detail(&self) -> &Detail {
        &self.detail
    }

    /// Whether the policy refused; otherwise the gate could not decide or record.
    #[must_use]
    pub fn is_denial(&self) -> bool {
        matches!(
            self.code,
            "explicit_deny"
                | "default_deny"
                | "order_denied"
                | "approval_required"
                | "limit_exceeded"
                | "undecided"
        )
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.detail.action {
            Some(action) => write!(f, "`{action}` ")?,
            None => f.write_str("the call ")?,
        }
        f.write_str(if self.is_denial() { "was refused by policy" } else { "was refused by the gate" })
    }
}

/// As `Display`, with the code: a `Debug` that ends up in an agent's context tells it nothing more.
impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refused({}: {self})", self.code)
    }
}

impl std::error::Error for Refused {}
