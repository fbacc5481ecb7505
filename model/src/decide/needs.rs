//! What a call asks of its history, and what it charges: all that does not depend on the history
//! is worked out before the ledger's lock is taken.

use std::collections::BTreeMap;

use super::counter::Charging;
use super::history::History;
use super::limits::{Demand, Undecided, demands};
use super::orders::{self, Ordered};
use super::rules::approvals;
use crate::{Call, Policy, Situation, Value, Window};

/// What a call asks of its job's history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Needs {
    /// `separate`s and `before`s that speak of it, by id.
    pub orders: Vec<Ordered>,
    /// Indices into [`Policy::approvals`] of those asked for.
    pub approvals: Vec<u32>,
    /// What it charges to limits.
    pub demands: Result<Vec<Demand>, Undecided>,
}

impl Needs {
    /// What `call` asks in `situation`: only approvals may read it.
    #[must_use]
    pub fn of<'s>(policy: &Policy, call: &Call, situation: impl Into<Situation<'s>>) -> Self {
        let demands = policy.tools.get(&call.tool).map_or(Err(Undecided), |tool| demands(tool, call));
        Self { orders: orders::of(policy, call), approvals: approvals(policy, call, situation), demands }
    }

    /// Of a call that the rules refuse: nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { orders: Vec::new(), approvals: Vec::new(), demands: Ok(Vec::new()) }
    }

    /// What the call charges once it is admitted, limits first, whether or not it may be.
    ///
    /// # Errors
    ///
    /// [`Undecided`] only if an amount is missing or overflows, or the history cannot be read.
    pub fn charges(
        &self,
        policy: &Policy,
        call: &Call,
        history: &dyn History,
    ) -> Result<Vec<Charging>, Undecided> {
        let tool = policy.tools.get(&call.tool).ok_or(Undecided)?;
        let mut charges = Vec::new();
        for demand in self.demands.as_ref().map_err(|undecided| *undecided)? {
            let limit = tool.limits.get(demand.limit as usize).ok_or(Undecided)?;
            let bound = limit.bound(demand.key);
            let before = history.used(&bound, demand.amount).ok_or(Undecided)?.amount;
            let (counter, window) = (bound.counter, bound.window);
            charges.push(Charging { counter, window, before, amount: demand.amount });
        }
        for ordered in &self.orders {
            charges.extend(ordered.charge(history).ok_or(Undecided)?);
        }
        Ok(charges)
    }
}

/// What the outcome of an admitted call charges: it gives back its places in flight, and if it was
/// `done` (with what the tool returned) it counts for every `before` that waits for it.
///
/// `charged` is what admitting the call charged. What cannot be read is not charged: the place stays
/// taken, and nothing waits in vain for more than it should.
#[must_use]
pub fn settle(
    policy: &Policy,
    call: &Call,
    charged: &[Charging],
    done: Option<&BTreeMap<String, Value>>,
    history: &dyn History,
) -> Vec<Charging> {
    let held = charged.iter().filter(|charging| charging.window == Window::Flight);
    let given_back = held.filter_map(|held| Some((held.counter, Window::Flight, held.amount.checked_neg()?)));
    let marks = done.into_iter().flat_map(|result| orders::done(policy, call, result));
    let all = given_back.chain(marks.map(|counter| (counter, Window::Job, 1)));
    all.filter_map(|(counter, window, amount)| {
        Some(Charging { counter, window, before: history.total(&counter, None)?, amount })
    })
    .collect()
}
