//! Normal form (LANGUAGE.md section 8): lists expanded, requires joined into their allows, bounds on
//! one argument tightened within a rule, sets sorted, identical rules dropped. Nothing else.
//!
//! Cannot fail: that is what "checked" means.

mod normal;
mod slice;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wpc_model::{self as model, Condition, Effect, Policy, RuleId, Source};

use crate::check::{expand, joined};
use crate::checked::{Actions, Checked, Doing, Head, Order, Placed, Rule, Sequence, Tool};
use crate::compiled::{Map, Origin};

/// The policy in normal form, and where each of its rules was written.
pub(crate) fn lower(checked: &Checked, source: &str) -> (Policy, Map) {
    let mut map = Map { source: source.to_owned(), docs: checked.docs.clone(), ..Map::default() };
    let mut tools = BTreeMap::new();
    let mut approvals = Vec::new();
    let sources = sources(checked);
    for (name, tool) in &checked.tools {
        let mut lowering = Lowering { tool_name: name, map: &mut map, shared: Shared::default() };
        let used = slice::of(name, tool, &checked.orders, &sources);
        tools.insert(name.clone(), lowering.tool(tool, used));
        lowering.approvals(tool, &mut approvals);
    }
    let orders = orders(&checked.orders, &mut map);
    let policy = Policy {
        name: checked.name.clone(),
        tools,
        auth: checked.auth,
        approvals,
        evidence: checked.evidence,
        orders,
        settings: checked.settings.clone(),
        schemas: (*checked.schemas).clone(),
        parents: checked.parents.iter().map(|parent| parent.policy.clone()).collect(),
    };
    map.parents = checked.parents.iter().map(|parent| parent.map.clone()).collect();
    (policy.normalise(), map)
}

/// Every source that a condition names.
fn sources(checked: &Checked) -> BTreeSet<&Source> {
    let tools = || checked.tools.values();
    let rules = tools().flat_map(|tool| tool.allows.iter().chain(&tool.denies).chain(&tool.requires));
    let of_approvals = tools().flat_map(|tool| &tool.approvals).flat_map(|approval| &approval.conditions);
    let placed = rules.flat_map(|rule| &rule.conditions).chain(of_approvals);
    placed.filter_map(|placed| placed.condition.sources()).flatten().collect()
}

fn orders(checked: &[Order], map: &mut Map) -> Vec<model::Order> {
    let mut orders = Vec::with_capacity(checked.len());
    for order in checked {
        let sequence = match &order.sequence {
            Sequence::Separate(sides) => model::Sequence::Separate {
                sides: sides.each_ref().map(|side| side.iter().map(doing).collect()),
            },
            Sequence::Before(before) => model::Sequence::Before(before.clone()),
        };
        let lowered = model::Order::new(sequence);
        note(map, lowered.id, &order.head, &Lists::default());
        orders.push(lowered);
    }
    orders
}

fn doing(doing: &Doing) -> model::ToolActions {
    model::ToolActions {
        tool: doing.tool.clone(),
        actions: doing.actions.iter().map(ToString::to_string).collect(),
        targets: expand(&doing.targets),
    }
}

struct Lowering<'m> {
    tool_name: &'m str,
    map: &'m mut Map,
    shared: Shared,
}

/// Lists that many rules have in common, each held once: a hundred thousand rules under one require
/// have one list of conditions.
#[derive(Default)]
struct Shared {
    conditions: BTreeSet<Arc<[Condition]>>,
}

/// The conditions of a rule, and their lines.
type Lists = (Arc<[Condition]>, Arc<[u32]>);

impl Shared {
    fn lists(&mut self, conditions: &[&Placed]) -> Lists {
        let plain: Vec<Condition> = conditions.iter().map(|placed| placed.condition.clone()).collect();
        let lines = conditions.iter().map(|placed| placed.line).collect();
        let shared = self.conditions.get(plain.as_slice()).map(Arc::clone);
        let shared = shared.unwrap_or_else(|| {
            let shared: Arc<[Condition]> = plain.into();
            self.conditions.insert(Arc::clone(&shared));
            shared
        });
        (shared, lines)
    }
}

