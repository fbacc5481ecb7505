//! Step 1: on what a job stands, and whether that still holds when a call begins.
//!
//! It is looked at inside the ledger's lock, at the time that the entry bears: a revocation that
//! returned before is seen, and an expired token admits nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use wpc_evidence::approved;
use wpc_evidence::entry::{Proof, Taken};
use wpc_evidence::statement::Revoked;
use wpc_evidence::token::possession::{self, Purpose, Seen};
use wpc_evidence::token::{self, Expected, VerifiedToken, grant};
use wpc_model::{Auth, Hash};

use super::OpenError;
use crate::Trust;
use crate::identity::{Possession, Presented};
use crate::ledger::{Document, Head, RevocationKey};
use crate::{Did, JobId};

/// A token that a gate took.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) taken: Taken,
    /// Keys and principals on whose behalf it asks, who never count as approvers.
    pub(super) requester: Vec<String>,
}

/// What a presented token came to.
pub(super) struct Accepted {
    pub(super) held: Held,
    pub(super) job: JobId,
    pub(super) agent: String,
    /// Its grant, for the ledger.
    pub(super) grant: Document,
}

/// Verifies a token for the gate of `policy_hash` and `ledger`, and that whoever shows it may.
///
/// `job` is the one that runs, if the gate is open already.
pub(super) fn accept(
    presented: Presented<'_>,
    trust: &Trust,
    ledger: &Did,
    policy_hash: Hash,
    auth: &Auth,
    job: Option<&JobId>,
    now_ms: i64,
) -> Result<Accepted, OpenError> {
    let now_s = now_ms.div_euclid(1_000);
    let expected = Expected { ledger, policy_hash, auth, job };
    let token = token::verify(presented.token, trust, &expected, now_s)?;
    let proof = match presented.possession {
        Possession::Proof { challenge, proof } => {
            let purpose = Purpose::Session { ledger, nonce: challenge.nonce() };
            // The challenge is used up, so nothing needs remembering.
            possession::verify(proof, &token, &purpose, now_s, &mut Seen::default())?;
            Proof::Dpop
        }
        Possession::Request { method, url, proof, seen } => {
            let purpose = Purpose::Request { method, url };
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            possession::verify(proof, &token, &purpose, now_s, &mut seen)?;
            Proof::Dpop
        }
        Possession::Bearer if auth.proof_of_possession => return Err(OpenError::ProofRequired),
        Possession::Bearer => Proof::Bearer,
    };
    let grant = grant::verify(presented.grant, trust)?;
    if grant.claims() != token.claims() || !grant.issuers().contains(token.issuer()) {
        return Err(OpenError::GrantDiffers);
    }
    let hash = token.grant_hash();
    let claims = token.claims();
    Ok(Accepted {
        job: claims.job().clone(),
        agent: claims.sub().to_owned(),
        grant: Document { hash, envelope: presented.grant.to_owned() },
        held: Held {
            requester: approved::requester(claims, ledger, trust),
            taken: taken(&token, hash, proof),
        },
    })
}

fn taken(token: &VerifiedToken, grant: Hash, proof: Proof) -> Taken {
    let claims = token.claims();
    Taken {
        issuer: *token.issuer(),
        jti: claims.jti().to_owned(),
        grant,
        scope_hash: claims.claimed_scope_hash(),
        iat: claims.iat_s(),
        exp: claims.exp_s(),
        proof,
    }
}

/// On what a gate's job stands.
#[derive(Debug)]
pub(super) struct Standing {
    /// `None` for a job that was opened without a token.
    held: RwLock<Option<Arc<Held>>>,
    /// This many revocations were looked at, and none was about this job.
    clear: AtomicU64,
    /// The revocation that the log names already.
    told: AtomicU64,
}

/// Why a job takes no calls now.
#[derive(Clone, Debug)]
pub(super) struct Stopped {
    pub(super) code: &'static str,
    /// The revocation that stops it, and its place, if the log does not name it yet.
    pub(super) revoked: Option<(RevocationKey, u64)>,
}

impl Standing {
    pub(super) fn new(held: Option<Held>) -> Self {
        let held = RwLock::new(held.map(Arc::new));
        Self { held, clear: AtomicU64::new(0), told: AtomicU64::new(0) }
    }

    /// The token that is used now.
    pub(super) fn held(&self) -> Option<Arc<Held>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Uses another token from now on.
    pub(super) fn renew(&self, held: Held) {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(held));
        // What was clear of the old token is not of the new one.
        self.clear.store(0, Ordering::SeqCst);
    }

    /// Notes that the log names the revocation at this place.
    pub(super) fn told(&self, seq: u64) {
        self.told.store(seq, Ordering::SeqCst);
    }

    /// Whether a call may begin at the head's time; the token under which it does, and how many
    /// revocations there are.
    pub(super) fn check(
        &self,
        head: &Head<'_>,
        job: &JobId,
        policies: &[Hash],
        agent: &str,
    ) -> Result<(Option<Arc<Held>>, u64), Stopped> {
        let held = self.held();
        let revocations = head.revocations();
        if revocations != self.clear.load(Ordering::SeqCst) {
            if let Some((what, code, seq)) = revoked(head, held.as_deref(), job, policies, agent) {
                let is_new = self.told.load(Ordering::SeqCst) != seq;
                return Err(Stopped { code, revoked: is_new.then_some((what, seq)) });
            }
            self.clear.store(revocations, Ordering::SeqCst);
        }
        // No tolerance: expired is expired (SECURITY.md 1.3).
        let expired = |held: &Held| head.now_ms() >= held.taken.exp.saturating_mul(1_000);
        if held.as_deref().is_some_and(expired) {
            return Err(Stopped { code: "token_expired", revoked: None });
        }
        Ok((held, revocations))
    }
}

/// The first revocation that is about this job.
fn revoked(
    head: &Head<'_>,
    held: Option<&Held>,
    job: &JobId,
    policies: &[Hash],
    agent: &str,
) -> Option<(RevocationKey, &'static str, u64)> {
    let find = |revoked: &Revoked| {
        let what = RevocationKey::of(revoked);
        head.revoked(&what).map(|(seq, at)| (what, seq, at))
    };
    let for_ever = |revoked: &Revoked, code| find(revoked).map(|(what, seq, _)| (what, code, seq));
    if let Some(found) = for_ever(&Revoked::Job(job.clone()), "job_revoked") {
        return Some(found);
    }
    for policy in policies {
        if let Some(found) = for_ever(&Revoked::Policy(*policy), "policy_revoked") {
            return Some(found);
        }
    }
    // Tokens that were issued later are good again; without a token nothing was issued later.
    let until = |revoked: &Revoked, code| {
        let (what, seq, at) = find(revoked)?;
        let covered = held.is_none_or(|held| held.taken.iat.saturating_mul(1_000) <= at);
        covered.then_some((what, code, seq))
    };
    if let Some(found) = until(&Revoked::Agent(agent.to_owned()), "agent_revoked") {
        return Some(found);
    }
    let taken = &held?.taken;
    let token = Revoked::Jti { issuer: taken.issuer, jti: taken.jti.clone() };
    for_ever(&token, "token_revoked").or_else(|| until(&Revoked::IssuerKey(taken.issuer), "issuer_revoked"))
}
