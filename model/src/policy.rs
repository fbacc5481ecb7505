//! A policy in normal form.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::canon::Json;
use crate::{Condition, Hash, Interface, Owner, RuleId, Settings, Truth};

/// A Work Policy Contract in normal form: what the artifact says, no more.
///
/// Every list is a set, sorted (rules, limits and approvals by [`RuleId`]) and without
/// repetition. The compiler's lowering and the artifact reader are the only sources.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    /// `policy NAME`.
    pub name: String,
    /// Tools by the name they have in this policy (the alias, if one was given).
    pub tools: BTreeMap<String, Tool>,
    /// What the job's token must be.
    pub auth: Auth,
    /// Required approvals of all tools.
    pub approvals: Vec<Approval>,
    /// Evidence that must exist.
    pub evidence: Evidence,
    /// What may follow what.
    pub orders: Vec<Order>,
    /// What it demands of what surrounds its tools.
    pub settings: Settings,
    /// The JSON Schemas that its conditions name, by the hash of their canonical JSON.
    pub schemas: BTreeMap<Hash, Json>,
    /// What it extends, each a whole policy, sorted by hash: a call is allowed if it and each of these
    /// allow it.
    pub parents: Vec<Policy>,
}

/// One tool of a policy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tool {
    /// The used slice of its interface.
    pub interface: Interface,
    /// Values of the scope's parameters, in order; empty where the interface has no scope.
    pub scope: Vec<String>,
    /// What may go ahead.
    pub allow: Vec<Rule>,
    /// What may not, whatever allows it.
    pub deny: Vec<Rule>,
    /// How much.
    pub limits: Vec<Limit>,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Effect {
    /// The call may go ahead.
    Allow,
    /// It may not.
    Deny,
}

/// One allow or deny of one action on one target.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    /// Hash of the rest.
    pub id: RuleId,
    /// The action; `None` is every action, for a deny only.
    pub action: Option<Arc<str>>,
    /// What it speaks of.
    pub target: Target,
    /// All must hold. Sorted.
    pub conditions: Arc<[Condition]>,
}

/// What a statement speaks of.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Target {
    /// Every resource, or none (actions that take no resource).
    Any,
    /// Resources of one kind.
    Of {
        /// The kind.
        kind: Arc<str>,
        /// One slot per parameter of the kind. `any queue` has every slot `Any`.
        slots: Vec<Slot>,
    },
}

/// What may stand for one parameter of a resource.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Slot {
    /// Anything.
    Any,
    /// Exactly this; the same in another ASCII case is unknown.
    Exact(String),
    /// A pattern, as in [`crate::Test::Like`]; a match in another ASCII case is unknown.
    Like(String),
}

impl Target {
    /// Whether it speaks of `resource`.
    #[must_use]
    pub fn matches(&self, resource: Option<&crate::Resource>) -> Truth {
        match (self, resource) {
            (Self::Any, _) => Truth::True,
            (Self::Of { .. }, None) => Truth::False,
            (Self::Of { kind, slots }, Some(resource)) => {
                if **kind != *resource.kind || slots.len() != resource.names.len() {
                    return Truth::False;
                }
                Truth::all(slots.iter().zip(&resource.names).map(|(slot, name)| slot.matches(name)))
            }
        }
    }
}

impl Slot {
    /// Whether `name` may stand here.
    #[must_use]
    pub fn matches(&self, name: &str) -> Truth {
        match self {
            Self::Any => Truth::True,
            Self::Exact(exact) if exact == name => Truth::True,
            Self::Exact(exact) if exact.eq_ignore_ascii_case(name) => Truth::Unknown,
            Self::Like(pattern) if crate::glob(pattern, name) => Truth::True,
            Self::Like(pattern) if crate::glob_ignoring_case(pattern, name) => Truth::Unknown,
            Self::Exact(_) | Self::Like(_) => Truth::False,
        }
    }
}

/// At most so much, charged when a call is admitted, never refunded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limit {
    /// Hash of the rest.
    pub id: RuleId,
    /// What is counted.
    pub measure: Measure,
    /// The actions that share the counter, sorted.
    pub actions: Vec<String>,
    /// The resources that share it, sorted; `[Any]` for all.
    pub targets: Vec<Target>,
    /// The greatest sum, in the measure's unit.
    pub max: i64,
    /// Over what.
    pub window: Window,
    /// Whose counters.
    pub owner: Owner,
    /// Each resource has a counter of its own.
    pub by_resource: bool,
    /// Arguments each value of which has a counter of its own, sorted.
    pub by: Vec<String>,
}

/// Over what a limit counts, and into which counters: `per 5 min per agent per resource`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Per {
    /// Over what.
    pub window: Window,
    /// Whose counters.
    pub owner: Owner,
    /// Each resource has a counter of its own.
    pub by_resource: bool,
    /// Arguments each value of which has a counter of its own.
    pub by: Vec<String>,
}

