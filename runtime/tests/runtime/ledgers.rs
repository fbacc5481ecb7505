//! What every ledger promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use wpc::LedgerError;
use wpc::ledger::{Appended, Body, Closing, Ledger, Misplaced, SqliteLedger, Step, Verdict};
use wpc_model::Reason;

use crate::clock::START_MS;
use crate::rig::{
    ask, attempt, call, job, log, on_each, open, opened, outcome, per_job, rule, sliding, sqlite,
};

#[test]
fn an_append_gives_places_and_times_without_gaps() {
    on_each(|rig| {
        let job = job("j");
        let appended = rig.ledger.append(&job, &mut |head| {
            assert!(head.job().is_none());
            vec![opened()]
        });
        assert_eq!(appended, Ok(Appended { first_seq: 0, count: 1, at: START_MS, since: Duration::ZERO }));
        rig.clock.set(5);
        assert_eq!(ask(&*rig.ledger, &job, call(1), &[], 1), Ok(Ok(1)));
        let entries = rig.log(&job);
        assert_eq!(
            entries.iter().map(|entry| (entry.seq, entry.at - START_MS)).collect::<Vec<_>>(),
            [(0, 0), (1, 5)]
        );
        assert!(entries.iter().all(|entry| entry.ledger == *rig.ledger.did() && entry.job == job));
        assert_eq!(rig.ledger.jobs(), Ok(vec![job]));
        rig.is_clean();
    });
}

#[test]
fn a_decision_without_steps_writes_nothing() {
    on_each(|rig| {
        let appended = rig.ledger.append(&job("j"), &mut |_| Vec::new()).unwrap();
        assert_eq!((appended.first_seq, appended.count), (0, 0));
        assert_eq!(rig.ledger.jobs(), Ok(vec![]));
        rig.is_clean();
    });
}

#[test]
fn an_entry_that_cannot_stand_there_is_refused_and_leaves_no_trace() {
    #[track_caller]
    fn check(ledger: &dyn Ledger, name: &str, steps: &[Step], expect: Misplaced) {
        let before = ledger.entries(&job(name), 0, 100);
        let result = ledger.append(&job(name), &mut |_| steps.to_vec());
        assert_eq!(result, Err(LedgerError::Misplaced(expect)));
        assert_eq!(ledger.entries(&job(name), 0, 100), before);
    }
    on_each(|rig| {
        let ledger = &*rig.ledger;
        let allow = |n| attempt(call(n), Verdict::Allow { rule: rule(), charges: vec![] });
        let deny = attempt(call(2), Verdict::Deny { reason: Reason::DefaultDeny, rule: None });
        check(ledger, "j", &[allow(1)], Misplaced::NotOpen);
        check(ledger, "j", &[opened(), opened()], Misplaced::AlreadyOpen);
        open(ledger, &job("j"));
        check(ledger, "j", &[opened()], Misplaced::AlreadyOpen);
        ledger.append(&job("j"), &mut |_| vec![allow(1), deny.clone()]).unwrap();
        check(ledger, "j", &[allow(1)], Misplaced::CallRepeated);
        check(ledger, "j", &[outcome(call(9), 1)], Misplaced::OutcomeUnmatched);
        check(ledger, "j", &[outcome(call(1), 2)], Misplaced::OutcomeUnmatched);
        check(ledger, "j", &[outcome(call(2), 2)], Misplaced::OutcomeUnmatched);
        check(ledger, "j", &[outcome(call(1), 1), outcome(call(1), 1)], Misplaced::OutcomeRepeated);
        ledger.append(&job("j"), &mut |_| vec![outcome(call(1), 1)]).unwrap();
        check(ledger, "j", &[outcome(call(1), 1)], Misplaced::OutcomeRepeated);
        check(ledger, "j", &[Step::Close(Closing::Completed), allow(3)], Misplaced::AfterClosed);
        ledger.append(&job("j"), &mut |_| vec![Step::Close(Closing::Completed)]).unwrap();
        check(ledger, "j", &[allow(3)], Misplaced::AfterClosed);
        // Another job goes on.
        open(ledger, &job("k"));
        assert_eq!(rig.ledger.jobs(), Ok(vec![job("j"), job("k")]));
        rig.is_clean();
    });
}

