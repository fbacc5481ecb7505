//! Entries: what a ledger holds of a job, in canonical JSON with closed schemas (SECURITY.md 2.3).
//!
//! ```text
//! seq 0   opened                              once
//! seq n   token                               a token under which calls are made from here on
//!         attempt ──allow──▶ outcome          at most one outcome, and a late one after `unknown`; a
//!                                             denied attempt has none
//!         refused                             never became a typed call, or the job takes none
//!         suppressed                          so many more of them, not recorded one by one
//!         approval                            somebody approved a call
//!         policy_changed                      another release of its policy is the current one
//!         model_call                          a model was called, and its gateway signed a receipt
//!         revoked                             what the job stands on was revoked
//!         clock_accepted                      an operator took the clock's word after a jump
//! last    closed                              nothing after it; holds the root of the log before it
//! ```
//!
//! Values of arguments never appear: an attempt commits to them ([`Fact`]), and what it committed to
//! is kept beside the log, where it can be erased. What a replay cannot know even so, because it takes the
//! job's secret, the gate attests. Tool and action are the policy's own words; a
//! resource stands in clear only where the policy names that very resource.
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

use wpc_model::{Attestation, Charging, Counter, Hash, OnChange, Reason, RuleId, Window};

use crate::outcome::{Outcome, Provider};
use crate::random::{self, RandomError};
use crate::{CallId, Did, JobId};

pub use read::EntryError;

/// Longest accepted entry, in bytes: a `closed` one may have to name every call of its job.
pub const MAX_ENTRY_BYTES: usize = 4 << 20;
/// Longest accepted name of an agent, in bytes.
pub const MAX_AGENT_BYTES: usize = 512;
/// Longest accepted name of a token, in bytes.
pub const MAX_JTI_BYTES: usize = 128;
/// Most facts of one entry.
pub const MAX_FACTS: usize = 1_024;
/// Most sources of one entry that are attested.
pub const MAX_ATTESTED: usize = 1_024;
/// Most approvals that one call uses.
pub const MAX_APPROVALS: usize = 64;
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
    /// `token`: calls are made under this token from here on.
    Token(Taken),
    /// `attempt`: a typed call was decided.
    Attempt(Attempt),
    /// `refused`: something was asked that is not a call.
    Refused(Untyped),
    /// `outcome`: what became of an admitted call.
    Outcome(Settled),
    /// `approval`: somebody approved a call.
    Approval(Given),
    /// `policy_changed`: another release of the job's policy name is the current one.
    PolicyChanged(PolicyChanged),
    /// `model_call`: a model was called, and its gateway signed a receipt.
    ModelCall(ModelCall),
    /// `revoked`: what the job stands on was revoked.
    Revoked(Revoked),
    /// `suppressed`: more of the same than is recorded one by one.
    Suppressed(Suppressed),
    /// `clock_accepted`: an operator took the clock's word after a jump.
    ClockAccepted(ClockAccepted),
    /// `closed`: the job ended.
    Closed(Closed),
}

impl Body {
    /// The entry's `kind`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Opened(_) => "opened",
            Self::Token(_) => "token",
            Self::Attempt(_) => "attempt",
            Self::Refused(_) => "refused",
            Self::Outcome(_) => "outcome",
            Self::Approval(_) => "approval",
            Self::PolicyChanged(_) => "policy_changed",
            Self::ModelCall(_) => "model_call",
            Self::Revoked(_) => "revoked",
            Self::Suppressed(_) => "suppressed",
            Self::ClockAccepted(_) => "clock_accepted",
            Self::Closed(_) => "closed",
        }
    }

    /// What it charges.
    #[must_use]
    pub fn charges(&self) -> &[Charged] {
        match self {
            Self::Attempt(Attempt { verdict: Verdict::Allow { charges, .. }, .. })
            | Self::Opened(Opened { charges, .. })
            | Self::ModelCall(ModelCall { charges, .. })
            | Self::Outcome(Settled { charges, .. }) => charges,
            Self::Attempt(_)
            | Self::Token(_)
            | Self::Refused(_)
            | Self::Approval(_)
            | Self::Revoked(_)
            | Self::Suppressed(_)
            | Self::PolicyChanged(_)
            | Self::ClockAccepted(_)
            | Self::Closed(_) => &[],
        }
    }

    /// The call it speaks of.
    #[must_use]
    pub const fn call(&self) -> Option<&CallId> {
        match self {
            Self::Attempt(attempt) => Some(&attempt.call),
            Self::Outcome(settled) => Some(&settled.call),
            Self::Opened(_)
            | Self::Token(_)
            | Self::Refused(_)
            | Self::ModelCall(_)
            | Self::Approval(_)
            | Self::Revoked(_)
            | Self::Suppressed(_)
            | Self::PolicyChanged(_)
            | Self::ClockAccepted(_)
            | Self::Closed(_) => None,
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
    /// The sequence number of the release that made it current, where releases are demanded.
    pub release_seq: Option<u64>,
    /// SHA-256 of the program that holds the gate, by its own word.
    pub tool_version: Option<Hash>,
    /// Values of the job's input whose source is remembered. The member is absent where there are none.
    pub charges: Vec<Charged>,
}

/// A token under which calls are made. It stands here by what its grant says, never itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Taken {
    /// The key that issued it.
    pub issuer: Did,
    /// Its name among the issuer's tokens.
    pub jti: String,
    /// Hash of the grant's payload.
    pub grant: Hash,
    /// `token_scope_hash_b64u` of its claims.
    pub scope_hash: Hash,
    /// Issued at, Unix seconds.
    pub iat: i64,
    /// Expires at, Unix seconds.
    pub exp: i64,
    /// How whoever presented it showed that it is theirs.
    pub proof: Proof,
}

