//! What the artifact may say once for a whole tool: drawn often enough that hoisting is tested.

use proptest::prelude::*;

use super::values::{keys, value};
use crate::artifact::actions_with;
use crate::{
    Condition, Constraint, Interface, Limit, Measure, Rule, Subject, Target, Test, Tool, Type, Window,
};

/// Conditions of the forms that the interface's constraints name, one of each at most.
pub(super) fn hoistable_conditions(interface: &Interface) -> BoxedStrategy<Vec<Condition>> {
    let one = |constraint: &Constraint| {
        let subject = Subject { quantifier: None, name: constraint.subject().to_owned(), steps: Vec::new() };
        let mut actions = interface.actions.values();
        let ty =
            actions.find_map(|action| interface.field(action, &subject.name)).map(|field| field.ty.clone());
        let test = test(interface, constraint, &ty.unwrap_or(Type::Json))?;
        let condition = test.prop_map(move |test| Condition { subject: subject.clone(), test });
        Some(proptest::option::weighted(0.7, condition))
    };
    let all: Vec<_> = interface.constraints.values().filter_map(one).collect();
    all.prop_map(|drawn| drawn.into_iter().flatten().collect()).boxed()
}

fn test(interface: &Interface, constraint: &Constraint, ty: &Type) -> Option<BoxedStrategy<Test>> {
    let one = || value(interface, ty);
    let members = || match ty.member() {
        Some(member) => value(interface, member),
        None => keys(),
    };
    let set = |of: BoxedStrategy<crate::Value>| proptest::collection::vec(of, 1..=2);
    Some(match constraint {
        Constraint::Compare { comparison, .. } => {
            let comparison = *comparison;
            one().prop_map(move |value| Test::Compare(comparison, value)).boxed()
        }
        Constraint::In { .. } => set(one()).prop_map(Test::In).boxed(),
        Constraint::Has { .. } => set(members()).prop_map(Test::Has).boxed(),
        Constraint::Lacks { .. } => set(members()).prop_map(Test::Lacks).boxed(),
        Constraint::LimitPerJob { .. } => return None,
    })
}

/// `rule` with those of `more` that are legal on its action.
pub(super) fn join(tool: &str, rule: Rule, interface: &Interface, more: &[Condition]) -> Rule {
    let action = rule.action.as_deref().and_then(|action| interface.actions.get(action));
    let legal = |one: &&Condition| action.is_some_and(|action| one.check(interface, action).is_ok());
    let conditions: Vec<_> = rule.conditions.iter().chain(more.iter().filter(legal)).cloned().collect();
    Rule::new(tool, crate::Effect::Allow, rule.action, rule.target, conditions)
}

/// Types whose sums mean the same whatever action they come from, or nearly all the time.
pub(super) fn sums(ty: &Type) -> bool {
    matches!(ty, Type::Count | Type::Bytes | Type::Batch(_))
}

/// Limits that the artifact may hoist.
pub(super) fn hoistable_limits(name: &str, tool: &Tool, max: i64) -> Vec<Limit> {
    let measures = tool.interface.constraints.values().filter_map(|constraint| {
        if let Constraint::LimitPerJob { measure } = constraint { Some(measure) } else { None }
    });
    let limit = |measure: &String| {
        let actions = actions_with(&tool.interface, &tool.allow.iter().collect::<Vec<_>>(), measure);
        let types = || {
            actions
                .iter()
                .filter_map(|action| tool.interface.field(tool.interface.actions.get(*action)?, measure))
        };
        let fits = types().all(|field| sums(&field.ty) && !field.optional && !field.sealed);
        let bytes = types().filter(|field| field.ty == Type::Bytes).count();
        let one_unit = bytes == 0 || bytes == actions.len();
        (fits && one_unit && !actions.is_empty()).then(|| {
            let actions = actions.iter().copied().map(str::to_owned).collect();
            Limit::new(name, Measure::Argument(measure.clone()), actions, vec![Target::Any], max, Window::Job)
        })
    };
    measures.filter_map(limit).collect()
}
