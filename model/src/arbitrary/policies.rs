//! Policies over one or two tools.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::conditions::{PATTERNS, conditions};
use super::hoistable::{hoistable_conditions, hoistable_limits, join, sums};
use super::interfaces::interface;
use super::orders::orders;
use super::schemas::schemas;
use super::settings::settings;
use super::values::value;
use crate::{
    Action, Approval, Approver, Auth, Bind, Condition, Effect, Evidence, Interface, Limit, Measure, Owner,
    Per, Policy, Rule, Sequence, Slot, Source, Target, Terms, Test, Tool, Type, Uses, Window,
};

/// A policy in normal form that [`Policy::check`] accepts, and that extends nothing.
pub fn policy() -> BoxedStrategy<Policy> {
    let tools = subsequence(vec!["bus", "mail"], 1..=2);
    let tools = tools.prop_flat_map(|names| {
        let tools: Vec<_> = names.into_iter().map(|name| (Just(name.to_owned()), tool(name))).collect();
        tools.prop_map(|tools| tools.into_iter().collect::<BTreeMap<_, _>>())
    });
    tools.prop_flat_map(over).boxed()
}

/// The same, but it extends one or two others over its own tools, and each of these maybe one more.
///
/// Some statements stand in several layers, as they do where people copy.
pub fn extending() -> BoxedStrategy<Policy> {
    let with_parents = policy().prop_flat_map(|policy| {
        let one = (parent(&policy), proptest::option::weighted(0.3, parent(&policy)));
        let one = one.prop_map(|(lower, upper)| Policy { parents: upper.into_iter().collect(), ..lower });
        let parts = (vec(one, 1..=2), any::<bool>());
        parts.prop_map(move |(parents, broad)| {
            let mut policy = Policy { parents, ..policy.clone() };
            for (name, tool) in policy.tools.iter_mut().filter(|_| broad) {
                tool.allow.extend(every_action(name, &tool.interface));
            }
            policy.normalise()
        })
    });
    with_parents.boxed()
}

/// A policy that `child` may extend: mostly it says other things of the same tools, and allows what they
/// do more often than not.
fn parent(child: &Policy) -> BoxedStrategy<Policy> {
    let of = |(name, tool): (&String, &Tool)| {
        let (all, child) = (every_action(name, &tool.interface), tool.clone());
        let parts = (statements(name, &tool.interface, &tool.scope), any::<[bool; 3]>());
        let one = (parts, proptest::bool::weighted(0.6)).prop_map(
            move |((mut tool, [allow, deny, limits]), broad)| {
                let rules = |wanted: bool, rules: &[Rule]| if wanted { rules.to_vec() } else { Vec::new() };
                tool.allow.extend(rules(allow, &child.allow));
                tool.allow.extend(rules(broad, &all));
                tool.deny.extend(rules(deny, &child.deny));
                if limits {
                    tool.limits.extend(child.limits.clone());
                }
                tool
            },
        );
        (Just(name.clone()), one)
    };
    let tools: Vec<_> = child.tools.iter().map(of).collect();
    let copied = (Just(child.approvals.clone()), Just(child.orders.clone()), any::<[bool; 2]>());
    // Now and then it lacks one of several tools.
    let whole = (tools, 0_usize..8).prop_flat_map(|(tools, lacks)| {
        let (all, tools) = (tools.len(), tools.into_iter().enumerate());
        let kept = tools.filter(|(index, _)| all == 1 || *index != lacks);
        over(kept.map(|(_, tool)| tool).collect())
    });
    let whole = (whole, copied).prop_map(|(mut policy, (approvals, orders, [approve, order]))| {
        let has = |tool: &String| policy.tools.contains_key(tool);
        let speaks = |sequence: &Sequence| match sequence {
            Sequence::Separate { sides } => sides.iter().flatten().all(|one| has(&one.tool)),
            Sequence::Before(before) => has(&before.later.tool) && has(&before.earlier.tool),
        };
        if approve {
            let more: Vec<_> = approvals.into_iter().filter(|one| has(&one.tool)).collect();
            policy.approvals.extend(more);
        }
        if order {
            let more: Vec<_> = orders.into_iter().filter(|one| speaks(&one.sequence)).collect();
            policy.orders.extend(more);
        }
        Policy { name: "a-parent".to_owned(), schemas: schemas(), ..policy }.normalise()
    });
    whole.boxed()
}

