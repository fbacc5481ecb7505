//! What durability costs, in ratios of one run: `cargo bench -p wpc --features postgres --bench durable`.
//!
//! The floor is what the disk takes to make as many bytes durable as an append writes to SQLite's log: a write and an
//! `fdatasync`. PostgreSQL is measured if `WPC_TEST_POSTGRES` names a server, in a schema that is dropped at the end; its
//! floor is one row inserted by one connection, since its disk may be another one.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "a program for people who measure"
)]

use std::env;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use wpc::ledger::{
    Appended, Attempt, Body, Engine, Head, Ledger, LedgerError, Opened, SqliteLedger, Step, Task, Verdict,
};
use wpc::{CallId, JobId, Key};
use wpc_model::{Charging, Hash, History as _, Limit, Measure, RuleId, Target, Window};

/// How long each row is measured.
const ROW: Duration = Duration::from_secs(3);
const CALLERS: u64 = 64;
/// Bytes of two pages and their frames: what one append adds to SQLite's log at least.
const WRITTEN: usize = 2 * (4_096 + 24);

fn key() -> Key {
    Key::from_seed(&[7; 32])
}

fn job(number: u64) -> JobId {
    JobId::parse(&format!("job-{number}")).unwrap()
}

fn limit() -> Limit {
    let window = Window::Sliding { ms: 3_600_000 };
    Limit::new("bus", Measure::Calls, vec!["send".to_owned()], vec![Target::Any], i64::MAX, window)
}

fn open(ledger: &dyn Ledger, job: &JobId) {
    ledger
        .append(job, &mut |head| {
            if head.job().is_some() {
                return Vec::new();
            }
            vec![Step::Entry(Body::Opened(Opened {
                agent: "agent".to_owned(),
                policy: "p".to_owned(),
                policy_hash: Hash::of(b"policy"),
                release_seq: None,
                tool_version: None,
                charges: vec![],
            }))]
        })
        .unwrap();
}

/// As a gate does: one sliding limit, looked up and charged.
fn admit(head: &Head<'_>, call: &CallId) -> Vec<Step> {
    let bound = limit().bound(None);
    let Some(used) = head.used(&bound, 1) else { return Vec::new() };
    let charge = Charging { counter: bound.counter, window: bound.window, before: used.amount, amount: 1 };
    vec![Step::Entry(Body::Attempt(Attempt {
        call: call.clone(),
        tool: "bus".to_owned(),
        action: "send".to_owned(),
        resource: None,
        engine: Engine::Indexed,
        verdict: Verdict::Allow { rule: RuleId::of(b"allow"), charges: vec![charge.into()] },
        jti: None,
        args_root: Hash::of(b"arguments"),
        facts: vec![],
        attested: vec![],
        approvals: vec![],
        revocation_seq: 0,
    }))]
}

/// A call's id that no other process and no other caller has.
fn next_call() -> CallId {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = (u128::from(std::process::id()) << 64) + u128::from(NEXT.fetch_add(1, Ordering::Relaxed));
    let mut digits = String::new();
    let mut left = number;
    for _ in 0..25 {
        digits.push(char::from(b'a' + u8::try_from(left % 26).unwrap()));
        left /= 26;
    }
    CallId::parse(&format!("call_{digits}a")).unwrap()
}

struct Caller {
    job: JobId,
    call: CallId,
    done: Sender<Result<Appended, LedgerError>>,
}

impl Task for Caller {
    fn job(&self) -> &JobId {
        &self.job
    }

    fn is_wanted(&self) -> bool {
        true
    }

    fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
        admit(head, &self.call)
    }

    fn done(self: Box<Self>, result: Result<Appended, LedgerError>) {
        self.done.send(result).unwrap();
    }
}

