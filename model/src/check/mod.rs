//! What every policy in normal form satisfies: what the compiler guarantees, checked again by
//! whoever reads an artifact.

mod interface;
mod orders;
mod parents;
mod rules;
mod schemas;
mod settings;
mod statements;
mod types;

use std::fmt;

pub use settings::{MAX_NOTE_BYTES, check_note, check_principal_name};

use crate::place::{Place, Quoted};
use crate::{NameError, Policy, Tool, check_name};

/// Most tools of a policy.
pub const MAX_TOOLS: usize = 1_000;

/// Most allows, and most denies, of a tool.
pub const MAX_RULES: usize = 1_000_000;

/// Most limits of a tool, and approvals and orders of a policy.
pub const MAX_STATEMENTS: usize = 10_000;

/// Most conditions of a rule.
pub const MAX_CONDITIONS: usize = 1_000;

/// Most constants of one condition.
pub const MAX_CONSTANTS: usize = 10_000;

/// Most parameters, fields, arguments, kinds, words or other parts of one part of an interface.
pub const MAX_PARTS: usize = 1_000;

/// Most policies that one policy extends, its parents' parents included, each as often as it stands
/// there.
pub const MAX_PARENTS: usize = 16;

/// Most policies above each other, the lowest not counted.
pub const MAX_PARENT_DEPTH: usize = 4;

/// Deepest nesting of a type: `list<list<text>>` is 3 deep.
pub const MAX_TYPE_DEPTH: u32 = 8;

/// A policy that no compiler would have made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invalid {
    /// Where, `$.tools.azure_service_bus.allow[3].op`: the artifact's names, with indices into the
    /// policy's lists (which also hold what the artifact hoists).
    pub path: String,
    /// What is wrong.
    pub message: String,
}

impl Invalid {
    pub(crate) fn new(at: Place<'_>, message: impl Into<String>) -> Self {
        Self { path: at.to_string(), message: message.into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for Invalid {}

impl Policy {
    /// Checks what the compiler guarantees: names are valid, everything referred to exists, every
    /// condition is legal for its type, every list sorted, every id that of its rule.
    ///
    /// # Errors
    ///
    /// [`Invalid`] with the first thing that is wrong.
    pub fn check(&self) -> Result<(), Invalid> {
        parents::few(self, Place::Root)?;
        self.check_at(Place::Root)
    }

    fn check_at(&self, root: Place<'_>) -> Result<(), Invalid> {
        name(&self.name, root.member("policy_name"))?;
        if self.auth.max_ttl_seconds < 1 || self.auth.max_ttl_seconds > crate::MAX_INTEGER {
            return Err(Invalid::new(root.member("auth").member("max_ttl_seconds"), "must be at least 1"));
        }
        positive(self.evidence.retain_ms, root.member("evidence").member("retain_ms"))?;
        settings::check(&self.settings, root)?;
        let tools = root.member("tools");
        few(self.tools.len(), MAX_TOOLS, tools)?;
        for (of, tool) in &self.tools {
            let at = tools.member(of);
            name(of, at)?;
            tool.check(of, at)?;
        }
        if let Some(source) = self.missing_source() {
            let message =
                format!("names {}, which is no trusted field of this type", Quoted(&source.to_text()));
            return Err(Invalid::new(tools, message));
        }
        schemas::check(self, root.member("schemas"))?;
        orders::orders(self, root.member("orders"))?;
        statements::approvals(self, root.member("approvals").member("rules"))?;
        parents::check(self, root.member("extends"))
    }
}

impl Tool {
    fn check(&self, name: &str, at: Place<'_>) -> Result<(), Invalid> {
        interface::check(self, at)?;
        rules::check(self, name, at)?;
        statements::limits(self, name, at.member("limits"))
    }
}

fn name(name: &str, at: Place<'_>) -> Result<(), Invalid> {
    spelling(check_name(name), name, at)
}

fn spelling(checked: Result<(), NameError>, name: &str, at: Place<'_>) -> Result<(), Invalid> {
    checked.map_err(|error| Invalid::new(at, format!("{} {error}", crate::place::Quoted(name))))
}

fn few(found: usize, most: usize, at: Place<'_>) -> Result<(), Invalid> {
    if found <= most { Ok(()) } else { Err(Invalid::new(at, format!("has {found} parts, more than {most}"))) }
}

fn positive(number: Option<i64>, at: Place<'_>) -> Result<(), Invalid> {
    match number {
        Some(number) if !(1..=crate::MAX_INTEGER).contains(&number) => {
            Err(Invalid::new(at, "must be at least 1"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Sorted, without repetition.
fn sorted<T: Ord>(items: &[T], at: Place<'_>) -> Result<(), Invalid> {
    if items.is_sorted_by(|left, right| left < right) {
        Ok(())
    } else {
        Err(Invalid::new(at, "is not sorted"))
    }
}
