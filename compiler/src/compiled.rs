//! What compiling gives: the policy, and beside it everything that is not part of its hash.

use std::collections::BTreeMap;
use std::sync::Arc;

use wpc_grammar::Span;
use wpc_model::{Condition, Interface, Policy, RuleId};

use crate::Diagnostic;
use crate::checked::Checked;

/// A compiled policy with its map and the whole interfaces it was checked against.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The normal form: what is encoded, hashed and enforced.
    pub policy: Policy,
    /// The whole interface of each tool, by the tool's name in the policy (`Policy::tools` holds
    /// only the used slices).
    pub interfaces: BTreeMap<String, Whole>,
    /// Where everything came from.
    pub map: Map,
    /// Lints and notes, sorted; never errors.
    pub warnings: Vec<Diagnostic>,
    /// What was lowered, for the self-check.
    pub(crate) checked: Arc<Checked>,
}

/// An interface with its documentation.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Every part of it.
    pub interface: Interface,
    /// Shipped inside the compiler; its Rust types live in `wpc::interface`.
    pub shipped: bool,
    /// Doc lines by path: `""` for the tool, `send`, `send.messages`, `message.message_bytes`.
    pub docs: BTreeMap<String, Vec<String>>,
}

/// Positions and labels, outside the hash; written as `NAME.wpc.map.json`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Map {
    /// The policy file's name as it was given.
    pub source: String,
    /// The policy's own docs.
    pub docs: Vec<String>,
    /// Rules, limits and approvals by id.
    pub origins: BTreeMap<RuleId, Origin>,
    /// Those of the policies that it extends, in the order of [`Policy::parents`].
    pub parents: Vec<Map>,
}

impl Map {
    /// The map of the policy and of each that it extends, in the order of [`Policy::layers`].
    #[must_use]
    pub fn layers(&self) -> Vec<&Self> {
        let own = std::iter::once(self);
        own.chain(self.parents.iter().flat_map(Self::layers)).collect()
    }
}

/// Where one rule, limit or approval was written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Origin {
    /// Line of the statement, from 1.
    pub line: u32,
    /// The statement, without docs, label and block.
    pub span: Span,
    /// The statement's head on one line, without its block: `allow send to queue("orders-staging")`.
    pub text: Arc<str>,
    /// `@label("…")`.
    pub label: Option<Arc<str>>,
    /// `///` lines; shared by all rules of one statement.
    pub docs: Arc<[String]>,
    /// The conditions, which the rule shares.
    pub conditions: Arc<[Condition]>,
    /// The line on which each condition was written (a `require`'s own line where it came from one).
    pub lines: Arc<[u32]>,
}

impl Origin {
    /// The line on which one of its conditions was written.
    #[must_use]
    pub fn line_of(&self, condition: &Condition) -> Option<u32> {
        let at = self.conditions.iter().position(|one| one == condition)?;
        self.lines.get(at).copied()
    }
}
