//! On whose behalf a gate works: a token, or the word of whoever opens it.

use std::fmt;
use std::sync::Mutex;

use wpc_evidence::token::possession;

use crate::{JobId, RandomError};

/// Who works on which job.
#[derive(Debug)]
pub enum Identity<'a> {
    /// What a token says, which names the job, the agent, the policy and the ledger.
    Token(Presented<'a>),
    /// What the caller says. Only under a policy whose `token` block neither pins the policy nor binds the
    /// job; everywhere else a token is demanded (`token_required`). An auditor finds nobody who vouches
    /// for such a job.
    Local {
        /// The job, minted by whoever started it; never the agent's own word.
        job: JobId,
        /// Who works on it: 1 to 512 bytes, no control characters.
        agent: String,
    },
}

impl Identity<'_> {
    /// A job without a token.
    #[must_use]
    pub fn local(job: JobId, agent: impl Into<String>) -> Self {
        Self::Local { job, agent: agent.into() }
    }
}

/// A token as its agent shows it.
pub struct Presented<'a> {
    /// The compact form, a secret.
    pub token: &'a str,
    /// The grant that was issued with it, for the ledger and for auditors.
    pub grant: &'a [u8],
    /// How the agent shows that it is theirs.
    pub possession: Possession<'a>,
}

/// How an agent shows that a token is theirs.
#[derive(Debug)]
pub enum Possession<'a> {
    /// By a signature of the agent's key over what the gate sent ([`possession::Purpose::Session`]).
    Proof {
        /// What the gate sent. It is used up.
        challenge: Challenge,
        /// The answer, made by [`possession::prove`].
        proof: &'a str,
    },
    /// By a signature of the agent's key over the HTTP request that brought the token
    /// ([`possession::Purpose::Request`]).
    Request {
        /// The request's method.
        method: &'a str,
        /// The URL under which the gate is reached.
        url: &'a str,
        /// The proof, made by [`possession::prove`].
        proof: &'a str,
        /// Proofs that were shown before, of everything that is reached under the URL.
        seen: &'a Mutex<possession::Seen>,
    },
    /// Not at all: whoever has the token may use it. Only where the policy says `bearer`.
    Bearer,
}

/// What a gate sends to begin a session: it is answered once.
#[derive(Debug)]
pub struct Challenge(String);

impl Challenge {
    /// A new one from the operating system's randomness.
    ///
    /// # Errors
    ///
    /// [`RandomError`] only if it gives none.
    pub fn mint() -> Result<Self, RandomError> {
        possession::mint_nonce().map(Self)
    }

    pub(crate) const fn of(nonce: String) -> Self {
        Self(nonce)
    }

    /// The nonce that is to be signed.
    #[must_use]
    pub fn nonce(&self) -> &str {
        &self.0
    }
}

/// Shows nothing of the token.
impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented").field("possession", &self.possession).finish_non_exhaustive()
    }
}
