//! Limits and approvals that never matter, or matter too much.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{Condition, Effect, Limit, Measure, Rule, RuleId, Slot, Target, Tool};

use super::{Look, Problem};
use crate::answer::Answer;
use crate::bound::Bound;
use crate::formula::Formula;
use crate::measure::{at_least, at_most, is_as_tight};
use crate::question::Avoid;
use crate::site::{Case, Key, Site};

impl<'a, 'p> Look<'a, 'p> {
    pub(super) fn limits(&mut self) {
        let rules = self.rules;
        for (name, tool) in &rules.policy.tools {
            let mut dropped = BTreeSet::new();
            for limit in &tool.limits {
                let sites = self.sites(name, &limit.actions);
                let counts = |site: &Site<'p>| statement(site, &limit.targets, &[], Bound::NotFalse);
                let mut counted = Vec::new();
                for site in sites {
                    if self.asker.admitted(rules, site, &counts(site), &limit.targets) != Answer::No {
                        counted.push(site);
                    }
                }
                if counted.is_empty() {
                    if !self.follows(&limit.targets, &self.sites(name, &limit.actions)) {
                        self.report(Problem::IdleLimit, limit.id, Vec::new(), None);
                    }
                } else if let Some(other) = self.reached_first(tool, limit, &counted, &dropped) {
                    dropped.insert(limit.id);
                    self.report(Problem::Unreached, limit.id, vec![other], None);
                }
                if let Measure::Argument(measure) = &limit.measure {
                    self.over(limit, measure, &counted);
                }
            }
        }
    }

    /// Where one of `actions` is spoken of.
    fn sites(&self, tool: &str, actions: &[String]) -> Vec<&'a Site<'p>> {
        let here = |site: &&Site<'p>| site.key.0 == tool && actions.iter().any(|action| action == site.key.1);
        self.rules.sites.values().filter(here).collect()
    }

    /// Whether a duty is idle only because the allows that it is for are: that is told of them.
    fn follows(&self, targets: &[Target], sites: &[&Site<'p>]) -> bool {
        let mut allows = sites.iter().flat_map(|site| site.near_any(Effect::Allow, targets)).peekable();
        allows.peek().is_some() && allows.all(|allow| self.idle.contains(&allow.id))
    }

    /// Another limit that lets through no more of all that `limit` counts.
    fn reached_first(
        &mut self,
        tool: &'p Tool,
        limit: &Limit,
        counted: &[&Site<'p>],
        dropped: &BTreeSet<RuleId>,
    ) -> Option<RuleId> {
        let others = tool.limits.iter().filter(|other| {
            other.id != limit.id && !dropped.contains(&other.id) && is_as_tight(other, limit)
        });
        for other in others {
            let covers = counted.iter().all(|site| {
                let outside = vec![
                    statement(site, &limit.targets, &[], Bound::NotFalse),
                    statement(site, &other.targets, &[], Bound::False),
                ];
                other.actions.iter().any(|action| action == site.key.1)
                    && self.asker.admitted(self.rules, site, &Formula::All(outside), &limit.targets)
                        == Answer::No
            });
            if covers {
                return Some(other.id);
            }
        }
        None
    }

    /// Allows of which every call that charges anything charges more than `limit` ever admits.
    fn over(&mut self, limit: &Limit, measure: &str, counted: &[&Site<'p>]) {
        let mut known: BTreeMap<(Key<'p>, &[Condition]), bool> = BTreeMap::new();
        let everywhere = limit.targets.as_slice() == [Target::Any];
        for site in counted {
            for allow in site.near_any(Effect::Allow, &limit.targets) {
                if self.idle.contains(&allow.id) {
                    continue;
                }
                let key = (site.key, &*allow.conditions);
                let plain =
                    everywhere && is_named(&allow.target) && site.rules(Effect::Deny).next().is_none();
                if known.get(&key).is_some_and(|over| plain && !over) {
                    continue;
                }
                let over = self.is_over(site, allow, limit, measure);
                known.insert(key, over.is_some());
                if let Some(case) = over {
                    self.report(Problem::OverLimit, allow.id, vec![limit.id], Some(case));
                }
            }
        }
    }

    /// A call that `allow` allows and `limit` refuses, if that is so of all of them.
    fn is_over(&mut self, site: &Site<'p>, allow: &'p Rule, limit: &Limit, measure: &str) -> Option<Case> {
        let holds = site.rule(allow, Effect::Allow, Bound::True);
        let none = BTreeSet::new();
        let denies = [Avoid { site, effect: Effect::Deny, but: &none }];
        let uncounted = statement(site, &limit.targets, &[], Bound::False);
        let within = Formula::Any(vec![uncounted, at_most(site, measure, limit.max)]);
        let within = Formula::All(vec![holds.clone(), within]);
        if self.asker.find(self.rules, site, within, &denies) != Answer::No {
            return None;
        }
        let over = Formula::All(vec![holds, at_least(site, measure, limit.max.checked_add(1)?)]);
        match self.asker.find(self.rules, site, over, &denies) {
            Answer::Yes(case) if self.rules.allow(&case) => Some(case),
            Answer::Yes(_) | Answer::No | Answer::Undecided => None,
        }
    }

    pub(super) fn approvals(&mut self) {
        let rules = self.rules;
        for approval in &rules.policy.approvals {
            let sites = self.sites(&approval.tool, &approval.actions);
            // Of actions that nothing allows the compiler speaks.
            let allowed = |site: &&Site<'p>| site.rules(Effect::Allow).next().is_some();
            if !sites.iter().any(allowed) {
                continue;
            }
            let asked =
                |site: &Site<'p>| statement(site, &approval.targets, &approval.conditions, Bound::NotFalse);
            let mut idle = !self.follows(&approval.targets, &sites);
            for site in sites {
                idle =
                    idle && self.asker.admitted(rules, site, &asked(site), &approval.targets) == Answer::No;
            }
            if idle {
                self.report(Problem::IdleApproval, approval.id, Vec::new(), None);
            }
        }
    }
}

fn statement(site: &Site<'_>, targets: &[Target], conditions: &[Condition], bound: Bound) -> Formula {
    site.statement(targets, conditions, Effect::Deny, bound)
}

/// Whether its names exclude nothing that conditions ask for.
fn is_named(target: &Target) -> bool {
    match target {
        Target::Any => false,
        Target::Of { slots, .. } => slots.iter().all(|slot| matches!(slot, Slot::Exact(_))),
    }
}
