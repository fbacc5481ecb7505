//! The dynamic engine: rules of an artifact that was loaded at run time, found by hashing.
//!
//! ```text
//! Engine::new(&Policy)      tool, action ──▶ deny Index, allow Index, condition Lists
//! Engine::rule(&Call, now)  hash of kind and names ──▶ the rules that speak of it ──▶ Ruling
//! ```
//!
//! [`Engine::rule`] is [`wpc_model::rule`] in every case (property-tested), without allocating, and
//! without looking at rules that speak of other resources: a decision takes as long among 100,000
//! rules as among 10. Of the rules for `any` and `like` targets only those are tried that a sieve of
//! their patterns' ends lets pass.

mod group;
mod index;
mod keys;
mod lists;
mod name;
mod sieve;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use wpc_model::{Action, Call, Near, Policy, Ruling, Situation, Tool};

use index::{Builder, Found, Index};
use lists::{Asked, Interner, Lists};

/// The rules of a policy, ready to be found.
#[derive(Debug)]
pub(crate) struct Engine {
    /// Tools and actions are few: those that the policy speaks of.
    tools: Vec<(String, Vec<ActionRules>)>,
}

/// What the rules of one tool say of one action.
#[derive(Debug)]
struct ActionRules {
    action: String,
    /// Name of the batch argument.
    batch: Option<String>,
    deny: Index,
    allow: Index,
    lists: Lists,
}

impl Engine {
    /// Indexes the rules of `policy`, in time linear in their number but for a sort.
    pub(crate) fn new(policy: &Policy) -> Self {
        Self { tools: policy.tools.iter().map(|(name, tool)| (name.clone(), of_tool(tool))).collect() }
    }

    /// Steps 2 and 3 of the decision: what the rules say of `call` in `situation`.
    pub(crate) fn rule(&self, call: &Call, situation: Situation<'_>) -> Ruling {
        let tool = self.tools.iter().find(|(name, _)| *name == call.tool);
        match tool.and_then(|(_, actions)| actions.iter().find(|rules| rules.action == call.action)) {
            Some(rules) => rules.rule(call, situation),
            None => Ruling::DefaultDeny { near: None },
        }
    }
}

impl ActionRules {
    fn rule(&self, call: &Call, situation: Situation<'_>) -> Ruling {
        let elements = self.batch.as_ref().and_then(|name| call.arguments.get(name)?.as_list());
        let asked = Asked { call, elements, situation };
        let resource = call.resource.as_ref();
        let denied = self.deny.speaking_of(resource, |deny, _| {
            if self.lists.denies(deny.list, &asked) {
                ControlFlow::Break(deny.rule)
            } else {
                ControlFlow::Continue(())
            }
        });
        if let ControlFlow::Break(rule) = denied {
            return Ruling::ExplicitDeny { rule };
        }
        let mut near = None;
        let allowed = self.allow.speaking_of(resource, |allow, target| {
            let condition = match self.lists.allows(allow.list, &asked) {
                Ok(()) if target.is_true() => return ControlFlow::Break(allow.rule),
                Err(condition) if target.is_true() => condition,
                // The resource differs in letter case: that comes first.
                Ok(()) | Err(_) => None,
            };
            near.get_or_insert(Near { rule: allow.rule, condition });
            ControlFlow::Continue(())
        });
        match allowed {
            ControlFlow::Break(rule) => Ruling::Allow { rule },
            ControlFlow::Continue(()) => Ruling::DefaultDeny { near },
        }
    }
}

/// The rules of each of the tool's actions that has any.
fn of_tool(tool: &Tool) -> Vec<ActionRules> {
    // One pass over the rules, whatever the number of actions.
    let mut builders: BTreeMap<&str, (Builder, Builder, Lists, Interner)> = BTreeMap::new();
    for (index, rule) in (0_u32..).zip(&tool.deny) {
        let named = rule.action.as_deref().and_then(|action| tool.interface.actions.get_key_value(action));
        let every = rule.action.is_none().then_some(&tool.interface.actions).into_iter().flatten();
        for (action, about) in named.into_iter().chain(every) {
            let (deny, _, lists, known) = builders.entry(action).or_default();
            deny.add(Found { rule: index, list: lists.add(known, &rule.conditions, about) }, &rule.target);
        }
    }
    for (index, rule) in (0_u32..).zip(&tool.allow) {
        let named = rule.action.as_deref().and_then(|action| tool.interface.actions.get_key_value(action));
        if let Some((action, about)) = named {
            let (_, allow, lists, known) = builders.entry(action).or_default();
            allow.add(Found { rule: index, list: lists.add(known, &rule.conditions, about) }, &rule.target);
        }
    }
    let build =
        |(action, (deny, allow, lists, _)): (&str, (Builder, Builder, Lists, Interner))| ActionRules {
            action: action.to_owned(),
            batch: tool
                .interface
                .actions
                .get(action)
                .and_then(Action::batch)
                .map(|(name, _)| name.to_owned()),
            deny: deny.build(),
            allow: allow.build(),
            lists,
        };
    builders.into_iter().map(build).collect()
}
