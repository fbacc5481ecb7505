//! `kill -9` of a gate's process at every step of a call (TARGETS.md section 4).
//!
//! `WPC_CASES` processes, one after another, open a gate on one ledger, call, and are killed at a step that their
//! number draws. A child writes what it does to a file that stands for the broker, and the receipts that it is given
//! to another one. After each of them: the ledger opens and is sound, no effect is without its admitted attempt, no
//! limit is exceeded, and every receipt is still true.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;
use wpc::bundle::Verdict as Proven;
use wpc::ledger::{Body, Entry, Ledger, Receipt, SqliteLedger, Verdict, receipt};
use wpc::{CallId, Clock, DynamicGate, JobId, Outcome, SystemClock, Trust};
use wpc_evidence::merkle::{Frontier, leaf_hash};
use wpc_model::{Call, Limit, Measure, Policy, RuleId, Target, Window};

use crate::policy::{author, ping, policy, ready, send, signed};
use crate::processes::{asked, spawn_child};
use crate::rig::{did, job, key};

/// Children when `WPC_CASES` does not say how many.
const CASES: u64 = 40;
/// Children that work on one job, and jobs that share a ledger.
const PER_JOB: u64 = 5;
const PER_LEDGER: u64 = 20;
/// Messages that may be sent in one job, and what each call sends.
const MESSAGES: i64 = 9;
/// Each child finds the clock so much later than the one before, so that leases have lapsed.
const LATER_MS: u64 = 31_000;
/// Longest wait for a kill at no step in particular, in microseconds.
const ANY_US: u64 = 12_000;

/// Where a child is killed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    BeforeAppend,
    /// In the transaction, before it writes.
    InAppend,
    /// Wherever it is after some time: writing, syncing, answering, calling again.
    Anywhere,
    AfterAppend,
    /// The permit is spent, and half of the effect is at the broker.
    InEffect,
    AfterEffect,
    /// In the transaction of the outcome.
    InOutcome,
    AfterOutcome,
}

const STEPS: [Step; 8] = [
    Step::BeforeAppend,
    Step::InAppend,
    Step::Anywhere,
    Step::AfterAppend,
    Step::InEffect,
    Step::AfterEffect,
    Step::InOutcome,
    Step::AfterOutcome,
];

/// What child number `n` does, drawn from its number alone.
struct Plan {
    step: Step,
    /// Calls that it ends before the one in which it is killed.
    whole: u64,
    /// Messages of each call.
    messages: usize,
    wait: Duration,
    job: JobId,
    later_ms: u64,
}

impl Plan {
    fn of(n: u64) -> Self {
        let mut state = n;
        // SplitMix64.
        let mut draw = |below: u64| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (z ^ (z >> 31)) % below
        };
        Self {
            step: STEPS[usize::try_from(n % 8).unwrap()],
            whole: draw(3),
            messages: usize::try_from(1 + draw(2)).unwrap(),
            wait: Duration::from_micros(draw(ANY_US)),
            job: job(&format!("job-{}", n / PER_JOB)),
            later_ms: n * LATER_MS,
        }
    }
}

/// At most [`MESSAGES`] messages per job, and one call at a time; pings without end.
fn limited() -> Policy {
    let mut policy = policy();
    let limit = |measure, action: &str, max, window| {
        Limit::new("bus", measure, vec![action.to_owned()], vec![Target::Any], max, window)
    };
    let tool = policy.tools.get_mut("bus").unwrap();
    tool.limits = vec![
        limit(Measure::Argument("messages".to_owned()), "send", MESSAGES, Window::Job),
        limit(Measure::Calls, "send", 1, Window::Flight),
        limit(Measure::Calls, "ping", 1_000, Window::Sliding { ms: 60_000 }),
    ];
    policy.normalise()
}

fn everybody() -> Trust {
    let one = |name: &str, did: String, role: &str| json!({"name": name, "keys": [did], "roles": [role]});
    let mut gate = one("gate", did().to_string(), "ledger");
    gate["mode"] = json!("gateway");
    let principals = [one("alice", author().did().to_string(), "policy_author"), gate];
    Trust::parse(json!({"v": 1, "principals": principals}).to_string().as_bytes()).unwrap()
}

