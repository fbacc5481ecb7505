//! Releases: which policy of a name is the current one.

use wpc_model::canon::Json;
use wpc_model::{Hash, OnChange};

use super::{
    RELEASE_TYPE, Schema, Signed, Statement, StatementError, check, hash_json, is_text, number_json,
    time_json,
};
use crate::members::{Members, Wrong};
use crate::trust::Role;

/// Longest accepted name of a policy, in bytes.
pub const MAX_POLICY_NAME_BYTES: usize = 256;

/// A policy becomes the current one of its name (SECURITY.md 1.11).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Release {
    /// The policy's name.
    pub policy_name: String,
    /// Its number among the releases of that name, from 1.
    pub seq: u64,
    /// The policy's hash.
    pub policy_hash: Hash,
    /// The hash of the payload of the release before; `None` of the first.
    pub previous: Option<Hash>,
    /// From then on, Unix milliseconds.
    pub not_before: i64,
    /// Until before then.
    pub not_after: i64,
    /// What becomes of jobs that run under an earlier release.
    pub running: OnChange,
}

/// The last release of a name that is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReleaseHead {
    /// The policy's name.
    pub policy_name: String,
    /// Its number.
    pub seq: u64,
    /// The hash of its payload.
    pub hash: Hash,
}

/// A release does not follow what is known, or no release lets a policy be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// It does not read, or was not signed by who must. Its code is [`StatementError::code`].
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// Releases are demanded, and none of the policy's name is known. Code `policy_release_required`.
    #[error("no release of the policy is known")]
    Required,
    /// No release that is known is of this policy. Code `policy_not_released`.
    #[error("the policy was never released")]
    NotReleased,
    /// Another policy of the name is current, and running jobs may not go on. Code `policy_changed`.
    #[error("another policy of this name is the current one")]
    Changed,
    /// Of another policy. Code `policy_name_mismatch`.
    #[error("the release is of a policy of another name")]
    Name,
    /// An earlier one than is known. Code `policy_rolled_back`.
    #[error("an earlier release than the one that is known")]
    RolledBack,
    /// It has another past than the one that is known. Code `policy_release_forked`.
    #[error("the release has another past than the one that is known")]
    Forked,
    /// A release before it is missing. Code `policy_release_gap`.
    #[error("a release is missing before this one")]
    Gap,
    /// It does not hold yet. Code `policy_release_early`.
    #[error("the release does not hold yet")]
    Early,
    /// It no longer holds. Code `policy_release_expired`.
    #[error("the release no longer holds")]
    Expired,
}

impl ReleaseError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Statement(error) => error.code(),
            Self::Required => "policy_release_required",
            Self::NotReleased => "policy_not_released",
            Self::Changed => "policy_changed",
            Self::Name => "policy_name_mismatch",
            Self::RolledBack => "policy_rolled_back",
            Self::Forked => "policy_release_forked",
            Self::Gap => "policy_release_gap",
            Self::Early => "policy_release_early",
            Self::Expired => "policy_release_expired",
        }
    }
}

impl ReleaseHead {
    /// The head after `next`, where `known` is the last release that is known of its name. The one that is
    /// known may come again.
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] if it is neither the next one nor the one that is known.
    pub fn follow(known: Option<&Self>, next: &Signed<Release>) -> Result<Self, ReleaseError> {
        Self::next(known, &next.statement, next.hash)
    }

    /// As [`ReleaseHead::follow`], of a release whose payload has this hash.
    pub(super) fn next(known: Option<&Self>, release: &Release, of: Hash) -> Result<Self, ReleaseError> {
        let head = Self { policy_name: release.policy_name.clone(), seq: release.seq, hash: of };
        let (seq, hash) = known.map_or((0, None), |known| (known.seq, Some(known.hash)));
        if known.is_some_and(|known| known.policy_name != release.policy_name) {
            return Err(ReleaseError::Name);
        }
        if release.seq < seq {
            return Err(ReleaseError::RolledBack);
        }
        if release.seq == seq {
            return if hash == Some(of) { Ok(head) } else { Err(ReleaseError::Forked) };
        }
        if seq.checked_add(1) != Some(release.seq) {
            return Err(ReleaseError::Gap);
        }
        if release.previous == hash { Ok(head) } else { Err(ReleaseError::Forked) }
    }
}

impl Release {
    /// Whether it holds at `at`, Unix milliseconds.
    ///
    /// # Errors
    ///
    /// [`ReleaseError::Early`] and [`ReleaseError::Expired`] only.
    pub const fn holds_at(&self, at: i64) -> Result<(), ReleaseError> {
        if at < self.not_before {
            return Err(ReleaseError::Early);
        }
        if at < self.not_after { Ok(()) } else { Err(ReleaseError::Expired) }
    }
}

/// The stricter of what the policy and what the release make of running jobs: kill, else drain, else
/// finish.
///
/// ```
/// use wpc_evidence::statement::stricter;
/// use wpc_model::OnChange;
/// assert_eq!(stricter(OnChange::Drain, OnChange::Kill), OnChange::Kill);
/// assert_eq!(stricter(OnChange::Drain, OnChange::Finish), OnChange::Drain);
/// ```
#[must_use]
pub fn stricter(policy: OnChange, release: OnChange) -> OnChange {
    policy.max(release)
}

impl Statement for Release {
    const PAYLOAD_TYPE: &'static str = RELEASE_TYPE;
    const ROLE: Role = Role::Releaser;
}

impl Schema for Release {
    fn to_json(&self) -> Result<Json, StatementError> {
        check(is_text(&self.policy_name, MAX_POLICY_NAME_BYTES), "policy_name")?;
        check(self.seq > 0, "seq")?;
        check(self.previous.is_some() == (self.seq > 1), "previous")?;
        check(self.not_before < self.not_after, "not_after")?;
        Ok(Json::object([
            ("not_after", time_json(self.not_after, "not_after")?),
            ("not_before", time_json(self.not_before, "not_before")?),
            ("policy_hash_b64u", Json::from(self.policy_hash.to_string())),
            ("policy_name", Json::from(self.policy_name.as_str())),
            ("previous", hash_json(self.previous.as_ref())),
            ("running", Json::from(self.running.word())),
            ("seq", number_json(self.seq, "seq")?),
        ]))
    }

    fn read(from: Members<'_>) -> Result<Self, Wrong> {
        Ok(Self {
            policy_name: from.text("policy_name")?.to_owned(),
            seq: from.number("seq")?,
            policy_hash: from.hash("policy_hash_b64u")?,
            previous: from.or_null("previous", Members::hash)?,
            not_before: from.time("not_before")?,
            not_after: from.time("not_after")?,
            running: OnChange::from_word(from.text("running")?).ok_or(Wrong("running"))?,
        })
    }
}
