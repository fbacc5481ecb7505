//! The codes of findings and gaps, and the stages that they belong to (SECURITY.md 2.5).

use std::fmt;

/// A step of verification. Steps run in this order; one that finds something stops.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Stage {
    /// The file and its payload are what the format says.
    Read,
    /// Every signature holds, in the role that counts.
    Envelopes,
    /// The policy is the one that the job was opened under, and was current.
    Policy,
    /// The issuer's grants say what the log says of the job's tokens.
    Grants,
    /// The entries are the log that was signed, and stand in an order that can be.
    Log,
    /// Job, agent, policy, ledger and tokens are the same everywhere.
    Agreement,
    /// Approvals hold for the calls that used them.
    Approvals,
    /// Receipts of model calls.
    Receipts,
    /// What is shown is what was committed to.
    Openings,
    /// Every decision and charge follows from the policy.
    Replay,
    /// What cannot be established.
    Gaps,
}

impl Stage {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Envelopes => "envelopes",
            Self::Policy => "policy",
            Self::Grants => "grants",
            Self::Log => "log",
            Self::Agreement => "agreement",
            Self::Approvals => "approvals",
            Self::Receipts => "receipts",
            Self::Openings => "openings",
            Self::Replay => "replay",
            Self::Gaps => "gaps",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $word:literal $stage:ident,)*) => {
        /// Why a bundle is refused, or what it leaves open.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the order of the stages.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The stage that finds it.
            #[must_use]
            pub const fn stage(self) -> Stage {
                match self { $(Self::$name => Stage::$stage,)* }
            }
        }
    };
}

