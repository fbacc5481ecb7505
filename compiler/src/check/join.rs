//! What allows and requires amount to together, and how much that is.
//!
//! Each resource of each allow gets the requires that speak of it. A require that speaks of only
//! part of a pattern has no place in a normal form of conjunctions, and is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use wpc_model::{self as model, Condition, Effect, MAX_CONDITIONS, MAX_STATEMENTS, Test, Value};

use super::Checker;
use crate::checked::{Actions, Approval, Checked, Head, Join, Rule, Slot, Target, Tool};
use crate::coverage::Coverage;
use crate::{Code, Diagnostic, bounds};

/// Most rules that a policy may expand to. (The model's own bound is for one list of one tool.)
const MAX_RULES: usize = 1 << 18;
/// Most constants that the conditions of all rules may hold together, so that a long list in a rule
/// of many resources cannot fill the memory.
const MAX_CONSTANTS: usize = 1 << 23;

/// What is left of the bounds.
struct Budget {
    rules: usize,
    constants: usize,
}

impl Checker<'_, '_, '_> {
    /// Fills in [`Tool::joins`] and reports rules that cannot apply once joined.
    pub(super) fn join(&mut self, checked: &mut Checked) {
        let approvals: Vec<&Approval> = checked.tools.values().flat_map(|tool| &tool.approvals).collect();
        bounds::few(approvals.len(), MAX_STATEMENTS, "approvals", checked.place, self.problems);
        let mut budget = Budget { rules: MAX_RULES, constants: MAX_CONSTANTS };
        for tool in checked.tools.values_mut() {
            bounds::few(tool.limits.len(), MAX_STATEMENTS, "limits", tool.place, self.problems);
            self.few_targets(tool);
            let others = tool
                .denies
                .iter()
                .map(|rule| (&rule.head, size(&rule.actions, &rule.targets), weight(&[rule])));
            let limits = tool.limits.iter().map(|limit| (&limit.head, count(&limit.targets), 0));
            let approvals =
                tool.approvals.iter().map(|approval| (&approval.head, count(&approval.targets), 0));
            for (head, rules, constants) in others.chain(limits).chain(approvals) {
                if !self.spend(&mut budget, head, rules, constants) {
                    return;
                }
            }
            let Some(joins) = self.joins(tool, &mut budget) else { return };
            tool.joins = joins;
        }
    }

    fn joins(&mut self, tool: &Tool, budget: &mut Budget) -> Option<Vec<Join>> {
        let mut requires = Coverage::default();
        for (id, rule) in tool.requires.iter().enumerate() {
            requires.add(id, &rule.actions, &rule.targets);
        }
        let mut joins = Vec::new();
        for (index, allow) in tool.allows.iter().enumerate() {
            if !self.spend(budget, &allow.head, size(&allow.actions, &allow.targets), 0) {
                return None;
            }
            let Actions::Named(actions) = &allow.actions else { continue };
            let targets = expand(&allow.targets);
            for action in actions {
                let mut groups: BTreeMap<Vec<usize>, Vec<model::Target>> = BTreeMap::new();
                for target in &targets {
                    let Ok(found) = requires.find(action, target) else {
                        self.too_many(&allow.head, "needs too many comparisons with the policy's `require`s");
                        return None;
                    };
                    if let Some(first) = found.partial.first().and_then(|id| tool.requires.get(*id)) {
                        self.partly_required(allow, first, target);
                        continue;
                    }
                    groups.entry(found.covering).or_default().push(target.clone());
                }
                for (requires, targets) in groups {
                    let constants = weight(&joined(tool, allow, &requires)).saturating_mul(targets.len());
                    if !self.spend(budget, &allow.head, Some(0), constants) {
                        return None;
                    }
                    joins.push(Join { allow: index, action: action.clone(), targets, requires });
                }
            }
        }
        for join in &joins {
            self.joined_can_apply(tool, join);
        }
        Some(joins)
    }

    fn few_targets(&mut self, tool: &Tool) {
        let limits = tool.limits.iter().map(|limit| (&limit.head, &limit.targets));
        let approvals = tool.approvals.iter().map(|approval| (&approval.head, &approval.targets));
        for (head, targets) in limits.chain(approvals) {
            let found = count(targets).unwrap_or(usize::MAX);
            bounds::few(found, MAX_STATEMENTS, "resources in one statement", head.span, self.problems);
        }
    }

    /// Whether an allow with its requires can be true; each alone was seen to already.
    fn joined_can_apply(&mut self, tool: &Tool, join: &Join) {
        let Some(allow) = tool.allows.get(join.allow) else { return };
        if join.requires.is_empty() {
            return;
        }
        let rules = joined(tool, allow, &join.requires);
        let conditions: Vec<_> = rules.iter().flat_map(|rule| &rule.conditions).cloned().collect();
        if !bounds::few(
            conditions.len(),
            MAX_CONDITIONS,
            "conditions in one rule",
            allow.head.span,
            self.problems,
        ) {
            return;
        }
        self.can_apply(&conditions, Effect::Allow, &allow.head);
    }

    fn partly_required(&mut self, allow: &Rule, require: &Rule, target: &model::Target) {
        let target = match target {
            model::Target::Of { kind, slots } if slots.iter().all(|slot| *slot == model::Slot::Any) => {
                format!("any {kind}")
            }
            model::Target::Of { kind, .. } => format!("a pattern of `{kind}`"),
            model::Target::Any => "any resource".to_owned(),
        };
        self.problems.report(
            Diagnostic::error(
                Code::PartlyRequired,
                allow.head.span,
                format!("found an `allow` of {target}, of which a `require` covers only a part"),
                "needs the conditions for some resources and not for others",
            )
            .also(require.head.span, "speaks of some of these resources")
            .help("split the `allow`, or widen the `require`")
            .of_rule(allow.head.name()),
        );
    }

    fn spend(&mut self, budget: &mut Budget, head: &Head, rules: Option<usize>, constants: usize) -> bool {
        let left = rules
            .and_then(|rules| budget.rules.checked_sub(rules))
            .zip(budget.constants.checked_sub(constants));
        let Some((rules, constants)) = left else {
            self.too_many(head, "is too many from here on");
            return false;
        };
        *budget = Budget { rules, constants };
        true
    }

    fn too_many(&mut self, head: &Head, label: &str) {
        self.problems.report(
            Diagnostic::error(
                Code::TooMany,
                head.span,
                format!("found a policy of more than {MAX_RULES} rules, or {MAX_CONSTANTS} constants in all rules together"),
                label,
            )
            .help("split the policy, or use a pattern in place of long lists")
            .of_rule(head.name()),
        );
    }
}

