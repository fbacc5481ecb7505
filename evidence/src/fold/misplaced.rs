//! Why an entry cannot stand where it was put.

/// An entry that cannot stand where it was put.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Misplaced {
    /// The job's first entry is not `opened`. Code `job_not_open`.
    #[error("the job is not open")]
    NotOpen,
    /// `opened` is there already. Code `job_already_open`.
    #[error("the job was opened before")]
    AlreadyOpen,
    /// The job is closed. Code `job_closed`.
    #[error("the job is closed")]
    AfterClosed,
    /// Another attempt has this call id. Code `call_repeated`.
    #[error("another attempt has the same call id")]
    CallRepeated,
    /// The outcome is not that of an admitted attempt. Code `outcome_unmatched`.
    #[error("no admitted attempt has this call id and sequence number")]
    OutcomeUnmatched,
    /// The attempt has an outcome already. Code `outcome_repeated`.
    #[error("the attempt has an outcome already")]
    OutcomeRepeated,
    /// A charge does not follow from what the ledger holds. Code `charge_differs`.
    #[error("a charge differs from the ledger's own sums")]
    ChargeDiffers,
    /// A `closed` entry does not say what its job's log says. Code `closed_differs`.
    #[error("the closing entry differs from the log it closes")]
    ClosedDiffers,
    /// The approval was given before. Code `approval_replayed`.
    #[error("the approval was given before")]
    ApprovalRepeated,
    /// A call uses an approval that was not given. Code `approval_unknown`.
    #[error("a call uses an approval that was not given")]
    ApprovalUnknown,
    /// Another job has the token, or it has other claims. Code `token_repeated`.
    #[error("the token is another job's, or has other claims")]
    TokenRepeated,
    /// A revocation does not follow the ledger's last one. Code `revocation_gap`.
    #[error("the revocation does not follow the ledger's last one")]
    RevocationGap,
    /// A revocation lifts what is not revoked. Code `lift_unfounded`.
    #[error("what the revocation lifts is not revoked")]
    NotRevoked,
    /// A release does not follow the ledger's last one of its policy's name. Code `policy_release_gap`.
    #[error("the release does not follow the ledger's last one of its policy's name")]
    ReleaseGap,
    /// The entry is too long, or a number in it too great. Code `entry_malformed`.
    #[error("the entry does not fit its schema")]
    Malformed,
}

impl Misplaced {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotOpen => "job_not_open",
            Self::AlreadyOpen => "job_already_open",
            Self::AfterClosed => "job_closed",
            Self::CallRepeated => "call_repeated",
            Self::OutcomeUnmatched => "outcome_unmatched",
            Self::OutcomeRepeated => "outcome_repeated",
            Self::ChargeDiffers => "charge_differs",
            Self::ClosedDiffers => "closed_differs",
            Self::ApprovalRepeated => "approval_replayed",
            Self::ApprovalUnknown => "approval_unknown",
            Self::TokenRepeated => "token_repeated",
            Self::RevocationGap => "revocation_gap",
            Self::NotRevoked => "lift_unfounded",
            Self::ReleaseGap => "policy_release_gap",
            Self::Malformed => "entry_malformed",
        }
    }
}
