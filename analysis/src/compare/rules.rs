//! Calls that the one policy's rules allow and the other's do not.

use std::collections::BTreeSet;

use wpc_model::{Effect, Field, Interface, Rule, RuleId, Type};

use super::{Part, Shown, Side};
use crate::answer::Answer;
use crate::bound::Bound;
use crate::formula::Formula;
use crate::question::Avoid;
use crate::site::Site;

/// No rule.
static NONE: BTreeSet<RuleId> = BTreeSet::new();
/// Most allows of one policy that are shown to be wider: a few persuade, all would take long.
const MAX_SHOWN: usize = 100;

impl<'p> Side<'_, 'p> {
    pub(super) fn rules(&mut self) {
        let (more, less) = (self.more, self.less);
        let mut shown = 0_usize;
        for site in more.sites.values() {
            let other = less.sites.get(&site.key).filter(|other| same_place(site, other));
            let common = Common::of(site, other);
            for allow in site.rules(Effect::Allow) {
                if shown >= MAX_SHOWN {
                    self.found.more = true;
                    return;
                }
                if self.allow(site, other, &common, allow) {
                    shown = shown.saturating_add(1);
                }
            }
        }
    }

    /// Whether something that `allow` allows was reported that the other policy does not allow.
    fn allow(&mut self, site: &Site<'p>, other: Option<&Site<'p>>, common: &Common, allow: &'p Rule) -> bool {
        let rule = allow.id;
        let own = Avoid { site, effect: Effect::Deny, but: &NONE };
        let holds = site.rule(allow, Effect::Allow, Bound::True);
        let Some(other) = other else {
            // Nothing there is so called, or it is another thing that is: what it says of the call
            // does not matter.
            return match self.asker.find(self.more, site, holds, &[own]) {
                Answer::Yes(case) if self.more.allow(&case) => {
                    self.report(Part::Allow { rule, denied_by: None }, Shown::Call(Box::new(case)));
                    true
                }
                Answer::No => false,
                Answer::Yes(_) | Answer::Undecided => {
                    let part = Part::Allow { rule, denied_by: None };
                    let rules = self.turned_on(&part);
                    self.report(part, Shown::Undecided(rules));
                    false
                }
            };
        };
        if !common.alike {
            // The same words may mean other things: only a call that shows it decides.
            return self.ask_unlike(site, other, holds, own, rule);
        }
        if !common.allows.contains(&rule) {
            let theirs = Avoid { site: other, effect: Effect::Allow, but: &NONE };
            if self.ask(site, holds.clone(), &[own, theirs], Part::Allow { rule, denied_by: None }) {
                return true;
            }
        }
        for deny in other.near(Effect::Deny, &allow.target) {
            if common.denies.contains(&deny.id) {
                continue;
            }
            let hits = other.rule(deny, Effect::Deny, Bound::NotFalse);
            let both = Formula::All(vec![holds.clone(), hits]);
            if self.ask(site, both, &[own], Part::Allow { rule, denied_by: Some(deny.id) }) {
                return true;
            }
        }
        false
    }

    /// Reports the call that is asked for, if there is one or it cannot be told.
    fn ask(&mut self, site: &Site<'p>, formula: Formula, avoid: &[Avoid<'_, 'p>], part: Part) -> bool {
        match self.asker.find(self.more, site, formula, avoid) {
            Answer::Yes(case) if self.more.allow(&case) && !self.less.allow(&case) => {
                self.report(part, Shown::Call(Box::new(case)));
                true
            }
            Answer::No => false,
            Answer::Yes(_) | Answer::Undecided => {
                let rules = self.turned_on(&part);
                self.report(part, Shown::Undecided(rules));
                false
            }
        }
    }

    /// As [`Side::ask`], where the two interfaces differ here.
    fn ask_unlike(
        &mut self,
        site: &Site<'p>,
        other: &Site<'p>,
        holds: Formula,
        own: Avoid<'_, 'p>,
        rule: RuleId,
    ) -> bool {
        let part = Part::Allow { rule, denied_by: None };
        let theirs = Avoid { site: other, effect: Effect::Allow, but: &NONE };
        for avoid in [&[own, theirs][..], &[own][..]] {
            match self.asker.find(self.more, site, holds.clone(), avoid) {
                Answer::Yes(case) if self.more.allow(&case) && !self.less.allow(&case) => {
                    self.report(part, Shown::Call(Box::new(case)));
                    return true;
                }
                // Of what it never allows nothing can differ.
                Answer::No if avoid.len() == 1 => return false,
                Answer::Yes(_) | Answer::No | Answer::Undecided => {}
            }
        }
        let rules = self.turned_on(&part);
        self.report(part, Shown::Undecided(rules));
        false
    }

    fn turned_on(&self, part: &Part) -> Vec<RuleId> {
        let mut rules = self.asker.involved();
        if let Part::Allow { rule, denied_by } = part {
            rules.extend([*rule].into_iter().chain(*denied_by));
        }
        rules.sort_unstable();
        rules.dedup();
        rules
    }
}

