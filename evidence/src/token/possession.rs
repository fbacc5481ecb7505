//! Proof that who shows a token has the agent's key (RFC 9449, DPoP).
//!
//! ```text
//! header   {"typ":"dpop+jwt","alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":…}}
//! claims   {"htm","htu","iat","jti","ath"}            one request over HTTP
//!          {"htm":"session","htu":LEDGER DID,"iat","jti","ath","nonce"}   one session over stdio
//! ```
//!
//! `jwk` must be the key that the token's `sub` names, `ath` the token's own hash. Over stdio the gate
//! sends a fresh [`mint_nonce`] at the beginning and takes one proof over it; `htu` is the gate's
//! ledger, so that another gate cannot pass its own nonce on.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use wpc_model::Hash;
use wpc_model::canon::Writer;

use super::compact::{self, Compact};
use super::{VerifiedToken, base64url};
use crate::object::{Object, present};
use crate::random::{self, RandomError};
use crate::{Did, Key};

/// Longest accepted proof, in bytes.
pub const MAX_PROOF_BYTES: usize = 8 << 10;
/// How far `iat` may be from our clock, either way, in seconds.
pub const PROOF_WINDOW_S: i64 = 30;
/// Proofs that a [`Seen`] holds at most.
pub const MAX_SEEN_PROOFS: usize = 65_536;
/// Longest accepted `jti` of a proof, in bytes.
const MAX_JTI_BYTES: usize = 128;
/// `htm` of a proof for a session over stdio; no HTTP method is spelled so.
const SESSION: &str = "session";

/// What one proof is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose<'a> {
    /// One HTTP request.
    Request {
        /// The method as it is sent: `POST`.
        method: &'a str,
        /// The URL as it is sent. Its query and fragment are not covered (RFC 9449 section 4.3).
        url: &'a str,
    },
    /// One session over stdio.
    Session {
        /// The gate's ledger.
        ledger: &'a Did,
        /// What the gate sent, of [`mint_nonce`]; the gate takes each once.
        nonce: &'a str,
    },
}

impl Purpose<'_> {
    fn htm(&self) -> &str {
        match self {
            Self::Request { method, .. } => method,
            Self::Session { .. } => SESSION,
        }
    }

    fn htu(&self) -> &str {
        match self {
            Self::Request { url, .. } => without_query(url),
            Self::Session { ledger, .. } => ledger.as_str(),
        }
    }

    const fn nonce(&self) -> Option<&str> {
        match self {
            Self::Request { .. } => None,
            Self::Session { nonce, .. } => Some(nonce),
        }
    }
}

/// A proof does not hold. Never holds anything of it or of the token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Longer than [`MAX_PROOF_BYTES`]. Code `proof_too_large`.
    #[error("the proof is longer than {MAX_PROOF_BYTES} bytes")]
    TooLarge,
    /// Not three parts of strict base64url. Code `proof_malformed`.
    #[error("not a JWT: three parts of strict base64url")]
    Malformed,
    /// The header is not exactly `typ`, `alg` and an Ed25519 `jwk`. Code `proof_header`.
    #[error("the header must be exactly `typ` dpop+jwt, `alg` EdDSA and an Ed25519 `jwk`")]
    Header,
    /// The key is not the one that the token's `sub` names. Code `proof_other_key`.
    #[error("the proof is by another key than the agent's")]
    OtherKey,
    /// Not signed by the key it brings. Code `proof_signature_invalid`.
    #[error("the proof's signature does not fit")]
    SignatureInvalid,
    /// A claim is missing, unknown, repeated or of another type. Code `proof_claims`.
    #[error("the claims must be exactly `htm`, `htu`, `iat`, `jti`, `ath`, and `nonce` over stdio")]
    Claims,
    /// Made for another token. Code `proof_other_token`.
    #[error("the proof is for another token")]
    OtherToken,
    /// Made for another request, session or nonce. Code `proof_other_request`.
    #[error("the proof is for another request or session")]
    OtherRequest,
    /// Made more than [`PROOF_WINDOW_S`] seconds ago, or in the future. Code `proof_time`.
    #[error("the proof was not made within {PROOF_WINDOW_S} seconds of now")]
    Time,
    /// Seen before. Code `proof_replayed`.
    #[error("the proof was used before")]
    Replayed,
    /// Too many are still to be remembered. Code `proof_flood`.
    #[error("too many proofs within a minute")]
    Flood,
}

impl ProofError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "proof_too_large",
            Self::Malformed => "proof_malformed",
            Self::Header => "proof_header",
            Self::OtherKey => "proof_other_key",
            Self::SignatureInvalid => "proof_signature_invalid",
            Self::Claims => "proof_claims",
            Self::OtherToken => "proof_other_token",
            Self::OtherRequest => "proof_other_request",
            Self::Time => "proof_time",
            Self::Replayed => "proof_replayed",
            Self::Flood => "proof_flood",
        }
    }
}

/// What a gate sends to begin a session over stdio: 128 random bits in base32.
///
/// # Errors
///
/// [`RandomError`] only if the operating system gives no randomness.
pub fn mint_nonce() -> Result<String, RandomError> {
    Ok(random::base32(random::bytes()?))
}

