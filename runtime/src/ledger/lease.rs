//! Leases: which processes are alive (SECURITY.md 1.14).
//!
//! A call whose process died has no outcome. Another process may say so once the lease of the one that
//! began it has lapsed, and never before: a live call is not abandoned.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::LedgerError;

/// How long a lease runs, in milliseconds.
const LEASE_MS: i64 = 30_000;
/// How much of it may be gone before it is renewed, in milliseconds.
const RENEW_AFTER_MS: i64 = 10_000;
/// How often a process that appends nothing renews it.
const RENEW_EVERY: Duration = Duration::from_secs(10);

/// Until when a lease that runs until `lease_until` is to run from now on, if enough of it is gone.
pub(super) const fn renewed(at: i64, lease_until: i64) -> Option<i64> {
    if lease_until.saturating_sub(at) > LEASE_MS.saturating_sub(RENEW_AFTER_MS) {
        return None;
    }
    Some(at.saturating_add(LEASE_MS))
}

/// The thread that renews the lease of a process that appends nothing. It ends when this is dropped.
pub(super) struct Keeper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts it; `renew` says whether there is still a ledger.
    pub(super) fn start(renew: impl Fn() -> bool + Send + 'static) -> Result<Self, LedgerError> {
        let (stop, stopped) = mpsc::channel();
        let run = move || {
            while stopped.recv_timeout(RENEW_EVERY) == Err(RecvTimeoutError::Timeout) && renew() {}
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