/// What two policies have in common at one site.
struct Common {
    alike: bool,
    allows: BTreeSet<RuleId>,
    denies: BTreeSet<RuleId>,
}

impl Common {
    fn of(site: &Site<'_>, other: Option<&Site<'_>>) -> Self {
        let ids = |effect| -> BTreeSet<RuleId> {
            let Some(other) = other else { return BTreeSet::new() };
            let own: BTreeSet<RuleId> = site.rules(effect).map(|rule| rule.id).collect();
            other.rules(effect).map(|rule| rule.id).filter(|id| own.contains(id)).collect()
        };
        let alike = other.is_some_and(|other| alike(site, other));
        Self { alike, allows: ids(Effect::Allow), denies: ids(Effect::Deny) }
    }
}

/// Whether both act on the same things: else the same call is another one.
fn same_place(one: &Site<'_>, other: &Site<'_>) -> bool {
    let place = |site: &Site<'_>| (site.tool.interface.name.clone(), site.tool.scope.clone());
    let kind = |site: &Site<'_>| site.key.2.and_then(|kind| site.tool.interface.kinds.get(kind)).cloned();
    place(one) == place(other)
        && one.tool.interface.scope == other.tool.interface.scope
        && kind(one) == kind(other)
        && one.action.wire == other.action.wire
}

/// Whether both have the same calls: the same arguments of the same types.
pub(super) fn alike(one: &Site<'_>, other: &Site<'_>) -> bool {
    let shape = |site: &Site<'_>| {
        let mut records = BTreeSet::new();
        site.fields.values().for_each(|field| reach(&site.tool.interface, &field.ty, &mut records));
        records
    };
    let names = shape(one);
    let record = |site: &Site<'_>, name: &String| site.tool.interface.records.get(name).cloned();
    same_fields(&one.fields, &other.fields)
        && names == shape(other)
        && names.iter().all(|name| match (record(one, name), record(other, name)) {
            (Some(left), Some(right)) => same_fields(&left.fields, &right.fields),
            _ => false,
        })
}

/// Marks that bind only the policy's author do not matter here.
fn same_fields(
    one: &std::collections::BTreeMap<String, Field>,
    other: &std::collections::BTreeMap<String, Field>,
) -> bool {
    let same = |(left, right): (&Field, &Field)| {
        let (left, right) = (left.clone(), right.clone());
        Field { must_state: false, ..left } == Field { must_state: false, ..right }
    };
    one.keys().eq(other.keys()) && one.values().zip(other.values()).all(same)
}

/// Every record that a value of `ty` may hold.
fn reach(interface: &Interface, ty: &Type, records: &mut BTreeSet<String>) {
    if let Type::List(member) | Type::Set(member) | Type::Map(member) = ty {
        reach(interface, member, records);
    }
    if let Type::Record(name) | Type::Batch(name) = ty
        && records.insert(name.clone())
    {
        let fields = interface.records.get(name).map(|record| record.fields.values());
        fields.into_iter().flatten().for_each(|field| reach(interface, &field.ty, records));
    }
}
