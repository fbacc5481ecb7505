//! Coverage of rules: what of a policy the calls of its tests made decide.
//!
//! ```text
//! allow                it held of a call                 a condition   without it alone, the statement
//! deny                 it hit a call                                   would have spoken otherwise of
//! require              one of its conditions decided                   a call
//! limit                it refused a call
//! separate, before     it refused a call
//! approval             it was asked for
//! ```
//!
//! Statements are counted as they were written, whatever number of rules they stand for: a reader
//! looks for them in the source. A condition that a tighter one beside it replaces is not counted,
//! since it decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use wpc_grammar::{Source, Span};
use wpc_model::{
    Action, Call, Condition, Decision, Effect, Past, Policy, Reason, Refusal, RuleId, Situation,
};

use super::Asked;
use crate::checked::{Checked, Head, Placed, Sequence};
use crate::compiled::Map;

/// What was covered, statement by statement in source order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Coverage {
    /// All statements of the policy that decide.
    pub statements: Vec<Covered>,
}

/// One statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Covered {
    /// What it is.
    pub kind: StatementKind,
    /// Its line, from 1.
    pub line: u32,
    /// Its label, else its text.
    pub name: String,
    /// Whether a call made it decide.
    pub decided: bool,
    /// Its conditions, in source order.
    pub conditions: Vec<CoveredCondition>,
}

/// One condition of a statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CoveredCondition {
    /// Its line, from 1.
    pub line: u32,
    /// As it is written.
    pub text: String,
    /// Whether a call made it decide.
    pub decided: bool,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum StatementKind {
    /// `allow`.
    Allow,
    /// `deny`.
    Deny,
    /// `require`.
    Require,
    /// `limit`.
    Limit,
    /// `require approval of`.
    Approval,
    /// `separate`.
    Separate,
    /// `before`.
    Before,
}

impl StatementKind {
    /// The word for it: `allow`, `deny`, `require`, `limit`, `approval`, `separate`, `before`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Require => "require",
            Self::Limit => "limit",
            Self::Approval => "approval",
            Self::Separate => "separate",
            Self::Before => "before",
        }
    }
}

impl Coverage {
    /// How many statements and conditions there are.
    #[must_use]
    pub fn all(&self) -> usize {
        self.marks().count()
    }

    /// How many of them a call made decide.
    #[must_use]
    pub fn covered(&self) -> usize {
        self.marks().filter(|decided| *decided).count()
    }

    /// Whole percent, rounded down, so that 100 means all; 100 where there is nothing to cover.
    #[must_use]
    pub fn percent(&self) -> usize {
        self.covered().saturating_mul(100).checked_div(self.all()).unwrap_or(100)
    }

    fn marks(&self) -> impl Iterator<Item = bool> {
        self.statements.iter().flat_map(|one| {
            std::iter::once(one.decided).chain(one.conditions.iter().map(|condition| condition.decided))
        })
    }
}

/// Looks on while tests run.
#[derive(Debug)]
pub(super) struct Watch<'c> {
    map: &'c Map,
    statements: Vec<Statement<'c>>,
    /// Statements by line and text.
    by_head: BTreeMap<(u32, &'c str), usize>,
    /// Statements that hold a condition, by the condition and its line.
    by_condition: BTreeMap<(u32, &'c Condition), Vec<(usize, usize)>>,
    source: &'c str,
}

#[derive(Debug)]
struct Statement<'c> {
    kind: StatementKind,
    head: &'c Head,
    conditions: &'c [Placed],
    decided: bool,
    decided_conditions: BTreeSet<usize>,
    /// Conditions that are part of a rule.
    live: BTreeSet<usize>,
}

impl<'c> Watch<'c> {
    pub(super) fn new(checked: &'c Checked, policy: &Policy, map: &'c Map, source: &'c Source) -> Self {
        let mut watch = Self {
            map,
            statements: Vec::new(),
            by_head: BTreeMap::new(),
            by_condition: BTreeMap::new(),
            source: source.text(),
        };
        for tool in checked.tools.values() {
            let rules = [
                (StatementKind::Allow, &tool.allows),
                (StatementKind::Deny, &tool.denies),
                (StatementKind::Require, &tool.requires),
            ];
            for (kind, list) in rules {
                list.iter().for_each(|rule| watch.add(kind, &rule.head, &rule.conditions));
            }
            tool.limits.iter().for_each(|limit| watch.add(StatementKind::Limit, &limit.head, &[]));
            for approval in &tool.approvals {
                watch.add(StatementKind::Approval, &approval.head, &approval.conditions);
            }
        }
        for order in &checked.orders {
            let kind = match order.sequence {
                Sequence::Separate(_) => StatementKind::Separate,
                Sequence::Before(_) => StatementKind::Before,
            };
            watch.add(kind, &order.head, &[]);
        }
        watch.live(policy);
        watch
    }

