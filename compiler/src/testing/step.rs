//! What a `test` block says, typed: calls as the interpreter takes them, times, outcomes.

use wpc_grammar::Span;
use wpc_model::Call;

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
        /// How it ended.
        outcome: Outcome,
    },
    /// A call that is decided; if it is allowed it is charged, and done at once.
    Call(Asked),
    /// What the decision must be.
    Expect(Expect),
}

/// A call, its time and its place.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) call: Call,
    /// Unix milliseconds.
    pub(crate) at: i64,
    pub(crate) place: Span,
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

/// How an earlier call ended.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// It did what it should.
    #[default]
    Done,
    /// It did not.
    Failed,
    /// Nobody knows, or it is still on its way.
    Unknown,
}
