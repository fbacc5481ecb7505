//! Issuing and renewing.

use wpc_model::Hash;

use super::wire::{Audience, TOKEN_VERSION, Wire};
use super::{Claims, GATE_SCOPE, Token, TokenError, compact, grant, scope_hash};
use crate::random::{self, RandomError};
use crate::{Did, JobId, Key};

/// What a token is to say, but for its times.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IssueRequest {
    /// The agent, a DID; a did:key, unless the policy takes bearer tokens.
    pub sub: String,
    /// The one ledger that it is for.
    pub ledger: Did,
    /// Hosts that it is for besides, such as a model gateway's.
    pub hosts: Vec<String>,
    /// What it may be used for; our gates look at the policy instead.
    pub scope: Vec<String>,
    /// The job, which the issuer mints; never the agent.
    pub job: JobId,
    /// The hash of the policy's payload.
    pub policy_hash: Hash,
    /// The token's name, which the caller keeps unique for the issuer's key; `None` for one of
    /// [`mint_jti`].
    pub jti: Option<String>,
    /// Who owns the agent.
    pub owner_did: Option<String>,
    /// Who controls the agent.
    pub controller_did: Option<String>,
    /// The agent again, as the canonical lane wants it.
    pub agent_did: Option<String>,
}

impl IssueRequest {
    /// A token for one of our gates, with nobody behind the agent.
    #[must_use]
    pub fn new(agent: &Did, ledger: &Did, job: &JobId, policy_hash: Hash) -> Self {
        Self {
            sub: agent.to_string(),
            ledger: *ledger,
            hosts: Vec::new(),
            scope: vec![GATE_SCOPE.to_owned()],
            job: job.clone(),
            policy_hash,
            jti: None,
            owner_did: None,
            controller_did: None,
            agent_did: None,
        }
    }
}

/// What issuing gives.
#[derive(Debug)]
pub struct Issued {
    /// For the agent alone.
    pub token: Token,
    /// The same claims in a DSSE envelope of type [`grant::GRANT_TYPE`], for ledgers and auditors.
    pub grant: Vec<u8>,
}

/// No token was issued.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// A gate would refuse what was asked for. Code: that of the [`TokenError`].
    #[error(transparent)]
    Refused(#[from] TokenError),
    /// The token to renew is not signed by this key. Code `token_other_issuer`.
    #[error("another key signed the token that is to be renewed")]
    OtherIssuer,
    /// No randomness for its name. Code `randomness_unavailable`.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl IssueError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Refused(error) => error.code(),
            Self::OtherIssuer => "token_other_issuer",
            Self::Random(error) => error.code(),
        }
    }
}

/// A new token's name: 128 random bits in base32.
///
/// # Errors
///
/// [`RandomError`] only if the operating system gives no randomness.
pub fn mint_jti() -> Result<String, RandomError> {
    Ok(random::base32(random::bytes()?))
}

/// Issues a token that is valid for `lifetime_s` seconds from `now_s` (Unix seconds) on.
///
/// # Errors
///
/// [`IssueError`]; then nothing was signed.
pub fn issue(key: &Key, request: &IssueRequest, lifetime_s: i64, now_s: i64) -> Result<Issued, IssueError> {
    let jti = request.jti.clone().map_or_else(mint_jti, Ok)?;
    let mut aud = vec![request.ledger.to_string()];
    aud.extend(request.hosts.iter().cloned());
    let wire = Wire {
        token_version: TOKEN_VERSION.to_owned(),
        sub: request.sub.clone(),
        aud: Audience(aud),
        scope: request.scope.clone(),
        iat: now_s,
        exp: expiry(now_s, lifetime_s)?,
        owner_ref: None,
        owner_did: request.owner_did.clone(),
        controller_did: request.controller_did.clone(),
        agent_did: request.agent_did.clone(),
        policy_hash_b64u: Some(request.policy_hash.to_string()),
        control_plane_policy_hash_b64u: None,
        token_scope_hash_b64u: None,
        payment_account_did: None,
        spend_cap: None,
        mission_id: Some(request.job.to_string()),
        delegation_id: None,
        delegator_did: None,
        delegate_did: None,
        delegation_policy_hash_b64u: None,
        delegation_spend_cap_minor: None,
        delegation_expires_at: None,
        token_lane: None,
        jti: Some(jti),
        nonce: None,
    };
    seal(key, wire)
}

/// Issues a token for the same job and everything else that `token` says, with a name and times of its
/// own. Its issuer alone may: `key` must have signed `token`, which may have expired.
///
/// # Errors
///
/// [`IssueError`]; then nothing was signed.
pub fn renew(key: &Key, token: &Token, lifetime_s: i64, now_s: i64) -> Result<Issued, IssueError> {
    let (read, kid) = compact::token(token.as_str())?;
    let did = key.did();
    if kid != compact::kid(&did) || !read.is_signed_by(&did) {
        return Err(IssueError::OtherIssuer);
    }
    if scope_hash(token.claims()) != token.claims().claimed_scope_hash() {
        return Err(TokenError::ScopeHash.into());
    }
    let exp = expiry(now_s, lifetime_s)?;
    seal(key, Wire { iat: now_s, exp, jti: Some(mint_jti()?), nonce: None, ..token.claims().wire().clone() })
}

fn expiry(now_s: i64, lifetime_s: i64) -> Result<i64, TokenError> {
    if lifetime_s < 1 { None } else { now_s.checked_add(lifetime_s) }.ok_or(TokenError::Lifetime)
}

/// Signs claims twice, as a token and as a grant, in the same spelling.
fn seal(key: &Key, mut wire: Wire) -> Result<Issued, IssueError> {
    wire.token_scope_hash_b64u = Some(wire.scope_hash().to_string());
    wire.spend_cap = wire.spend_cap.map(|cap| cap.to_canonical());
    let claims = Claims::of(wire)?;
    let payload = claims.to_canonical();
    let text = compact::sign(key, compact::header(&key.did()).as_bytes(), &payload);
    // What is too long for a gate is not issued.
    let token = Token::parse(&text)?;
    let grant = crate::sign(grant::GRANT_TYPE, &payload, std::slice::from_ref(key));
    Ok(Issued { token, grant })
}