/// Admitted calls in a second, by callers who each wait for their own.
fn rate(ledger: &dyn Ledger, callers: u64, jobs: u64) -> f64 {
    for number in 0..jobs {
        open(ledger, &job(number));
    }
    let admitted = AtomicU64::new(0);
    let start = Instant::now();
    thread::scope(|scope| {
        for caller in 0..callers {
            let (admitted, job) = (&admitted, job(caller % jobs));
            scope.spawn(move || {
                let (done, result) = mpsc::channel();
                while start.elapsed() < ROW {
                    let call = next_call();
                    ledger.submit(Box::new(Caller { job: job.clone(), call, done: done.clone() }));
                    assert_eq!(result.recv().unwrap().unwrap().count, 1);
                    admitted.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    per_second(admitted.into_inner(), start.elapsed())
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Durable writes in a second.
fn disk(directory: &Path) -> f64 {
    let mut file = File::create(directory.join("floor")).unwrap();
    let (bytes, start, mut count) = (vec![7; WRITTEN], Instant::now(), 0);
    while start.elapsed() < ROW {
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    per_second(count, start.elapsed())
}

fn row(name: &str, rate: f64, ratio: f64, of: &str) {
    println!("{name:<44} {rate:>9.0} /s {ratio:>8.2} x {of}");
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::env;
    use std::process::Command;
    use std::time::Instant;

    use super::{CALLERS, ROW, key, per_second, rate, row};
    use ::postgres::{Client, NoTls};
    use wpc::ledger::{PostgresConfig, PostgresLedger};

    const PROCESSES: u64 = 4;

    fn open_ledger(url: &str) -> PostgresLedger {
        PostgresLedger::open(&PostgresConfig::from_url(url).unwrap(), key()).unwrap()
    }

    /// One of several processes: `PROCESS` has its number.
    pub(crate) fn child(url: &str) {
        let jobs = env::var("WPC_BENCH_JOBS").unwrap().parse().unwrap();
        println!("rate {}", rate(&open_ledger(url), CALLERS, jobs));
    }

    /// All processes' calls in a second, on so many jobs that all of them share.
    fn processes(url: &str, jobs: u64) -> f64 {
        let children: Vec<_> = (0..PROCESSES)
            .map(|_| {
                Command::new(env::current_exe().unwrap())
                    .env("WPC_BENCH_CHILD", url)
                    .env("WPC_BENCH_JOBS", jobs.to_string())
                    .stdout(std::process::Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let outputs = children.into_iter().map(|child| child.wait_with_output().unwrap().stdout);
        outputs
            .map(|out| {
                String::from_utf8(out).unwrap().trim().strip_prefix("rate ").unwrap().parse::<f64>().unwrap()
            })
            .sum()
    }

    pub(crate) fn measure(server: &str) {
        let schema = format!("wpc_bench_{}", std::process::id());
        let mut client = Client::connect(server, NoTls).unwrap();
        client
            .batch_execute(&format!("CREATE SCHEMA {schema}; CREATE TABLE {schema}.floor (n bigint)"))
            .unwrap();
        let statement = client.prepare(&format!("INSERT INTO {schema}.floor VALUES (1)")).unwrap();
        let (start, mut count) = (Instant::now(), 0);
        while start.elapsed() < ROW {
            client.execute(&statement, &[]).unwrap();
            count += 1;
        }
        let floor = per_second(count, start.elapsed());
        row("PostgreSQL: one row inserted, the floor", floor, 1.0, "floor");
        let url = format!("{server}?options=-csearch_path%3D{schema}");
        PostgresLedger::init(&PostgresConfig::from_url(&url).unwrap(), &key().did()).unwrap();
        let ledger = open_ledger(&url);
        let alone = rate(&ledger, 1, 1);
        row("PostgreSQL: one caller", alone, floor / alone, "the floor's time");
        let many = rate(&ledger, CALLERS, 1);
        row("PostgreSQL: 64 callers, one job", many, many / alone, "one caller's rate");
        let apart = rate(&ledger, CALLERS, 16);
        row("PostgreSQL: 64 callers, 16 jobs", apart, apart / alone, "one caller's rate");
        drop(ledger);
        for jobs in [1, 16] {
            let all = processes(&url, jobs);
            row(
                &format!("PostgreSQL: 4 processes of 64, {jobs} jobs"),
                all,
                all / alone,
                "one caller's rate",
            );
        }
        client.batch_execute(&format!("DROP SCHEMA {schema} CASCADE")).unwrap();
    }
}

fn main() {
    #[cfg(feature = "postgres")]
    if let Ok(url) = env::var("WPC_BENCH_CHILD") {
        return postgres::child(&url);
    }
    let directory = tempfile::tempdir_in(env::current_dir().unwrap()).unwrap();
    let floor = disk(directory.path());
    row("disk: 8 KiB written and synced, the floor", floor, 1.0, "floor");
    let path = directory.path().join("ledger.db");
    SqliteLedger::init(&path, &key().did()).unwrap();
    let ledger = SqliteLedger::open(&path, key()).unwrap();
    let alone = rate(&ledger, 1, 1);
    row("SQLite: one caller", alone, floor / alone, "the floor's time");
    let many = rate(&ledger, CALLERS, 1);
    row("SQLite: 64 callers, one job", many, many / alone, "one caller's rate");
    #[cfg(feature = "postgres")]
    match env::var("WPC_TEST_POSTGRES") {
        Ok(server) => postgres::measure(&server),
        Err(_) => println!("PostgreSQL: not measured, WPC_TEST_POSTGRES names no server"),
    }
}
