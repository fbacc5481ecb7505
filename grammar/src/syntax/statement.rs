//! Statements and what they speak of: actions, targets, resources.

use super::{Conditions, Ident, Path, Quantity, Setting, Text, Value};
use crate::Loc;

/// A statement of a policy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Statement {
    /// `allow A, B to R when { … }`.
    Allow {
        /// What.
        actions: Vec<ActionRef>,
        /// To what.
        target: Option<Target>,
        /// `when …`.
        when: Option<Conditions>,
    },
    /// `deny A on R when { … }`, `deny any`.
    Deny {
        /// What; `None` is `any`.
        actions: Option<Vec<ActionRef>>,
        /// On what.
        target: Option<Target>,
        /// `when …`.
        when: Option<Conditions>,
    },
    /// `require A on R { … }`.
    Require {
        /// What.
        actions: Vec<ActionRef>,
        /// On what.
        target: Option<Target>,
        /// The conditions.
        conditions: Conditions,
    },
    /// `require approval of A on R when { … } { by …; quorum 1 }`.
    Approval {
        /// What.
        actions: Vec<ActionRef>,
        /// On what.
        target: Option<Target>,
        /// `when …`.
        when: Option<Conditions>,
        /// `by`, `quorum`, `within`, `uses`, `bind`.
        settings: Vec<Setting>,
    },
    /// `limit M of A on R to N per W`.
    Limit {
        /// What is counted.
        measure: Measure,
        /// Of what.
        actions: Vec<ActionRef>,
        /// On what.
        target: Option<Target>,
        /// The bound.
        max: Value,
        /// `per job`, `per 5 min`, `per agent`, `per resource`, `per ARG`; empty for `concurrent`.
        per: Vec<Per>,
    },
    /// `separate A on R from B on S`.
    Separate {
        /// One side.
        first: (Vec<ActionRef>, Option<Target>),
        /// The other.
        second: (Vec<ActionRef>, Option<Target>),
    },
    /// `before B do A with same resource, x == A.y within D once`.
    Before {
        /// The later action.
        later: ActionRef,
        /// The one that must have been done.
        earlier: ActionRef,
        /// What must agree.
        with: Vec<Same>,
        /// `within D`.
        within: Option<Quantity>,
        /// `once`.
        once: bool,
    },
}

/// What a limit counts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Measure {
    /// `limit concurrent A to N`.
    Concurrent(Loc),
    /// `calls`, or the name of an argument.
    Of(Ident),
}

/// One `per …` of a limit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Per {
    /// `per job`, `per agent`, `per resource`, `per minute`, `per ARG`.
    Word(Ident),
    /// `per 15 min`.
    Quantity(Quantity),
}

/// What must agree between the two calls of a `before`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Same {
    /// `same resource`.
    Word(Ident),
    /// `artifact_hash == plan.hash`.
    Equal(Path, Path),
}

/// `send`, or at policy level `azure_service_bus.send`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ActionRef {
    /// The tool, if written.
    pub tool: Option<Ident>,
    /// The action.
    pub action: Ident,
    /// Where.
    pub loc: Loc,
}

/// `to queue("a"), queue("b")`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// `to`, `from`, `on` or `in`.
    pub preposition: Ident,
    /// At least one.
    pub resources: Vec<ResourceRef>,
    /// Where, preposition included.
    pub loc: Loc,
}

/// One resource of a target.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ResourceRef {
    /// `any`, `any queue`.
    Any {
        /// The kind, if written.
        kind: Option<Ident>,
        /// Where.
        loc: Loc,
    },
    /// `queue("orders")`.
    Named {
        /// The kind.
        kind: Ident,
        /// Its slots.
        slots: Vec<Slot>,
        /// Where.
        loc: Loc,
    },
}

/// One slot of a resource: by position or by name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slot {
    /// `name:`.
    pub name: Option<Ident>,
    /// What may stand there.
    pub kind: SlotKind,
    /// Where.
    pub loc: Loc,
}

/// What may stand in a slot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SlotKind {
    /// `any`.
    Any,
    /// `like "orders-*"`.
    Like(Text),
    /// `in ["a", "b"]`, or `in names` where a `let` or `param` names a list.
    In(Value),
    /// A value; a list stands for each of its members.
    Value(Value),
}
