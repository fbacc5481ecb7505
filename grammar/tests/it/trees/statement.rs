//! Arbitrary statements and conditions.

use proptest::prelude::*;
use wpc_grammar::syntax::{
    ActionRef, Check, Compare, Condition, Conditions, Ident, Measure, Per, Quantifier, ResourceRef, Same,
    Setting, Slot, SlotKind, Statement, Target, Value,
};

use super::value::{group, path, quantity, value};
use super::{few, ident, maybe, nowhere, plain, simple, some, text};

/// A name that no keyword of the statement's line can be taken for.
fn act() -> BoxedStrategy<Ident> {
    prop_oneof![3 => simple(), 1 => prop::sample::select(vec!["of", "per", "do", "allow", "with"]).prop_map(plain)]
        .boxed()
}

pub(super) fn action() -> BoxedStrategy<ActionRef> {
    (maybe(act()), act()).prop_map(|(tool, action)| ActionRef { tool, action, loc: nowhere() }).boxed()
}

fn slot() -> BoxedStrategy<Slot> {
    let kind = prop_oneof![
        Just(SlotKind::Any),
        text().prop_map(SlotKind::Like),
        value().prop_map(SlotKind::In),
        value().prop_map(SlotKind::Value),
    ];
    (maybe(ident()), kind).prop_map(|(name, kind)| Slot { name, kind, loc: nowhere() }).boxed()
}

fn resource() -> BoxedStrategy<ResourceRef> {
    prop_oneof![
        maybe(simple()).prop_map(|kind| ResourceRef::Any { kind, loc: nowhere() }),
        (act(), few(slot())).prop_map(|(kind, slots)| ResourceRef::Named { kind, slots, loc: nowhere() }),
    ]
    .boxed()
}

pub(super) fn target() -> BoxedStrategy<Target> {
    let place = prop::sample::select(vec!["to", "from", "on", "in"]);
    (place, some(resource()))
        .prop_map(|(place, resources)| Target { preposition: plain(place), resources, loc: nowhere() })
        .boxed()
}

fn check() -> BoxedStrategy<Check> {
    let compare = prop::sample::select(Compare::ALL.to_vec());
    prop_oneof![
        Just(Check::Present),
        Just(Check::Absent),
        (compare, value()).prop_map(|(compare, value)| Check::Compare(compare, value)),
        value().prop_map(Check::In),
        value().prop_map(Check::NotIn),
        value().prop_map(Check::Like),
        value().prop_map(Check::Matches),
        value().prop_map(Check::Has),
        value().prop_map(Check::Lacks),
        prop_oneof![
            value().prop_map(Check::WithinCidr),
            value().prop_map(Check::UnderPath),
            value().prop_map(Check::UnderDomain),
            value().prop_map(Check::From),
            text().prop_map(Check::ConformsTo),
        ],
    ]
    .boxed()
}

fn condition() -> BoxedStrategy<Condition> {
    let quantifier = maybe(prop::sample::select(vec![Quantifier::Each, Quantifier::Some]));
    prop_oneof![
        4 => (quantifier, path(), check()).prop_map(|(quantifier, subject, test)| Condition::Test {
            quantifier: quantifier.map(|which| (which, nowhere())),
            subject,
            test,
            loc: nowhere(),
        }),
        1 => ident().prop_map(Condition::Name),
    ]
    .boxed()
}

/// `{ … }`, with at least `least` conditions.
pub(super) fn block(least: usize) -> BoxedStrategy<Conditions> {
    prop::collection::vec(condition(), least..4)
        .prop_map(|conditions| Conditions::Block { conditions, loc: nowhere() })
        .boxed()
}

fn conditions() -> BoxedStrategy<Conditions> {
    prop_oneof![3 => block(0), 1 => simple().prop_map(Conditions::Name)].boxed()
}

pub(super) fn setting(name: impl Strategy<Value = Ident> + 'static) -> BoxedStrategy<Setting> {
    (name, few(group())).prop_map(|(name, groups)| Setting { name, groups, loc: nowhere() }).boxed()
}

pub(super) fn per() -> BoxedStrategy<Per> {
    prop_oneof![ident().prop_map(Per::Word), quantity().prop_map(Per::Quantity)].boxed()
}

fn actions() -> BoxedStrategy<Vec<ActionRef>> {
    some(action()).boxed()
}

fn limit() -> BoxedStrategy<Statement> {
    let measure = prop_oneof![
        2 => (ident().prop_map(Measure::Of), some(per())),
        1 => Just((Measure::Concurrent(nowhere()), Vec::new())),
    ];
    let max = prop_oneof![quantity().prop_map(Value::Quantity), path().prop_map(Value::Path)];
    (measure, actions(), maybe(target()), max)
        .prop_map(|((measure, per), actions, target, max)| Statement::Limit {
            measure,
            actions,
            target,
            max,
            per,
        })
        .boxed()
}

fn before() -> BoxedStrategy<Statement> {
    let same = prop_oneof![
        ident().prop_map(Same::Word),
        (path(), path()).prop_map(|(one, other)| Same::Equal(one, other)),
    ];
    (action(), action(), few(same), maybe(quantity()), any::<bool>())
        .prop_map(|(later, earlier, with, within, once)| {
            // `within 5 once` would read `once` as the unit.
            let within = within.map(|mut within| {
                within.unit.get_or_insert_with(|| plain("h"));
                within
            });
            Statement::Before { later, earlier, with, within, once }
        })
        .boxed()
}

pub(super) fn statement() -> BoxedStrategy<Statement> {
    let target = || maybe(target());
    let when = || maybe(conditions());
    prop_oneof![
        (actions(), target(), when()).prop_map(|(actions, target, when)| Statement::Allow {
            actions,
            target,
            when
        }),
        (maybe(actions()), target(), when()).prop_map(|(actions, target, when)| Statement::Deny {
            actions,
            target,
            when
        }),
        (actions(), target(), conditions()).prop_map(|(actions, target, conditions)| Statement::Require {
            actions,
            target,
            conditions
        }),
        (actions(), target(), when(), few(setting(ident()))).prop_map(|(actions, target, when, settings)| {
            Statement::Approval { actions, target, when, settings }
        }),
        limit(),
        ((actions(), target()), (actions(), target()))
            .prop_map(|(first, second)| Statement::Separate { first, second }),
        before(),
    ]
    .boxed()
}
