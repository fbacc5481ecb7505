//! Is there a call of which a formula holds, and to which no rule of some lists applies?

use std::collections::BTreeSet;

use wpc_model::{Comparison, Condition, Effect, RuleId, Subject, Target, Test, Value};

use crate::answer::{Answer, Budget};
use crate::bound::Bound;
use crate::formula::{Formula, TIME, Values};
use crate::site::{Case, MS_PER_DAY, Rules, Site, least};
use crate::solve::Solver;

/// Steps that one question may take.
const STEPS: u32 = 20_000;
/// Most allows that are tried for a call that a limit or an approval speaks of.
const MAX_TRIED: usize = 1_000;

/// Asks, within what is left of all steps.
#[derive(Debug)]
pub(crate) struct Asker {
    left: u32,
    /// The rules that the last question turned on.
    involved: BTreeSet<RuleId>,
}

/// Rules that must not apply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avoid<'a, 'p> {
    pub(crate) site: &'a Site<'p>,
    pub(crate) effect: Effect,
    /// These may.
    pub(crate) but: &'a BTreeSet<RuleId>,
}

impl Asker {
    /// One whose questions may take so many `steps` together.
    pub(crate) const fn new(steps: u32) -> Self {
        Self { left: steps, involved: BTreeSet::new() }
    }

    /// A complete call at `site` of which `formula` holds and to which nothing in `avoid` applies.
    /// Every answer that is a call was checked against the rules once more, by the interpreter's own
    /// reading of conditions.
    pub(crate) fn find(
        &mut self,
        rules: &Rules<'_>,
        site: &Site<'_>,
        formula: Formula,
        avoid: &[Avoid<'_, '_>],
    ) -> Answer<Case> {
        self.involved.clear();
        let steps = STEPS.min(self.left);
        let mut solver = Solver::new(&site.tool.interface, Budget::new(steps));
        let involved = &mut self.involved;
        let mut broken = |values: &Values| {
            let broken = |one: &Avoid<'_, '_>| {
                let rule = one.site.first(one.effect, values, one.but)?;
                involved.insert(rule.id);
                Some(one.site.rule(rule, one.effect, least(one.effect).opposite()))
            };
            avoid.iter().find_map(broken)
        };
        let formula = Formula::All(vec![formula, within_a_day()]);
        let found = solver.boxes(&site.fields, formula, &mut broken);
        self.left = self.left.saturating_sub(steps.saturating_sub(solver.left()));
        match found.map(|values| site.case(values)) {
            Answer::Yes(case) if case.call.is_complete(rules.policy) => Answer::Yes(case),
            Answer::Yes(_) | Answer::Undecided => Answer::Undecided,
            Answer::No => Answer::No,
        }
    }

    /// A call at `site` that is as `formula` says and that the rules allow. `targets`: what the
    /// formula speaks of.
    pub(crate) fn admitted(
        &mut self,
        rules: &Rules<'_>,
        site: &Site<'_>,
        formula: &Formula,
        targets: &[Target],
    ) -> Answer<Case> {
        let none = BTreeSet::new();
        let denies = [Avoid { site, effect: Effect::Deny, but: &none }];
        let allows = site.near_any(Effect::Allow, targets);
        let mut undecided = allows.len() > MAX_TRIED;
        for allow in allows.into_iter().take(MAX_TRIED) {
            let both = vec![site.rule(allow, Effect::Allow, Bound::True), formula.clone()];
            match self.find(rules, site, Formula::All(both), &denies) {
                Answer::Yes(case) if rules.allow(&case) => return Answer::Yes(case),
                Answer::No => {}
                Answer::Yes(_) | Answer::Undecided => undecided = true,
            }
        }
        if undecided { Answer::Undecided } else { Answer::No }
    }

    /// The rules that stood in the way of the last question's answer.
    pub(crate) fn involved(&self) -> Vec<RuleId> {
        self.involved.iter().copied().collect()
    }
}

/// That the time is one of a day.
fn within_a_day() -> Formula {
    let test = Test::Compare(Comparison::Less, Value::Int(MS_PER_DAY));
    Formula::of(&Condition { subject: Subject::plain(TIME), test }, Bound::True)
}
