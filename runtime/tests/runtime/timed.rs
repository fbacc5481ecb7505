//! Rules and approvals that read the clock: decided at the time that the entry bears.

use wpc::ledger::{Body, Verdict};
use wpc::{DynamicGate, Outcome};
use wpc_model::{
    Comparison, Condition, Effect, Moment, Policy, Reason, Rule, Ruling, Subject, Target, Terms, Test, Value,
    approvals, encode, rule,
};

use crate::clock::START_MS;
use crate::policy::{manage, ping, policy, ready, signed, trust};
use crate::rig::{Rig, job, on_each};

fn on_clock(subject: &str, test: Test) -> Condition {
    Condition { subject: Subject::from_text(subject).unwrap(), test }
}

/// Milliseconds since midnight at the start of the rig's clock.
fn start() -> i64 {
    Moment::at(START_MS).time_of_day()
}

/// `ping` until one second after the start, `manage` approved from one second after it on.
fn timed() -> Policy {
    let mut policy = policy();
    let before = |comparison| on_clock("clock.time", Test::Compare(comparison, Value::Int(start() + 1_000)));
    let tool = policy.tools.get_mut("bus").unwrap();
    tool.allow.retain(|rule| rule.action.as_deref() != Some("ping"));
    let ping =
        Rule::new("bus", Effect::Allow, Some("ping".into()), Target::Any, vec![before(Comparison::Less)]);
    tool.allow.push(ping);
    let approval = policy.approvals.remove(0);
    let wpc_model::Approval { tool, actions, targets, by, quorum, within_ms, uses, bind, .. } = approval;
    let terms = Terms { by, quorum, within_ms, uses, bind };
    let later = vec![before(Comparison::AtLeast)];
    policy.approvals.push(wpc_model::Approval::new(&tool, actions, targets, later, terms));
    policy.normalise()
}

fn open(rig: &Rig) -> DynamicGate {
    let policy = timed();
    assert_eq!(policy.check(), Ok(()));
    assert_eq!(wpc_model::decode(&encode(&policy)).as_ref(), Ok(&policy));
    let (artifact, trust) = (signed(&policy), trust());
    DynamicGate::open(ready(&artifact, &trust, &rig.ledger, "j").opening()).unwrap()
}

/// The code of a refusal, or `allow`.
fn asked(gate: &DynamicGate, call: wpc_model::Call) -> &'static str {
    match gate.begin_sync(call) {
        Ok(running) => {
            running.finish_sync(Outcome::Done);
            "allow"
        }
        Err(refused) => refused.code(),
    }
}

#[test]
fn a_rule_that_reads_the_clock_is_decided_at_the_time_of_its_entry() {
    on_each(|rig| {
        let gate = open(rig);
        assert_eq!(asked(&gate, ping(1)), "allow");
        rig.clock.set(999);
        assert_eq!(asked(&gate, ping(1)), "allow");
        rig.clock.set(1_000);
        assert_eq!(asked(&gate, ping(1)), "default_deny");
        // The ledger's time never runs backwards, so neither does what is decided on it.
        rig.clock.set(0);
        assert_eq!(asked(&gate, ping(1)), "default_deny");
    });
}

#[test]
fn an_approval_that_reads_the_clock_is_asked_for_at_the_time_of_the_entry() {
    on_each(|rig| {
        let gate = open(rig);
        assert_eq!(asked(&gate, manage("orders")), "allow");
        rig.clock.set(1_000);
        assert_eq!(asked(&gate, manage("orders")), "approval_required");
    });
}

#[test]
fn a_replay_of_the_entries_gives_the_same_decisions() {
    on_each(|rig| {
        let gate = open(rig);
        for ms in [0, 500, 999, 1_000, 1_001, 86_400_000, 86_400_999] {
            rig.clock.set(ms);
            let _ = asked(&gate, ping(1));
            let _ = asked(&gate, manage("orders"));
        }
        let policy = timed();
        let tool = &policy.tools["bus"];
        let mut seen = [0, 0];
        for entry in rig.log(&job("j")) {
            let Body::Attempt(attempt) = &entry.body else { continue };
            let call = if attempt.action == "ping" { ping(1) } else { manage("orders") };
            let moment = Moment::at(entry.at);
            let allows = matches!(rule(tool, &call, moment), Ruling::Allow { .. });
            let asks = !approvals(&policy, &call, moment).is_empty();
            match &attempt.verdict {
                Verdict::Allow { .. } => {
                    seen[0] += 1;
                    assert!(allows && !asks, "{entry:?}");
                }
                Verdict::Deny { reason: Reason::DefaultDeny, .. } => {
                    seen[1] += 1;
                    assert!(!allows, "{entry:?}");
                }
                Verdict::Deny { reason: Reason::ApprovalRequired, .. } => {
                    assert!(allows && asks, "{entry:?}")
                }
                Verdict::Deny { .. } => panic!("{entry:?}"),
            }
        }
        assert!(seen[0] > 3 && seen[1] > 1, "{seen:?}");
    });
}
