//! What was found of a call that others cannot find again: where its values came from, which takes the job's
//! secret, and whether they conform to schemas, which takes an engine for them.
//!
//! ```text
//! gate      Attested::of(policy, call, history).and(Conforming::of(policy, call, schemas)) ──▶ attempt.attested
//! replay    Attested::read(policy, call, attempt.attested) ──▶ the same answers, as Sources and Conformance
//! ```
//!
//! An answer has no value in it, nor a hash that values could be tried against: whoever has the call
//! knows which value each answer is about, since both sides ask the same questions in the same order.
//! What is found of sealed values stands in the call itself ([`crate::Sealed`]).

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::rules::{Asked, elements};
use crate::schema::conformance;
use crate::{
    Action, Call, Condition, Conformance, Moment, Policy, RuleId, Schemas, Situation, Source, Sources, Truth,
    Value,
};

/// What was found of one source, or of one condition that asks for conformance.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attestation {
    /// The source: the statement of the counters that remember its values. Or the condition.
    pub source: RuleId,
    /// The answer to each of the call's values that is asked about, in the order of the values, each once.
    pub holds: Vec<Truth>,
}

/// Answers about values.
type Answers<Q> = BTreeMap<Q, BTreeMap<Value, Truth>>;

/// Values that are asked about.
type Questions<Q> = BTreeMap<Q, BTreeSet<Value>>;

/// The answers to everything that a policy, and what it extends, may ask of where a call's values came
/// from and of what they conform to. To anything else the answer is that nobody knows.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Attested {
    sources: Answers<Source>,
    conforming: Conforming,
}

/// The answers to what a policy, and what it extends, asks of the conformance of a call's values that stand
/// in clear.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Conforming(Answers<Condition>);

impl Conforming {
    /// Asks `schemas` once for each condition and value.
    #[must_use]
    pub fn of(policy: &Policy, call: &Call, schemas: &dyn Schemas) -> Self {
        let conditions = Self::conditions(policy, &call.tool, &call.action);
        Self::ask(policy, call, &conditions, schemas)
    }

    /// The same, of a call of the action whose [`Conforming::conditions`] these are.
    #[must_use]
    pub fn ask(policy: &Policy, call: &Call, conditions: &[Condition], schemas: &dyn Schemas) -> Self {
        let mut answers: Answers<Condition> = BTreeMap::new();
        let Some(interface) = policy.tools.get(&call.tool).map(|tool| &tool.interface) else {
            return Self::default();
        };
        let Some(action) = interface.actions.get(&call.action) else { return Self::default() };
        for condition in conditions {
            let Some(schema) = condition.schema() else { continue };
            let Ok(found) = interface.subject_type(action, &condition.subject) else { continue };
            let noted = Noted::default();
            ask(condition, action, call, &noted);
            for (condition, values) in noted.conformance.into_inner() {
                let answer = |value: Value| {
                    let truth = conformance(interface, schemas, schema, &found.ty, &value);
                    (value, truth)
                };
                answers.insert(condition, values.into_iter().map(answer).collect());
            }
        }
        Self(answers)
    }

    /// The conditions of an action's rules and approvals, in all layers, that ask for conformance. All layers
    /// mean the same by what they read ([`Policy::clash`]).
    #[must_use]
    pub fn conditions(policy: &Policy, tool: &str, action: &str) -> Vec<Condition> {
        let all = policy.layers().flat_map(|layer| layer.conditions_of(tool, action));
        let asking: BTreeSet<&Condition> = all.filter(|condition| condition.schema().is_some()).collect();
        asking.into_iter().cloned().collect()
    }
}

impl Conformance for Conforming {
    fn conforms(&self, condition: &Condition, value: &Value) -> Truth {
        self.0.get(condition).and_then(|answers| answers.get(value)).copied().unwrap_or(Truth::Unknown)
    }
}

impl Attested {
    /// Asks `known` once for each source and value.
    #[must_use]
    pub fn of(policy: &Policy, call: &Call, known: &dyn Sources) -> Self {
        let answers = questions(policy, call).sources.into_inner().into_iter().map(|(source, values)| {
            let answer = |value| {
                let truth = known.came_from(&source, &value);
                (value, truth)
            };
            let answers = values.into_iter().map(answer).collect();
            (source, answers)
        });
        Self { sources: answers.collect(), conforming: Conforming::default() }
    }

    /// The same, and what the call's values conform to.
    #[must_use]
    pub fn and(self, conforming: Conforming) -> Self {
        Self { conforming, ..self }
    }

