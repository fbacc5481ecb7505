//! Step 6: what a call charges to each limit, and what was charged before.

use std::collections::BTreeMap;

use super::counter::{Bound, Charge, Counter, key_of};
use super::rules::{elements, meets};
use crate::{Call, Hash, Limit, Measure, Tool, Value, Window};

/// What a call would charge to one limit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Demand {
    /// Index into [`Tool::limits`].
    pub limit: u32,
    /// How much, never negative.
    pub amount: i64,
    /// Which of the limit's counters; `None` where it has one.
    pub key: Option<Hash>,
}

/// What a limit has been charged within its window.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Used {
    /// The sum of the charges.
    pub amount: i64,
    /// When enough will have left the window, Unix milliseconds, if that is known.
    pub frees_at: Option<i64>,
}

/// An amount overflowed, was negative, or is not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Undecided;

/// What the call would charge to each limit that speaks of it.
///
/// # Errors
///
/// [`Undecided`] only if an amount is missing, negative, or overflows, or an argument by which a
/// limit counts is missing.
pub fn demands(tool: &Tool, call: &Call) -> Result<Vec<Demand>, Undecided> {
    let matching = (0_u32..).zip(&tool.limits).filter(|(_, limit)| {
        limit.actions.contains(&call.action) && meets(&limit.targets, call).is_not_false()
    });
    let demand = |(index, limit)| {
        let key = key_of(limit, call).ok_or(Undecided)?;
        Ok(Demand { limit: index, amount: amount(tool, limit, call)?, key })
    };
    matching.map(demand).collect()
}

impl Limit {
    /// The bound of the counter of `key`; of its one counter for `None`.
    #[must_use]
    pub const fn bound(&self, key: Option<Hash>) -> Bound {
        let counter = Counter { statement: self.id, key, owner: self.owner };
        Bound { counter, window: self.window, max: self.max }
    }
}

/// How much `call` would charge to `limit`: one call, the elements of a batch, an argument, or the
/// sum of a field over the elements.
fn amount(tool: &Tool, limit: &Limit, call: &Call) -> Result<i64, Undecided> {
    let Measure::Argument(name) = &limit.measure else { return Ok(1) };
    let action = tool.interface.actions.get(&call.action).ok_or(Undecided)?;
    if action.batch().is_some_and(|(batch, _)| batch == name) {
        return i64::try_from(elements(action, call).ok_or(Undecided)?.len()).map_err(|_| Undecided);
    }
    if action.arguments.contains_key(name) {
        return natural(&call.arguments, name);
    }
    elements(action, call).ok_or(Undecided)?.iter().try_fold(0_i64, |sum, element| {
        sum.checked_add(natural(element.as_map().ok_or(Undecided)?, name)?).ok_or(Undecided)
    })
}

/// The amount under `name`, never negative.
fn natural(values: &BTreeMap<String, Value>, name: &str) -> Result<i64, Undecided> {
    values.get(name).and_then(Value::as_int).filter(|amount| *amount >= 0).ok_or(Undecided)
}

/// What the counter of `bound` has been charged in its window at `now`, by summing `charges` (oldest
/// first), and when `amount` more would fit.
#[must_use]
pub fn used(charges: &[Charge], bound: &Bound, amount: i64, now: i64) -> Option<Used> {
    let from = match bound.window {
        Window::Job | Window::Flight => None,
        Window::Sliding { ms } => Some(now.checked_sub(ms)?),
    };
    let counted: Vec<_> = charges
        .iter()
        .filter(|charge| charge.counter == bound.counter && from.is_none_or(|from| charge.at > from))
        .collect();
    let sum = counted.iter().try_fold(0_i64, |sum, charge| sum.checked_add(charge.amount))?;
    let mut frees_at = None;
    if let Window::Sliding { ms } = bound.window {
        let mut left = sum;
        for charge in counted {
            if left.checked_add(amount)? <= bound.max {
                break;
            }
            left = left.checked_sub(charge.amount)?;
            frees_at = Some(charge.at.checked_add(ms)?);
        }
        if left.checked_add(amount)? > bound.max {
            frees_at = None;
        }
    }
    Some(Used { amount: sum, frees_at })
}
