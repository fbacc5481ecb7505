//! Several processes on one ledger, and processes that are killed.

use super::*;

const CHILDREN: u64 = 4;
const THREADS: u64 = 4;
const CALLS: u64 = 10;
const FIT: i64 = 50;

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn of_4_processes_racing_exactly_as_many_calls_are_admitted_as_fit() {
    let rig = postgres();
    open(&*rig.ledger, &job("race"));
    open(&*rig.ledger, &job("other"));
    let schema = database(&rig).schema.as_ref();
    let children: Vec<_> =
        (0..CHILDREN).map(|child| spawn_child("postgres::processes::racing_child", schema, child)).collect();
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
    let mut child = spawn_child("postgres::processes::deciding_child", database(&rig).schema.as_ref(), 0);
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
        let mut child = spawn_child("postgres::processes::busy_child", database(&rig).schema.as_ref(), round);
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

#[test]
#[ignore = "needs WPC_TEST_POSTGRES"]
fn a_call_is_settled_for_its_process_once_its_lease_has_lapsed() {
    let rig = postgres();
    let (artifact, trust) = (signed(&policy()), trust());
    let gate = |ledger: &Arc<dyn Ledger>| {
        drop(DynamicGate::open(ready(&artifact, &trust, ledger, "j").opening()).unwrap());
    };
    let mut child = spawn_child("postgres::processes::calling_child", database(&rig).schema.as_ref(), 0);
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
