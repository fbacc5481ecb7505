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
        (Window::Job, _) => Some(1),
        (Window::Sliding { .. }, Window::Job) => None,
        // A window is covered by so many of the other's.
        (Window::Sliding { ms: one }, Window::Sliding { ms: other }) => {
            other.checked_add(one).and_then(|sum| sum.checked_sub(1)?.checked_div(one))
        }
    };
    let most = windows.and_then(|windows| one.max.checked_mul(windows));
    one.measure == other.measure && most.is_some_and(|most| most <= other.max)
}
