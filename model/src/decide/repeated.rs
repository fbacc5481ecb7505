//! Earlier calls as people tell them: this call, so many times, and how it ended.

use std::collections::BTreeMap;

use super::counter::Charging;
use super::history::{Past, Who};
use super::limits::Undecided;
use super::needs::settle;
use crate::{Call, Policy, Value};

/// How an admitted call ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending<'a> {
    /// It did what it should, and returned this.
    Done(&'a BTreeMap<String, Value>),
    /// It did not.
    Failed,
    /// Nobody knows, or it is still on its way.
    Unknown,
}

impl Past {
    /// Adds a call that was admitted `times` times at `at`, Unix milliseconds, whatever the policy says
    /// of it now, and ended at once. Costs the same for any number of times.
    ///
    /// # Errors
    ///
    /// [`Undecided`] only if an amount is missing, negative, or overflows; nothing is added then.
    pub fn happened(
        &mut self,
        policy: &Policy,
        who: Who<'_>,
        at: i64,
        call: &Call,
        times: u32,
        ending: Ending<'_>,
    ) -> Result<(), Undecided> {
        let before = self.at(who, at);
        let needs = super::Needs::of(policy, call, crate::Situation::of(&before));
        let one = needs.charges(policy, call, &before)?;
        let all = repeated(&one, times)?;
        self.charge(who, at, &all);
        let done = match ending {
            Ending::Done(result) => Some(result),
            Ending::Failed => None,
            Ending::Unknown => return Ok(()),
        };
        let settled = settle(policy, call, &one, done, &self.at(who, at));
        let settled = repeated(&settled, times)?;
        self.charge(who, at, &settled);
        // The same values again are nothing new.
        self.returned(policy, who, at, call, done);
        Ok(())
    }
}

/// The same charges, so many times over.
fn repeated(charges: &[Charging], times: u32) -> Result<Vec<Charging>, Undecided> {
    let repeated = |one: &Charging| {
        let amount = one.amount.checked_mul(i64::from(times)).ok_or(Undecided)?;
        Ok(Charging { amount, ..*one })
    };
    charges.iter().map(repeated).collect()
}
