//! LANGUAGE.md section 4 read again, over a plain list of calls: no counters, no keys, no hashes.

use std::collections::BTreeMap;

use wpc_model::{
    Before, Call, Limit, Measure, Order, Origin, Owner, Policy, Resource, RuleId, Sequence, Target, Tool,
    ToolActions, Value, Window,
};

/// A call that was admitted, and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Admitted {
    pub(super) job: usize,
    pub(super) agent: usize,
    pub(super) at: i64,
    pub(super) call: Call,
    /// When the outcome came.
    pub(super) ended_at: Option<i64>,
    /// What it returned, if it was done.
    pub(super) done: Option<BTreeMap<String, Value>>,
    /// Its number among all that happened, and its outcome's.
    pub(super) began_as: usize,
    pub(super) ended_as: usize,
}

/// What stands against `call` in one of the layers: the code and the statement; `None` if nothing does.
/// Of several codes the one that is decided first, of the first layer that has it.
pub(super) fn refusal(
    policy: &Policy,
    past: &[Admitted],
    who: (usize, usize),
    call: &Call,
    now: i64,
) -> Option<(&'static str, Option<RuleId>)> {
    const STEPS: [&str; 5] =
        ["explicit_deny", "default_deny", "order_denied", "approval_required", "limit_exceeded"];
    let mut found: Vec<_> =
        layers(policy).iter().filter_map(|one| of_layer(one, past, who, call, now)).collect();
    // A stable sort: layers stay in order.
    found.sort_by_key(|(code, _)| STEPS.iter().position(|step| step == code).unwrap());
    found.first().copied()
}

fn layers(policy: &Policy) -> Vec<&Policy> {
    std::iter::once(policy).chain(policy.parents.iter().flat_map(layers)).collect()
}

/// Every allow of the drawn policies is of all resources and without conditions, every deny of one
/// resource.
fn of_rules(tool: &Tool, call: &Call) -> Option<(&'static str, Option<RuleId>)> {
    let deny = tool.deny.iter().find(|deny| {
        deny.action.as_deref() == Some(call.action.as_str()) && on(std::slice::from_ref(&deny.target), call)
    });
    match deny {
        Some(deny) => Some(("explicit_deny", Some(deny.id))),
        None if tool.allow.iter().any(|allow| allow.action.as_deref() == Some(call.action.as_str())) => None,
        None => Some(("default_deny", None)),
    }
}

/// What stands against `call` in one policy alone.
fn of_layer(
    policy: &Policy,
    past: &[Admitted],
    who: (usize, usize),
    call: &Call,
    now: i64,
) -> Option<(&'static str, Option<RuleId>)> {
    let of_rules = of_rules(&policy.tools[&call.tool], call);
    of_rules.or_else(|| looking_back(policy, past, who, call, now).map(|(code, id)| (code, Some(id))))
}

fn looking_back(
    policy: &Policy,
    past: &[Admitted],
    (job, agent): (usize, usize),
    call: &Call,
    now: i64,
) -> Option<(&'static str, RuleId)> {
    let of_job: Vec<&Admitted> = past.iter().filter(|one| one.job == job).collect();
    for order in &policy.orders {
        if !may_follow(order, &of_job, call, now) {
            return Some(("order_denied", order.id));
        }
    }
    let approval =
        policy.approvals.iter().find(|one| one.tool == call.tool && one.actions.contains(&call.action));
    if let Some(approval) = approval {
        return Some(("approval_required", approval.id));
    }
    let tool = &policy.tools[&call.tool];
    let limits = tool.limits.iter().filter(|limit| speaks_of_limit(limit, call));
    for limit in limits {
        let counted = past.iter().filter(|one| match limit.owner {
            Owner::Job => one.job == job,
            Owner::Agent => one.agent == agent,
        });
        let counted = counted.filter(|one| {
            one.call.tool == call.tool && speaks_of_limit(limit, &one.call) && shares(limit, &one.call, call)
        });
        let counted = counted.filter(|one| match limit.window {
            Window::Job => true,
            Window::Sliding { ms } => one.at > now - ms,
            Window::Flight => one.ended_at.is_none(),
        });
        let sum: i64 = counted.map(|one| amount(tool, limit, &one.call)).sum();
        if sum + amount(tool, limit, call) > limit.max {
            return Some(("limit_exceeded", limit.id));
        }
    }
    None
}

fn speaks_of_limit(limit: &Limit, call: &Call) -> bool {
    limit.actions.contains(&call.action) && on(&limit.targets, call)
}

