//! Is there a call of which a formula holds, and to which no rule of some lists applies?

use std::collections::BTreeSet;

use wpc_model::{Call, Effect, Rule, RuleId};

use crate::answer::{Answer, Budget};
use crate::formula::{Formula, Values};
use crate::site::{Rules, Site, least};
use crate::solve::Solver;

/// Steps that one question may take.
const STEPS: u32 = 20_000;
/// Steps that all questions of one comparison may take together.
const ALL_STEPS: u32 = 20_000_000;

/// Asks, within what is left of all steps.
#[derive(Debug)]
pub(crate) struct Asker {
    left: u32,
    /// The rules that the last question turned on.
    involved: BTreeSet<RuleId>,
}

impl Default for Asker {
    fn default() -> Self {
        Self { left: ALL_STEPS, involved: BTreeSet::new() }
    }
}

/// Rules that must not apply.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avoid<'a, 'p> {
    pub(crate) site: &'a Site<'p>,
    pub(crate) effect: Effect,
    /// This one may.
    pub(crate) but: Option<&'p Rule>,
}

impl Asker {
    /// A complete call at `site` of which `formula` holds and to which nothing in `avoid` applies.
    /// Every answer that is a call was checked against the rules once more, by the interpreter's own
    /// reading of conditions.
    pub(crate) fn find(
        &mut self,
        rules: &Rules<'_>,
        site: &Site<'_>,
        formula: Formula,
        avoid: &[Avoid<'_, '_>],
    ) -> Answer<Call> {
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
        let found = solver.boxes(&site.fields, formula, &mut broken);
        self.left = self.left.saturating_sub(steps.saturating_sub(solver.left()));
        match found.map(|values| site.call(values)) {
            Answer::Yes(call) if call.is_complete(rules.policy) => Answer::Yes(call),
            Answer::Yes(_) | Answer::Undecided => Answer::Undecided,
            Answer::No => Answer::No,
        }
    }

    /// The rules that stood in the way of the last question's answer.
    pub(crate) fn involved(&self) -> Vec<RuleId> {
        self.involved.iter().copied().collect()
    }
}
