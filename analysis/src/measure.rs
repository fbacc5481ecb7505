//! What a limit counts, as formulas.

use wpc_model::{Comparison, Condition, Limit, Step, Subject, Test, Value, Window};

use crate::bound::Bound;
use crate::formula::{Formula, Literal};
use crate::site::Site;

/// That a call charges at least `amount` to a measure.
pub(crate) fn at_least(site: &Site<'_>, measure: &str, amount: i64) -> Formula {
    compared(site, measure, Comparison::AtLeast, amount)
}

/// That a call charges something to a measure and may charge at most `amount`: of a field of a batch,
/// that one element alone does.
pub(crate) fn at_most(site: &Site<'_>, measure: &str, amount: i64) -> Formula {
    let most = compared(site, measure, Comparison::AtMost, amount);
    if is_batch(site, measure) { Formula::All(vec![at_least(site, measure, 1), most]) } else { most }
}

fn is_batch(site: &Site<'_>, measure: &str) -> bool {
    site.action.batch().is_some_and(|(batch, _)| batch == measure)
}

fn compared(site: &Site<'_>, measure: &str, comparison: Comparison, amount: i64) -> Formula {
    let steps = if is_batch(site, measure) { vec![Step::Size] } else { Vec::new() };
    let subject = Subject { quantifier: None, name: measure.to_owned(), steps };
    let of_element = subject.is_of_element(site.action);
    let test = Test::Compare(comparison, Value::Int(amount));
    let formula = Formula::of(&Condition { subject, test }, Bound::True);
    match site.action.batch().filter(|_| of_element) {
        Some((batch, _)) => Formula::Is(Literal::Exists { field: batch.into(), of: formula.into() }),
        None => formula,
    }
}

/// Whether `one` lets through no more than `other`, of what both count (LANGUAGE.md section 8).
pub(crate) fn is_as_tight(one: &Limit, other: &Limit) -> bool {
    let windows = match (one.window, other.window) {
        // What a job has at most, it has at most at once.
        (Window::Job, _) | (Window::Flight, Window::Flight) => Some(1),
        (Window::Sliding { .. }, Window::Job | Window::Flight)
        | (Window::Flight, Window::Job | Window::Sliding { .. }) => None,
        // A window is covered by so many of the other's.
        (Window::Sliding { ms: one }, Window::Sliding { ms: other }) => {
            other.checked_add(one).and_then(|sum| sum.checked_sub(1)?.checked_div(one))
        }
    };
    let most = windows.and_then(|windows| one.max.checked_mul(windows));
    one.measure == other.measure && is_as_coarse(one, other) && most.is_some_and(|most| most <= other.max)
}

/// Whether each counter of `other` counts no more than one of `one`'s.
fn is_as_coarse(one: &Limit, other: &Limit) -> bool {
    one.owner >= other.owner
        && (!one.by_resource || other.by_resource)
        && one.by.iter().all(|name| other.by.contains(name))
}
