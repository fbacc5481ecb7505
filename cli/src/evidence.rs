//! Trust files and ledgers, as verbs read them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use wpc::{Key, LedgerError, SqliteLedger, Trust};

use crate::failure::Failure;
use crate::input;
use crate::verb::key;

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

/// A ledger on the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// The ledger
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: PathBuf,
    /// Its key; LEDGER.key if none is given
    #[arg(long, value_name = "FILE")]
    ledger_key: Option<PathBuf>,
}

impl Place {
    /// Opens it with its key and its pinned head, which lies beside the key.
    pub(crate) fn open(&self) -> Result<SqliteLedger, Failure> {
        let path = self.key_file();
        let opened = SqliteLedger::open(&self.ledger, key::read(&path)?)
            .and_then(|ledger| ledger.pinned(&beside(&path, ".head")));
        opened.map_err(|error| failed(&self.ledger, &error))
    }

    /// Its key.
    pub(crate) fn key(&self) -> Result<Key, Failure> {
        key::read(&self.key_file())
    }

    /// The files that it stands on, as far as they are there.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let key = self.key_file();
        let beside_ledger = ["", "-wal", "-shm"].map(|suffix| beside(&self.ledger, suffix));
        let beside_key = ["", ".head"].map(|suffix| beside(&key, suffix));
        let all = beside_ledger.into_iter().chain(beside_key);
        all.enumerate().filter(|(at, file)| *at == 0 || file.exists()).map(|(_, file)| file).collect()
    }

    fn key_file(&self) -> PathBuf {
        self.ledger_key.clone().unwrap_or_else(|| beside(&self.ledger, ".key"))
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What a ledger's failure means to who typed the command.
pub(crate) fn failed(file: &Path, error: &LedgerError) -> Failure {
    let help = match error {
        LedgerError::Missing { .. } => "restore it, or make one with `wpc ledger init`",
        LedgerError::Exists { .. } => "choose another name",
        LedgerError::Foreign { .. } | LedgerError::Damaged { .. } => "restore the ledger from a copy",
        LedgerError::Version { .. } => "use the version of wpc that wrote it",
        LedgerError::Permissions { .. } => "keep ledgers in a directory with mode 0700, files with mode 0600",
        LedgerError::Address { .. } => "set WPC_POSTGRES_URL to postgresql://USER@HOST/DATABASE",
        LedgerError::Insecure => "leave `sslmode` out, or write `require`",
        LedgerError::Setting { .. } => "change the setting for the ledger's role or the server",
        LedgerError::ClockBehind { .. } | LedgerError::ClockOutOfRange => "correct the clock",
        LedgerError::OtherKey { .. } | LedgerError::NoKey => "give the key that `wpc ledger init` made",
        LedgerError::Tampered { .. } => "run `wpc ledger check`, and restore the ledger from a copy",
        LedgerError::BehindCheckpoint { .. } => {
            "this is an older copy: bring back the ledger that was in use"
        }
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
