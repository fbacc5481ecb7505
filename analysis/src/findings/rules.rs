//! Rules that never apply, or only where others do.

use std::collections::{BTreeMap, BTreeSet};

use wpc_model::{Condition, Effect, Rule, RuleId, Slot, Target};

use super::{Look, Problem};
use crate::answer::Answer;
use crate::formula::Formula;
use crate::measure::at_least;
use crate::question::Avoid;
use crate::site::{Key, Site, least};

/// Whether rules with these conditions can apply at a site, where their names exclude nothing.
type Known<'p> = BTreeMap<(Key<'p>, &'p [Condition]), bool>;

impl<'p> Look<'_, 'p> {
    pub(super) fn rules(&mut self) {
        let rules = self.rules;
        for (name, tool) in &rules.policy.tools {
            let sites: Vec<&Site<'p>> = rules.sites.values().filter(|site| site.key.0 == name).collect();
            for (effect, list) in [(Effect::Deny, &tool.deny), (Effect::Allow, &tool.allow)] {
                let mut of_action: BTreeMap<&str, Vec<&Site<'p>>> = BTreeMap::new();
                sites.iter().for_each(|site| of_action.entry(site.key.1).or_default().push(site));
                let (mut known, mut dropped) = (Known::new(), BTreeSet::new());
                for rule in list {
                    let all = match rule.action.as_deref() {
                        Some(action) => of_action.get(action).map(Vec::as_slice).unwrap_or_default(),
                        None => sites.as_slice(),
                    };
                    let speaks = |site: &&&Site<'p>| match &rule.target {
                        Target::Any => true,
                        Target::Of { kind, .. } => site.key.2 == Some(&**kind),
                    };
                    let here: Vec<&Site<'p>> = all.iter().filter(speaks).copied().collect();
                    self.rule(rule, effect, &here, &mut known, &mut dropped);
                }
            }
        }
    }

    fn rule(
        &mut self,
        rule: &'p Rule,
        effect: Effect,
        sites: &[&Site<'p>],
        known: &mut Known<'p>,
        dropped: &mut BTreeSet<RuleId>,
    ) {
        if sites.is_empty() {
            return;
        }
        if !sites.iter().any(|site| self.can_apply(rule, effect, site, known)) {
            self.idle.insert(rule.id);
            dropped.insert(rule.id);
            self.report(Problem::Contradiction, rule.id, Vec::new(), None);
            return;
        }
        let empty = BTreeSet::new();
        if effect == Effect::Allow
            && let Some(by) = self.covering(rule, effect, sites, Effect::Deny, &empty)
        {
            self.idle.insert(rule.id);
            dropped.insert(rule.id);
            self.report(Problem::Denied, rule.id, by, None);
            return;
        }
        // Of two rules that cover each other only one is in vain.
        dropped.insert(rule.id);
        match self.covering(rule, effect, sites, effect, dropped) {
            Some(by) => self.report(Problem::Redundant, rule.id, by, None),
            None => {
                dropped.remove(&rule.id);
            }
        }
    }

    /// Whether some call meets the rule, as far as can be told.
    fn can_apply(&mut self, rule: &'p Rule, effect: Effect, site: &Site<'p>, known: &mut Known<'p>) -> bool {
        let is_plain = match &rule.target {
            Target::Any => true,
            Target::Of { slots, .. } => slots.iter().all(|slot| !matches!(slot, Slot::Like(_))),
        };
        if is_plain && rule.conditions.is_empty() {
            return true;
        }
        let key = (site.key, &*rule.conditions);
        if let Some(known) = known.get(&key).filter(|_| is_plain) {
            return *known;
        }
        let formula = worth(site, rule, effect);
        let found = self.asker.find(self.rules, site, formula, &[]) != Answer::No;
        if is_plain {
            known.insert(key, found);
        }
        found
    }

    /// The rules of `by` without which some call would meet `rule`, and with which none does.
    fn covering(
        &mut self,
        rule: &'p Rule,
        effect: Effect,
        sites: &[&Site<'p>],
        by: Effect,
        but: &BTreeSet<RuleId>,
    ) -> Option<Vec<RuleId>> {
        let mut all = BTreeSet::new();
        for site in sites {
            let near = site.near(by, &rule.target);
            if near.iter().all(|one| but.contains(&one.id)) {
                return None;
            }
            let formula =
                if by == effect { site.rule(rule, effect, least(effect)) } else { worth(site, rule, effect) };
            let avoid = Avoid { site, effect: by, but };
            if self.asker.find(self.rules, site, formula, &[avoid]) != Answer::No {
                return None;
            }
            all.extend(self.asker.involved());
        }
        Some(all.into_iter().collect())
    }
}

/// That a rule applies to a call that does something: an allow of every element of a batch holds of an
/// empty one whatever it asks for, and nobody means that.
fn worth(site: &Site<'_>, rule: &Rule, effect: Effect) -> Formula {
    let holds = site.rule(rule, effect, least(effect));
    match site.action.batch().filter(|_| effect == Effect::Allow) {
        Some((batch, _)) => Formula::All(vec![holds, at_least(site, batch, 1)]),
        None => holds,
    }
}