impl Lowering<'_> {
    fn tool(&mut self, tool: &Tool, interface: model::Interface) -> model::Tool {
        model::Tool {
            interface,
            scope: tool.scope.clone(),
            allow: self.allows(tool),
            deny: self.denies(&tool.denies),
            limits: self.limits(tool),
        }
    }

    fn allows(&mut self, tool: &Tool) -> Vec<model::Rule> {
        let mut rules = Vec::new();
        // Allows without conditions of their own have those of their requires.
        let mut of_requires: BTreeMap<&[usize], Lists> = BTreeMap::new();
        for join in &tool.joins {
            let Some(allow) = tool.allows.get(join.allow) else { continue };
            let known = of_requires.get(join.requires.as_slice()).filter(|_| allow.conditions.is_empty());
            let lists = match known {
                Some(lists) => lists.clone(),
                None => {
                    let all =
                        joined(tool, allow, &join.requires).into_iter().flat_map(|rule| &rule.conditions);
                    self.shared.lists(&normal::tightened(all))
                }
            };
            if allow.conditions.is_empty() {
                of_requires.entry(&join.requires).or_insert_with(|| lists.clone());
            }
            let action = Some(Arc::clone(&join.action));
            self.rules(Effect::Allow, &allow.head, action, &join.targets, &lists, &mut rules);
        }
        rules
    }

    fn denies(&mut self, denies: &[Rule]) -> Vec<model::Rule> {
        let mut rules = Vec::new();
        for deny in denies {
            let lists = self.shared.lists(&normal::tightened(&deny.conditions));
            let targets = expand(&deny.targets);
            let actions: Vec<Option<Arc<str>>> = match &deny.actions {
                Actions::Any => vec![None],
                Actions::Named(names) => names.iter().cloned().map(Some).collect(),
            };
            for action in actions {
                self.rules(Effect::Deny, &deny.head, action, &targets, &lists, &mut rules);
            }
        }
        rules
    }

    /// One rule for each target.
    fn rules(
        &mut self,
        effect: Effect,
        head: &Head,
        action: Option<Arc<str>>,
        targets: &[model::Target],
        lists: &Lists,
        rules: &mut Vec<model::Rule>,
    ) {
        for target in targets {
            let (action, conditions) = (action.clone(), Arc::clone(&lists.0));
            let rule = model::Rule::new(self.tool_name, effect, action, target.clone(), conditions);
            self.note(rule.id, head, lists);
            rules.push(rule);
        }
    }

    fn limits(&mut self, tool: &Tool) -> Vec<model::Limit> {
        let lowered = tool.limits.iter().map(|limit| {
            let actions = limit.actions.iter().map(ToString::to_string).collect();
            let targets = expand(&limit.targets);
            let lowered = model::Limit::new(
                self.tool_name,
                limit.measure.clone(),
                actions,
                targets,
                limit.max,
                limit.per.clone(),
            );
            self.note(lowered.id, &limit.head, &Lists::default());
            lowered
        });
        lowered.collect()
    }

    fn approvals(&mut self, tool: &Tool, approvals: &mut Vec<model::Approval>) {
        for approval in &tool.approvals {
            let actions = approval.actions.iter().map(ToString::to_string).collect();
            let lists = self.shared.lists(&normal::tightened(&approval.conditions));
            let (conditions, terms) = (lists.0.to_vec(), approval.terms.clone());
            let targets = expand(&approval.targets);
            let lowered = model::Approval::new(self.tool_name, actions, targets, conditions, terms);
            self.note(lowered.id, &approval.head, &lists);
            approvals.push(lowered);
        }
    }

    fn note(&mut self, id: RuleId, head: &Head, lists: &Lists) {
        note(self.map, id, head, lists);
    }
}

/// Remembers where a rule was written; of identical rules, where the first one was.
fn note(map: &mut Map, id: RuleId, head: &Head, (conditions, lines): &Lists) {
    let here = || Origin {
        line: head.line,
        span: head.span,
        text: Arc::clone(&head.text),
        label: head.label.clone(),
        docs: Arc::clone(&head.docs),
        conditions: Arc::clone(conditions),
        lines: Arc::clone(lines),
    };
    let known = map.origins.entry(id).or_insert_with(here);
    if head.line < known.line {
        *known = here();
    }
}
