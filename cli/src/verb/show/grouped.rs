//! Rules as a reviewer reads them: those that say the same of several actions or resources once.
//!
//! An artifact has one rule per action and resource, so that a policy of a thousand queues has a
//! thousand rules. Here rules of one effect with the same conditions are one statement again, as
//! their author probably wrote them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use wpc_model::{Condition, Effect, Rule, Target, Tool};

use super::wrapped::wrapped;
use wpc_viewer::plain;
use wpc_viewer::words;

/// Names of actions; no name is any action.
type Actions<'a> = BTreeSet<Option<&'a str>>;

type Resources<'a> = BTreeSet<&'a Target>;

/// Several rules that say the same.
#[derive(Debug)]
pub(super) struct Group<'a> {
    effect: Effect,
    actions: Actions<'a>,
    targets: Resources<'a>,
    conditions: &'a [Condition],
    /// How many rules of the artifact it stands for.
    rules: usize,
}

/// All rules of a tool, allows before denies, in the order of their actions and resources.
pub(super) fn groups(tool: &Tool) -> Vec<Group<'_>> {
    let mut groups = of_effect(Effect::Allow, &tool.allow);
    groups.extend(of_effect(Effect::Deny, &tool.deny));
    groups
}

fn of_effect(effect: Effect, rules: &[Rule]) -> Vec<Group<'_>> {
    // First the resources of each action under the same conditions, then the actions that have the
    // same resources: every pair in a group is a rule, and every rule is in one group.
    let mut of_action: BTreeMap<(&[Condition], Option<&str>), Resources<'_>> = BTreeMap::new();
    for rule in rules {
        of_action.entry((&rule.conditions, rule.action.as_deref())).or_default().insert(&rule.target);
    }
    let mut alike: BTreeMap<(&[Condition], Resources<'_>), Actions<'_>> = BTreeMap::new();
    for ((conditions, action), targets) in of_action {
        alike.entry((conditions, targets)).or_default().insert(action);
    }
    let mut groups = Vec::with_capacity(alike.len());
    for ((conditions, targets), actions) in alike {
        let rules = actions.len().saturating_mul(targets.len());
        groups.push(Group { effect, actions, targets, conditions, rules });
    }
    groups.sort_by(|left, right| (&left.actions, &left.targets).cmp(&(&right.actions, &right.targets)));
    groups
}

impl Group<'_> {
    fn word(&self) -> &'static str {
        match self.effect {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        }
    }

    fn actions(&self) -> Vec<String> {
        self.actions.iter().map(|action| action.map_or("any action".into(), plain).into_owned()).collect()
    }

    /// An action that all of them are like, to type the conditions by.
    fn typical(&self) -> Option<&str> {
        self.actions.iter().find_map(|action| *action)
    }

    fn conditions(&self, tool: &Tool) -> Vec<String> {
        self.conditions.iter().map(|one| words::condition(tool, self.typical(), one)).collect()
    }

    /// `allow  send` over `to  queue("a"), queue("b")` over `when  …`.
    pub(super) fn lines(&self, tool: &Tool) -> String {
        let mut lines = wrapped(2, self.word(), &self.actions());
        let declared = self.typical().and_then(|action| tool.interface.actions.get(action));
        let takes_none = declared.is_some_and(|action| action.preposition.is_none());
        if !takes_none {
            let preposition = declared.and_then(|action| action.preposition);
            let word = preposition.map_or("on", wpc_model::Preposition::word);
            let targets: Vec<_> = self.targets.iter().map(|target| words::target(target)).collect();
            lines.push('\n');
            lines.push_str(&wrapped(4, word, &targets));
        }
        let unconditional = match self.effect {
            Effect::Allow => "no bounds",
            Effect::Deny => "always",
        };
        let conditions = self.conditions(tool);
        let conditions = if conditions.is_empty() { vec![unconditional.to_owned()] } else { conditions };
        for (index, condition) in conditions.into_iter().enumerate() {
            lines.push('\n');
            lines.push_str(&wrapped(4, if index == 0 { "when" } else { "" }, &[condition]));
        }
        lines
    }

    /// The member of the JSON answer.
    pub(super) fn json(&self, name: &str, tool: &Tool) -> Value {
        let actions: Vec<_> = self.actions.iter().collect();
        json!({
            "tool": name,
            "effect": self.word(),
            "actions": actions,
            "resources": self.targets.iter().map(|target| words::target(target)).collect::<Vec<_>>(),
            "conditions": self.conditions(tool),
            "rules": self.rules,
        })
    }
}
