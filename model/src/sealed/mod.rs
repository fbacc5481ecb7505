//! Values that never leave the gate: what it found of them is all that is known.
//!
//! ```text
//! policy ──Seals::of──▶ the questions asked of each sealed field      (the rest of a condition, from there on)
//! value  ──Sealing::seal──▶ Value::Sealed(answers)                    (the value itself is dropped)
//! condition ──────────────▶ the answer, or unknown
//! ```
//!
//! An answer is true, false or unknown and says no more of the value. It stands with the value's commitment
//! in the log, so that a replay needs neither the value nor an engine for schemas.

mod seal;
mod walk;

use crate::canon::{Json, Writer};
use crate::{Condition, Quantifier, RuleId, Step, Subject, Test, Truth};

pub use seal::{Content, Sealing, Seals};
pub use walk::SealedAt;

/// What a condition asks of a sealed value: all of it that comes after the value.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Question {
    /// Of each or some member of the first list from there on.
    pub quantifier: Option<Quantifier>,
    /// What is read of the value.
    pub steps: Vec<Step>,
    /// How it is tested.
    pub test: Test,
}

impl Question {
    /// Names it where its answer is written down.
    #[must_use]
    pub fn id(&self) -> RuleId {
        id("sealed ", &self.condition())
    }

    /// The same as a condition on an argument without a name.
    fn condition(&self) -> Condition {
        let Self { quantifier, steps, test } = self.clone();
        Condition { subject: Subject { quantifier, name: String::new(), steps }, test }
    }
}

impl Condition {
    /// Names what it asks of values that stand in clear, where the gate alone can answer.
    #[must_use]
    pub(crate) fn statement(&self) -> RuleId {
        id("conforms ", self)
    }
}

fn id(what: &str, condition: &Condition) -> RuleId {
    let mut bytes = what.as_bytes().to_vec();
    crate::artifact::put_condition(Writer::new(&mut bytes), condition);
    RuleId::of(&bytes)
}

/// What the gate found of a sealed value: its answers, each question once.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Sealed(Vec<(Question, Truth)>);

impl Sealed {
    /// Nobody has read the value: every answer is unknown.
    pub const UNREAD: Self = Self(Vec::new());

    /// These answers; of two to one question the first counts.
    ///
    /// ```
    /// use wpc_model::{Question, Sealed, Test, Truth, Hash};
    /// let question = Question { quantifier: None, steps: vec![], test: Test::Conforms(Hash::of(b"{}")) };
    /// let sealed = Sealed::new([(question.clone(), Truth::True)]);
    /// assert_eq!(sealed.answer(None, &[], &question.test), Truth::True);
    /// assert_eq!(Sealed::UNREAD.answer(None, &[], &question.test), Truth::Unknown);
    /// ```
    #[must_use]
    pub fn new(answers: impl IntoIterator<Item = (Question, Truth)>) -> Self {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.sort_by(|(left, _), (right, _)| left.cmp(right));
        answers.dedup_by(|(later, _), (first, _)| later == first);
        Self(answers)
    }

    /// The answers, by question.
    #[must_use]
    pub fn answers(&self) -> &[(Question, Truth)] {
        &self.0
    }

    /// Whether the value passes `test` at the end of `steps`; unknown if that was not asked.
    #[must_use]
    pub fn answer(&self, quantifier: Option<Quantifier>, steps: &[Step], test: &Test) -> Truth {
        let same = |(question, _): &&(Question, Truth)| {
            question.quantifier == quantifier && question.steps == steps && question.test == *test
        };
        self.0.iter().find(same).map_or(Truth::Unknown, |(_, truth)| *truth)
    }

    /// The answers as evidence has them, by the questions' ids: `{"r_…":true}`; null is unknown.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::object(self.0.iter().map(|(question, truth)| {
            let answer = match truth {
                Truth::True => Json::Bool(true),
                Truth::False => Json::Bool(false),
                Truth::Unknown => Json::Null,
            };
            (question.id().to_string(), answer)
        }))
    }
}
