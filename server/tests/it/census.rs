//! Jobs that somebody hides.

use std::time::Duration;

use wpc::Outcome;
use wpc_model::OnChange;

use crate::requests::raw;
use crate::world::{AUDITOR, GATE, OPERATOR, World, asked, call, key, open, orders, signed};

#[test]
fn a_hidden_job_is_found() {
    hidden(&World::new());
}

pub(crate) fn hidden(world: &World) {
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let (ledger, follower) = world.gate(GATE);
    assert!(follower.wait(Duration::from_secs(20)));
    let issued: Vec<_> = (0..3).map(|_| world.issue(policy.hash())).collect();
    let gates: Vec<_> =
        issued.iter().take(2).map(|issued| open(&ledger, &signed(&policy), issued).unwrap()).collect();
    for gate in &gates {
        gate.begin_sync(call("send", "other")).unwrap().finish_sync(Outcome::Done);
    }
    // The first is shown before its end, the second not at all, the third was never opened.
    let short = wpc::bundle::of_job(&*ledger, &key(GATE), gates[0].job(), None).unwrap();
    world.client(GATE).put_bundle(&short).unwrap();
    gates.iter().for_each(|gate| gate.close().unwrap());
    follower.push().unwrap();
    let auditor = world.client(AUDITOR);
    let census = auditor.census(&[]).unwrap();
    let mut why: Vec<_> = census.wanting.iter().map(|job| (job.job.clone(), job.why.clone())).collect();
    let mut expected: Vec<_> = ["bundle_short", "no_bundle", "never_opened"]
        .iter()
        .zip(&issued)
        .map(|(why, issued)| (issued.mission_id.clone(), (*why).to_owned()))
        .collect();
    why.sort();
    expected.sort();
    assert_eq!((census.jobs, census.complete, why), (3, 0, expected));
    // Whoever asks for a window is told of the jobs that nobody can judge.
    let query = [("resource", "other".to_owned())];
    let found = auditor.evidence(&query).unwrap();
    assert_eq!((found.bundles.len(), found.without_bundle.len()), (1, 2));
    let none = auditor.evidence(&[("resource", "elsewhere".to_owned())]).unwrap();
    assert_eq!((none.bundles.len(), none.without_bundle.len()), (0, 2));
    let before = auditor.evidence(&[("until", "2020-01-01T00:00:00Z".to_owned())]).unwrap();
    assert_eq!((before.bundles.len(), before.without_bundle.len()), (0, 0));
    // The whole of it, and it is complete.
    let whole = wpc::bundle::of_job(&*ledger, &key(GATE), gates[0].job(), None).unwrap();
    world.client(GATE).put_bundle(&whole).unwrap();
    assert_eq!(auditor.census(&[]).unwrap().complete, 1);
}

#[test]
fn a_bundle_that_does_not_verify_is_not_evidence() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let (ledger, follower) = world.gate(GATE);
    assert!(follower.wait(Duration::from_secs(20)));
    let gate = open(&ledger, &signed(&policy), &world.client(OPERATOR).issue(&asked(policy.hash())).unwrap())
        .unwrap();
    let bundle = wpc::bundle::of_job(&*ledger, &key(GATE), gate.job(), None).unwrap();
    let mut changed = bundle;
    let at = changed.len() / 2;
    changed[at] ^= 1;
    assert_eq!(world.client(GATE).put_bundle(&changed).unwrap_err().code(), "bundle_refused");
    assert_eq!(world.client(GATE).bundle(wpc_model::Hash::of(b"")).unwrap_err().code(), "forbidden");
}

#[test]
fn a_browser_is_shown_a_bundle_by_a_link_and_not_without() {
    let world = World::new();
    let policy = orders();
    world.release(&policy, OnChange::Finish);
    let (ledger, follower) = world.gate(GATE);
    assert!(follower.wait(Duration::from_secs(20)));
    let gate = open(&ledger, &signed(&policy), &world.issue(policy.hash())).unwrap();
    gate.begin_sync(call("send", "other")).unwrap().finish_sync(Outcome::Done);
    gate.close().unwrap();
    let bundle = wpc::bundle::of_job(&*ledger, &key(GATE), gate.job(), None).unwrap();
    let stored = world.client(GATE).put_bundle(&bundle).unwrap();
    let hash = wpc_model::Hash::of(&bundle);
    assert_eq!(stored.bundle_hash, hash.to_string());
    assert_eq!(world.client(GATE).link(hash).unwrap_err().code(), "forbidden");
    let auditor = world.client(AUDITOR);
    assert_eq!(auditor.link(wpc_model::Hash::of(b"")).unwrap_err().code(), "bundle_unknown");
    let link = auditor.link(hash).unwrap();
    let path = link.url.strip_prefix(&world.url).unwrap();
    let page = raw(&world, &format!("GET {path}"), &[], b"");
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    let (head, page) = page.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    for field in [
        "content-type: text/html; charset=utf-8",
        "content-security-policy: default-src 'none'; script-src 'sha256-",
        "frame-ancestors 'none'; sandbox allow-scripts",
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "x-content-type-options: nosniff",
    ] {
        assert!(head.contains(field), "{head}");
    }
    assert!(page.contains("<title>Trust Pulse</title>") && page.contains(&hex(&bundle)));
    // Another link, a changed one, none.
    let (start, end) = path.split_at(path.len() - 9);
    let changed = format!("{start}{}", end.replacen(|c| c != 'A', "A", 1));
    for path in [changed.as_str(), "/pulse/x", "/pulse/", &format!("/pulse/{}", "A".repeat(5_000))] {
        let answer = raw(&world, &format!("GET {path}"), &[], b"");
        assert!(
            answer.starts_with("HTTP/1.1 403 ") || answer.starts_with("HTTP/1.1 404 "),
            "{path}: {answer}"
        );
        assert!(!answer.contains("Trust Pulse"));
    }
}

fn hex(bundle: &[u8]) -> String {
    wpc_model::Hash::of(bundle).0.iter().map(|byte| format!("{byte:02x}")).collect()
}
