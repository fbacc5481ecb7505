//! What a ledger in PostgreSQL promises beside what every ledger does.
//!
//! These need a server, so they are ignored where nobody names one: `WPC_TEST_POSTGRES=URL cargo test -p wpc --features
//! postgres -- --include-ignored`.

mod opening;
mod processes;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use wpc::ledger::{
    Appended, Body, Head, Ledger, LedgerError, PostgresConfig, PostgresLedger, RevocationKey, Step, Task,
    Verdict,
};
use wpc::{CallId, DynamicGate, JobId, Key, Outcome};
use wpc_model::{Charging, History as _, Limit, Owner, Window};

use crate::clock::{FakeClock, START_MS};
use crate::database::Database;
use crate::policy::{ping, policy, ready, signed, trust};
use crate::processes::{asked, spawn_child};
use crate::proxy::{Loses, Proxy};
use crate::rig::{Rig, ask, attempt, call, job, key, log, open, outcome, per_job, postgres, rule, sliding};

/// So many calls of an agent, in all of its jobs.
fn of_agent(max: i64) -> Limit {
    let mut limit = per_job(max);
    limit.window = Window::Sliding { ms: 86_400_000 };
    limit.owner = Owner::Agent;
    limit
}

fn database(rig: &Rig) -> &Database {
    rig.database.as_ref().unwrap()
}

fn again(rig: &Rig) -> PostgresLedger {
    PostgresLedger::open_with_clock(&database(rig).config(), key(), rig.clock.clone()).unwrap()
}

fn admitted(ledger: &dyn Ledger, name: &str) -> usize {
    let is_allowed = |body: &Body| matches!(body, Body::Attempt(attempt) if matches!(attempt.verdict, Verdict::Allow { .. }));
    log(ledger, &job(name)).iter().filter(|entry| is_allowed(&entry.body)).count()
}

fn allow(number: u64) -> Step {
    attempt(call(number), Verdict::Allow { rule: rule(), charges: vec![] })
}

// Locks.

/// The trap of SECURITY.md part 5: a statement that locks and counts at once counts what was there before it waited.
#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn one_statement_that_locks_and_counts_admits_too_many_and_ours_does_not() {
    let database = Database::empty();
    let mut client = database.client();
    client
        .batch_execute(
            "CREATE TABLE one (id int PRIMARY KEY); INSERT INTO one VALUES (1); CREATE TABLE used (n int)",
        )
        .unwrap();
    let at_once = "WITH locked AS (SELECT id FROM one WHERE id = 1 FOR UPDATE), \
                   counted AS (SELECT count(*) AS n FROM used, locked) \
                   INSERT INTO used SELECT 1 FROM counted WHERE n < 1";
    client.batch_execute("BEGIN; SELECT id FROM one FOR UPDATE; INSERT INTO used VALUES (1)").unwrap();
    let url = database.url();
    let waiting = thread::spawn(move || {
        let mut second = ::postgres::Client::connect(&url, ::postgres::NoTls).unwrap();
        second.execute(at_once, &[]).unwrap()
    });
    database.wait_for_waiting(1);
    client.batch_execute("COMMIT").unwrap();
    // One fits, and two are in.
    assert_eq!(waiting.join().unwrap(), 1);
    assert_eq!(database.count("SELECT count(*) FROM used"), 2);

    // The same with ours: two wait for the job's row, and the last unit is one's.
    let rig = postgres();
    open(&*rig.ledger, &job("j"));
    let mut client = self::database(&rig).client();
    client.batch_execute("BEGIN; SELECT 1 FROM job FOR UPDATE").unwrap();
    let other = again(&rig);
    let [first, second] = thread::scope(|scope| {
        let first = scope.spawn(|| ask(&*rig.ledger, &job("j"), call(1), &[per_job(1)], 1).unwrap());
        let second = scope.spawn(|| ask(&other, &job("j"), call(2), &[per_job(1)], 1).unwrap());
        self::database(&rig).wait_for_waiting(2);
        client.batch_execute("COMMIT").unwrap();
        [first.join().unwrap(), second.join().unwrap()]
    });
    assert_ne!(first.is_ok(), second.is_ok());
    rig.is_clean();
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn jobs_do_not_wait_for_each_other() {
    let rig = postgres();
    open(&*rig.ledger, &job("a"));
    open(&*rig.ledger, &job("b"));
    let appended = rig.ledger.append(&job("a"), &mut |_| {
        assert_eq!(ask(&*rig.ledger, &job("b"), call(1), &[per_job(1)], 1), Ok(Ok(1)));
        vec![allow(2)]
    });
    assert_eq!(appended.unwrap().first_seq, 1);
    rig.is_clean();
}

