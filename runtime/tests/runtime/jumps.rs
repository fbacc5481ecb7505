//! Clocks that jump (SECURITY.md 1.13).

use wpc::ledger::{Body, Ledger, LedgerError, SqliteLedger};
use wpc::{DynamicGate, Outcome, SelfIssued, approval};
use wpc_evidence::statement::{Revoked, Statement as _};
use wpc_model::{Hash, Policy, encode};

use crate::clock::START_MS;
use crate::policy::{author, ping, policy, ready, signed, trust};
use crate::rig::{Rig, ask, call, job, key, on_each, open, sliding, sqlite};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// The tests' policy, whose token is bound to its job.
fn bound() -> Policy {
    let mut policy = policy();
    (policy.auth.pin_policy_hash, policy.auth.job_scoped_binding) = (true, true);
    policy.normalise()
}

fn agent() -> wpc::Key {
    wpc::Key::from_seed(&[32; 32])
}

fn issued(rig: &Rig, name: &str) -> SelfIssued {
    let hash = Hash::of(&encode(&bound()));
    SelfIssued::new(&author(), &agent(), &*rig.ledger, &job(name), hash, 900).unwrap()
}

fn gate(rig: &Rig, name: &str) -> DynamicGate {
    let (artifact, trust) = (signed(&bound()), trust());
    let token = issued(rig, name);
    DynamicGate::open(ready(&artifact, &trust, &rig.ledger, name).opening_for(token.identity())).unwrap()
}

fn asked(gate: &DynamicGate) -> &'static str {
    match gate.begin_sync(ping(1)) {
        Ok(running) => {
            running.finish_sync(Outcome::Done);
            "allow"
        }
        Err(refused) => refused.code(),
    }
}

fn accepted(rig: &Rig, name: &str) -> Vec<(i64, i64)> {
    let of = |body: &Body| match body {
        Body::ClockAccepted(accepted) => Some((accepted.wall - START_MS, accepted.ledger_at - START_MS)),
        _ => None,
    };
    rig.log(&job(name)).iter().filter_map(|entry| of(&entry.body)).collect()
}

#[test]
fn a_clock_that_jumps_ahead_is_not_believed_before_somebody_accepts_it() {
    on_each(|rig| {
        let gate = gate(rig, "j");
        assert_eq!(asked(&gate), "allow");
        rig.clock.pass(1_000);
        rig.clock.jump(DAY);
        // Nothing is recorded of it, so that windows do not empty early.
        assert_eq!(asked(&gate), "clock_jumped");
        assert_eq!(
            ask(&*rig.ledger, &job("j"), call(1), &[], 1),
            Err(LedgerError::ClockJumped { by_ms: DAY })
        );
        assert_eq!(rig.log(&job("j")).last().unwrap().at, START_MS);
        rig.clock.pass(60_000);
        assert_eq!(asked(&gate), "clock_jumped");
        // Set right again, it is believed again.
        rig.clock.jump(-DAY);
        assert_eq!(asked(&gate), "allow");
        rig.clock.jump(DAY);
        assert_eq!(asked(&gate), "clock_jumped");
        let accepted_now = rig.ledger.accept_clock("did:key:operator").unwrap();
        assert_eq!((accepted_now.wall, accepted_now.ledger_at), (START_MS + DAY + 61_000, START_MS + 61_000));
        // The token has expired by that clock, and another is taken.
        assert_eq!(asked(&gate), "token_expired");
        gate.renew(issued(rig, "j").presented()).unwrap();
        assert_eq!(asked(&gate), "allow");
        assert_eq!(accepted(rig, "j"), [(DAY + 61_000, 61_000)]);
        assert_eq!(asked(&gate), "allow");
        rig.is_clean();
    });
}

#[test]
fn a_clock_that_jumps_back_stands_still_once_it_is_accepted() {
    on_each(|rig| {
        let gate = gate(rig, "j");
        assert_eq!(asked(&gate), "allow");
        rig.clock.pass(600_000);
        assert_eq!(asked(&gate), "allow");
        rig.clock.jump(-HOUR);
        assert_eq!(asked(&gate), "clock_behind");
        rig.ledger.accept_clock("operator").unwrap();
        assert_eq!(asked(&gate), "allow");
        let last = || rig.log(&job("j")).last().unwrap().at;
        assert_eq!(last(), START_MS + 600_000);
        // Time stands still and what has expired stays expired.
        rig.clock.pass(HOUR as u64 - 10_000);
        assert_eq!(asked(&gate), "allow");
        assert_eq!(last(), START_MS + 600_000);
        rig.clock.pass(310_000);
        assert_eq!(asked(&gate), "token_expired");
        gate.renew(issued(rig, "j").presented()).unwrap();
        assert_eq!(asked(&gate), "allow");
        // Back once more, and nobody accepted that.
        rig.clock.jump(-HOUR);
        assert_eq!(asked(&gate), "clock_behind");
        assert_eq!(accepted(rig, "j"), [(600_000 - HOUR, 600_000)]);
        rig.is_clean();
    });
}

