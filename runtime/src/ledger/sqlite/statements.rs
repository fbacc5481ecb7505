//! Rows of what others say of the ledger's jobs: revocations, releases, and that somebody accepted the clock.

use rusqlite::{Connection, OptionalExtension as _, Row};
use wpc_evidence::statement::Released;
use wpc_model::Hash;

use super::broken;
use super::tables::Number;
use crate::ledger::append;
use crate::ledger::columns::integer;
use crate::ledger::time::{Acceptance, Past};
use crate::ledger::{LedgerError, Misplaced, ReleaseRow, RevocationKey};

/// Place and time of the last revocation of this, unless it is lifted.
pub(super) fn revoked(
    connection: &Connection,
    what: &RevocationKey,
) -> Result<Option<(u64, i64)>, LedgerError> {
    let sql = "SELECT seq, at, kind FROM revocation WHERE kind IN (?1, ?3) AND value = ?2 \
               ORDER BY seq DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let last = statement.query_row((&what.kind, &what.value, what.lifted_by()), |row| {
        let stands = row.get_ref(2)?.as_str()? == what.kind;
        Ok(stands.then_some((row.get::<_, Number>(0)?.0, row.get(1)?)))
    });
    Ok(last.optional().map_err(broken)?.flatten())
}

/// Takes a revocation at its place, which must be the next.
pub(super) fn revoke(
    connection: &Connection,
    seq: u64,
    what: &RevocationKey,
    envelope: &[u8],
    at: i64,
) -> Result<(), LedgerError> {
    let last = "SELECT coalesce(max(seq), 0) FROM revocation";
    let last = connection.query_row(last, [], |row| Ok(row.get::<_, Number>(0)?.0)).map_err(broken)?;
    if last.checked_add(1) != Some(seq) {
        return Err(Misplaced::RevocationGap.into());
    }
    if let Some(lifted) = what.lifts()
        && revoked(connection, &lifted)?.is_none()
    {
        return Err(Misplaced::NotRevoked.into());
    }
    let sql = "INSERT INTO revocation (seq, at, kind, value, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = (integer(seq)?, at, &what.kind, &what.value, envelope);
    connection.execute(sql, row).map_err(broken)?;
    touch(connection, at)
}

/// Takes a release, which must be the next of its policy's name.
pub(super) fn release(
    connection: &Connection,
    Released { release, hash }: &Released,
    envelope: &[u8],
    at: i64,
) -> Result<(), LedgerError> {
    let sql = "SELECT seq, hash FROM release WHERE policy_name = ?1 ORDER BY seq DESC LIMIT 1";
    let last = connection
        .query_row(sql, [&release.policy_name], |row| Ok((row.get::<_, Number>(0)?.0, Hash(row.get(1)?))));
    append::follows(last.optional().map_err(broken)?, release)?;
    let sql = "INSERT INTO release (at, policy_name, seq, hash, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = (at, &release.policy_name, integer(release.seq)?, hash.0, envelope);
    connection.execute(sql, row).map_err(broken)?;
    touch(connection, at)
}

/// The releases of a policy's name that come after number `seq`, in their order.
pub(super) fn releases(
    connection: &Connection,
    policy_name: &str,
    seq: u64,
) -> Result<Vec<ReleaseRow>, LedgerError> {
    let sql = "SELECT seq, at, hash, body FROM release WHERE policy_name = ?1 AND seq > ?2 ORDER BY seq";
    let read = |row: &Row<'_>| {
        let (seq, at) = (row.get::<_, Number>(0)?.0, row.get(1)?);
        Ok(ReleaseRow { seq, at, hash: Hash(row.get(2)?), envelope: row.get(3)? })
    };
    let mut statement = connection.prepare_cached(sql).map_err(broken)?;
    let rows = statement.query_map((policy_name, integer(seq)?), read).map_err(broken)?;
    rows.collect::<Result<_, _>>().map_err(broken)
}

/// Notes that somebody accepted the clock.
pub(super) fn accept(
    connection: &Connection,
    Acceptance { wall, ledger_at }: &Acceptance,
    by: &str,
    at: i64,
) -> Result<(), LedgerError> {
    let sql = "INSERT INTO clock (at, wall, ledger_at, accepted_by) VALUES (?1, ?2, ?3, ?4)";
    connection.execute(sql, (at, wall, ledger_at, by)).map_err(broken)?;
    touch(connection, at)
}

/// The last time that somebody accepted the clock.
pub(super) fn accepted(connection: &Connection) -> Result<Option<Acceptance>, LedgerError> {
    let sql = "SELECT wall, ledger_at FROM clock ORDER BY n DESC LIMIT 1";
    let read = |row: &Row<'_>| Ok(Acceptance { wall: row.get(0)?, ledger_at: row.get(1)? });
    connection.query_row(sql, [], read).optional().map_err(broken)
}

/// What the ledger keeps of times.
pub(super) fn past(connection: &Connection) -> Result<Past, LedgerError> {
    let sql = "SELECT last_at, (SELECT coalesce(max(n), 0) FROM clock) FROM ledger";
    let read = |row: &Row<'_>| Ok(Past { last_at: row.get(0)?, accepted: row.get::<_, Number>(1)?.0 });
    connection.prepare_cached(sql).and_then(|mut one| one.query_row([], read)).map_err(broken)
}

fn touch(connection: &Connection, at: i64) -> Result<(), LedgerError> {
    connection.execute("UPDATE ledger SET last_at = ?1", [at]).map_err(broken)?;
    Ok(())
}
