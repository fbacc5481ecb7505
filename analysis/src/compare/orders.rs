//! What may follow what, one with one: each `separate` and `before` of the one policy against those of the
//! other.
//!
//! A statement is no difference if one of the other's refuses all that it refuses, or if nothing that it
//! speaks of is allowed by both policies: then the rules differ, which is told of them. Else a row of calls
//! is built that the other policy admits, and replayed.

use std::collections::BTreeSet;

use wpc_model::{
    Before, Comparison, Condition, Effect, Moment, Order, Origin, Reason, Sequence, Slot, Subject, Target,
    Test, ToolAction, ToolActions, Value,
};

use super::rules::alike;
use super::{Part, Shown, Side};
use crate::answer::Answer;
use crate::bound::Bound;
use crate::formula::Formula;
use crate::question::Avoid;
use crate::replay::{Step, refused};
use crate::site::{Case, Site};

/// Most pairs of allows that are tried for a call that both policies allow.
const MAX_PAIRS: usize = 1_000;

impl<'p> Side<'_, 'p> {
    /// A `separate` or `before` that the other policy has not may refuse what it admits.
    pub(super) fn orders(&mut self) {
        let less = self.less;
        for order in &less.policy.orders {
            if let Some(shown) = self.order(order) {
                self.report(Part::Order(order.id), shown);
            }
        }
    }

    /// What shows that the other policy admits what `order` refuses; `None` if it does not.
    fn order(&mut self, order: &'p Order) -> Option<Shown> {
        let more = self.more.policy;
        if more.orders.iter().any(|other| other.id == order.id) {
            return None;
        }
        let row = match &order.sequence {
            Sequence::Separate { sides: [first, second] } => {
                let others = more.orders.iter().filter_map(|other| match &other.sequence {
                    Sequence::Separate { sides: [one, two] } => Some([[one, two], [two, one]]),
                    Sequence::Before(_) => None,
                });
                for [one, two] in others.flatten() {
                    if self.holds_within(first, one) && self.holds_within(second, two) {
                        return None;
                    }
                }
                match (self.of_side(first, Formula::TRUE), self.of_side(second, Formula::TRUE)) {
                    (Answer::No, _) | (_, Answer::No) => return None,
                    (Answer::Yes(one), Answer::Yes(two)) => self.separated(one, two),
                    _ => None,
                }
            }
            Sequence::Before(before) => {
                let others = more.orders.iter().filter_map(before_of);
                if others.into_iter().any(|other| is_as_tight(other, before)) {
                    return None;
                }
                match self.of_action(&before.later, Formula::TRUE) {
                    Answer::No => return None,
                    Answer::Yes(later) => self.too_early(before, &later),
                    Answer::Undecided => None,
                }
            }
        };
        Some(row.unwrap_or_else(|| Shown::Undecided(vec![order.id])))
    }

    /// A row that shows the difference, if `steps` is one.
    fn shows(&self, steps: Vec<Step>) -> Option<Shown> {
        let last = steps.len().checked_sub(1)?;
        let shows = refused(self.more.policy, &steps).is_none()
            && refused(self.less.policy, &steps) == Some((last, Reason::OrderDenied));
        shows.then_some(Shown::Row(steps))
    }

    /// A call of each side, in either order; or one that is of both.
    fn separated(&self, one: Case, two: Case) -> Option<Shown> {
        let rows = [vec![&one], vec![&two], vec![&one, &two], vec![&two, &one]];
        let mut rows = rows.into_iter().map(|row| row.into_iter().cloned().map(Step::of).collect());
        rows.find_map(|row| self.shows(row))
    }

    /// `later` too early for `before`, and not for what the other policy asks.
    fn too_early(&mut self, before: &Before, later: &Case) -> Option<Shown> {
        let theirs: Vec<&'p Before> = self
            .more
            .policy
            .orders
            .iter()
            .filter_map(before_of)
            .filter(|other| other.later == before.later)
            .collect();
        // What must agree for `before` and may differ for the others, one thing at a time.
        let mut apart: Vec<Apart<'_>> = vec![Apart::Nothing];
        apart.extend(before.same_resource.then_some(Apart::Resource));
        apart.extend(before.same.iter().map(|same| Apart::Value(&same.with)));
        for apart in apart {
            let mut done = Vec::new();
            for other in &theirs {
                done.push(self.done(other, before, later, &apart)?);
            }
            for wait in [0, before.within_ms.unwrap_or(0)] {
                for times in [1, 2] {
                    let moment = Moment::at(later.moment.now_ms.saturating_add(wait));
                    let last = Step::of(Case { moment, ..later.clone() });
                    let row = done.iter().cloned().chain(std::iter::repeat_n(last, times)).collect();
                    if let Some(shown) = self.shows(row) {
                        return Some(shown);
                    }
                }
            }
        }
        None
    }

    /// A call that was done before `later`, as `other` asks, and as `before` does but for `apart`.
    fn done(&mut self, other: &Before, before: &Before, later: &Case, apart: &Apart<'_>) -> Option<Step> {
        let same_pair = other.earlier == before.earlier;
        let differs = match apart {
            Apart::Nothing => Formula::TRUE,
            Apart::Resource => Formula::All(
                self.more
                    .sites
                    .values()
                    .filter(|site| is_at(site, &other.earlier))
                    .map(|site| elsewhere(site, later))
                    .collect(),
            ),
            Apart::Value(Origin::Argument(name)) => {
                let with = before.same.iter().find(|same| same.with == Origin::Argument(name.clone()))?;
                let value = later.call.arguments.get(&with.argument)?.clone();
                let test = Test::Compare(Comparison::NotEqual, value);
                Formula::of(&Condition { subject: Subject::plain(name), test }, Bound::True)
            }
            Apart::Value(Origin::Result(_)) => Formula::TRUE,
        };
        let differs = if same_pair { differs } else { Formula::TRUE };
        let Answer::Yes(case) = self.of_action(&other.earlier, differs) else { return None };
        let mut step = Step::of(Case { moment: later.moment, ..case });
        let wanted = if same_pair { before.same.as_slice() } else { &[] };
        let agrees = |with: &Origin| !matches!(apart, Apart::Value(one) if *one == with);
        for same in other.same.iter().chain(wanted.iter().filter(|same| agrees(&same.with))) {
            let value = later.call.arguments.get(&same.argument)?.clone();
            match &same.with {
                Origin::Argument(name) => drop(step.case.call.arguments.insert(name.clone(), value)),
                Origin::Result(name) => drop(step.result.insert(name.clone(), value)),
            }
        }
        if let Apart::Value(Origin::Result(name)) = apart
            && same_pair
        {
            let with = before.same.iter().find(|same| same.with == Origin::Result(name.clone()))?;
            step.result.insert(name.clone(), another(later.call.arguments.get(&with.argument)?)?);
        }
        let same_resource =
            other.same_resource || (same_pair && before.same_resource && !matches!(apart, Apart::Resource));
        if same_resource {
            step.case.call.resource.clone_from(&later.call.resource);
        }
        Some(step)
    }

    /// Whether every call that both policies allow and `inner` speaks of, `outer` speaks of too.
    fn holds_within(&mut self, inner: &[ToolActions], outer: &[ToolActions]) -> bool {
        let more = self.more;
        more.sites.values().all(|site| {
            let Some((speaks, targets)) = of_side(site, inner, Bound::NotFalse) else { return true };
            let outside = of_side(site, outer, Bound::False).map_or(Formula::TRUE, |(outside, _)| outside);
            self.allowed_by_both(site, &Formula::All(vec![speaks, outside]), &targets) == Answer::No
        })
    }

    /// A call that both policies allow and `side` speaks of.
    fn of_side(&mut self, side: &[ToolActions], also: Formula) -> Answer<Case> {
        let more = self.more;
        let spoken =
            more.sites.values().filter_map(|site| Some((site, of_side(site, side, Bound::NotFalse)?)));
        let asked =
            spoken.map(|(site, (speaks, targets))| (site, Formula::All(vec![speaks, also.clone()]), targets));
        self.first(asked.collect())
    }

    /// The same of one action.
    fn of_action(&mut self, action: &ToolAction, also: Formula) -> Answer<Case> {
        let more = self.more;
        let sites = more.sites.values().filter(|site| is_at(site, action));
        self.first(sites.map(|site| (site, also.clone(), vec![Target::Any])).collect())
    }

    fn first(&mut self, asked: Vec<(&Site<'p>, Formula, Vec<Target>)>) -> Answer<Case> {
        let mut undecided = false;
        for (site, formula, targets) in asked {
            match self.allowed_by_both(site, &formula, &targets) {
                Answer::Yes(case) => return Answer::Yes(case),
                Answer::No => {}
                Answer::Undecided => undecided = true,
            }
        }
        if undecided { Answer::Undecided } else { Answer::No }
    }

    /// A call at `site` that is as `formula` says and that the rules of both policies allow.
    fn allowed_by_both(&mut self, site: &Site<'p>, formula: &Formula, targets: &[Target]) -> Answer<Case> {
        let (more, less) = (self.more, self.less);
        let Some(other) = less.sites.get(&site.key) else { return Answer::No };
        if !alike(site, other) {
            return Answer::Undecided;
        }
        let none = BTreeSet::new();
        let denies = [site, other].map(|site| Avoid { site, effect: Effect::Deny, but: &none });
        let mut left = MAX_PAIRS;
        let mut undecided = false;
        for allow in site.near_any(Effect::Allow, targets) {
            for their in other.near(Effect::Allow, &allow.target) {
                let Some(fewer) = left.checked_sub(1) else { return Answer::Undecided };
                left = fewer;
                let both = [
                    site.rule(allow, Effect::Allow, Bound::True),
                    other.rule(their, Effect::Allow, Bound::True),
                ];
                let all = both.into_iter().chain([formula.clone()]).collect();
                match self.asker.find(more, site, Formula::All(all), &denies) {
                    Answer::Yes(case) if more.allow(&case) && less.allow(&case) => return Answer::Yes(case),
                    Answer::No => {}
                    Answer::Yes(_) | Answer::Undecided => undecided = true,
                }
            }
        }
        if undecided { Answer::Undecided } else { Answer::No }
    }
}

