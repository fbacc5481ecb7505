//! Conditions of one rule in normal form.

use std::collections::BTreeMap;

use wpc_model::{Comparison, Subject, Test, Value};

use crate::checked::Placed;

/// Sorted, without repetition, and of the bounds on one subject only the tightest.
///
/// `x <= 5` and `x <= 3` together say `x <= 3`, also where `x` is absent and both are unknown,
/// and under `each` and `some`. `x < 4` and `x <= 3` say the same of an integer: the second is
/// kept.
pub(super) fn tightened<'p>(conditions: impl IntoIterator<Item = &'p Placed>) -> Vec<&'p Placed> {
    let mut bounds: BTreeMap<(&Subject, Side), (&'p Placed, i64)> = BTreeMap::new();
    let mut others: Vec<&'p Placed> = Vec::new();
    for placed in conditions {
        let Some((side, bound)) = bound(placed) else {
            others.push(placed);
            continue;
        };
        let key = (&placed.condition.subject, side);
        match bounds.get(&key) {
            Some((_, kept)) if *kept <= bound => {}
            Some(_) | None => drop(bounds.insert(key, (placed, bound))),
        }
    }
    others.extend(bounds.into_values().map(|(placed, _)| placed));
    // A stable sort: of identical conditions the one that was written first stays.
    others.sort_by(|left, right| left.condition.cmp(&right.condition));
    others.dedup_by(|next, kept| next.condition == kept.condition);
    others
}

/// Which end of a range a bound closes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Side {
    Upper,
    Lower,
}

/// The side of a bound and a number that is the less the tighter it is: twice the bound, one less
/// for `<=` so that it wins over the equal `<`.
fn bound(placed: &Placed) -> Option<(Side, i64)> {
    // What the gate found of a sealed value it found for each question by itself.
    if placed.sealed {
        return None;
    }
    let Test::Compare(comparison, Value::Int(number)) = &placed.condition.test else { return None };
    match comparison {
        Comparison::AtMost => Some((Side::Upper, 2 * number)),
        Comparison::Less => Some((Side::Upper, 2 * (number - 1) + 1)),
        Comparison::AtLeast => Some((Side::Lower, -2 * number)),
        Comparison::Greater => Some((Side::Lower, -2 * (number + 1) + 1)),
        Comparison::Equal | Comparison::NotEqual => None,
    }
}
