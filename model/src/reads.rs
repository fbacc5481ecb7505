//! Which arguments a policy's statements read.

use std::collections::BTreeSet;

use crate::{Action, Bind, Condition, Measure, Origin, Policy, Sequence, Subject};

/// The arguments of `action` of `tool` that some statement of the policy reads: conditions of allows,
/// denies and required approvals, what approvals bind, what limits measure and count by, and what a
/// `before` compares. For a field of the batch's record it is the batch's argument.
///
/// What a call's other arguments say changes no decision, so whoever replays one needs only these.
/// Empty for an action that the policy does not know.
///
/// ```
/// # fn example(policy: &wpc_model::Policy, call: &wpc_model::Call) {
/// let read = wpc_model::reads(policy, &call.tool, &call.action);
/// let mut rest = call.clone();
/// rest.arguments.retain(|name, _| read.contains(name));
/// // The rules say the same of `rest` as of `call`.
/// # }
/// ```
#[must_use]
pub fn reads(policy: &Policy, tool: &str, action: &str) -> BTreeSet<String> {
    // A call is decided by every policy that this one extends too.
    policy.layers().flat_map(|layer| reads_alone(layer, tool, action)).collect()
}

/// What the statements of one policy read, whatever it extends.
fn reads_alone(policy: &Policy, tool: &str, action: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Some(found) = policy.tools.get(tool) else { return names };
    let Some(of) = found.interface.actions.get(action) else { return names };
    let mut add = |name: &str| {
        names.insert(argument(of, name).to_owned());
    };
    for rule in found.allow.iter().chain(&found.deny) {
        if rule.action.as_deref().is_none_or(|name| name == action) {
            conditions(&rule.conditions, &mut add);
        }
    }
    for limit in found.limits.iter().filter(|limit| names_action(&limit.actions, action)) {
        if let Measure::Argument(name) = &limit.measure {
            add(name);
        }
        limit.by.iter().for_each(|name| add(name));
    }
    let approvals = policy.approvals.iter();
    for approval in approvals.filter(|one| one.tool == tool && names_action(&one.actions, action)) {
        conditions(&approval.conditions, &mut add);
        match &approval.bind {
            Bind::Arguments => of.arguments.keys().for_each(|name| add(name)),
            Bind::Some(bound) => bound.iter().for_each(|name| add(name)),
        }
    }
    for order in &policy.orders {
        let Sequence::Before(before) = &order.sequence else { continue };
        if before.later.tool == tool && before.later.action == action {
            before.same.iter().for_each(|same| add(&same.argument));
        }
        if before.earlier.tool == tool && before.earlier.action == action {
            for same in &before.same {
                match &same.with {
                    Origin::Argument(name) => add(name),
                    Origin::Result(_) => {}
                }
            }
        }
    }
    names
}

fn names_action(actions: &[String], action: &str) -> bool {
    actions.iter().any(|name| name == action)
}

fn conditions(conditions: &[Condition], add: &mut impl FnMut(&str)) {
    let subjects = conditions.iter().map(|condition| &condition.subject);
    subjects.filter(|subject: &&Subject| !subject.is_of_clock()).for_each(|subject| add(&subject.name));
}

/// The argument in which `name` stands: itself, else the batch whose record has it.
fn argument<'a>(action: &'a Action, name: &'a str) -> &'a str {
    match action.batch() {
        Some((batch, _)) if !action.arguments.contains_key(name) => batch,
        Some(_) | None => name,
    }
}
