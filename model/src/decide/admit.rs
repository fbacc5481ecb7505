//! Steps 4 to 7: from a ruling to a decision.

use super::approved::{Approvals, Approving, approving};
use std::collections::BTreeSet;

use super::counter::Charging;
use super::history::History;
use super::needs::Needs;
use super::rules::{Ruling, Rulings};
use crate::{Call, Policy, RuleId, Tool};

/// Why a call may not go ahead.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Reason {
    /// The policy is not valid yet, or no longer.
    PolicyNotValid,
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
            Self::PolicyNotValid => "policy_not_valid",
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
        /// The policy's own allow that holds.
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
    /// Which of [`Policy::layers`] refuses: 0 is the policy itself.
    pub layer: u32,
}

impl Refusal {
    /// The policy's own refusal.
    #[must_use]
    pub const fn new(reason: Reason, rule: Option<RuleId>) -> Self {
        Self { reason, rule, condition: None, frees_at: None, layer: 0 }
    }

    /// The same of another layer.
    #[must_use]
    pub(super) const fn of(self, layer: u32) -> Self {
        Self { layer, ..self }
    }
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

/// Steps 4 to 7: joins what the rules said ([`rulings`](super::rulings)) with what the call `needs`
/// ([`Needs::of`]) and what its history and the people concerned have.
///
/// Each layer decides as if it stood alone, and all must allow. Of several refusals the one with the
/// least [`Reason`] is reported, of the first layer that has it.
#[must_use]
pub fn admit(
    policy: &Policy,
    call: &Call,
    rulings: &Rulings,
    needs: &Needs,
    approvals: &Approvals<'_>,
    history: &dyn History,
) -> Admission {
    let layers = || (0_u32..).zip(policy.layers());
    // No refusal of the later steps is less than one of the rules.
    let refused = layers().zip(rulings.iter()).filter_map(|((at, layer), ruling)| {
        ruled(layer.tools.get(&call.tool), ruling).err().map(|refusal| refusal.of(at))
    });
    if let Some(refusal) = least(refused) {
        return refusal.into();
    }
    let Ok(rule) = ruled(policy.tools.get(&call.tool), rulings.own) else {
        return Refusal::new(Reason::Undecided, None).into();
    };
    if layers().count() != rulings.iter().count() || layers().count() != needs.layers().count() {
        return Refusal::new(Reason::Undecided, None).into();
    }
    let mut used = BTreeSet::new();
    let unmet = layers().zip(needs.layers()).filter_map(|((at, layer), needs)| {
        match meets_needs(layer, call, needs, approvals, history) {
            Ok(approvals) => {
                used.extend(approvals);
                None
            }
            Err(refusal) => Some(refusal.of(at)),
        }
    });
    if let Some(refusal) = least(unmet) {
        return refusal.into();
    }
    match needs.charges(policy, call, history) {
        Ok(charges) => {
            let approvals = used.into_iter().collect();
            Admission { decision: Decision::Allow { rule }, charges, approvals }
        }
        Err(_) => Refusal::new(Reason::Undecided, None).into(),
    }
}

/// Of several refusals, the one that is reported.
fn least(refusals: impl Iterator<Item = Refusal>) -> Option<Refusal> {
    refusals.min_by_key(|refusal| (refusal.reason, refusal.layer))
}

/// Steps 4 to 6 in one layer; the approvals that it uses.
fn meets_needs(
    layer: &Policy,
    call: &Call,
    needs: &Needs,
    approvals: &Approvals<'_>,
    history: &dyn History,
) -> Result<Vec<usize>, Refusal> {
    let deny = |reason, rule| Err(Refusal::new(reason, rule));
    let Some(tool) = layer.tools.get(&call.tool) else { return deny(Reason::Undecided, None) };
    for ordered in &needs.orders {
        match ordered.is_met(history) {
            Some(true) => {}
            Some(false) => return deny(Reason::OrderDenied, Some(ordered.order)),
            None => return deny(Reason::Undecided, Some(ordered.order)),
        }
    }
    let used = match approving(layer, call, &needs.approvals, approvals, history.now()) {
        Approving::Met(used) => used,
        Approving::Missing(missing) => {
            let first = missing.first().and_then(|first| layer.approvals.get(*first as usize));
            return deny(Reason::ApprovalRequired, first.map(|approval| approval.id));
        }
    };
    within_limits(tool, needs, history)?;
    Ok(used)
}

/// Steps 2 and 3 in one layer: the allow that holds, or why none does.
fn ruled(tool: Option<&Tool>, ruling: Ruling) -> Result<RuleId, Refusal> {
    let allow = |index: u32| tool.and_then(|tool| tool.allow.get(index as usize)).map(|rule| rule.id);
    match ruling {
        Ruling::Allow { rule } => allow(rule).ok_or(Refusal::new(Reason::Undecided, None)),
        Ruling::ExplicitDeny { rule } => {
            let deny = tool.and_then(|tool| tool.deny.get(rule as usize));
            Err(Refusal::new(Reason::ExplicitDeny, deny.map(|rule| rule.id)))
        }
        Ruling::DefaultDeny { near } => {
            let nearest = Refusal::new(Reason::DefaultDeny, near.and_then(|near| allow(near.rule)));
            Err(Refusal { condition: near.and_then(|near| near.condition), ..nearest })
        }
    }
}

/// Step 6.
fn within_limits(tool: &Tool, needs: &Needs, history: &dyn History) -> Result<(), Refusal> {
    let deny = Refusal::new;
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
