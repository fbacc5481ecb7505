//! What a decision reads of what happened before.

use super::counter::{Bound, Charge, Charging, Counter};
use super::limits::{Used, used};
use super::needs::{Needs, settle};
use crate::{Call, Given, Hash, Owner, Policy, Provenance, Situation, Sources, TooManyLabels, Value};
use std::collections::BTreeMap;

/// A job as it stands while a decision is taken. The ledger's head is one, a list of what happened
/// ([`Past`]) is another; both say the same.
pub trait History: Sources {
    /// The time that the decision bears, Unix milliseconds.
    fn now(&self) -> i64;

    /// What `bound`'s counter has been charged in its window, and when `amount` more would fit.
    /// `None` if that overflows or cannot be read.
    fn used(&self, bound: &Bound, amount: i64) -> Option<Used>;

    /// The sum of a counter's charges at or before `until`; of all of them for `None`. `None` if that
    /// overflows or cannot be read.
    fn total(&self, counter: &Counter, until: Option<i64>) -> Option<i64>;

    /// `label`, the hash of a value, under the job's secret; `None` if that cannot be read. The same
    /// for the same job and label.
    fn salted(&self, label: Hash) -> Option<Hash>;
}

/// What happened, as a plain list: the reference for every faster history, and what tests and an
/// auditor's replay are given.
///
/// ```
/// use wpc_model::{Counter, History, Past, RuleId, Who};
/// let past = Past::new();
/// let who = Who { job: "job-1", agent: "agent-1" };
/// assert_eq!(past.at(who, 1_000).total(&Counter::of(RuleId::of(b"")), None), Some(0));
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Past {
    charges: Vec<Made>,
}

/// Who works, and on what.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Who<'a> {
    /// The job.
    pub job: &'a str,
    /// The agent.
    pub agent: &'a str,
}

/// A charge and by whom.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Made {
    job: String,
    agent: String,
    charge: Charge,
}

impl Past {
    /// Nothing happened yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { charges: Vec::new() }
    }

    /// The history of `who` at `now`, Unix milliseconds.
    #[must_use]
    pub const fn at<'a>(&'a self, who: Who<'a>, now: i64) -> PastAt<'a> {
        PastAt { past: self, who, now }
    }

    /// Adds charges, made at `at`, Unix milliseconds: what [`admit`](crate::admit) or
    /// [`settle`](crate::settle) said. Times never decrease.
    pub fn charge(&mut self, who: Who<'_>, at: i64, charges: &[Charging]) {
        let made = |charging: &Charging| Made {
            job: who.job.to_owned(),
            agent: who.agent.to_owned(),
            charge: Charge { counter: charging.counter, at, amount: charging.amount },
        };
        self.charges.extend(charges.iter().map(made));
    }

    /// Adds a call that was admitted at `at`, whatever the policy says of it now. Gives what it
    /// charged, for [`Past::ended`].
    ///
    /// # Errors
    ///
    /// [`Undecided`](crate::Undecided) only if an amount is missing, negative, or overflows.
    pub fn began(
        &mut self,
        policy: &Policy,
        who: Who<'_>,
        at: i64,
        call: &Call,
    ) -> Result<Vec<Charging>, crate::Undecided> {
        let before = self.at(who, at);
        let charges = Needs::of(policy, call, Situation::of(&before)).charges(policy, call, &before)?;
        self.charge(who, at, &charges);
        Ok(charges)
    }

    /// Adds the outcome of a call that charged `charged`: `done` with what the tool returned, or
    /// `None` for any other.
    pub fn ended(
        &mut self,
        policy: &Policy,
        who: Who<'_>,
        at: i64,
        call: &Call,
        charged: &[Charging],
        done: Option<&BTreeMap<String, Value>>,
    ) {
        let charges = settle(policy, call, charged, done, &self.at(who, at));
        self.charge(who, at, &charges);
        self.returned(policy, who, at, call, done);
    }

    /// Remembers where the values of a result came from.
    pub(super) fn returned(
        &mut self,
        policy: &Policy,
        who: Who<'_>,
        at: i64,
        call: &Call,
        done: Option<&BTreeMap<String, Value>>,
    ) {
        let Some(result) = done else { return };
        let labels = Provenance::of(policy).of_result(call, result, &self.at(who, at));
        self.charge(who, at, &labels);
    }

    /// Adds the job's input.
    ///
    /// # Errors
    ///
    /// [`TooManyLabels`] only if the policy asks for more of its values than a job may remember; nothing
    /// is added then.
    pub fn input(
        &mut self,
        policy: &Policy,
        who: Who<'_>,
        at: i64,
        input: &Given,
    ) -> Result<(), TooManyLabels> {
        let labels = Provenance::of(policy).of_input(input, &self.at(who, at))?;
        self.charge(who, at, &labels);
        Ok(())
    }
}

/// The past as one job sees it at one time.
#[derive(Clone, Copy, Debug)]
pub struct PastAt<'a> {
    past: &'a Past,
    who: Who<'a>,
    now: i64,
}

impl PastAt<'_> {
    fn charges(&self, counter: &Counter) -> Vec<Charge> {
        let mine = |made: &&Made| match counter.owner {
            Owner::Job => made.job == self.who.job,
            Owner::Agent => made.agent == self.who.agent,
        };
        let of_counter = |charge: &Charge| charge.counter == *counter && charge.at <= self.now;
        self.past.charges.iter().filter(mine).map(|made| made.charge).filter(of_counter).collect()
    }
}

impl History for PastAt<'_> {
    fn now(&self) -> i64 {
        self.now
    }

    fn used(&self, bound: &Bound, amount: i64) -> Option<Used> {
        used(&self.charges(&bound.counter), bound, amount, self.now)
    }

    fn total(&self, counter: &Counter, until: Option<i64>) -> Option<i64> {
        let charges = self.charges(counter);
        let counted = charges.iter().filter(|charge| until.is_none_or(|until| charge.at <= until));
        counted.map(|charge| charge.amount).try_fold(0_i64, i64::checked_add)
    }

    /// A list has no secret: it holds the values themselves.
    fn salted(&self, label: Hash) -> Option<Hash> {
        Some(label)
    }
}
