//! Runs one test, step by step.

use std::collections::BTreeMap;

use wpc_grammar::Span;
use wpc_model::{
    Call, Decision, Malformed, MalformedCode, Policy, Reason, Refusal, Rule, RuleId, Schemas, Situation, Who,
};

use super::covered::Watch;
use super::past::Past;
use super::{Asked, Ended, Expect, Expectation, FailingAt, Found, Ran, Spoken, Step, Test};
use crate::checked::{Checked, Head, Placed, Tool};
use crate::compiled::Map;
use crate::lines::Lines;

/// Takes the steps of `test`; `watch` is told of every call that is decided.
pub(super) fn run(
    test: &Test,
    policy: &Policy,
    places: &Places<'_>,
    lines: &Lines<'_>,
    schemas: &dyn Schemas,
    watch: &mut Watch<'_>,
) -> Ran {
    let test = test.read(policy, schemas);
    let mut past = Past::default();
    let mut last: Option<(&Asked, Found, wpc_model::Past)> = None;
    let mut expectations = Vec::new();
    for step in &test.steps {
        match step {
            Step::Given { asked, times, ended } => {
                // What cannot be counted charges nothing: no gate ever admitted it.
                let _uncounted = past.given(policy, asked, *times, ended);
            }
            Step::Input { input, at, job, agent } => {
                // More than a job can remember is as good as none: no gate opens such a job.
                let _too_many = past.input(policy, Who { job, agent }, *at, input);
            }
            Step::Call { asked, ended } => {
                let before = past.so_far(policy);
                let found = decide(policy, &mut past, asked, ended);
                if let Found::Decided(decision) = &found {
                    watch.saw(policy, asked, decision, &before);
                }
                last = Some((asked, found, before));
            }
            Step::Expect(Expect { decision, place }) => {
                // The checker refuses an `expect` before any `call`.
                let Some((asked, found, before)) = &last else { continue };
                expectations.push(Expectation {
                    expected: decision.clone(),
                    place: *place,
                    line: lines.line_of(*place),
                    call: asked.call.clone(),
                    at: asked.at,
                    before: before.clone(),
                    conforming: asked.conforming.clone(),
                    by: (asked.job.clone(), asked.agent.clone()),
                    call_place: asked.place,
                    rule: places.spoken(policy, asked, found, before),
                    found: found.clone(),
                });
            }
        }
    }
    Ran { name: test.name.clone(), line: lines.line_of(test.place), expectations }
}

/// What becomes of a call. An action that no statement names is not in the policy's slice of the
/// interface, and what nothing allows is denied; whatever else is wrong with a call the gate refuses
/// before it decides.
fn decide(policy: &Policy, past: &mut Past, asked: &Asked, ended: &Ended) -> Found {
    let nothing = Refusal::new(Reason::DefaultDeny, None);
    match asked.call.conform(policy) {
        Ok(()) => {}
        Err(Malformed { code: MalformedCode::UnknownAction, .. }) => {
            return Found::Decided(Decision::Deny(nothing));
        }
        Err(malformed) => {
            let message = format!("{}: {}", malformed.path, malformed.message);
            return Found::Malformed { code: malformed.code.code(), message };
        }
    }
    Found::Decided(past.call(policy, asked, ended).unwrap_or(Decision::Deny(nothing)))
}

/// Where rules, limits and approvals were written, layer by layer.
#[derive(Debug)]
pub(super) struct Places<'c> {
    layers: Vec<Layer<'c>>,
}

/// The same of one policy.
#[derive(Debug)]
struct Layer<'c> {
    map: &'c Map,
    /// Statements by line and text.
    heads: BTreeMap<(u32, &'c str), Span>,
    /// Conditions by line.
    conditions: BTreeMap<u32, Vec<&'c Placed>>,
}

impl<'c> Places<'c> {
    pub(super) fn of(checked: &'c Checked, map: &'c Map) -> Self {
        let layers = checked.layers().into_iter().zip(map.layers());
        Self { layers: layers.map(|(checked, map)| Layer::of(checked, map)).collect() }
    }

    /// What a decision names, with its place; for a default deny also every condition of the nearest
    /// rule that is not true.
    fn spoken(
        &self,
        policy: &Policy,
        asked: &Asked,
        found: &Found,
        before: &wpc_model::Past,
    ) -> Option<Spoken> {
        let history = before.at(asked.who(), asked.at);
        let asked = (&asked.call, asked.situation(&history));
        let (id, at, nearest) = match found {
            Found::Decided(Decision::Allow { rule }) => (*rule, 0, false),
            Found::Decided(Decision::Deny(refusal)) => {
                (refusal.rule?, refusal.layer as usize, refusal.reason == Reason::DefaultDeny)
            }
            Found::Malformed { .. } => return None,
        };
        let spoken = self.layers.get(at)?.spoken(policy.layers().nth(at)?, asked, id, nearest)?;
        Some(Spoken { layer: at, ..spoken })
    }
}

impl<'c> Layer<'c> {
    fn of(checked: &'c Checked, map: &'c Map) -> Self {
        let mut places = Self { map, heads: BTreeMap::new(), conditions: BTreeMap::new() };
        for order in &checked.orders {
            places.heads.insert((order.head.line, &order.head.text), order.head.span);
        }
        for tool in checked.tools.values() {
            for (head, conditions) in statements(tool) {
                places.heads.insert((head.line, &head.text), head.span);
                for placed in conditions {
                    places.conditions.entry(placed.line).or_default().push(placed);
                }
            }
        }
        places
    }

    fn spoken(
        &self,
        policy: &Policy,
        (call, situation): (&Call, Situation<'_>),
        id: RuleId,
        nearest: bool,
    ) -> Option<Spoken> {
        let origin = self.map.origins.get(&id)?;
        let tool = policy.tools.get(&call.tool);
        let rule = tool.and_then(|tool| tool.allow.iter().chain(&tool.deny).find(|rule| rule.id == id));
        let failing = tool.zip(rule).filter(|_| nearest).map(|(tool, rule)| {
            let action = tool.interface.actions.get(&call.action);
            let failing = action.map(|action| wpc_model::failing(&rule.conditions, action, call, situation));
            failing.into_iter().flatten().filter_map(|failing| self.failing(id, rule, failing)).collect()
        });
        Some(Spoken {
            id,
            name: origin.label.as_ref().unwrap_or(&origin.text).to_string(),
            place: self.heads.get(&(origin.line, &*origin.text)).copied(),
            line: origin.line,
            failing: failing.unwrap_or_default(),
            rule: rule.cloned(),
            layer: 0,
        })
    }

    fn failing(&self, id: RuleId, rule: &Rule, failing: wpc_model::Failing) -> Option<FailingAt> {
        let condition = rule.conditions.get(failing.condition as usize)?;
        let origin = self.map.origins.get(&id)?;
        let line = origin.line_of(condition)?;
        let mut there = self.conditions.get(&line).into_iter().flatten();
        let place = there.find(|placed| placed.condition == *condition).map(|placed| placed.span);
        Some(FailingAt { failing, place, line })
    }
}

/// Every statement of a tool with its conditions.
pub(super) fn statements(tool: &Tool) -> impl Iterator<Item = (&Head, &[Placed])> {
    let rules = tool.allows.iter().chain(&tool.denies).chain(&tool.requires);
    let rules = rules.map(|rule| (&rule.head, rule.conditions.as_slice()));
    let limits = tool.limits.iter().map(|limit| (&limit.head, [].as_slice()));
    let approvals = tool.approvals.iter().map(|one| (&one.head, one.conditions.as_slice()));
    rules.chain(limits).chain(approvals)
}
