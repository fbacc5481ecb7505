//! Entries: what a ledger holds of a job, in canonical JSON with closed schemas (SECURITY.md 2.3).
//!
//! ```text
//! seq 0   opened                              once
//! seq n   attempt ──allow──▶ outcome          at most one outcome; a denied attempt has none
//!         refused                             never became a typed call
//! last    closed                              nothing after it
//! ```
//!
//! Values of arguments never appear: what a call said is committed to by a later version, which
//! adds members (and so a new `v`). Until then an attempt names its tool and action, which the
//! policy names, and its resource only where the policy names that very resource; of any other
//! resource it holds the kind and the length of its names.
//!
//! [`Entry::decode`] re-encodes what it read and requires the same bytes, so that an entry has one
//! spelling, and unknown members, repeated members and other orders are refused.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use wpc_model::{Charging, Counter, Hash, Reason, RuleId, Window};

use crate::outcome::{Outcome, Provider};
use crate::random::{self, RandomError};
use crate::{CallId, Did, JobId};

pub use read::EntryError;

/// Longest accepted entry, in bytes: a `closed` one may have to name every call of its job.
pub const MAX_ENTRY_BYTES: usize = 4 << 20;
/// Longest accepted name of an agent, in bytes.
pub const MAX_AGENT_BYTES: usize = 512;
/// Longest accepted code, in bytes.
pub const MAX_CODE_BYTES: usize = 64;

/// One entry of a job's log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The ledger's name.
    pub ledger: Did,
    /// The process that wrote it.
    pub instance: Instance,
    /// The job.
    pub job: JobId,
    /// Place in the job's log, from 0, without gaps.
    pub seq: u64,
    /// When, Unix milliseconds; never less than that of the entry before.
    pub at: i64,
    /// What happened.
    pub body: Body,
}

/// What happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Body {
    /// `opened`: the job began.
    Opened(Opened),
    /// `attempt`: a typed call was decided.
    Attempt(Attempt),
    /// `refused`: something was asked that is not a call.
    Refused(Untyped),
    /// `outcome`: what became of an admitted call.
    Outcome(Settled),
    /// `closed`: the job ended.
    Closed(Closed),
}

impl Body {
    /// The entry's `kind`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::Attempt(_) => "attempt",
            Self::Refused(_) => "refused",
            Self::Outcome(_) => "outcome",
            Self::Closed(_) => "closed",
        }
    }

    /// What it charges.
    #[must_use]
    pub fn charges(&self) -> &[Charged] {
        match self {
            Self::Attempt(Attempt { verdict: Verdict::Allow { charges, .. }, .. })
            | Self::Opened(Opened { charges, .. })
            | Self::Outcome(Settled { charges, .. }) => charges,
            Self::Attempt(_) | Self::Refused(_) | Self::Closed(_) => &[],
        }
    }

    /// The call it speaks of.
    #[must_use]
    pub const fn call(&self) -> Option<&CallId> {
        match self {
            Self::Attempt(attempt) => Some(&attempt.call),
            Self::Outcome(settled) => Some(&settled.call),
            Self::Opened(_) | Self::Refused(_) | Self::Closed(_) => None,
        }
    }
}

/// A job began.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Opened {
    /// Who works on the job.
    pub agent: String,
    /// The policy's name.
    pub policy: String,
    /// The policy's hash.
    pub policy_hash: Hash,
    /// Values of the job's input whose source is remembered. The member is absent where there are none.
    pub charges: Vec<Charged>,
}

/// A typed call was decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    /// The call.
    pub call: CallId,
    /// The tool's name in the policy.
    pub tool: String,
    /// The action.
    pub action: String,
    /// The resource, as far as the policy names it; `None` if the action takes none.
    pub resource: Option<Seen>,
    /// What decided the rules.
    pub engine: Engine,
    /// The decision.
    pub verdict: Verdict,
}

/// A resource in an entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Seen {
    /// One that the policy names.
    Named {
        /// Its kind.
        kind: String,
        /// One value per parameter of the kind.
        names: Vec<String>,
    },
    /// One that the caller named.
    Other {
        /// Its kind.
        kind: String,
        /// Bytes of all its names together.
        length: u64,
    },
}

/// What evaluated the rules of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Engine {
    /// Code that the compiler generated.
    Generated,
    /// The engine of this crate, over the artifact.
    Indexed,
}