/// A proof by the agent's key for one use of the token with this compact form; `now_s` in Unix seconds.
///
/// # Errors
///
/// [`RandomError`] only if the operating system gives no randomness.
pub fn prove(key: &Key, purpose: &Purpose<'_>, token: &str, now_s: i64) -> Result<String, RandomError> {
    let x = base64url::encode(&key.did().to_public_key());
    let header =
        format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}}}"#);
    let jti = random::base32(random::bytes()?);
    let mut claims = Vec::new();
    Writer::new(&mut claims).object(|object| {
        object.member("ath").text(&Hash::of(token.as_bytes()).to_string());
        object.member("htm").text(purpose.htm());
        object.member("htu").text(purpose.htu());
        object.member("iat").integer(now_s);
        object.member("jti").text(&jti);
        if let Some(nonce) = purpose.nonce() {
            object.member("nonce").text(nonce);
        }
    });
    Ok(compact::sign(key, header.as_bytes(), &claims))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    #[serde(borrow)]
    typ: Cow<'a, str>,
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow)]
    jwk: Object<Jwk<'a>>,
}

/// A public key (RFC 8037 section 2). Closed, so that no secret `d` is taken along.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk<'a> {
    #[serde(borrow)]
    kty: Cow<'a, str>,
    #[serde(borrow)]
    crv: Cow<'a, str>,
    #[serde(borrow)]
    x: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims<'a> {
    #[serde(borrow)]
    htm: Cow<'a, str>,
    #[serde(borrow)]
    htu: Cow<'a, str>,
    iat: i64,
    #[serde(borrow)]
    jti: Cow<'a, str>,
    #[serde(borrow)]
    ath: Cow<'a, str>,
    #[serde(default, deserialize_with = "present")]
    nonce: Option<String>,
}

/// Verifies that the agent made `proof` for this token and this purpose, now (`now_s`, Unix seconds) and
/// for the first time.
///
/// # Errors
///
/// [`ProofError`] with the first reason found; then `seen` is as before.
pub fn verify(
    proof: &str,
    token: &VerifiedToken,
    purpose: &Purpose<'_>,
    now_s: i64,
    seen: &mut Seen,
) -> Result<(), ProofError> {
    if proof.len() > MAX_PROOF_BYTES {
        return Err(ProofError::TooLarge);
    }
    let compact = Compact::split(proof).ok_or(ProofError::Malformed)?;
    let key = key(&compact.header).ok_or(ProofError::Header)?;
    if token.claims().agent_key() != Some(&key) {
        return Err(ProofError::OtherKey);
    }
    if !compact.is_signed_by(&key) {
        return Err(ProofError::SignatureInvalid);
    }
    let Object(claims): Object<Claims<'_>> =
        serde_json::from_slice(&compact.payload).map_err(|_| ProofError::Claims)?;
    let is_jti = |byte: u8| byte.is_ascii_graphic();
    if !(1..=MAX_JTI_BYTES).contains(&claims.jti.len()) || !claims.jti.bytes().all(is_jti) {
        return Err(ProofError::Claims);
    }
    if Hash::from_text(&claims.ath) != Some(token.digest()) {
        return Err(ProofError::OtherToken);
    }
    let htu = match purpose {
        Purpose::Request { .. } => without_query(&claims.htu),
        Purpose::Session { .. } => &claims.htu,
    };
    if claims.htm != purpose.htm() || htu != purpose.htu() || claims.nonce.as_deref() != purpose.nonce() {
        return Err(ProofError::OtherRequest);
    }
    seen.take(&key, &claims.jti, claims.iat, now_s)
}

fn key(header: &[u8]) -> Option<Did> {
    let Object(Header { typ, alg, jwk: Object(jwk) }): Object<Header<'_>> =
        serde_json::from_slice(header).ok()?;
    if typ != "dpop+jwt" || alg != "EdDSA" || jwk.kty != "OKP" || jwk.crv != "Ed25519" {
        return None;
    }
    let bytes: [u8; 32] = base64url::decode(&jwk.x)?.try_into().ok()?;
    Did::from_public_key(&bytes).ok()
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// Proofs that were taken and could still be shown again.
///
/// One belongs to everything that takes proofs for one URL: a second gate with another one would take
/// a proof once more.
#[derive(Debug, Default)]
pub struct Seen {
    names: BTreeSet<Hash>,
    /// When each may be forgotten, Unix seconds.
    until: BTreeMap<i64, Vec<Hash>>,
    /// The latest time that was told: a clock that goes back must not bring a forgotten proof back.
    latest_s: i64,
}

impl Seen {
    pub(super) fn take(&mut self, key: &Did, jti: &str, iat_s: i64, now_s: i64) -> Result<(), ProofError> {
        let now_s = now_s.max(self.latest_s);
        let until_s = iat_s.saturating_add(PROOF_WINDOW_S);
        if now_s > until_s || iat_s > now_s.saturating_add(PROOF_WINDOW_S) {
            return Err(ProofError::Time);
        }
        let name = Hash::under("wpc/proof/v1", format!("{key}/{jti}").as_bytes());
        if self.names.contains(&name) {
            return Err(ProofError::Replayed);
        }
        self.latest_s = now_s;
        while let Some(first) = self.until.first_entry()
            && *first.key() < now_s
        {
            first.remove().iter().for_each(|name| {
                self.names.remove(name);
            });
        }
        if self.names.len() >= MAX_SEEN_PROOFS {
            return Err(ProofError::Flood);
        }
        self.names.insert(name);
        self.until.entry(until_s).or_default().push(name);
        Ok(())
    }
}
