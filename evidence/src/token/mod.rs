//! The job's token, its grant and the proof of possession (WIRE.md 3, SECURITY.md 1.3).
//!
//! ```text
//! issue(key, request) ──▶ token (JWT, a secret of the agent's)   verify ──▶ VerifiedToken
//!                    └──▶ grant (DSSE over the same claims)      grant::verify ──▶ VerifiedGrant
//! possession::prove(agent's key, …) ──▶ proof (RFC 9449)         possession::verify
//! ```
//!
//! A token is a JWS in compact form (RFC 7515 section 7.1), signed with EdDSA (RFC 8037), whose
//! claims are those of Clawsig's `scoped_token_claims.v1`, with more of them required. A grant says
//! the same and is no secret: no gate accepts it as a token, so ledgers and bundles may hold it.
//!
//! Nothing here reads a clock: times of tokens are Unix seconds, as in every JWT, and come in.
//!
//! ```
//! use wpc_evidence::token::{self, Expected, IssueRequest};
//! use wpc_evidence::{JobId, Key, Trust};
//! use wpc_model::{Auth, Hash};
//!
//! let (issuer, agent, ledger) = (Key::generate()?, Key::generate()?, Key::generate()?);
//! let policy_hash = Hash::of(b"the policy's payload");
//! let request = IssueRequest::new(&agent.did(), &ledger.did(), &JobId::mint()?, policy_hash);
//! let issued = token::issue(&issuer, &request, 900, 1_767_225_600)?;
//!
//! let trust = format!(
//!     r#"{{"v":1,"principals":[{{"name":"issuer","keys":["{}"],"roles":["token_issuer"]}}]}}"#,
//!     issuer.did(),
//! );
//! let trust = Trust::parse(trust.as_bytes())?;
//! let auth = Auth {
//!     max_ttl_seconds: 900, pin_policy_hash: true, job_scoped_binding: true, proof_of_possession: true,
//! };
//! let expected = Expected { ledger: &ledger.did(), policy_hash, auth: &auth, job: None };
//! let verified = token::verify(issued.token.as_str(), &trust, &expected, 1_767_225_601)?;
//! assert_eq!(verified.principal(), "issuer");
//! assert_eq!(token::grant::verify(&issued.grant, &trust)?.claims(), verified.claims());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod base64url;
mod cache;
mod claims;
mod compact;
mod error;
pub mod grant;
mod issue;
mod number;
pub mod possession;
#[cfg(test)]
mod tests;
mod verify;
mod wire;

use std::fmt;

use zeroize::Zeroizing;

pub use cache::{MAX_CACHED_TOKENS, TokenCache};
pub use claims::{Claims, Lane, MAX_AUDIENCES, MAX_MEMBER_BYTES, MAX_SCOPES, scope_hash};
pub use error::TokenError;
pub use issue::{IssueError, IssueRequest, Issued, issue, mint_jti, renew};
pub use verify::{Expected, MAX_AHEAD_S, VerifiedToken, verify};

/// Longest accepted token, in bytes: what servers take as one header line.
pub const MAX_TOKEN_BYTES: usize = 8 << 10;
/// The scope of tokens for our own gates.
pub const GATE_SCOPE: &str = "wpc:call";

/// A token that was read but not verified: who holds it may look into it, and no gate takes it so.
///
/// It is a secret: `Debug` does not show it, and it is wiped from memory when dropped.
pub struct Token {
    text: Zeroizing<String>,
    claims: Claims,
    kid: String,
}

impl Token {
    /// Reads a token's compact form. No signature is looked at.
    ///
    /// # Errors
    ///
    /// [`TokenError`] with the first thing that no token has.
    pub fn parse(compact: &str) -> Result<Self, TokenError> {
        let (read, kid) = compact::token(compact)?;
        let claims = Claims::read(&read.payload)?;
        Ok(Self { text: Zeroizing::new(compact.to_owned()), claims, kid })
    }

    /// The compact form, the secret itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it claims; nobody has verified it.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Which key it says signed it: the first 16 hexadecimal digits of the public key's SHA-256.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(jti {})", self.claims.jti())
    }
}
