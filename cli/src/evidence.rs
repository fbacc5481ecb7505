//! Trust files and ledgers, as verbs read them.

use std::path::Path;

use wpc::{LedgerError, Trust};
use wpc_evidence::checkpoint::{MAX_CHECKPOINT_BYTES, SignedCheckpoint};

use crate::failure::Failure;
use crate::input;

/// Reads the trust file.
pub(crate) fn trust(path: &Path) -> Result<Trust, Failure> {
    let bytes = input::bytes(path, "trust file", wpc::MAX_TRUST_BYTES)?;
    Trust::parse(&bytes).map_err(|error| {
        Failure::environment(error.code(), format!("the trust file cannot be used: {error}"))
            .file(path)
            .help("correct the trust file")
            .cause(&error)
    })
}

/// Reads a signed head.
pub(crate) fn checkpoint(path: &Path) -> Result<SignedCheckpoint, Failure> {
    let text = input::text(path, "checkpoint", MAX_CHECKPOINT_BYTES)?;
    SignedCheckpoint::parse(&text).map_err(|error| {
        Failure::environment(error.code(), format!("not a checkpoint: {error}"))
            .file(path)
            .help("give a note that `wpc ledger checkpoint` or `wpc witness cosign` wrote")
            .cause(&error)
    })
}

/// What a ledger's failure means to who typed the command.
pub(crate) fn failed(file: &Path, error: &LedgerError) -> Failure {
    let help = match error {
        LedgerError::Missing { .. } => "restore it, or make one with `wpc ledger init`",
        LedgerError::Exists { .. } => "choose another name",
        LedgerError::Foreign { .. } | LedgerError::Damaged { .. } => "restore the ledger from a copy",
        LedgerError::Version { found, expected } if found < expected => {
            "stop its gates, and bring it forward: `wpc ledger upgrade`"
        }
        LedgerError::Version { .. } => "a newer wpc wrote it: use that",
        LedgerError::TooOld { .. } => "read it with the version of wpc that wrote it, and begin a new ledger",
        LedgerError::InUse { .. } => "stop every gate of the ledger, and try again half a minute later",
        LedgerError::Permissions { .. } => "keep ledgers in a directory with mode 0700, files with mode 0600",
        LedgerError::Address { .. } => "set WPC_POSTGRES_URL to postgresql://USER@HOST/DATABASE",
        LedgerError::Insecure => "leave `sslmode` out, or write `require`",
        LedgerError::Setting { .. } => "change the setting for the ledger's role or the server",
        LedgerError::ClockOutOfRange => "correct the clock",
        LedgerError::ClockBehind { .. } | LedgerError::ClockJumped { .. } => {
            "correct the clock; if it is right, accept it with `wpc ledger clock accept`"
        }
        LedgerError::OtherKey { .. } | LedgerError::NoKey => "give the key that `wpc ledger init` made",
        LedgerError::Tampered { .. } => "run `wpc ledger check`, and restore the ledger from a copy",
        LedgerError::BehindCheckpoint { .. } => {
            "this is an older copy: bring back the ledger that was in use"
        }
        LedgerError::Forked { .. } => "keep both: the ledger told a witness another history than its own",
        LedgerError::Checkpoint(_) => "give a note of this ledger",
        LedgerError::StillOpen => "close the job first",
        LedgerError::Unavailable { .. } | LedgerError::Misplaced(_) | LedgerError::Random(_) | _ => {
            "check the path and the disk, or the server"
        }
    };
    // The file is named beside the message.
    let message = if let LedgerError::Missing { .. } = error {
        "there is no ledger".to_owned()
    } else if let LedgerError::Exists { .. } = error {
        "there is something of that name already".to_owned()
    } else if let LedgerError::Foreign { cause, .. } = error {
        format!("not a ledger: {cause}")
    } else {
        error.to_string()
    };
    Failure::environment(error.code(), message).file(file).help(help).cause(error)
}
