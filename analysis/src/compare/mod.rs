//! What one policy allows that another does not.
//!
//! Policies are compared part by part: rules (allows less denies), limits, approvals, and what is
//! demanded of tokens and evidence. Each part may be wider, narrower, both or neither, or not be
//! decided; together they give the [`Verdict`].

mod approvals;
mod limits;
mod orders;
mod parents;
mod rules;
mod settings;

use wpc_model::{Hash, Policy, RuleId};

use crate::question::Asker;
use crate::replay::Step;
use crate::site::{Case, Rules};

/// Steps that all questions of one comparison may take together.
const ALL_STEPS: u32 = 20_000_000;

/// How a new policy compares with an old one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Comparison {
    /// Everything taken together.
    pub verdict: Verdict,
    /// What was found, those that are wider first.
    pub differences: Vec<Difference>,
    /// Whether differences beyond the first were not looked for, because there are so many.
    pub more: bool,
}

/// How a new policy compares with an old one.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Verdict {
    /// Each allows what the other allows.
    Equal,
    /// The new one allows nothing that the old one does not, and less.
    Narrower,
    /// The new one allows everything that the old one does, and more.
    Wider,
    /// Each allows something that the other does not.
    Incomparable,
    /// Not found out.
    Undecided,
}

impl Verdict {
    /// The stable word, `incomparable`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Narrower => "narrower",
            Self::Wider => "wider",
            Self::Incomparable => "incomparable",
            Self::Undecided => "undecided",
        }
    }
}

/// Which of two policies allows more.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Direction {
    /// The new one.
    Wider,
    /// The old one.
    Narrower,
}

impl Direction {
    /// The stable word, `wider`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wider => "wider",
            Self::Narrower => "narrower",
        }
    }
}

/// One thing in which two policies differ, or may differ.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference {
    /// Which way.
    pub direction: Direction,
    /// In what.
    pub part: Part,
    /// What shows it.
    pub shown: Shown,
}

/// What two policies differ in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Part {
    /// This allow, of the policy that allows more.
    Allow {
        /// The allow.
        rule: RuleId,
        /// The deny of the other policy that takes back what it allows, if it is that.
        denied_by: Option<RuleId>,
    },
    /// This limit, of the policy that allows less.
    Limit(RuleId),
    /// This required approval, of the policy that allows less.
    Approval(RuleId),
    /// This `separate` or `before`, of the policy that allows less.
    Order(RuleId),
    /// What is demanded of tokens, of evidence, or of what surrounds the tools.
    Setting(Setting),
    /// The policy of this hash, which the one that allows less extends and the other does not.
    Parent(Hash),
}

/// What is demanded of tokens, of evidence, or of what surrounds the tools.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Setting {
    /// How long a token lives.
    Lifetime,
    /// Whether it names the policy.
    Pin,
    /// Whether it is for one job.
    Job,
    /// Whether the holder proves the agent's key.
    Holder,
    /// Whether model calls leave receipts.
    Receipts,
    /// How long openings are kept.
    Retention,
    /// Which models may be called, how much, and what must not reach them.
    Models,
    /// What the agent runs in.
    Sandbox,
    /// Who may work on a job.
    Agents,
    /// Who may ask for one.
    Requesters,
    /// For which environment it is written.
    Environment,
    /// What clients log in with.
    Credential,
    /// When it may be used.
    Valid,
    /// What becomes of running jobs when it is replaced.
    OnChange,
}

impl Setting {
    /// Whether it is compared together with all that a policy extends.
    const fn is_of_all(self) -> bool {
        match self {
            Self::Lifetime | Self::Pin | Self::Job | Self::Holder | Self::Receipts | Self::Retention => true,
            Self::OnChange => true,
            Self::Models
            | Self::Sandbox
            | Self::Agents
            | Self::Requesters
            | Self::Environment
            | Self::Credential
            | Self::Valid => false,
        }
    }
}

/// What shows a difference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Shown {
    /// This call, replayed: the one policy's rules allow it, the other's do not.
    Call(Box<Case>),
    /// This call, so many times: the one policy's limits admit them all, the other's refuse the last.
    Calls {
        /// The call, and when the first is made.
        case: Box<Case>,
        /// How many times.
        times: u32,
        /// Milliseconds from one to the next.
        apart_ms: i64,
    },
    /// These calls of one job, each done at once: the one policy admits them all, the other refuses the last.
    Row(Vec<Step>),
    /// The two values: nothing but the policies needs to be looked at.
    Itself,
    /// Nothing: it may differ or not, because of these rules.
    Undecided(Vec<RuleId>),
}

/// Compares the policy `new` with `old`; both must be checked ([`Policy::check`]).
///
/// Of policies that extend others, what each says itself is compared; what they extend is held to be
/// the same or not, by hash. More that is extended is narrower, less is undecided.
///
/// Within bounded time. A difference is reported only with what shows it; where neither a difference
/// nor its absence was found, that is said.
///
/// ```
/// use std::collections::BTreeMap;
/// use wpc_analysis::{Verdict, compare};
/// use wpc_model::{Auth, Evidence, Policy, Settings};
///
/// let auth = Auth { max_ttl_seconds: 900, pin_policy_hash: true, job_scoped_binding: true, proof_of_possession: true };
/// let old = Policy { name: "p".into(), tools: BTreeMap::new(), auth, approvals: vec![], schemas: BTreeMap::new(),
///     evidence: Evidence::default(), settings: Settings::default(), orders: vec![], parents: vec![] };
/// let new = Policy { auth: Auth { max_ttl_seconds: 60, ..auth }, ..old.clone() };
/// assert_eq!(compare(&old, &new).verdict, Verdict::Narrower);
/// ```
#[must_use]
pub fn compare(old: &Policy, new: &Policy) -> Comparison {
    let (old, new) = (Rules::of(old), Rules::of(new));
    let mut asker = Asker::new(ALL_STEPS);
    let mut found = Found::default();
    for (direction, more, less) in [(Direction::Wider, &new, &old), (Direction::Narrower, &old, &new)] {
        let mut side = Side { direction, more, less, asker: &mut asker, found: &mut found };
        side.rules();
        side.limits();
        side.approvals();
        side.settings();
        side.orders();
        side.parents();
    }
    let verdict = found.verdict();
    Comparison { verdict, differences: found.differences, more: found.more }
}

#[derive(Debug, Default)]
struct Found {
    differences: Vec<Difference>,
    more: bool,
}

impl Found {
    fn verdict(&self) -> Verdict {
        let any = |direction: Direction, shown: bool| {
            self.differences
                .iter()
                .any(|one| one.direction == direction && matches!(one.shown, Shown::Undecided(_)) != shown)
        };
        let decided = [Direction::Wider, Direction::Narrower].map(|direction| any(direction, true));
        let open = [Direction::Wider, Direction::Narrower].map(|direction| any(direction, false));
        match (decided, open) {
            ([true, true], _) => Verdict::Incomparable,
            ([true, false], [_, false]) => Verdict::Wider,
            ([false, true], [false, _]) => Verdict::Narrower,
            ([false, false], [false, false]) => Verdict::Equal,
            _ => Verdict::Undecided,
        }
    }
}

/// Looks for what `more` allows and `less` does not.
struct Side<'a, 'p> {
    direction: Direction,
    more: &'a Rules<'p>,
    less: &'a Rules<'p>,
    asker: &'a mut Asker,
    found: &'a mut Found,
}

impl Side<'_, '_> {
    fn report(&mut self, part: Part, shown: Shown) {
        let shown = self.in_all(&part, shown);
        self.found.differences.push(Difference { direction: self.direction, part, shown });
    }
}
