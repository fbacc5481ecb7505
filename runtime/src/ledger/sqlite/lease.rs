//! Leases: which processes are alive (SECURITY.md 1.14).
//!
//! A call whose process died has no outcome. Another process may say so once the lease of the one that
//! began it has lapsed, and never before: a live call is not abandoned.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use wpc_evidence::entry::Instance;

use super::{Inner, broken};
use crate::ledger::LedgerError;

/// How long a lease runs, in milliseconds.
const LEASE_MS: i64 = 30_000;
/// How much of it may be gone before it is renewed, in milliseconds.
const RENEW_AFTER_MS: i64 = 10_000;
/// How often a process that appends nothing renews it.
const RENEW_EVERY: Duration = Duration::from_secs(10);

/// Renews the lease of `instance` if enough of it is gone; until when it runs.
pub(super) fn renew(
    connection: &Connection,
    instance: &Instance,
    at: i64,
    lease_until: i64,
) -> Result<i64, LedgerError> {
    if lease_until.saturating_sub(at) > LEASE_MS.saturating_sub(RENEW_AFTER_MS) {
        return Ok(lease_until);
    }
    let until = at.saturating_add(LEASE_MS);
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

/// The thread that renews the lease of a process that appends nothing. It ends when this is dropped.
pub(super) struct Keeper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start(inner: &Arc<Inner>) -> Result<Self, LedgerError> {
        let (stop, stopped) = mpsc::channel();
        let inner = Arc::downgrade(inner);
        let run = move || {
            while stopped.recv_timeout(RENEW_EVERY) == Err(RecvTimeoutError::Timeout) {
                let Some(inner) = Weak::upgrade(&inner) else { break };
                // A store that fails now fails the next append too, and there somebody is told.
                let _ = inner.change(|_, _, _| Ok(((), Vec::new())));
            }
        };
        let thread = thread::Builder::new().name("wpc-lease".to_owned()).spawn(run);
        Ok(Self { stop: Some(stop), thread: Some(thread.map_err(LedgerError::unavailable)?) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            // It holds nothing that a panic could leave half done.
            let _ = thread.join();
        }
    }
}
