//! Sums over windows from running totals.
//!
//! Each charge of a counter keeps the sum of all charges up to and including it. What was charged in
//! `(now - W, now]` is then the last total less that of the last charge at or before `now - W`:
//! two look-ups, however many charges there are.

use wpc_model::{Bound, Counter, Used, Window};

/// The running totals of one job's counters, and of its agent's.
pub trait Totals<E> {
    /// The last charge of `counter`, or [`Total::NONE`].
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn last(&self, counter: &Counter) -> Result<Total, E>;

    /// The last charge of `counter` at or before `at`, or [`Total::NONE`].
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn until(&self, counter: &Counter, at: i64) -> Result<Total, E>;

    /// Charge number `n` of `counter`, from 1.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    fn nth(&self, counter: &Counter, n: u64) -> Result<Total, E>;
}

/// A counter's charges up to one of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Total {
    /// The charge's number, from 1; 0 for no charge.
    pub n: u64,
    /// Its time, Unix milliseconds.
    pub at: i64,
    /// Sum of the charges up to and including it.
    pub sum: i64,
}

impl Total {
    /// Before the first charge.
    pub const NONE: Self = Self { n: 0, at: 0, sum: 0 };
}

/// What `bound`'s counter has been charged in its window at `now`, and when `amount` more would fit.
/// # Errors
///
/// Whatever the totals fail with.
pub fn used<E>(totals: &dyn Totals<E>, bound: &Bound, amount: i64, now: i64) -> Result<Option<Used>, E> {
    let last = totals.last(&bound.counter)?;
    let Window::Sliding { ms } = bound.window else {
        return Ok(Some(Used { amount: last.sum, frees_at: None }));
    };
    let Some(from) = now.checked_sub(ms) else { return Ok(None) };
    let base = totals.until(&bound.counter, from)?;
    let Some(used) = last.sum.checked_sub(base.sum) else { return Ok(None) };
    // It fits once the charges up to one with this running total have left the window.
    let Some(reach) = last.sum.checked_add(amount).and_then(|sum| sum.checked_sub(bound.max)) else {
        return Ok(None);
    };
    if reach <= base.sum || reach > last.sum {
        return Ok(Some(Used { amount: used, frees_at: None }));
    }
    // The first charge in the window whose running total is that great.
    let (mut low, mut high) = (base.n, last.n);
    let mut at = last.at;
    while high.saturating_sub(low) > 1 {
        let middle = low.midpoint(high);
        let total = totals.nth(&bound.counter, middle)?;
        if total.sum >= reach {
            (high, at) = (middle, total.at);
        } else {
            low = middle;
        }
    }
    Ok(at.checked_add(ms).map(|frees_at| Used { amount: used, frees_at: Some(frees_at) }))
}
