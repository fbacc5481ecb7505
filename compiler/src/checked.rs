//! A policy that was checked and is not yet in normal form: what the author wrote, typed.
//!
//! Lists are still lists, `require`s stand apart from the `allow`s they join, and rules have their
//! places. Lowering turns this into [`wpc_model::Policy`]; the self-check evaluates it as it is and
//! compares.

use std::collections::BTreeMap;
use std::sync::Arc;

use wpc_grammar::Span;
use wpc_model::canon::Json;
use wpc_model::{Auth, Before, Condition, Evidence, Hash, Measure, Per, Policy, Settings, Terms, Type};

use crate::compiled::Map;
use crate::interface::Known;
use crate::testing::Test;

/// A whole policy.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) name: String,
    /// Where the name stands.
    pub(crate) place: Span,
    pub(crate) docs: Vec<String>,
    pub(crate) tools: BTreeMap<String, Tool>,
    pub(crate) auth: Auth,
    pub(crate) evidence: Evidence,
    pub(crate) orders: Vec<Order>,
    pub(crate) settings: Settings,
    /// The schemas of all files that were read; some may go unused.
    pub(crate) schemas: Arc<BTreeMap<Hash, Json>>,
    /// What it extends, sorted by hash.
    pub(crate) parents: Vec<Parent>,
    /// The file's tests; no part of the policy.
    pub(crate) tests: Vec<Test>,
}

impl Checked {
    /// The policy and all that it extends, in the order of [`Policy::layers`].
    pub(crate) fn layers(&self) -> Vec<&Self> {
        let own = std::iter::once(self);
        own.chain(self.parents.iter().flat_map(|parent| parent.checked.layers())).collect()
    }
}

/// A policy that is extended, as it is embedded.
#[derive(Debug)]
pub(crate) struct Parent {
    pub(crate) checked: Box<Checked>,
    pub(crate) policy: Policy,
    pub(crate) map: Map,
    /// The path after `extends`.
    pub(crate) place: Span,
}

/// A `separate` or a `before`.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) head: Head,
    pub(crate) sequence: Sequence,
}

/// What it says.
#[derive(Debug)]
pub(crate) enum Sequence {
    /// Its two sides.
    Separate([Vec<Doing>; 2]),
    Before(Before),
}

/// Actions of one tool.
#[derive(Debug)]
pub(crate) struct Doing {
    pub(crate) tool: String,
    pub(crate) actions: Vec<Arc<str>>,
    pub(crate) targets: Vec<Target>,
}

/// One tool of it.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) known: Arc<Known>,
    /// Where the tool was bound.
    pub(crate) place: Span,
    /// Values of the scope's parameters.
    pub(crate) scope: Vec<String>,
    pub(crate) allows: Vec<Rule>,
    pub(crate) denies: Vec<Rule>,
    pub(crate) requires: Vec<Rule>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) approvals: Vec<Approval>,
    /// What the allows and requires amount to together.
    pub(crate) joins: Vec<Join>,
}

/// Where a statement stands and what it is called.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// The statement, without docs, label and block.
    pub(crate) span: Span,
    /// Its line, from 1.
    pub(crate) line: u32,
    /// On one line, without its block.
    pub(crate) text: Arc<str>,
    pub(crate) label: Option<Arc<str>>,
    pub(crate) docs: Arc<[String]>,
}

impl Head {
    /// Its label, else its text.
    pub(crate) fn name(&self) -> String {
        self.shared_name().to_string()
    }

    /// The same, without copying it.
    pub(crate) fn shared_name(&self) -> &Arc<str> {
        self.label.as_ref().unwrap_or(&self.text)
    }
}

/// Which actions a statement speaks of.
#[derive(Clone, Debug)]
pub(crate) enum Actions {
    /// `deny any`.
    Any,
    /// These, in the order in which they were written, each once.
    Named(Vec<Arc<str>>),
}

impl Actions {
    /// Whether `action` is among them.
    pub(crate) fn include(&self, action: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Named(names) => names.iter().any(|name| **name == *action),
        }
    }
}

/// `allow`, `deny` or `require`.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) head: Head,
    pub(crate) actions: Actions,
    /// At least one.
    pub(crate) targets: Vec<Target>,
    pub(crate) conditions: Vec<Placed>,
}

/// A condition and its place.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) condition: Condition,
    /// Of what is tested.
    pub(crate) ty: Type,
    /// The subject is there in every call, so that the condition is never unknown for its absence.
    pub(crate) definite: bool,
    /// What is tested stands sealed: the gate alone reads it.
    pub(crate) sealed: bool,
    pub(crate) span: Span,
    /// Its line, from 1.
    pub(crate) line: u32,
}

/// One resource of a statement, or all.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// Every resource, or none.
    Any,
    /// Resources of one kind.
    Of {
        kind: Arc<str>,
        /// One per parameter of the kind.
        slots: Vec<Slot>,
        span: Span,
    },
}

/// What may stand in a slot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Slot {
    Any,
    /// At least one, sorted.
    OneOf(Vec<String>),
    Like(String),
}

/// A limit.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) head: Head,
    pub(crate) measure: Measure,
    pub(crate) actions: Vec<Arc<str>>,
    pub(crate) targets: Vec<Target>,
    pub(crate) max: i64,
    pub(crate) per: Per,
}

/// A required approval.
#[derive(Debug)]
pub(crate) struct Approval {
    pub(crate) head: Head,
    pub(crate) actions: Vec<Arc<str>>,
    pub(crate) targets: Vec<Target>,
    pub(crate) conditions: Vec<Placed>,
    pub(crate) terms: Terms,
}

/// Resources of one allow and one action that the same requires join.
#[derive(Debug)]
pub(crate) struct Join {
    /// Index into [`Tool::allows`].
    pub(crate) allow: usize,
    pub(crate) action: Arc<str>,
    /// In normal form; at least one.
    pub(crate) targets: Vec<wpc_model::Target>,
    /// Indices into [`Tool::requires`].
    pub(crate) requires: Vec<usize>,
}
