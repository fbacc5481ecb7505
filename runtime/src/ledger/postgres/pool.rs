//! A few connections, each lent to one caller at a time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::config::PostgresConfig;
use super::session::{Driver, Session};
use crate::ledger::LedgerError;

/// How long somebody waits for a connection.
const WAIT: Duration = Duration::from_secs(10);

pub(super) struct Pool {
    config: PostgresConfig,
    // Before the driver, which says goodbye for them.
    idle: Mutex<Idle>,
    returned: Condvar,
    driver: Driver,
}

#[derive(Default)]
struct Idle {
    sessions: Vec<Session>,
    /// How many there are, idle or lent.
    open: usize,
}

impl Pool {
    pub(super) fn new(config: PostgresConfig) -> Result<Self, LedgerError> {
        let driver = Driver::start()?;
        Ok(Self { config, idle: Mutex::default(), returned: Condvar::new(), driver })
    }

    /// A connection that nobody else uses; a new one if none is idle and there may be more.
    pub(super) fn take(&self) -> Result<Lent<'_>, LedgerError> {
        let mut idle = self.lock();
        loop {
            while let Some(session) = idle.sessions.pop() {
                if !session.is_lost() {
                    return Ok(Lent { pool: self, session: Some(session) });
                }
                idle.open = idle.open.saturating_sub(1);
            }
            if idle.open < self.config.most() {
                idle.open = idle.open.saturating_add(1);
                drop(idle);
                // Whatever comes of it, the place is given back.
                let mut lent = Lent { pool: self, session: None };
                lent.session = Some(Session::connect(&self.driver, &self.config)?);
                return Ok(lent);
            }
            let (again, waited) =
                self.returned.wait_timeout(idle, WAIT).unwrap_or_else(PoisonError::into_inner);
            if waited.timed_out() && again.sessions.is_empty() {
                return Err(LedgerError::unavailable("all connections are in use"));
            }
            idle = again;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Idle> {
        // Nothing in between could panic.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection, closed when it is dropped: only [`Lent::keep`] says that no transaction is open.
pub(super) struct Lent<'a> {
    pool: &'a Pool,
    session: Option<Session>,
}

impl Lent<'_> {
    /// Gives it back for others to use.
    pub(super) fn keep(mut self) {
        let mut idle = self.pool.lock();
        if let Some(session) = self.session.take_if(|session| !session.is_lost()) {
            idle.sessions.push(session);
            // As many as before.
            idle.open = idle.open.saturating_add(1);
        }
    }

    /// The connection.
    pub(super) fn session(&self) -> Result<&Session, LedgerError> {
        self.session.as_ref().ok_or_else(|| LedgerError::unavailable("not connected"))
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = self.pool.lock();
        idle.open = idle.open.saturating_sub(1);
        drop(idle);
        self.pool.returned.notify_one();
    }
}
