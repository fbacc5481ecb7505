//! What a call asks of its history, and what it charges: all that does not depend on the history
//! is worked out before the ledger's lock is taken.

use std::collections::BTreeMap;

use super::counter::{Charging, Counter};
use super::history::History;
use super::limits::{Demand, Undecided, demands};
use super::orders::{self, Ordered};
use super::rules::approvals;
use crate::{Approval, Call, Policy, Situation, Tool, Value, Window};

/// What a call asks of its job's history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Needs {
    /// `separate`s and `before`s that speak of it, by id.
    pub orders: Vec<Ordered>,
    /// Indices into [`Policy::approvals`] of those asked for.
    pub approvals: Vec<u32>,
    /// What it charges to limits.
    pub demands: Result<Vec<Demand>, Undecided>,
    /// The same in each policy that is extended, in the order of [`Policy::layers`].
    pub parents: Vec<Self>,
}

impl Needs {
    /// What `call` asks in `situation`: only approvals may read it.
    #[must_use]
    pub fn of<'s>(policy: &Policy, call: &Call, situation: impl Into<Situation<'s>>) -> Self {
        let situation = situation.into();
        let parents = policy.layers().skip(1).map(|layer| Self::of_layer(layer, call, situation));
        Self { parents: parents.collect(), ..Self::of_layer(policy, call, situation) }
    }

    fn of_layer(layer: &Policy, call: &Call, situation: Situation<'_>) -> Self {
        let demands = layer.tools.get(&call.tool).map_or(Err(Undecided), |tool| demands(tool, call));
        let (orders, approvals) = (orders::of(layer, call), approvals(layer, call, situation));
        Self { orders, approvals, demands, parents: Vec::new() }
    }

    /// The same in another situation.
    #[must_use]
    pub fn at<'s>(&self, policy: &Policy, call: &Call, situation: impl Into<Situation<'s>>) -> Self {
        let situation = situation.into();
        let mut needs = self.clone();
        needs.approvals = approvals(policy, call, situation);
        for (parent, layer) in needs.parents.iter_mut().zip(policy.layers().skip(1)) {
            parent.approvals = approvals(layer, call, situation);
        }
        needs
    }

    /// Of a call that the rules refuse: nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { orders: Vec::new(), approvals: Vec::new(), demands: Ok(Vec::new()), parents: Vec::new() }
    }

    /// The approvals asked for, of each layer of `policy`.
    pub fn asked<'p>(&self, policy: &'p Policy) -> Vec<&'p Approval> {
        let of = |(needs, layer): (&Self, &'p Policy)| {
            let indices: Vec<u32> = needs.approvals.clone();
            indices.into_iter().filter_map(|index| layer.approvals.get(index as usize))
        };
        self.layers().zip(policy.layers()).flat_map(of).collect()
    }

    /// Of each layer.
    pub(super) fn layers(&self) -> impl Iterator<Item = &Self> + use<'_> {
        std::iter::once(self).chain(&self.parents)
    }

    /// What the call charges once it is admitted, limits first, whether or not it may be. What several
    /// layers charge to one counter is charged once: the same statement stands in all of them.
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
        let own = policy.tools.get(&call.tool).ok_or(Undecided)?;
        let mut charges = self.of_tool(own, history)?;
        for (needs, layer) in self.parents.iter().zip(policy.layers().skip(1)) {
            // What does not have the tool allows nothing of it, and counts nothing either.
            let Some(tool) = layer.tools.get(&call.tool) else { continue };
            for charging in needs.of_tool(tool, history)? {
                if !charges.iter().any(|known| known.counter == charging.counter) {
                    charges.push(charging);
                }
            }
        }
        Ok(charges)
    }

    /// What the call charges to the statements of one layer.
    fn of_tool(&self, tool: &Tool, history: &dyn History) -> Result<Vec<Charging>, Undecided> {
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
    let mut marks: Vec<Counter> = Vec::new();
    for counter in done
        .into_iter()
        .flat_map(|result| policy.layers().flat_map(move |layer| orders::done(layer, call, result)))
    {
        if !marks.contains(&counter) {
            marks.push(counter);
        }
    }
    let all = given_back.chain(marks.into_iter().map(|counter| (counter, Window::Job, 1)));
    all.filter_map(|(counter, window, amount)| {
        Some(Charging { counter, window, before: history.total(&counter, None)?, amount })
    })
    .collect()
}
