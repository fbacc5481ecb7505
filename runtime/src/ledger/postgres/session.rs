//! One connection, used by one thread at a time.
//!
//! The driver is asynchronous and callers are not, and may themselves be within some other runtime. So one thread
//! of its own moves the bytes of all connections, and callers park until their answer is there.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::error::Error as _;
use std::future::Future;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc, oneshot};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, ToSql};
use tokio_postgres::{Client, Config, NoTls, Row, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::config::PostgresConfig;
use crate::ledger::LedgerError;

/// How long an answer may take before the connection is given up.
const ANSWER: Duration = Duration::from_secs(30);
/// How long one of several servers may take to let us in: one that hangs is passed by.
const HANDSHAKE: Duration = Duration::from_secs(8);
/// How long connections may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// What SQLSTATEs begin with after which a connection is of no use: it failed, the server ends it, or another server
/// takes the writes now.
const HANGS_UP: [&str; 3] = ["08", "57P", "25006"];

/// What a session must be set to, so that what was committed stays.
const DURABLE: [(&str, &[&str]); 3] =
    [("fsync", &["on"]), ("full_page_writes", &["on"]), ("synchronous_commit", &["on", "remote_apply"])];
/// The oldest server that the statements were written for, as `server_version_num`.
const OLDEST: i64 = 130_000;

/// The thread that moves the bytes of all connections.
pub(super) struct Driver {
    handle: Handle,
    /// Each connection holds a copy while it lives.
    alive: Option<mpsc::Sender<()>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Driver {
    pub(super) fn start() -> Result<Self, LedgerError> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(LedgerError::unavailable)?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let (alive, mut all_gone) = mpsc::channel::<()>(1);
        let run = move || {
            runtime.block_on(async move {
                // Dropping the sender is the signal.
                let _ = stopped.await;
                let _ = tokio::time::timeout(GOODBYE, all_gone.recv()).await;
            });
        };
        let thread = thread::Builder::new().name("wpc-postgres".to_owned()).spawn(run);
        let thread = thread.map_err(LedgerError::unavailable)?;
        Ok(Self { handle, alive: Some(alive), stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        (self.alive, self.stop) = (None, None);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Parameters of a statement.
pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// One connection.
pub(super) struct Session {
    client: Client,
    handle: Handle,
    statements: RefCell<BTreeMap<&'static str, Statement>>,
    /// Whether an answer did not come.
    lost: Cell<bool>,
    /// Whether the server asked to do the transaction again.
    again: Cell<bool>,
}

impl Session {
    /// Connects, and refuses a server that may lose what it committed.
    pub(super) fn connect(driver: &Driver, config: &PostgresConfig) -> Result<Self, LedgerError> {
        let (tls, servers) = (config.tls()?, config.each());
        // Of several, each has a part of the time.
        let within = if servers.len() > 1 { HANDSHAKE } else { ANSWER };
        let mut last = no_answer();
        for server in &servers {
            let connected = wait_for(&driver.handle, within, Self::reach(driver, server, tls.clone()));
            match connected.unwrap_or_else(|()| Err(no_answer())) {
                Ok(client) => return Self::begin(driver, client),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// A connection to a server.
    async fn reach(
        driver: &Driver,
        server: &Config,
        tls: Option<MakeRustlsConnect>,
    ) -> Result<Client, LedgerError> {
        let alive = driver.alive.clone();
        let Some(tls) = tls else {
            let (client, connection) = server.connect(NoTls).await.map_err(|error| broken(&error))?;
            driver.handle.spawn(async move { drop((connection.await, alive)) });
            return Ok(client);
        };
        let (client, connection) = server.connect(tls).await.map_err(|error| broken(&error))?;
        driver.handle.spawn(async move { drop((connection.await, alive)) });
        Ok(client)
    }

    fn begin(driver: &Driver, client: Client) -> Result<Self, LedgerError> {
        let session = Self {
            client,
            handle: driver.handle.clone(),
            statements: RefCell::default(),
            lost: Cell::new(false),
            again: Cell::new(false),
        };
        session.is_durable()?;
        Ok(session)
    }

    fn is_durable(&self) -> Result<(), LedgerError> {
        let setting = "SELECT current_setting($1, true)";
        let read = |name: &str| -> Result<String, LedgerError> {
            let row = self.rows(setting, &[&name])?;
            let found = row.first().map(|row| get::<Option<String>>(row, 0)).transpose()?.flatten();
            Ok(found.unwrap_or_else(|| "unknown".to_owned()))
        };
        let version = read("server_version_num")?;
        if version.parse::<i64>().map_or(true, |version| version < OLDEST) {
            let (name, required) = ("server_version_num", format!("at least {OLDEST}"));
            return Err(LedgerError::Setting { name, found: version, required });
        }
        for (name, accepted) in DURABLE {
            let found = read(name)?;
            if !accepted.contains(&found.as_str()) {
                return Err(LedgerError::Setting { name, found, required: accepted.join(" or ") });
            }
        }
        Ok(())
    }

    /// Whether nothing more can be asked here.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.get() || self.client.is_closed()
    }

    /// Whether the server asked, since this was last asked, to do the transaction again.
    pub(super) fn is_to_repeat(&self) -> bool {
        self.again.take()
    }

    /// Fails so that the transaction is done again.
    pub(super) fn repeat(&self, cause: &str) -> Result<(), LedgerError> {
        self.again.set(true);
        Err(LedgerError::unavailable(cause))
    }

    /// Statements without parameters.
    pub(super) fn run(&self, sql: &str) -> Result<(), LedgerError> {
        self.wait(self.client.batch_execute(sql))
    }

    pub(super) fn rows(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, LedgerError> {
        let statement = self.statement(sql)?;
        self.wait(self.client.query(&statement, parameters))
    }

    /// The row, if there is one.
    pub(super) fn row(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>, LedgerError> {
        Ok(self.rows(sql, parameters)?.into_iter().next())
    }

    /// How many rows were changed.
    pub(super) fn execute(&self, sql: &'static str, parameters: Parameters<'_>) -> Result<u64, LedgerError> {
        let statement = self.statement(sql)?;
        self.wait(self.client.execute(&statement, parameters))
    }

    fn statement(&self, sql: &'static str) -> Result<Statement, LedgerError> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(self.client.prepare(sql))?;
        self.statements.borrow_mut().insert(sql, statement.clone());
        Ok(statement)
    }

    fn wait<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, LedgerError> {
        let Ok(answer) = wait(&self.handle, answer) else {
            self.lost.set(true);
            return Err(no_answer());
        };
        answer.map_err(|error| {
            match error.code() {
                Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => {
                    self.again.set(true)
                }
                // Said as it hangs up, at whatever was asked last.
                Some(code) if HANGS_UP.iter().any(|class| code.code().starts_with(class)) => {
                    self.lost.set(true)
                }
                Some(_) => {}
                // Not the server's word: what became of it is not known.
                None => self.lost.set(true),
            }
            broken(&error)
        })
    }
}

fn wait<T>(handle: &Handle, answer: impl Future<Output = T>) -> Result<T, ()> {
    wait_for(handle, ANSWER, answer)
}

fn wait_for<T>(handle: &Handle, within: Duration, answer: impl Future<Output = T>) -> Result<T, ()> {
    let _within = handle.enter();
    pollster::block_on(async { tokio::time::timeout(within, answer).await }).map_err(|_| ())
}

fn no_answer() -> LedgerError {
    LedgerError::unavailable("the server does not answer")
}

/// Reads a column.
pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, LedgerError> {
    row.try_get(column).map_err(|error| damaged(broken(&error)))
}

/// Reads a column that is never negative.
pub(super) fn number(row: &Row, column: usize) -> Result<u64, LedgerError> {
    let number: i64 = get(row, column)?;
    u64::try_from(number).map_err(damaged)
}

/// Reads a column of so many bytes.
pub(super) fn bytes<const N: usize>(row: &Row, column: usize) -> Result<[u8; N], LedgerError> {
    get::<&[u8]>(row, column)?.try_into().map_err(damaged)
}

pub(super) fn damaged(cause: impl std::fmt::Display) -> LedgerError {
    LedgerError::Damaged { cause: cause.to_string() }
}

/// What the server or the driver said: never a parameter, never the address.
fn broken(error: &tokio_postgres::Error) -> LedgerError {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => {
            LedgerError::unavailable(format_args!("{} ({})", said.message(), said.code().code()))
        }
        (None, Some(cause)) => LedgerError::unavailable(format_args!("{error}: {cause}")),
        (None, None) => LedgerError::unavailable(error),
    }
}
