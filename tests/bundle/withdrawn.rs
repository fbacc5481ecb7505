//! Tokens, approvals and revocations that a log does not bear out.

use std::env;

use wpc::bundle::{Code, Options, Parts, Report, Verdict, verify};
use wpc::ledger::{Body, Entry, Proof};
use wpc_evidence::statement::{Revoked, Statement as _};
use wpc_model::Hash;

use crate::forged::{self, anchor, with};
use crate::told::told;
use crate::world::{
    World, agent, alice, author, call, dropping, issuer, plan, revoker, secret, trust, trust_of,
};

use crate::tampered::{allowed, attempt, payload, refuses_parts, report};

#[test]
fn tokens_must_be_valid_when_calls_are_decided() {
    let parts = World::memory().live().parts();
    let refuses = |change: &dyn Fn(&mut Vec<Entry>), code| {
        refuses_parts(&with(&parts, |entries| change(entries)), code);
    };
    let late = |entries: &mut Vec<Entry>| {
        for entry in entries.iter_mut().skip(2) {
            entry.at += 2_000_000;
        }
    };
    refuses(&late, Code::TokenNotValidAt);
    refuses(&|entries| attempt(entries, allowed).1.jti = None, Code::TokenNotValidAt);
    refuses(&|entries| attempt(entries, allowed).1.jti = Some("another".to_owned()), Code::TokenNotValidAt);
    let token = |change: fn(&mut wpc::ledger::Taken)| {
        move |entries: &mut Vec<Entry>| {
            let Body::Token(taken) = &mut entries[1].body else { panic!() };
            change(taken);
        }
    };
    refuses(&token(|taken| taken.exp += 1_000), Code::ClaimsMismatch);
    refuses(&token(|taken| taken.iat -= 1), Code::ClaimsMismatch);
    refuses(&token(|taken| taken.jti.push('x')), Code::ClaimsMismatch);
    refuses(&token(|taken| taken.issuer = author().did()), Code::ClaimsMismatch);
    refuses(&token(|taken| taken.scope_hash = Hash::of(b"")), Code::ClaimsMismatch);
    refuses(&token(|taken| taken.proof = Proof::Bearer), Code::ClaimsMismatch);
    refuses(&token(|taken| taken.grant = Hash::of(b"")), Code::GrantMissing);
    let opened = |change: fn(&mut wpc::ledger::Opened)| {
        move |entries: &mut Vec<Entry>| {
            let Body::Opened(opened) = &mut entries[0].body else { panic!() };
            change(opened);
        }
    };
    refuses(&opened(|opened| opened.agent.push('x')), Code::AgentMismatch);
    refuses(&opened(|opened| opened.policy.push('x')), Code::PolicyMismatch);
    refuses(&opened(|opened| opened.policy_hash = Hash::of(b"")), Code::PolicyHash);
    refuses(&opened(|opened| opened.release_seq = Some(3)), Code::PolicyRolledBack);
}

#[test]
fn nothing_is_admitted_after_a_revocation() {
    for revoked in [
        |world: &World| Revoked::Job(world.job().clone()),
        |world: &World| Revoked::Policy(world.gate.policy_hash()),
        |_: &World| Revoked::Agent(agent().did().to_string()),
        |_: &World| Revoked::IssuerKey(issuer().did()),
    ] {
        let world = World::memory();
        world.planned("web", "h");
        let before = world.parts();
        world.clock.pass(1_000);
        world.revoke(revoked(&world));
        let code = format!("{}_revoked", revoked(&world).kind().trim_end_matches("_key"));
        world.denied(plan("web", "a note", 1), &code);
        world.gate.close().unwrap();
        let bundle = world.bundle();
        assert_eq!(report(&bundle).verdict(), Verdict::Verified, "{}", told(&report(&bundle)));
        // The gate that did not look: the same log, with a call after the revocation.
        let after = world.parts();
        let mut forged = after.clone();
        forged.entries = before.entries.clone();
        forged.openings.retain(|(seq, _)| usize::try_from(*seq).unwrap() < before.entries.len());
        let forged = with(&forged, |entries| {
            let (_, attempt) = attempt(entries, allowed);
            attempt.revocation_seq = 1;
        });
        refuses_parts(&forged, Code::EffectAfterRevocation);
        // Or that says that it did not know.
        let late = with(&Parts { openings: forged.openings.clone(), ..after.clone() }, |entries| {
            entries.truncate(before.entries.len());
            entries.iter_mut().skip(2).for_each(|entry| entry.at += 2_000);
        });
        refuses_parts(&late, Code::EffectAfterRevocation);
    }
}

