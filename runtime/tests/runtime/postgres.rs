//! What a ledger in PostgreSQL promises beside what every ledger does.
//!
//! These need a server, so they are ignored where nobody names one: `WPC_TEST_POSTGRES=URL cargo test -p wpc --features
//! postgres -- --include-ignored`.

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

const CHILDREN: u64 = 4;
const THREADS: u64 = 4;
const CALLS: u64 = 10;
const FIT: i64 = 50;

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

// Processes.

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn of_4_processes_racing_exactly_as_many_calls_are_admitted_as_fit() {
    let rig = postgres();
    open(&*rig.ledger, &job("race"));
    open(&*rig.ledger, &job("other"));
    let schema = database(&rig).schema.as_ref();
    let children: Vec<_> =
        (0..CHILDREN).map(|child| spawn_child("postgres::racing_child", schema, child)).collect();
    let told: i64 =
        children.into_iter().map(|mut child| child.line("admitted ").parse::<i64>().unwrap()).sum();
    // The jobs share a limit of their agent, and each has one of its own.
    assert_eq!(told, FIT);
    assert_eq!(
        admitted(&*rig.ledger, "race") + admitted(&*rig.ledger, "other"),
        usize::try_from(FIT).unwrap()
    );
    let entries = rig.log(&job("race")).len() + rig.log(&job("other")).len();
    assert_eq!(u64::try_from(entries).unwrap(), 2 + CHILDREN * THREADS * CALLS);
    rig.is_clean();
}

