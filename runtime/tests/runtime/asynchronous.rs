//! Callers that must not block, and futures that are dropped.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use rusqlite::Connection;
use wpc::ledger::{Body, SqliteLedger};
use wpc::{DynamicGate, Outcome};
use wpc_model::Measured;

use crate::policy::{ping, policy, ready, send, signed, trust};
use crate::rig::{Rig, job, log, on_each, sqlite};

/// Any executor will do; this is the least one.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn open(rig: &Rig) -> DynamicGate {
    let (artifact, trust) = (signed(&policy()), trust());
    DynamicGate::open(ready(&artifact, &trust, &rig.ledger, "j").opening()).unwrap()
}

#[test]
fn a_question_is_answered_without_blocking_and_leaves_its_refusal_alone() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    on_each(|rig| {
        let gate = open(rig);
        let size = || log(&*rig.ledger, &job("j")).len();
        let before = size();
        block_on(is_send(async {
            is_send(gate.ask(send("orders", &[1]))).await.unwrap();
            assert_eq!(gate.ask(send("prod", &[1])).await.unwrap_err().code(), "explicit_deny");
            assert_eq!(gate.ask(ping(i64::MAX)).await.unwrap_err().code(), "out_of_range");
        }));
        let entries = log(&*rig.ledger, &job("j"));
        let [.., Body::Attempt(attempt), Body::Refused(_)] =
            entries.iter().map(|entry| &entry.body).collect::<Vec<_>>()[..]
        else {
            panic!("{entries:?}")
        };
        assert_eq!((attempt.action.as_str(), entries.len()), ("send", before + 2));
        // Whoever goes away has asked, or has not.
        {
            let mut asked = pin!(gate.ask(send("prod", &[1])));
            let _unanswered = poll_once(asked.as_mut());
        }
        block_on(gate.ask(send("orders", &[1]))).unwrap();
        assert!((before + 2..=before + 3).contains(&size()));
        gate.begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
        rig.is_clean();
    });
}

#[test]
fn a_call_begins_and_ends_without_blocking() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    on_each(|rig| {
        let gate = open(rig);
        block_on(is_send(async {
            let running = is_send(gate.begin(send("orders", &[1]))).await.unwrap();
            is_send(running.finish(Outcome::Done)).await;
            let no = gate.begin(send("prod", &[1])).await.unwrap_err();
            assert_eq!(no.code(), "explicit_deny");
            let no = is_send(gate.begin_json(b"{", Measured::Accept)).await.unwrap_err();
            assert_eq!(no.code(), "not_json");
        }));
        let kinds: Vec<_> = rig.log(&job("j")).iter().map(|entry| entry.body.kind()).collect();
        assert_eq!(kinds, ["opened", "attempt", "outcome", "attempt", "refused"]);
        rig.is_clean();
    });
}

#[test]
fn a_call_that_is_never_polled_was_never_asked() {
    on_each(|rig| {
        let gate = open(rig);
        drop(gate.begin(send("orders", &[1])));
        block_on(async { gate.begin(ping(1)).await.unwrap().finish(Outcome::Done).await });
        assert_eq!(rig.log(&job("j")).len(), 3);
    });
}

#[test]
fn an_outcome_is_recorded_even_if_nobody_waits_for_it() {
    on_each(|rig| {
        let gate = open(rig);
        let running = block_on(gate.begin(send("orders", &[1]))).unwrap();
        running.begin_effect().unwrap();
        drop(running.finish(Outcome::Done));
        // Tasks are done in order.
        block_on(gate.begin(ping(1))).unwrap().finish_sync(Outcome::Done);
        let log = rig.log(&job("j"));
        let Body::Outcome(settled) = &log[2].body else { panic!("{log:?}") };
        assert_eq!(settled.outcome, Outcome::Done);
    });
}

#[test]
fn what_never_began_is_not_recorded_as_done() {
    on_each(|rig| {
        let gate = open(rig);
        block_on(async { gate.begin(send("orders", &[1])).await.unwrap().finish(Outcome::Done).await });
        let log = rig.log(&job("j"));
        let Body::Outcome(settled) = &log[2].body else { panic!("{log:?}") };
        assert_eq!(settled.outcome, Outcome::Unknown { code: "permit_unspent".to_owned() });
    });
}

