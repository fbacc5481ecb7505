//! Statements: what people and services sign beside policies, each in a DSSE envelope with a payload of a
//! closed schema in canonical JSON (SECURITY.md 2.1).
//!
//! ```text
//! Approval     approver            this one refused call may begin
//! Membership   membership_issuer   this person has this role
//! Revocation   revoker             no more of this, or lifted; numbered without gaps, each naming the one before
//! Heartbeat    revoker             nothing was revoked until now
//! Release      releaser            this policy is the current one; numbered likewise
//!
//! statement ──Statement::sign──▶ envelope ──Statement::verify(trust)──▶ Signed { statement, hash, signers }
//! ```
//!
//! A payload that reads has one spelling: [`Statement::decode`] encodes what it read and requires the same
//! bytes. Times are arguments: nothing here reads a clock.

mod approval;
mod membership;
mod release;
mod releases;
mod request;
mod revocation;
#[cfg(test)]
mod tests;

use wpc_model::canon::{Compare, Json, Writer};
use wpc_model::{Hash, MAX_INTEGER};

use crate::members::{Members, Wrong};
use crate::sign::{Envelope, SignatureError};
use crate::trust::{Role, Trust};
use crate::{Did, Key, time};

pub use approval::{Approval, Bound, Granted, Nonce, approve};
pub use membership::{MAX_ROLE_BYTES, Membership};
pub use release::{MAX_POLICY_NAME_BYTES, Release, ReleaseError, ReleaseHead, stricter};
pub use releases::{Currency, MAX_RELEASES, Released, Releases};
pub use request::{ApprovalRequest, MAX_REQUEST_BYTES};
pub use revocation::{Heartbeat, MAX_REVOKED_BYTES, Revocation, RevocationHead, Revoked, StreamError};

/// Longest accepted payload of a statement, in bytes: an approval names its call's resource.
pub const MAX_STATEMENT_BYTES: usize = 1 << 20;
/// Longest accepted envelope of a statement, in bytes: the payload in base64, and the signatures.
pub const MAX_STATEMENT_ENVELOPE_BYTES: usize = 2 << 20;

/// Payload type of an [`Approval`].
pub const APPROVAL_TYPE: &str = "application/vnd.wpc.approval.v1+json";
/// Payload type of a [`Membership`].
pub const MEMBERSHIP_TYPE: &str = "application/vnd.wpc.membership.v1+json";
/// Payload type of a [`Revocation`] and of a [`Heartbeat`].
pub const REVOCATION_TYPE: &str = "application/vnd.wpc.revocation.v1+json";
/// Payload type of a [`Release`].
pub const RELEASE_TYPE: &str = "application/vnd.wpc.release.v1+json";

/// A statement or an approval request does not read, or was not signed by who must.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Longer than its kind may be. Code `too_large`.
    #[error("the statement is too long")]
    TooLong,
    /// Not a JSON object. Code `malformed`.
    #[error("the statement is not a JSON object")]
    Json,
    /// A member is missing, or is not what its schema says. Code `malformed`.
    #[error("the statement's member `{0}` is missing or wrong")]
    Member(&'static str),
    /// Not the canonical bytes of the statement it says: other spelling or order, a member too many or
    /// repeated. Code `not_canonical`.
    #[error("the statement is not canonical at byte {at}")]
    NotCanonical {
        /// The first byte that differs, from 0.
        at: usize,
    },
    /// The envelope does not hold. Code: that of the [`SignatureError`].
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// Several keys signed what one person signs. Code `one_signer`.
    #[error("exactly one key must sign this")]
    OneSigner,
    /// Somebody else signed than the issuer that the policy names. Code `issuer_mismatch`.
    #[error("another issuer signed than the one that is named")]
    Issuer,
    /// The arguments in clear are not those that the request commits to. Code `commitment_mismatch`.
    #[error("the arguments shown are not those that are committed to")]
    Commitment,
    /// The approval is of another request. Code `approval_wrong_call`.
    #[error("the approval is of another call")]
    WrongCall,
}

impl StatementError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too_large",
            Self::Json | Self::Member(_) => "malformed",
            Self::NotCanonical { .. } => "not_canonical",
            Self::Signature(error) => error.code(),
            Self::OneSigner => "one_signer",
            Self::Issuer => "issuer_mismatch",
            Self::Commitment => "commitment_mismatch",
            Self::WrongCall => "approval_wrong_call",
        }
    }
}

impl From<Wrong> for StatementError {
    fn from(Wrong(member): Wrong) -> Self {
        Self::Member(member)
    }
}

