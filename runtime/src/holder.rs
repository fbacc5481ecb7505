//! Tokens as their agents hold them.

use std::fmt;

use wpc_evidence::token::{IssueError, IssueRequest, Issued, issue, possession};
use wpc_model::Hash;
use zeroize::Zeroizing;

use crate::identity::{Challenge, Identity, Possession, Presented};
use crate::ledger::Ledger;
use crate::{JobId, Key, RandomError};

/// A token with the proof that it is its agent's own, to open one gate with.
pub struct Holder {
    token: Zeroizing<String>,
    grant: Vec<u8>,
    nonce: String,
    proof: String,
}

impl Holder {
    /// Proves with the agent's key that `token` is the agent's, to a gate of `ledger` in this process.
    ///
    /// Whether the token is good is the gate's to say.
    ///
    /// # Errors
    ///
    /// [`RandomError`] only if the operating system gives no randomness.
    pub fn new(token: &str, grant: &[u8], agent: &Key, ledger: &dyn Ledger) -> Result<Self, RandomError> {
        let nonce = possession::mint_nonce()?;
        let purpose = possession::Purpose::Session { ledger: ledger.did(), nonce: &nonce };
        let proof = possession::prove(agent, &purpose, token, now_s(ledger))?;
        Ok(Self { token: Zeroizing::new(token.to_owned()), grant: grant.to_owned(), nonce, proof })
    }

    /// The token and its proof, to open a gate with.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        Identity::Token(self.presented())
    }

    /// The same, to renew a gate's token with.
    #[must_use]
    pub fn presented(&self) -> Presented<'_> {
        let possession =
            Possession::Proof { challenge: Challenge::of(self.nonce.clone()), proof: &self.proof };
        Presented { token: &self.token, grant: &self.grant, possession }
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holder").finish_non_exhaustive()
    }
}

/// A token whose issuer is in the same process as its agent: for demonstrations, tests and embedded jobs.
///
/// It is a token like any other, so the gate and an auditor check all they check; what it does not show
/// is that somebody else agreed. Everywhere else the issuer is a service with a key of its own.
#[derive(Debug)]
pub struct SelfIssued {
    issued: Issued,
    holder: Holder,
}

impl SelfIssued {
    /// Issues a token for `agent` to work on `job` under the policy of this hash, at `ledger`, for
    /// `lifetime_s` seconds from now on, and proves that it is the agent's.
    ///
    /// # Errors
    ///
    /// [`IssueError`] if no gate would take it, or the operating system gives no randomness.
    pub fn new(
        issuer: &Key,
        agent: &Key,
        ledger: &dyn Ledger,
        job: &JobId,
        policy_hash: Hash,
        lifetime_s: i64,
    ) -> Result<Self, IssueError> {
        let request = IssueRequest::new(&agent.did(), ledger.did(), job, policy_hash);
        let issued = issue(issuer, &request, lifetime_s, now_s(ledger))?;
        let holder = Holder::new(issued.token.as_str(), &issued.grant, agent, ledger)?;
        Ok(Self { issued, holder })
    }

    /// The token and its proof, to open a gate with.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        self.holder.identity()
    }

    /// The same, to renew a gate's token with.
    #[must_use]
    pub fn presented(&self) -> Presented<'_> {
        self.holder.presented()
    }

    /// What was issued.
    #[must_use]
    pub const fn issued(&self) -> &Issued {
        &self.issued
    }
}

/// The ledger's clock, Unix seconds.
fn now_s(ledger: &dyn Ledger) -> i64 {
    ledger.clock().wall_ms().div_euclid(1_000)
}
