//! A policy's rules by what they speak of: an action, a kind of resource, names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wpc_model::{
    Action, Call, Condition, Effect, Field, Moment, Policy, Resource, Rule, RuleId, Ruling, Slot, Step,
    Subject, Target, Tool, Truth, Type, Value, rule,
};

use crate::bound::Bound;
use crate::formula::{Formula, Literal, TIME, Values, WEEKDAY, outside, slot_name};

/// From midnight to midnight, in milliseconds.
pub(crate) const MS_PER_DAY: i64 = 86_400_000;
/// 2026-01-01, in Unix milliseconds.
const FIRST_DAY: i64 = 1_767_225_600_000;

/// So many rules are asked one by one.
const FEW_RULES: usize = 64;

/// A policy and its rules at every [`Site`].
#[derive(Debug)]
pub(crate) struct Rules<'p> {
    pub(crate) policy: &'p Policy,
    pub(crate) sites: BTreeMap<Key<'p>, Site<'p>>,
}

/// A tool, one of its actions, and a resource kind that it takes, if it takes any.
pub(crate) type Key<'p> = (&'p str, &'p str, Option<&'p str>);

/// One action of one tool on one kind of resource.
#[derive(Debug)]
pub(crate) struct Site<'p> {
    pub(crate) key: Key<'p>,
    pub(crate) tool: &'p Tool,
    pub(crate) action: &'p Action,
    /// What values a call here has: its arguments, and its resource's names.
    pub(crate) fields: BTreeMap<String, Field>,
    slots: usize,
    allow: Index,
    deny: Index,
}

/// Rules by the names in their slots. Names compare without letter case: what differs so is spoken
/// of too.
#[derive(Debug, Default)]
struct Index {
    /// Those with a name in every slot.
    exact: BTreeMap<Vec<String>, Vec<usize>>,
    broad: Vec<usize>,
}

impl<'p> Rules<'p> {
    pub(crate) fn of(policy: &'p Policy) -> Self {
        let mut sites = BTreeMap::new();
        for (name, tool) in &policy.tools {
            for (of, action) in &tool.interface.actions {
                if action.kinds.is_empty() {
                    let key = (name.as_str(), of.as_str(), None);
                    sites.insert(key, Site::new(key, tool, action));
                }
                for kind in &action.kinds {
                    let key = (name.as_str(), of.as_str(), Some(kind.as_str()));
                    sites.insert(key, Site::new(key, tool, action));
                }
            }
            for (index, rule) in tool.allow.iter().enumerate() {
                note(&mut sites, name, tool, rule, |site| site.allow.add(index, &rule.target));
            }
            for (index, rule) in tool.deny.iter().enumerate() {
                note(&mut sites, name, tool, rule, |site| site.deny.add(index, &rule.target));
            }
        }
        Self { policy, sites }
    }

    /// Whether the policy's rules allow `call`; what it does not know is no call of it.
    pub(crate) fn allow(&self, Case { call, moment }: &Case) -> bool {
        let Some(tool) = self.policy.tools.get(&call.tool).filter(|_| call.is_complete(self.policy)) else {
            return false;
        };
        let few = tool.allow.len().saturating_add(tool.deny.len()) <= FEW_RULES;
        let near = if few { None } else { self.near(call) };
        matches!(rule(near.as_ref().unwrap_or(tool), call, *moment), Ruling::Allow { .. })
    }

    /// The call's tool with those of its rules that may speak of the call: of ten thousand rules on named
    /// resources the others are false whatever their conditions say.
    fn near(&self, call: &Call) -> Option<Tool> {
        let kind = call.resource.as_ref().map(|resource| resource.kind.as_str());
        let site = self.sites.get(&(call.tool.as_str(), call.action.as_str(), kind))?;
        let names: Vec<String> =
            call.resource.iter().flat_map(|one| &one.names).map(|one| one.to_ascii_lowercase()).collect();
        let rules = |effect| {
            let (rules, index) = site.list(effect);
            index.of(&names).filter_map(|at| rules.get(at)).cloned().collect()
        };
        Some(Tool {
            interface: site.tool.interface.clone(),
            scope: Vec::new(),
            allow: rules(Effect::Allow),
            deny: rules(Effect::Deny),
            limits: Vec::new(),
        })
    }

    /// Whether a rule reads the clock, so that what is allowed now may not be later.
    pub(crate) fn read_the_clock(&self) -> bool {
        let rules = self.policy.tools.values().flat_map(|tool| tool.allow.iter().chain(&tool.deny));
        rules.flat_map(|rule| rule.conditions.iter()).any(|one| one.subject.is_of_clock())
    }
}

