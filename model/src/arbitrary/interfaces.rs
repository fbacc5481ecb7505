//! Interfaces of a few actions on a few kinds.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::{
    Action, Class, Comparison, Constraint, Field, Interface, Kind, Preposition, Record, Returned, Scope,
    Template, Type,
};

/// Names of arguments and fields. Several actions and the batch's record draw from the same, so
/// that constraints apply to some actions and not to others.
const FIELDS: [&str; 6] = ["a", "b", "m", "n", "size", "x y"];

/// An interface that [`crate::Policy::check`] accepts.
pub fn interface() -> BoxedStrategy<Interface> {
    let scope = prop_oneof![Just(None), Just(Some(scope()))];
    let parts = (scope, kinds(), fields(Simple::Yes), fields(Simple::No), constraints());
    let whole = parts.prop_flat_map(|(scope, kinds, inner, message, constraints)| {
        let names: Vec<String> = kinds.keys().cloned().collect();
        let kinds = if scope.is_some() { kinds } else { kinds.into_iter().map(unscoped).collect() };
        let records = BTreeMap::from([
            ("inner".to_owned(), Record { fields: inner }),
            ("message".to_owned(), Record { fields: message }),
        ]);
        let classes = BTreeMap::from([(
            "admin".to_owned(),
            Class { alone: true, approved: false, lifetime_ms: Some(1) },
        )]);
        actions(names).prop_map(move |actions| Interface {
            name: "tool".to_owned(),
            scope: scope.clone(),
            kinds: kinds.clone(),
            records: records.clone(),
            classes: classes.clone(),
            actions,
            constraints: constraints.clone(),
        })
    });
    whole.boxed()
}

fn scope() -> Scope {
    let parameters = vec![("host".to_owned(), Type::Host)];
    Scope { name: "namespace".to_owned(), template: Template { parameters, text: "sb://{host}".to_owned() } }
}

fn kinds() -> impl Strategy<Value = BTreeMap<String, Kind>> {
    let name = |name: &str, max| (name.to_owned(), Type::EntityName { max });
    let kind = |of: &str, parameters, text: &str| {
        (of.to_owned(), Kind { template: Template { parameters, text: text.to_owned() } })
    };
    let all = vec![
        kind("account", vec![], "{namespace}"),
        kind("queue", vec![name("name", 260)], "{namespace}/{name}"),
        kind("subscription", vec![name("topic", 260), name("name", 50)], "{namespace}/{topic}/\"{name}\""),
    ];
    subsequence(all, 1..=3).prop_map(|kinds| kinds.into_iter().collect())
}

/// Without the hole that only a scope fills.
fn unscoped((name, mut kind): (String, Kind)) -> (String, Kind) {
    kind.template.text = kind.template.text.replace("{namespace}", "at");
    (name, kind)
}

/// Whether records may stand among the fields.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Simple {
    Yes,
    No,
}

fn fields(simple: Simple) -> BoxedStrategy<BTreeMap<String, Field>> {
    let names = subsequence(FIELDS.to_vec(), 0..=4);
    let named = |name: &'static str, simple| (Just(name.to_owned()), field(name, simple));
    let fields = names
        .prop_flat_map(move |names| names.into_iter().map(|name| named(name, simple)).collect::<Vec<_>>());
    fields.prop_map(|fields| fields.into_iter().collect()).boxed()
}

fn field(name: &str, simple: Simple) -> BoxedStrategy<Field> {
    let usual = match name {
        "a" => Type::Bytes,
        "n" => Type::Count,
        "m" => Type::Map(Box::new(Type::Text)),
        _ => Type::Text,
    };
    let ty = prop_oneof![2 => Just(usual), 1 => ty(simple)];
    let flag = |weight| proptest::bool::weighted(weight);
    let parts = (ty, flag(0.3), flag(0.3), flag(0.1), flag(0.1));
    let field =
        |(ty, optional, measured, sealed, must_state)| Field { ty, optional, measured, sealed, must_state };
    parts.prop_map(field).boxed()
}

