//! Is a token good for this gate, now?

use wpc_model::{Auth, Hash};

use super::{Claims, TokenError, compact, scope_hash};
use crate::trust::{Role, Trust};
use crate::{Did, JobId};

/// How far ahead of our clock a token's `iat` may be, in seconds: clocks are synchronised no better.
pub const MAX_AHEAD_S: i64 = 5;

/// What a gate takes: its own ledger, its own policy, and for a running job that job.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The gate's ledger.
    pub ledger: &'a Did,
    /// The hash of the gate's policy; compared where [`Auth::pin_policy_hash`] says so.
    pub policy_hash: Hash,
    /// What the policy says about tokens.
    pub auth: &'a Auth,
    /// The job that runs; `None` where the token begins it. Compared where
    /// [`Auth::job_scoped_binding`] says so.
    pub job: Option<&'a JobId>,
}

/// A token that a trusted issuer signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedToken {
    claims: Claims,
    issuer: Did,
    principal: String,
    digest: Hash,
}

/// Verifies a token's compact form: the signature first, by a key of a principal that `trust` has as a
/// `token_issuer`, then the claims. `now_s` is in Unix seconds.
///
/// Where `expected.auth.proof_of_possession` is set, the caller must also see a proof
/// ([`super::possession::verify`]).
///
/// # Errors
///
/// [`TokenError`] with the first reason found, in the order of its variants.
pub fn verify(
    compact: &str,
    trust: &Trust,
    expected: &Expected<'_>,
    now_s: i64,
) -> Result<VerifiedToken, TokenError> {
    let token = VerifiedToken::authenticate(compact, trust)?;
    token.check(expected, now_s)?;
    Ok(token)
}

impl VerifiedToken {
    /// What holds of a token for ever: who signed which claims.
    pub(super) fn authenticate(text: &str, trust: &Trust) -> Result<Self, TokenError> {
        let (compact, kid) = compact::token(text)?;
        if trust.threshold(Role::TokenIssuer) > 1 {
            return Err(TokenError::IssuerThreshold);
        }
        let keys = trust
            .principals()
            .iter()
            .flat_map(|principal| principal.keys().iter().map(move |key| (principal, key)));
        let mut why = TokenError::IssuerUntrusted;
        for (principal, key) in keys.filter(|(_, key)| compact::kid(key) == kid) {
            // Two keys may have one `kid`: the signature decides.
            if !principal.has(Role::TokenIssuer) {
                why = TokenError::IssuerRole;
            } else if !compact.is_signed_by(key) {
                why = TokenError::SignatureInvalid;
            } else {
                let claims = Claims::read(&compact.payload)?;
                if scope_hash(&claims) != claims.claimed_scope_hash() {
                    return Err(TokenError::ScopeHash);
                }
                let digest = Hash::of(text.as_bytes());
                return Ok(Self { claims, issuer: *key, principal: principal.name().to_owned(), digest });
            }
        }
        Err(why)
    }

    /// What must hold at every use.
    pub(super) fn check(&self, expected: &Expected<'_>, now_s: i64) -> Result<(), TokenError> {
        let Self { claims, .. } = self;
        let Expected { ledger, policy_hash, auth, job } = *expected;
        if claims.ledger() != ledger {
            return Err(TokenError::WrongLedger);
        }
        if auth.pin_policy_hash && claims.policy_hash() != policy_hash {
            return Err(TokenError::WrongPolicy);
        }
        if auth.job_scoped_binding && job.is_some_and(|job| job != claims.job()) {
            return Err(TokenError::WrongJob);
        }
        let lifetime_s = claims.exp_s().saturating_sub(claims.iat_s());
        if !(1..=auth.max_ttl_seconds).contains(&lifetime_s) {
            return Err(TokenError::Lifetime);
        }
        if claims.iat_s() > now_s.saturating_add(MAX_AHEAD_S) {
            return Err(TokenError::NotYetValid);
        }
        if claims.exp_s() <= now_s {
            return Err(TokenError::Expired);
        }
        if auth.proof_of_possession && claims.agent_key().is_none() {
            return Err(TokenError::AgentKey);
        }
        Ok(())
    }

    /// What it says.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The key that signed it; with [`Claims::jti`], its identity.
    #[must_use]
    pub const fn issuer(&self) -> &Did {
        &self.issuer
    }

    /// Whose key that is in the trust file.
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// `(issuer, jti)`, which names the token in a ledger and in a revocation.
    #[must_use]
    pub fn identity(&self) -> (&Did, &str) {
        (&self.issuer, self.claims.jti())
    }

    /// The hash of the grant's payload.
    #[must_use]
    pub fn grant_hash(&self) -> Hash {
        Hash::of(&self.claims.to_canonical())
    }

    /// The SHA-256 of the compact form: `ath` of a proof of possession.
    pub(super) const fn digest(&self) -> Hash {
        self.digest
    }
}
