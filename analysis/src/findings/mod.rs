//! What a policy says in vain: rules that never apply or add nothing, limits that are never reached or
//! forbid all use, duties of what nothing allows.
//!
//! Each finding was proved; where nothing was proved nothing is said, as a lint may.

mod duties;
mod rules;

use std::collections::BTreeSet;

use wpc_model::{Policy, RuleId};

use crate::question::Asker;
use crate::site::{Case, Rules};

/// Steps that all questions about one policy may take: a check stays quick.
const ALL_STEPS: u32 = 4_000_000;

/// Something that a policy says in vain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What is wrong.
    pub problem: Problem,
    /// The rule, limit or approval that it is about.
    pub rule: RuleId,
    /// Those because of which it is so, sorted; none if it is so by itself.
    pub by: Vec<RuleId>,
    /// A call that shows what was probably meant and is not so: of a limit that forbids all use the
    /// least call that it refuses.
    pub witness: Option<Case>,
}

/// What a policy says in vain.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Problem {
    /// A rule whose conditions no call meets together.
    Contradiction,
    /// An allow of which denies take back everything.
    Denied,
    /// A rule that applies only where others of its effect do.
    Redundant,
    /// An allow of which each call, however small, is over a limit.
    OverLimit,
    /// A limit that another one always reaches first.
    Unreached,
    /// A limit on what nothing allows.
    IdleLimit,
    /// A required approval that is never asked for.
    IdleApproval,
}

/// Everything that was found of `policy`, which must be checked ([`Policy::check`]): by problem, then
/// by rule.
#[must_use]
pub fn findings(policy: &Policy) -> Vec<Finding> {
    let rules = Rules::of(policy);
    let mut look =
        Look { rules: &rules, asker: Asker::new(ALL_STEPS), found: Vec::new(), idle: BTreeSet::new() };
    look.rules();
    look.limits();
    look.approvals();
    let mut found = look.found;
    found.sort_by_key(|one| (one.problem, one.rule));
    found
}

struct Look<'a, 'p> {
    rules: &'a Rules<'p>,
    asker: Asker,
    found: Vec<Finding>,
    /// Allows that never apply.
    idle: BTreeSet<RuleId>,
}

impl Look<'_, '_> {
    fn report(&mut self, problem: Problem, rule: RuleId, by: Vec<RuleId>, witness: Option<Case>) {
        self.found.push(Finding { problem, rule, by, witness });
    }
}
