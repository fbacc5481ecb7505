//! The store in a PostgreSQL database: several control planes share it.

use std::collections::HashMap;

use postgres::types::ToSql;
use postgres::{Client, Config, NoTls, Statement};
use wpc::ledger::PostgresConfig;

use super::{Row, Session, StoreError, Value};

/// What a session must be set to, so that what was committed stays.
const DURABLE: [(&str, &[&str]); 3] =
    [("fsync", &["on"]), ("full_page_writes", &["on"]), ("synchronous_commit", &["on", "remote_apply"])];

pub(super) struct Postgres {
    client: Client,
    statements: HashMap<String, Statement>,
    lost: bool,
}

pub(super) fn connect(config: &PostgresConfig) -> Result<Postgres, StoreError> {
    let driver = Config::from(config.driver().clone());
    let client = match config.tls().map_err(StoreError::unavailable)? {
        None => driver.connect(NoTls),
        Some(tls) => driver.connect(tls),
    };
    let client = client.map_err(|error| broken(&error))?;
    let mut session = Postgres { client, statements: HashMap::new(), lost: false };
    for (name, accepted) in DURABLE {
        let found = session.rows("SELECT current_setting($1, true)", &[name.into()])?;
        let found = found.first().map(|row| row.text(0)).transpose()?.unwrap_or_default();
        if !accepted.contains(&found.as_str()) {
            return Err(StoreError::unavailable(format_args!(
                "the server has `{name}` {found}, required is {}",
                accepted.join(" or ")
            )));
        }
    }
    // Nobody waits for ever, for an answer or for another's lock.
    session.run("SET statement_timeout = '30s'; SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'")?;
    Ok(session)
}

impl Postgres {
    fn statement(&mut self, sql: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).map_err(|error| self.failed(&error))?;
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn failed(&mut self, error: &postgres::Error) -> StoreError {
        // Not the server's word, or its last, or another server takes the writes now: the connection is of no use.
        let ended = |code: &str| code.starts_with("08") || code.starts_with("57P") || code == "25006";
        if error.code().is_none_or(|code| ended(code.code())) {
            self.lost = true;
        }
        broken(error)
    }
}

impl Session for Postgres {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.run("BEGIN")
    }

    fn lock(&mut self) -> Result<Vec<Row>, StoreError> {
        self.rows(&format!("{} FOR UPDATE", super::work::HEAD), &[])
    }

    fn now_ms(&mut self) -> Result<i64, StoreError> {
        let rows = self.rows("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint", &[])?;
        rows.first().ok_or_else(|| StoreError::damaged("no time"))?.integer(0)
    }

    fn run(&mut self, sql: &str) -> Result<(), StoreError> {
        self.client.batch_execute(sql).map_err(|error| self.failed(&error))
    }

    fn rows(&mut self, sql: &str, with: &[Value]) -> Result<Vec<Row>, StoreError> {
        let statement = self.statement(sql)?;
        let with: Vec<_> = with.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        let rows = self.client.query(&statement, &with).map_err(|error| self.failed(&error))?;
        let value =
            |row: &postgres::Row, column| row.try_get::<_, Value>(column).map_err(|error| broken(&error));
        rows.iter()
            .map(|row| Ok(Row((0..row.len()).map(|column| value(row, column)).collect::<Result<_, _>>()?)))
            .collect()
    }

    fn execute(&mut self, sql: &str, with: &[Value]) -> Result<u64, StoreError> {
        let statement = self.statement(sql)?;
        let with: Vec<_> = with.iter().map(|value| value as &(dyn ToSql + Sync)).collect();
        self.client.execute(&statement, &with).map_err(|error| self.failed(&error))
    }

    fn is_lost(&self) -> bool {
        self.lost || self.client.is_closed()
    }
}

/// What the server or the driver said: never a parameter, never the address.
fn broken(error: &postgres::Error) -> StoreError {
    match error.as_db_error() {
        Some(said) => StoreError::unavailable(format_args!("{} ({})", said.message(), said.code().code())),
        None => StoreError::unavailable(error),
    }
}
