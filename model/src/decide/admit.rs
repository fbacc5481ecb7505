//! Steps 4 to 7: from a ruling to a decision.

use super::approved::{Approvals, Approving, approving};
use super::counter::Charging;
use super::history::History;
use super::needs::Needs;
use super::rules::Ruling;
use crate::{Call, Policy, RuleId, Tool};

/// Why a call may not go ahead.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// A deny hits.
    ExplicitDeny,
    /// No allow holds.
    DefaultDeny,
    /// A `separate` or a `before` stands against it.
    OrderDenied,
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
            Self::ExplicitDeny => "explicit_deny",
            Self::DefaultDeny => "default_deny",
            Self::OrderDenied => "order_denied",
            Self::ApprovalRequired => "approval_required",
            Self::LimitExceeded => "limit_exceeded",
            Self::Undecided => "undecided",
        }
    }
}

/// What a policy says of a call in its job.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Decision {
    /// It may go ahead; what it charges stands beside.
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
    /// The deny, the nearest allow, the `separate` or `before`, the approval or the limit.
    pub rule: Option<RuleId>,
    /// For a default deny: index of the nearest allow's first condition that is not true.
    pub condition: Option<u32>,
    /// For a limit: when the call would fit again, Unix milliseconds.
    pub frees_at: Option<i64>,
}

/// A decision and what follows from it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Admission {
    /// What the policy says.
    pub decision: Decision,
    /// What is charged; nothing unless the call may go ahead.
    pub charges: Vec<Charging>,
    /// Indices into [`Approvals::given`] of those that are used once more; none unless the call may go
    /// ahead.
    pub approvals: Vec<usize>,
}

impl From<Refusal> for Admission {
    fn from(refusal: Refusal) -> Self {
        Self { decision: Decision::Deny(refusal), charges: Vec::new(), approvals: Vec::new() }
    }
}

/// Steps 4 to 7: joins what the rules said with what the call `needs` ([`Needs::of`]) and what its
/// history and the people concerned have.
#[must_use]
pub fn admit(
    policy: &Policy,
    call: &Call,
    ruling: Ruling,
    needs: &Needs,
    approvals: &Approvals<'_>,
    history: &dyn History,
) -> Admission {
    let deny = |reason, rule| Refusal { reason, rule, condition: None, frees_at: None }.into();
    let Some(tool) = policy.tools.get(&call.tool) else { return deny(Reason::Undecided, None) };
    let rule = match ruled(tool, ruling) {
        Ok(rule) => rule,
        Err(refusal) => return refusal.into(),
    };
    for ordered in &needs.orders {
        match ordered.is_met(history) {
            Some(true) => {}
            Some(false) => return deny(Reason::OrderDenied, Some(ordered.order)),
            None => return deny(Reason::Undecided, Some(ordered.order)),
        }
    }
    let approvals = match approving(policy, call, &needs.approvals, approvals, history.now()) {
        Approving::Met(used) => used,
        Approving::Missing(missing) => {
            let first = missing.first().and_then(|first| policy.approvals.get(*first as usize));
            return deny(Reason::ApprovalRequired, first.map(|approval| approval.id));
        }
    };
    if let Err(refusal) = within_limits(tool, needs, history) {
        return refusal.into();
    }
    match needs.charges(policy, call, history) {
        Ok(charges) => Admission { decision: Decision::Allow { rule }, charges, approvals },
        Err(_) => deny(Reason::Undecided, None),
    }
}

/// Steps 2 and 3: the allow that holds, or why none does.
fn ruled(tool: &Tool, ruling: Ruling) -> Result<RuleId, Refusal> {
    let deny = |reason, rule| Refusal { reason, rule, condition: None, frees_at: None };
    match ruling {
        Ruling::Allow { rule } => {
            let allow = tool.allow.get(rule as usize);
            allow.map(|rule| rule.id).ok_or_else(|| deny(Reason::Undecided, None))
        }
        Ruling::ExplicitDeny { rule } => {
            Err(deny(Reason::ExplicitDeny, tool.deny.get(rule as usize).map(|rule| rule.id)))
        }
        Ruling::DefaultDeny { near } => Err(Refusal {
            reason: Reason::DefaultDeny,
            rule: near.and_then(|near| tool.allow.get(near.rule as usize)).map(|rule| rule.id),
            condition: near.and_then(|near| near.condition),
            frees_at: None,
        }),
    }
}

/// Step 6.
fn within_limits(tool: &Tool, needs: &Needs, history: &dyn History) -> Result<(), Refusal> {
    let deny = |reason, rule| Refusal { reason, rule, condition: None, frees_at: None };
    let Ok(demands) = &needs.demands else { return Err(deny(Reason::Undecided, None)) };
    for demand in demands {
        let Some(limit) = tool.limits.get(demand.limit as usize) else {
            return Err(deny(Reason::Undecided, None));
        };
        let undecided = deny(Reason::Undecided, Some(limit.id));
        let Some(so_far) = history.used(&limit.bound(demand.key), demand.amount) else {
            return Err(undecided);
        };
        match so_far.amount.checked_add(demand.amount) {
            Some(total) if total <= limit.max => {}
            Some(_) => {
                let exceeded = deny(Reason::LimitExceeded, Some(limit.id));
                return Err(Refusal { frees_at: so_far.frees_at, ..exceeded });
            }
            None => return Err(undecided),
        }
    }
    Ok(())
}
