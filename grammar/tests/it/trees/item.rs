//! Arbitrary items, entries and tests.

use proptest::prelude::*;
use wpc_grammar::syntax::{
    Binding, BlankLines, Entry, EntryKind, File, Interface, Item, ItemKind, LetValue, Policy, Rules,
    Settings, Test, TestCall, TestStep, Use,
};

use super::interface::{part, ty};
use super::statement::{action, block, setting, statement, target};
use super::value::{made, object, value};
use super::{docs, few, ident, maybe, name, nowhere, simple, text};

fn settings() -> BoxedStrategy<Settings> {
    (simple(), few(setting(ident())))
        .prop_map(|(name, settings)| Settings { name, settings, loc: nowhere() })
        .boxed()
}

fn test() -> BoxedStrategy<Test> {
    let arguments = maybe(object().prop_map(|pairs| (pairs, nowhere())));
    let call = (action(), maybe(target()), arguments, maybe(text()))
        .prop_map(|(action, target, arguments, at)| TestCall {
            action,
            target,
            arguments,
            at,
            loc: nowhere(),
        })
        .boxed();
    let step = prop_oneof![
        call.clone().prop_map(TestStep::Given),
        call.prop_map(TestStep::Call),
        (ident(), maybe(ident())).prop_map(|(decision, code)| TestStep::Expect {
            decision,
            code,
            loc: nowhere()
        }),
        setting(simple()).prop_map(TestStep::Setting),
    ];
    (text(), few(step)).prop_map(|(name, steps)| Test { name, steps }).boxed()
}

fn entry(kind: impl Strategy<Value = EntryKind> + 'static) -> BoxedStrategy<Entry> {
    (docs(), maybe(text()), kind)
        .prop_map(|(docs, label, kind)| Entry { docs, label, kind, loc: nowhere() })
        .boxed()
}

/// What `rules` and bindings hold.
fn rule() -> BoxedStrategy<Entry> {
    entry(prop_oneof![
        3 => statement().prop_map(EntryKind::Statement),
        1 => settings().prop_map(EntryKind::Settings),
    ])
    .boxed()
}

fn binding() -> BoxedStrategy<Binding> {
    (ident(), maybe(ident()), maybe(made()), few(rule()))
        .prop_map(|(tool, alias, scope, entries)| Binding { tool, alias, scope, entries })
        .boxed()
}

fn policy_entry() -> BoxedStrategy<Entry> {
    let given = prop_oneof![
        value().prop_map(LetValue::Value),
        // `{}` is the object without members.
        block(1).prop_map(LetValue::Conditions),
    ];
    entry(prop_oneof![
        (ident(), ty(), maybe(value())).prop_map(|(name, ty, default)| EntryKind::Param {
            name,
            ty,
            default
        }),
        (ident(), given).prop_map(|(name, value)| EntryKind::Let { name, value }),
        name().prop_map(EntryKind::With),
        binding().prop_map(EntryKind::Tool),
        test().prop_map(EntryKind::Test),
        statement().prop_map(EntryKind::Statement),
        settings().prop_map(EntryKind::Settings),
    ])
    .boxed()
}

fn item() -> BoxedStrategy<Item> {
    let kind = prop_oneof![
        ident().prop_map(|tool| ItemKind::Use(Use::Shipped(tool))),
        (text(), ident()).prop_map(|(path, alias)| ItemKind::Use(Use::File { path, alias })),
        (ident(), few(part())).prop_map(|(name, parts)| ItemKind::Interface(Interface { name, parts })),
        (name(), few(text()), few(policy_entry()))
            .prop_map(|(name, extends, entries)| ItemKind::Policy(Policy { name, extends, entries })),
        (name(), few(rule())).prop_map(|(name, entries)| ItemKind::Rules(Rules { name, entries })),
        test().prop_map(ItemKind::Test),
    ];
    (docs(), kind).prop_map(|(docs, kind)| Item { docs, kind, loc: nowhere() }).boxed()
}

/// A file without comments.
pub(crate) fn file() -> BoxedStrategy<File> {
    few(item())
        .prop_map(|items| File {
            items,
            comments: Vec::new(),
            blank_lines: BlankLines::default(),
            loc: nowhere(),
        })
        .boxed()
}