/// While nothing is recorded the ledger's last entry tells nothing of the clock; the steady one does.
#[test]
fn nothing_lives_again_when_the_clock_goes_back_within_a_pause() {
    on_each(|rig| {
        let gate = gate(rig, "j");
        assert_eq!(asked(&gate), "allow");
        // The token would have expired; the clock says that it has not.
        rig.clock.pass(1_000_000);
        rig.clock.jump(-900_000);
        assert_eq!(asked(&gate), "clock_jumped");
        let (artifact, trust) = (signed(&bound()), trust());
        let token = issued(rig, "k");
        let place = ready(&artifact, &trust, &rig.ledger, "k");
        let opened = DynamicGate::open(place.opening_for(token.identity()));
        assert_eq!(opened.unwrap_err().code(), "clock_jumped");
        // Within the tolerance nothing happens.
        rig.clock.jump(895_001);
        assert_eq!(asked(&gate), "token_expired");
        rig.is_clean();
    });
}

#[test]
fn an_acceptance_is_of_one_jump() {
    on_each(|rig| {
        let gate = gate(rig, "j");
        rig.ledger.accept_clock("operator").unwrap();
        assert_eq!(asked(&gate), "allow");
        rig.clock.jump(10_000);
        assert_eq!(asked(&gate), "clock_jumped");
        // Another jump after it was accepted, before anybody asked.
        rig.ledger.accept_clock("operator").unwrap();
        rig.clock.jump(20_000);
        assert_eq!(asked(&gate), "clock_jumped");
        rig.ledger.accept_clock("operator").unwrap();
        assert_eq!(asked(&gate), "allow");
        assert_eq!(accepted(rig, "j").len(), 3);
        for by in ["", "a\nb"] {
            assert_eq!(rig.ledger.accept_clock(by).unwrap_err().code(), "entry_malformed");
        }
        rig.is_clean();
    });
}

#[test]
fn closed_jobs_keep_their_end_and_others_are_told() {
    on_each(|rig| {
        let (one, _other) = (gate(rig, "j"), gate(rig, "k"));
        one.close().unwrap();
        rig.clock.jump(DAY);
        rig.ledger.accept_clock("operator").unwrap();
        assert_eq!((accepted(rig, "j").len(), accepted(rig, "k").len()), (0, 1));
        rig.is_clean();
    });
}

/// Steps within the tolerance, and time that passes, are no jumps.
#[test]
fn clocks_that_are_slewed_are_believed() {
    on_each(|rig| {
        open(&*rig.ledger, &job("j"));
        for n in 0..20 {
            rig.clock.pass(7_200_000);
            rig.clock.jump(if n % 2 == 0 { 4_999 } else { -4_999 });
            ask(&*rig.ledger, &job("j"), call(n), &[sliding(1, 1_000)], 1).unwrap().unwrap();
        }
        rig.is_clean();
    });
}

/// Another process accepts it, as the command line does.
#[test]
fn an_acceptance_reaches_the_gates_of_other_processes() {
    let rig = sqlite();
    let gate = gate(&rig, "j");
    assert_eq!(asked(&gate), "allow");
    rig.clock.jump(-HOUR);
    assert_eq!(asked(&gate), "clock_behind");
    let path = rig.path.clone().unwrap();
    let other = SqliteLedger::open_with_clock(&path, key(), rig.clock.clone()).unwrap();
    assert_eq!(ask(&other, &job("j"), call(1), &[], 1).unwrap_err().code(), "clock_behind");
    other.accept_clock("operator").unwrap();
    rig.clock.pass(30_000);
    assert_eq!(asked(&gate), "allow");
    assert_eq!(ask(&other, &job("j"), call(1), &[], 1).map(|asked| asked.is_ok()), Ok(true));
    // A process that starts later reads it too.
    let later = SqliteLedger::open_with_clock(&path, key(), rig.clock.clone()).unwrap();
    assert_eq!(ask(&later, &job("j"), call(2), &[], 1).map(|asked| asked.is_ok()), Ok(true));
    rig.is_clean();
}

/// Whoever revokes while the clock is off is told so, and the revocation holds once it is accepted.
#[test]
fn a_revocation_waits_for_the_clock_as_calls_do() {
    on_each(|rig| {
        let gate = gate(rig, "j");
        rig.clock.jump(DAY);
        let revoker = wpc::Key::from_seed(&[44; 32]);
        let trust = format!(
            r#"{{"v":1,"principals":[{{"name":"revoker","keys":["{}"],"roles":["revoker"]}}]}}"#,
            revoker.did()
        );
        let trust = wpc::Trust::parse(trust.as_bytes()).unwrap();
        let next = approval::next_revocation(&*rig.ledger, &trust, Revoked::Job(job("j")), START_MS).unwrap();
        let statement = next.sign(&[revoker]).unwrap();
        let refused = approval::revoke(&*rig.ledger, &trust, &statement).unwrap_err();
        assert_eq!(refused.code(), "clock_jumped");
        rig.ledger.accept_clock("operator").unwrap();
        approval::revoke(&*rig.ledger, &trust, &statement).unwrap();
        assert_eq!(asked(&gate), "job_revoked");
    });
}
