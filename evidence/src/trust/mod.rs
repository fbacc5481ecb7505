//! The trust file: who is trusted for what (SECURITY.md 1.2).
//!
//! ```json
//! {"v":1,
//!  "principals":[
//!   {"name":"alice","keys":["did:key:z6Mk…"],"roles":["policy_author"]},
//!   {"name":"asb-gate-1","keys":["did:key:z6Mk…"],"roles":["ledger"],"mode":"gateway"}],
//!  "threshold":{"policy_author":1}}
//! ```
//!
//! A signature counts only in its principal's role, and a threshold counts principals, not keys. A
//! role without a threshold needs one. `"follows": true` of a ledger says that it follows a control plane: no gate
//! opens it otherwise. There is no default and nothing is built in; the caller
//! reads the file from its deployment's configuration, never from the agent's directory or the
//! repository that holds the policy.

mod read;

use std::collections::BTreeMap;
use std::fmt;

use crate::Did;

pub use read::{MAX_TRUST_BYTES, TrustError, TrustErrorKind};

/// Who is trusted for what.
#[derive(Clone, Debug)]
pub struct Trust {
    principals: Vec<Principal>,
    /// Index into `principals` by key.
    by_key: BTreeMap<Did, usize>,
    thresholds: BTreeMap<Role, usize>,
}

/// A person or a machine with its keys.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Principal {
    name: String,
    keys: Vec<Did>,
    roles: Vec<Role>,
    mode: Option<Mode>,
    follows: bool,
}

/// What a principal's signature counts for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// Signs policies.
    PolicyAuthor,
    /// Makes signed policies current.
    Releaser,
    /// Issues tokens and grants.
    TokenIssuer,
    /// Revokes.
    Revoker,
    /// Signs checkpoints of a ledger.
    Ledger,
    /// Approves calls.
    Approver,
    /// States who has which role among people.
    MembershipIssuer,
    /// Signs receipts of model calls.
    ModelGateway,
    /// Cosigns ledgers' checkpoints.
    Witness,
    /// Reads evidence.
    Auditor,
    /// Asks a control plane for tokens and revocations; nothing that it signs counts elsewhere.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 11] = [
        Self::PolicyAuthor,
        Self::Releaser,
        Self::TokenIssuer,
        Self::Revoker,
        Self::Ledger,
        Self::Approver,
        Self::MembershipIssuer,
        Self::ModelGateway,
        Self::Witness,
        Self::Auditor,
        Self::Operator,
    ];

    /// The word in the trust file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PolicyAuthor => "policy_author",
            Self::Releaser => "releaser",
            Self::TokenIssuer => "token_issuer",
            Self::Revoker => "revoker",
            Self::Ledger => "ledger",
            Self::Approver => "approver",
            Self::MembershipIssuer => "membership_issuer",
            Self::ModelGateway => "model_gateway",
            Self::Witness => "witness",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// Whether one principal may not hold it together with [`Role::Ledger`]: who keeps the evidence
    /// must not make what it proves.
    const fn is_apart_from_ledger(self) -> bool {
        matches!(
            self,
            Self::PolicyAuthor | Self::TokenIssuer | Self::Approver | Self::ModelGateway | Self::Witness
        )
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How a ledger's gate is deployed (SECURITY.md part 4): the auditor's statement, not the gate's.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Mode {
    /// A library in the agent's process.
    InProcess,
    /// A library whose ledger is kept by another process.
    Notary,
    /// A gate outside the agent's process, which alone has the credential.
    Gateway,
}

impl Mode {
    /// The word in the trust file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::InProcess => "in_process",
            Self::Notary => "notary",
            Self::Gateway => "gateway",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::InProcess, Self::Notary, Self::Gateway].into_iter().find(|mode| mode.word() == word)
    }
}

impl Principal {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> &[Did] {
        &self.keys
    }

    /// Its roles.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// How its ledger's gate is deployed.
    #[must_use]
    pub const fn mode(&self) -> Option<Mode> {
        self.mode
    }

    /// Whether its ledger follows a control plane: no gate opens it otherwise.
    #[must_use]
    pub const fn follows(&self) -> bool {
        self.follows
    }

    /// Whether its signature counts for `role`.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

impl Trust {
    /// All principals, in the file's order.
    #[must_use]
    pub fn principals(&self) -> &[Principal] {
        &self.principals
    }

    /// The one principal that holds `key`.
    #[must_use]
    pub fn principal_of(&self, key: &Did) -> Option<&Principal> {
        self.by_key.get(key).and_then(|&index| self.principals.get(index))
    }

    /// How many principals must sign in `role`; at least 1, even where the file says that no
    /// witness is demanded: what nobody signed is never verified.
    #[must_use]
    pub fn threshold(&self, role: Role) -> usize {
        self.thresholds.get(&role).copied().unwrap_or(1).max(1)
    }

    /// Whether a principal has `role`. Where one has the role of a releaser, releases are demanded.
    #[must_use]
    pub fn names(&self, role: Role) -> bool {
        self.principals.iter().any(|principal| principal.has(role))
    }

    /// Whether payloads of `role` are demanded at all: false only for witnesses with threshold 0.
    #[must_use]
    pub fn demands(&self, role: Role) -> bool {
        self.thresholds.get(&role) != Some(&0)
    }
}