/// The revoker's own log, which no ledger can leave out.
#[test]
fn the_revokers_log_is_held_against_the_job() {
    let world = World::memory();
    world.planned("web", "h");
    world.gate.close().unwrap();
    let bundle = world.bundle();
    let at = wpc::Clock::wall_ms(&*world.clock);
    let stream = |at: i64, revoked: Revoked| {
        let revocation = wpc_evidence::statement::Revocation { seq: 1, prev: None, at, revoked };
        vec![revocation.sign(&[revoker()]).unwrap()]
    };
    let with = |log: &[Vec<u8>]| {
        verify(&bundle, &trust(), &Options { revocations: Some(log), ..Options::default() })
    };
    let job = || Revoked::Job(world.job().clone());
    let early = with(&stream(at - 100_000, job()));
    assert_eq!(early.findings[0].code, Code::EffectAfterRevocation, "{}", told(&early));
    let absent = |report: &Report| report.gaps.iter().any(|gap| gap.code == Code::GapRevocationLogAbsent);
    // Within the bound; and of something else.
    let fresh = with(&stream(at - 1_000, job()));
    assert_eq!((fresh.verdict(), absent(&fresh)), (Verdict::Verified, false), "{}", told(&fresh));
    let other = with(&stream(at - 1_000, Revoked::Job(wpc::JobId::parse("other").unwrap())));
    assert_eq!((other.verdict(), absent(&other)), (Verdict::Verified, false));
    // One that ends before the job did says nothing of its end.
    let old = with(&stream(at - 100_000, Revoked::Job(wpc::JobId::parse("other").unwrap())));
    assert_eq!((old.verdict(), absent(&old)), (Verdict::Verified, true));
    // A log with a hole, and one that others signed.
    let gap = wpc_evidence::statement::Revocation { seq: 2, prev: Some(Hash::of(b"")), at, revoked: job() };
    assert_eq!(with(&[gap.sign(&[revoker()]).unwrap()]).verdict(), Verdict::Refused);
    let unsigned = wpc_evidence::statement::Revocation { seq: 1, prev: None, at, revoked: job() };
    assert_eq!(with(&[unsigned.sign(&[issuer()]).unwrap()]).findings[0].code, Code::RoleMismatch);
}

#[test]
fn an_approval_that_was_withdrawn_approves_nothing() {
    let world = World::memory();
    world.denied(dropping("web", "too old"), "approval_required");
    let approval = world.approve(&alice(), &[]);
    world.approve(&crate::world::bob(), &[world.operator(&crate::world::bob())]);
    world.revoke(Revoked::Approval(approval));
    world.denied(dropping("web", "too old"), "approval_required");
    world.gate.close().unwrap();
    let report = report(&world.bundle());
    assert_eq!(report.verdict(), Verdict::Verified, "{}", told(&report));
    // Without the revocation, the gate should have admitted it.
    let parts = Parts { revocations: vec![], ..world.parts() };
    refuses_parts(&parts, Code::DecisionDiffers);
}

#[test]
fn modes_and_sealed_values_are_told() {
    let world = World::memory();
    world.done(secret("web", Some("x")));
    world.done(call("status", "web", []));
    world.gate.close().unwrap();
    let report = verify(&world.bundle(), &trust_of("in_process", 0), &Options::default());
    assert!(report.gaps.iter().any(|gap| gap.code == Code::GapInProcess), "{}", told(&report));
    let mut parts = world.parts();
    anchor(&mut parts, true);
    let report = verify(&forged::signed(&parts), &trust_of("notary", 1), &Options::default());
    assert_eq!((report.verdict(), report.counts.trailing), (Verdict::Verified, 0), "{}", told(&report));
}

/// Payloads, because the target signs what it is given: a fuzzer would not find a signature.
#[test]
#[ignore = "writes the seeds of the fuzz target `bundle`"]
fn the_seeds_of_the_fuzzer_are_made_anew() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/bundle");
    std::fs::create_dir_all(&folder).unwrap();
    let short = World::memory();
    short.planned("web", "h");
    short.denied(plan("db", "a note", 1), "default_deny");
    short.gate.close().unwrap();
    let (revoked, code) = crate::lifted::kinds()[0].clone();
    let lifted = crate::lifted::lifted(&revoked, code);
    lifted.gate.close().unwrap();
    for (name, world) in
        [("rich.json", World::memory().closed()), ("short.json", short), ("lifted.json", lifted)]
    {
        std::fs::write(folder.join(name), payload(&world.bundle())).unwrap();
    }
}
