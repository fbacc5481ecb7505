//! Tokens of one's own making.

use std::fmt;

use wpc_evidence::token::{IssueError, IssueRequest, Issued, issue, possession};
use wpc_model::Hash;

use crate::identity::{Challenge, Identity, Possession, Presented};
use crate::ledger::Ledger;
use crate::{JobId, Key};

/// A token whose issuer is in the same process as its agent: for demonstrations, tests and embedded jobs.
///
/// It is a token like any other, so the gate and an auditor check all they check; what it does not show
/// is that somebody else agreed. Everywhere else the issuer is a service with a key of its own.
pub struct SelfIssued {
    issued: Issued,
    nonce: String,
    proof: String,
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
        let (now_s, ledger) = (ledger.clock().wall_ms().div_euclid(1_000), ledger.did());
        let request = IssueRequest::new(&agent.did(), ledger, job, policy_hash);
        let issued = issue(issuer, &request, lifetime_s, now_s)?;
        let nonce = possession::mint_nonce()?;
        let purpose = possession::Purpose::Session { ledger, nonce: &nonce };
        let proof = possession::prove(agent, &purpose, issued.token.as_str(), now_s)?;
        Ok(Self { issued, nonce, proof })
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
        Presented { token: self.issued.token.as_str(), grant: &self.issued.grant, possession }
    }

    /// What was issued.
    #[must_use]
    pub const fn issued(&self) -> &Issued {
        &self.issued
    }
}

impl fmt::Debug for SelfIssued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelfIssued").field("issued", &self.issued).finish_non_exhaustive()
    }
}
