//! Values with one thing changed, so that a condition fails or just holds.

use std::collections::BTreeMap;

use wpc_model::{Condition, Step, Test, Value};

use super::address;
use super::pool::{MAX_AT, neighbours, other_case};

/// Members that the changed copies of one container may have together.
const MAX_COPIED: usize = 20_000;

/// The condition as it is about one member.
pub(super) fn without_quantifier(condition: &Condition) -> Condition {
    let mut of_member = condition.clone();
    of_member.subject.quantifier = None;
    of_member
}

pub(super) fn put(fields: &mut BTreeMap<String, Value>, name: &str, value: Option<Value>) {
    match value {
        Some(value) => drop(fields.insert(name.to_owned(), value)),
        None => drop(fields.remove(name)),
    }
}

/// What may stand in place of `value` to make `condition` fail or just hold; `None` for nothing.
pub(super) fn variants(condition: &Condition, value: Option<&Value>) -> Vec<Option<Value>> {
    let mut found = changed_at(condition, &condition.subject.steps, value);
    if condition.subject.steps.is_empty() && matches!(condition.test, Test::Absent | Test::Present) {
        found.push(None);
    }
    found
}

/// Changes at the end of a path; what is not on the way stays.
fn changed_at(condition: &Condition, steps: &[Step], value: Option<&Value>) -> Vec<Option<Value>> {
    let Some((step, rest)) = steps.split_first() else { return changed_value(condition, value) };
    let Some(value) = value else { return Vec::new() };
    if let (Some(_), Value::List(members)) = (condition.subject.quantifier, value) {
        let of_member = without_quantifier(condition);
        let Some((first, others)) = members.split_first() else { return Vec::new() };
        let changed = changed_at(&of_member, steps, Some(first)).into_iter().flatten();
        let lists = changed.map(|one| [one].into_iter().chain(others.iter().cloned()).collect());
        return lists.chain([Vec::new()]).map(|members| Some(Value::List(members))).collect();
    }
    match (step, value) {
        (Step::Field(part), Value::Text(address)) => neighbours(&condition.test)
            .iter()
            .filter_map(|value| Some(Some(Value::Text(address::with(address, part, value)?))))
            .collect(),
        (Step::Size, Value::Text(text)) => {
            let longer = format!("{text}x");
            let shorter: String = text.chars().skip(1).collect();
            vec![Some(Value::Text(longer)), Some(Value::Text(shorter))]
        }
        (Step::Size, Value::List(members)) => {
            let mut longer = members.clone();
            longer.extend(members.first().cloned());
            let shorter = members.iter().skip(1).cloned().collect();
            vec![Some(Value::List(longer)), Some(Value::List(shorter))]
        }
        (Step::Size, Value::Map(members)) => {
            let mut longer = members.clone();
            if let Some(value) = members.values().next() {
                longer.insert("longer".to_owned(), value.clone());
            }
            let shorter = members.iter().skip(1).map(|(key, value)| (key.clone(), value.clone())).collect();
            vec![Some(Value::Map(longer)), Some(Value::Map(shorter))]
        }
        (Step::Field(key) | Step::Key(key), Value::Map(members)) => {
            let changed = changed_at(condition, rest, members.get(key)).into_iter().map(|inner| {
                let mut members = members.clone();
                put(&mut members, key, inner);
                Some(Value::Map(members))
            });
            let mut all: Vec<Option<Value>> = changed.collect();
            let mut without = members.clone();
            if let Some(value) = without.remove(key) {
                all.push(Some(Value::Map(without.clone())));
                if matches!(step, Step::Key(_)) {
                    without.insert(other_case(key), value);
                    all.push(Some(Value::Map(without)));
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

fn changed_value(condition: &Condition, value: Option<&Value>) -> Vec<Option<Value>> {
    match (&condition.test, value) {
        (Test::Has(keys) | Test::Lacks(keys), Some(Value::Map(members))) => some_of(keys, members.len())
            .filter_map(|one| one.as_text().map(str::to_owned))
            .flat_map(|key| {
                let filler = members.values().next().cloned().unwrap_or_else(|| Value::text("some"));
                let mut without = members.clone();
                let held = without.remove(&key).unwrap_or(filler);
                let mut exact = without.clone();
                exact.insert(key.clone(), held.clone());
                let mut cased = without.clone();
                cased.insert(other_case(&key), held);
                [without, exact, cased].map(|members| Some(Value::Map(members)))
            })
            .collect(),
        (Test::Has(ones) | Test::Lacks(ones), Some(Value::List(members))) => some_of(ones, members.len())
            .flat_map(|one| {
                let without: Vec<Value> = members.iter().filter(|member| *member != one).cloned().collect();
                let exact: Vec<Value> = without.iter().cloned().chain([one.clone()]).collect();
                [without, exact].map(|mut members| {
                    members.sort();
                    Some(Value::List(members))
                })
            })
            .collect(),
        (test, Some(Value::List(members))) if condition.subject.quantifier.is_some() => {
            let one = |value: Value| {
                let mut changed: Vec<Value> = members.iter().skip(1).cloned().chain([value]).collect();
                changed.sort();
                Some(Value::List(changed))
            };
            neighbours(test).into_iter().map(one).chain([Some(Value::List(Vec::new()))]).collect()
        }
        (test, _) => neighbours(test).into_iter().map(Some).collect(),
    }
}

/// Members of a set of constants, spread over it: as many as can each be changed in a container of
/// `size` without filling the memory.
fn some_of(set: &[Value], size: usize) -> impl Iterator<Item = &Value> {
    let most = MAX_COPIED.checked_div(size.max(1)).unwrap_or(0).clamp(4, MAX_AT);
    set.iter().step_by(set.len().div_ceil(most).max(1))
}
