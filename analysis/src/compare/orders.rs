//! What may follow what: the same, or not decided.

use super::{Part, Shown, Side};

impl Side<'_, '_> {
    /// A `separate` or `before` that the other policy has not may refuse what it admits.
    pub(super) fn orders(&mut self) {
        let (more, less) = (self.more, self.less);
        for order in &less.policy.orders {
            if !more.policy.orders.iter().any(|other| other.id == order.id) {
                self.report(Part::Order(order.id), Shown::Undecided(vec![order.id]));
            }
        }
    }
}
