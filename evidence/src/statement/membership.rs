//! Memberships: who has which role among people.

use wpc_model::canon::Json;

use super::{MEMBERSHIP_TYPE, Schema, Signed, Signer, Statement, StatementError, check, is_text, time_json};
use crate::Did;
use crate::members::{Members, Wrong};
use crate::trust::{Role, Trust};

/// Longest accepted name of a role of people, in bytes.
pub const MAX_ROLE_BYTES: usize = 128;

/// An issuer says that a person has a role for a time (SECURITY.md part 6).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Membership {
    /// The role, as policies name it.
    pub role: String,
    /// The person's key.
    pub member: Did,
    /// From then on, Unix milliseconds.
    pub not_before: i64,
    /// Until before then.
    pub not_after: i64,
}

impl Membership {
    /// The statement of an envelope that exactly `issuer`, whom the policy names, signed in the role
    /// `membership_issuer`.
    ///
    /// # Errors
    ///
    /// [`StatementError`] with the first reason found; [`StatementError::Issuer`] if another key, or
    /// another one too, signed.
    pub fn verify_by(envelope: &[u8], trust: &Trust, issuer: &Did) -> Result<Signed<Self>, StatementError> {
        let signed = Self::verify(envelope, trust)?;
        match signed.signers.as_slice() {
            [Signer { key, .. }] if key == issuer => Ok(signed),
            _ => Err(StatementError::Issuer),
        }
    }

    /// Whether it holds at `at`, Unix milliseconds.
    #[must_use]
    pub const fn holds_at(&self, at: i64) -> bool {
        self.not_before <= at && at < self.not_after
    }
}

impl Statement for Membership {
    const PAYLOAD_TYPE: &'static str = MEMBERSHIP_TYPE;
    const ROLE: Role = Role::MembershipIssuer;
}

impl Schema for Membership {
    fn to_json(&self) -> Result<Json, StatementError> {
        check(is_text(&self.role, MAX_ROLE_BYTES), "role")?;
        check(self.not_before < self.not_after, "not_after")?;
        Ok(Json::object([
            ("member", Json::from(self.member.as_str())),
            ("not_after", time_json(self.not_after, "not_after")?),
            ("not_before", time_json(self.not_before, "not_before")?),
            ("role", Json::from(self.role.as_str())),
        ]))
    }

    fn read(from: Members<'_>) -> Result<Self, Wrong> {
        Ok(Self {
            role: from.text("role")?.to_owned(),
            member: from.did("member")?,
            not_before: from.time("not_before")?,
            not_after: from.time("not_after")?,
        })
    }
}
