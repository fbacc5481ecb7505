//! What a `test` block says, typed: calls as the interpreter takes them, times, outcomes.

use std::collections::{BTreeMap, BTreeSet};

use wpc_grammar::Span;
use wpc_model::{
    Call, Conforming, Content, Ending, Given, History, Policy, Schemas, Sealing, Seals, Situation, Value, Who,
};

use crate::value::Contents;

/// When a test begins: 2026-01-01T00:00:00Z, in Unix milliseconds. Its clock stands still until a
/// step says another time.
pub(crate) const START: i64 = 1_767_225_600_000;

/// A `test` block whose names and types are right.
#[derive(Clone, Debug)]
pub(crate) struct Test {
    /// What it shows.
    pub(crate) name: String,
    /// Where its name stands.
    pub(crate) place: Span,
    pub(crate) steps: Vec<Step>,
}

/// One step of a test.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// An earlier call: admitted and charged, whatever the policy says of it.
    Given {
        asked: Asked,
        /// How many times, at least once.
        times: u32,
        ended: Ended,
    },
    /// The job's input.
    Input {
        input: Given,
        /// Unix milliseconds.
        at: i64,
        job: String,
        agent: String,
    },
    /// A call that is decided; if it is allowed it is charged, and ends at once.
    Call { asked: Asked, ended: Ended },
    /// What the decision must be.
    Expect(Expect),
}

/// A call, its time and its place, and the people concerned.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) call: Call,
    /// What is said for its sealed values.
    pub(crate) contents: Contents,
    /// What its values in clear conform to.
    pub(crate) conforming: Conforming,
    /// Unix milliseconds.
    pub(crate) at: i64,
    pub(crate) place: Span,
    /// The job that it is part of.
    pub(crate) job: String,
    /// The agent that asks.
    pub(crate) agent: String,
    /// The DID of the requester, who never approves.
    pub(crate) requester: Option<String>,
    /// Who approved it.
    pub(crate) signed: Vec<Signed>,
}

impl Asked {
    pub(super) fn who(&self) -> Who<'_> {
        Who { job: &self.job, agent: &self.agent }
    }

    /// The situation in which it is decided, after this `history`.
    pub(super) fn situation<'h>(&'h self, history: &'h dyn History) -> Situation<'h> {
        Situation { conformance: Some(&self.conforming), ..Situation::of(history) }
    }

    /// The same call as a gate with these `schemas` takes it: what it says for sealed values is read.
    fn read(&self, policy: &Policy, schemas: &dyn Schemas) -> Self {
        let mut asked = self.clone();
        let seals = Seals::of(policy, &asked.call.tool, &asked.call.action);
        let interface = policy.tools.get(&asked.call.tool).map(|tool| &tool.interface);
        if let Some(interface) = interface
            && let Some(action) = interface.actions.get(&asked.call.action)
        {
            let sealing = Sealing { interface, action, seals: &seals, schemas };
            asked.call.each_sealed(policy, &mut |at, sealed| {
                if let Some(content) = asked.contents.get(at.path) {
                    *sealed = sealing.seal(at.record, at.field, Content::Given(content));
                }
            });
        }
        asked.conforming = Conforming::of(policy, &asked.call, schemas);
        asked
    }
}

impl Test {
    /// The same, its calls read by a gate with these `schemas`.
    pub(super) fn read(&self, policy: &Policy, schemas: &dyn Schemas) -> Self {
        let step = |step: &Step| match step {
            Step::Given { asked, times, ended } => {
                Step::Given { asked: asked.read(policy, schemas), times: *times, ended: ended.clone() }
            }
            Step::Call { asked, ended } => {
                Step::Call { asked: asked.read(policy, schemas), ended: ended.clone() }
            }
            other @ (Step::Input { .. } | Step::Expect(_)) => other.clone(),
        };
        let (name, place) = (self.name.clone(), self.place);
        Self { name, place, steps: self.steps.iter().map(step).collect() }
    }
}

/// One approval.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    /// The person's DID.
    pub(crate) approver: String,
    /// Roles that an issuer says they have: the role and the issuer's DID.
    pub(crate) roles: BTreeSet<(String, String)>,
    /// When it was asked for and signed, Unix milliseconds.
    pub(crate) at: i64,
}

/// `expect allow`, `expect deny`, `expect deny CODE`.
#[derive(Clone, Debug)]
pub(crate) struct Expect {
    pub(crate) decision: Expected,
    pub(crate) place: Span,
}

/// The decision that a test wants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Expected {
    /// `expect allow`.
    Allow,
    /// `expect deny`, of whatever reason or of the one that is named.
    Deny(Option<String>),
}

/// How a call ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Ended {
    /// It did what it should, and returned this.
    Done(Option<BTreeMap<String, Value>>),
    /// It did not.
    Failed,
    /// Nobody knows, or it is still on its way.
    Unknown,
}

impl Ended {
    /// As the model takes it; `nothing` is what a call returned of which nothing else is said.
    pub(super) fn ending<'a>(&'a self, nothing: &'a BTreeMap<String, Value>) -> Ending<'a> {
        match self {
            Self::Done(result) => Ending::Done(result.as_ref().unwrap_or(nothing)),
            Self::Failed => Ending::Failed,
            Self::Unknown => Ending::Unknown,
        }
    }
}