/// How a token was shown to be the bearer's own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Proof {
    /// By a signature of the agent's key (RFC 9449).
    Dpop,
    /// It was not.
    Bearer,
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
    /// The token under which it was made; `None` for a job that was opened without one.
    pub jti: Option<String>,
    /// One hash over the commitments of all arguments.
    pub args_root: Hash,
    /// The commitments of those arguments that the policy reads, by name.
    pub facts: Vec<Fact>,
    /// What the gate found of where its values came from, by source ([`wpc_model::Attested`]): a replay
    /// takes its word for it. The member is absent where the policy asks for no source.
    pub attested: Vec<Attestation>,
    /// Hashes of the approvals that it used, sorted.
    pub approvals: Vec<Hash>,
    /// How many revocations the ledger held when it was decided.
    pub revocation_seq: u64,
}

/// A value that an entry commits to. What it is stands in the opening of the same name.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Fact {
    /// The argument, or the field of the result.
    pub name: String,
    /// The commitment (SECURITY.md 1.1).
    pub commitment: Hash,
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
        /// Its kind, which is the policy's own word.
        kind: String,
        /// The commitment to its names.
        commitment: Hash,
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
    /// The commitment to it ([`crate::commitment::commit_raw`]), where anything was received. The member is
    /// absent where nothing was.
    pub raw_commitment: Option<Hash>,
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
    /// It follows an `unknown` that another process recorded for this one.
    pub late: bool,
    /// Whose word the call's facts are.
    pub facts_by: FactsBy,
    /// The commitments of those fields of the result that the policy reads, by name.
    pub facts: Vec<Fact>,
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

/// Somebody approved a call of this job. The signed approval is kept beside the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Given {
    /// Hash of its payload.
    pub approval: Hash,
    /// The key that signed it.
    pub approver: Did,
    /// Tells it from the approver's others.
    pub nonce: String,
    /// Hash of the request that it answers.
    pub request: Hash,
    /// Until just before when a call may begin on it, Unix milliseconds.
    pub not_after: i64,
    /// Hashes of the membership statements that came with it, sorted.
    pub memberships: Vec<Hash>,
}

/// Another release of the job's policy name is the current one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyChanged {
    /// The policy that was current, as far as the log says.
    pub from: Hash,
    /// The policy that is current from here on.
    pub to: Hash,
    /// The sequence number of its release.
    pub release_seq: u64,
    /// What becomes of this job: the strictest of what its policy says and what the releases say that came
    /// after its own. `finish` where the current policy is its own again.
    pub running: OnChange,
}

/// A model was called, and its gateway signed what it saw ([`crate::gateway_receipt`]). The receipt is kept
/// beside the log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ModelCall {
    /// Hash of the receipt's payload, as it was signed.
    pub receipt: Hash,
    /// The gateway's key.
    pub signer: Did,
    /// The receipt's name among the signer's.
    pub receipt_id: String,
    /// Its place in the graph of what caused what, where the gateway gave it one.
    pub span: Option<String>,
    /// The receipt itself, which is charged once; then tokens and cost, where a budget counts them.
    pub charges: Vec<Charged>,
}

/// What the job stands on was revoked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revoked {
    /// What was: `jti job policy agent issuer_key approval`.
    pub what: String,
    /// Which.
    pub value: String,
    /// Its place among the ledger's revocations, from 1.
    pub revocation_seq: u64,
}

/// More denials and refusals than are recorded one by one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Suppressed {
    /// The last one's code.
    pub code: String,
    /// How many.
    pub count: u64,
    /// When the first came, Unix milliseconds.
    pub first_at: i64,
    /// When the last came, Unix milliseconds.
    pub last_at: i64,
}

/// An operator took the clock's word after a jump.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClockAccepted {
    /// What the clock said, Unix milliseconds.
    pub wall: i64,
    /// The time of the ledger's last entry, Unix milliseconds.
    pub ledger_at: i64,
    /// Who accepted it.
    pub by: String,
}

/// The job ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Closed {
    /// Why.
    pub reason: Closing,
    /// Entries before this one: its own sequence number.
    pub entries: u64,
    /// The root of their Merkle tree (RFC 6962 section 2.1).
    pub root: Hash,
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
    /// Its last token expired.
    Expired,
    /// It, its policy, its agent or its token was revoked.
    Revoked,
    /// Another release of its policy took its place.
    Superseded,
}

impl Closing {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Exhausted => "exhausted",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
        }
    }

    /// The reason of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Completed, Self::Exhausted, Self::Expired, Self::Revoked, Self::Superseded]
            .into_iter()
            .find(|reason| reason.word() == word)
    }
}

impl Proof {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Dpop => "dpop",
            Self::Bearer => "bearer",
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

/// Whether `jti` may stand in an entry: 1 to [`MAX_JTI_BYTES`] printable ASCII characters.
#[must_use]
pub fn is_jti(jti: &str) -> bool {
    !jti.is_empty() && jti.len() <= MAX_JTI_BYTES && jti.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether `agent` may stand in an entry: 1 to [`MAX_AGENT_BYTES`] bytes, no control characters.
pub fn is_agent(agent: &str) -> bool {
    !agent.is_empty() && agent.len() <= MAX_AGENT_BYTES && !agent.chars().any(char::is_control)
}
