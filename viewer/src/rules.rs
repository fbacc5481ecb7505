//! The statements of a policy by their ids, for the page.

use serde_json::{Map, Value, json};
use wpc_model::{Effect, Policy, Rule, RuleId, Tool};

use crate::words;

/// Each statement: its text, the bound of a limit, and where the map file says that it was written.
pub(crate) fn rules(policy: &Policy, map: Option<&Value>) -> Value {
    let mut found = Map::new();
    add(policy, map, &mut found);
    Value::Object(found)
}

/// Of a policy and of those that it extends, which check themselves to a bounded depth.
fn add(policy: &Policy, map: Option<&Value>, found: &mut Map<String, Value>) {
    let origins = map.and_then(|map| map.get("origins"));
    let source = map.and_then(|map| map.get("source"));
    let mut note = |id: RuleId, text: String, max: Option<i64>| {
        let origin = origins.and_then(|origins| origins.get(id.to_string()));
        let member = |name| origin.and_then(|origin| origin.get(name));
        found.insert(
            id.to_string(),
            json!({
                "text": member("text").and_then(Value::as_str).map_or(text, str::to_owned),
                "max": max,
                "label": member("label"),
                "line": member("line"),
                "source": origin.and(source),
            }),
        );
    };
    for tool in policy.tools.values() {
        for (effect, rules) in [(Effect::Allow, &tool.allow), (Effect::Deny, &tool.deny)] {
            for rule in rules {
                note(rule.id, statement(tool, effect, rule), None);
            }
        }
        for limit in &tool.limits {
            note(limit.id, words::limit(tool, limit), Some(limit.max));
        }
    }
    for approval in &policy.approvals {
        let [who, how] = words::approval(approval);
        note(
            approval.id,
            format!("require approval of {} {{ by {who}; {how} }}", approval.actions.join(", ")),
            None,
        );
    }
    for order in &policy.orders {
        note(order.id, words::order(order), None);
    }
    let parents = map.and_then(|map| map.get("parents")).and_then(Value::as_array);
    for (index, parent) in policy.parents.iter().enumerate() {
        add(parent, parents.and_then(|all| all.get(index)), found);
    }
}

fn statement(tool: &Tool, effect: Effect, rule: &Rule) -> String {
    let head = words::rule(tool, effect, rule);
    if rule.conditions.is_empty() {
        return head;
    }
    let action = rule.action.as_deref();
    let lines = rule.conditions.iter().map(|one| format!("\n    {}", words::condition(tool, action, one)));
    format!("{head} when {{{}\n}}", lines.collect::<String>())
}
