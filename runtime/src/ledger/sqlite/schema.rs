//! The tables, and connections to them (SECURITY.md part 5).

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use wpc_evidence::merkle::Frontier;

use super::broken;
use crate::Did;
use crate::ledger::LedgerError;

/// Marks the file as a ledger (`PRAGMA application_id`): `wpcL` in ASCII.
const APPLICATION_ID: i64 = 0x7770_634c;
/// Version of the tables (`PRAGMA user_version`).
pub(super) const VERSION: i64 = 5;
/// The oldest version that is brought forward. Those before it signed no heads.
pub(super) const OLDEST: i64 = 4;
/// What each version after [`OLDEST`] added, by name; a version that was released is never changed.
const ADDED: [&[&str]; 1] = [&["release", "clock", "cosigned"]];
/// How long a process waits for another one's append.
const BUSY: Duration = Duration::from_secs(5);

/// The tables. `entry.body`, `leaf.body`, `revocation`, `release` and `clock` are what counts; `job`, `meter`, `charge`,
/// `approval` and `token` are derived from them, so that decisions need not read a job's whole log;
/// `opening` and `document` are what entries commit to and name; `cosigned` are heads that witnesses signed. A note is a signed head. A counter is `scope` (`job/` and the job's id, or `agent/` and the agent's name),
/// `limit_id` (its statement) and `key` (empty where the statement has one). Times are Unix milliseconds.
const TABLES: [&str; 17] = [
    "CREATE TABLE ledger (did TEXT PRIMARY KEY NOT NULL, last_at INTEGER NOT NULL, frontier BLOB NOT NULL, \
     note TEXT NOT NULL) STRICT",
    "CREATE TABLE job (job TEXT PRIMARY KEY NOT NULL, agent TEXT NOT NULL, policy_hash BLOB NOT NULL, \
     state TEXT NOT NULL CHECK (state IN ('open', 'closed')), size INTEGER NOT NULL, last_at INTEGER NOT NULL, \
     unsettled INTEGER NOT NULL, frontier BLOB NOT NULL, note TEXT NOT NULL, anchored INTEGER NOT NULL, \
     secret BLOB) STRICT",
    "CREATE TABLE entry (job TEXT NOT NULL REFERENCES job, seq INTEGER NOT NULL, kind TEXT NOT NULL, call TEXT, \
     decision TEXT CHECK (decision IN ('allow', 'deny')), result TEXT, late INTEGER NOT NULL, \
     at INTEGER NOT NULL, body BLOB NOT NULL, \
     PRIMARY KEY (job, seq)) STRICT",
    // A call has one attempt and one outcome, and maybe a late one.
    "CREATE UNIQUE INDEX entry_once ON entry (job, call, kind, late) WHERE call IS NOT NULL",
    "CREATE TABLE meter (scope TEXT NOT NULL, limit_id BLOB NOT NULL, key BLOB NOT NULL, n INTEGER NOT NULL, \
     total INTEGER NOT NULL, last_at INTEGER NOT NULL, PRIMARY KEY (scope, limit_id, key)) STRICT, WITHOUT ROWID",
    // `total`: the sum of all charges up to and including this one.
    "CREATE TABLE charge (scope TEXT NOT NULL, limit_id BLOB NOT NULL, key BLOB NOT NULL, n INTEGER NOT NULL, \
     at INTEGER NOT NULL, total INTEGER NOT NULL, job TEXT NOT NULL, seq INTEGER NOT NULL, \
     PRIMARY KEY (scope, limit_id, key, n), \
     FOREIGN KEY (job, seq) REFERENCES entry) STRICT, WITHOUT ROWID",
    "CREATE TABLE approval (job TEXT NOT NULL REFERENCES job, hash BLOB NOT NULL, approver TEXT NOT NULL, \
     nonce TEXT NOT NULL, memberships BLOB NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (job, hash), UNIQUE (approver, nonce)) STRICT",
    "CREATE TABLE token (issuer TEXT NOT NULL, jti TEXT NOT NULL, job TEXT NOT NULL REFERENCES job, \
     grant_hash BLOB NOT NULL, PRIMARY KEY (issuer, jti)) STRICT",
    "CREATE TABLE revocation (seq INTEGER PRIMARY KEY NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, \
     value TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (kind, value, seq)) STRICT",
    // `n` counts the releases of all names, `seq` those of one.
    "CREATE TABLE release (n INTEGER PRIMARY KEY NOT NULL, at INTEGER NOT NULL, policy_name TEXT NOT NULL, \
     seq INTEGER NOT NULL, hash BLOB NOT NULL, body BLOB NOT NULL, UNIQUE (policy_name, seq)) STRICT",
    // That somebody accepted the clock when it said `wall`.
    "CREATE TABLE clock (n INTEGER PRIMARY KEY NOT NULL, at INTEGER NOT NULL, wall INTEGER NOT NULL, \
     ledger_at INTEGER NOT NULL, accepted_by TEXT NOT NULL) STRICT",
    "CREATE TABLE opening (job TEXT NOT NULL, seq INTEGER NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL, \
     PRIMARY KEY (job, seq, name)) STRICT, WITHOUT ROWID",
    "CREATE TABLE document (hash BLOB PRIMARY KEY NOT NULL, body BLOB NOT NULL) STRICT",
    "CREATE TABLE leaf (n INTEGER PRIMARY KEY NOT NULL, body BLOB NOT NULL) STRICT",
    "CREATE TABLE cosigned (size INTEGER PRIMARY KEY NOT NULL, note TEXT NOT NULL) STRICT",
    "CREATE TABLE instance (instance TEXT PRIMARY KEY NOT NULL, lease_until INTEGER NOT NULL) STRICT",
    "CREATE INDEX charge_window ON charge (scope, limit_id, key, at, n, total)",
];

