//! Grants: what a token says, for everybody to see.
//!
//! A grant is a DSSE envelope over the canonical claims. Auditors check the issuer by it; no gate takes
//! it as a token.

use wpc_model::Hash;

use super::{Claims, TokenError, scope_hash};
use crate::trust::{Role, Trust};
use crate::{Did, Envelope, SignatureError};

/// Payload type of a grant.
pub const GRANT_TYPE: &str = "application/vnd.wpc.grant.v1+json";
/// Longest accepted grant, in bytes: room for the longest claims in base64 and every signature.
pub const MAX_GRANT_BYTES: usize = 32 << 10;

/// Claims that a trusted issuer signed as a grant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifiedGrant {
    claims: Claims,
    issuers: Vec<Did>,
    principals: Vec<String>,
    hash: Hash,
}

/// A grant does not hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GrantError {
    /// A token, which nobody but its agent should have. Code `grant_is_token`.
    #[error("this is a token, a secret; the grant is a DSSE envelope")]
    IsToken,
    /// The envelope or its signatures. Code: that of the [`SignatureError`].
    #[error(transparent)]
    Envelope(#[from] SignatureError),
    /// The claims. Code: that of the [`TokenError`].
    #[error(transparent)]
    Claims(#[from] TokenError),
    /// The payload is not the canonical form of its claims. Code `not_canonical`.
    #[error("the grant's payload is not canonical")]
    NotCanonical,
}

impl GrantError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::IsToken => "grant_is_token",
            Self::Envelope(error) => error.code(),
            Self::Claims(error) => error.code(),
            Self::NotCanonical => "not_canonical",
        }
    }
}

/// Verifies a grant: signatures of principals with the role `token_issuer`, then the claims. Whether they
/// were valid at some time is the caller's question.
///
/// # Errors
///
/// [`GrantError`] with the first reason found.
pub fn verify(envelope: &[u8], trust: &Trust) -> Result<VerifiedGrant, GrantError> {
    if envelope.len() > MAX_GRANT_BYTES {
        return Err(SignatureError::TooLarge.into());
    }
    if is_compact(envelope) {
        return Err(GrantError::IsToken);
    }
    let verified = Envelope::verify(envelope, GRANT_TYPE, trust, Role::TokenIssuer)?;
    let claims = Claims::read(&verified.payload)?;
    if claims.to_canonical() != verified.payload {
        return Err(GrantError::NotCanonical);
    }
    if scope_hash(&claims) != claims.claimed_scope_hash() {
        return Err(TokenError::ScopeHash.into());
    }
    let hash = Hash::of(&verified.payload);
    Ok(VerifiedGrant { claims, issuers: verified.keys, principals: verified.signers, hash })
}

/// Whether bytes could be a JWT, which no JSON is.
fn is_compact(bytes: &[u8]) -> bool {
    bytes.starts_with(b"ey") && bytes.iter().filter(|&&byte| byte == b'.').count() == 2
}

impl VerifiedGrant {
    /// What it says.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The keys whose signatures counted; at least one.
    #[must_use]
    pub fn issuers(&self) -> &[Did] {
        &self.issuers
    }

    /// Whose keys those are in the trust file.
    #[must_use]
    pub fn principals(&self) -> &[String] {
        &self.principals
    }

    /// The payload's hash, which entries hold.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }
}
