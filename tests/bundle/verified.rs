//! What a gate recorded verifies.

use wpc::bundle::{Code, Options, Verdict, replay, verify};

use crate::told::told;
use crate::world::{World, call, compiled, dropping, plan, policy};

#[test]
fn a_rich_job_verifies_from_either_ledger() {
    for world in [World::memory().closed(), World::sqlite().closed()] {
        let report = verify(&world.bundle(), &world.trust, &Options::default());
        insta::assert_snapshot!("rich", told(&report));
    }
}

#[test]
fn an_open_job_is_incomplete_unless_that_is_accepted() {
    let world = World::memory().live();
    let bundle = world.bundle();
    let report = verify(&bundle, &world.trust, &Options::default());
    assert_eq!((report.verdict(), report.found), (Verdict::Incomplete, 0), "{}", told(&report));
    let accept = [Code::GapNotClosed].into();
    let report = verify(&bundle, &world.trust, &Options { accept, ..Options::default() });
    assert_eq!(report.verdict(), Verdict::Verified, "{}", told(&report));
}

/// Renewal, limits per agent that another job charges too, and a policy that extends another.
#[test]
fn a_job_beside_others_and_under_layers_verifies() {
    let world = World::memory();
    let other = world.another("job-other");
    for gate in [&other, &world.gate, &other, &world.gate] {
        world.clock.pass(10);
        gate.begin_sync(call("status", "web", [])).unwrap().finish_sync(wpc::Outcome::Done);
    }
    world.done(call("status", "web", []));
    world.denied(call("status", "web", []), "limit_exceeded");
    world.gate.close().unwrap();
    let report = verify(&world.bundle(), &world.trust, &Options::default());
    assert_eq!(report.verdict(), Verdict::Verified, "{}", told(&report));

    let parent = policy();
    let text = include_str!("rich.wpc")
        .replace("limit calls of plan to 6 per job", "limit calls of plan to 1 per job");
    let mut under = compiled(
        &text.replace("param alice: did", "").replace("param issuer: did", "").replace(APPROVAL, ""),
    );
    under.parents = vec![parent];
    let world = World::under(&under.normalise());
    world.planned("web", "h-1");
    world.denied(plan("web", "a secret", 1), "explicit_deny");
    world.denied(plan("web", "a note", 100), "limit_exceeded");
    world.denied(dropping("web", "too old"), "approval_required");
    world.gate.close().unwrap();
    let report = verify(&world.bundle(), &world.trust, &Options::default());
    assert_eq!(report.verdict(), Verdict::Verified, "{}", told(&report));
    assert_eq!(report.counts.replayed, 4);
}

const APPROVAL: &str = r#"        require approval of drop when { reason != "empty" } {
            by did(alice), role("operator", issuer); quorum 2; within 30 min; bind arguments
        }
"#;

#[test]
fn another_policy_is_asked_of_the_same_calls() {
    let world = World::memory().closed();
    let bundle = world.bundle();
    let same = replay(&bundle, &world.trust, &policy()).unwrap();
    assert_eq!((same.calls, same.changes.as_slice(), same.unknown), (21, &[][..], 0));
    let text = include_str!("rich.wpc")
        .replace("param alice: did", &format!("param alice: did = \"{}\"", crate::world::alice().did()))
        .replace("param issuer: did", &format!("param issuer: did = \"{}\"", crate::world::staff().did()));
    let stricter =
        compiled(&text.replace("limit calls of plan to 6 per job", "limit calls of plan to 2 per job"));
    let replayed = replay(&bundle, &world.trust, &stricter).unwrap();
    let changes: Vec<_> = replayed
        .changes
        .iter()
        .map(|change| (change.action.as_str(), change.then.code(), change.now.code()))
        .collect();
    assert_eq!(changes, [("plan", "allow", "limit_exceeded")]);
    let looser = compiled(&text.replace("stack(like \"temp-*\")", "stack(like \"*\")"));
    let changed = replay(&bundle, &world.trust, &looser).unwrap();
    let changes: Vec<_> =
        changed.changes.iter().map(|change| (change.then.code(), change.now.code())).collect();
    assert_eq!(changes, [("default_deny", "allow")]);
    // A policy that reads what was not committed to cannot be asked.
    let blind = compiled(&text.replace(
        "allow plan, apply",
        "allow plan on stack(\"web\") when { size < 5 B }\n        allow apply",
    ));
    assert_eq!(replay(&bundle, &world.trust, &blind).unwrap().unknown, 0);
    assert!(replay(b"{}", &world.trust, &policy()).is_err());
}
