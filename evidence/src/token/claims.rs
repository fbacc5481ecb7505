//! What a token says.

use std::collections::BTreeSet;

use wpc_model::Hash;

use super::TokenError;
use super::wire::{TOKEN_VERSION, Wire};
use crate::time::MAX_TIME_MS;
use crate::{Did, JobId};

/// Most entries of `scope`.
pub const MAX_SCOPES: usize = 64;
/// Most entries of `aud`.
pub const MAX_AUDIENCES: usize = 16;
/// Longest accepted text of a member, or of an entry of `scope` or `aud`, in bytes.
pub const MAX_MEMBER_BYTES: usize = 256;

/// The last second of the year 9999.
const MAX_TIME_S: i64 = MAX_TIME_MS.div_euclid(1_000);
const DID_KEY: &str = "did:key:";

/// The claims of a token: `scoped_token_claims.v1`, of which `jti`, `mission_id`, `policy_hash_b64u` and
/// `token_scope_hash_b64u` are required too, and an `aud` that names exactly one ledger.
///
/// Texts are visible ASCII. Nothing here is secret, nor says that somebody signed it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claims {
    wire: Wire,
    agent_key: Option<Did>,
    jti: String,
    ledger: Did,
    job: JobId,
    policy_hash: Hash,
    scope_hash: Hash,
}

/// Which lane of clawscope issued a token (`token_lane`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lane {
    /// Without a chain of control.
    Legacy,
    /// With owner, controller and agent.
    Canonical,
}

impl Lane {
    const ALL: [Self; 2] = [Self::Legacy, Self::Canonical];

    /// The word in the token.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Canonical => "canonical",
        }
    }
}

/// `token_scope_hash_b64u` as it must be for `claims`: the SHA-256 of what they authorise, in RFC 8785
/// (CLAWSIG.md section 5). It leaves out `jti`, `iat` and `exp`, so it never identifies a token.
#[must_use]
pub fn scope_hash(claims: &Claims) -> Hash {
    claims.wire.scope_hash()
}

impl Claims {
    /// Reads a JSON object in any spelling that names each member once.
    ///
    /// # Errors
    ///
    /// [`TokenError::Claims`], [`TokenError::Audience`] and [`TokenError::TooLarge`] only.
    pub fn read(bytes: &[u8]) -> Result<Self, TokenError> {
        if bytes.len() > super::MAX_TOKEN_BYTES {
            return Err(TokenError::TooLarge);
        }
        Self::of(Wire::read(bytes).ok_or(TokenError::Claims("the object"))?)
    }

    pub(super) fn of(wire: Wire) -> Result<Self, TokenError> {
        let wrong = |member| TokenError::Claims(member);
        check_members(&wire)?;
        let text = |member, text: &Option<String>| text.clone().ok_or(wrong(member));
        let hash =
            |member, text: &Option<String>| text.as_deref().and_then(Hash::from_text).ok_or(wrong(member));
        let job = wire.mission_id.as_deref().and_then(|job| JobId::parse(job).ok());
        Ok(Self {
            jti: text("jti", &wire.jti)?,
            job: job.ok_or(wrong("mission_id"))?,
            policy_hash: hash("policy_hash_b64u", &wire.policy_hash_b64u)?,
            scope_hash: hash("token_scope_hash_b64u", &wire.token_scope_hash_b64u)?,
            ledger: ledger(&wire.aud.0)?,
            agent_key: Did::parse(&wire.sub).ok(),
            wire,
        })
    }

    pub(super) const fn wire(&self) -> &Wire {
        &self.wire
    }

    /// Their one canonical form (RFC 8785), which a grant signs; `aud` is an array in it.
    #[must_use]
    pub fn to_canonical(&self) -> Vec<u8> {
        self.wire.canonical()
    }

    /// The agent: `sub`, a DID.
    #[must_use]
    pub fn sub(&self) -> &str {
        &self.wire.sub
    }

    /// The agent's key, if `sub` is a usable did:key.
    #[must_use]
    pub const fn agent_key(&self) -> Option<&Did> {
        self.agent_key.as_ref()
    }

    /// Whom it is for: the ledger and perhaps hosts.
    pub fn aud(&self) -> impl Iterator<Item = &str> {
        self.wire.aud.0.iter().map(String::as_str)
    }

    /// The one ledger in `aud`.
    #[must_use]
    pub const fn ledger(&self) -> &Did {
        &self.ledger
    }

    /// What it may be used for, as the issuer wrote it.
    pub fn scope(&self) -> impl Iterator<Item = &str> {
        self.wire.scope.iter().map(String::as_str)
    }

    /// When it was issued, Unix seconds.
    #[must_use]
    pub const fn iat_s(&self) -> i64 {
        self.wire.iat
    }

    /// From when on it is not valid, Unix seconds.
    #[must_use]
    pub const fn exp_s(&self) -> i64 {
        self.wire.exp
    }

    /// Its name, unique for its issuer's key.
    #[must_use]
    pub fn jti(&self) -> &str {
        &self.jti
    }

    /// The job: `mission_id`.
    #[must_use]
    pub const fn job(&self) -> &JobId {
        &self.job
    }

    /// The policy: `policy_hash_b64u`.
    #[must_use]
    pub const fn policy_hash(&self) -> Hash {
        self.policy_hash
    }

