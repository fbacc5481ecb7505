//! The counters of agents, derived again from the entries of all their jobs.
//!
//! The order in which several jobs charged one counter stands in no entry; the store keeps it. Given
//! that order, everything else follows: each charge stands at one entry and at no other, what the
//! entry says was charged before is what was charged before, and the running totals add up.

use std::collections::BTreeMap;

use wpc_model::Counter;

use super::check::{AgentCharge, Agents};
use crate::JobId;
use wpc_evidence::fold::{self, Fold, Meters, Misplaced, OfAgent, Total};

/// The charges that entries make to counters of agents.
#[derive(Debug, Default)]
pub(super) struct Charges {
    of: BTreeMap<(String, Counter), BTreeMap<(JobId, u64), OfAgent>>,
}

impl Charges {
    /// Takes those of one job.
    pub(super) fn take(&mut self, job: &JobId, fold: &Fold) {
        let Some(head) = &fold.head else { return };
        for charge in &fold.of_agent {
            let counter = (head.agent.clone(), charge.charged.counter);
            self.of.entry(counter).or_default().insert((job.clone(), charge.seq), *charge);
        }
    }

    /// `before`, and these counters and charges.
    pub(super) fn rows(&self, [meters, charges]: [u64; 2]) -> [u64; 2] {
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let own = self.of.values().fold(0_u64, |sum, of| sum.saturating_add(count(of.len())));
        [meters.saturating_add(count(self.of.len())), charges.saturating_add(own)]
    }

    /// What differs from what the store keeps.
    pub(super) fn compare(self, kept: &Agents) -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut meters = BTreeMap::new();
        let mut sound = self.of.len() == kept.charges.len();
        for (counter, expected) in self.of {
            let charges = kept.charges.get(&counter).map_or(&[][..], Vec::as_slice);
            match follows(expected, charges) {
                Some(last) => drop(meters.insert(counter, last)),
                None => sound = false,
            }
        }
        if !sound {
            found.push("window_differs");
        } else if meters != kept.meters {
            found.push("meter_differs");
        }
        found
    }
}

/// The last total, if `kept` are the charges `expected`, each once, in an order that they allow.
fn follows(mut expected: BTreeMap<(JobId, u64), OfAgent>, kept: &[AgentCharge]) -> Option<Total> {
    let (mut meters, mut last) = (Meters::<Total>::default(), Total::NONE);
    for charge in kept {
        let OfAgent { at, charged, .. } = expected.remove(&(charge.job.clone(), charge.seq))?;
        let total = fold::one::<Misplaced>(&meters, &charged, at).ok()?;
        if total != charge.total || at < last.at {
            return None;
        }
        meters.push(charged.counter, total);
        last = total;
    }
    expected.is_empty().then_some(last)
}
