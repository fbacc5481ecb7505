//! Values of a type.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{Field, Interface, MAX_INTEGER, Type, Value};

/// A value of type `ty`, typed and in its one spelling.
pub fn value(interface: &Interface, ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Int | Type::Decimal { .. } | Type::Money { .. } => {
            integers(vec![-MAX_INTEGER, -2, -1, 0, 1, 2, 3, 100, 12_345, MAX_INTEGER])
        }
        Type::Count | Type::Bytes | Type::Duration => integers(vec![0, 1, 2, 3, 4, 1_024, MAX_INTEGER]),
        Type::Time => {
            integers(vec![crate::instant::EARLIEST, -1, 0, 1, 1_700_000_000_123, crate::instant::LATEST])
        }
        Type::Text => {
            texts(&["", "a", "A", "b", "ab", "aB", "*", "\\", "a\nb", "\u{e9}", "\u{1f600}", "\u{fb33}"])
        }
        Type::Host => texts(&["a", "a.b", "xa.b", "x.a.b", "xn--4ca.b"]),
        Type::Did => texts(&["did:key:a", "did:key:A"]),
        Type::Email => texts(&["a@b.c", "A@b.c", "a@b"]),
        Type::Url => texts(&[
            "https://a.b/",
            "https://a.b/c?d",
            "http://[::1]:8080/",
            "amqp://x.a.b/a/B/",
            "ws://1/%2F",
        ]),
        Type::Ip => texts(&["10.0.0.1", "10.0.0.2", "::1", "::ffff:10.0.0.1"]),
        Type::Path => texts(&["/", "/a", "/a/B", "/ab"]),
        Type::EntityName { max } => {
            texts(if *max > 50 { &["a", "A", "b", "B", "a/b"] } else { &["a", "A", "b", "B"] })
        }
        Type::Choice(words) => select(words.clone()).prop_map(Value::Text).boxed(),
        Type::Json => Just(Value::SEALED).boxed(),
        Type::List(member) => vec(value(interface, member), 0..=2).prop_map(Value::List).boxed(),
        Type::Set(member) => vec(value(interface, member), 0..=2).prop_map(as_set).boxed(),
        Type::Map(member) => map(interface, member),
        Type::Record(record) => match interface.records.get(record) {
            Some(record) => fields(interface, &record.fields).prop_map(Value::Map).boxed(),
            None => Just(Value::Map(BTreeMap::new())).boxed(),
        },
        Type::Batch(record) => {
            let element = value(interface, &Type::Record(record.clone()));
            vec(element, 0..=3).prop_map(Value::List).boxed()
        }
    }
}

/// Keys of maps, in several letter cases.
pub(super) const KEYS: [&str; 5] = ["k", "K", "j", "key one", "\u{e9}"];

/// A key as a constant.
pub(super) fn keys() -> BoxedStrategy<Value> {
    select(KEYS.as_slice()).prop_map(Value::text).boxed()
}

fn map(interface: &Interface, member: &Type) -> BoxedStrategy<Value> {
    let keys = select(KEYS.as_slice()).prop_map(str::to_owned);
    let entries = vec((keys, value(interface, member)), 0..=3);
    entries.prop_map(|entries| Value::Map(entries.into_iter().collect())).boxed()
}

/// A value for each of `fields`; optional ones are absent half of the time.
pub(super) fn fields(
    interface: &Interface,
    fields: &BTreeMap<String, Field>,
) -> BoxedStrategy<BTreeMap<String, Value>> {
    let one = |(name, field): (&String, &Field)| {
        let value = if field.sealed { Just(Value::SEALED).boxed() } else { value(interface, &field.ty) };
        let value =
            if field.optional { proptest::option::of(value).boxed() } else { value.prop_map(Some).boxed() };
        (Just(name.clone()), value)
    };
    let all: Vec<_> = fields.iter().map(one).collect();
    let present = |all: Vec<(String, Option<Value>)>| {
        all.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
    };
    all.prop_map(present).boxed()
}

fn as_set(mut members: Vec<Value>) -> Value {
    members.sort_unstable();
    members.dedup();
    Value::List(members)
}

fn integers(of: Vec<i64>) -> BoxedStrategy<Value> {
    select(of).prop_map(Value::Int).boxed()
}

fn texts(of: &'static [&'static str]) -> BoxedStrategy<Value> {
    select(of).prop_map(Value::text).boxed()
}