impl Limit {
    /// Over what it counts, and into which counters.
    #[must_use]
    pub fn per(&self) -> Per {
        let Self { window, owner, by_resource, by, .. } = self;
        Per { window: *window, owner: *owner, by_resource: *by_resource, by: by.clone() }
    }
}

impl From<Window> for Per {
    /// One counter of the job.
    fn from(window: Window) -> Self {
        Self { window, owner: Owner::Job, by_resource: false, by: Vec::new() }
    }
}

/// What a limit counts.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Measure {
    /// One per admitted call.
    Calls,
    /// The sum of a count, bytes or money argument; of a batch: the number of its elements; of a
    /// field of the batch's record: the sum over the elements.
    Argument(String),
}

/// Over what a limit counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Window {
    /// The whole job.
    Job,
    /// Charges in `(now - ms, now]` of the job.
    Sliding {
        /// Length in milliseconds, at least 1.
        ms: i64,
    },
    /// Admitted calls that have no outcome yet. Of a call whose process died, the place is free once
    /// its outcome is recorded or its job is closed.
    Flight,
}

/// People must have signed. Never grants.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Approval {
    /// Hash of the rest.
    pub id: RuleId,
    /// The tool's name in the policy.
    pub tool: String,
    /// The actions, sorted.
    pub actions: Vec<String>,
    /// The resources, sorted; `[Any]` for all.
    pub targets: Vec<Target>,
    /// Asked for unless one of these is false. Sorted.
    pub conditions: Vec<Condition>,
    /// Who may sign, sorted.
    pub by: Vec<Approver>,
    /// How many distinct people, at least 1.
    pub quorum: u32,
    /// How long after the request the call may still begin, in milliseconds.
    pub within_ms: i64,
    /// How many calls one approval admits.
    pub uses: Uses,
    /// What of the call the approval fixes.
    pub bind: Bind,
}

/// Who may approve.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Approver {
    /// The holder of this key.
    Did(String),
    /// Whoever the issuer says has this role.
    Role {
        /// The role's name.
        role: String,
        /// The issuer's DID.
        issuer: String,
    },
}

/// How many calls one approval admits.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Uses {
    /// So many, at least 1.
    Times(u32),
    /// Any number, while it lasts.
    Unlimited,
}

/// What an approval fixes beside action and resource.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Bind {
    /// Every argument.
    Arguments,
    /// These arguments, sorted; maybe none.
    Some(Vec<String>),
}

/// What the job's token must be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Auth {
    /// Longest lifetime in seconds, at least 1.
    pub max_ttl_seconds: i64,
    /// The token names this policy's hash.
    pub pin_policy_hash: bool,
    /// The token is for one job.
    pub job_scoped_binding: bool,
    /// The bearer must prove the agent's key.
    pub proof_of_possession: bool,
}

/// Evidence that must exist for a run to count as proved.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Evidence {
    /// Model calls must leave gateway receipts.
    pub gateway_receipts: bool,
    /// How long openings are kept, in milliseconds; `None` for ever.
    pub retain_ms: Option<i64>,
}

/// What may follow what within a job.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// Hash of the rest.
    pub id: RuleId,
    /// The statement.
    pub sequence: Sequence,
}

/// A statement about the order of calls.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Sequence {
    /// Whoever was admitted to one side may not do the other.
    Separate {
        /// Sorted, each sorted.
        sides: [Vec<ToolActions>; 2],
    },
    /// The later action only after the earlier one was done.
    Before(Before),
}

/// Actions of one tool, on some of its resources.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ToolActions {
    /// The tool's name in the policy.
    pub tool: String,
    /// The actions, sorted.
    pub actions: Vec<String>,
    /// The resources, sorted; `[Any]` for all.
    pub targets: Vec<Target>,
}

/// One action of one tool.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ToolAction {
    /// The tool's name in the policy.
    pub tool: String,
    /// The action.
    pub action: String,
}

/// `before LATER do EARLIER with same resource, x == EARLIER.y within D once`.
///
/// The outcome `done` of an earlier call counts from its own time on. Letter case matters: what
/// agrees but for it does not agree.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Before {
    /// What may not begin otherwise.
    pub later: ToolAction,
    /// What must have been done in the job.
    pub earlier: ToolAction,
    /// Both on the same resource.
    pub same_resource: bool,
    /// Values that agree, sorted.
    pub same: Vec<Same>,
    /// Done in `(now - within_ms, now]`; ever in the job for `None`.
    pub within_ms: Option<i64>,
    /// Each earlier call serves one later call: a later call takes the oldest that still counts.
    pub once: bool,
}

/// An argument of the later call that equals a value of the earlier one.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Same {
    /// The later call's argument.
    pub argument: String,
    /// The earlier call's value.
    pub with: Origin,
}

/// A value of a call that was done.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Origin {
    /// Its argument.
    Argument(String),
    /// A field of its result.
    Result(String),
}
