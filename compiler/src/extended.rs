//! What the policies that one extends do for it: a duty that stands in one of them need not be said again.

use wpc_model::{Condition, Policy, Slot, Target};

use crate::checked::Checked;

fn layers(checked: &Checked) -> impl Iterator<Item = &Policy> {
    checked.parents.iter().flat_map(|parent| parent.policy.layers())
}

/// Whether a limit counts every `action` on what `target` speaks of.
pub(crate) fn counts(checked: &Checked, tool: &str, action: &str, target: &Target) -> bool {
    let limits = layers(checked).filter_map(|layer| layer.tools.get(tool)).flat_map(|tool| &tool.limits);
    let mut limits = limits.filter(|limit| limit.actions.iter().any(|one| one == action));
    limits.any(|limit| covers(&limit.targets, target))
}

/// Whether an approval is always asked for where `given` holds of an `action` on what `target` speaks of.
pub(crate) fn asks(
    checked: &Checked,
    tool: &str,
    action: &str,
    target: &Target,
    given: &[&Condition],
) -> bool {
    let approvals = layers(checked).flat_map(|layer| &layer.approvals);
    let mut approvals =
        approvals.filter(|one| one.tool == tool && one.actions.iter().any(|one| one == action));
    approvals.any(|approval| {
        covers(&approval.targets, target) && approval.conditions.iter().all(|one| given.contains(&one))
    })
}

/// Whether one of `all` speaks of all that `target` does; of a pattern inside another it says no.
fn covers(all: &[Target], target: &Target) -> bool {
    let wider = |one: &Slot, other: &Slot| match (one, other) {
        (Slot::Any, _) => true,
        (_, Slot::Exact(name)) => one.matches(name).is_true(),
        (Slot::Exact(_) | Slot::Like(_), Slot::Any | Slot::Like(_)) => one == other,
    };
    all.iter().any(|one| match (one, target) {
        (Target::Any, _) => true,
        (Target::Of { .. }, Target::Any) => false,
        (Target::Of { kind, slots }, Target::Of { kind: other, slots: others }) => {
            kind == other
                && slots.len() == others.len()
                && slots.iter().zip(others).all(|(one, other)| wider(one, other))
        }
    })
}