/// Notes a rule at every site that it speaks of.
fn note<'p>(
    sites: &mut BTreeMap<Key<'p>, Site<'p>>,
    name: &'p str,
    tool: &'p Tool,
    rule: &'p Rule,
    mut add: impl FnMut(&mut Site<'p>),
) {
    let one = |action: &'p str| {
        let kinds =
            tool.interface.actions.get(action).map(|found| found.kinds.as_slice()).unwrap_or_default();
        let all = kinds.iter().map(|kind| Some(kind.as_str())).chain(kinds.is_empty().then_some(None));
        let spoken_of = |kind: &Option<&str>| match &rule.target {
            Target::Any => true,
            Target::Of { kind: of, .. } => *kind == Some(&**of),
        };
        all.filter(spoken_of).map(move |kind| (name, action, kind)).collect::<Vec<_>>()
    };
    let keys: Vec<Key<'p>> = match &rule.action {
        Some(action) => one(action),
        None => tool.interface.actions.keys().flat_map(|action| one(action)).collect(),
    };
    for key in keys {
        if let Some(site) = sites.get_mut(&key) {
            add(site);
        }
    }
}

impl Index {
    fn add(&mut self, index: usize, target: &Target) {
        match names(target) {
            Some(names) => self.exact.entry(names).or_default().push(index),
            None => self.broad.push(index),
        }
    }

    /// Those that may speak of a resource with these lower-case names.
    fn of(&self, names: &[String]) -> impl Iterator<Item = usize> {
        self.exact.get(names).into_iter().flatten().chain(&self.broad).copied()
    }

    fn all(&self) -> impl Iterator<Item = usize> {
        self.exact.values().flatten().chain(&self.broad).copied()
    }
}

/// The lower-case names of a target that names one resource.
fn names(target: &Target) -> Option<Vec<String>> {
    let Target::Of { slots, .. } = target else { return None };
    let name = |slot: &Slot| match slot {
        Slot::Exact(name) => Some(name.to_ascii_lowercase()),
        Slot::Any | Slot::Like(_) => None,
    };
    slots.iter().map(name).collect()
}

impl<'p> Site<'p> {
    fn new(key: Key<'p>, tool: &'p Tool, action: &'p Action) -> Self {
        let mut fields = action.arguments.clone();
        let kind = key.2.and_then(|kind| tool.interface.kinds.get(kind));
        let parameters = kind.map(|kind| kind.template.parameters.as_slice()).unwrap_or_default();
        for (index, (_, ty)) in parameters.iter().enumerate() {
            fields.insert(slot_name(index), plain(ty));
        }
        for (name, part) in [(TIME, "time"), (WEEKDAY, "weekday")] {
            let steps = vec![Step::Field(part.to_owned())];
            let clock = Subject { quantifier: None, name: "clock".to_owned(), steps };
            if let Some(ty) = clock.clock_type() {
                fields.insert(name.to_owned(), plain(ty));
            }
        }
        let (allow, deny) = (Index::default(), Index::default());
        Self { key, tool, action, fields, slots: parameters.len(), allow, deny }
    }

    fn list(&self, effect: Effect) -> (&'p [Rule], &Index) {
        match effect {
            Effect::Allow => (&self.tool.allow, &self.allow),
            Effect::Deny => (&self.tool.deny, &self.deny),
        }
    }

