//! LANGUAGE.md section 4 read again, over a plain list of calls: no counters, no keys, no hashes.

use std::collections::BTreeMap;

use wpc_model::{
    Before, Call, Condition, Given, Limit, Measure, Order, Origin, Owner, Policy, Resource, Rule, RuleId,
    Sequence, Source, Target, Tool, ToolActions, Type, Value, Window,
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
    past: (&[Admitted], &Given),
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

/// What stands against `call` in one policy alone.
fn of_layer(
    policy: &Policy,
    (past, input): (&[Admitted], &Given),
    who: (usize, usize),
    call: &Call,
    now: i64,
) -> Option<(&'static str, Option<RuleId>)> {
    let of_job: Vec<&Admitted> = past.iter().filter(|one| one.job == who.0).collect();
    let came = Came { input, of_job: &of_job };
    let of_rules = of_rules(&policy.tools[&call.tool], &came, call);
    of_rules.or_else(|| looking_back(policy, past, &came, who, call, now).map(|(code, id)| (code, Some(id))))
}

/// Every action has at most one allow, which is of all resources.
fn of_rules(tool: &Tool, came: &Came<'_>, call: &Call) -> Option<(&'static str, Option<RuleId>)> {
    let hits = |rule: &&Rule| {
        is_of(rule, call)
            && on(std::slice::from_ref(&rule.target), call)
            && came.of_one(tool, &rule.conditions, call)
    };
    if let Some(deny) = tool.deny.iter().find(hits) {
        return Some(("explicit_deny", Some(deny.id)));
    }
    match tool.allow.iter().find(|rule| is_of(rule, call)) {
        Some(allow) if came.of_all(tool, &allow.conditions, call) => None,
        allow => Some(("default_deny", allow.map(|allow| allow.id))),
    }
}

fn looking_back(
    policy: &Policy,
    past: &[Admitted],
    came: &Came<'_>,
    (job, agent): (usize, usize),
    call: &Call,
    now: i64,
) -> Option<(&'static str, RuleId)> {
    let tool = &policy.tools[&call.tool];
    for order in &policy.orders {
        if !may_follow(order, came.of_job, call, now) {
            return Some(("order_denied", order.id));
        }
    }
    let approval = policy.approvals.iter().find(|one| {
        let speaks = one.tool == call.tool && one.actions.contains(&call.action);
        speaks && came.of_one(tool, &one.conditions, call)
    });
    if let Some(approval) = approval {
        return Some(("approval_required", approval.id));
    }
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

fn is_of(rule: &Rule, call: &Call) -> bool {
    rule.action.as_deref() == Some(call.action.as_str())
}

/// What a job was asked, and what it was told.
struct Came<'a> {
    input: &'a Given,
    of_job: &'a [&'a Admitted],
}

impl Came<'_> {
    /// Every condition, of the call and of every element.
    fn of_all(&self, tool: &Tool, conditions: &[Condition], call: &Call) -> bool {
        conditions.iter().all(|condition| {
            let values = values(tool, condition, call);
            values.iter().all(|value| self.came(condition, value))
        })
    }

    /// Every condition, of the call or together of one element.
    fn of_one(&self, tool: &Tool, conditions: &[Condition], call: &Call) -> bool {
        let of_call = |one: &&Condition| call.arguments.contains_key(&one.subject.name);
        let mut outer = conditions.iter().filter(of_call);
        let inner: Vec<_> = conditions.iter().filter(|one| !of_call(one)).collect();
        let elements = elements(tool, call);
        outer.all(|one| self.came(one, &call.arguments[&one.subject.name]))
            && (inner.is_empty()
                || elements.iter().any(|one| {
                    inner.iter().all(|condition| {
                        self.came(condition, &one.as_map().unwrap()[&condition.subject.name])
                    })
                }))
    }

    /// Whether the value came from one of the sources that the condition names.
    fn came(&self, condition: &Condition, value: &Value) -> bool {
        condition.sources().unwrap().iter().any(|source| match source {
            Source::Input { ty } => leaves(self.input).iter().any(|leaf| match (ty, leaf, value) {
                (Type::Count | Type::Bytes, Given::Integer(leaf), Value::Int(value)) => leaf == value,
                (Type::Money { .. }, Given::Text(leaf), Value::Int(value)) => {
                    *leaf == format!("0.{value:02}")
                }
                (Type::Text | Type::EntityName { .. }, Given::Text(leaf), Value::Text(value)) => {
                    leaf == value
                }
                _ => false,
            }),
            Source::Result { tool, action, field, .. } => self.of_job.iter().any(|one| {
                let result = one.done.as_ref().and_then(|result| result.get(field));
                one.call.tool == *tool
                    && one.call.action == *action
                    && result.is_some_and(|found| match found {
                        Value::List(members) => members.contains(value),
                        Value::Map(members) => members.values().any(|member| member == value),
                        Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::Sealed(_) => found == value,
                    })
            }),
        })
    }
}

fn leaves(given: &Given) -> Vec<&Given> {
    match given {
        Given::List(members) => members.iter().flat_map(leaves).collect(),
        Given::Map(members) => members.values().flat_map(leaves).collect(),
        Given::Null | Given::Bool(_) | Given::Integer(_) | Given::OtherNumber(_) | Given::Text(_) => {
            vec![given]
        }
    }
}

/// The elements of the call's batch, if it has one.
fn elements(tool: &Tool, call: &Call) -> Vec<Value> {
    let batch = tool.interface.actions[&call.action].batch();
    batch.map_or_else(Vec::new, |(name, _)| call.arguments[name].as_list().unwrap().to_vec())
}

/// What a condition speaks of: an argument, or a field of every element.
fn values(tool: &Tool, condition: &Condition, call: &Call) -> Vec<Value> {
    let name = &condition.subject.name;
    match call.arguments.get(name) {
        Some(value) => vec![value.clone()],
        None => elements(tool, call).iter().map(|one| one.as_map().unwrap()[name].clone()).collect(),
    }
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