    /// `token_scope_hash_b64u` as it is claimed; [`scope_hash`] computes it.
    #[must_use]
    pub const fn claimed_scope_hash(&self) -> Hash {
        self.scope_hash
    }

    /// Who owns the agent.
    #[must_use]
    pub fn owner_did(&self) -> Option<&str> {
        self.wire.owner_did.as_deref()
    }

    /// Who controls the agent.
    #[must_use]
    pub fn controller_did(&self) -> Option<&str> {
        self.wire.controller_did.as_deref()
    }

    /// The agent again, in the canonical lane.
    #[must_use]
    pub fn agent_did(&self) -> Option<&str> {
        self.wire.agent_did.as_deref()
    }

    /// The lane that issued it.
    #[must_use]
    pub fn lane(&self) -> Option<Lane> {
        let word = self.wire.token_lane.as_deref()?;
        Lane::ALL.into_iter().find(|lane| lane.word() == word)
    }

    /// The most that may be spent, as its issuer spelled it. Nobody enforces it but a policy's limits.
    #[must_use]
    pub fn spend_cap(&self) -> Option<&str> {
        self.wire.spend_cap.as_ref().map(super::number::Number::literal)
    }

    /// Everybody on whose behalf calls are made: `sub`, `owner_did`, `controller_did`, `agent_did`. None
    /// of them may approve what this token asks for.
    #[must_use]
    pub fn requester(&self) -> BTreeSet<&str> {
        [self.owner_did(), self.controller_did(), self.agent_did()]
            .into_iter()
            .flatten()
            .chain([self.sub()])
            .collect()
    }
}

/// The one did:key of `aud`. Everything else in it is a host.
fn ledger(aud: &[String]) -> Result<Did, TokenError> {
    let mut keys = aud.iter().filter(|name| name.starts_with("did:"));
    let (Some(first), None) = (keys.next(), keys.next()) else { return Err(TokenError::Audience) };
    if !first.starts_with(DID_KEY) {
        return Err(TokenError::Audience);
    }
    Did::parse(first).map_err(|_| TokenError::Audience)
}

fn check_members(wire: &Wire) -> Result<(), TokenError> {
    let must = |holds: bool, member| if holds { Ok(()) } else { Err(TokenError::Claims(member)) };
    must(wire.token_version == TOKEN_VERSION, "token_version")?;
    must(is_did(&wire.sub), "sub")?;
    must(
        (1..=MAX_AUDIENCES).contains(&wire.aud.0.len()) && wire.aud.0.iter().all(|name| is_text(name)),
        "aud",
    )?;
    must(
        (1..=MAX_SCOPES).contains(&wire.scope.len()) && wire.scope.iter().all(|name| is_text(name)),
        "scope",
    )?;
    let is_time = |time: &i64| (0..=MAX_TIME_S).contains(time);
    must(is_time(&wire.iat), "iat")?;
    must(is_time(&wire.exp), "exp")?;
    must(
        wire.delegation_expires_at.as_ref().is_none_or(|at| *at > 0 && is_time(at)),
        "delegation_expires_at",
    )?;
    let texts = [
        ("jti", &wire.jti),
        ("nonce", &wire.nonce),
        ("owner_ref", &wire.owner_ref),
        ("delegation_id", &wire.delegation_id),
    ];
    for (member, text) in texts {
        must(text.as_deref().is_none_or(is_text), member)?;
    }
    let dids = [
        ("owner_did", &wire.owner_did),
        ("controller_did", &wire.controller_did),
        ("agent_did", &wire.agent_did),
        ("payment_account_did", &wire.payment_account_did),
        ("delegator_did", &wire.delegator_did),
        ("delegate_did", &wire.delegate_did),
    ];
    for (member, did) in dids {
        must(did.as_deref().is_none_or(is_did), member)?;
    }
    let hashes = [
        ("control_plane_policy_hash_b64u", &wire.control_plane_policy_hash_b64u),
        ("delegation_policy_hash_b64u", &wire.delegation_policy_hash_b64u),
    ];
    for (member, hash) in hashes {
        must(hash.as_deref().is_none_or(|text| Hash::from_text(text).is_some()), member)?;
    }
    let is_digits = |text: &str| is_text(text) && text.bytes().all(|byte| byte.is_ascii_digit());
    must(wire.delegation_spend_cap_minor.as_deref().is_none_or(is_digits), "delegation_spend_cap_minor")?;
    let is_lane = |word: &str| Lane::ALL.iter().any(|lane| lane.word() == word);
    must(wire.token_lane.as_deref().is_none_or(is_lane), "token_lane")
}

/// Visible ASCII: nothing to trim, nothing that looks like something else.
fn is_text(text: &str) -> bool {
    (1..=MAX_MEMBER_BYTES).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `^did:[a-z0-9]+:[a-zA-Z0-9._%-]+$`, as the schema says.
fn is_did(text: &str) -> bool {
    let Some((method, name)) = text.strip_prefix("did:").and_then(|rest| rest.split_once(':')) else {
        return false;
    };
    let in_method = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._%-".contains(&byte);
    text.len() <= MAX_MEMBER_BYTES
        && !method.is_empty()
        && !name.is_empty()
        && method.bytes().all(in_method)
        && name.bytes().all(in_name)
}
