//! The seed's rollback table, each line with its evidence.

use std::sync::Arc;
use std::time::Duration;

use wpc::ledger::Ledger;
use wpc::{DynamicGate, Outcome};
use wpc_client::Follower;
use wpc_client::wire::{Issued, Revoke, Stop};
use wpc_model::{OnChange, Policy};

use crate::world::{AUDITOR, GATE, OPERATOR, World, asked, call, key, open, orders, policy, signed, until};

/// A gate at work, and what keeps it up to date.
struct Work {
    ledger: Arc<dyn Ledger>,
    follower: Follower,
}

impl Work {
    fn new(world: &World) -> Self {
        let (ledger, follower) = world.gate(GATE);
        assert!(follower.wait(Duration::from_secs(20)));
        Self { ledger, follower }
    }

    fn job(&self, policy: &Policy, issued: &Issued) -> DynamicGate {
        open(&self.ledger, &signed(policy), issued).unwrap()
    }

    /// Ends a job and hands in its bundle, whose hash is given back.
    fn handed_in(&self, world: &World, gate: &DynamicGate) -> String {
        gate.close().unwrap();
        self.follower.push().unwrap();
        let bundle = wpc::bundle::of_job(&*self.ledger, &key(GATE), gate.job(), None).unwrap();
        world.client(GATE).put_bundle(&bundle).unwrap().bundle_hash
    }
}

#[track_caller]
fn done(gate: &DynamicGate, action: &str, queue: &str) {
    gate.begin_sync(call(action, queue)).unwrap().finish_sync(Outcome::Done);
}

#[track_caller]
fn refused_soon(gate: &DynamicGate, queue: &str, code: &str) {
    until(code, || gate.begin_sync(call("send", queue)).is_err_and(|refused| refused.code() == code));
}

/// Whether the bundle says that a call was refused with this code.
fn shows(world: &World, bundle: &str, code: &str) -> bool {
    let hash = wpc_model::Hash::from_text(bundle).unwrap();
    let view = wpc::bundle::view(&world.client(AUDITOR).bundle(hash).unwrap()).unwrap();
    view.entries.iter().any(|shown| {
        String::from_utf8(shown.entry.encode().unwrap()).unwrap().contains(&format!(r#""code":"{code}""#))
    })
}

#[test]
fn all_messaging_is_stopped_and_the_last_bundle_shows_what_was_blocked() {
    let world = World::new();
    let (policy, work) = (orders(), Work::new(&world));
    world.release(&policy, OnChange::Finish);
    let gate = work.job(&policy, &world.issue(policy.hash()));
    done(&gate, "send", "staging");
    let stop = Stop { tool: "bus".to_owned(), reason: Some("covert messaging".to_owned()) };
    let stopped = world.client(OPERATOR).stop(&stop).unwrap();
    assert_eq!(stopped.jobs, [gate.job().to_string()]);
    refused_soon(&gate, "staging", "token_revoked");
    assert!(shows(&world, &work.handed_in(&world, &gate), "token_revoked"));
}

#[test]
fn one_queue_is_blocked_and_bundles_say_under_which_policy_jobs_ran() {
    let world = World::new();
    let (old, work) = (orders(), Work::new(&world));
    world.release(&old, OnChange::Finish);
    let before = work.job(&old, &world.issue(old.hash()));
    done(&before, "send", "other");
    // The policy without the queue: its release drains whatever runs under the old one.
    let new = policy(|text| text.replace(r#", queue("other")"#, ""));
    assert_eq!(world.release(&new, OnChange::Drain).seq, 2);
    refused_soon(&before, "other", "policy_changed");
    // And the old one revoked, for ever.
    let revoke = Revoke { kind: "policy".to_owned(), value: old.hash().to_string(), reason: None };
    world.client(OPERATOR).revoke(&revoke).unwrap();
    refused_soon(&before, "other", "policy_revoked");
    let after = work.job(&new, &world.issue(new.hash()));
    done(&after, "send", "staging");
    assert_eq!(after.begin_sync(call("send", "other")).unwrap_err().code(), "default_deny");
    let (first, second) = (work.handed_in(&world, &before), work.handed_in(&world, &after));
    for (policy, bundle) in [(&old, &first), (&new, &second)] {
        let query = [("policy_hash_b64u", policy.hash().to_string())];
        let found = world.client(AUDITOR).evidence(&query).unwrap();
        let hashes: Vec<_> = found.bundles.into_iter().map(|found| found.bundle_hash).collect();
        assert_eq!(hashes, std::slice::from_ref(bundle));
    }
}

#[test]
fn roles_are_split_after_a_near_miss() {
    let world = World::new();
    let (both, work) = (orders(), Work::new(&world));
    world.release(&both, OnChange::Finish);
    let wide = world.issue(both.hash());
    let running = work.job(&both, &wide);
    // One policy that sends and one that purges, each with a name and tokens of its own.
    let sends = policy(|text| {
        text.replace("policy orders", "policy orders_send")
            .replace("allow purge on queue(\"staging\")", "")
            .replace("require approval of purge { by did(alice); quorum 1; within 30 min }", "")
            .replace("param alice: did", "")
            .replace("    action purge on queue\n", "")
    });
    world.release(&sends, OnChange::Finish);
    let narrow = world.issue(sends.hash());
    assert_ne!(narrow.token_scope_hash_b64u, wide.token_scope_hash_b64u);
    // What the agent held until now is worth nothing; what it gets from the next second on is.
    let revoke = Revoke { kind: "policy".to_owned(), value: both.hash().to_string(), reason: None };
    world.client(OPERATOR).revoke(&revoke).unwrap();
    refused_soon(&running, "staging", "policy_revoked");
    let gate = work.job(&sends, &narrow);
    done(&gate, "send", "staging");
    assert_eq!(gate.begin_sync(call("purge", "staging")).unwrap_err().code(), "unknown_action");
    let bundle = work.handed_in(&world, &gate);
    assert!(shows(&world, &bundle, "unknown_action"));
}

#[test]
fn every_job_in_a_window_of_exposure_is_found() {
    let world = World::new();
    let (policy, work) = (orders(), Work::new(&world));
    world.release(&policy, OnChange::Finish);
    let gates: Vec<_> = ["staging", "other"]
        .iter()
        .map(|queue| {
            let gate = work.job(&policy, &world.issue(policy.hash()));
            done(&gate, "send", queue);
            gate
        })
        .collect();
    let hidden = work.job(&policy, &world.client(OPERATOR).issue(&asked(policy.hash())).unwrap());
    for gate in &gates {
        work.handed_in(&world, gate);
    }
    let window = [("from", "2020-01-01T00:00:00Z"), ("until", "2100-01-01T00:00:00Z"), ("resource", "other")];
    let query: Vec<_> = window.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let found = world.client(AUDITOR).evidence(&query).unwrap();
    let jobs: Vec<_> = found.bundles.iter().map(|bundle| bundle.job.clone()).collect();
    assert_eq!(jobs, [gates[1].job().to_string()]);
    // The one of which nobody knows is named, not left out.
    let unknown: Vec<_> = found.without_bundle.iter().map(|job| job.job.clone()).collect();
    assert_eq!(unknown, [hidden.job().to_string()]);
}
