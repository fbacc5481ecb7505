//! Where a ledger is: in a file, or in a database.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use wpc::ledger::{PostgresConfig, PostgresLedger};
use wpc::{Did, Key, Ledger, LedgerError, SqliteLedger};

use crate::evidence::failed;
use crate::failure::Failure;
use crate::verb::key;

/// A ledger as the first argument of a verb that is about ledgers.
#[derive(Debug, clap::Args)]
pub(crate) struct Where {
    /// The ledger's file
    #[arg(value_name = "FILE", required_unless_present = "postgres", conflicts_with = "postgres")]
    file: Option<PathBuf>,
    /// The ledger in the database that WPC_POSTGRES_URL names
    #[arg(long)]
    postgres: bool,
}

impl Where {
    pub(crate) fn store(self) -> Result<Store, Failure> {
        Store::of(self.file.as_deref())
    }
}

/// A ledger that a verb reads beside other things.
#[derive(Debug, clap::Args)]
#[group(id = "named_ledger")]
pub(crate) struct Named {
    /// The ledger
    #[arg(long, value_name = "FILE", required_unless_present = "postgres", conflicts_with = "postgres")]
    ledger: Option<PathBuf>,
    /// The ledger in the database that WPC_POSTGRES_URL names
    #[arg(long)]
    postgres: bool,
}

impl Named {
    pub(crate) const fn new(ledger: Option<PathBuf>, postgres: bool) -> Self {
        Self { ledger, postgres }
    }

    pub(crate) fn store(&self) -> Result<Store, Failure> {
        Store::of(self.ledger.as_deref())
    }
}

/// A ledger that a verb writes to.
#[derive(Debug, clap::Args)]
#[group(id = "written_ledger")]
pub(crate) struct Place {
    #[command(flatten)]
    named: Named,
    /// Its key; LEDGER.key if none is given, which only a file has
    #[arg(long, value_name = "FILE", required_if_eq("postgres", "true"))]
    ledger_key: Option<PathBuf>,
}

impl Place {
    /// Where it is.
    pub(crate) fn store(&self) -> Result<Store, Failure> {
        self.named.store()
    }

    /// Opens it with its key and its pinned head, which lies beside the key.
    pub(crate) fn open(&self) -> Result<Box<dyn Ledger>, Failure> {
        let store = self.store()?;
        store.open_with(&self.key_file(&store))
    }

    /// Its key.
    pub(crate) fn key(&self) -> Result<Key, Failure> {
        key::read(&self.key_file(&self.store()?))
    }

    /// The files that it stands on, as far as they are there; the first must be.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>, Failure> {
        let store = self.store()?;
        let key = self.key_file(&store);
        let of_ledger = match &store {
            Store::File(file) => ["", "-wal", "-shm"].map(|suffix| beside(file, suffix)).to_vec(),
            Store::Server(_) => Vec::new(),
        };
        let of_key = ["", ".head"].map(|suffix| beside(&key, suffix));
        let all = of_ledger.into_iter().chain(of_key).enumerate();
        Ok(all.filter(|(at, file)| *at == 0 || file.exists()).map(|(_, file)| file).collect())
    }

    fn key_file(&self, store: &Store) -> PathBuf {
        match (&self.ledger_key, store) {
            (Some(path), _) => path.clone(),
            (None, Store::File(file)) => beside(file, ".key"),
            // Whoever parses the arguments demands one.
            (None, Store::Server(_)) => PathBuf::from("ledger.key"),
        }
    }
}

/// A ledger that a verb writes to, or a control plane in its place.
#[derive(Debug, clap::Args)]
pub(crate) struct Either {
    /// The ledger
    #[arg(long, value_name = "FILE", required_unless_present_any = ["postgres", "server"],
          conflicts_with_all = ["postgres", "server"])]
    ledger: Option<PathBuf>,
    /// The ledger in the database that WPC_POSTGRES_URL names
    #[arg(long, conflicts_with = "server")]
    postgres: bool,
    /// Its key; LEDGER.key if none is given, which only a file has
    #[arg(long, value_name = "FILE", required_if_eq("postgres", "true"), conflicts_with = "server")]
    ledger_key: Option<PathBuf>,
    /// The control plane in place of a ledger: https://HOST, or http:// on this machine
    #[arg(long, value_name = "URL", requires = "key")]
    pub(crate) server: Option<String>,
}

impl Either {
    /// The ledger, if it is one.
    pub(crate) fn place(self) -> Option<Place> {
        let Self { ledger, postgres, ledger_key, server } = self;
        server.is_none().then(|| Place { named: Named::new(ledger, postgres), ledger_key })
    }
}

/// A ledger's file, or the database it is in.
pub(crate) enum Store {
    File(PathBuf),
    Server(Box<PostgresConfig>),
}

impl Store {
    /// The file, or the database that the environment names.
    fn of(file: Option<&Path>) -> Result<Self, Failure> {
        match file {
            Some(file) => Ok(Self::File(file.to_owned())),
            None => match PostgresConfig::from_env() {
                // One at a time is all that a command needs.
                Ok(config) => Ok(Self::Server(Box::new(config.connections(1)))),
                Err(error) => Err(failed(Path::new("WPC_POSTGRES_URL"), &error)),
            },
        }
    }

    /// What its member is called in JSON.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Server(_) => "server",
        }
    }

    /// Makes a new ledger there.
    pub(crate) fn init(&self, did: &Did) -> Result<(), Failure> {
        let made = match self {
            Self::File(file) => SqliteLedger::init(file, did),
            Self::Server(config) => PostgresLedger::init(config, did),
        };
        made.map_err(|error| self.failed(&error))
    }

    /// Brings the ledger that is there forward; the version that it had, if not this one.
    pub(crate) fn upgrade(&self) -> Result<Option<i64>, Failure> {
        let upgraded = match self {
            Self::File(file) => SqliteLedger::upgrade(file),
            Self::Server(config) => PostgresLedger::upgrade(config),
        };
        upgraded.map_err(|error| self.failed(&error))
    }

    /// Opens the ledger that is there, to read.
    pub(crate) fn open(&self) -> Result<Box<dyn Ledger>, Failure> {
        let opened: Result<Box<dyn Ledger>, _> = match self {
            Self::File(file) => SqliteLedger::read_only(file).map(|ledger| Box::new(ledger) as _),
            Self::Server(config) => PostgresLedger::read_only(config).map(|ledger| Box::new(ledger) as _),
        };
        opened.map_err(|error| self.failed(&error))
    }

    /// Opens it with its key, and its head pinned beside the key.
    pub(crate) fn open_with(&self, key_file: &Path) -> Result<Box<dyn Ledger>, Failure> {
        let (key, head) = (key::read(key_file)?, beside(key_file, ".head"));
        let opened: Result<Box<dyn Ledger>, LedgerError> = match self {
            Self::File(file) => SqliteLedger::open(file, key)
                .and_then(|ledger| ledger.pinned(&head))
                .map(|ledger| Box::new(ledger) as _),
            Self::Server(config) => PostgresLedger::open(config, key)
                .and_then(|ledger| ledger.pinned(&head))
                .map(|ledger| Box::new(ledger) as _),
        };
        opened.map_err(|error| self.failed(&error))
    }

    pub(crate) fn failed(&self, error: &LedgerError) -> Failure {
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

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
