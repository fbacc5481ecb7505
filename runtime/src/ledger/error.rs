//! Why a ledger could not do what it was asked.

use std::path::PathBuf;

use wpc_evidence::checkpoint::CheckpointError;
use wpc_evidence::fold::Misplaced;

use crate::RandomError;

/// A ledger failed or refused. Nothing was recorded, unless the variant says otherwise.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The store could not be read or written: full, read-only, locked for too long, damaged while
    /// open. Code `ledger_unavailable`. Whether the last append is durable is not known if the
    /// failure came from its commit; no effect begins on such an append.
    #[error("the ledger is unavailable: {cause}")]
    Unavailable {
        /// What the store said.
        cause: String,
    },
    /// A row holds what no ledger writes: the file was altered. Code `store_damaged`.
    #[error("the ledger is damaged: {cause}")]
    Damaged {
        /// What cannot be read.
        cause: String,
    },
    /// There is no ledger; only `init` makes one. Code `ledger_missing`.
    #[error("there is no ledger at {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// `init` found something there. Code `ledger_exists`.
    #[error("{} exists already", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// The file is not a ledger of ours, or was altered. Code `ledger_foreign`.
    #[error("{} is not a ledger: {cause}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// The ledger was written by another version. An older one may be brought forward
    /// ([`super::SqliteLedger::upgrade`]). Code `ledger_version`.
    #[error("the ledger has schema version {found}, this program reads {expected}")]
    Version {
        /// The file's version.
        found: i64,
        /// Ours.
        expected: i64,
    },
    /// The ledger was written by a version from which nothing leads here: its entries bear no signed head, and one
    /// that was signed now would vouch for what nobody did. Code `ledger_too_old`.
    #[error("the ledger has schema version {found}, and only from {oldest} on can one be brought forward")]
    TooOld {
        /// The ledger's version.
        found: i64,
        /// The oldest that can be brought forward.
        oldest: i64,
    },
    /// A process of another version may still write to the ledger. Code `ledger_in_use`.
    #[error("a process holds the ledger, for at least {for_ms} ms more")]
    InUse {
        /// How much longer, in milliseconds, unless it says so again.
        for_ms: i64,
    },
    /// Somebody else may read or write the file or its directory. Code `ledger_permissions`.
    #[error("{} has mode {mode:04o}, which lets others in; at most {allowed:04o} is accepted", path.display())]
    Permissions {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
        /// The greatest accepted ones.
        allowed: u32,
    },
    /// What says where the ledger's server is cannot be used. Code `ledger_address`.
    #[error("the address of the ledger's server cannot be used: {cause}")]
    Address {
        /// Why; nothing of the address.
        cause: String,
    },
    /// The ledger's server is on another machine and TLS is switched off. Code `ledger_insecure`.
    #[error("the ledger's server is on another machine, and its address forbids TLS")]
    Insecure,
    /// The ledger's server may lose what it committed, or is too old. Code `ledger_setting`.
    #[error("the ledger's server has `{name}` {found}, required is {required}")]
    Setting {
        /// The server's name of it.
        name: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        required: String,
    },
    /// The wall clock is more than 5 s behind the ledger's last entry. Code `clock_behind`.
    #[error("the clock is {behind_ms} ms behind the ledger")]
    ClockBehind {
        /// By how much, in milliseconds.
        behind_ms: i64,
    },
    /// The wall clock moved by more than 5 s otherwise than the steady one since the last append of this
    /// process. Code `clock_jumped`.
    #[error("the clock jumped by {by_ms} ms")]
    ClockJumped {
        /// By how much, in milliseconds; negative if back.
        by_ms: i64,
    },
    /// The wall clock is outside the years 1970 to 9999. Code `clock_out_of_range`.
    #[error("the clock is outside the years 1970 to 9999")]
    ClockOutOfRange,
    /// The key is another ledger's. Code `ledger_key_differs`.
    #[error("the key is not the ledger's: it is named {ledger}")]
    OtherKey {
        /// The ledger's name.
        ledger: String,
    },
    /// It was opened without its key, so nothing can be appended or signed. Code `ledger_key_missing`.
    #[error("the ledger was opened without its key")]
    NoKey,
    /// What is stored is not what the ledger's key signed: somebody altered it. Code `ledger_tampered`.
    #[error("the ledger was altered: {what} is not what its key signed")]
    Tampered {
        /// Which head.
        what: String,
    },
    /// The ledger is behind a head of its own that was seen before: it is an older copy. Code
    /// `ledger_behind_checkpoint`.
    #[error("the ledger has {found} leaves, its pinned head {pinned}: this is an older copy")]
    BehindCheckpoint {
        /// Leaves in the file.
        found: u64,
        /// Leaves of the pinned head.
        pinned: u64,
    },
    /// A head that witnesses cosigned is not of this ledger's history. Code `log_forked`.
    #[error("witnesses cosigned {size} leaves of another history than this ledger's")]
    Forked {
        /// The head's size.
        size: u64,
    },
    /// A head that was handed in does not hold. Its code is that of the [`CheckpointError`].
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The job is open. Code `job_open`.
    #[error("the job is still open")]
    StillOpen,
    /// An entry does not fit into its job's log. Its code is [`Misplaced::code`].
    #[error(transparent)]
    Misplaced(#[from] Misplaced),
    /// No randomness for the instance's name. Code `randomness_unavailable`.
    #[error(transparent)]
    Random(#[from] RandomError),
}

impl LedgerError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "ledger_unavailable",
            Self::Damaged { .. } => "store_damaged",
            Self::Missing { .. } => "ledger_missing",
            Self::Exists { .. } => "ledger_exists",
            Self::Foreign { .. } => "ledger_foreign",
            Self::Version { .. } => "ledger_version",
            Self::TooOld { .. } => "ledger_too_old",
            Self::InUse { .. } => "ledger_in_use",
            Self::Permissions { .. } => "ledger_permissions",
            Self::Address { .. } => "ledger_address",
            Self::Insecure => "ledger_insecure",
            Self::Setting { .. } => "ledger_setting",
            Self::ClockBehind { .. } => "clock_behind",
            Self::ClockJumped { .. } => "clock_jumped",
            Self::ClockOutOfRange => "clock_out_of_range",
            Self::OtherKey { .. } => "ledger_key_differs",
            Self::NoKey => "ledger_key_missing",
            Self::Tampered { .. } => "ledger_tampered",
            Self::BehindCheckpoint { .. } => "ledger_behind_checkpoint",
            Self::Forked { .. } => "log_forked",
            Self::Checkpoint(error) => error.code(),
            Self::StillOpen => "job_open",
            Self::Misplaced(misplaced) => misplaced.code(),
            Self::Random(error) => error.code(),
        }
    }

    pub(crate) fn unavailable(cause: impl std::fmt::Display) -> Self {
        Self::Unavailable { cause: cause.to_string() }
    }
}