codes! {
    /// Longer than a bundle or a part of it may be.
    TooLarge "too_large" Read,
    /// Not the canonical bytes of what it says.
    NotCanonical "not_canonical" Read,
    /// Not a bundle.
    Malformed "malformed" Read,
    /// Base64 that is not the one encoding of its bytes.
    Base64Malleable "base64_malleable" Read,
    /// Properly signed, but as something else.
    PayloadType "payload_type" Envelopes,
    /// No signature of a trusted key is valid.
    SignatureInvalid "signature_invalid" Envelopes,
    /// Nobody in the trust file signed.
    SignerUntrusted "signer_untrusted" Envelopes,
    /// The signer does not have the role that this needs.
    RoleMismatch "role_mismatch" Envelopes,
    /// Too few principals signed.
    Threshold "threshold" Envelopes,
    /// The policy is not the one that the job was opened under.
    PolicyHash "policy_hash" Policy,
    /// A later release was in force when the job was opened or a call was admitted, or the releases are not
    /// those that the log names.
    PolicyRolledBack "policy_rolled_back" Policy,
    /// The release was not in force when the job was opened or a call was admitted.
    PolicyReleaseExpired "policy_release_expired" Policy,
    /// The policy's interface is not the one that the log names.
    InterfaceHash "interface_hash" Policy,
    /// The grant of a token is not in the bundle.
    GrantMissing "grant_missing" Grants,
    /// A grant's scope hash is not that of its claims.
    ScopeHash "scope_hash" Grants,
    /// The log says something else of a token than its grant, or nobody's token is granted.
    ClaimsMismatch "claims_mismatch" Grants,
    /// A token lives longer than the policy lets it.
    Lifetime "lifetime" Grants,
    /// An entry is not one.
    LeafEncoding "leaf_encoding" Log,
    /// Entries are missing, repeated or in another order.
    SeqGap "seq_gap" Log,
    /// An entry is of another job.
    WrongJob "wrong_job" Log,
    /// An entry is earlier than the one before it.
    TimeBackwards "time_backwards" Log,
    /// The entries are not the tree that was signed.
    RootMismatch "root_mismatch" Log,
    /// A checkpoint is of another log.
    OriginMismatch "origin_mismatch" Log,
    /// The log has another length than the one that was signed.
    SizeMismatch "size_mismatch" Log,
    /// The ledger did not sign a checkpoint.
    CheckpointSignature "checkpoint_signature" Log,
    /// The ledger's own log says something else of the job.
    Inconsistent "inconsistent" Log,
    /// An entry follows the closing one.
    AfterClosed "after_closed" Log,
    /// Totals that are stated are not those of the entries.
    ClosedTotals "closed_totals" Log,
    /// An outcome is of no admitted call.
    OutcomeUnmatched "outcome_unmatched" Log,
    /// A call has two outcomes, or two attempts.
    OutcomeRepeated "outcome_repeated" Log,
    /// A document is another job's.
    JobMismatch "job_mismatch" Agreement,
    /// A document is another agent's.
    AgentMismatch "agent_mismatch" Agreement,
    /// A document is of another policy.
    PolicyMismatch "policy_mismatch" Agreement,
    /// A document is for another ledger.
    LedgerMismatch "ledger_mismatch" Agreement,
    /// A call was decided under no token that was valid then.
    TokenNotValidAt "token_not_valid_at" Agreement,
    /// An approval was used after it ended.
    ApprovalExpired "approval_expired" Approvals,
    /// An approval was used more often than it may be, or given twice.
    ApprovalReplayed "approval_replayed" Approvals,
    /// An approval is of another call, or is not there.
    ApprovalWrongCall "approval_wrong_call" Approvals,
    /// The policy does not name who approved.
    ApproverNotNamed "approver_not_named" Approvals,
    /// Whoever asks approved.
    ApproverIsRequester "approver_is_requester" Approvals,
    /// Fewer people approved than the policy demands.
    Quorum "quorum" Approvals,
    /// A receipt's signature does not hold.
    ReceiptSignature "receipt_signature" Receipts,
    /// A receipt is not this job's.
    ReceiptBinding "receipt_binding" Receipts,
    /// A receipt is there twice.
    ReceiptDuplicate "receipt_duplicate" Receipts,
    /// A receipt is of a model that the policy does not allow.
    ModelNotAllowed "model_not_allowed" Receipts,
    /// What is shown is not what was committed to, or the commitment is missing.
    CommitmentMismatch "commitment_mismatch" Openings,
    /// The policy decides a call otherwise than the log says.
    DecisionDiffers "decision_differs" Replay,
    /// A charge is not the one that follows.
    ChargeDiffers "charge_differs" Replay,
    /// A call was admitted after what it stood on was revoked.
    EffectAfterRevocation "effect_after_revocation" Replay,
    /// The job is not closed: more may have happened.
    GapNotClosed "gap_not_closed" Gaps,
    /// So many entries at the end rest on the ledger's key alone.
    GapNotWitnessed "gap_not_witnessed" Gaps,
    /// No receipts of model calls.
    GapNoModelReceipts "gap_no_model_receipts" Gaps,
    /// Limits per agent were charged by other jobs too, which one bundle does not show.
    GapAgentScope "gap_agent_scope" Gaps,
    /// So many decisions or outcomes cannot be replayed: their values are not shown.
    GapOpeningWithheld "gap_opening_withheld" Gaps,
    /// So many facts are the gate's word.
    GapAttested "gap_attested" Gaps,
    /// So many outcomes are the caller's own word.
    GapSelfDescribed "gap_self_described" Gaps,
    /// Of so many admitted calls nobody knows what became.
    GapOutcomeUnknown "gap_outcome_unknown" Gaps,
    /// The gate ran in the agent's process, which could go around it.
    GapInProcess "gap_in_process" Gaps,
    /// No issuer's grant says who worked on the job.
    GapTokenUnattested "gap_token_unattested" Gaps,
    /// The program's version is its own word.
    GapToolVersionSelfReported "gap_tool_version_self_reported" Gaps,
    /// The revoker's log was not given, so a revocation may be missing.
    GapRevocationLogAbsent "gap_revocation_log_absent" Gaps,
    /// No release says that the policy was current.
    GapReleaseAbsent "gap_release_absent" Gaps,
}

impl Code {
    /// The code of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.word() == word)
    }

    /// Whether it says what cannot be established, and may be accepted.
    #[must_use]
    pub fn is_gap(self) -> bool {
        self.stage() == Stage::Gaps
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
