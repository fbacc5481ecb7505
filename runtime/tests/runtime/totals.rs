//! Running totals against the reference: sums over all charges.

use proptest::prelude::*;
use wpc_model::{Charge, History as _, Window, used};

use crate::clock::START_MS;
use crate::rig::{Rig, ask, call, job, memory, open, per_job, sliding, sqlite};

/// Small and full of collisions: pauses, amounts and windows of a few units.
fn charges() -> impl Strategy<Value = Vec<(i64, i64)>> {
    prop::collection::vec((0..4_i64, 0..4_i64), 0..24)
}

fn check(rig: &Rig, history: &[(i64, i64)], max: i64, ms: i64, asked: i64) {
    let (ledger, job) = (&*rig.ledger, job("j"));
    let limits = [per_job(1_000), sliding(max, ms)];
    open(ledger, &job);
    let (mut now, mut made) = (0, Vec::new());
    for (number, &(pause, amount)) in (1..).zip(history) {
        now += pause;
        rig.clock.set(now);
        if ask(ledger, &job, call(number), &limits, amount).unwrap().is_ok() {
            made.extend(limits.iter().map(|limit| Charge {
                counter: limit.bound(None).counter,
                at: START_MS + now,
                amount,
            }));
        }
        for limit in &limits {
            let expect = used(&made, &limit.bound(None), asked, START_MS + now);
            let mut found = None;
            ledger
                .append(&job, &mut |head| {
                    found = head.used(&limit.bound(None), asked);
                    Vec::new()
                })
                .unwrap();
            assert_eq!(found, expect, "{limit:?} at {now}");
            assert!(matches!(limit.window, Window::Job | Window::Sliding { .. }));
        }
    }
    rig.is_clean();
}

proptest! {
    #[test]
    fn sums_of_a_ledger_are_those_of_the_reference(history in charges(), max in 0..8_i64, ms in 1..6_i64, asked in 0..4_i64) {
        check(&memory(), &history, max, ms, asked);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn and_so_are_those_of_a_durable_one(history in charges(), max in 0..8_i64, ms in 1..6_i64, asked in 0..4_i64) {
        check(&sqlite(), &history, max, ms, asked);
    }
}
