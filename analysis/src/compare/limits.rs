//! Limits, one with one.

use wpc_model::{
    Call, Charge, Comparison, Condition, Effect, Limit, Measure, Step, Subject, Target, Test, Tool, Value,
    Window, demands, used,
};

use super::{Part, Shown, Side};
use crate::answer::Answer;
use crate::bound::Bound;
use crate::formula::{Formula, Literal};
use crate::question::Avoid;
use crate::site::{Rules, Site};

/// Most allows that are tried for a call that a limit or an approval speaks of.
const MAX_TRIED: usize = 1_000;
/// Most calls of one job that are counted through.
const MAX_TIMES: i64 = 100_000;
/// A row of calls is kept about so short by letting each be larger.
const FEW_TIMES: i64 = 1_000;

impl<'p> Side<'_, 'p> {
    pub(super) fn limits(&mut self) {
        let less = self.less;
        for (name, tool) in &less.policy.tools {
            for limit in &tool.limits {
                if let Some(shown) = self.limit(name, limit) {
                    self.report(Part::Limit(limit.id), shown);
                }
            }
        }
    }

    /// What shows that the other policy's limits do not hold to this one.
    fn limit(&mut self, name: &str, limit: &Limit) -> Option<Shown> {
        let more = self.more;
        let tool = more.policy.tools.get(name)?;
        if tool.limits.iter().any(|other| other.id == limit.id) {
            return None;
        }
        let sites = more
            .sites
            .values()
            .filter(|site| site.key.0 == name && limit.actions.iter().any(|action| action == site.key.1));
        let mut counted = Vec::new();
        for site in sites {
            match self.admitted(site, counts(site, &limit.targets), &limit.targets) {
                Answer::Yes(call) => counted.push((site, Some(call))),
                Answer::No => {}
                Answer::Undecided => counted.push((site, None)),
            }
        }
        if counted.is_empty() {
            return None;
        }
        for other in tool.limits.iter().filter(|other| is_as_tight(other, limit)) {
            let mut holds = |(site, _): &(&Site<'p>, Option<Call>)| {
                other.actions.iter().any(|action| action == site.key.1)
                    && self.is_within(site, &limit.targets, &other.targets)
            };
            if counted.iter().all(&mut holds) {
                return None;
            }
        }
        for (site, call) in &counted {
            if let Some(shown) = call.as_ref().and_then(|call| self.overrun(site, call, limit)) {
                return Some(shown);
            }
        }
        let others = tool.limits.iter().filter(|other| other.measure == limit.measure);
        Some(Shown::Undecided([limit.id].into_iter().chain(others.map(|other| other.id)).collect()))
    }

    /// A call at `site` that is as `formula` says and that the rules of the wider policy allow.
    /// `targets`: what the formula speaks of.
    pub(super) fn admitted(&mut self, site: &Site<'p>, formula: Formula, targets: &[Target]) -> Answer<Call> {
        let more = self.more;
        let own = Avoid { site, effect: Effect::Deny, but: None };
        let mut undecided = false;
        let mut allows: Vec<_> = targets.iter().flat_map(|target| site.near(Effect::Allow, target)).collect();
        allows.sort_by_key(|allow| allow.id);
        allows.dedup_by_key(|allow| allow.id);
        if allows.len() > MAX_TRIED {
            undecided = true;
            allows.truncate(MAX_TRIED);
        }
        for allow in allows {
            let both = vec![site.rule(allow, Effect::Allow, Bound::True), formula.clone()];
            match self.asker.find(more, site, Formula::All(both), &[own]) {
                Answer::Yes(call) if more.allow(&call) => return Answer::Yes(call),
                Answer::No => {}
                Answer::Yes(_) | Answer::Undecided => undecided = true,
            }
        }
        if undecided { Answer::Undecided } else { Answer::No }
    }

    /// Whether what one of `inner` speaks of, one of `outer` speaks of too.
    fn is_within(&mut self, site: &Site<'p>, inner: &[Target], outer: &[Target]) -> bool {
        let outside = site.statement(outer, &[], Effect::Deny, Bound::False);
        let formula = Formula::All(vec![counts(site, inner), outside]);
        self.asker.find(self.more, site, formula, &[]) == Answer::No
    }

    /// A row of calls that the wider policy admits and of which `limit` refuses the last.
    fn overrun(&mut self, site: &Site<'p>, call: &Call, limit: &Limit) -> Option<Shown> {
        let (more, less) = (self.more, self.less);
        let whole = limit.max.checked_add(1)?;
        let amounts = match &limit.measure {
            Measure::Calls => vec![None],
            Measure::Argument(name) => {
                let part = limit.max.checked_div(FEW_TIMES)?.checked_add(1)?;
                [part, whole, 1].into_iter().map(|amount| Some((name, amount))).collect()
            }
        };
        for amount in amounts {
            let call = match amount {
                None => call.clone(),
                Some((name, amount)) => {
                    let formula = vec![counts(site, &limit.targets), at_least(site, name, amount)];
                    match self.admitted(site, Formula::All(formula), &limit.targets) {
                        Answer::Yes(call) => call,
                        Answer::No | Answer::Undecided => continue,
                    }
                }
            };
            let tool = less.policy.tools.get(&call.tool)?;
            let Some(charged) = charged(tool, &call, limit).filter(|charged| *charged > 0) else { continue };
            let times = limit.max.checked_div(charged)?.checked_add(1)?;
            if times > MAX_TIMES {
                continue;
            }
            for apart_ms in schedules(more, &call, limit, times) {
                let row = Row { call: &call, times, apart_ms };
                if row.is_admitted(more) == Some(true) && row.is_admitted(less) == Some(false) {
                    let times = u32::try_from(times).ok()?;
                    return Some(Shown::Calls { call: Box::new(call), times, apart_ms });
                }
            }
        }
        None
    }
}