/// The machine's clock, later; it stops whoever reads it, once, if it is told to.
#[derive(Debug)]
struct StoppingClock {
    system: SystemClock,
    later_ms: i64,
    stops: AtomicBool,
}

impl StoppingClock {
    fn new(later_ms: u64) -> Arc<Self> {
        let later_ms = i64::try_from(later_ms).unwrap();
        Arc::new(Self { system: SystemClock::new(), later_ms, stops: AtomicBool::new(false) })
    }
}

impl Clock for StoppingClock {
    fn wall_ms(&self) -> i64 {
        // A ledger reads it within its transaction.
        if self.stops.swap(false, Ordering::SeqCst) {
            stop();
        }
        self.system.wall_ms() + self.later_ms
    }

    fn monotonic(&self) -> Duration {
        self.system.monotonic()
    }
}

/// Says that the step is reached, and waits for the kill.
fn stop() -> ! {
    println!("killable");
    loop {
        thread::park();
    }
}

/// A ledger that children share, and the files of its world.
trait Store: Sync {
    fn open(&self, clock: Arc<StoppingClock>) -> Arc<dyn Ledger>;
    fn files(&self) -> &Path;
    /// The ignored test that is the child.
    fn child(&self) -> &'static str;
}

struct Sqlite(PathBuf);

impl Store for Sqlite {
    fn open(&self, clock: Arc<StoppingClock>) -> Arc<dyn Ledger> {
        let ledger = SqliteLedger::open_with_clock(&self.0.join("ledger.db"), key(), clock).unwrap();
        Arc::new(ledger.pinned(&self.0.join("ledger.key.head")).unwrap())
    }

    fn files(&self) -> &Path {
        &self.0
    }

    fn child(&self) -> &'static str {
        "crashes::sqlite_child"
    }
}

#[test]
fn a_process_killed_at_any_step_of_a_call_leaves_no_effect_without_its_attempt() {
    // Most of the time is spent waiting for the disk.
    let part = cases().div_ceil(4);
    thread::scope(|scope| {
        for from in [0, part, 2 * part, 3 * part] {
            scope.spawn(move || {
                each_ledger(from, part, &|children| {
                    let directory = tempfile::tempdir().unwrap();
                    SqliteLedger::init(&directory.path().join("ledger.db"), &did()).unwrap();
                    crash(&Sqlite(directory.path().to_owned()), children);
                });
            });
        }
    });
}

#[test]
#[ignore = "a child of `a_process_killed_at_any_step_of_a_call_leaves_no_effect_without_its_attempt`"]
fn sqlite_child() {
    let Some((files, n)) = asked() else { return };
    live(&Sqlite(files), &Plan::of(n));
}

#[cfg(feature = "postgres")]
mod postgres {
    use wpc::ledger::PostgresLedger;

    use super::*;
    use crate::database::Database;

    const CASES: u64 = 24;

    struct Postgres(PathBuf);

    impl Store for Postgres {
        fn open(&self, clock: Arc<StoppingClock>) -> Arc<dyn Ledger> {
            let schema = fs::read_to_string(self.0.join("schema")).unwrap();
            let config = Database::of(&schema).config();
            let ledger = PostgresLedger::open_with_clock(&config, key(), clock).unwrap();
            Arc::new(ledger.pinned(&self.0.join("ledger.key.head")).unwrap())
        }

        fn files(&self) -> &Path {
            &self.0
        }

        fn child(&self) -> &'static str {
            "crashes::postgres::postgres_child"
        }
    }

    #[test]
    #[ignore = "needs WPC_TEST_POSTGRES"]
    fn a_process_killed_at_any_step_of_a_call_leaves_no_effect_without_its_attempt() {
        each_ledger(0, CASES, &|children| {
            let (directory, database) = (tempfile::tempdir().unwrap(), Database::new());
            fs::write(directory.path().join("schema"), &database.schema).unwrap();
            crash(&Postgres(directory.path().to_owned()), children);
        });
    }

    #[test]
    #[ignore = "a child of `a_process_killed_at_any_step_of_a_call_leaves_no_effect_without_its_attempt`"]
    fn postgres_child() {
        let Some((files, n)) = asked() else { return };
        live(&Postgres(files), &Plan::of(n));
    }
}

