//! Steps 5 to 7: from a ruling to a decision.

use super::limits::{Demand, Undecided, Used};
use super::rules::Ruling;
use crate::{Limit, Policy, RuleId, Tool};

/// Why a call may not go ahead.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// The policy is not valid yet, or no longer.
    PolicyNotValid,
    /// A deny hits.
    ExplicitDeny,
    /// No allow holds.
    DefaultDeny,
    /// Approvals are missing.
    ApprovalRequired,
    /// A limit would be exceeded.
    LimitExceeded,
    /// Overflow or missing context.
    Undecided,
}

impl Reason {
    /// The stable code, `limit_exceeded`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PolicyNotValid => "policy_not_valid",
            Self::ExplicitDeny => "explicit_deny",
            Self::DefaultDeny => "default_deny",
            Self::ApprovalRequired => "approval_required",
            Self::LimitExceeded => "limit_exceeded",
            Self::Undecided => "undecided",
        }
    }
}

/// What a policy says of a call in its job.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// It may go ahead; what [`demands`](crate::demands) listed is charged.
    Allow {
        /// The allow that holds.
        rule: RuleId,
    },
    /// It may not; nothing is charged.
    Deny(Refusal),
}

/// A denial and where it comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The deny, the nearest allow, the approval or the limit.
    pub rule: Option<RuleId>,
    /// For a default deny: index of the nearest allow's first condition that is not true.
    pub condition: Option<u32>,
    /// For a limit: when the call would fit again, Unix milliseconds.
    pub frees_at: Option<i64>,
}

/// Steps 5 to 7: joins what the rules said with missing approvals and with what each limit has
/// been charged. `used` is asked only for the limits in `demands`.
#[must_use]
pub fn admit(
    policy: &Policy,
    tool: &Tool,
    ruling: Ruling,
    missing_approvals: &[u32],
    demands: Result<&[Demand], Undecided>,
    used: impl Fn(&Limit, i64) -> Option<Used>,
) -> Decision {
    let deny = |reason, rule| Decision::Deny(Refusal { reason, rule, condition: None, frees_at: None });
    let rule = match ruling {
        Ruling::Allow { rule } => tool.allow.get(rule as usize).map(|rule| rule.id),
        Ruling::ExplicitDeny { rule } => {
            return deny(Reason::ExplicitDeny, tool.deny.get(rule as usize).map(|rule| rule.id));
        }
        Ruling::DefaultDeny { near } => {
            return Decision::Deny(Refusal {
                reason: Reason::DefaultDeny,
                rule: near.and_then(|near| tool.allow.get(near.rule as usize)).map(|rule| rule.id),
                condition: near.and_then(|near| near.condition),
                frees_at: None,
            });
        }
    };
    let Some(rule) = rule else { return deny(Reason::Undecided, None) };
    if let Some(&first) = missing_approvals.first() {
        return deny(
            Reason::ApprovalRequired,
            policy.approvals.get(first as usize).map(|approval| approval.id),
        );
    }
    let Ok(demands) = demands else { return deny(Reason::Undecided, None) };
    for demand in demands {
        let Some(limit) = tool.limits.get(demand.limit as usize) else {
            return deny(Reason::Undecided, None);
        };
        let Some(so_far) = used(limit, demand.amount) else { return deny(Reason::Undecided, Some(limit.id)) };
        match so_far.amount.checked_add(demand.amount) {
            Some(total) if total <= limit.max => {}
            Some(_) => {
                return Decision::Deny(Refusal {
                    reason: Reason::LimitExceeded,
                    rule: Some(limit.id),
                    condition: None,
                    frees_at: so_far.frees_at,
                });
            }
            None => return deny(Reason::Undecided, Some(limit.id)),
        }
    }
    Decision::Allow { rule }
}
