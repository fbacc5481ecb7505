//! Normal forms of rules, limits and approvals, and the ids made from them.
//!
//! A normal form is canonical JSON: the object that the artifact has for the rule, without `id`
//! and `entity`, with `effect` (`allow deny limit approval`), `tool`, and in `if` all its
//! conditions, those that the artifact hoists included. So an id names a meaning: it does not
//! change when another rule comes or goes.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::family::Families;
use super::parts;
use crate::canon::{ObjectWriter, Writer};
use crate::hash::RuleHasher;
use crate::{
    Approval, Approver, Bind, Condition, Effect, Hash, Limit, Measure, Per, Policy, Rule, RuleId, Target,
    Test, Tool, Uses,
};

impl Rule {
    /// The rule in normal form, with its id: conditions and their sets sorted, repetition
    /// dropped. Conditions that are in normal form already stay shared.
    ///
    /// `tool` is the tool's name in the policy; `action` is `None` for every action (a deny only).
    ///
    /// ```
    /// use wpc_model::{Effect, Rule, Target};
    /// let deny = Rule::new("bus", Effect::Deny, Some("manage".into()), Target::Any, []);
    /// assert_eq!(deny.id, Rule::new("bus", Effect::Deny, Some("manage".into()), Target::Any, []).id);
    /// ```
    #[must_use]
    pub fn new(
        tool: &str,
        effect: Effect,
        action: Option<Arc<str>>,
        target: Target,
        conditions: impl Into<Arc<[Condition]>>,
    ) -> Self {
        let conditions = normal(conditions.into());
        let mut rule = Self { id: RuleId([0; 16]), action, target, conditions };
        rule.id = RuleIds::new(tool, effect).of(&rule);
        rule
    }
}

/// Computes the ids of rules whose conditions are in normal form.
///
/// The members that the rules of a family share come first in the normal form's order, so that
/// they are written and hashed once. The rules stay where they are meanwhile ([`Families`]).
pub(crate) struct RuleIds<'t> {
    tool: &'t str,
    effect: Effect,
    heads: Families<RuleHasher>,
    tail: Vec<u8>,
}

impl<'t> RuleIds<'t> {
    pub(crate) const fn new(tool: &'t str, effect: Effect) -> Self {
        Self { tool, effect, heads: Families::new(), tail: Vec::new() }
    }

    pub(crate) fn of(&mut self, rule: &Rule) -> RuleId {
        let effect = self.effect;
        let mut hasher = self.heads.of(rule, || RuleHasher::new().and(&head(effect, rule))).clone();
        self.tail.clear();
        Writer::new(&mut self.tail).object(|object| {
            if let Target::Of { slots, .. } = &rule.target {
                parts::slots(object.member("slots"), slots);
            }
            object.member("tool").text(self.tool);
        });
        // One object, written in two: a comma instead of the tail's brace.
        if let Some(brace) = self.tail.first_mut() {
            *brace = b',';
        }
        hasher = hasher.and(&self.tail);
        hasher.finish()
    }
}

/// The normal form up to the slots, without the closing brace.
fn head(effect: Effect, rule: &Rule) -> Vec<u8> {
    let mut head = Vec::new();
    Writer::new(&mut head).object(|object| {
        object.member("effect").text(match effect {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        });
        if !rule.conditions.is_empty() {
            parts::conditions(object.member("if"), &*rule.conditions);
        }
        if let Target::Of { kind, .. } = &rule.target {
            object.member("kind").text(kind);
        }
        object.member("op").text(rule.action.as_deref().unwrap_or(super::encode::EVERY_ACTION));
    });
    head.pop();
    head
}

fn identify(write: impl FnOnce(&mut ObjectWriter<'_, Vec<u8>>)) -> RuleId {
    let mut normal_form = Vec::new();
    Writer::new(&mut normal_form).object(write);
    RuleId::of(&normal_form)
}

impl Limit {
    /// The limit in normal form, with its id: actions and targets sorted, any resource standing
    /// for all. The measure `calls` always counts calls.
    #[must_use]
    pub fn new(
        tool: &str,
        measure: Measure,
        actions: Vec<String>,
        targets: Vec<Target>,
        max: i64,
        per: impl Into<Per>,
    ) -> Self {
        let Per { window, owner, by_resource, by } = per.into();
        let by = sorted(by);
        let measure = match measure {
            Measure::Argument(name) if name == "calls" => Measure::Calls,
            other @ (Measure::Calls | Measure::Argument(_)) => other,
        };
        let (actions, targets) = (sorted(actions), normal_targets(targets));
        let id = identify(|object| {
            parts::counters(object, owner, by_resource, &by);
            object.member("effect").text("limit");
            object.member("max").integer(max);
            parts::measure(object.member("measure"), &measure);
            if !parts::is_any(&targets) {
                parts::targets(object.member("on"), &targets);
            }
            object.member("ops").texts(actions.iter().map(String::as_str));
            parts::window(object.member("per"), window);
            object.member("tool").text(tool);
        });
        Self { id, measure, actions, targets, max, window, owner, by_resource, by }
    }
}

/// Who must approve, and what their approval covers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Terms {
    /// Who may sign.
    pub by: Vec<Approver>,
    /// How many distinct people, at least 1.
    pub quorum: u32,
    /// How long after the request the call may still begin, in milliseconds.
    pub within_ms: i64,
    /// How many calls one approval admits.
    pub uses: Uses,
    /// What of the call the approval fixes.
    pub bind: Bind,
}

