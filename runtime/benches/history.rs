//! What a decision costs that looks back, after so many calls: `cargo bench -p wpc --bench history`.
//!
//! Counting must stay flat: a sum over a counter is two look-ups, however many charges it has.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people who measure")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use wpc::ledger::{
    Attempt, Body, Engine, FactsBy, Head, Ledger, MemoryLedger, Opened, Settled, SqliteLedger, Step, Verdict,
};
use wpc::{CallId, Clock, JobId, Key, Outcome};
use wpc_model::{Bound, Charging, Counter, Hash, History as _, Owner, RuleId, Window};

const SIZES: [u64; 3] = [0, 1_000, 100_000];
const BATCH: u64 = 500;

#[derive(Debug)]
struct Clockwork(AtomicI64);

impl Clock for Clockwork {
    fn wall_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.wall_ms().unsigned_abs())
    }
}

/// A limit per job, in a window, of the agent, per resource, and in flight; a side of a `separate`, and
/// what a `before` waits for.
fn bounds(resource: u64) -> [Bound; 7] {
    let bound = |name: &str, key: Option<u64>, owner, window| {
        let key = key.map(|key| Hash::of(&key.to_be_bytes()));
        let counter = Counter { statement: RuleId::of(name.as_bytes()), key, owner };
        Bound { counter, window, max: 1_000_000 }
    };
    let hour = Window::Sliding { ms: 3_600_000 };
    [
        bound("job", None, Owner::Job, Window::Job),
        bound("window", None, Owner::Job, hour),
        bound("agent", None, Owner::Agent, hour),
        bound("resource", Some(resource), Owner::Job, hour),
        bound("flight", None, Owner::Job, Window::Flight),
        bound("separate", Some(0), Owner::Job, Window::Job),
        bound("before", Some(resource), Owner::Job, Window::Job),
    ]
}

/// As a decision does that all of them concern.
fn decide(head: &Head<'_>, resource: u64) -> i64 {
    let used = bounds(resource).iter().map(|bound| head.used(bound, 1).unwrap().amount).sum::<i64>();
    let bounds = bounds(resource);
    let totals =
        bounds.iter().skip(5).map(|bound| head.total(&bound.counter, Some(head.now() - 60_000)).unwrap());
    used + totals.sum::<i64>()
}

fn call(number: u64) -> CallId {
    let mut digits = String::new();
    let mut left = number;
    for _ in 0..25 {
        digits.push(char::from(b'a' + u8::try_from(left % 26).unwrap()));
        left /= 26;
    }
    CallId::parse(&format!("call_{digits}a")).unwrap()
}

/// Adds calls `from..to`, each done at once, many in one append; a second passes between appends.
fn fill(ledger: &dyn Ledger, clock: &Clockwork, job: &JobId, from: u64, to: u64) {
    for first in (from..to).step_by(usize::try_from(BATCH).unwrap()) {
        clock.0.fetch_add(1_000, Ordering::SeqCst);
        ledger
            .append(job, &mut |head| {
                let mut steps = Vec::new();
                let mut seq = head.job().map_or(0, |job| job.size);
                let mut added: BTreeMap<Counter, i64> = BTreeMap::new();
                for number in first..to.min(first + BATCH) {
                    let charges: Vec<_> = bounds(number % 100)
                        .iter()
                        .map(|bound| {
                            let so_far = added.entry(bound.counter).or_default();
                            let before = head.used(bound, 1).unwrap().amount + *so_far;
                            *so_far += 1;
                            Charging { counter: bound.counter, window: bound.window, before, amount: 1 }
                                .into()
                        })
                        .collect();
                    steps.push(Step::Entry(Body::Attempt(Attempt {
                        call: call(number),
                        tool: "bus".to_owned(),
                        action: "send".to_owned(),
                        resource: None,
                        engine: Engine::Indexed,
                        verdict: Verdict::Allow { rule: RuleId::of(b"allow"), charges },
                        jti: None,
                        args_root: Hash::of(b"arguments"),
                        facts: vec![],
                        attested: vec![],
                        approvals: vec![],
                        revocation_seq: 0,
                    })));
                    steps.push(Step::Entry(Body::Outcome(Settled {
                        call: call(number),
                        attempt_seq: seq,
                        outcome: Outcome::Done,
                        provider: None,
                        facts_by: FactsBy::Declared,
                        duration_ms: 1,
                        charges: vec![],
                        late: false,
                        facts: vec![],
                    })));
                    seq += 2;
                }
                steps
            })
            .unwrap();
    }
}

/// Nanoseconds of one decision: the least of several rounds.
fn measure(ledger: &dyn Ledger, job: &JobId) -> u128 {
    let round = || {
        let mut took = Duration::ZERO;
        let mut decisions = 0_u32;
        while took < Duration::from_millis(100) {
            ledger
                .append(job, &mut |head| {
                    let start = Instant::now();
                    for resource in 0..100 {
                        black_box(decide(head, resource));
                    }
                    took += start.elapsed();
                    decisions += 100;
                    Vec::new()
                })
                .unwrap();
        }
        took.as_nanos() / u128::from(decisions)
    };
    (0..5).map(|_| round()).min().unwrap()
}

fn main() {
    let key = || Key::from_seed(&[7; 32]);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.db");
    SqliteLedger::init(&path, &key().did()).unwrap();
    let clock = Arc::new(Clockwork(AtomicI64::new(1_767_225_600_000)));
    let ledgers: [(&str, Box<dyn Ledger>); 2] = [
        ("memory", Box::new(MemoryLedger::with_clock(key(), clock.clone()).unwrap())),
        ("sqlite", Box::new(SqliteLedger::open_with_clock(&path, key(), clock.clone()).unwrap())),
    ];
    println!("7 counters, 9 sums; nanoseconds of one decision, and in per cent of that among no calls");
    for (name, ledger) in &ledgers {
        let job = JobId::parse("job-1").unwrap();
        ledger
            .append(&job, &mut |_| {
                let policy_hash = Hash::of(b"policy");
                vec![Step::Entry(Body::Opened(Opened {
                    agent: "agent".to_owned(),
                    policy: "p".to_owned(),
                    policy_hash,
                    release_seq: None,
                    tool_version: None,
                    charges: Vec::new(),
                }))]
            })
            .unwrap();
        let (mut have, mut first) = (0, None);
        for calls in SIZES {
            fill(&**ledger, &clock, &job, have, calls);
            have = calls;
            let ns = measure(&**ledger, &job);
            let base = *first.get_or_insert(ns);
            let percent = ns * 100 / base;
            println!("{name:>8} {calls:>8} calls {ns:>8} ns {percent:>6} %");
        }
    }
}
