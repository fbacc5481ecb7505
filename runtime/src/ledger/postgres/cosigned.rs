//! Rows of heads that witnesses cosigned.

use std::collections::BTreeMap;

use wpc_evidence::checkpoint::SignedCheckpoint;

use super::session::{Session, get, number};
use super::snapshot::Snapshot;
use super::work::change;
use crate::Did;
use crate::ledger::columns::integer;
use crate::ledger::{LedgerError, cosigned};

/// Those that are kept, by size.
pub(super) fn kept(session: &Session) -> Result<BTreeMap<u64, String>, LedgerError> {
    let rows = session.rows("SELECT size, note FROM cosigned", &[])?;
    rows.iter().map(|row| Ok((number(row, 0)?, get(row, 1)?))).collect()
}

/// Keeps one more. The ledger's row is locked.
pub(super) fn keep(session: &Session, note: &SignedCheckpoint, ledger: &Did) -> Result<(), LedgerError> {
    let (size, note) = cosigned::merged(note, &kept(session)?, &Snapshot(session), ledger)?;
    let sql = "INSERT INTO cosigned (size, note) VALUES ($1, $2) ON CONFLICT (size) DO UPDATE SET note = excluded.note";
    change(1, session.execute(sql, &[&integer(size)?, &note]))?;
    let sql =
        "DELETE FROM cosigned WHERE size NOT IN (SELECT size FROM cosigned ORDER BY size DESC LIMIT $1)";
    session.execute(sql, &[&i64::try_from(cosigned::MOST).unwrap_or(i64::MAX)])?;
    Ok(())
}
