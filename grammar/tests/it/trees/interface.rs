//! Arbitrary interfaces.

use proptest::prelude::*;
use wpc_grammar::syntax::{
    Action, ConstraintOperator, ConstraintShape, Field, Part, PartKind, Setting, Template, Ty, TyArgument,
    TyKind,
};

use super::statement::per;
use super::value::{group, key, number, path};
use super::{docs, few, ident, maybe, nowhere, plain, some, text};

pub(super) fn ty() -> BoxedStrategy<Ty> {
    let named = |arguments| TyKind::Named { name: plain("list"), arguments };
    let leaf = prop_oneof![
        ident().prop_map(|name| TyKind::Named { name, arguments: Vec::new() }),
        number().prop_map(move |number| named(vec![TyArgument::Number(number)])),
        few(key()).prop_map(TyKind::Choice),
    ];
    let ty = |(kind, optional)| Ty { kind, optional, loc: nowhere() };
    (leaf, any::<bool>())
        .prop_map(ty)
        .boxed()
        .prop_recursive(3, 6, 2, move |inner| {
            let arguments = some(inner.prop_map(TyArgument::Ty));
            (ident(), arguments, any::<bool>()).prop_map(move |(name, arguments, optional)| {
                ty((TyKind::Named { name, arguments }, optional))
            })
        })
        .boxed()
}

fn field() -> BoxedStrategy<Field> {
    (docs(), ident(), ty(), few(ident()))
        .prop_map(|(docs, name, ty, marks)| Field { docs, name, ty, marks, loc: nowhere() })
        .boxed()
}

fn template() -> BoxedStrategy<Template> {
    (ident(), few(field()), text())
        .prop_map(|(name, fields, template)| Template { name, fields, template })
        .boxed()
}

fn constraint() -> BoxedStrategy<ConstraintShape> {
    let operator = prop::sample::select(ConstraintOperator::ALL.to_vec());
    prop_oneof![
        (ident(), per()).prop_map(|(measure, per)| ConstraintShape::Limit { measure, per }),
        (path(), operator).prop_map(|(subject, operator)| ConstraintShape::Condition { subject, operator }),
    ]
    .boxed()
}

fn action() -> BoxedStrategy<Action> {
    let place = prop::sample::select(vec!["to", "from", "on", "in"]).prop_map(plain);
    (some((ident(), maybe(text()))), place, few(ident()), few(ident()), few(field()), maybe(few(field())))
        .prop_map(|(names, place, kinds, classes, arguments, result)| Action {
            names,
            preposition: Some(place).filter(|_| !kinds.is_empty()),
            kinds,
            classes,
            arguments,
            result,
        })
        .boxed()
}

pub(super) fn part() -> BoxedStrategy<Part> {
    let duty = (ident(), maybe(group())).prop_map(|(name, group)| Setting {
        name,
        groups: group.into_iter().collect(),
        loc: nowhere(),
    });
    let kind = prop_oneof![
        template().prop_map(PartKind::Scope),
        template().prop_map(PartKind::Resource),
        (ident(), few(field())).prop_map(|(name, fields)| PartKind::Record { name, fields }),
        (ident(), some(duty)).prop_map(|(name, duties)| PartKind::Class { name, duties }),
        (ident(), constraint()).prop_map(|(name, what)| PartKind::Constraint { name, what }),
        action().prop_map(PartKind::Action),
    ];
    (docs(), kind).prop_map(|(docs, kind)| Part { docs, kind, loc: nowhere() }).boxed()
}
