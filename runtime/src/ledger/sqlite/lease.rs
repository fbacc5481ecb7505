//! Rows of leases.

use rusqlite::Connection;
use wpc_evidence::entry::Instance;

use super::broken;
use crate::ledger::{LedgerError, lease};

/// Renews the lease of `instance` if enough of it is gone; until when it runs.
pub(super) fn renew(
    connection: &Connection,
    instance: &Instance,
    at: i64,
    lease_until: i64,
) -> Result<i64, LedgerError> {
    let Some(until) = lease::renewed(at, lease_until) else { return Ok(lease_until) };
    let sql = "INSERT INTO instance (instance, lease_until) VALUES (?1, ?2) \
               ON CONFLICT (instance) DO UPDATE SET lease_until = ?2";
    let renewed = connection.prepare_cached(sql).and_then(|mut one| one.execute((instance.as_str(), until)));
    renewed.map_err(broken)?;
    Ok(until)
}

/// Whether the lease of `instance` runs at `at`.
pub(super) fn runs(connection: &Connection, instance: &Instance, at: i64) -> Result<bool, LedgerError> {
    let sql = "SELECT 1 FROM instance WHERE instance = ?1 AND lease_until > ?2";
    connection.prepare_cached(sql).and_then(|mut one| one.exists((instance.as_str(), at))).map_err(broken)
}