#[test]
fn the_closing_entry_counts_what_it_closes() {
    on_each(|rig| {
        let (ledger, job) = (&*rig.ledger, job("j"));
        let limit = per_job(3);
        open(ledger, &job);
        for n in 1..=3 {
            ask(ledger, &job, call(n), std::slice::from_ref(&limit), 2).unwrap().ok();
        }
        ledger.append(&job, &mut |_| vec![Step::Close(Closing::Completed)]).unwrap();
        let entries = rig.log(&job);
        let Body::Closed(closed) = &entries.last().unwrap().body else { panic!("{entries:?}") };
        assert_eq!(closed.entries, 4);
        assert_eq!(
            closed.counts.iter().map(|(kind, n)| (kind.as_str(), *n)).collect::<Vec<_>>(),
            [("attempt", 3), ("opened", 1)]
        );
        assert_eq!(closed.unsettled, [call(1)]);
        assert_eq!(closed.totals.iter().collect::<Vec<_>>(), [(&limit.id, &2)]);
        assert_eq!(rig.ledger.check().unwrap().unsettled, 1);
        rig.is_clean();
    });
}

#[test]
fn of_64_threads_racing_exactly_as_many_are_admitted_as_fit() {
    on_each(|rig| {
        let job = job("race");
        open(&*rig.ledger, &job);
        let limits = [per_job(101), sliding(150, 60_000)];
        let (next, admitted) = (AtomicU64::new(1), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    for _ in 0..4 {
                        let id = call(next.fetch_add(1, Ordering::SeqCst));
                        if ask(&*rig.ledger, &job, id, &limits, 1).unwrap().is_ok() {
                            admitted.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        assert_eq!(admitted.load(Ordering::SeqCst), 101);
        assert_eq!(rig.log(&job).len(), 1 + 64 * 4);
        rig.is_clean();
    });
}

#[test]
fn a_window_is_open_at_its_old_end_and_closed_at_its_new_one() {
    on_each(|rig| {
        let (ledger, job) = (&*rig.ledger, job("j"));
        let limits = [sliding(2, 1_000)];
        open(ledger, &job);
        let mut id = 0;
        let mut at = |ms| {
            rig.clock.set(ms);
            id += 1;
            ask(ledger, &job, call(id), &limits, 1).unwrap().map(|_| ())
        };
        assert_eq!(at(0), Ok(()));
        assert_eq!(at(400), Ok(()));
        // Both are in (now - 1000, now]; the first leaves at 1000.
        assert_eq!(at(400), Err(Some(START_MS + 1_000)));
        assert_eq!(at(999), Err(Some(START_MS + 1_000)));
        assert_eq!(at(1_000), Ok(()));
        assert_eq!(at(1_399), Err(Some(START_MS + 1_400)));
        assert_eq!(at(1_400), Ok(()));
        assert_eq!(at(10_000), Ok(()));
        rig.is_clean();
    });
}

#[test]
fn a_call_that_never_fits_frees_up_never() {
    on_each(|rig| {
        open(&*rig.ledger, &job("j"));
        let limits = [sliding(2, 1_000)];
        assert_eq!(ask(&*rig.ledger, &job("j"), call(1), &limits, 3), Ok(Err(None)));
        assert_eq!(ask(&*rig.ledger, &job("j"), call(2), &[per_job(2)], 3), Ok(Err(None)));
    });
}

#[test]
fn time_never_runs_backwards_and_a_clock_far_behind_is_refused() {
    on_each(|rig| {
        let (ledger, job) = (&*rig.ledger, job("j"));
        rig.clock.set(10_000);
        open(ledger, &job);
        rig.clock.set(5_000);
        let appended = ledger.append(&job, &mut |head| {
            assert_eq!(head.now_ms(), START_MS + 10_000);
            vec![attempt(call(1), Verdict::Deny { reason: Reason::DefaultDeny, rule: None })]
        });
        assert_eq!(appended.unwrap().at, START_MS + 10_000);
        rig.clock.set(4_999);
        let behind = Err(LedgerError::ClockBehind { behind_ms: 5_001 });
        assert_eq!(ask(ledger, &job, call(2), &[], 1), behind);
        // Another job's entries are as good a witness of the time.
        assert_eq!(ledger.append(&crate::rig::job("k"), &mut |_| vec![opened()]).map(|_| Ok(0)), behind);
        rig.clock.set(-START_MS - 1);
        assert_eq!(ask(ledger, &job, call(2), &[], 1), Err(LedgerError::ClockOutOfRange));
        rig.is_clean();
    });
}

/// A check knows of each time that a ledger keeps where it came from.
#[test]
fn what_is_no_entry_leaves_a_sound_ledger_too() {
    on_each(|rig| {
        let (ledger, job) = (&*rig.ledger, job("j"));
        open(ledger, &job);
        rig.clock.set(1_000);
        ledger.append(&job, &mut |_| Vec::new()).unwrap();
        rig.is_clean();
        rig.clock.set(2_000);
        ledger.anchor().unwrap();
        ask(ledger, &job, call(1), &[], 1).unwrap().unwrap();
        rig.clock.set(3_000);
        ledger.anchor().unwrap();
        rig.is_clean();
        // Nothing has grown.
        rig.clock.set(4_000);
        ledger.anchor().unwrap();
        rig.is_clean();
        let what = wpc::ledger::RevocationKey { kind: "job".to_owned(), value: "k".to_owned() };
        assert_eq!(ledger.revoke(1, what.clone(), b"an envelope"), Ok(()));
        rig.is_clean();
        rig.clock.set(5_000);
        // Out of turn, as when somebody else's came between; then in its turn.
        for seq in [0, 1, 3, u64::MAX] {
            let refused = ledger.revoke(seq, what.clone(), b"an envelope").unwrap_err();
            assert_eq!(refused.code(), "revocation_gap");
        }
        assert_eq!(ledger.revoke(2, what, b"an envelope"), Ok(()));
        assert_eq!(ledger.revocations(0).unwrap().len(), 2);
        rig.is_clean();
        // Each is a witness of the time.
        rig.clock.set(-1);
        assert_eq!(ask(ledger, &job, call(2), &[], 1), Err(LedgerError::ClockBehind { behind_ms: 5_001 }));
    });
}

#[test]
fn a_charge_that_does_not_follow_from_the_ledger_is_refused() {
    on_each(|rig| {
        let job = job("j");
        open(&*rig.ledger, &job);
        let charge = |before, amount| wpc::ledger::Charged {
            counter: per_job(9).bound(None).counter,
            before,
            amount,
            window_ms: None,
        };
        for charges in [vec![charge(1, 1)], vec![charge(0, -1)], vec![charge(0, i64::MAX)]] {
            let step = attempt(call(1), Verdict::Allow { rule: rule(), charges });
            let result = rig.ledger.append(&job, &mut |_| vec![step.clone()]);
            assert!(matches!(result, Err(LedgerError::Misplaced(_))), "{result:?}");
        }
        rig.is_clean();
    });
}

#[test]
fn a_reopened_ledger_continues_the_jobs_sequence_and_sums() {
    let rig = sqlite();
    let (job, limits) = (job("j"), [per_job(2)]);
    open(&*rig.ledger, &job);
    assert_eq!(ask(&*rig.ledger, &job, call(1), &limits, 1), Ok(Ok(1)));
    let again =
        SqliteLedger::open_with_clock(rig.path.as_ref().unwrap(), crate::rig::key(), rig.clock.clone())
            .unwrap();
    assert_eq!(again.did(), rig.ledger.did());
    assert_eq!(ask(&again, &job, call(2), &limits, 1), Ok(Ok(2)));
    assert_eq!(ask(&again, &job, call(3), &limits, 1), Ok(Err(None)));
    let entries = log(&again, &job);
    assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [0, 1, 2, 3]);
    // Two instances wrote, and the entries say which.
    assert_eq!(entries[0].instance, entries[1].instance);
    assert_ne!(entries[1].instance, entries[2].instance);
    rig.is_clean();
}

#[test]
fn a_decision_that_panics_stops_the_ledger_and_not_the_program() {
    on_each(|rig| {
        let (ledger, job) = (Arc::clone(&rig.ledger), job("j"));
        open(&*ledger, &job);
        let panicking = Arc::clone(&ledger);
        let thread = thread::spawn(move || panicking.append(&crate::rig::job("j"), &mut |_| panic!("a bug")));
        assert!(thread.join().is_err());
        let result = ask(&*ledger, &job, call(1), &[], 1);
        assert_eq!(result.unwrap_err().code(), "ledger_unavailable");
    });
}
