//! Tests of a policy.

use super::{ActionRef, Ident, Pair, Setting, Target, Text};
use crate::Loc;

/// `test "…" { … }`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Test {
    /// What it shows.
    pub name: Text,
    /// Its steps.
    pub steps: Vec<TestStep>,
}

/// One step of a test.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum TestStep {
    /// `given send to queue("q") { … } at "…"`: an earlier call.
    Given(TestCall),
    /// `call send to queue("q") { … } at "…"`.
    Call(TestCall),
    /// `expect allow`, `expect deny explicit_deny`.
    Expect {
        /// `allow` or `deny`.
        decision: Ident,
        /// The reason's code.
        code: Option<Ident>,
        /// Where.
        loc: Loc,
    },
    /// Any other setting: `clock "…"`, `job "…"`.
    Setting(Setting),
}

/// A call in a test.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TestCall {
    /// Which action.
    pub action: ActionRef,
    /// On what.
    pub target: Option<Target>,
    /// Its arguments: a [`Value::Object`](super::Value::Object)'s members.
    pub arguments: Option<(Vec<Pair>, Loc)>,
    /// `at "2026-01-01T00:00:00Z"`.
    pub at: Option<Text>,
    /// Where.
    pub loc: Loc,
}
