//! Rows of heads that witnesses cosigned.

use std::collections::BTreeMap;

use rusqlite::Connection;
use wpc_evidence::checkpoint::SignedCheckpoint;

use super::broken;
use super::store::Snapshot;
use super::tables::Number;
use crate::Did;
use crate::ledger::columns::integer;
use crate::ledger::{LedgerError, cosigned};

/// Those that are kept, by size.
pub(super) fn kept(connection: &Connection) -> Result<BTreeMap<u64, String>, LedgerError> {
    let sql = "SELECT size, note FROM cosigned";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, Number>(0)?.0, row.get(1)?)));
    rows.and_then(Iterator::collect).map_err(broken)
}

/// Keeps one more.
pub(super) fn keep(
    connection: &Connection,
    note: &SignedCheckpoint,
    ledger: &Did,
) -> Result<(), LedgerError> {
    let (size, note) = cosigned::merged(note, &kept(connection)?, &Snapshot(connection), ledger)?;
    let sql = "INSERT INTO cosigned (size, note) VALUES (?1, ?2) ON CONFLICT (size) DO UPDATE SET note = ?2";
    connection.execute(sql, (integer(size)?, note)).map_err(broken)?;
    let sql =
        "DELETE FROM cosigned WHERE size NOT IN (SELECT size FROM cosigned ORDER BY size DESC LIMIT ?1)";
    let most = i64::try_from(cosigned::MOST).unwrap_or(i64::MAX);
    connection.execute(sql, [most]).map_err(broken)?;
    Ok(())
}
