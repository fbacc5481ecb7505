//! What a gate recorded verifies.

use wpc::bundle::{Code, Options, Verdict, replay, verify};
use wpc::ledger::Body;
use wpc_evidence::statement::Revoked;
use wpc_model::Call;

use crate::forged::{signed, with};
use crate::told::told;
use crate::world::{World, alice, apply, bob, call, compiled, dropping, plan, policy, policy_of};

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

/// Limits per agent that another job charges too.
#[test]
fn a_job_beside_another_of_its_agent_verifies() {
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
    assert!(report.gaps.iter().any(|gap| gap.code == Code::GapAgentScope));
}

/// What somebody before the gate asked first: its refusals are attempts, and what waits is approved from them.
#[test]
fn a_question_leaves_its_refusal_and_uses_no_approval() {
    for world in [World::memory(), World::sqlite()] {
        let asking = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ask = |call: Call| {
            world.clock.pass(10);
            let told = asking.block_on(world.gate.ask(call));
            told.map_err(|refused| (refused.code(), refused.detail().call.clone()))
        };
        let entries = || wpc::bundle::parts(&*world.ledger, world.job(), None).unwrap().entries.len();
        let (code, recorded) = ask(dropping("web", "too old")).unwrap_err();
        assert_eq!((code, recorded), ("approval_required", Some(world.request().call)));
        world.approve(&alice(), &[]);
        world.approve(&bob(), &[world.operator(&bob())]);
        let before = entries();
        for _ in 0..3 {
            assert_eq!(ask(dropping("web", "too old")), Ok(()));
        }
        assert_eq!(entries(), before, "an allowed question leaves nothing");
        world.done(dropping("web", "too old"));
        assert_eq!(ask(dropping("web", "too old")).unwrap_err().0, "approval_required");
        // Nothing is charged: the call begins after any number of questions, and once.
        for _ in 0..10 {
            assert_eq!(ask(apply("web", "h-1")).unwrap_err().0, "order_denied");
            assert_eq!(ask(plan("web", "a note", 1_000)), Ok(()));
        }
        world.done(plan("web", "a note", 1_000));
        assert_eq!(ask(plan("web", "a note", 1_000)).unwrap_err().0, "limit_exceeded");
        let malformed = ask(call("status", "web", [("more", wpc_model::Value::Int(1))])).unwrap_err();
        assert_eq!(malformed, ("unknown_argument", None));
        world.revoke(Revoked::Job(world.job().clone()));
        assert_eq!(ask(plan("web", "a note", 1)).unwrap_err().0, "job_revoked");
        world.gate.close().unwrap();
        assert_eq!(ask(plan("web", "a note", 1)).unwrap_err().0, "job_closed");
        let report = verify(&world.bundle(), &world.trust, &Options::default());
        assert_eq!(report.verdict(), Verdict::Verified, "{}", told(&report));
        world.ledger.check().map(|checked| assert_eq!(checked.findings, [])).unwrap();
    }
}

const APPROVAL: &str = r#"        require approval of drop when { reason != "empty" } {
            by did(alice), role("operator", issuer); quorum 2; within 30 min; bind arguments
        }
"#;

#[test]
fn a_job_under_a_policy_in_layers_verifies() {
    let text = include_str!("rich.wpc")
        .replace("limit calls of plan to 6 per job", "limit calls of plan to 1 per job")
        .replace("param alice: did", "")
        .replace("param issuer: did", "")
        .replace(APPROVAL, "");
    let mut under = compiled(&text);
    under.parents = vec![policy()];
    let world = World::under(&under.normalise());
    world.planned("web", "h-1");
    world.denied(plan("web", "a secret", 1), "explicit_deny");
    world.denied(plan("web", "a note", 100), "limit_exceeded");
    // Only the parent asks for approvals.
    world.denied(dropping("web", "too old"), "approval_required");
    world.approve(&alice(), &[]);
    world.approve(&bob(), &[world.operator(&bob())]);
    world.done(dropping("web", "too old"));
    world.gate.close().unwrap();
    let report = verify(&world.bundle(), &world.trust, &Options::default());
    assert_eq!(report.verdict(), Verdict::Verified, "{}", told(&report));
    assert_eq!(report.counts.replayed, 5);
}

