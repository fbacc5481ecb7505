//! Limits, one with one.

use wpc_model::{Call, Charge, Effect, Limit, Measure, Target, Tool, Window, demands, used};

use super::{Part, Shown, Side};
use crate::answer::Answer;
use crate::bound::Bound;
use crate::formula::Formula;
use crate::measure::{at_least, is_as_tight};
use crate::site::{Case, Rules, Site};

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
            match self.asker.admitted(more, site, &counts(site, &limit.targets), &limit.targets) {
                Answer::Yes(case) => counted.push((site, Some(case))),
                Answer::No => {}
                Answer::Undecided => counted.push((site, None)),
            }
        }
        if counted.is_empty() {
            return None;
        }
        for other in tool.limits.iter().filter(|other| is_as_tight(other, limit)) {
            let mut holds = |(site, _): &(&Site<'p>, Option<Case>)| {
                other.actions.iter().any(|action| action == site.key.1)
                    && self.is_within(site, &limit.targets, &other.targets)
            };
            if counted.iter().all(&mut holds) {
                return None;
            }
        }
        for (site, case) in &counted {
            if let Some(shown) = case.as_ref().and_then(|case| self.overrun(site, case, limit)) {
                return Some(shown);
            }
        }
        let others = tool.limits.iter().filter(|other| other.measure == limit.measure);
        Some(Shown::Undecided([limit.id].into_iter().chain(others.map(|other| other.id)).collect()))
    }

    /// Whether of the calls that are allowed here, each that `inner` speaks of `outer` speaks of too.
    fn is_within(&mut self, site: &Site<'p>, inner: &[Target], outer: &[Target]) -> bool {
        let outside = site.statement(outer, &[], Effect::Deny, Bound::False);
        let formula = Formula::All(vec![counts(site, inner), outside]);
        self.asker.admitted(self.more, site, &formula, inner) == Answer::No
    }

    /// A row of calls that the wider policy admits and of which `limit` refuses the last.
    fn overrun(&mut self, site: &Site<'p>, case: &Case, limit: &Limit) -> Option<Shown> {
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
            let case = match amount {
                None => case.clone(),
                Some((name, amount)) => {
                    let formula = vec![counts(site, &limit.targets), at_least(site, name, amount)];
                    match self.asker.admitted(more, site, &Formula::All(formula), &limit.targets) {
                        Answer::Yes(case) => case,
                        Answer::No | Answer::Undecided => continue,
                    }
                }
            };
            let tool = less.policy.tools.get(&case.call.tool)?;
            let Some(charged) = charged(tool, &case.call, limit).filter(|charged| *charged > 0) else {
                continue;
            };
            let times = limit.max.checked_div(charged)?.checked_add(1)?;
            if times > MAX_TIMES {
                continue;
            }
            for apart_ms in schedules(more, &case.call, limit, times) {
                let row = Row { call: &case.call, times, apart_ms };
                if row.is_admitted(more) == Some(true) && row.is_admitted(less) == Some(false) {
                    let times = u32::try_from(times).ok()?;
                    return Some(Shown::Calls { case: Box::new(case), times, apart_ms });
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

/// What `call` charges to `limit`.
fn charged(tool: &Tool, call: &Call, limit: &Limit) -> Option<i64> {
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
        Window::Job => {
            let limits = more.policy.tools.get(&call.tool).map(|tool| tool.limits.as_slice());
            let sliding = limits.unwrap_or_default().iter().filter_map(|limit| match limit.window {
                Window::Sliding { ms } => Some(ms),
                Window::Job => None,
            });
            sliding.max().unwrap_or(0)
        }
    };
    // What reads the clock may not allow later what it allows now.
    if far == 0 || more.read_the_clock() { vec![0] } else { vec![0, far] }
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
                limit: limit.id,
                at: index.saturating_mul(self.apart_ms),
                amount: demand.amount,
            });
            let so_far = used(&before.collect::<Vec<_>>(), limit, demand.amount, now)?;
            if so_far.amount.checked_add(demand.amount)? > limit.max {
                return Some(false);
            }
        }
        Some(true)
    }
}
