//! Several processes on one ledger, and processes that are killed.
//!
//! The children are this very test binary, run for one ignored test each.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;

use wpc::ledger::{Body, Ledger, SqliteLedger, Verdict};

use crate::rig::{ask, call, job, log, open, outcome, per_job, sliding, sqlite};

const CHILDREN: u64 = 4;
const THREADS: u64 = 4;
const CALLS: u64 = 20;
const FIT: i64 = 150;

#[test]
fn of_4_processes_racing_exactly_as_many_calls_are_admitted_as_fit() {
    let rig = sqlite();
    open(&*rig.ledger, &job("race"));
    let children: Vec<_> =
        (0..CHILDREN).map(|child| spawn("racing_child", rig.path.as_ref().unwrap(), child)).collect();
    let admitted: i64 =
        children.into_iter().map(|mut child| child.line("admitted ").parse::<i64>().unwrap()).sum();
    assert_eq!(admitted, FIT);
    let entries = rig.log(&job("race"));
    assert_eq!(u64::try_from(entries.len()).unwrap(), 1 + CHILDREN * THREADS * CALLS);
    let allowed = entries.iter().filter(|entry| {
        matches!(&entry.body, Body::Attempt(attempt) if matches!(attempt.verdict, Verdict::Allow { .. }))
    });
    assert_eq!(i64::try_from(allowed.count()).unwrap(), FIT);
    rig.is_clean();
}

#[test]
#[ignore = "a child of `of_4_processes_racing_exactly_as_many_calls_are_admitted_as_fit`"]
fn racing_child() {
    let Some((path, child)) = asked() else { return };
    let ledger = SqliteLedger::open(&path, crate::rig::key()).unwrap();
    // The clock of the children is the machine's: one window holds them all.
    let limits = [per_job(FIT), sliding(FIT, 86_400_000)];
    let admitted: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (ledger, limits) = (&ledger, &limits);
                scope.spawn(move || {
                    let ids = (0..CALLS).map(|n| call(1 + n + CALLS * (thread + THREADS * child)));
                    ids.filter(|id| ask(ledger, &job("race"), id.clone(), limits, 1).unwrap().is_ok()).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("admitted {admitted}");
}

#[test]
fn a_process_killed_between_attempt_and_outcome_leaves_a_durable_attempt() {
    let rig = sqlite();
    let path = rig.path.as_ref().unwrap();
    // On the machine's clock, as the child is.
    let here = SqliteLedger::open(path, crate::rig::key()).unwrap();
    open(&here, &job("j"));
    let mut child = spawn("dying_child", path, 0);
    let seq: u64 = child.line("attempt ").parse().unwrap();
    // It is alive and between the two; this process goes on meanwhile.
    assert_eq!(ask(&here, &job("j"), call(2), &[per_job(3)], 1).unwrap(), Ok(seq + 1));
    child.kill();

    let again = SqliteLedger::open(path, crate::rig::key()).unwrap();
    let checked = again.check().unwrap();
    assert_eq!((checked.findings, checked.unsettled), (vec![], 2));
    let entries = log(&again, &job("j"));
    assert_eq!(entries[usize::try_from(seq).unwrap()].body.call(), Some(&call(1)));
    assert!(!entries.iter().any(|entry| matches!(entry.body, Body::Outcome(_))));
    // The dead call's charge stays, and the job goes on.
    assert_eq!(ask(&again, &job("j"), call(3), &[per_job(3)], 1).unwrap(), Ok(seq + 2));
    assert_eq!(ask(&again, &job("j"), call(4), &[per_job(3)], 1).unwrap(), Err(None));
    again.append(&job("j"), &mut |_| vec![outcome(call(2), seq + 1)]).unwrap();
    assert_eq!(again.check().unwrap().unsettled, 2);
}

#[test]
#[ignore = "a child of `a_process_killed_between_attempt_and_outcome_leaves_a_durable_attempt`"]
fn dying_child() {
    let Some((path, _)) = asked() else { return };
    let ledger = SqliteLedger::open(&path, crate::rig::key()).unwrap();
    let seq = ask(&ledger, &job("j"), call(1), &[per_job(3)], 1).unwrap().unwrap();
    println!("attempt {seq}");
    loop {
        thread::park();
    }
}

#[test]
fn a_process_killed_at_any_moment_leaves_whole_appends() {
    let rig = sqlite();
    let path = rig.path.as_ref().unwrap();
    open(&*rig.ledger, &job("j"));
    for round in 0..12 {
        let mut child = spawn("busy_child", path, round);
        child.line("ready");
        thread::sleep(std::time::Duration::from_micros(700 * round));
        child.kill();
        let said = child.rest();
        let again = SqliteLedger::open(path, crate::rig::key()).unwrap();
        assert_eq!(again.check().unwrap().findings, [], "after round {round}");
        // What it was told is there.
        let entries = log(&again, &job("j"));
        let told = said.lines().filter_map(|line| line.strip_prefix("attempt ")?.parse::<usize>().ok());
        assert!(told.into_iter().all(|seq| matches!(entries[seq].body, Body::Attempt(_))), "{said}");
    }
}

#[test]
#[ignore = "a child of `a_process_killed_at_any_moment_leaves_whole_appends`"]
fn busy_child() {
    let Some((path, round)) = asked() else { return };
    let ledger = SqliteLedger::open(&path, crate::rig::key()).unwrap();
    println!("ready");
    for n in 0.. {
        let id = call(1 + n + 1_000_000 * round);
        let seq =
            ask(&ledger, &job("j"), id.clone(), &[per_job(i64::from(u32::MAX)), sliding(1 << 40, 60_000)], 1);
        let seq = seq.unwrap().unwrap();
        println!("attempt {seq}");
        ledger.append(&job("j"), &mut |_| vec![outcome(id.clone(), seq)]).unwrap();
    }
}

/// A child, which does not outlive its test.
pub(crate) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

fn spawn(test: &str, path: &Path, number: u64) -> Running {
    spawn_child(&format!("processes::{test}"), path.as_os_str(), number)
}

/// Runs a test of this binary in a process of its own.
pub(crate) fn spawn_child(test: &str, ledger: &OsStr, number: u64) -> Running {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .env("WPC_TEST_LEDGER", ledger)
        .env("WPC_TEST_CHILD", number.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    Running { child, out }
}

/// The ledger and the number that this process was given; nothing if it is no child.
pub(crate) fn asked() -> Option<(PathBuf, u64)> {
    Some((env::var_os("WPC_TEST_LEDGER")?.into(), env::var("WPC_TEST_CHILD").ok()?.parse().unwrap()))
}

impl Running {
    /// What follows `start` in the next line that has it.
    pub(crate) fn line(&mut self, start: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.out.read_line(&mut line).unwrap(), 0, "the child ended without `{start}`");
            if let Some((_, rest)) = line.split_once(start) {
                return rest.trim_end().to_owned();
            }
        }
    }

    pub(crate) fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        rest
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
