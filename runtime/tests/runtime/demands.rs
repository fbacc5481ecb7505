//! What the gate enforces of a policy's settings: whose it is, and when.

use wpc::ledger::{Body, Verdict};
use wpc::{DynamicGate, Identity, Opening, Outcome};
use wpc_model::{Policy, Principal, Reason, Validity};

use crate::clock::START_MS;
use crate::policy::{manage, policy, ready, send, signed, trust};
use crate::rig::{Rig, job, on_each};

fn valid(from: i64, until: i64) -> Policy {
    let mut policy = policy();
    policy.settings.valid = Validity { from: Some(START_MS + from), until: Some(START_MS + until) };
    policy
}

fn open(rig: &Rig, policy: &Policy) -> DynamicGate {
    DynamicGate::open(ready(&signed(policy), &trust(), &rig.ledger, "j").opening()).unwrap()
}

#[test]
fn nothing_is_allowed_outside_the_times_at_which_a_policy_is_valid() {
    on_each(|rig| {
        let gate = open(rig, &valid(10, 20));
        let at = |ms, call, expect: Option<&str>| {
            rig.clock.set(ms);
            match (gate.begin_sync(call), expect) {
                (Ok(running), None) => running.finish_sync(Outcome::Done),
                (Err(refused), Some(code)) => {
                    assert_eq!((refused.code(), refused.is_denial()), (code, true), "at {ms}");
                }
                (found, _) => panic!("{found:?} at {ms}, expected {expect:?}"),
            }
        };
        let good = || send("orders", &[1]);
        at(9, good(), Some("policy_not_valid"));
        // It comes before every rule, a deny included.
        at(9, send("prod", &[1]), Some("policy_not_valid"));
        at(10, good(), None);
        at(19, good(), None);
        at(19, manage("orders"), Some("approval_required"));
        at(20, good(), Some("policy_not_valid"));
        let Body::Attempt(attempt) = rig.log(&job("j")).pop().unwrap().body else { panic!() };
        assert_eq!(attempt.verdict, Verdict::Deny { reason: Reason::PolicyNotValid, rule: None });
        rig.is_clean();
    });
}

#[test]
fn a_policy_is_opened_for_the_agents_that_it_names_alone() {
    on_each(|rig| {
        let mut policy = policy();
        policy.settings.agents =
            vec![Principal::Did("did:web:example.com".to_owned()), Principal::Name("agent-1".to_owned())];
        let (artifact, trust) = (signed(&policy), trust());
        let code = |agent: &str| {
            let (ledger, identity) = (rig.ledger.clone(), Identity::local(job("j"), agent));
            let opened = DynamicGate::open(Opening { artifact: &artifact, trust: &trust, ledger, identity });
            opened.err().map(|error| error.code())
        };
        for other in ["agent-2", "AGENT-1", "did:web:example.org"] {
            assert_eq!(code(other), Some("agent_not_named"), "{other}");
        }
        assert!(rig.ledger.jobs().unwrap().is_empty(), "nothing is recorded");
        assert_eq!(code("agent-1"), None);
    });
}

#[test]
fn what_a_policy_extends_names_agents_and_times_too() {
    on_each(|rig| {
        let mut parent = policy();
        parent.settings.agents = vec![Principal::Name("agent-2".to_owned())];
        let extending = |parent: Policy| Policy { parents: vec![parent], ..policy() }.normalise();
        let (artifact, trust) = (signed(&extending(parent)), trust());
        let error = DynamicGate::open(ready(&artifact, &trust, &rig.ledger, "j").opening()).unwrap_err();
        assert_eq!(error.code(), "agent_not_named");
        let gate = open(rig, &extending(valid(10, 20)));
        let code = |ms| {
            rig.clock.set(ms);
            gate.begin_sync(send("orders", &[1]))
                .map(|running| running.finish_sync(Outcome::Done))
                .err()
                .map(|refused| refused.code())
        };
        assert_eq!([code(9), code(10), code(20)], [Some("policy_not_valid"), None, Some("policy_not_valid")]);
        rig.is_clean();
    });
}

#[test]
fn what_others_enforce_changes_no_decision() {
    on_each(|rig| {
        let mut policy = policy();
        policy.settings.requesters = vec![Principal::Name("somebody".to_owned())];
        policy.settings.environment = Some("production".to_owned());
        open(rig, &policy).begin_sync(send("orders", &[1])).unwrap().finish_sync(Outcome::Done);
    });
}
