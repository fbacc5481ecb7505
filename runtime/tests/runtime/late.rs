//! A ledger whose answers come late: an effect begins within a second of its append, or never.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wpc::ledger::{Body, Ledger, MemoryLedger, SqliteLedger};
use wpc::{BEGIN_WITHIN, Clock, DynamicGate, Outcome};

use crate::clock::START_MS;
use crate::policy::{ping, policy, ready, signed, trust};
use crate::rig::{did, job, key, log};

/// So much time passes after each look at the wall clock, which a ledger takes within its lock, and before
/// anybody has an answer.
#[derive(Debug, Default)]
struct SlowCommits {
    now_ms: AtomicU64,
    slow_ms: AtomicU64,
    /// Looks at the steady clock until the time has passed: the ledger's own comes first.
    looks: AtomicU64,
}

impl SlowCommits {
    fn of(&self, ms: u64) {
        self.slow_ms.store(ms, Ordering::SeqCst);
    }
}

impl Clock for SlowCommits {
    fn wall_ms(&self) -> i64 {
        self.looks.store(2, Ordering::SeqCst);
        START_MS + i64::try_from(self.now_ms.load(Ordering::SeqCst)).unwrap()
    }

    fn monotonic(&self) -> Duration {
        let left = self.looks.load(Ordering::SeqCst);
        self.looks.store(left.saturating_sub(1), Ordering::SeqCst);
        if left == 1 {
            self.now_ms.fetch_add(self.slow_ms.load(Ordering::SeqCst), Ordering::SeqCst);
        }
        Duration::from_millis(self.now_ms.load(Ordering::SeqCst))
    }
}

fn check(ledger: Arc<dyn Ledger>, clock: &SlowCommits) {
    let (artifact, trust) = (signed(&policy()), trust());
    let gate = DynamicGate::open(ready(&artifact, &trust, &ledger, "j").opening()).unwrap();
    clock.of(1_000);
    let running = gate.begin_sync(ping(1)).unwrap();
    // The answer came at the last moment.
    assert_eq!(running.begin_effect().map_err(|refused| refused.code()), Ok(()));
    clock.of(0);
    running.finish_sync(Outcome::Done);

    clock.of(1_001);
    let running = gate.begin_sync(ping(1)).unwrap();
    assert_eq!(running.begin_effect().map_err(|refused| refused.code()), Err("permit_expired"));
    clock.of(0);
    running.finish_sync(Outcome::Done);
    let log = log(&*ledger, &job("j"));
    let ends: Vec<_> = log
        .iter()
        .filter_map(|entry| match &entry.body {
            Body::Outcome(settled) => Some((settled.outcome.clone(), settled.duration_ms)),
            _ => None,
        })
        .collect();
    let failed = Outcome::Failed { code: "permit_expired".to_owned() };
    assert_eq!(ends, [(Outcome::Done, 1_000), (failed, 1_001)]);
    assert_eq!(BEGIN_WITHIN, Duration::from_secs(1));
}

#[test]
fn an_effect_never_begins_later_than_a_second_after_its_append() {
    let clock = Arc::new(SlowCommits::default());
    check(Arc::new(MemoryLedger::with_clock(key(), clock.clone()).unwrap()), &clock);

    let (clock, directory) = (Arc::new(SlowCommits::default()), tempfile::tempdir().unwrap());
    let path = directory.path().join("ledger.db");
    SqliteLedger::init(&path, &did()).unwrap();
    check(Arc::new(SqliteLedger::open_with_clock(&path, key(), clock.clone()).unwrap()), &clock);

    #[cfg(feature = "postgres")]
    if crate::database::is_named() {
        let (clock, database) = (Arc::new(SlowCommits::default()), crate::database::Database::new());
        let ledger = wpc::ledger::PostgresLedger::open_with_clock(&database.config(), key(), clock.clone());
        check(Arc::new(ledger.unwrap()), &clock);
    }
}