    /// The answers to the questions of `call`; `None` if they answer other questions.
    #[must_use]
    pub fn read(policy: &Policy, call: &Call, attestations: &[Attestation]) -> Option<Self> {
        let asked = questions(policy, call);
        let (sources, conformance) = (asked.sources.into_inner(), asked.conformance.into_inner());
        let given: BTreeMap<RuleId, &Vec<Truth>> =
            attestations.iter().map(|one| (one.source, &one.holds)).collect();
        let count = sources.len().checked_add(conformance.len())?;
        if given.len() != attestations.len() || given.len() != count {
            return None;
        }
        let answers = |statement: RuleId, values: BTreeSet<Value>| {
            let holds = given.get(&statement).filter(|holds| holds.len() == values.len())?;
            Some(values.into_iter().zip(holds.iter().copied()).collect::<BTreeMap<_, _>>())
        };
        let of_source =
            |(source, values): (Source, _)| Some((source.clone(), answers(source.statement(), values)?));
        let of_condition = |(condition, values): (Condition, _)| {
            Some((condition.clone(), answers(condition.statement(), values)?))
        };
        Some(Self {
            sources: sources.into_iter().map(of_source).collect::<Option<_>>()?,
            conforming: Conforming(conformance.into_iter().map(of_condition).collect::<Option<_>>()?),
        })
    }

    /// The answers, sorted by what they answer.
    #[must_use]
    pub fn attestations(&self) -> Vec<Attestation> {
        let one = |source: RuleId, answers: &BTreeMap<Value, Truth>| Attestation {
            source,
            holds: answers.values().copied().collect(),
        };
        let of_sources = self.sources.iter().map(|(source, answers)| one(source.statement(), answers));
        let of_conditions =
            self.conforming.0.iter().map(|(condition, answers)| one(condition.statement(), answers));
        let mut all: Vec<_> = of_sources.chain(of_conditions).collect();
        all.sort_unstable_by_key(|one| one.source);
        all
    }

    /// The statements of everything that `policy`, and what it extends, may ask.
    #[must_use]
    pub fn statements(policy: &Policy) -> BTreeSet<RuleId> {
        let conditions = policy.conditions();
        let of = |condition: &Condition| {
            let sources = condition.sources().into_iter().flatten().map(Source::statement);
            let conformance = condition.schema().map(|_| condition.statement());
            sources.chain(conformance).collect::<Vec<_>>()
        };
        conditions.flat_map(of).collect()
    }
}

impl Sources for Attested {
    fn came_from(&self, source: &Source, value: &Value) -> Truth {
        self.sources.get(source).and_then(|answers| answers.get(value)).copied().unwrap_or(Truth::Unknown)
    }
}

impl Conformance for Attested {
    fn conforms(&self, condition: &Condition, value: &Value) -> Truth {
        self.conforming.conforms(condition, value)
    }
}

/// Takes note of what it is asked, and knows nothing.
#[derive(Debug, Default)]
struct Noted {
    sources: RefCell<Questions<Source>>,
    conformance: RefCell<Questions<Condition>>,
}

impl Sources for Noted {
    fn came_from(&self, source: &Source, value: &Value) -> Truth {
        self.sources.borrow_mut().entry(source.clone()).or_default().insert(value.clone());
        Truth::Unknown
    }
}

impl Conformance for Noted {
    fn conforms(&self, condition: &Condition, value: &Value) -> Truth {
        self.conformance.borrow_mut().entry(condition.clone()).or_default().insert(value.clone());
        Truth::Unknown
    }
}

/// Every value of `call` that a rule or an approval of its action asks something of that is attested, in any
/// layer. Which other conditions hold makes no difference.
fn questions(policy: &Policy, call: &Call) -> Noted {
    let noted = Noted::default();
    for layer in policy.layers() {
        let Some(tool) = layer.tools.get(&call.tool) else { continue };
        let Some(action) = tool.interface.actions.get(&call.action) else { continue };
        let asks = |one: &&Condition| one.sources().is_some() || one.schema().is_some();
        for condition in layer.conditions_of(&call.tool, &call.action).filter(asks) {
            ask(condition, action, call, &noted);
        }
    }
    noted
}

/// Evaluates a condition for the sake of what it asks.
fn ask(condition: &Condition, action: &Action, call: &Call, noted: &Noted) {
    let situation = Situation { sources: Some(noted), conformance: Some(noted), ..Moment::at(0).into() };
    if condition.subject.is_of_element(action) {
        let asked = Asked { action, call, situation };
        for element in elements(action, call).unwrap_or_default() {
            let _noted = asked.holds_of(condition, element);
        }
    } else {
        let _noted = condition.holds(&call.arguments, situation);
    }
}