/// An allow and the requires that join it.
pub(crate) fn joined<'t>(tool: &'t Tool, allow: &'t Rule, requires: &[usize]) -> Vec<&'t Rule> {
    std::iter::once(allow).chain(requires.iter().filter_map(|id| tool.requires.get(*id))).collect()
}

/// Targets in normal form: one for each resource.
pub(crate) fn expand(targets: &[Target]) -> Vec<model::Target> {
    let mut expanded = Vec::new();
    for target in targets {
        let Target::Of { kind, slots, .. } = target else {
            expanded.push(model::Target::Any);
            continue;
        };
        let mut combinations: Vec<Vec<model::Slot>> = vec![Vec::with_capacity(slots.len())];
        for slot in slots {
            let choices: Vec<model::Slot> = match slot {
                Slot::Any => vec![model::Slot::Any],
                Slot::Like(pattern) => vec![model::Slot::Like(pattern.clone())],
                Slot::OneOf(names) => names.iter().cloned().map(model::Slot::Exact).collect(),
            };
            combinations = combinations
                .iter()
                .flat_map(|before| {
                    choices.iter().map(move |choice| before.iter().chain([choice]).cloned().collect())
                })
                .collect();
        }
        expanded.extend(
            combinations.into_iter().map(|slots| model::Target::Of { kind: Arc::clone(kind), slots }),
        );
    }
    expanded
}

/// How many rules a statement expands to; `None` if that overflows.
fn size(actions: &Actions, targets: &[Target]) -> Option<usize> {
    let actions = match actions {
        Actions::Any => 1,
        Actions::Named(names) => names.len(),
    };
    count(targets)?.checked_mul(actions)
}

fn count(targets: &[Target]) -> Option<usize> {
    targets.iter().try_fold(0_usize, |sum, target| {
        let names = |slot: &Slot| match slot {
            Slot::OneOf(names) => names.len(),
            Slot::Any | Slot::Like(_) => 1,
        };
        let product = match target {
            Target::Any => 1,
            Target::Of { slots, .. } => {
                slots.iter().try_fold(1_usize, |product, slot| product.checked_mul(names(slot)))?
            }
        };
        sum.checked_add(product)
    })
}

/// How many constants the conditions of rules hold.
fn weight(rules: &[&Rule]) -> usize {
    rules.iter().flat_map(|rule| &rule.conditions).map(|placed| constants(&placed.condition)).sum()
}

fn constants(condition: &Condition) -> usize {
    match &condition.test {
        Test::Has(set)
        | Test::In(set)
        | Test::Lacks(set)
        | Test::NotIn(set)
        | Test::UnderDomain(set)
        | Test::UnderPath(set)
        | Test::WithinCidr(set) => 1 + set.len(),
        Test::From(sources) => 1 + sources.len(),
        Test::Compare(_, Value::Text(text)) | Test::Like(text) | Test::Matches(text) => 1 + text.len() / 64,
        Test::Compare(..) | Test::Conforms(_) | Test::Absent | Test::Present => 1,
    }
}