/// A statement and who signed it, each of them in the role that counts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed<T> {
    /// What was signed.
    pub statement: T,
    /// The hash of the payload's bytes.
    pub hash: Hash,
    /// Whose signature counted, by key; as many principals as the trust file demands.
    pub signers: Vec<Signer>,
}

/// A key whose signature counted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signer {
    /// The name of its principal.
    pub principal: String,
    /// The key.
    pub key: Did,
}

/// What each kind of statement says of itself; nobody else makes kinds.
pub(crate) trait Schema: Sized {
    /// The payload, if every part is within its bounds.
    fn to_json(&self) -> Result<Json, StatementError>;

    /// Reads the members; those that nobody asks for are found by the comparison of bytes.
    fn read(from: Members<'_>) -> Result<Self, Wrong>;
}

/// A kind of statement.
#[expect(private_bounds, reason = "sealed: the kinds are those of this module")]
pub trait Statement: Schema {
    /// The type of its payload in an envelope.
    const PAYLOAD_TYPE: &'static str;
    /// The role in which a signature counts.
    const ROLE: Role;

    /// Its canonical bytes: what is signed.
    ///
    /// # Errors
    ///
    /// [`StatementError::Member`] and [`StatementError::TooLong`] only, if a part or the whole is greater
    /// than its schema allows.
    fn encode(&self) -> Result<Vec<u8>, StatementError> {
        encode(self, MAX_STATEMENT_BYTES)
    }

    /// Reads what [`Statement::encode`] writes, and nothing else.
    ///
    /// # Errors
    ///
    /// [`StatementError`] with the first reason found.
    fn decode(payload: &[u8]) -> Result<Self, StatementError> {
        decode(payload, MAX_STATEMENT_BYTES)
    }

    /// An envelope of it, signed with each of `keys`.
    ///
    /// # Errors
    ///
    /// As [`Statement::encode`].
    fn sign(&self, keys: &[Key]) -> Result<Vec<u8>, StatementError> {
        Ok(crate::sign(Self::PAYLOAD_TYPE, &self.encode()?, keys))
    }

    /// The statement of an envelope that principals of `trust` signed in its role, as many as the trust
    /// file demands.
    ///
    /// # Errors
    ///
    /// [`StatementError`] with the first reason found; signatures are looked at before the payload.
    fn verify(envelope: &[u8], trust: &Trust) -> Result<Signed<Self>, StatementError> {
        if envelope.len() > MAX_STATEMENT_ENVELOPE_BYTES {
            return Err(StatementError::TooLong);
        }
        let verified = Envelope::verify(envelope, Self::PAYLOAD_TYPE, trust, Self::ROLE)?;
        let signer = |key: Did| {
            let principal = trust.principal_of(&key)?.name().to_owned();
            Some(Signer { principal, key })
        };
        Ok(Signed {
            statement: Self::decode(&verified.payload)?,
            hash: Hash::of(&verified.payload),
            signers: verified.keys.into_iter().filter_map(signer).collect(),
        })
    }
}

fn encode<T: Schema>(document: &T, most: usize) -> Result<Vec<u8>, StatementError> {
    let bytes = document.to_json()?.encode();
    if bytes.len() > most { Err(StatementError::TooLong) } else { Ok(bytes) }
}

fn decode<T: Schema>(bytes: &[u8], most: usize) -> Result<T, StatementError> {
    if bytes.len() > most {
        return Err(StatementError::TooLong);
    }
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|_| StatementError::Json)?;
    let document = T::read(Members::of(&value, "").map_err(|_| StatementError::Json)?)?;
    let mut compare = Compare::new(bytes);
    document.to_json()?.write(Writer::new(&mut compare));
    compare.difference().map_or(Ok(document), |at| Err(StatementError::NotCanonical { at }))
}

fn check(fits: bool, member: &'static str) -> Result<(), StatementError> {
    if fits { Ok(()) } else { Err(StatementError::Member(member)) }
}

/// A text of 1 to `most` bytes without control characters.
fn is_text(text: &str, most: usize) -> bool {
    !text.is_empty() && text.len() <= most && !text.chars().any(char::is_control)
}

fn time_json(ms: i64, member: &'static str) -> Result<Json, StatementError> {
    time::to_text(ms).map(Json::Text).ok_or(StatementError::Member(member))
}

fn number_json(number: u64, member: &'static str) -> Result<Json, StatementError> {
    let number = i64::try_from(number).ok().filter(|&number| number <= MAX_INTEGER);
    number.map(Json::Integer).ok_or(StatementError::Member(member))
}

fn hash_json(hash: Option<&Hash>) -> Json {
    hash.map_or(Json::Null, |hash| Json::from(hash.to_string()))
}