fn cases() -> u64 {
    env::var("WPC_CASES").map_or(CASES, |cases| cases.parse().unwrap())
}

/// The children from number `from` on, ledger by ledger.
fn each_ledger(from: u64, count: u64, each: &dyn Fn(std::ops::Range<u64>)) {
    let until = from + count;
    let mut next = from;
    while next < until {
        let end = (next + PER_LEDGER).min(until);
        each(next..end);
        next = end;
    }
}

/// Kills one child after another, and looks at what each left.
fn crash(store: &dyn Store, children: std::ops::Range<u64>) {
    let last = children.end - 1;
    let mut effects = 0;
    for n in children {
        let plan = Plan::of(n);
        let mut child = spawn_child(store.child(), store.files().as_os_str(), n);
        child.line("killable");
        if plan.step == Step::Anywhere {
            thread::sleep(plan.wait);
        }
        child.kill();
        effects = Left::of(store, &plan).holds(n, &plan);
    }
    assert!(effects > 0, "nothing was done");
    // In the end every job can be ended and proved.
    let ledger = store.open(StoppingClock::new((last + 1) * LATER_MS));
    let (artifact, trust) = (signed(&limited()), everybody());
    for job in ledger.jobs().unwrap() {
        let gate = DynamicGate::open(ready(&artifact, &trust, &ledger, job.as_str()).opening()).unwrap();
        gate.close().unwrap();
        let bundle = wpc::bundle::of_job(&*ledger, &key(), &job, None).unwrap();
        let report = wpc::bundle::verify(&bundle, &trust, &wpc::bundle::Options::default());
        assert_eq!(report.verdict(), Proven::Verified, "{job}: {:?} {:?}", report.findings, report.gaps);
    }
    assert_eq!(ledger.check().unwrap().unsettled, 0);
}

/// A child: calls until its step, and beyond it if nobody kills it there.
fn live(store: &dyn Store, plan: &Plan) {
    let clock = StoppingClock::new(plan.later_ms);
    let ledger = store.open(clock.clone());
    let (artifact, trust) = (signed(&limited()), everybody());
    let gate = DynamicGate::open(ready(&artifact, &trust, &ledger, plan.job.as_str()).opening()).unwrap();
    let append = |name| OpenOptions::new().create(true).append(true).open(store.files().join(name)).unwrap();
    let mut world = World { broker: append("broker"), receipts: append("receipts"), ledger, gate, clock };
    for _ in 0..plan.whole {
        world.call(plan, None);
    }
    loop {
        world.call(plan, Some(plan.step));
    }
}

struct World {
    broker: File,
    receipts: File,
    ledger: Arc<dyn Ledger>,
    gate: DynamicGate,
    clock: Arc<StoppingClock>,
}

impl World {
    /// One call with its effect, as a careful tool does it; killed at `step`.
    fn call(&mut self, plan: &Plan, step: Option<Step>) {
        let at = |here| {
            if step == Some(here) {
                stop();
            }
        };
        at(Step::BeforeAppend);
        if step == Some(Step::Anywhere) {
            println!("killable");
        }
        self.clock.stops.store(step == Some(Step::InAppend), Ordering::SeqCst);
        let messages = vec![10; plan.messages];
        // Once the job may send no more, it pings.
        let (call, count): (Call, usize) = (send("orders", &messages), plan.messages);
        let (running, count) = match self.gate.begin_sync(call) {
            Ok(running) => (running, count),
            Err(no) => {
                assert_eq!(no.code(), "limit_exceeded");
                (self.gate.begin_sync(ping(1)).unwrap(), 0)
            }
        };
        at(Step::AfterAppend);
        let seq = running.attempt_seq();
        self.receipt(seq);
        // On a machine that is too slow, nothing is done.
        if running.begin_effect().is_err() {
            return;
        }
        // A line begins with its end, so that half a line ends where the next one begins.
        self.broker.write_all(format!("\n{}", running.call_id().as_str()).as_bytes()).unwrap();
        at(Step::InEffect);
        // In one piece: `write!` would hand the file word by word, and a kill in between would leave half of them.
        self.broker.write_all(format!(" {} {count}", self.gate.job()).as_bytes()).unwrap();
        at(Step::AfterEffect);
        self.clock.stops.store(step == Some(Step::InOutcome), Ordering::SeqCst);
        running.finish_sync(Outcome::Done);
        self.receipt(seq + 1);
        at(Step::AfterOutcome);
    }