/// Allows of everything that a tool can do.
fn every_action(name: &str, interface: &Interface) -> Vec<Rule> {
    let one = |action: &String| {
        Rule::new(name, Effect::Allow, Some(Arc::from(action.as_str())), Target::Any, Vec::new())
    };
    interface.actions.keys().map(one).collect()
}

/// A policy over these tools.
fn over(tools: BTreeMap<String, Tool>) -> BoxedStrategy<Policy> {
    let statements = (approvals(&tools), orders(&tools));
    let demands = (auth(), evidence(), settings());
    let whole = (Just(tools), statements, demands).prop_map(
        |(tools, (approvals, orders), (auth, evidence, settings))| {
            let (name, parents) = ("a-policy".to_owned(), Vec::new());
            let schemas = schemas();
            Policy { name, tools, auth, approvals, evidence, orders, settings, schemas, parents }.normalise()
        },
    );
    whole.boxed()
}

/// A rule of `tool`, whose interface is `interface`.
pub fn rule(tool: &str, interface: &Interface, effect: Effect) -> BoxedStrategy<Rule> {
    let tool = tool.to_owned();
    let (every, of) = (interface.clone(), tool.clone());
    let actions: Vec<_> = interface.actions.iter().map(|(name, one)| (name.clone(), one.clone())).collect();
    let of_one = select(actions).prop_flat_map(move |(name, action)| {
        let parts = (target(&every, &action.kinds), conditions(&every, &action, 2), 0_u8..3);
        let of = of.clone();
        parts.prop_map(move |(target, conditions, sources)| {
            let sourced = conditions.into_iter().map(|one| sourced(one, &of, &name, sources)).collect();
            (Some(Arc::from(name.as_str())), target, sourced)
        })
    });
    let of_all = target(interface, &interface.kinds.keys().cloned().collect::<Vec<_>>());
    let of_all = of_all.prop_map(|target| (None, target, Vec::new()));
    let drawn = match effect {
        Effect::Allow => of_one.boxed(),
        Effect::Deny => prop_oneof![6 => of_one, 1 => of_all].boxed(),
    };
    drawn
        .prop_map(move |(action, target, conditions)| Rule::new(&tool, effect, action, target, conditions))
        .boxed()
}

/// The condition with the results of `action` among its sources, or as the only ones: every drawn
/// action returns the same.
fn sourced(condition: Condition, tool: &str, action: &str, sources: u8) -> Condition {
    let Some([Source::Input { ty }]) = condition.sources() else { return condition };
    let field = if *ty == Type::Email {
        "e"
    } else if *ty == Type::Count {
        "c"
    } else {
        return condition;
    };
    let (tool, action, field) = (tool.to_owned(), action.to_owned(), field.to_owned());
    let result = Source::Result { tool, action, field, ty: ty.clone() };
    let test = match sources {
        0 => condition.test,
        1 => Test::From(vec![result]),
        _ => Test::From(vec![Source::Input { ty: ty.clone() }, result]),
    };
    Condition { test, ..condition }
}

fn tool(name: &'static str) -> BoxedStrategy<Tool> {
    let drawn = interface().prop_flat_map(move |interface| {
        let scope: Vec<_> = interface.scope.iter().map(|_| "a.b".to_owned()).collect();
        statements(name, &interface, &scope)
    });
    drawn.boxed()
}

