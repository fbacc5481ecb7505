//! What was found of where a call's values came from, so that others can decide it again without the
//! job's secret.
//!
//! ```text
//! gate      Attested::of(policy, call, history) ──▶ answers ──▶ attempt.attested
//! replay    Attested::read(policy, call, attempt.attested) ──▶ the same answers, as Sources
//! ```
//!
//! An answer has no value in it, nor a hash that values could be tried against: whoever has the call
//! knows which value each answer is about, since both sides ask the same questions in the same order.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::rules::{Asked, elements};
use crate::{Action, Call, Condition, Moment, Policy, RuleId, Situation, Source, Sources, Truth, Value};

/// What was found of one source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attestation {
    /// The source: the statement of the counters that remember its values.
    pub source: RuleId,
    /// Whether each of the call's values that some condition asks about came from it, in the order of the
    /// values, each once.
    pub holds: Vec<Truth>,
}

/// The answers to everything that a policy, and what it extends, may ask of where a call's values came
/// from. To anything else the answer is that nobody knows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Attested(BTreeMap<Source, BTreeMap<Value, Truth>>);

impl Attested {
    /// Asks `known` once for each source and value.
    #[must_use]
    pub fn of(policy: &Policy, call: &Call, known: &dyn Sources) -> Self {
        let answers = questions(policy, call).into_iter().map(|(source, values)| {
            let answer = |value| {
                let truth = known.came_from(&source, &value);
                (value, truth)
            };
            let answers = values.into_iter().map(answer).collect();
            (source, answers)
        });
        Self(answers.collect())
    }

    /// The answers to the questions of `call`; `None` if they answer other questions.
    #[must_use]
    pub fn read(policy: &Policy, call: &Call, attestations: &[Attestation]) -> Option<Self> {
        let asked = questions(policy, call);
        let given: BTreeMap<RuleId, &Vec<Truth>> =
            attestations.iter().map(|one| (one.source, &one.holds)).collect();
        if given.len() != attestations.len() || given.len() != asked.len() {
            return None;
        }
        let of_one = |(source, values): (Source, BTreeSet<Value>)| {
            let holds = given.get(&source.statement()).filter(|holds| holds.len() == values.len())?;
            let answers = values.into_iter().zip(holds.iter().copied()).collect();
            Some((source, answers))
        };
        asked.into_iter().map(of_one).collect::<Option<_>>().map(Self)
    }

    /// The answers, sorted by source.
    #[must_use]
    pub fn attestations(&self) -> Vec<Attestation> {
        let one = |(source, answers): (&Source, &BTreeMap<Value, Truth>)| Attestation {
            source: source.statement(),
            holds: answers.values().copied().collect(),
        };
        let mut all: Vec<_> = self.0.iter().map(one).collect();
        all.sort_unstable_by_key(|one| one.source);
        all
    }
}

impl Sources for Attested {
    fn came_from(&self, source: &Source, value: &Value) -> Truth {
        self.0.get(source).and_then(|answers| answers.get(value)).copied().unwrap_or(Truth::Unknown)
    }
}

/// Takes note of what it is asked, and knows nothing.
#[derive(Debug, Default)]
struct Noted(RefCell<BTreeMap<Source, BTreeSet<Value>>>);

impl Sources for Noted {
    fn came_from(&self, source: &Source, value: &Value) -> Truth {
        self.0.borrow_mut().entry(source.clone()).or_default().insert(value.clone());
        Truth::Unknown
    }
}

/// Every value of `call` that a rule or an approval of its action asks the source of, in any layer, with
/// the sources. Which other conditions hold makes no difference.
fn questions(policy: &Policy, call: &Call) -> BTreeMap<Source, BTreeSet<Value>> {
    let noted = Noted::default();
    let situation = Situation { moment: Moment::at(0), sources: Some(&noted) };
    for layer in policy.layers() {
        let Some(tool) = layer.tools.get(&call.tool) else { continue };
        let Some(action) = tool.interface.actions.get(&call.action) else { continue };
        let rules = tool.allow.iter().chain(&tool.deny);
        let rules =
            rules.filter(|rule| rule.action.as_deref().is_none_or(|action| action == call.action.as_str()));
        let approvals = layer
            .approvals
            .iter()
            .filter(|approval| approval.tool == call.tool && approval.actions.contains(&call.action));
        let of_rules = rules.flat_map(|rule| rule.conditions.iter());
        let all = of_rules.chain(approvals.flat_map(|approval| &approval.conditions));
        for condition in all.filter(|condition| condition.sources().is_some()) {
            ask(condition, action, Asked { action, call, situation });
        }
    }
    noted.0.into_inner()
}

/// Evaluates a condition for the sake of what it asks.
fn ask(condition: &Condition, action: &Action, asked: Asked<'_>) {
    if condition.subject.is_of_element(action) {
        for element in elements(action, asked.call).unwrap_or_default() {
            let _noted = asked.holds_of(condition, element);
        }
    } else {
        let _noted = condition.holds(&asked.call.arguments, asked.situation);
    }
}