/// A decision in an entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The call may begin; its charges are made.
    Allow {
        /// The allow that held.
        rule: RuleId,
        /// What was charged: to the policy's limits in their order, then to what tells the order of calls.
        charges: Vec<Charged>,
    },
    /// It may not; nothing is charged.
    Deny {
        /// Why.
        reason: Reason,
        /// The deny, the nearest allow, the `separate` or `before`, the approval or the limit.
        rule: Option<RuleId>,
    },
}

/// One charge to one counter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Charged {
    /// The counter: its statement is the entry's `limit`, its owner the `scope`.
    pub counter: Counter,
    /// What it had been charged in its window before.
    pub before: i64,
    /// What this entry adds; negative only in an outcome, which gives back a place in flight.
    pub amount: i64,
    /// The window's length in milliseconds; `None` for all of the counter's charges.
    pub window_ms: Option<i64>,
}

impl From<Charging> for Charged {
    fn from(charging: Charging) -> Self {
        let Charging { counter, window, before, amount } = charging;
        let window_ms = match window {
            Window::Job | Window::Flight => None,
            Window::Sliding { ms } => Some(ms),
        };
        Self { counter, before, amount, window_ms }
    }
}

/// Something was asked that is not a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Untyped {
    /// Why it is not: a stable code, at most [`MAX_CODE_BYTES`].
    pub code: String,
    /// Length of what was received, in bytes.
    pub raw_bytes: u64,
}

/// What became of an admitted call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settled {
    /// The call.
    pub call: CallId,
    /// Place of its attempt.
    pub attempt_seq: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// What the provider answered, where a client saw it.
    pub provider: Option<Provider>,
    /// Whose word the call's facts are.
    pub facts_by: FactsBy,
    /// Milliseconds between admission and outcome, by the monotonic clock.
    pub duration_ms: u64,
    /// Places in flight given back, then what a `before` waits for, then values of the result whose
    /// source is remembered. The member is absent where there
    /// are none.
    pub charges: Vec<Charged>,
}

/// Whose word the facts of a call are. It is known once the effect has begun, so it stands in the
/// outcome.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FactsBy {
    /// A client of ours encoded the value, measured the bytes, and compared.
    Encoded,
    /// The caller's.
    Declared,
}

/// The job ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Closed {
    /// Why.
    pub reason: Closing,
    /// Entries before this one: its own sequence number.
    pub entries: u64,
    /// How many entries of each kind stand before it.
    pub counts: BTreeMap<String, u64>,
    /// Admitted calls without an outcome, sorted.
    pub unsettled: Vec<CallId>,
    /// The sum of all charges of each statement, over all the job's counters of it; what it charged to
    /// counters of its agent is not in it.
    pub totals: BTreeMap<RuleId, i64>,
}

/// Why a job ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Closing {
    /// Its work is done.
    Completed,
    /// It has as many entries as a job may have.
    Exhausted,
}

impl Closing {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Exhausted => "exhausted",
        }
    }
}

impl Engine {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Indexed => "indexed",
        }
    }
}

impl FactsBy {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Encoded => "encoded",
            Self::Declared => "declared",
        }
    }
}

/// One opening of a ledger by one process: `inst_` and 26 characters of base32.
#[derive(Clone, Eq, PartialEq)]
pub struct Instance(Arc<str>);

impl Instance {
    /// A new name from the operating system's randomness.
    ///
    /// # Errors
    ///
    /// [`RandomError`] only if it gives none.
    pub fn mint() -> Result<Self, RandomError> {
        Ok(Self(format!("inst_{}", random::base32(random::bytes()?)).into()))
    }

    /// Reads an instance from an entry.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("inst_")?;
        random::is_base32(digits).then(|| Self(text.into()))
    }

    /// The instance's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `code` may stand in an entry: 1 to [`MAX_CODE_BYTES`] of `a-z`, `0-9` and `_`.
#[must_use]
pub fn is_code(code: &str) -> bool {
    let accepted = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !code.is_empty() && code.len() <= MAX_CODE_BYTES && code.bytes().all(accepted)
}

/// Whether `agent` may stand in an entry: 1 to [`MAX_AGENT_BYTES`] bytes, no control characters.
pub fn is_agent(agent: &str) -> bool {
    !agent.is_empty() && agent.len() <= MAX_AGENT_BYTES && !agent.chars().any(char::is_control)
}