#[test]
#[ignore = "a child of `of_4_processes_racing_exactly_as_many_calls_are_admitted_as_fit`"]
fn racing_child() {
    let Some((schema, child)) = asked() else { return };
    let database = Database::of(schema.to_str().unwrap());
    // On the server's clock, which all of them share.
    let ledger = PostgresLedger::open(&database.config(), key()).unwrap();
    let limits = [per_job(FIT - 10), of_agent(FIT)];
    let job = job(if child % 2 == 0 { "race" } else { "other" });
    let admitted: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (ledger, limits, job) = (&ledger, &limits, &job);
                scope.spawn(move || {
                    let ids = (0..CALLS).map(|n| call(1 + n + CALLS * (thread + THREADS * child)));
                    ids.filter(|id| ask(ledger, job, id.clone(), limits, 1).unwrap().is_ok()).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("admitted {admitted}");
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_process_killed_within_an_append_leaves_nothing_and_holds_nobody_up() {
    let rig = postgres();
    open(&*rig.ledger, &job("j"));
    let mut child = spawn_child("postgres::deciding_child", database(&rig).schema.as_ref(), 0);
    child.line("deciding");
    child.kill();
    // The server lets go of its locks.
    let after = ask(&*rig.ledger, &job("j"), call(2), &[per_job(1)], 1);
    assert_eq!(after, Ok(Ok(1)));
    assert_eq!(rig.log(&job("j")).len(), 2);
    rig.is_clean();
}

#[test]
#[ignore = "a child of `a_process_killed_within_an_append_leaves_nothing_and_holds_nobody_up`"]
fn deciding_child() {
    let Some((schema, _)) = asked() else { return };
    let database = Database::of(schema.to_str().unwrap());
    let clock = Arc::new(FakeClock::new());
    let ledger = PostgresLedger::open_with_clock(&database.config(), key(), clock).unwrap();
    let _ = ledger.append(&job("j"), &mut |_| {
        println!("deciding");
        loop {
            thread::park();
        }
    });
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_process_killed_at_any_moment_leaves_whole_appends() {
    let rig = postgres();
    open(&*rig.ledger, &job("j"));
    for round in 0..8 {
        let mut child = spawn_child("postgres::busy_child", database(&rig).schema.as_ref(), round);
        child.line("ready");
        thread::sleep(std::time::Duration::from_micros(1_300 * round));
        child.kill();
        let said = child.rest();
        let ledger = again(&rig);
        assert_eq!(ledger.check().unwrap().findings, [], "after round {round}");
        // What it was told is there.
        let entries = log(&ledger, &job("j"));
        let told = said.lines().filter_map(|line| line.strip_prefix("attempt ")?.parse::<usize>().ok());
        assert!(told.into_iter().all(|seq| matches!(entries[seq].body, Body::Attempt(_))), "{said}");
    }
}

#[test]
#[ignore = "a child of `a_process_killed_at_any_moment_leaves_whole_appends`"]
fn busy_child() {
    let Some((schema, round)) = asked() else { return };
    let database = Database::of(schema.to_str().unwrap());
    let clock = Arc::new(FakeClock::new());
    let ledger = PostgresLedger::open_with_clock(&database.config(), key(), clock).unwrap();
    println!("ready");
    for n in 0.. {
        let id = call(1 + n + 1_000_000 * round);
        let limits = [per_job(i64::from(u32::MAX)), sliding(1 << 40, 60_000), of_agent(1 << 40)];
        let seq = ask(&ledger, &job("j"), id.clone(), &limits, 1).unwrap().unwrap();
        println!("attempt {seq}");
        ledger.append(&job("j"), &mut |_| vec![outcome(id.clone(), seq)]).unwrap();
    }
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
            let seq = ledger.revoke(what.clone(), b"an envelope").unwrap();
            returned.store(true, Ordering::SeqCst);
            seq
        });
        database(rig).wait_for_waiting(1);
        decided.0.send(()).unwrap();
        append.join().unwrap().unwrap();
        revoke.join().unwrap();
    });
    let row = rig.ledger.revocations().unwrap().into_iter().find(|row| row.revocation == what).unwrap();
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
    // The same again is no news.
    let what = RevocationKey { kind: "job".to_owned(), value: "j".to_owned() };
    assert_eq!(rig.ledger.revoke(what, b"another"), Ok(1));
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

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_call_is_settled_for_its_process_once_its_lease_has_lapsed() {
    let rig = postgres();
    let (artifact, trust) = (signed(&policy()), trust());
    let gate = |ledger: &Arc<dyn Ledger>| {
        drop(DynamicGate::open(ready(&artifact, &trust, ledger, "j").opening()).unwrap());
    };
    let mut child = spawn_child("postgres::calling_child", database(&rig).schema.as_ref(), 0);
    child.line("called");
    child.kill();
    let settled = || {
        let is_settled = |body: &Body| match body {
            Body::Outcome(settled) => {
                matches!(&settled.outcome, Outcome::Unknown { code } if code == "process_lost")
            }
            _ => false,
        };
        rig.log(&job("j")).iter().filter(|entry| is_settled(&entry.body)).count()
    };
    rig.clock.pass(29_000);
    gate(&rig.ledger);
    assert_eq!(settled(), 0);
    rig.clock.pass(2_000);
    gate(&rig.ledger);
    gate(&rig.ledger);
    assert_eq!(settled(), 1);
    rig.is_clean();
}

#[test]
#[ignore = "a child of `a_call_is_settled_for_its_process_once_its_lease_has_lapsed`"]
fn calling_child() {
    let Some((schema, _)) = asked() else { return };
    let database = Database::of(schema.to_str().unwrap());
    let clock = Arc::new(FakeClock::new());
    let ledger: Arc<dyn Ledger> =
        Arc::new(PostgresLedger::open_with_clock(&database.config(), key(), clock).unwrap());
    let (artifact, trust) = (signed(&policy()), trust());
    let gate = DynamicGate::open(ready(&artifact, &trust, &ledger, "j").opening()).unwrap();
    let _running = gate.begin_sync(ping(1)).unwrap();
    println!("called");
    loop {
        thread::park();
    }
}

// What is opened.

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn only_init_makes_a_ledger_and_it_replaces_nothing() {
    let database = Database::empty();
    let config = database.config();
    let open = || PostgresLedger::open(&config, key()).map(drop).map_err(|error| error.code());
    assert_eq!(open(), Err("ledger_missing"));
    let racing: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..3).map(|_| scope.spawn(|| PostgresLedger::init(&config, &key().did()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(racing.iter().filter(|made| made.is_ok()).count(), 1, "{racing:?}");
    assert!(racing.iter().flat_map(|made| made.as_ref().err()).all(|error| error.code() == "ledger_exists"));
    assert_eq!(open(), Ok(()));
    let other = PostgresLedger::open(&config, Key::from_seed(&[8; 32])).unwrap_err();
    assert_eq!(other.code(), "ledger_key_differs");
    let reader = PostgresLedger::read_only(&config).unwrap();
    assert_eq!(reader.append(&job("j"), &mut |_| vec![crate::rig::opened()]), Err(LedgerError::NoKey));

    let mut client = database.client();
    for version in [0, 2] {
        client.execute("UPDATE version SET version = $1", &[&i64::from(version)]).unwrap();
        assert_eq!(open(), Err("ledger_version"));
    }
    client.batch_execute("UPDATE version SET version = 1; ALTER TABLE token RENAME TO other").unwrap();
    assert_eq!(open(), Err("ledger_foreign"));
    let trigger = "ALTER TABLE other RENAME TO token; CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS \
                   'BEGIN RETURN NULL; END'; \
                   CREATE TRIGGER no BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION no()";
    client.batch_execute(trigger).unwrap();
    assert_eq!(open(), Err("ledger_foreign"));
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_server_that_may_lose_what_it_committed_is_refused() {
    let database = Database::new();
    let config = |setting: &str| {
        let url = database.url().replace("options=", &format!("options=-csynchronous_commit%3D{setting}%20"));
        PostgresConfig::from_url(&url).unwrap()
    };
    for setting in ["off", "local", "remote_write"] {
        let refused = PostgresLedger::open(&config(setting), key()).unwrap_err();
        let text = refused.to_string();
        assert_eq!(refused.code(), "ledger_setting", "{text}");
        assert!(text.contains(setting) && text.contains("on or remote_apply"), "{text}");
        assert_eq!(
            PostgresLedger::init(&config(setting), &key().did()).unwrap_err().code(),
            "ledger_setting"
        );
    }
    PostgresLedger::open(&config("remote_apply"), key()).unwrap();
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let database = Database::new();
    let config = PostgresConfig::from_url(&format!("{}&sslmode=require", database.url())).unwrap();
    let refused = PostgresLedger::open(&config, key()).unwrap_err();
    assert_eq!(refused.code(), "ledger_unavailable");
    assert!(refused.to_string().contains("TLS"), "{refused}");
}

#[test]
fn no_address_shows_what_is_secret_and_none_goes_without_tls_to_another_machine() {
    let config = PostgresConfig::from_url("postgresql://me:s3cret@db.example:5433/ledgers").unwrap();
    assert_eq!(config.to_string(), "postgresql://db.example:5433/ledgers");
    assert!(!format!("{config:?} {config}").contains("s3cret"));
    for wrong in
        ["postgresql://me:s3cret@db.example/x?s3cret=1", "s3cret", "postgresql://me:s3cret@h:s3cret/x"]
    {
        let error = PostgresConfig::from_url(wrong).unwrap_err();
        assert_eq!(error.code(), "ledger_address");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
    let code = |url: &str| PostgresConfig::from_url(url).map(drop).map_err(|error| error.code());
    assert_eq!(code("postgresql://db.example/x?sslmode=disable"), Err("ledger_insecure"));
    assert_eq!(code("postgresql://10.0.0.1/x?sslmode=disable"), Err("ledger_insecure"));
    assert_eq!(code("host=localhost hostaddr=10.0.0.1 sslmode=disable"), Err("ledger_insecure"));
    assert_eq!(code("postgresql://127.0.0.1,db.example/x?sslmode=disable"), Err("ledger_insecure"));
    for local in
        ["postgresql://127.0.0.1/x", "postgresql://[::1]/x", "host=/run/postgresql", "host=localhost"]
    {
        assert_eq!(
            code(&format!(
                "{local}{}",
                if local.contains("//") { "?sslmode=disable" } else { " sslmode=disable" }
            )),
            Ok(())
        );
    }
}

// Whoever writes to the database beside the ledger.

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn rows_that_the_key_did_not_sign_stop_the_job_and_are_found() {
    let rig = postgres();
    for name in ["j", "k"] {
        open(&*rig.ledger, &job(name));
        ask(&*rig.ledger, &job(name), call(1), &[per_job(1), of_agent(5)], 1).unwrap().unwrap();
    }
    let mut client = database(&rig).client();
    let finds = |sql: &str, undo: &str, code: &str| {
        let mut client = database(&rig).client();
        client.batch_execute(sql).unwrap();
        let checked = rig.ledger.check().unwrap();
        assert!(checked.findings.iter().any(|finding| finding.code == code), "{sql}: {checked:?}");
        client.batch_execute(undo).unwrap();
        rig.is_clean();
    };
    finds(
        "UPDATE meter SET total = 0 WHERE scope = 'job/j'",
        "UPDATE meter SET total = 1 WHERE scope = 'job/j'",
        "meter_differs",
    );
    finds(
        "UPDATE charge SET total = 0 WHERE scope = 'agent/agent-1' AND n = 1",
        "UPDATE charge SET total = 1 WHERE scope = 'agent/agent-1' AND n = 1",
        "window_differs",
    );
    finds(
        "UPDATE entry SET late = true WHERE job = 'j' AND seq = 1",
        "UPDATE entry SET late = false WHERE job = 'j' AND seq = 1",
        "entry_differs",
    );
    finds(
        "UPDATE ledger SET last_at = last_at + 1",
        "UPDATE ledger SET last_at = last_at - 1",
        "ledger_differs",
    );
    // A shorter log, with a row that fits it, is not what the key signed.
    client
        .batch_execute("DELETE FROM charge WHERE job = 'j'; DELETE FROM entry WHERE job = 'j' AND seq = 1; UPDATE job SET size = 1, unsettled = 0 WHERE job = 'j'")
        .unwrap();
    let ledger = again(&rig);
    assert_eq!(ask(&ledger, &job("j"), call(9), &[], 1).unwrap_err().code(), "ledger_tampered");
    assert_eq!(ask(&ledger, &job("k"), call(9), &[], 1), Ok(Ok(2)));
    client.batch_execute("UPDATE ledger SET note = (SELECT note FROM job LIMIT 1)").unwrap();
    let ledger = again(&rig);
    assert_eq!(
        ledger.append(&job("new"), &mut |_| vec![crate::rig::opened()]).unwrap_err().code(),
        "ledger_tampered"
    );
}

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_replica_that_lost_the_tail_is_refused_by_the_pinned_head() {
    let rig = postgres();
    let directory = tempfile::tempdir().unwrap();
    let pin = directory.path().join("ledger.head");
    let ledger = again(&rig).pinned(&pin).unwrap();
    open(&ledger, &job("a"));
    let config = database(&rig).config();
    let mut client = database(&rig).client();
    let (frontier, note): (Vec<u8>, String) = {
        let row = client.query_one("SELECT frontier, note FROM ledger", &[]).unwrap();
        (row.get(0), row.get(1))
    };
    open(&ledger, &job("b"));
    drop(ledger);
    again(&rig).pinned(&pin).unwrap();
    let lose =
        "DELETE FROM entry WHERE job = 'b'; DELETE FROM job WHERE job = 'b'; DELETE FROM leaf WHERE n = 1";
    client.batch_execute(lose).unwrap();
    client.execute("UPDATE ledger SET frontier = $1, note = $2", &[&frontier, &note]).unwrap();
    let older = PostgresLedger::open(&config, key()).unwrap().pinned(&pin).unwrap_err();
    assert_eq!(older.code(), "ledger_behind_checkpoint");
}