/// In what an earlier call differs from what a `before` asks.
enum Apart<'b> {
    Nothing,
    Resource,
    Value(&'b Origin),
}

fn before_of(order: &Order) -> Option<&Before> {
    match &order.sequence {
        Sequence::Before(before) => Some(before),
        Sequence::Separate { .. } => None,
    }
}

/// Whether `one` refuses all that `other` refuses.
fn is_as_tight(one: &Before, other: &Before) -> bool {
    let same_keys = one.same_resource == other.same_resource && one.same == other.same;
    let more_keys =
        (one.same_resource || !other.same_resource) && other.same.iter().all(|same| one.same.contains(same));
    let as_late = match (one.within_ms, other.within_ms) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(one), Some(other)) => one <= other,
    };
    one.later == other.later
        && one.earlier == other.earlier
        && as_late
        // Each earlier call that is taken must be taken of the same ones.
        && if other.once { one.once && same_keys } else { more_keys }
}

fn is_at(site: &Site<'_>, action: &ToolAction) -> bool {
    site.key.0 == action.tool && site.key.1 == action.action
}

/// That one of a side's actions is a call at `site`, within `bound`, and the resources that it names; `None`
/// if none of them can be.
fn of_side(site: &Site<'_>, side: &[ToolActions], bound: Bound) -> Option<(Formula, Vec<Target>)> {
    let (tool, action, _) = site.key;
    let here = side.iter().filter(|one| one.tool == tool && one.actions.iter().any(|name| name == action));
    let targets: Vec<Target> = here.flat_map(|one| &one.targets).cloned().collect();
    (!targets.is_empty()).then(|| (site.statement(&targets, &[], Effect::Deny, bound), targets))
}

/// That a call at `site` is on another resource than `later`.
fn elsewhere(site: &Site<'_>, later: &Case) -> Formula {
    let Some(resource) = &later.call.resource else { return Formula::TRUE };
    let slots = resource.names.iter().map(|name| Slot::Exact(name.clone())).collect();
    let target = Target::Of { kind: resource.kind.as_str().into(), slots };
    site.statement(&[target], &[], Effect::Deny, Bound::False)
}

/// A value of the same type that is another one, if that is easily told.
fn another(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(value) => Some(Value::Bool(!value)),
        Value::Int(0) => Some(Value::Int(1)),
        Value::Int(_) => Some(Value::Int(0)),
        Value::Text(text) => Some(Value::Text(if text == "a" { "b" } else { "a" }.to_owned())),
        Value::List(_) | Value::Map(_) | Value::Sealed(_) => None,
    }
}
