//! A ledger of an older version is brought forward: tables are added, and nothing that is there is changed.

use std::path::Path;

use rusqlite::TransactionBehavior;

use super::store::Snapshot;
use super::{broken, file, schema};
use crate::ledger::LedgerError;
use crate::ledger::check;

/// Brings the file forward in one transaction, or leaves it as it is; the version that it had, if not this one.
pub(super) fn upgrade(path: &Path, now_ms: i64) -> Result<Option<i64>, LedgerError> {
    let path = file::check(path)?;
    let (mut connection, found) = schema::connect(&path)?;
    is_known(found)?;
    schema::harden(&connection)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(broken)?;
    // Somebody else may have been first.
    let found = schema::version(&transaction)?;
    is_known(found)?;
    let did = schema::ledger(&transaction, &path, found)?;
    if found == schema::VERSION {
        return Ok(None);
    }
    // A gate of the old version would go on without what the new one looks at.
    let held = "SELECT coalesce(max(lease_until), 0) FROM instance";
    let held: i64 = transaction.query_row(held, [], |row| row.get(0)).map_err(broken)?;
    if held > now_ms {
        return Err(LedgerError::InUse { for_ms: held.saturating_sub(now_ms) });
    }
    for statement in schema::added_after(found) {
        transaction.execute(statement, []).map_err(broken)?;
    }
    transaction.pragma_update(None, "user_version", schema::VERSION).map_err(broken)?;
    let snapshot = Snapshot(&transaction);
    if !snapshot.is_sound()? {
        return Err(LedgerError::Damaged { cause: "the file is damaged".to_owned() });
    }
    check::must_hold(&snapshot, &did)?;
    transaction.commit().map_err(broken)?;
    Ok(Some(found))
}

const fn is_known(found: i64) -> Result<(), LedgerError> {
    if found > schema::VERSION {
        return Err(LedgerError::Version { found, expected: schema::VERSION });
    }
    if found < schema::OLDEST {
        return Err(LedgerError::TooOld { found, oldest: schema::OLDEST });
    }
    Ok(())
}
