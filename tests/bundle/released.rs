//! Releases in a bundle: that the policy was current, whenever a call was admitted.

use wpc::Key;
use wpc::bundle::{Code, Options, Parts, Report, Verdict, verify};
use wpc::ledger::{Body, Entry, PolicyChanged};
use wpc_evidence::statement::{Release, Statement as _};
use wpc_model::{Hash, OnChange};

use crate::forged::{self, with};
use crate::told::told;
use crate::world::{START_MS, World, plan, policy, trust, trust_with};

fn releaser() -> Key {
    Key::from_seed(&[21; 32])
}

fn other() -> Hash {
    Hash::of(b"another policy of the name")
}

/// Releases of these policies, each a minute after the one before, for an hour.
fn chain(of: &[(Hash, OnChange)]) -> Vec<Vec<u8>> {
    let (mut previous, mut envelopes) = (None, Vec::new());
    for (seq, (policy_hash, running)) in (1..).zip(of) {
        let not_before = START_MS + 60_000 * (i64::try_from(seq).unwrap() - 1);
        let release = Release {
            policy_name: policy().name,
            seq,
            policy_hash: *policy_hash,
            previous,
            not_before,
            not_after: not_before + 3_600_000,
            running: *running,
        };
        previous = Some(Hash::of(&release.encode().unwrap()));
        envelopes.push(release.sign(&[releaser()]).unwrap());
    }
    envelopes
}

fn report(parts: &Parts) -> Report {
    verify(&forged::signed(parts), &trust_with(&releaser()), &Options::default())
}

#[track_caller]
fn refuses(parts: &Parts, code: Code) {
    let report = report(parts);
    assert_eq!(report.findings.first().map(|finding| finding.code), Some(code), "{}", told(&report));
}

#[track_caller]
fn verifies(world: &World) -> Parts {
    let bundle = world.bundle();
    let report = verify(&bundle, &trust_with(&releaser()), &Options::default());
    assert_eq!(report.verdict(), Verdict::Verified, "{}", told(&report));
    assert!(report.gaps.iter().all(|gap| gap.code != Code::GapReleaseAbsent), "{}", told(&report));
    world.parts()
}

fn changed(entries: &mut [Entry]) -> &mut PolicyChanged {
    let found = entries.iter_mut().find_map(|entry| match &mut entry.body {
        Body::PolicyChanged(changed) => Some(changed),
        _ => None,
    });
    found.unwrap()
}

/// A job under the first of two releases, with a call on either side of the second.
fn over(second: OnChange) -> World {
    let releases = chain(&[(policy().hash(), OnChange::Finish), (other(), second)]);
    let world = World::released(trust_with(&releaser()), &releases[..1]);
    world.planned("web", "h-1");
    world.clock.pass(61_000);
    wpc::release::submit(&*world.ledger, &world.trust, &releases).unwrap();
    world
}