/// A revocation of `kind` returns only after the append that ran when it came.
#[track_caller]
fn revoke_waits(rig: &Rig, of: &str, steps: &[Step], kind: &str, value: &str) {
    let returned = AtomicBool::new(false);
    let what = RevocationKey { kind: kind.to_owned(), value: value.to_owned() };
    thread::scope(|scope| {
        let (inside, decided) = (mpsc::channel(), mpsc::channel::<()>());
        let (ledger, go) = (&rig.ledger, decided.1);
        let (returned, what) = (&returned, &what);
        let append = scope.spawn(move || {
            let mut first = true;
            ledger.append(&job(of), &mut |head| {
                assert_eq!(head.job().is_some(), of == "j");
                if std::mem::take(&mut first) {
                    inside.0.send(()).unwrap();
                    go.recv().unwrap();
                }
                assert!(!returned.load(Ordering::SeqCst));
                steps.to_vec()
            })
        });
        inside.1.recv().unwrap();
        let revoke = scope.spawn(move || {
            let seq = u64::try_from(ledger.revocations(0).unwrap().len()).unwrap() + 1;
            ledger.revoke(seq, what.clone(), b"an envelope").unwrap();
            returned.store(true, Ordering::SeqCst);
        });
        database(rig).wait_for_waiting(1);
        decided.0.send(()).unwrap();
        append.join().unwrap().unwrap();
        revoke.join().unwrap();
    });
    let row = rig.ledger.revocations(0).unwrap().into_iter().find(|row| row.revocation == what).unwrap();
    // The job's row has changed: under a stricter level than READ COMMITTED that is what appends collide with.
    let touched = format!("SELECT max(revocation_seq) FROM job WHERE job = '{of}'");
    let expected = if of == "j" { i64::try_from(row.seq).unwrap() } else { 0 };
    assert_eq!(database(rig).count(&touched), expected);
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_revocation_waits_for_the_calls_and_the_openings_that_it_is_about() {
    let rig = postgres();
    open(&*rig.ledger, &job("j"));
    revoke_waits(&rig, "j", &[allow(1)], "job", "j");
    revoke_waits(&rig, "j", &[allow(2)], "agent", "agent-1");
    revoke_waits(&rig, "j", &[allow(3)], "policy", "any");
    // A job that is being opened has no row yet: both take the ledger's.
    revoke_waits(&rig, "new", &[crate::rig::opened()], "agent", "agent-2");
    assert_eq!(rig.ledger.jobs().unwrap(), [job("j"), job("new")]);
    // The same again stands at its own place.
    let what = RevocationKey { kind: "job".to_owned(), value: "j".to_owned() };
    assert_eq!(rig.ledger.revoke(1, what.clone(), b"another").unwrap_err().code(), "revocation_gap");
    assert_eq!(rig.ledger.revoke(5, what, b"another"), Ok(()));
    rig.is_clean();
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn one_transaction_takes_what_waits() {
    struct One(JobId, CallId, mpsc::Sender<Result<Appended, LedgerError>>);
    impl Task for One {
        fn job(&self) -> &JobId {
            &self.0
        }
        fn is_wanted(&self) -> bool {
            true
        }
        fn decide(&mut self, head: &Head<'_>) -> Vec<Step> {
            let bound = per_job(40).bound(None);
            let Some(used) = head.used(&bound, 1) else { return vec![] };
            let used = used.amount;
            if used + 1 > 40 {
                return vec![];
            }
            let charge = Charging { counter: bound.counter, window: bound.window, before: used, amount: 1 };
            vec![attempt(self.1.clone(), Verdict::Allow { rule: rule(), charges: vec![charge.into()] })]
        }
        fn done(self: Box<Self>, result: Result<Appended, LedgerError>) {
            self.2.send(result).unwrap();
        }
    }
    let rig = postgres();
    open(&*rig.ledger, &job("j"));
    let mut client = database(&rig).client();
    client.batch_execute("BEGIN; SELECT 1 FROM job FOR UPDATE").unwrap();
    let (done, results) = mpsc::channel();
    for n in 0..64 {
        rig.ledger.submit(Box::new(One(job("j"), call(1 + n), done.clone())));
    }
    database(&rig).wait_for_waiting(1);
    client.batch_execute("COMMIT").unwrap();
    let appended: u64 = results.iter().take(64).map(|result| result.unwrap().count).sum();
    assert_eq!(appended, 40);
    // The first alone, perhaps, and the others together.
    let transactions =
        database(&rig).count("SELECT count(DISTINCT xmin::text) FROM entry WHERE kind = 'attempt'");
    assert!(transactions <= 2, "{transactions}");
    rig.is_clean();
}

// Connections.

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_connection_lost_within_an_append_records_nothing_and_is_replaced() {
    let rig = postgres();
    open(&*rig.ledger, &job("j"));
    let lost = rig.ledger.append(&job("j"), &mut |_| {
        assert!(database(&rig).kill_connections() > 0);
        vec![allow(1)]
    });
    assert_eq!(lost.unwrap_err().code(), "ledger_unavailable");
    assert_eq!(ask(&*rig.ledger, &job("j"), call(1), &[], 1), Ok(Ok(1)));
    // One that is lost while nobody uses it is nobody's loss.
    assert!(database(&rig).kill_connections() > 0);
    assert_eq!(ask(&*rig.ledger, &job("j"), call(2), &[], 1), Ok(Ok(2)));
    rig.is_clean();
}

/// A ledger behind a proxy.
fn behind(rig: &Rig, clock: Arc<FakeClock>) -> (PostgresLedger, Proxy) {
    let url = database(rig).url();
    let (start, rest) = url.split_once('@').unwrap();
    let (server, rest) = rest.split_once('/').unwrap();
    let proxy = Proxy::start(server.parse().expect("an address and a port, such as 127.0.0.1:5432"));
    let config = PostgresConfig::from_url(&format!("{start}@{}/{rest}", proxy.address)).unwrap();
    (PostgresLedger::open_with_clock(&config, key(), clock).unwrap(), proxy)
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_commit_whose_answer_is_lost_is_looked_up_and_not_repeated() {
    let rig = postgres();
    open(&*rig.ledger, &job("j"));
    let (ledger, proxy) = behind(&rig, rig.clock.clone());
    let limits = [per_job(2)];
    proxy.lose(Loses::Answer(Arc::new(|| {})));
    assert_eq!(ask(&ledger, &job("j"), call(1), &limits, 1), Ok(Ok(1)));
    assert_eq!(rig.log(&job("j")).len(), 2);
    // The answer to a job's opening too.
    proxy.lose(Loses::Answer(Arc::new(|| {})));
    open(&ledger, &job("k"));
    assert_eq!(rig.log(&job("k")).len(), 1);
    // A COMMIT that never came is found to be none.
    proxy.lose(Loses::Question);
    let lost = ask(&ledger, &job("j"), call(2), &limits, 1);
    assert_eq!(lost.unwrap_err().code(), "ledger_unavailable");
    assert_eq!(rig.log(&job("j")).len(), 2);
    assert_eq!(ask(&ledger, &job("j"), call(2), &limits, 1), Ok(Ok(2)));
    rig.is_clean();
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn no_effect_begins_on_an_admission_that_was_learned_of_too_late() {
    let rig = postgres();
    open(&*rig.ledger, &job("j"));
    let (ledger, proxy) = behind(&rig, rig.clock.clone());
    let clock = rig.clock.clone();
    proxy.lose(Loses::Answer(Arc::new(move || clock.pass(1_001))));
    let late = ask(&ledger, &job("j"), call(1), &[per_job(2)], 1);
    assert_eq!(late.unwrap_err().code(), "ledger_unavailable");
    // It is recorded and charged all the same.
    assert_eq!(rig.log(&job("j")).len(), 2);
    assert_eq!(rig.ledger.check().unwrap().unsettled, 1);
    rig.is_clean();
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_call_of_another_runtime_may_wait_for_the_ledger() {
    let rig = postgres();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        open(&*rig.ledger, &job("j"));
        drop(again(&rig));
    });
    assert_eq!(rig.log(&job("j")).len(), 1);
}

// Time.

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn entries_bear_the_servers_time_and_one_behind_the_ledger_is_refused() {
    let rig = postgres();
    let config = database(&rig).config();
    let ledger = PostgresLedger::open(&config, key()).unwrap();
    let server = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
    let before = database(&rig).count(server);
    open(&ledger, &job("j"));
    let at = log(&ledger, &job("j"))[0].at;
    assert!((before..=database(&rig).count(server)).contains(&at));
    assert!(ledger.clock().wall_ms() >= at);

    // Somebody's clock was an hour ahead.
    let here = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    rig.clock.set(here - START_MS + 3_600_000);
    ask(&*rig.ledger, &job("j"), call(1), &[], 1).unwrap().unwrap();
    assert_eq!(ask(&ledger, &job("j"), call(2), &[], 1).unwrap_err().code(), "clock_behind");
    rig.is_clean();
}

/// A server that was ended badly: it takes connections, and says nothing.
#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_server_that_hangs_is_passed_by() {
    let database = Database::new();
    let hangs = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = database.url();
    let (before, rest) = url.split_once('@').unwrap();
    let (host, after) = rest.split_once('/').unwrap();
    let host = if host.contains(':') { host.to_owned() } else { format!("{host}:5432") };
    let url = format!("{before}@127.0.0.1:{},{host}/{after}", hangs.local_addr().unwrap().port());
    let ledger = PostgresLedger::open(&PostgresConfig::from_url(&url).unwrap(), crate::rig::key()).unwrap();
    assert!(ledger.jobs().unwrap().is_empty());
    drop(hangs);
}