fn ty(simple: Simple) -> BoxedStrategy<Type> {
    let scalar = || select(scalars());
    let boxed = |ty| Box::new(ty);
    let compound = prop_oneof![
        scalar(),
        scalar().prop_map(move |ty| Type::List(boxed(ty))),
        scalar().prop_map(move |ty| Type::Set(boxed(ty))),
        scalar().prop_map(move |ty| Type::Map(boxed(ty))),
        Just(Type::Map(boxed(Type::List(boxed(Type::Text))))),
        Just(Type::Json),
    ];
    match simple {
        Simple::Yes => compound.boxed(),
        Simple::No => prop_oneof![
            6 => compound,
            1 => Just(Type::Record("inner".to_owned())),
            1 => Just(Type::List(boxed(Type::Record("inner".to_owned())))),
        ]
        .boxed(),
    }
}

/// Every type without members.
fn scalars() -> Vec<Type> {
    vec![
        Type::Bool,
        Type::Int,
        Type::Count,
        Type::Bytes,
        Type::Duration,
        Type::Decimal { scale: 2 },
        Type::Money { currency: "USD".to_owned() },
        Type::Text,
        Type::Host,
        Type::Did,
        Type::Email,
        Type::Url,
        Type::Ip,
        Type::Path,
        Type::Time,
        Type::EntityName { max: 50 },
        Type::Choice(vec!["x".to_owned(), "y".to_owned()]),
    ]
}

fn actions(kinds: Vec<String>) -> impl Strategy<Value = BTreeMap<String, Action>> {
    let names = subsequence(vec!["send", "receive", "manage", "create-issue"], 1..=3);
    names.prop_flat_map(move |names| {
        let named = |name: &str| (Just(name.to_owned()), action(kinds.clone()));
        let actions: Vec<_> = names.into_iter().map(named).collect();
        actions.prop_map(|actions| actions.into_iter().collect())
    })
}

fn action(kinds: Vec<String>) -> impl Strategy<Value = Action> {
    let most = kinds.len();
    let classes = prop_oneof![9 => Just(vec![]), 1 => Just(vec!["admin".to_owned()])];
    let wire = prop_oneof![9 => Just(None), 1 => Just(Some("sendMessage".to_owned()))];
    let batch = Field {
        ty: Type::Batch("message".to_owned()),
        optional: false,
        measured: false,
        sealed: false,
        must_state: false,
    };
    let parts = (subsequence(kinds, 0..=most), fields(Simple::No), any::<bool>(), classes, wire);
    parts.prop_map(move |(kinds, mut arguments, has_batch, classes, wire)| {
        if has_batch {
            arguments.insert("messages".to_owned(), batch.clone());
        }
        let preposition = (!kinds.is_empty()).then_some(Preposition::To);
        Action { wire, preposition, kinds, classes, arguments, results: results() }
    })
}

/// The same for every action: what an earlier call returned.
fn results() -> BTreeMap<String, Returned> {
    let of = |ty, optional, trusted| Returned { ty, optional, trusted };
    BTreeMap::from([
        ("b".to_owned(), of(Type::Text, false, true)),
        ("c".to_owned(), of(Type::Count, true, true)),
        ("e".to_owned(), of(Type::List(Box::new(Type::Email)), false, true)),
        ("n".to_owned(), of(Type::Count, true, false)),
    ])
}

fn constraints() -> impl Strategy<Value = BTreeMap<String, Constraint>> {
    let of = |subject: &str| subject.to_owned();
    let all = vec![
        ("exactly_b", Constraint::Compare { subject: of("b"), comparison: Comparison::Equal }),
        ("forbid_m", Constraint::Lacks { subject: of("m") }),
        ("max_a", Constraint::Compare { subject: of("a"), comparison: Comparison::AtMost }),
        ("max_messages_per_job", Constraint::LimitPerJob { measure: of("messages") }),
        ("max_n_per_job", Constraint::LimitPerJob { measure: of("n") }),
        ("one_of_b", Constraint::In { subject: of("b") }),
        ("require_m", Constraint::Has { subject: of("m") }),
    ];
    let named = |(name, constraint): (&str, Constraint)| (name.to_owned(), constraint);
    subsequence(all, 2..=7).prop_map(move |some| some.into_iter().map(named).collect())
}
