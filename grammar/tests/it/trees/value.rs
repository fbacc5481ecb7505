//! Arbitrary values.

use proptest::prelude::*;
use wpc_grammar::syntax::{Key, Made, Pair, Path, Quantity, Step, Value};

use super::{few, ident, maybe, nowhere, plain, simple, some, text};

/// A number without a unit.
pub(super) fn number() -> BoxedStrategy<Quantity> {
    let whole =
        prop::sample::select(vec!["0", "7", "1000", "12345", "1234567", "123456789012345678901234567890"]);
    let fraction = maybe(prop::sample::select(vec!["0", "00", "5", "125"]));
    (any::<bool>(), whole, fraction)
        .prop_map(|(negative, whole, fraction)| Quantity {
            negative,
            whole: whole.to_owned(),
            fraction: fraction.map(str::to_owned),
            unit: None,
            loc: nowhere(),
        })
        .boxed()
}

pub(super) fn quantity() -> BoxedStrategy<Quantity> {
    let unit = maybe(prop::sample::select(vec!["KiB", "min", "USD", "e", "when", "once", "x2"]));
    (number(), unit).prop_map(|(number, unit)| Quantity { unit: unit.map(plain), ..number }).boxed()
}

pub(super) fn path() -> BoxedStrategy<Path> {
    let step = prop_oneof![ident().prop_map(Step::Field), text().prop_map(Step::Key)];
    (simple(), few(step)).prop_map(|(head, steps)| Path { head, steps, loc: nowhere() }).boxed()
}

pub(super) fn key() -> BoxedStrategy<Key> {
    prop_oneof![ident().prop_map(Key::Word), text().prop_map(Key::Text)].boxed()
}

pub(super) fn value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(|value| Value::Bool(value, nowhere())),
        quantity().prop_map(Value::Quantity),
        text().prop_map(Value::Text),
        path().prop_map(Value::Path),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            few(inner.clone()).prop_map(|values| Value::List(values, nowhere())),
            pairs(inner.clone()).prop_map(|pairs| Value::Object(pairs, nowhere())),
            call(inner).prop_map(Value::Made),
        ]
    })
    .boxed()
}

fn pairs(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Vec<Pair>> {
    few((key(), value).prop_map(|(key, value)| Pair { key, value })).boxed()
}

fn call(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Made> {
    (simple(), few(value)).prop_map(|(name, arguments)| Made { name, arguments, loc: nowhere() }).boxed()
}

pub(super) fn object() -> BoxedStrategy<Vec<Pair>> {
    pairs(value()).boxed()
}

pub(super) fn made() -> BoxedStrategy<Made> {
    call(value()).boxed()
}

/// Values one after the other; a word after a bare number would be its unit.
pub(super) fn group() -> BoxedStrategy<Vec<Value>> {
    some(value())
        .prop_map(|mut values| {
            for index in 1..values.len() {
                let word = matches!(values[index], Value::Path(_) | Value::Made(_));
                if let (true, Value::Quantity(quantity)) = (word, &mut values[index - 1]) {
                    quantity.unit.get_or_insert_with(|| plain("h"));
                }
            }
            values
        })
        .boxed()
}