#[test]
fn another_policy_is_asked_of_the_same_calls() {
    let world = World::memory().closed();
    let bundle = world.bundle();
    let same = replay(&bundle, &world.trust, &policy()).unwrap();
    assert_eq!((same.calls, same.changes.as_slice(), same.unknown), (21, &[][..], 0));
    let changes = |from: &str, to: &str| -> Vec<_> {
        let text = include_str!("rich.wpc");
        assert!(text.contains(from));
        let replayed = replay(&bundle, &world.trust, &policy_of(&text.replace(from, to))).unwrap();
        assert_eq!(replayed.unknown, 0);
        let said = replayed.changes.into_iter();
        said.map(|change| (change.action, change.then.word(), change.now.word())).collect()
    };
    let plan = |then, now| ("plan".to_owned(), then, now);
    assert_eq!(
        changes("limit calls of plan to 6 per job", "limit calls of plan to 2 per job"),
        // What was allowed happened, so the one after it is one more than the limit too.
        [plan("allow", "limit_exceeded")]
    );
    let wider = changes("secret on stack(\"web\"),", "secret on stack(\"web\"), stack(\"db\"),");
    assert_eq!(wider, [plan("default_deny", "allow")]);
    assert_eq!(replay(b"{}", &world.trust, &policy()).unwrap_err().verdict(), Verdict::Refused);
}

/// The policy lets an approval be used twice; whoever gave it, once.
#[test]
fn an_approval_admits_no_more_calls_than_it_says() {
    let text = include_str!("rich.wpc").replace("bind arguments", "uses 2; bind arguments");
    let world = World::under(&policy_of(&text));
    world.denied(dropping("web", "too old"), "approval_required");
    world.approve(&alice(), &[]);
    world.approve(&bob(), &[world.operator(&bob())]);
    world.done(dropping("web", "too old"));
    world.denied(dropping("web", "too old"), "approval_required");
    world.gate.close().unwrap();
    let report = verify(&world.bundle(), &world.trust, &Options::default());
    assert_eq!(report.verdict(), Verdict::Verified, "{}", told(&report));
}

/// Where a value came from is known to the gate alone: its word is taken, counted, and only for what the
/// policy asks.
#[test]
fn where_values_came_from_is_attested() {
    let text = include_str!("rich.wpc").replace(
        "allow plan, apply, status,",
        "allow apply on stack(\"web\") when { plan_hash from [deploy.plan.hash] }\n        allow plan, status,",
    );
    // Free text is never a source.
    let text = text.replace("hash: text", "hash: entity_name<50>");
    let world = World::under(&policy_of(&text));
    world.planned("web", "h-1");
    world.denied(crate::world::apply("web", "h-2"), "default_deny");
    world.done(crate::world::apply("web", "h-1"));
    world.gate.close().unwrap();
    let report = verify(&world.bundle(), &world.trust, &Options::default());
    assert_eq!(report.verdict(), Verdict::Verified, "{}", told(&report));
    assert_eq!((report.counts.replayed, report.counts.attested), (3, 2), "{}", told(&report));
    assert!(report.gaps.iter().any(|gap| gap.code == Code::GapAttested && gap.count == Some(2)));
    // Answers to other questions, and none.
    let parts = world.parts();
    for change in [
        (|attempt| attempt.attested.clear()) as fn(&mut wpc::ledger::Attempt),
        |attempt| attempt.attested[0].holds.push(wpc_model::Truth::True),
        |attempt| attempt.attested[0].holds[0] = wpc_model::Truth::Unknown,
    ] {
        let forged = with(&parts, |entries| {
            entries.pop();
            for entry in entries {
                if let Body::Attempt(attempt) = &mut entry.body
                    && attempt.action == "apply"
                    && matches!(attempt.verdict, wpc::ledger::Verdict::Allow { .. })
                {
                    change(attempt);
                }
            }
        });
        let report = verify(&signed(&forged), &world.trust, &Options::default());
        assert_eq!(report.findings[0].code, Code::DecisionDiffers, "{}", told(&report));
    }
    // An outcome that is remembered to have given more than the policy asks for.
    let forged = with(&parts, |entries| {
        entries.pop();
        for entry in entries {
            if let Body::Outcome(settled) = &mut entry.body {
                settled.charges.last_mut().unwrap().counter.statement = wpc_model::RuleId::of(b"other");
            }
        }
    });
    let report = verify(&signed(&forged), &world.trust, &Options::default());
    assert_eq!(report.findings[0].code, Code::ChargeDiffers, "{}", told(&report));
}