    /// Hands out the receipt of an entry.
    fn receipt(&mut self, seq: u64) {
        let receipt = receipt(&*self.ledger, self.gate.job(), seq).unwrap().unwrap();
        let line = [receipt.encode(), b"\n".to_vec()].concat();
        self.receipts.write_all(&line).unwrap();
    }
}

/// What is there after a kill.
struct Left {
    ledger: Arc<dyn Ledger>,
    broker: String,
    receipts: Vec<u8>,
}

impl Left {
    fn of(store: &dyn Store, plan: &Plan) -> Self {
        let ledger = store.open(StoppingClock::new(plan.later_ms));
        let file = |name| fs::read(store.files().join(name)).unwrap_or_default();
        Self { ledger, broker: String::from_utf8(file("broker")).unwrap(), receipts: file("receipts") }
    }

    /// Asserts what must hold; how many effects there are.
    fn holds(&self, n: u64, plan: &Plan) -> usize {
        let after = format!("after child {n}, killed at {:?}", plan.step);
        let checked = self.ledger.check().unwrap();
        assert_eq!(checked.findings, [], "{after}");
        let logs: BTreeMap<JobId, Vec<Vec<u8>>> = self
            .ledger
            .jobs()
            .unwrap()
            .into_iter()
            .map(|job| {
                let entries = self.ledger.entries(&job, 0, usize::MAX).unwrap();
                (job, entries)
            })
            .collect();
        let limited = limited();
        let limit = limited.tools["bus"].limits.iter().find(|limit| limit.max == MESSAGES).unwrap().id;
        let mut admitted = BTreeMap::new();
        for (job, entries) in &logs {
            let entries = entries.iter().map(|bytes| Entry::decode(bytes).unwrap());
            let sent: i64 = entries.map(|entry| sent(&entry, limit, &mut admitted)).sum();
            assert!(sent <= MESSAGES, "{after}: {sent} messages were admitted in {job}");
        }
        let effects: Vec<_> = self.broker.lines().filter(|line| !line.is_empty()).collect();
        let mut done = BTreeMap::<&str, i64>::new();
        for effect in &effects {
            let mut words = effect.split(' ');
            let call = CallId::parse(words.next().unwrap()).unwrap();
            let amount = admitted.remove(&call);
            let amount = amount.unwrap_or_else(|| panic!("{after}: {effect} has no attempt of its own"));
            if let (Some(job), Some(count)) = (words.next(), words.next()) {
                let count: i64 = count.parse().unwrap();
                assert_eq!(count, amount, "{after}: {effect}");
                *done.entry(job).or_default() += count;
            }
        }
        assert!(done.values().all(|count| *count <= MESSAGES), "{after}: {done:?}");
        // The last line may be half a receipt, which nobody has.
        let whole = self.receipts.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end);
        for line in self.receipts[..whole].split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let receipt = Receipt::decode(line).unwrap();
            let entry = receipt.verify(&did()).unwrap();
            let log = &logs[&entry.job];
            assert_eq!(log[usize::try_from(entry.seq).unwrap()], receipt.entry, "{after}");
            let head = receipt.checkpoint.unverified();
            let mut tree = Frontier::new();
            for bytes in &log[..usize::try_from(head.size).unwrap()] {
                tree.push(leaf_hash(bytes)).unwrap();
            }
            assert_eq!(tree.root(), head.root, "{after}: another history");
        }
        effects.len()
    }
}

/// Messages that an entry admits, by their limit. Notes admitted calls and their messages.
fn sent(entry: &Entry, limit: RuleId, admitted: &mut BTreeMap<CallId, i64>) -> i64 {
    let Body::Attempt(attempt) = &entry.body else { return 0 };
    let Verdict::Allow { charges, .. } = &attempt.verdict else { return 0 };
    let of_messages = charges.iter().filter(|charged| charged.counter.statement == limit);
    let amount = of_messages.map(|charged| charged.amount).sum();
    admitted.insert(attempt.call.clone(), amount);
    amount
}