    /// Every rule that speaks of something here.
    pub(crate) fn rules(&self, effect: Effect) -> impl Iterator<Item = &'p Rule> {
        let (rules, index) = self.list(effect);
        index.all().filter_map(|at| rules.get(at))
    }

    /// The rules that may speak of something of which `target` speaks.
    pub(crate) fn near(&self, effect: Effect, target: &Target) -> Vec<&'p Rule> {
        let (rules, index) = self.list(effect);
        match names(target) {
            Some(names) => index.of(&names).filter_map(|at| rules.get(at)).collect(),
            None => index.all().filter_map(|at| rules.get(at)).collect(),
        }
    }

    /// As [`Site::near`], of several targets, each rule once.
    pub(crate) fn near_any(&self, effect: Effect, targets: &[Target]) -> Vec<&'p Rule> {
        let mut found: Vec<_> = targets.iter().flat_map(|target| self.near(effect, target)).collect();
        found.sort_by_key(|rule| rule.id);
        found.dedup_by_key(|rule| rule.id);
        found
    }

    /// The first rule of `effect` that is so much true of `values`, except `but`.
    pub(crate) fn first(&self, effect: Effect, values: &Values, but: &BTreeSet<RuleId>) -> Option<&'p Rule> {
        let least = least(effect);
        let (rules, index) = self.list(effect);
        let lower = |at| Some(values.get(&slot_name(at))?.as_text()?.to_ascii_lowercase());
        let names: Vec<String> = (0..self.slots).map_while(lower).collect();
        let hits = |rule: &&Rule| {
            !but.contains(&rule.id)
                && least.admits(self.speaks(&rule.target, values))
                && self.rule(rule, effect, least).holds(values)
        };
        index.of(&names).filter_map(|at| rules.get(at)).find(hits)
    }

    /// Whether `target` is the resource among `values`.
    fn speaks(&self, target: &Target, values: &Values) -> Truth {
        let Target::Of { slots, .. } = target else { return Truth::True };
        let one = |(index, slot): (usize, &Slot)| match values.get(&slot_name(index)) {
            Some(Value::Text(name)) => slot.matches(name),
            Some(_) | None => Truth::False,
        };
        Truth::all(slots.iter().enumerate().map(one))
    }

    /// `rule` within `bound`.
    pub(crate) fn rule(&self, rule: &Rule, effect: Effect, bound: Bound) -> Formula {
        self.statement(std::slice::from_ref(&rule.target), &rule.conditions, effect, bound)
    }

    /// "The call's resource is one of `targets`, and all `conditions` hold" within `bound`: for an
    /// allow of every element of a batch, for a deny and what is like it of one.
    pub(crate) fn statement(
        &self,
        targets: &[Target],
        conditions: &[Condition],
        effect: Effect,
        bound: Bound,
    ) -> Formula {
        let of_target: Vec<Formula> = targets.iter().map(|target| self.target(target, bound)).collect();
        let target = if bound.is_least() { Formula::Any(of_target) } else { Formula::All(of_target) };
        let (of_element, of_call): (Vec<_>, Vec<_>) =
            conditions.iter().partition(|one| one.subject.is_of_element(self.action));
        let mut parts = vec![target];
        parts.extend(of_call.into_iter().map(|one| {
            if self.tool.interface.is_attested(self.action, one) {
                Formula::attested(one, bound)
            } else {
                Formula::of(one, bound)
            }
        }));
        if let Some((batch, _)) = self.action.batch().filter(|_| !of_element.is_empty()) {
            let of =
                Formula::joined(bound, of_element.into_iter().map(|one| Formula::of(one, bound)).collect());
            let (field, of) = (Arc::from(batch), Arc::new(of));
            let every = (effect == Effect::Allow) == bound.is_least();
            parts.push(Formula::Is(if every {
                Literal::Every { field, of }
            } else {
                Literal::Exists { field, of }
            }));
        }
        Formula::joined(bound, parts)
    }

    fn target(&self, target: &Target, bound: Bound) -> Formula {
        let Target::Of { kind, slots } = target else { return Formula::joined(bound, Vec::new()) };
        if self.key.2 != Some(&**kind) {
            return if bound.is_least() { Formula::FALSE } else { Formula::TRUE };
        }
        let narrow = slots.iter().enumerate().filter(|(_, slot)| **slot != Slot::Any);
        let literal = |(index, slot): (usize, &Slot)| {
            let (field, slot) = (Arc::from(slot_name(index)), Arc::new(slot.clone()));
            Formula::Is(Literal::Slot { field, slot, bound })
        };
        Formula::joined(bound, narrow.map(literal).collect())
    }

    /// The call that `values` describe, and its moment.
    pub(crate) fn case(&self, mut values: Values) -> Case {
        values.retain(|name, _| outside(name).is_none());
        let time = values.remove(TIME).and_then(|time| time.as_int());
        let weekday = values.remove(WEEKDAY);
        let weekday = weekday.as_ref().and_then(Value::as_text).unwrap_or_default();
        let moment = moment(time.unwrap_or(0), weekday);
        let (tool, action, kind) = self.key;
        let mut names = Vec::new();
        for index in 0..self.slots {
            if let Some(Value::Text(name)) = values.remove(&slot_name(index)) {
                names.push(name);
            }
        }
        let resource = kind.map(|kind| Resource { kind: kind.to_owned(), names });
        let call = Call { tool: tool.to_owned(), action: action.to_owned(), resource, arguments: values };
        Case { call, moment }
    }
}

/// A complete call, and when it is decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Case {
    /// The call.
    pub call: Call,
    /// When it is decided: it matters only where a policy reads the clock.
    pub moment: Moment,
}

/// A moment at this time of this day of the week, in the year 2026.
fn moment(time: i64, weekday: &str) -> Moment {
    let at =
        |day: i64| Moment::at(day.saturating_mul(MS_PER_DAY).saturating_add(FIRST_DAY).saturating_add(time));
    (0..7).map(at).find(|moment| moment.weekday() == weekday).unwrap_or(at(0))
}

/// When a rule of this effect applies.
pub(crate) const fn least(effect: Effect) -> Bound {
    match effect {
        Effect::Allow => Bound::True,
        Effect::Deny => Bound::NotFalse,
    }
}

fn plain(ty: &Type) -> Field {
    Field { ty: ty.clone(), optional: false, measured: false, sealed: false, must_state: false }
}
