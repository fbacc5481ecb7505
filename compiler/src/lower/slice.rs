//! The part of an interface that a policy uses.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{Action, Constraint, Interface, Origin, Record, Source, Type};

use crate::checked::{Actions, Order, Sequence, Tool};
use crate::shape;

/// Every action that a statement names (all, where one says `any`), with the kinds, classes and
/// records that these need and the constraints that speak of their arguments.
///
/// Of what actions return it keeps what a `before` reads, and what is a source of values.
pub(super) fn of(name: &str, tool: &Tool, orders: &[Order], sources: &BTreeSet<&Source>) -> Interface {
    let whole = tool.known.interface();
    let mut actions: BTreeMap<String, Action> = match named(name, tool, orders, sources) {
        None => whole.actions.clone(),
        Some(names) => whole
            .actions
            .iter()
            .filter(|(name, _)| names.contains(name.as_str()))
            .map(|(name, action)| (name.clone(), action.clone()))
            .collect(),
    };
    let mut read = read(name, orders);
    read.extend(of_tool(name, sources));
    for (action, one) in &mut actions {
        one.results.retain(|result, _| read.contains(&(action.as_str(), result.as_str())));
    }
    let kinds: BTreeSet<&String> = actions.values().flat_map(|action| &action.kinds).collect();
    let classes: BTreeSet<&String> = actions.values().flat_map(|action| &action.classes).collect();
    let mut records = BTreeMap::new();
    for field in actions.values().flat_map(|action| action.arguments.values()) {
        add_records(&field.ty, whole, &mut records);
    }
    for returned in actions.values().flat_map(|action| action.results.values()) {
        add_records(&returned.ty, whole, &mut records);
    }
    let spoken: BTreeSet<&String> = actions
        .values()
        .flat_map(|action| {
            let of_batch = action.batch().and_then(|(_, record)| whole.records.get(record));
            action.arguments.keys().chain(of_batch.into_iter().flat_map(|record| record.fields.keys()))
        })
        .collect();
    Interface {
        name: whole.name.clone(),
        scope: whole.scope.clone(),
        kinds: only(&whole.kinds, |name| kinds.contains(name)),
        records,
        classes: only(&whole.classes, |name| classes.contains(name)),
        constraints: whole
            .constraints
            .iter()
            .filter(|(_, constraint)| spoken.iter().any(|name| *name == subject(constraint)))
            .map(|(name, constraint)| (name.clone(), constraint.clone()))
            .collect(),
        actions,
    }
}

/// The actions that statements name; `None` for all.
fn named<'t>(
    name: &str,
    tool: &'t Tool,
    orders: &'t [Order],
    sources: &BTreeSet<&'t Source>,
) -> Option<BTreeSet<&'t str>> {
    let mut names = BTreeSet::new();
    for rule in tool.allows.iter().chain(&tool.denies).chain(&tool.requires) {
        match &rule.actions {
            Actions::Any => return None,
            Actions::Named(of_rule) => names.extend(of_rule.iter().map(|name| &**name)),
        }
    }
    names.extend(tool.limits.iter().flat_map(|limit| &limit.actions).map(|name| &**name));
    names.extend(tool.approvals.iter().flat_map(|approval| &approval.actions).map(|name| &**name));
    for order in orders {
        match &order.sequence {
            Sequence::Separate(sides) => {
                let own = sides.iter().flatten().filter(|doing| doing.tool == name);
                names.extend(own.flat_map(|doing| &doing.actions).map(|action| &**action));
            }
            Sequence::Before(before) => {
                let own = [&before.later, &before.earlier].into_iter().filter(|one| one.tool == name);
                names.extend(own.map(|one| one.action.as_str()));
            }
        }
    }
    names.extend(of_tool(name, sources).map(|(action, _)| action));
    Some(names)
}

/// Actions of a tool and the fields of their results that are sources.
fn of_tool<'s>(name: &str, sources: &BTreeSet<&'s Source>) -> impl Iterator<Item = (&'s str, &'s str)> {
    sources.iter().filter_map(move |source| match source {
        Source::Result { tool, action, field, .. } if tool == name => Some((action.as_str(), field.as_str())),
        Source::Result { .. } | Source::Input { .. } => None,
    })
}

/// Actions and the fields of their results that a `before` reads.
fn read<'o>(name: &str, orders: &'o [Order]) -> BTreeSet<(&'o str, &'o str)> {
    let before = |order: &'o Order| {
        if let Sequence::Before(before) = &order.sequence { Some(before) } else { None }
    };
    let of_tool = orders.iter().filter_map(before).filter(|before| before.earlier.tool == name);
    let results = of_tool.flat_map(|before| {
        before.same.iter().filter_map(|same| match &same.with {
            Origin::Result(result) => Some((before.earlier.action.as_str(), result.as_str())),
            Origin::Argument(_) => None,
        })
    });
    results.collect()
}

fn only<T: Clone>(all: &BTreeMap<String, T>, wanted: impl Fn(&String) -> bool) -> BTreeMap<String, T> {
    all.iter().filter(|(name, _)| wanted(name)).map(|(name, one)| (name.clone(), one.clone())).collect()
}

/// The records in `ty`, and those in their fields. Records are never inside themselves.
fn add_records(ty: &Type, whole: &Interface, records: &mut BTreeMap<String, Record>) {
    if let Some(inside) = shape::inside(ty) {
        return add_records(inside, whole, records);
    }
    let Some((name, record)) = shape::record(ty).and_then(|name| whole.records.get_key_value(name)) else {
        return;
    };
    if records.insert(name.clone(), record.clone()).is_none() {
        record.fields.values().for_each(|field| add_records(&field.ty, whole, records));
    }
}

fn subject(constraint: &Constraint) -> &String {
    match constraint {
        Constraint::LimitPerJob { measure } => measure,
        Constraint::Compare { subject, .. }
        | Constraint::In { subject }
        | Constraint::Has { subject }
        | Constraint::Lacks { subject } => subject,
    }
}
