//! Puts back what the artifact says once for a whole tool: see [`hoist`](crate::artifact::hoist).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::scalars::Constant;
use super::{DecodeCode, DecodeError};
use crate::artifact::family::{Family, heads};
use crate::artifact::hoist::actions_with;
use crate::place::{Place, Quoted};
use crate::{Condition, Constraint, Limit, Measure, Subject, Target, Test, Tool, Value, Window};

/// Most constants in the conditions of one tool's rules once each rule has its own.
const MAX_UNHOISTED: usize = 5_000_000;

/// Adds hoisted conditions to the allows of `tool` and hoisted limits to its limits.
pub(super) fn unhoist(
    name: &str,
    tool: &mut Tool,
    constraints: BTreeMap<String, Constant>,
    at: Place<'_>,
) -> Result<(), DecodeError> {
    let mut hoisted = Vec::new();
    for (of, Constant(constant)) in constraints {
        let at = at.member(&of);
        let wrong = |message| DecodeError::new(DecodeCode::Invalid, at, message);
        let constraint = tool.interface.constraints.get(&of);
        let constraint = constraint.ok_or_else(|| wrong(format!("{} is no constraint", Quoted(&of))))?;
        if let (Constraint::LimitPerJob { measure }, Value::Int(max)) = (constraint, &constant) {
            let actions = actions_with(&tool.interface, &heads(&tool.allow), measure);
            let actions = actions.into_iter().map(str::to_owned).collect();
            let measure = Measure::Argument(measure.clone());
            let limit = Limit::new(name, measure, actions, vec![Target::Any], *max, Window::Job);
            tool.limits.push(limit);
        } else {
            let test = test(constraint, constant)
                .ok_or_else(|| wrong("is no constant of this constraint".to_owned()))?;
            let subject =
                Subject { quantifier: None, name: constraint.subject().to_owned(), steps: Vec::new() };
            hoisted.push(Condition { subject, test });
        }
    }
    if hoisted.is_empty() { Ok(()) } else { add(tool, &hoisted, at) }
}

fn test(constraint: &Constraint, constant: Value) -> Option<Test> {
    match (constraint, constant) {
        (Constraint::Compare { comparison, .. }, constant) => Some(Test::Compare(*comparison, constant)),
        (Constraint::In { .. }, Value::List(set)) => Some(Test::In(set)),
        (Constraint::Has { .. }, Value::List(set)) => Some(Test::Has(set)),
        (Constraint::Lacks { .. }, Value::List(set)) => Some(Test::Lacks(set)),
        _ => None,
    }
}

/// Conditions that rules share.
type List = Arc<[Condition]>;

/// Adds to each allow those of `hoisted` whose argument its action has. Rules that shared one list
/// of conditions share one again.
fn add(tool: &mut Tool, hoisted: &[Condition], at: Place<'_>) -> Result<(), DecodeError> {
    // The lists before, kept so that no other can take their place in memory; and after.
    let mut made: BTreeMap<Family, (List, List)> = BTreeMap::new();
    let mut constants_left = MAX_UNHOISTED;
    for rule in &mut tool.allow {
        let family = Family::of(rule);
        if let Some((_, all)) = made.get(&family) {
            rule.conditions = Arc::clone(all);
            continue;
        }
        let action = rule.action.as_deref().and_then(|action| tool.interface.actions.get(action));
        let has = |one: &&Condition| {
            action.is_some_and(|action| tool.interface.field(action, &one.subject.name).is_some())
        };
        let mut all: Vec<_> = rule.conditions.iter().chain(hoisted.iter().filter(has)).cloned().collect();
        let constants = all.iter().filter_map(|one| one.test.set()).map(<[Value]>::len).sum::<usize>();
        let message = || DecodeError::new(DecodeCode::TooLarge, at, "has too many constants for its rules");
        constants_left = constants_left.checked_sub(constants).ok_or_else(message)?;
        all.sort_unstable();
        let before = std::mem::replace(&mut rule.conditions, all.into());
        made.insert(family, (before, Arc::clone(&rule.conditions)));
    }
    Ok(())
}