/// Whether a statement on `targets` may be about the call: another letter case may be the same.
fn on(targets: &[Target], call: &Call) -> bool {
    targets.iter().any(|target| match (target, &call.resource) {
        (Target::Any, _) => true,
        (Target::Of { .. }, None) => false,
        (Target::Of { slots, .. }, Some(resource)) => {
            slots.iter().zip(&resource.names).all(|(slot, name)| match slot {
                wpc_model::Slot::Exact(exact) => exact.eq_ignore_ascii_case(name),
                _ => true,
            })
        }
    })
}

/// Whether two calls share a counter of the limit.
fn shares(limit: &Limit, one: &Call, other: &Call) -> bool {
    let lower = |resource: &Option<Resource>| {
        let names = resource.iter().flat_map(|resource| &resource.names);
        names.map(|name| name.to_lowercase()).collect::<Vec<_>>()
    };
    let same = |name: &String| match (&one.arguments[name], &other.arguments[name]) {
        (Value::Text(one), Value::Text(other)) => one.eq_ignore_ascii_case(other),
        (one, other) => one == other,
    };
    (!limit.by_resource || lower(&one.resource) == lower(&other.resource)) && limit.by.iter().all(same)
}

fn amount(tool: &Tool, limit: &Limit, call: &Call) -> i64 {
    let Measure::Argument(name) = &limit.measure else { return 1 };
    let action = &tool.interface.actions[&call.action];
    match call.arguments.get(name) {
        Some(Value::Int(number)) => *number,
        Some(Value::List(elements)) => i64::try_from(elements.len()).unwrap(),
        _ => {
            let (batch, _) = action.batch().unwrap();
            let elements = call.arguments[batch].as_list().unwrap();
            elements.iter().map(|one| one.as_map().unwrap()[name].as_int().unwrap()).sum()
        }
    }
}

fn may_follow(order: &Order, of_job: &[&Admitted], call: &Call, now: i64) -> bool {
    match &order.sequence {
        Sequence::Separate { sides: [first, second] } => {
            let is = |side: &[ToolActions], call: &Call| {
                side.iter().any(|one| {
                    one.tool == call.tool && one.actions.contains(&call.action) && on(&one.targets, call)
                })
            };
            let was = |side: &[ToolActions]| of_job.iter().any(|one| is(side, &one.call));
            match (is(first, call), is(second, call)) {
                (true, true) => false,
                (true, false) => !was(second),
                (false, true) => !was(first),
                (false, false) => true,
            }
        }
        Sequence::Before(before) if before.later.tool == call.tool && before.later.action == call.action => {
            is_ready(before, of_job, call, now)
        }
        Sequence::Before(_) => true,
    }
}

/// Whether an earlier call serves: one that was done recently enough, agrees, and with `once` was not
/// taken by a later call, each of which took the oldest that it could.
fn is_ready(before: &Before, of_job: &[&Admitted], call: &Call, now: i64) -> bool {
    let mut done: Vec<&Admitted> = of_job
        .iter()
        .copied()
        .filter(|one| one.call.tool == before.earlier.tool && one.call.action == before.earlier.action)
        .filter(|one| one.done.as_ref().is_some_and(|result| agrees(before, &one.call, result, call)))
        .collect();
    done.sort_by_key(|one| one.ended_as);
    let recent = |one: &Admitted, at: i64| {
        let ended = one.ended_at.unwrap();
        ended <= at && before.within_ms.is_none_or(|ms| ended > at - ms)
    };
    if before.once {
        // Calls are listed as they came.
        let later = of_job.iter().filter(|one| {
            let same = one.call.tool == before.later.tool && one.call.action == before.later.action;
            same && asks_the_same(before, &one.call, call)
        });
        for taking in later {
            let was_there = |one: &&Admitted| one.ended_as < taking.began_as && recent(one, taking.at);
            let taken = done.iter().position(was_there);
            done.remove(taken.unwrap());
        }
    }
    done.iter().any(|one| recent(one, now))
}

fn agrees(before: &Before, earlier: &Call, result: &BTreeMap<String, Value>, later: &Call) -> bool {
    let value = |with: &Origin| match with {
        Origin::Argument(name) => earlier.arguments.get(name).cloned(),
        Origin::Result(name) => result.get(name).cloned(),
    };
    (!before.same_resource || earlier.resource == later.resource)
        && before.same.iter().all(|same| value(&same.with).as_ref() == later.arguments.get(&same.argument))
}

fn asks_the_same(before: &Before, one: &Call, other: &Call) -> bool {
    (!before.same_resource || one.resource == other.resource)
        && before.same.iter().all(|same| one.arguments[&same.argument] == other.arguments[&same.argument])
}
