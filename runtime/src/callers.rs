//! Whose a request over HTTP is: its token, the proof that the token is the agent's, and the gate of its job.
//!
//! One [`Tokens`] stands before everything that one program serves, whatever the protocol.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex as SyncMutex};

use base64::Engine as _;
use tokio::sync::Mutex;
use wpc_evidence::token::possession::{self, Purpose, Seen};
use wpc_evidence::token::{Expected, TokenCache, VerifiedToken};
use wpc_model::{Auth, Hash, Policy};

use crate::ledger::Ledger;
use crate::{DynamicGate, Identity, OpenError, Opening, Possession, Presented, Trust};

/// The header with the grant that was issued with a token, in base64url.
pub const GRANT_HEADER: &str = "wpc-grant";

/// Gates that are open at a time; the oldest goes first.
const MAX_GATES: usize = 1_024;

/// Lets callers in by their tokens, and opens the gate of each token's job once.
pub struct Tokens {
    artifact: Vec<u8>,
    policy_hash: Hash,
    auth: Auth,
    trust: Arc<Trust>,
    ledger: Arc<dyn Ledger>,
    tokens: SyncMutex<TokenCache>,
    /// Proofs that were shown.
    seen: SyncMutex<Seen>,
    open: SyncMutex<Gates>,
    /// Held while a gate is opened, which waits for the disk and, where the ledger follows a control plane, for that:
    /// one at a time, and callers whose gates are open do not wait for it.
    opening: Mutex<()>,
}

#[derive(Default)]
struct Gates {
    /// By the SHA-256 of the whole compact token, never by a name in it.
    by_token: HashMap<Hash, Arc<DynamicGate>>,
    order: VecDeque<Hash>,
}

/// What a request shows.
#[derive(Clone, Copy)]
pub struct Shown<'a> {
    /// The compact token.
    pub token: &'a str,
    /// The proof that whoever sends the request has the token's key (RFC 9449).
    pub proof: Option<&'a str>,
    /// The token's grant in base64url ([`GRANT_HEADER`]).
    pub grant: Option<&'a str>,
    /// The request's method.
    pub method: &'a str,
    /// The URL that the proof is made for, exactly as clients call it.
    pub url: &'a str,
}

/// Why a request is nobody's.
#[derive(Debug)]
pub struct Refusal {
    /// The stable code.
    pub code: &'static str,
    /// What is wrong, for whoever sent it.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl Refusal {
    /// A lock that another thread panicked in: nobody is let in any more.
    fn faulted() -> Self {
        Self::new("gate_faulted", "the gate has failed; start it again")
    }
}

impl From<OpenError> for Refusal {
    fn from(error: OpenError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl Tokens {
    /// For the jobs of one signed policy in one ledger.
    #[must_use]
    pub fn new(artifact: Vec<u8>, policy: &Policy, trust: Trust, ledger: Arc<dyn Ledger>) -> Self {
        let trust = Arc::new(trust);
        Self {
            artifact,
            policy_hash: Hash::of(&wpc_model::encode(policy)),
            auth: policy.token(),
            tokens: SyncMutex::new(TokenCache::new(Arc::clone(&trust))),
            trust,
            ledger,
            seen: SyncMutex::default(),
            open: SyncMutex::default(),
            opening: Mutex::default(),
        }
    }

    /// The gate of whoever shows this.
    ///
    /// # Errors
    ///
    /// [`Refusal`] with the first reason found.
    pub async fn caller(&self, shown: Shown<'_>) -> Result<Arc<DynamicGate>, Refusal> {
        if self.auth.proof_of_possession && shown.proof.is_none() {
            return Err(OpenError::ProofRequired.into());
        }
        let token = self.verified(shown.token)?;
        let name = Hash::of(shown.token.as_bytes());
        if let Some(gate) = self.known(&name)? {
            self.prove(&token, shown)?;
            return Ok(gate);
        }
        let _opening = self.opening.lock().await;
        // Whoever waited behind another request of the same token finds it open.
        if let Some(gate) = self.known(&name)? {
            self.prove(&token, shown)?;
            return Ok(gate);
        }
        let gate = self.open(shown)?;
        let mut gates = self.open.lock().map_err(|_| Refusal::faulted())?;
        gates.order.push_back(name);
        gates.by_token.insert(name, Arc::clone(&gate));
        while gates.order.len() > MAX_GATES {
            if let Some(oldest) = gates.order.pop_front() {
                gates.by_token.remove(&oldest);
            }
        }
        Ok(gate)
    }

    fn known(&self, name: &Hash) -> Result<Option<Arc<DynamicGate>>, Refusal> {
        let gates = self.open.lock().map_err(|_| Refusal::faulted())?;
        Ok(gates.by_token.get(name).cloned())
    }

    /// The token, if it is good now. Its signature is looked at once.
    fn verified(&self, token: &str) -> Result<Arc<VerifiedToken>, Refusal> {
        let expected = Expected {
            ledger: self.ledger.did(),
            policy_hash: self.policy_hash,
            auth: &self.auth,
            job: None,
        };
        let mut tokens = self.tokens.lock().map_err(|_| Refusal::faulted())?;
        tokens.verify(token, &expected, self.now_s()).map_err(|error| OpenError::Token(error).into())
    }

    fn now_s(&self) -> i64 {
        self.ledger.clock().wall_ms().div_euclid(1_000)
    }

    /// Of a token whose gate is open: each request brings another proof.
    fn prove(&self, token: &VerifiedToken, shown: Shown<'_>) -> Result<(), Refusal> {
        let Some(proof) = shown.proof else { return Ok(()) };
        let purpose = Purpose::Request { method: shown.method, url: shown.url };
        let mut seen = self.seen.lock().map_err(|_| Refusal::faulted())?;
        possession::verify(proof, token, &purpose, self.now_s(), &mut seen)
            .map_err(|error| OpenError::Proof(error).into())
    }

    /// Of a token that was not shown before: opens its job, or joins it. Waits for the disk, and for a control plane
    /// that the ledger follows.
    fn open(&self, shown: Shown<'_>) -> Result<Arc<DynamicGate>, Refusal> {
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let grant = shown.grant.and_then(|grant| engine.decode(grant.trim_end_matches('=')).ok());
        let grant = grant.ok_or_else(|| {
            let message = "a token's first request brings its grant, in base64url, as `WPC-Grant`";
            Refusal::new("grant_required", message)
        })?;
        let possession = match shown.proof {
            Some(proof) => {
                Possession::Request { method: shown.method, url: shown.url, proof, seen: &self.seen }
            }
            None => Possession::Bearer,
        };
        let presented = Presented { token: shown.token, grant: &grant, possession };
        let opening = Opening {
            artifact: &self.artifact,
            trust: &self.trust,
            ledger: Arc::clone(&self.ledger),
            identity: Identity::Token(presented),
        };
        Ok(Arc::new(DynamicGate::open(opening)?))
    }
}

/// Without the token and the proof.
impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shown").field("method", &self.method).field("url", &self.url).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("policy_hash", &self.policy_hash).finish_non_exhaustive()
    }
}