/// That a limit on `targets` counts a call.
fn counts(site: &Site<'_>, targets: &[Target]) -> Formula {
    site.statement(targets, &[], Effect::Deny, Bound::NotFalse)
}

/// That a call has at least so much of a measure.
pub(crate) fn at_least(site: &Site<'_>, measure: &str, amount: i64) -> Formula {
    let batch = site.action.batch().map(|(batch, _)| batch);
    let steps = if batch == Some(measure) { vec![Step::Size] } else { Vec::new() };
    let subject = Subject { quantifier: None, name: measure.to_owned(), steps };
    let of_element = subject.is_of_element(site.action);
    let test = Test::Compare(Comparison::AtLeast, Value::Int(amount));
    let formula = Formula::of(&Condition { subject, test }, Bound::True);
    match batch.filter(|_| of_element) {
        Some(batch) => Formula::Is(Literal::Exists { field: batch.into(), of: formula.into() }),
        None => formula,
    }
}

/// Whether `one` lets through no more than `other`, of what both count (LANGUAGE.md section 8).
pub(crate) fn is_as_tight(one: &Limit, other: &Limit) -> bool {
    let windows = match (one.window, other.window) {
        // What a job has at most, it has at most at once.
        (Window::Job, _) | (Window::Flight, Window::Flight) => Some(1),
        (Window::Sliding { .. }, Window::Job | Window::Flight)
        | (Window::Flight, Window::Job | Window::Sliding { .. }) => None,
        // A window is covered by so many of the other's.
        (Window::Sliding { ms: one }, Window::Sliding { ms: other }) => {
            other.checked_add(one).and_then(|sum| sum.checked_sub(1)?.checked_div(one))
        }
    };
    let most = windows.and_then(|windows| one.max.checked_mul(windows));
    one.measure == other.measure && is_as_coarse(one, other) && most.is_some_and(|most| most <= other.max)
}

/// Whether each counter of `other` counts no more than one of `one`'s.
fn is_as_coarse(one: &Limit, other: &Limit) -> bool {
    one.owner >= other.owner
        && (!one.by_resource || other.by_resource)
        && one.by.iter().all(|name| other.by.contains(name))
}

/// What `call` charges to `limit`.
pub(crate) fn charged(tool: &Tool, call: &Call, limit: &Limit) -> Option<i64> {
    let demands = demands(tool, call).ok()?;
    let of = |index: u32| tool.limits.get(usize::try_from(index).ok()?);
    let found = demands.iter().find(|demand| of(demand.limit).is_some_and(|one| one.id == limit.id))?;
    Some(found.amount)
}

/// How far apart calls may come so that a window has all of them: at once; as far as they can; or
/// so far that no sliding window has two.
fn schedules(more: &Rules<'_>, call: &Call, limit: &Limit, times: i64) -> Vec<i64> {
    let far = match limit.window {
        Window::Sliding { ms } => {
            ms.saturating_sub(1).checked_div(times.saturating_sub(1).max(1)).unwrap_or(0)
        }
        Window::Job | Window::Flight => {
            let limits = more.policy.tools.get(&call.tool).map(|tool| tool.limits.as_slice());
            let sliding = limits.unwrap_or_default().iter().filter_map(|limit| match limit.window {
                Window::Sliding { ms } => Some(ms),
                Window::Job | Window::Flight => None,
            });
            sliding.max().unwrap_or(0)
        }
    };
    if far == 0 { vec![0] } else { vec![0, far] }
}

/// One call again and again.
struct Row<'a> {
    call: &'a Call,
    times: i64,
    apart_ms: i64,
}

impl Row<'_> {
    /// Whether the limits admit the last of them, after all others. What a window has only grows
    /// along the row, so that they admit those too.
    fn is_admitted(&self, rules: &Rules<'_>) -> Option<bool> {
        let tool = rules.policy.tools.get(&self.call.tool)?;
        let now = self.times.checked_sub(1)?.checked_mul(self.apart_ms)?;
        for demand in demands(tool, self.call).ok()? {
            let limit = tool.limits.get(usize::try_from(demand.limit).ok()?)?;
            let before = (0..self.times.checked_sub(1)?).map(|index| Charge {
                counter: limit.bound(demand.key).counter,
                at: index.saturating_mul(self.apart_ms),
                amount: demand.amount,
            });
            let so_far = used(&before.collect::<Vec<_>>(), &limit.bound(demand.key), demand.amount, now)?;
            if so_far.amount.checked_add(demand.amount)? > limit.max {
                return Some(false);
            }
        }
        Some(true)
    }
}
