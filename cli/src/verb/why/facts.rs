//! What a call holds where a condition fails, in words.

use std::collections::BTreeMap;

use wpc_model::{Action, Call, Condition, Situation, Test, Tool, Value, time_of_day_text};

use wpc_viewer::plain;
use wpc_viewer::words;

/// Longest value that is repeated, in characters.
const SHOWN: usize = 120;

/// The first place of `call` at which `condition` is not true, and what stands there.
pub(crate) fn found(
    tool: &Tool,
    action: &Action,
    call: &Call,
    condition: &Condition,
    now: Situation<'_>,
) -> Option<String> {
    if condition.subject.is_of_clock() {
        let (time, day) = (time_of_day_text(now.moment.time_of_day()), now.moment.weekday());
        return (!condition.holds(&call.arguments, now).is_true())
            .then(|| format!("it is {day}, {time} UTC"));
    }
    if !condition.subject.is_of_element(action) {
        return (!condition.holds(&call.arguments, now).is_true())
            .then(|| told(tool, action, condition, &call.arguments));
    }
    let (batch, _) = action.batch()?;
    let Some(Value::List(elements)) = call.arguments.get(batch) else { return None };
    elements.iter().enumerate().find_map(|(index, element)| {
        let Value::Map(fields) = element else { return None };
        let fails = !condition.holds(fields, now).is_true();
        fails.then(|| format!("{}[{index}]: {}", plain(batch), told(tool, action, condition, fields)))
    })
}

fn told(tool: &Tool, action: &Action, condition: &Condition, fields: &BTreeMap<String, Value>) -> String {
    let name = &condition.subject.name;
    let said = plain(name);
    let Some(value) = fields.get(name) else { return format!("{said} is absent") };
    let text = match &condition.test {
        Test::Has(wanted) => format!("{said} has no {}", members(wanted, |one| !holds(value, one))),
        Test::Lacks(unwanted) => format!("{said} has {}", members(&present(Some(value), unwanted), |_| true)),
        Test::Conforms(_) => format!("{said} does not conform"),
        _ if matches!(value, Value::Sealed(_)) => format!("{said} is sealed, and says something else"),
        Test::From(_) => {
            let ty = words::field(tool, action, name).map(|field| &field.ty);
            format!("{said} is {}, and was not seen to come from there", words::value(value, ty))
        }
        Test::Present
        | Test::Absent
        | Test::Compare(..)
        | Test::In(_)
        | Test::NotIn(_)
        | Test::Like(_)
        | Test::Matches(_)
        | Test::UnderDomain(_)
        | Test::UnderPath(_)
        | Test::WithinCidr(_) => {
            let ty = words::field(tool, action, name).map(|field| &field.ty);
            format!("{said} is {}", words::value(value, ty))
        }
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn members(list: &[Value], keep: impl Fn(&Value) -> bool) -> String {
    let kept = list.iter().filter(|one| keep(one)).map(|one| words::value(one, None));
    kept.collect::<Vec<_>>().join(", ")
}

fn holds(value: &Value, one: &Value) -> bool {
    match (value, one) {
        (Value::Map(members), Value::Text(key)) => members.contains_key(key),
        (Value::List(members), _) => members.contains(one),
        _ => false,
    }
}

/// Those of `unwanted` that are there, as the call spells them: another letter case counts.
pub(super) fn present(value: Option<&Value>, unwanted: &[Value]) -> Vec<Value> {
    let is_unwanted = |key: &String| {
        unwanted.iter().any(|one| matches!(one, Value::Text(text) if text.eq_ignore_ascii_case(key)))
    };
    match value {
        Some(Value::Map(members)) => members.keys().filter(|key| is_unwanted(key)).map(Value::text).collect(),
        Some(Value::List(members)) => members.iter().filter(|one| unwanted.contains(one)).cloned().collect(),
        Some(Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::Sealed(_)) | None => Vec::new(),
    }
}

/// Those of `wanted` that are not there.
pub(super) fn missing(value: Option<&Value>, wanted: &[Value]) -> Vec<Value> {
    wanted.iter().filter(|one| !value.is_some_and(|value| holds(value, one))).cloned().collect()
}
