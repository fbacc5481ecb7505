//! `separate`s and `before`s between the actions of drawn tools.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::policies::target;
use crate::{
    Action, Before, Interface, Order, Origin, Same, Sequence, Target, Tool, ToolAction, ToolActions, Type,
};

/// An action and where it is from.
type Found = (ToolAction, Interface, Action);

/// Up to two orders.
pub(super) fn orders(tools: &BTreeMap<String, Tool>) -> BoxedStrategy<Vec<Order>> {
    let of = |(name, tool): (&String, &Tool)| {
        let one = |(action, found): (&String, &Action)| {
            let named = ToolAction { tool: name.clone(), action: action.clone() };
            (named, tool.interface.clone(), found.clone())
        };
        tool.interface.actions.iter().map(one).collect::<Vec<_>>()
    };
    let all: Vec<Found> = tools.iter().flat_map(of).collect();
    let pairs: Vec<(Found, Found)> = all
        .iter()
        .flat_map(|one| all.iter().map(move |other| (one.clone(), other.clone())))
        .filter(|(one, other)| one.0 != other.0)
        .collect();
    let separate = (side(all.clone()), side(all))
        .prop_map(|(first, second)| Sequence::Separate { sides: [vec![first], vec![second]] });
    if pairs.is_empty() {
        return vec(separate.prop_map(Order::new), 0..=1).boxed();
    }
    let before = select(pairs).prop_flat_map(|(later, earlier)| before(&later, &earlier));
    let one = prop_oneof![separate.boxed(), before];
    vec(one.prop_map(Order::new), 0..=2).boxed()
}

fn side(all: Vec<Found>) -> impl Strategy<Value = ToolActions> {
    select(all).prop_flat_map(|(named, interface, action)| {
        let targets = prop_oneof![
            Just(vec![Target::Any]).boxed(),
            vec(target(&interface, &action.kinds), 1..=2).boxed()
        ];
        targets.prop_map(move |targets| ToolActions {
            tool: named.tool.clone(),
            actions: vec![named.action.clone()],
            targets,
        })
    })
}

fn before((later, _, to): &Found, (earlier, _, from): &Found) -> BoxedStrategy<Sequence> {
    let shared = later.tool == earlier.tool && to.kinds.iter().any(|kind| from.kinds.contains(kind));
    let readable = |ty: &Type| !matches!(ty, Type::Batch(_) | Type::Json);
    let mut same = Vec::new();
    for (argument, field) in &to.arguments {
        if field.optional || field.sealed || !readable(&field.ty) {
            continue;
        }
        let argument = || argument.clone();
        for (name, other) in &from.arguments {
            if !other.sealed && other.ty == field.ty {
                same.push(Same { argument: argument(), with: Origin::Argument(name.clone()) });
            }
        }
        for (name, other) in &from.results {
            if other.ty == field.ty {
                same.push(Same { argument: argument(), with: Origin::Result(name.clone()) });
            }
        }
    }
    let most = same.len().min(2);
    let within = prop_oneof![Just(None), select(vec![1_i64, 10]).prop_map(Some)];
    let (later, earlier) = (later.clone(), earlier.clone());
    let parts = (any::<bool>(), subsequence(same, 0..=most), within, any::<bool>());
    parts
        .prop_map(move |(resource, same, within_ms, once)| {
            Sequence::Before(Before {
                later: later.clone(),
                earlier: earlier.clone(),
                same_resource: resource && shared,
                same,
                within_ms,
                once,
            })
        })
        .boxed()
}
