//! The only place where time is read.

use std::fmt;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where a ledger and its gates read the time.
///
/// The ledger reads the wall clock inside its lock and never lets it run backwards within a
/// ledger; the gate reads the monotonic one for the begin deadline of permits. Nothing else in
/// this crate reads a clock.
pub trait Clock: fmt::Debug + Send + Sync {
    /// The wall clock, Unix milliseconds.
    fn wall_ms(&self) -> i64;

    /// Time since some fixed moment, never going backwards, whatever happens to the wall clock.
    fn monotonic(&self) -> Duration;
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic side starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn wall_ms(&self) -> i64 {
        // A clock before 1970 or beyond the year 292 million is out of every ledger's range.
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.ok().and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(i64::MIN)
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}