/// Makes the tables in an empty file.
pub(super) fn create(path: &Path, did: &Did) -> Result<(), LedgerError> {
    let mut connection = Connection::open_with_flags(path, flags()).map_err(broken)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    for statement in TABLES {
        transaction.execute(statement, []).map_err(broken)?;
    }
    transaction
        .execute(
            "INSERT INTO ledger (did, last_at, frontier, note) VALUES (?1, 0, ?2, '')",
            (did.to_string(), Frontier::new().to_bytes()),
        )
        .map_err(broken)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(broken)?;
    transaction.pragma_update(None, "user_version", VERSION).map_err(broken)?;
    transaction.commit().map_err(broken)?;
    write_ahead(&connection)?;
    connection.close().map_err(|(_, error)| broken(error))
}

/// A connection to an existing ledger, ready for appends, and the ledger's name.
pub(super) fn open(path: &Path) -> Result<(Connection, Did), LedgerError> {
    let (connection, found) = connect(path)?;
    if found != VERSION {
        return Err(LedgerError::Version { found, expected: VERSION });
    }
    harden(&connection)?;
    let did = ledger(&connection, path, found)?;
    if connection.is_readonly("main").map_err(broken)? {
        return Err(LedgerError::unavailable("the file is read-only"));
    }
    write_ahead(&connection)?;
    Ok((connection, did))
}

/// A connection to a file that says that it is a ledger, and of which version.
pub(super) fn connect(path: &Path) -> Result<(Connection, i64), LedgerError> {
    let foreign = |cause: &str| LedgerError::Foreign { path: path.to_owned(), cause: cause.to_owned() };
    let connection = Connection::open_with_flags(path, flags()).map_err(broken)?;
    connection.busy_timeout(BUSY).map_err(broken)?;
    // Before anything that writes: what this file is.
    match connection.pragma_query_value(None, "application_id", |row| row.get(0)) {
        Ok(APPLICATION_ID) => {}
        Ok(_) => return Err(foreign("it lacks a ledger's mark")),
        Err(error) if is_damage(&error) => return Err(foreign(&error.to_string())),
        Err(error) => return Err(broken(error)),
    }
    let found = version(&connection)?;
    Ok((connection, found))
}

pub(super) fn version(connection: &Connection) -> Result<i64, LedgerError> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(broken)
}

/// The ledger's name, if its tables are those of `version` and no others.
pub(super) fn ledger(connection: &Connection, path: &Path, version: i64) -> Result<Did, LedgerError> {
    let foreign = |cause: &str| LedgerError::Foreign { path: path.to_owned(), cause: cause.to_owned() };
    let mut expected: Vec<_> = of_version(version).collect();
    expected.sort_unstable();
    if tables(connection).map_err(|error| foreign(&error.to_string()))? != expected {
        return Err(foreign("its tables are not those of this version"));
    }
    let names = connection.prepare("SELECT did FROM ledger").and_then(|mut statement| {
        statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()
    });
    let names = names.map_err(|error| foreign(&error.to_string()))?;
    let [name] = names.as_slice() else { return Err(foreign("it does not have one name")) };
    Did::parse(name).map_err(|error| foreign(&error.to_string()))
}

/// What makes the tables of a version from [`OLDEST`] on.
fn of_version(version: i64) -> impl Iterator<Item = &'static str> {
    let missing: Vec<_> = added_after(version).collect();
    TABLES.into_iter().filter(move |statement| !missing.contains(statement))
}

/// What leads from a version to this one.
pub(super) fn added_after(version: i64) -> impl Iterator<Item = &'static str> {
    let steps = usize::try_from(version.saturating_sub(OLDEST)).unwrap_or_default();
    let names = ADDED.iter().skip(steps).copied().flatten();
    names
        .filter_map(|name| TABLES.into_iter().find(|made| made.starts_with(&format!("CREATE TABLE {name} "))))
}

/// No creation, no URIs, no links; the mutex around the connection is ours.
fn flags() -> OpenFlags {
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW
}

/// What makes an append durable and keeps a prepared file from running anything of its own.
pub(super) fn harden(connection: &Connection) -> Result<(), LedgerError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map_err(broken)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).map_err(broken)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false).map_err(broken)?;
    let on = [
        ("trusted_schema", "OFF"),
        ("foreign_keys", "ON"),
        ("cell_size_check", "ON"),
        // NORMAL would lose commits of the write-ahead log at a power failure.
        ("synchronous", "FULL"),
        // Only macOS knows the difference; elsewhere these do nothing.
        ("fullfsync", "ON"),
        ("checkpoint_fullfsync", "ON"),
    ];
    on.into_iter().try_for_each(|(name, value)| connection.pragma_update(None, name, value)).map_err(broken)
}

fn write_ahead(connection: &Connection) -> Result<(), LedgerError> {
    let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    match mode.map_err(broken)?.as_str() {
        "wal" => Ok(()),
        other => Err(LedgerError::unavailable(format_args!("journal mode `{other}` in place of `wal`"))),
    }
}

/// The statements that made what is in the file, sorted; those that SQLite made itself excepted.
fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement =
        connection.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY sql")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

/// Whether the file is no database, or a broken one.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}
