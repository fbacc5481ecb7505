//! Where a ledger is: in a file, or in a database.

use std::fmt;
use std::path::{Path, PathBuf};

use wpc::ledger::{PostgresConfig, PostgresLedger};
use wpc::{Did, Ledger, LedgerError, SqliteLedger};

use crate::evidence::{beside, failed};
use crate::failure::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Where {
    /// The ledger's file
    #[arg(value_name = "FILE", required_unless_present = "postgres", conflicts_with = "postgres")]
    file: Option<PathBuf>,
    /// The ledger in the database that WPC_POSTGRES_URL names
    #[arg(long)]
    postgres: bool,
}

impl Where {
    pub(super) fn store(self) -> Result<Store, Failure> {
        match self.file {
            Some(file) => Ok(Store::File(file)),
            None => match PostgresConfig::from_env() {
                // One at a time is all that a command needs.
                Ok(config) => Ok(Store::Server(Box::new(config.connections(1)))),
                Err(error) => Err(failed(Path::new("WPC_POSTGRES_URL"), &error)),
            },
        }
    }
}

pub(super) enum Store {
    File(PathBuf),
    Server(Box<PostgresConfig>),
}

impl Store {
    /// What its member is called in JSON.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Server(_) => "server",
        }
    }

    /// Makes a new ledger there.
    pub(super) fn init(&self, did: &Did) -> Result<(), Failure> {
        let made = match self {
            Self::File(file) => SqliteLedger::init(file, did),
            Self::Server(config) => PostgresLedger::init(config, did),
        };
        made.map_err(|error| self.failed(&error))
    }

    /// Opens the ledger that is there, to read.
    pub(super) fn open(&self) -> Result<Box<dyn Ledger>, Failure> {
        let opened: Result<Box<dyn Ledger>, _> = match self {
            Self::File(file) => SqliteLedger::read_only(file).map(|ledger| Box::new(ledger) as _),
            Self::Server(config) => PostgresLedger::read_only(config).map(|ledger| Box::new(ledger) as _),
        };
        opened.map_err(|error| self.failed(&error))
    }

    /// Opens it with its key and its pinned head, which lies beside the key.
    pub(super) fn open_with(&self, key_file: &Path) -> Result<Box<dyn Ledger>, Failure> {
        let (key, pin) = (crate::verb::key::read(key_file)?, beside(key_file, ".head"));
        let opened: Result<Box<dyn Ledger>, _> = match self {
            Self::File(file) => SqliteLedger::open(file, key)
                .and_then(|ledger| ledger.pinned(&pin))
                .map(|ledger| Box::new(ledger) as _),
            Self::Server(config) => PostgresLedger::open(config, key)
                .and_then(|ledger| ledger.pinned(&pin))
                .map(|ledger| Box::new(ledger) as _),
        };
        opened.map_err(|error| self.failed(&error))
    }

    pub(super) fn failed(&self, error: &LedgerError) -> Failure {
        failed(Path::new(&self.to_string()), error)
    }
}

/// Without who connects and how.
impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "{}", file.display()),
            Self::Server(config) => write!(f, "{config}"),
        }
    }
}