#[test]
fn a_cancelled_body_is_recorded_as_abandoned() {
    on_each(|rig| {
        let gate = open(rig);
        let body = async {
            let _running = gate.begin(send("orders", &[1])).await.unwrap();
            std::future::pending::<()>().await;
        };
        let mut body = Box::pin(body);
        while rig.log(&job("j")).len() < 2 {
            assert!(poll_once(body.as_mut()).is_pending());
        }
        // Once more, so that the answer has surely been taken.
        thread::sleep(std::time::Duration::from_millis(20));
        assert!(poll_once(body.as_mut()).is_pending());
        drop(body);
        block_on(gate.begin(ping(1))).unwrap().finish_sync(Outcome::Done);
        let log = rig.log(&job("j"));
        let Body::Outcome(settled) = &log[2].body else { panic!("{log:?}") };
        assert_eq!(settled.outcome, Outcome::Abandoned);
        rig.is_clean();
    });
}

/// While another process holds the ledger, appends wait; the caller does not.
struct Held {
    rig: Rig,
    gate: DynamicGate,
    holder: Connection,
}

impl Held {
    fn new() -> Self {
        let rig = sqlite();
        let gate = open(&rig);
        let holder = Connection::open(rig.path.as_ref().unwrap()).unwrap();
        holder.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self { rig, gate, holder }
    }

    /// The log once the ledger has done all that it was asked, in few words.
    fn release(self) -> Vec<&'static str> {
        self.holder.execute_batch("ROLLBACK").unwrap();
        drop(self.gate);
        let (path, clock) = (self.rig.path.clone().unwrap(), self.rig.clock.clone());
        // What is on its way keeps the ledger; its thread ends after that.
        let ledger = Arc::downgrade(&self.rig.ledger);
        let Rig { directory: _directory, ledger: own, .. } = self.rig;
        drop(own);
        while ledger.strong_count() > 0 {
            thread::yield_now();
        }
        let again = SqliteLedger::open_with_clock(&path, crate::rig::key(), clock).unwrap();
        assert_eq!(wpc::Ledger::check(&again).unwrap().findings, []);
        let entries = log(&again, &job("j"));
        entries
            .iter()
            .map(|entry| match &entry.body {
                Body::Outcome(settled) => settled.outcome.word(),
                body => body.kind(),
            })
            .collect()
    }
}

#[test]
fn a_call_dropped_while_its_append_runs_is_abandoned_or_was_never_asked() {
    for polls in 1..4 {
        for wait_ms in [0, 1, 30] {
            let held = Held::new();
            let mut begin = Box::pin(held.gate.begin(send("orders", &[1])));
            for _ in 0..polls {
                assert!(poll_once(begin.as_mut()).is_pending());
            }
            thread::sleep(std::time::Duration::from_millis(wait_ms));
            drop(begin);
            let log = held.release();
            assert!(log == ["opened"] || log == ["opened", "attempt", "abandoned"], "{log:?}");
        }
    }
}

#[test]
fn an_answer_that_nobody_takes_is_abandoned() {
    let held = Held::new();
    let mut begin = Box::pin(held.gate.begin(send("orders", &[1])));
    assert!(poll_once(begin.as_mut()).is_pending());
    held.holder.execute_batch("ROLLBACK").unwrap();
    // The attempt is there, and the future was not polled since.
    while held.rig.log(&job("j")).len() < 2 {
        thread::yield_now();
    }
    thread::sleep(std::time::Duration::from_millis(30));
    drop(begin);
    held.holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(held.release(), ["opened", "attempt", "abandoned"]);
}

#[test]
fn a_dropped_outcome_and_a_dropped_body_reach_the_ledger_before_it_ends() {
    let held = Held::new();
    held.holder.execute_batch("ROLLBACK").unwrap();
    let first = block_on(held.gate.begin(send("orders", &[1]))).unwrap();
    let second = block_on(held.gate.begin(send("orders", &[1]))).unwrap();
    held.holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut finish = Box::pin(first.finish(Outcome::Failed { code: "x".to_owned() }));
    assert!(poll_once(finish.as_mut()).is_pending());
    drop(finish);
    drop(second);
    assert_eq!(held.release(), ["opened", "attempt", "attempt", "failed", "abandoned"]);
}

#[test]
fn of_64_calls_at_once_exactly_as_many_begin_as_fit() {
    on_each(|rig| {
        let gate = open(rig);
        let mut calls: Vec<_> = (0..64).map(|_| Box::pin(gate.begin(send("orders", &[1])))).collect();
        // All are asked before any is answered, and share transactions.
        let mut admitted = Vec::new();
        while !calls.is_empty() {
            calls.retain_mut(|call| match poll_once(call.as_mut()) {
                Poll::Pending => true,
                Poll::Ready(result) => {
                    admitted.extend(result.ok());
                    false
                }
            });
            thread::yield_now();
        }
        assert_eq!(admitted.len(), 5);
        for running in admitted {
            block_on(running.finish(Outcome::Done));
        }
        assert_eq!(rig.log(&job("j")).len(), 1 + 64 + 5);
        rig.is_clean();
    });
}