/// A tool of this interface in this place.
fn statements(name: &str, interface: &Interface, scope: &[String]) -> BoxedStrategy<Tool> {
    let allow = vec((rule(name, interface, Effect::Allow), proptest::bool::weighted(0.9)), 0..=4);
    let deny = vec(rule(name, interface, Effect::Deny), 0..=2);
    let (limits, more) = (limits(name, interface), vec(0_i64..=5, 0..=2));
    let common = hoistable_conditions(interface);
    let (name, interface, scope) = (name.to_owned(), interface.clone(), scope.to_vec());
    let whole = (allow, deny, limits, more, common).prop_map(move |(allow, deny, limits, more, common)| {
        let all = |(rule, joins)| if joins { join(&name, rule, &interface, &common) } else { rule };
        let allow = allow.into_iter().map(all).collect();
        let mut tool = Tool { interface: interface.clone(), scope: scope.clone(), allow, deny, limits };
        let more: Vec<_> = more.into_iter().flat_map(|max| hoistable_limits(&name, &tool, max)).collect();
        tool.limits.extend(more);
        tool
    });
    whole.boxed()
}

pub(super) fn target(interface: &Interface, kinds: &[String]) -> BoxedStrategy<Target> {
    if kinds.is_empty() {
        return Just(Target::Any).boxed();
    }
    let interface = interface.clone();
    let of = select(kinds.to_vec()).prop_flat_map(move |kind| {
        let template =
            interface.kinds.get(&kind).map(|kind| kind.template.parameters.clone()).unwrap_or_default();
        let slots: Vec<_> = template.iter().map(|(_, ty)| slot(&interface, ty)).collect();
        slots.prop_map(move |slots| Target::Of { kind: Arc::from(kind.as_str()), slots })
    });
    prop_oneof![6 => of, 1 => Just(Target::Any)].boxed()
}

fn slot(interface: &Interface, ty: &Type) -> BoxedStrategy<Slot> {
    let exact = value(interface, ty).prop_map(|name| Slot::Exact(name.as_text().unwrap_or("a").to_owned()));
    let like = select(PATTERNS.as_slice()).prop_map(|pattern| Slot::Like(pattern.to_owned()));
    prop_oneof![5 => exact, 1 => like, 1 => Just(Slot::Any)].boxed()
}

fn limits(tool: &str, interface: &Interface) -> BoxedStrategy<Vec<Limit>> {
    let measures = [Measure::Calls]
        .into_iter()
        .chain(["messages", "a", "n"].map(|name| Measure::Argument(name.to_owned())));
    let of = |measure: Measure| {
        let counts = |action: &Action| match &measure {
            Measure::Calls => true,
            Measure::Argument(name) => interface
                .field(action, name)
                .is_some_and(|field| sums(&field.ty) && !field.optional && !field.sealed),
        };
        let actions: Vec<_> =
            interface.actions.iter().filter(|(_, one)| counts(one)).map(|(name, _)| name.clone()).collect();
        (measure, actions)
    };
    let choices: Vec<_> = measures.map(of).filter(|(_, actions)| !actions.is_empty()).collect();
    let (interface, tool) = (interface.clone(), tool.to_owned());
    let one = select(choices).prop_flat_map(move |(measure, all)| {
        let (most, every, tool) = (all.len(), interface.clone(), tool.clone());
        subsequence(all, 1..=most).prop_flat_map(move |actions| {
            let taken =
                actions.iter().filter_map(|name| every.actions.get(name)).flat_map(|one| one.kinds.clone());
            let targets = vec(target(&every, &taken.collect::<Vec<_>>()), 1..=2);
            let (measure, tool) = (measure.clone(), tool.clone());
            (targets, 0_i64..=5, per(&every, &actions, &measure)).prop_map(move |(targets, max, per)| {
                Limit::new(&tool, measure.clone(), actions.clone(), targets, max, per)
            })
        })
    });
    vec(one.prop_filter("one unit", one_unit), 0..=2).boxed()
}

/// Drawn types may differ between actions; then only one action is kept.
fn one_unit(limit: &Limit) -> bool {
    limit.measure == Measure::Calls || limit.actions.len() == 1
}

