//! A clock that tests set.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use wpc::Clock;

/// Some day in 2026.
pub(crate) const START_MS: i64 = 1_767_323_045_000;

/// Stands still until it is told.
#[derive(Debug)]
pub(crate) struct FakeClock {
    wall_ms: AtomicI64,
    monotonic_ms: AtomicU64,
}

impl FakeClock {
    pub(crate) fn new() -> Self {
        Self { wall_ms: AtomicI64::new(START_MS), monotonic_ms: AtomicU64::new(0) }
    }

    /// Makes it `ms` from the start: so much time passes, or the wall clock alone goes back.
    pub(crate) fn set(&self, ms: i64) {
        let before = self.wall_ms.swap(START_MS + ms, Ordering::SeqCst);
        let passed = u64::try_from(START_MS + ms - before).unwrap_or(0);
        self.monotonic_ms.fetch_add(passed, Ordering::SeqCst);
    }

    /// Moves the wall clock alone by `ms`.
    pub(crate) fn jump(&self, ms: i64) {
        self.wall_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, ms: u64) {
        self.monotonic_ms.fetch_add(ms, Ordering::SeqCst);
        self.wall_ms.fetch_add(i64::try_from(ms).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn wall_ms(&self) -> i64 {
        self.wall_ms.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.monotonic_ms.load(Ordering::SeqCst))
    }
}
