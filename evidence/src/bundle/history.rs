//! What a decision reads of what happened before it, as far as one job's log shows it.

use std::cell::Cell;

use wpc_model::{Bound, Counter, Hash, History, Owner, RuleId, Used};

use crate::entry::{Attempt, Body, Charged, Entry, Settled, Verdict};
use crate::fold::{Meters, Misplaced, Total, Totals, used};

/// The job before one of its entries.
pub(super) struct Before<'a> {
    now: i64,
    own: &'a Meters<Total>,
    /// Charges to counters of the agent are the log's word: other jobs charge them too.
    said: Said<'a>,
    /// Whether that word was taken.
    pub(super) believed: Cell<bool>,
}

/// What an entry says of counters of the agent.
struct Said<'a> {
    charges: &'a [Charged],
    /// The limit that it says stood in the way.
    exceeded: Option<RuleId>,
}

impl<'a> Before<'a> {
    /// Before `entry`, given what the job's own counters hold.
    pub(super) fn of(entry: &'a Entry, own: &'a Meters<Total>) -> Self {
        let said = match &entry.body {
            Body::Attempt(Attempt { verdict: Verdict::Allow { charges, .. }, .. })
            | Body::Outcome(Settled { charges, .. }) => Said { charges, exceeded: None },
            Body::Attempt(Attempt { verdict: Verdict::Deny { rule, .. }, .. }) => {
                Said { charges: &[], exceeded: *rule }
            }
            Body::Opened(_)
            | Body::Token(_)
            | Body::Refused(_)
            | Body::ModelCall(_)
            | Body::Approval(_)
            | Body::Revoked(_)
            | Body::Suppressed(_)
            | Body::PolicyChanged(_)
            | Body::ClockAccepted(_)
            | Body::Closed(_) => Said { charges: &[], exceeded: None },
        };
        Self { now: entry.at, own, said, believed: Cell::new(false) }
    }

    fn said(&self, counter: &Counter) -> Option<i64> {
        self.believed.set(true);
        self.said.charges.iter().find(|charged| charged.counter == *counter).map(|charged| charged.before)
    }
}

impl History for Before<'_> {
    fn now(&self) -> i64 {
        self.now
    }

    fn used(&self, bound: &Bound, amount: i64) -> Option<Used> {
        if bound.counter.owner == Owner::Job {
            return used::<Misplaced>(self.own, bound, amount, self.now).ok().flatten();
        }
        let amount = match self.said(&bound.counter) {
            Some(before) => before,
            // It stood in the way, so it was full; else it did not.
            None if self.said.exceeded == Some(bound.counter.statement) => bound.max.checked_add(1)?,
            None => 0,
        };
        Some(Used { amount, frees_at: None })
    }

    fn total(&self, counter: &Counter, until: Option<i64>) -> Option<i64> {
        if counter.owner == Owner::Agent {
            return Some(self.said(counter).unwrap_or_default());
        }
        let total = match until {
            Some(at) if at < self.now => Totals::<Misplaced>::until(self.own, counter, at),
            Some(_) | None => Totals::<Misplaced>::last(self.own, counter),
        };
        total.ok().map(|total| total.sum)
    }

    /// The job's secret stays with the gate, which attests what it found with it.
    fn salted(&self, _: Hash) -> Option<Hash> {
        None
    }
}

/// What this job alone charged to counters of its agent: the least that they can hold.
#[derive(Debug, Default)]
pub(super) struct OfAgent(Meters<Total>);

impl OfAgent {
    /// Takes an entry's charges to them; whether they can be what they say.
    pub(super) fn take(&mut self, entry: &Entry) -> bool {
        let of_agent = |charged: &&Charged| charged.counter.owner == Owner::Agent;
        entry
            .body
            .charges()
            .iter()
            .filter(of_agent)
            .all(|charged| self.one(charged, entry.at).unwrap_or(false))
    }

    fn one(&mut self, charged: &Charged, at: i64) -> Option<bool> {
        let last = Totals::<Misplaced>::last(&self.0, &charged.counter).ok()?;
        let base = match charged.window_ms {
            None => Total::NONE,
            Some(ms) => {
                let from = at.saturating_sub(ms);
                Totals::<Misplaced>::until(&self.0, &charged.counter, from).ok()?
            }
        };
        let own = last.sum.checked_sub(base.sum)?;
        let sum = last.sum.checked_add(charged.amount)?;
        let total = Total { n: last.n.checked_add(1)?, at, sum };
        self.0.push(charged.counter, total);
        Some(charged.before >= own)
    }
}