    fn add(&mut self, kind: StatementKind, head: &'c Head, conditions: &'c [Placed]) {
        let index = self.statements.len();
        self.by_head.insert((head.line, &head.text), index);
        for (at, placed) in conditions.iter().enumerate() {
            self.by_condition.entry((placed.line, &placed.condition)).or_default().push((index, at));
        }
        let (decided_conditions, live) = (BTreeSet::new(), BTreeSet::new());
        self.statements.push(Statement { kind, head, conditions, decided: false, decided_conditions, live });
    }

    /// Finds out which conditions are part of a rule.
    fn live(&mut self, policy: &Policy) {
        let rules = policy.tools.values().flat_map(|tool| tool.allow.iter().chain(&tool.deny));
        let rules = rules.map(|rule| (rule.id, &*rule.conditions));
        let approvals = policy.approvals.iter().map(|one| (one.id, one.conditions.as_slice()));
        let all: Vec<_> =
            rules.chain(approvals).flat_map(|(id, list)| list.iter().map(move |one| (id, one))).collect();
        for (id, condition) in all {
            for (statement, at) in self.written(id, condition) {
                if let Some(statement) = self.statements.get_mut(statement) {
                    statement.live.insert(at);
                }
            }
        }
    }

    /// Where the condition of a rule was written.
    fn written(&self, id: RuleId, condition: &Condition) -> Vec<(usize, usize)> {
        let origin = self.map.origins.get(&id);
        let line = origin.and_then(|origin| origin.line_of(condition));
        line.and_then(|line| self.by_condition.get(&(line, condition))).cloned().unwrap_or_default()
    }

    /// A call was decided, after what happened `before`.
    pub(super) fn saw(&mut self, policy: &Policy, asked: &Asked, decision: &Decision, before: &Past) {
        let call = &asked.call;
        let history = before.at(asked.who(), asked.at);
        let situation = asked.situation(&history);
        let Some(tool) = policy.tools.get(&call.tool) else { return };
        let Some(action) = tool.interface.actions.get(&call.action) else { return };
        for (effect, rules) in [(Effect::Allow, &tool.allow), (Effect::Deny, &tool.deny)] {
            for rule in rules {
                let of_action = rule.action.as_deref().is_none_or(|action| *action == *call.action);
                let target = rule.target.matches(call.resource.as_ref());
                let of_target = match effect {
                    Effect::Allow => target.is_true(),
                    Effect::Deny => target.is_not_false(),
                };
                if of_action && of_target {
                    self.rule((rule.id, &rule.conditions), action, call, effect, situation);
                }
            }
        }
        for approval in &policy.approvals {
            let of_action = approval.tool == call.tool && approval.actions.contains(&call.action);
            let meets = |target: &wpc_model::Target| target.matches(call.resource.as_ref()).is_not_false();
            if of_action && approval.targets.iter().any(meets) {
                self.rule((approval.id, &approval.conditions), action, call, Effect::Deny, situation);
            }
        }
        if let Decision::Deny(Refusal { reason: Reason::LimitExceeded | Reason::OrderDenied, rule, .. }) =
            decision
        {
            rule.iter().for_each(|id| self.decided(*id));
        }
    }

    fn rule(
        &mut self,
        (id, conditions): (RuleId, &[Condition]),
        action: &Action,
        call: &Call,
        effect: Effect,
        situation: Situation<'_>,
    ) {
        let holds = wpc_model::conditions_hold(conditions, action, call, effect, situation);
        let speaks = match effect {
            Effect::Allow => holds.is_true(),
            Effect::Deny => holds.is_not_false(),
        };
        if speaks {
            return self.decided(id);
        }
        for index in wpc_model::decisive(conditions, action, call, effect, situation) {
            let Some(condition) = conditions.get(index as usize) else { continue };
            for (statement, at) in self.written(id, condition) {
                if let Some(statement) = self.statements.get_mut(statement) {
                    statement.decided_conditions.insert(at);
                    statement.decided |= statement.kind == StatementKind::Require;
                }
            }
        }
    }

    fn decided(&mut self, id: RuleId) {
        let Some(origin) = self.map.origins.get(&id) else { return };
        let Some(index) = self.by_head.get(&(origin.line, &*origin.text)) else { return };
        if let Some(statement) = self.statements.get_mut(*index) {
            statement.decided = true;
        }
    }

    /// What was seen, in source order.
    pub(super) fn finish(mut self) -> Coverage {
        self.statements.sort_by_key(|statement| statement.head.span);
        let text = |span: Span| {
            let text = self.source.get(span.start as usize..span.end as usize).unwrap_or_default();
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let statements = self.statements.iter().map(|statement| Covered {
            kind: statement.kind,
            line: statement.head.line,
            name: statement.head.name(),
            decided: statement.decided,
            conditions: statement
                .conditions
                .iter()
                .enumerate()
                .filter(|(at, _)| statement.live.contains(at))
                .map(|(at, placed)| CoveredCondition {
                    line: placed.line,
                    text: text(placed.span),
                    decided: statement.decided_conditions.contains(&at),
                })
                .collect(),
        });
        Coverage { statements: statements.collect() }
    }
}
