//! Why a token is refused.

/// A token, or a grant's claims, do not hold. Never holds anything of the token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than [`super::MAX_TOKEN_BYTES`]. Code `token_too_large`.
    #[error("the token is longer than {} bytes", super::MAX_TOKEN_BYTES)]
    TooLarge,
    /// A grant, which says the same but is no secret. Code `token_is_grant`.
    #[error("this is a grant, which anybody may have; the token is a JWT")]
    IsGrant,
    /// Not three parts of base64url without padding, unused bits zero, the last of 64 bytes. Code
    /// `token_malformed`.
    #[error("not a JWT: three parts of strict base64url")]
    Malformed,
    /// The header is not exactly `alg` `EdDSA`, `typ` `JWT` and a `kid` of 16 hexadecimal digits. Code
    /// `token_header`.
    #[error("the header must be exactly `alg` EdDSA, `typ` JWT and a `kid`")]
    Header,
    /// The trust file wants several issuers, and a token has one signature. Code `token_issuer_threshold`.
    #[error("the trust file demands several issuers; a token has one signature")]
    IssuerThreshold,
    /// No trusted key has the `kid`. Code `token_issuer_untrusted`.
    #[error("nobody in the trust file has the key that the token names")]
    IssuerUntrusted,
    /// The key is trusted, but not for issuing tokens. Code `token_issuer_role`.
    #[error("the token's key belongs to a principal without the role `token_issuer`")]
    IssuerRole,
    /// Not signed by the key it names. Code `token_signature_invalid`.
    #[error("the token's signature does not fit")]
    SignatureInvalid,
    /// A claim is missing, unknown, repeated, or not what the schema says. Code `token_claims`.
    #[error("the claim `{0}` is missing or wrong, or a claim is unknown or repeated")]
    Claims(&'static str),
    /// `aud` does not name exactly one ledger. Code `token_audience`.
    #[error("`aud` must name exactly one ledger by its did:key")]
    Audience,
    /// `token_scope_hash_b64u` is not that of the claims. Code `token_scope_hash`.
    #[error("the scope hash is not that of the claims")]
    ScopeHash,
    /// For another ledger. Code `token_wrong_ledger`.
    #[error("the token is for another ledger")]
    WrongLedger,
    /// For another policy. Code `token_wrong_policy`.
    #[error("the token is for another policy")]
    WrongPolicy,
    /// For another job. Code `token_wrong_job`.
    #[error("the token is for another job")]
    WrongJob,
    /// Valid for longer than the policy allows, or not at all. Code `token_lifetime`.
    #[error("the token's lifetime is not within 1 second and what the policy allows")]
    Lifetime,
    /// Issued more than [`super::MAX_AHEAD_S`] seconds from now. Code `token_not_yet_valid`.
    #[error("the token was issued in the future")]
    NotYetValid,
    /// `exp` has come. Code `token_expired`.
    #[error("the token has expired")]
    Expired,
    /// The policy demands a proof of the agent's key, and `sub` is no key. Code `token_agent_key`.
    #[error("the policy demands proof of the agent's key, and `sub` is not a usable did:key")]
    AgentKey,
}

impl TokenError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "token_too_large",
            Self::IsGrant => "token_is_grant",
            Self::Malformed => "token_malformed",
            Self::Header => "token_header",
            Self::IssuerUntrusted => "token_issuer_untrusted",
            Self::IssuerRole => "token_issuer_role",
            Self::IssuerThreshold => "token_issuer_threshold",
            Self::SignatureInvalid => "token_signature_invalid",
            Self::Claims(_) => "token_claims",
            Self::Audience => "token_audience",
            Self::ScopeHash => "token_scope_hash",
            Self::WrongLedger => "token_wrong_ledger",
            Self::WrongPolicy => "token_wrong_policy",
            Self::WrongJob => "token_wrong_job",
            Self::Lifetime => "token_lifetime",
            Self::NotYetValid => "token_not_yet_valid",
            Self::Expired => "token_expired",
            Self::AgentKey => "token_agent_key",
        }
    }
}