/// Mostly one counter of the job.
fn per(interface: &Interface, actions: &[String], measure: &Measure) -> BoxedStrategy<Per> {
    let window =
        prop_oneof![Just(Window::Job), select(vec![1, 10, 1_000]).prop_map(|ms| Window::Sliding { ms })];
    let window = if *measure == Measure::Calls {
        prop_oneof![3 => window, 1 => Just(Window::Flight)].boxed()
    } else {
        window.boxed()
    };
    let taken: Vec<&Action> = actions.iter().filter_map(|name| interface.actions.get(name)).collect();
    let is_key = |name: &&String| {
        let of = |action: &&Action| {
            action.arguments.get(*name).is_some_and(|field| {
                let scalar = field.ty == Type::Bool || field.ty.is_integer() || field.ty.is_text();
                scalar && !field.optional && !field.sealed
            })
        };
        taken.iter().all(of)
    };
    let arguments = taken.first().into_iter().flat_map(|action| action.arguments.keys());
    let keys: Vec<String> = arguments.filter(is_key).cloned().collect();
    let most = keys.len().min(2);
    let has_resources = taken.iter().all(|action| !action.kinds.is_empty());
    let owner = prop_oneof![3 => Just(Owner::Job), 1 => Just(Owner::Agent)];
    let by = prop_oneof![2 => Just(Vec::new()).boxed(), 1 => subsequence(keys, 0..=most).boxed()];
    let parts = (window, owner, proptest::bool::weighted(0.3), by);
    let per = move |(window, owner, by_resource, by)| Per {
        window,
        owner,
        by_resource: by_resource && has_resources,
        by,
    };
    parts.prop_map(per).boxed()
}

fn approvals(tools: &BTreeMap<String, Tool>) -> BoxedStrategy<Vec<Approval>> {
    let actions = |(name, tool): (&String, &Tool)| {
        let of = |(action, one): (&String, &Action)| {
            (name.clone(), tool.interface.clone(), action.clone(), one.clone())
        };
        tool.interface.actions.iter().map(of).collect::<Vec<_>>()
    };
    let all: Vec<_> = tools.iter().flat_map(actions).collect();
    let one = select(all).prop_flat_map(|(tool, interface, name, action)| {
        let targets = vec(target(&interface, &action.kinds), 1..=2);
        let bind =
            subsequence(action.arguments.keys().cloned().collect::<Vec<_>>(), 0..=action.arguments.len());
        let bind = prop_oneof![Just(Bind::Arguments), bind.prop_map(Bind::Some)];
        let parts = (targets, conditions(&interface, &action, 1), terms(), bind);
        parts.prop_map(move |(targets, conditions, terms, bind)| {
            Approval::new(&tool, vec![name.clone()], targets, conditions, Terms { bind, ..terms })
        })
    });
    vec(one, 0..=2).boxed()
}

fn terms() -> impl Strategy<Value = Terms> {
    let people = vec![
        Approver::Did("did:key:a".to_owned()),
        Approver::Did("did:key:b".to_owned()),
        Approver::Role { role: "boss".to_owned(), issuer: "did:web:c".to_owned() },
    ];
    let uses = prop_oneof![Just(Uses::Times(1)), Just(Uses::Times(2)), Just(Uses::Unlimited)];
    let parts = (subsequence(people, 1..=3), 1_u32..=2, select(vec![1_i64, 60_000]), uses);
    parts.prop_map(|(by, quorum, within_ms, uses)| Terms {
        by,
        quorum,
        within_ms,
        uses,
        bind: Bind::Arguments,
    })
}

fn auth() -> impl Strategy<Value = Auth> {
    let parts = (select(vec![1_i64, 900]), any::<[bool; 3]>());
    parts.prop_map(|(max_ttl_seconds, [pin_policy_hash, job_scoped_binding, proof_of_possession])| Auth {
        max_ttl_seconds,
        pin_policy_hash,
        job_scoped_binding,
        proof_of_possession,
    })
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let retain = prop_oneof![Just(None), Just(Some(1_i64))];
    (any::<bool>(), retain).prop_map(|(gateway_receipts, retain_ms)| Evidence { gateway_receipts, retain_ms })
}
