//! Step 4: what may follow what.

use std::collections::BTreeMap;

use super::counter::{Charging, Counter, KeyParts, Use};
use super::history::History;
use super::rules::meets;
use crate::{
    Before, Call, Malformed, Origin, Policy, RuleId, Sequence, ToolAction, ToolActions, Truth, Value, Window,
};

/// What one `separate` or `before` asks of a call's history.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ordered {
    /// The statement.
    pub order: RuleId,
    asks: Asks,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Asks {
    /// The call is of this side: nothing of the other was admitted.
    Side(usize),
    /// The call is of both sides at once, which nothing admits.
    Both,
    /// Something was done under this key.
    Done { done: Counter, taken: Option<Counter>, within_ms: Option<i64> },
    /// A value that must agree is not there.
    Unknown,
}

/// What the policy's `separate`s and `before`s ask, in the order of their ids.
pub(super) fn of(policy: &Policy, call: &Call) -> Vec<Ordered> {
    let asked = policy.orders.iter().filter_map(|order| {
        let asks = match &order.sequence {
            Sequence::Separate { sides: [first, second] } => {
                match (speaks(first, call), speaks(second, call)) {
                    (true, true) => Asks::Both,
                    (true, false) => Asks::Side(0),
                    (false, true) => Asks::Side(1),
                    (false, false) => return None,
                }
            }
            Sequence::Before(before) if is(&before.later, call) => asks_done(order.id, before, call),
            Sequence::Before(_) => return None,
        };
        Some(Ordered { order: order.id, asks })
    });
    asked.collect()
}

/// Whether a side speaks of the call; of a resource that differs in letter case alone it does.
fn speaks(side: &[ToolActions], call: &Call) -> bool {
    side.iter().any(|one| one.speaks_of(call).is_not_false())
}

impl ToolActions {
    /// Whether `call` is one of these actions on one of these resources.
    #[must_use]
    pub fn speaks_of(&self, call: &Call) -> Truth {
        let of_action = self.tool == call.tool && self.actions.contains(&call.action);
        Truth::of(of_action).and(meets(&self.targets, call))
    }
}

impl Before {
    /// Whether `call` waits, or is waited for.
    #[must_use]
    pub fn speaks_of(&self, call: &Call) -> bool {
        is(&self.later, call) || is(&self.earlier, call)
    }
}

fn is(one: &ToolAction, call: &Call) -> bool {
    one.tool == call.tool && one.action == call.action
}

fn asks_done(order: RuleId, before: &Before, call: &Call) -> Asks {
    let values = before.same.iter().map(|same| call.arguments.get(&same.argument));
    let Some(values) = values.collect::<Option<Vec<_>>>() else { return Asks::Unknown };
    Asks::Done {
        done: agreeing(order, Use::Done, before, call, &values),
        taken: before.once.then(|| agreeing(order, Use::Taken, before, call, &values)),
        within_ms: before.within_ms,
    }
}

/// The counter of the calls that agree with this one.
fn agreeing(order: RuleId, what: Use, before: &Before, call: &Call, values: &[&Value]) -> Counter {
    let mut parts = KeyParts::new(what);
    if before.same_resource {
        parts.resource(call.resource.as_ref(), false);
    }
    values.iter().for_each(|value| parts.value(value, false));
    Counter::keyed(order, parts.finish())
}

impl Ordered {
    /// Whether the history has what is asked; `None` if it cannot be read.
    pub(super) fn is_met(&self, history: &dyn History) -> Option<bool> {
        match self.asks {
            Asks::Both | Asks::Unknown => Some(false),
            Asks::Side(own) => Some(history.total(&self.side(usize::from(own == 0)), None)? == 0),
            Asks::Done { done, taken, within_ms } => {
                let all = history.total(&done, None)?;
                Some(gone(&done, taken.as_ref(), within_ms, history)? < all)
            }
        }
    }

    /// What an admitted call charges.
    pub(super) fn charge(&self, history: &dyn History) -> Option<Option<Charging>> {
        let (counter, amount) = match self.asks {
            Asks::Both | Asks::Unknown => return Some(None),
            Asks::Side(own) => (self.side(own), 1),
            Asks::Done { taken: None, .. } => return Some(None),
            Asks::Done { done, taken: Some(taken), within_ms } => {
                // Those that no longer count are passed over, then one is taken.
                let gone = gone(&done, Some(&taken), within_ms, history)?;
                (taken, gone.checked_add(1)?.checked_sub(history.total(&taken, None)?)?)
            }
        };
        let before = history.total(&counter, None)?;
        Some(Some(Charging { counter, window: Window::Job, before, amount }))
    }

    fn side(&self, side: usize) -> Counter {
        Counter::keyed(self.order, KeyParts::new(Use::Side(side)).finish())
    }
}

/// How many of the earlier calls no longer count, the oldest first: too long ago, or taken.
fn gone(
    done: &Counter,
    taken: Option<&Counter>,
    within_ms: Option<i64>,
    history: &dyn History,
) -> Option<i64> {
    let late = match within_ms {
        None => 0,
        Some(ms) => history.total(done, Some(history.now().checked_sub(ms)?))?,
    };
    let taken = taken.map_or(Some(0), |taken| history.total(taken, None))?;
    Some(late.max(taken))
}

impl Policy {
    /// Whether `value` may be what the field `name` of the result of `call` holds, and whether a
    /// `before` of this policy, or of one that it extends, reads it: what nothing reads need not be kept.
    ///
    /// # Errors
    ///
    /// [`Malformed`] only if the policy reads the field and the value is not of its type, or greater
    /// than a value may be.
    pub fn reads_result(&self, call: &Call, name: &str, value: &Value) -> Result<bool, Malformed> {
        for tool in self.layers().filter_map(|layer| layer.tools.get(&call.tool)) {
            let action = tool.interface.actions.get(&call.action);
            if let Some(field) = action.and_then(|action| action.results.get(name)) {
                return tool.interface.conforms(&field.ty, value).map(|()| true);
            }
        }
        Ok(false)
    }
}

/// The counters that a call which was done, with what it returned, is an earlier call of.
pub(super) fn done(policy: &Policy, call: &Call, result: &BTreeMap<String, Value>) -> Vec<Counter> {
    let counter = |order: &crate::Order| {
        let Sequence::Before(before) = &order.sequence else { return None };
        if !is(&before.earlier, call) {
            return None;
        }
        let values = before.same.iter().map(|same| match &same.with {
            Origin::Argument(name) => call.arguments.get(name),
            Origin::Result(name) => result.get(name),
        });
        // Without one of the values it agrees with nothing.
        let values = values.collect::<Option<Vec<_>>>()?;
        Some(agreeing(order.id, Use::Done, before, call, &values))
    };
    policy.orders.iter().filter_map(counter).collect()
}
