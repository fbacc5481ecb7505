//! The store in an SQLite file: one machine, any number of processes.

use std::fs::DirBuilder;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::{BUSY, Row, Session, StoreError, Value};

pub(super) struct Sqlite(Connection);

pub(super) fn connect(path: &Path) -> Result<Sqlite, StoreError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(StoreError::unavailable)?;
    }
    private(path)?;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(path, flags).map_err(broken)?;
    connection.busy_timeout(BUSY).map_err(broken)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map_err(broken)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).map_err(broken)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false).map_err(broken)?;
    let set = [
        ("trusted_schema", "OFF"),
        ("cell_size_check", "ON"),
        // NORMAL would lose commits of the write-ahead log at a power failure.
        ("synchronous", "FULL"),
        ("fullfsync", "ON"),
        ("checkpoint_fullfsync", "ON"),
    ];
    set.into_iter()
        .try_for_each(|(name, value)| connection.pragma_update(None, name, value))
        .map_err(broken)?;
    let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    match mode.map_err(broken)?.as_str() {
        "wal" => Ok(Sqlite(connection)),
        _ => Err(StoreError::unavailable("no write-ahead log on this file system")),
    }
}

/// Makes the file where it is missing: its owner's alone, whatever the umask.
fn private(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(StoreError::unavailable)
}

impl Session for Sqlite {
    fn begin(&mut self) -> Result<(), StoreError> {
        self.run("BEGIN IMMEDIATE")
    }

    fn lock(&mut self) -> Result<Vec<Row>, StoreError> {
        // `BEGIN IMMEDIATE` did.
        self.rows(super::work::HEAD, &[])
    }

    fn now_ms(&mut self) -> Result<i64, StoreError> {
        use wpc::Clock as _;
        Ok(wpc::SystemClock::new().wall_ms())
    }

    fn run(&mut self, sql: &str) -> Result<(), StoreError> {
        self.0.execute_batch(sql).map_err(broken)
    }

    fn rows(&mut self, sql: &str, with: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.0.prepare_cached(&numbered(sql)).map_err(broken)?;
        let columns = statement.column_count();
        let mut rows = statement.query(params_from_iter(with)).map_err(broken)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(broken)? {
            let value = |column| row.get_ref(column).map_err(broken).and_then(Value::try_from);
            found.push(Row((0..columns).map(value).collect::<Result<_, _>>()?));
        }
        Ok(found)
    }

    fn execute(&mut self, sql: &str, with: &[Value]) -> Result<u64, StoreError> {
        let mut statement = self.0.prepare_cached(&numbered(sql)).map_err(broken)?;
        let changed = statement.execute(params_from_iter(with)).map_err(broken)?;
        u64::try_from(changed).map_err(StoreError::damaged)
    }

    fn is_lost(&self) -> bool {
        false
    }
}

/// Parameters as SQLite numbers them: no statement of ours holds a `$` of another meaning.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

fn broken(error: rusqlite::Error) -> StoreError {
    StoreError::unavailable(error)
}