#[test]
fn a_job_that_finishes_under_its_policy_verifies() {
    let world = over(OnChange::Finish);
    world.planned("web", "h-2");
    world.gate.close().unwrap();
    let parts = verifies(&world);
    assert_eq!(parts.releases.len(), 2);

    // Without the releases, or one of them, or with others.
    let some = |releases: Vec<usize>| Parts {
        releases: releases.into_iter().map(|at| parts.releases[at].clone()).collect(),
        ..parts.clone()
    };
    for releases in [vec![], vec![0], vec![1], vec![1, 0], vec![0, 0], vec![0, 1, 1]] {
        refuses(&some(releases), Code::PolicyRolledBack);
    }
    let mut stranger = parts.clone();
    let of = chain(&[(policy().hash(), OnChange::Finish), (other(), OnChange::Kill)]);
    stranger.releases[1].envelope.clone_from(&of[1]);
    refuses(&stranger, Code::PolicyRolledBack);
    let text = String::from_utf8(forged::signed(&parts)).unwrap();
    let untrusting = verify(text.as_bytes(), &trust(), &Options::default());
    assert_eq!(untrusting.findings[0].code, Code::SignerUntrusted);

    // The log says something else of them.
    for change in [
        |changed: &mut PolicyChanged| changed.release_seq = 3,
        |changed: &mut PolicyChanged| changed.release_seq = 1,
        |changed: &mut PolicyChanged| changed.from = other(),
        |changed: &mut PolicyChanged| changed.to = policy().hash(),
        |changed: &mut PolicyChanged| changed.running = OnChange::Drain,
    ] {
        refuses(&with(&parts, |entries| change(self::changed(entries))), Code::PolicyRolledBack);
    }
    // Or nothing, although the ledger had it.
    let untold = |entries: &mut Vec<Entry>| {
        let at = entries.iter().position(|entry| matches!(entry.body, Body::PolicyChanged(_))).unwrap();
        entries.remove(at);
        for (seq, entry) in (0..).zip(entries.iter_mut()) {
            entry.seq = seq;
        }
        let _closed = entries.pop();
    };
    refuses(&with(&Parts { openings: vec![], ..parts.clone() }, untold), Code::PolicyRolledBack);
    let opened = |seq| {
        with(&parts, |entries| {
            let Body::Opened(opened) = &mut entries[0].body else { panic!() };
            opened.release_seq = seq;
        })
    };
    refuses(&opened(Some(2)), Code::PolicyHash);
    refuses(&opened(Some(3)), Code::PolicyRolledBack);
    // The ledger says that it had the first one later than it opened the job: it could not have.
    let late = |entries: &mut Vec<Entry>| entries.iter_mut().for_each(|entry| entry.at += 3_600_000);
    refuses(&with(&parts, late), Code::PolicyReleaseExpired);
}

#[test]
fn nothing_is_admitted_once_a_job_is_to_drain() {
    for (running, last) in [(OnChange::Drain, "refused"), (OnChange::Kill, "closed")] {
        let world = over(running);
        world.denied(plan("web", "a note", 1), "policy_changed");
        if running == OnChange::Drain {
            assert_eq!(Entry::decode(world.parts().entries.last().unwrap()).unwrap().body.kind(), last);
            world.gate.close().unwrap();
        }
        let parts = verifies(&world);
        // A gate that did not look: the same log, with a call after the change.
        let finishing = over(OnChange::Finish);
        finishing.planned("web", "h-2");
        let finished = finishing.parts();
        let forged = Parts { releases: parts.releases.clone(), ..finished };
        let forged = with(&forged, |entries| self::changed(entries).running = running);
        refuses(&forged, Code::PolicyRolledBack);
    }
}

#[test]
fn nothing_is_admitted_once_the_release_has_expired() {
    let releases = chain(&[(policy().hash(), OnChange::Finish)]);
    let world = World::released(trust_with(&releaser()), &releases);
    world.planned("web", "h-1");
    world.clock.pass(3_600_000);
    world.renew();
    world.denied(plan("web", "a note", 1), "policy_release_expired");
    let parts = verifies_open(&world);
    let late = with(&parts, |entries| {
        let at = entries.iter().position(|entry| matches!(entry.body, Body::Attempt(_))).unwrap();
        entries.iter_mut().skip(at).for_each(|entry| entry.at = START_MS + 3_600_000);
        entries.truncate(at + 2);
    });
    refuses(&late, Code::PolicyReleaseExpired);
}

/// The parts of a job that is open, which verify but for that.
#[track_caller]
fn verifies_open(world: &World) -> Parts {
    let report = verify(&world.bundle(), &trust_with(&releaser()), &Options::default());
    assert_eq!(report.found, 0, "{}", told(&report));
    world.parts()
}

/// A job without a release is a gap, which counts where the auditor's trust file names a releaser.
#[test]
fn without_a_release_it_is_told_that_nobody_says_that_the_policy_was_current() {
    let world = World::memory();
    world.planned("web", "h");
    world.gate.close().unwrap();
    let gap = |report: &Report| {
        let gap = report.gaps.iter().find(|gap| gap.code == Code::GapReleaseAbsent).unwrap();
        (report.verdict(), gap.accepted.map(|accepted| accepted.word()))
    };
    let bundle = world.bundle();
    let nobody = verify(&bundle, &trust(), &Options::default());
    assert_eq!(gap(&nobody), (Verdict::Verified, Some("not_demanded")));
    let somebody = verify(&bundle, &trust_with(&releaser()), &Options::default());
    assert_eq!(gap(&somebody), (Verdict::Incomplete, None), "{}", told(&somebody));
}
