//! Revocations that were lifted: calls between a lift and the next revocation hold, calls within one do not.

use wpc::Clock as _;
use wpc::bundle::{Code, Options, Parts, Report, Verdict, verify};
use wpc_evidence::statement::{Revocation, Revoked, Statement as _};
use wpc_model::Hash;

use crate::forged::with;
use crate::told::told;
use crate::world::{World, agent, issuer, plan, revoker, trust};

use crate::tampered::{attempt, refuses_parts, report};

pub(crate) fn kinds() -> [(Revoked, &'static str); 2] {
    [
        (Revoked::Agent(agent().did().to_string()), "agent_revoked"),
        (Revoked::IssuerKey(issuer().did()), "issuer_revoked"),
    ]
}

/// A call, a revocation, what lifts it, a call, and the second revocation; ten seconds after each.
pub(crate) fn lifted(revoked: &Revoked, code: &str) -> World {
    let world = World::memory();
    world.planned("web", "h");
    world.revoke(revoked.clone());
    world.clock.pass(10_000);
    world.denied(plan("web", "a note", 1), code);
    world.clock.pass(10_000);
    world.revoke(revoked.lifted_by().unwrap());
    world.planned("web", "between");
    world.clock.pass(10_000);
    world.revoke(revoked.clone());
    world.denied(plan("web", "a note", 1), code);
    world
}

/// The call after the lift: its place in the log.
fn between(entries: &mut [wpc::ledger::Entry]) -> (usize, i64) {
    let (at, _) = attempt(entries, |attempt| attempt.revocation_seq == 2);
    (at, entries[at].at)
}

#[test]
fn a_call_between_a_lift_and_the_next_revocation_holds() {
    for (revoked, code) in kinds() {
        let world = lifted(&revoked, code);
        world.gate.close().unwrap();
        assert_eq!(world.parts().revocations.len(), 3);
        let report = report(&world.bundle());
        assert_eq!(report.verdict(), Verdict::Verified, "{}", told(&report));
        assert_eq!(report.counts.allowed, 2);
    }
}

#[test]
fn a_call_within_a_revocation_does_not() {
    for (revoked, code) in kinds() {
        let parts = lifted(&revoked, code).parts();
        let differs = |change: &dyn Fn(&mut wpc::ledger::Entry)| {
            let forged = with(&parts, |entries| {
                let (at, _) = between(entries);
                change(&mut entries[at]);
                // Nothing after it is earlier.
                let first = entries[at].at;
                entries.iter_mut().skip(at).for_each(|entry| entry.at = entry.at.max(first));
            });
            refuses_parts(&forged, Code::EffectAfterRevocation);
        };
        // By the ledger's own count; by its clock, before the lift and after the second revocation.
        differs(&|entry| known(entry, 1));
        differs(&|entry| known(entry, 3));
        differs(&|entry| entry.at -= 5_000);
        differs(&|entry| entry.at += 20_000);
        // By both, either way around.
        differs(&|entry| {
            known(entry, 1);
            entry.at -= 5_000;
        });
    }
}

fn known(entry: &mut wpc::ledger::Entry, revocations: u64) {
    let wpc::ledger::Body::Attempt(attempt) = &mut entry.body else { panic!() };
    attempt.revocation_seq = revocations;
}

#[test]
fn a_ledger_cannot_lift_by_itself() {
    for (revoked, code) in kinds() {
        let world = lifted(&revoked, code);
        let parts = world.parts();
        let refuses = |change: &dyn Fn(&mut Parts), code| {
            let mut forged = parts.clone();
            change(&mut forged);
            refuses_parts(&forged, code);
        };
        // Without what lifts, the call is one that was stopped.
        let without = |index: usize| move |parts: &mut Parts| drop(parts.revocations.remove(index));
        refuses(&without(1), Code::EffectAfterRevocation);
        // Without what was lifted, something is missing; without the second one too, it is the log that tells.
        refuses(&without(0), Code::SeqGap);
        refuses(&|parts| parts.revocations.clear(), Code::EffectAfterRevocation);
        // In another order, at another place, or twice.
        refuses(&|parts| parts.revocations.swap(0, 1), Code::SeqGap);
        refuses(&|parts| parts.revocations[1].seq = 1, Code::SeqGap);
        refuses(
            &|parts| {
                let (one, two) = (parts.revocations[0].seq, parts.revocations[1].seq);
                (parts.revocations[0].seq, parts.revocations[1].seq) = (two, one);
                parts.revocations.swap(0, 1);
            },
            Code::SeqGap,
        );
        refuses(&|parts| parts.revocations.insert(1, parts.revocations[1].clone()), Code::SeqGap);
        // Taken before it was signed, or before what it lifts was taken.
        refuses(&|parts| parts.revocations[1].at -= 10_000, Code::TimeBackwards);
        refuses(&|parts| parts.revocations[1].at = parts.revocations[0].at - 1, Code::TimeBackwards);
        // Signed by somebody else.
        let signed_by = |key: wpc::Key| {
            let lift = Revocation::verify(&parts.revocations[1].envelope, &trust()).unwrap().statement;
            lift.sign(&[key]).unwrap()
        };
        for (key, code) in
            [(issuer(), Code::RoleMismatch), (wpc::Key::from_seed(&[99; 32]), Code::SignerUntrusted)]
        {
            let envelope = signed_by(key);
            refuses(&|parts| parts.revocations[1].envelope.clone_from(&envelope), code);
        }
    }
}

/// What the log tells late, the signed revocation dates: a token that was issued in between was never revoked.
#[test]
fn a_revocation_that_is_told_late_stops_no_later_token() {
    let world = World::memory();
    world.revoke(Revoked::Agent(agent().did().to_string()));
    world.clock.pass(5_000);
    let later = world.another(crate::world::JOB);
    world.clock.pass(1_000);
    // The first gate holds the older token, and is the first to look.
    world.denied(plan("web", "a note", 1), "agent_revoked");
    later.begin_sync(plan("web", "a note", 1)).unwrap().finish_sync(wpc::Outcome::Done);
    later.close().unwrap();
    let report = report(&world.bundle());
    assert_eq!(report.verdict(), Verdict::Verified, "{}", told(&report));
}

/// The revoker's own log is held against the job in the same way.
#[test]
fn the_revokers_log_has_intervals_too() {
    for (revoked, _) in kinds() {
        let world = World::memory();
        // After its token was issued there is room for all of it.
        world.clock.pass(300_000);
        world.planned("web", "h");
        world.gate.close().unwrap();
        let (bundle, at) = (world.bundle(), world.clock.wall_ms());
        let lift = revoked.lifted_by().unwrap();
        let says = |statements: &[(i64, &Revoked)]| -> Report {
            let mut prev = None;
            let mut log = Vec::new();
            for (seq, (at, revoked)) in (1..).zip(statements) {
                let one = Revocation { seq, prev, at: *at, revoked: (*revoked).clone() };
                prev = Some(Hash::of(&one.encode().unwrap()));
                log.push(one.sign(&[revoker()]).unwrap());
            }
            verify(&bundle, &trust(), &Options { revocations: Some(&log), ..Options::default() })
        };
        let within = |report: &Report| {
            report.findings.iter().any(|finding| finding.code == Code::EffectAfterRevocation)
        };
        let other = Revoked::Agent("another".to_owned());
        // Lifted before the call, and revoked again after it.
        let fine = says(&[(at - 200_000, &revoked), (at - 100_000, &lift), (at + 5_000, &revoked)]);
        assert_eq!(fine.verdict(), Verdict::Verified, "{}", told(&fine));
        // Revoked again before it.
        let again = [(at - 200_000, &revoked), (at - 100_000, &lift), (at - 50_000, &revoked)];
        assert!(within(&says(&again)));
        // Lifted after it; a second before it is within what clocks may differ.
        assert!(within(&says(&[(at - 200_000, &revoked), (at + 10_000, &lift)])));
        assert!(!within(&says(&[(at - 200_000, &revoked), (at + 1_000, &lift)])));
        // Another one's lift lifts nothing of this one's.
        let others =
            [(at - 200_000, &revoked), (at - 150_000, &other), (at - 100_000, &other.lifted_by().unwrap())];
        assert!(within(&says(&others)));
        // A lift of what is not revoked: such a log is none.
        for bad in [
            vec![(at - 200_000, &other), (at - 100_000, &lift)],
            vec![(at - 300_000, &revoked), (at - 200_000, &lift), (at - 100_000, &lift)],
        ] {
            let report = says(&bad);
            assert_eq!(report.findings[0].code, Code::Malformed, "{}", told(&report));
        }
    }
}