impl Approval {
    /// The approval in normal form, with its id: every list sorted, repetition dropped.
    #[must_use]
    pub fn new(
        tool: &str,
        actions: Vec<String>,
        targets: Vec<Target>,
        conditions: Vec<Condition>,
        terms: Terms,
    ) -> Self {
        let Terms { by, quorum, within_ms, uses, bind } = terms;
        let (actions, targets, by) = (sorted(actions), normal_targets(targets), sorted(by));
        let conditions = sorted(conditions.into_iter().map(normal_condition).collect());
        let bind = match bind {
            Bind::Arguments => Bind::Arguments,
            Bind::Some(names) => Bind::Some(sorted(names)),
        };
        let id = identify(|object| {
            parts::bind(object.member("bind"), &bind);
            parts::approvers(object.member("by"), &by);
            object.member("effect").text("approval");
            if !conditions.is_empty() {
                parts::conditions(object.member("if"), &conditions);
            }
            if !parts::is_any(&targets) {
                parts::targets(object.member("on"), &targets);
            }
            object.member("ops").texts(actions.iter().map(String::as_str));
            object.member("quorum").integer(i64::from(quorum));
            object.member("tool").text(tool);
            parts::uses(object.member("uses"), uses);
            object.member("within_ms").integer(within_ms);
        });
        let tool = tool.to_owned();
        Self { id, tool, actions, targets, conditions, by, quorum, within_ms, uses, bind }
    }
}

impl Policy {
    /// The policy in normal form: rules, limits, approvals and orders by id, parents by hash, repetition
    /// dropped, and schemas that no condition names.
    #[must_use]
    pub fn normalise(mut self) -> Self {
        self.parents = std::mem::take(&mut self.parents).into_iter().map(Self::normalise).collect();
        self.parents.sort_by_cached_key(Self::hash);
        self.parents.dedup();
        self.tools.values_mut().for_each(Tool::normalise);
        self.settings.normalise();
        let named: BTreeSet<Hash> = self.schemas_named().copied().collect();
        self.schemas.retain(|hash, _| named.contains(hash));
        self.approvals.sort_by_key(|approval| approval.id);
        self.approvals.dedup_by_key(|approval| approval.id);
        self.orders.sort_by_key(|order| order.id);
        self.orders.dedup_by_key(|order| order.id);
        self
    }
}

impl Tool {
    fn normalise(&mut self) {
        for rules in [&mut self.allow, &mut self.deny] {
            rules.sort_by_key(|rule| rule.id);
            rules.dedup_by_key(|rule| rule.id);
        }
        self.limits.sort_by_key(|limit| limit.id);
        self.limits.dedup_by_key(|limit| limit.id);
    }
}

/// Conditions sorted, without repetition, each with its sets sorted.
fn normal(conditions: Arc<[Condition]>) -> Arc<[Condition]> {
    if is_normal(&conditions) {
        return conditions;
    }
    sorted(conditions.iter().cloned().map(normal_condition).collect()).into()
}

/// Whether conditions are as [`normal`] leaves them.
pub(crate) fn is_normal(conditions: &[Condition]) -> bool {
    let mut sets = conditions.iter().filter_map(|condition| condition.test.set());
    let mut sources = conditions.iter().filter_map(Condition::sources);
    is_sorted(conditions) && sets.all(is_sorted) && sources.all(is_sorted)
}

/// Sorted, without repetition.
fn is_sorted<T: Ord>(items: &[T]) -> bool {
    items.is_sorted_by(|left, right| left < right)
}

fn normal_condition(mut condition: Condition) -> Condition {
    if let Test::Has(set)
    | Test::In(set)
    | Test::Lacks(set)
    | Test::NotIn(set)
    | Test::UnderDomain(set)
    | Test::UnderPath(set)
    | Test::WithinCidr(set) = &mut condition.test
    {
        set.sort_unstable();
        set.dedup();
    }
    if let Test::From(sources) = &mut condition.test {
        sources.sort_unstable();
        sources.dedup();
    }
    condition
}

/// Any resource stands for all the others.
pub(super) fn normal_targets(targets: Vec<Target>) -> Vec<Target> {
    if targets.contains(&Target::Any) { vec![Target::Any] } else { sorted(targets) }
}

pub(super) fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items
}
