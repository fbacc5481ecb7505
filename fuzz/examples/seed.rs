//! Writes the seeds that are not text to `seeds/`: run by `seed.sh`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use wpc::ledger::{
    Attempt, Body, Charged, ClockAccepted, Closed, Closing, Engine, Entry, Fact, FactsBy, Instance,
    ModelCall, Opened, PolicyChanged, Proof, Revoked, Seen, Settled, Suppressed, Taken, Untyped, Verdict,
};
use wpc::{CallId, JobId, Key, Outcome, Provider};
use wpc_model::{Attestation, Counter, Hash, OnChange, Policy, Reason, RuleId, Truth, arbitrary, encode};

/// Policies among the seeds; each is a few kilobytes.
const POLICIES: usize = 24;
/// Pairs of policies among the seeds.
const PAIRS: usize = 8;
/// Calls of each policy among the seeds.
const CALLS: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for (index, policy) in policies()?.iter().enumerate() {
        write(&seeds, "artifact", &format!("{index:02}.json"), &encode(policy))?;
    }
    for (index, pair) in policies()?.windows(2).take(PAIRS).enumerate() {
        let [old, new] = pair else { continue };
        // A policy with another one's bytes has none of its rules: one that was changed has most.
        let changed = changed(old);
        write(&seeds, "analysis", &format!("{index:02}a"), &[encode(old), encode(new)].join(&0))?;
        write(&seeds, "analysis", &format!("{index:02}b"), &[encode(old), encode(&changed)].join(&0))?;
    }
    for (index, call) in calls()?.iter().enumerate() {
        write(&seeds, "call", &format!("{index:02}.json"), call)?;
    }
    for (index, envelope) in wpc_fuzz::signed().iter().enumerate() {
        write(&seeds, "envelope", &format!("{index}.json"), envelope)?;
    }
    for (index, entry) in entries()?.iter().enumerate() {
        write(&seeds, "entry", &format!("{index:02}.json"), &entry.encode()?)?;
    }
    for (index, request) in wpc_fuzz::requests()?.iter().enumerate() {
        write(&seeds, "approval", &format!("{index}.json"), request)?;
    }
    for (index, note) in wpc_fuzz::checkpoints()?.iter().enumerate() {
        write(&seeds, "checkpoint", &format!("{index}.txt"), note.as_bytes())?;
    }
    for (index, statement) in wpc_fuzz::statements()?.iter().enumerate() {
        write(&seeds, "statement", &format!("{index:02}.json"), statement)?;
    }
    for (index, request) in wpc_fuzz::signed_requests().iter().enumerate() {
        write(&seeds, "request", &format!("{index}.txt"), request)?;
    }
    for (index, token) in wpc_fuzz::tokens().iter().enumerate() {
        write(&seeds, "token", &format!("{index}.txt"), token)?;
    }
    for (index, trust) in trusts().iter().enumerate() {
        write(&seeds, "trust", &format!("{index}.json"), trust.as_bytes())?;
    }
    Ok(())
}

/// Policies of every shape, the same in every run.
fn policies() -> Result<Vec<Policy>, Box<dyn Error>> {
    let mut runner = TestRunner::deterministic();
    // Every other one extends others.
    let strategy = proptest::prop_oneof![arbitrary::policy(), arbitrary::extending()];
    let draw = |_| Ok(strategy.new_tree(&mut runner).map_err(|reason| reason.to_string())?.current());
    (0..POLICIES).map(draw).collect()
}

/// The policy without its first rules, limits and approvals.
fn changed(policy: &Policy) -> Policy {
    let mut changed = policy.clone();
    for tool in changed.tools.values_mut() {
        tool.allow.truncate(tool.allow.len() / 2);
        tool.deny.truncate(tool.deny.len() / 2);
        tool.limits.truncate(tool.limits.len() / 2);
    }
    changed.approvals.truncate(changed.approvals.len() / 2);
    changed
}

/// Calls of every policy that the oracle reads them for.
fn calls() -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut runner = TestRunner::deterministic();
    let mut calls = Vec::new();
    for policy in wpc_fuzz::policies() {
        let strategy = arbitrary::call(&policy);
        for _ in 0..CALLS {
            let call = strategy.new_tree(&mut runner).map_err(|reason| reason.to_string())?.current();
            calls.push(call.to_json(&policy).encode());
        }
    }
    Ok(calls)
}

/// One entry of every kind and verdict.
fn entries() -> Result<Vec<Entry>, Box<dyn Error>> {
    let call = CallId::parse("call_aaaaaaaaaaaaaaaaaaaaaaaaaa").ok_or("not a call's id")?;
    let rule = RuleId::of(b"rule");
    let attempt = |resource, verdict| {
        let (tool, action) = ("azure_service_bus".to_owned(), "send".to_owned());
        Body::Attempt(Attempt {
            call: call.clone(),
            tool,
            action,
            resource,
            engine: Engine::Generated,
            verdict,
            jti: Some("token-1".to_owned()),
            args_root: Hash::of(b"arguments"),
            facts: vec![Fact { name: "messages".to_owned(), commitment: Hash::of(b"messages") }],
            attested: vec![Attestation {
                source: rule,
                holds: vec![Truth::True, Truth::False, Truth::Unknown],
            }],
            approvals: vec![],
            revocation_seq: 1,
        })
    };
    let settled = |outcome, provider| Settled {
        call: call.clone(),
        attempt_seq: 1,
        outcome,
        provider,
        late: false,
        facts_by: FactsBy::Encoded,
        facts: vec![],
        duration_ms: 7,
        charges: vec![],
    };
    let named = Seen::Named { kind: "queue".to_owned(), names: vec!["orders-staging".to_owned()] };
    let charge =
        Charged { counter: wpc_model::Counter::of(rule), before: 3, amount: 1, window_ms: Some(60_000) };
    let mut bodies = vec![
        Body::Opened(Opened {
            agent: "agent:planner@3".to_owned(),
            policy: "asb-send-orders-staging".to_owned(),
            policy_hash: Hash::of(b"policy"),
            release_seq: Some(7),
            tool_version: Some(Hash::of(b"program")),
            charges: Vec::new(),
        }),
        attempt(Some(named), Verdict::Allow { rule, charges: vec![charge] }),
        attempt(
            Some(Seen::Other { kind: "queue".to_owned(), commitment: Hash::of(b"names") }),
            Verdict::Deny { reason: Reason::ExplicitDeny, rule: Some(rule) },
        ),
        attempt(None, Verdict::Deny { reason: Reason::DefaultDeny, rule: None }),
        Body::ModelCall(ModelCall {
            receipt: Hash::of(b"a receipt"),
            signer: Key::from_seed(&[9; 32]).did(),
            receipt_id: "rcpt_1".to_owned(),
            span: Some("span_1".to_owned()),
            charges: vec![Charged {
                counter: Counter::keyed(RuleId::of(b"receipt"), Hash::of(b"rcpt_1")),
                before: 0,
                amount: 1,
                window_ms: None,
            }],
        }),
        Body::Token(Taken {
            issuer: Key::from_seed(&[2; 32]).did(),
            jti: "token-1".to_owned(),
            grant: Hash::of(b"grant"),
            scope_hash: Hash::of(b"scope"),
            iat: 1_700_000_000,
            exp: 1_700_000_900,
            proof: Proof::Dpop,
        }),
        Body::Revoked(Revoked {
            what: "agent".to_owned(),
            value: "agent:planner@3".to_owned(),
            revocation_seq: 1,
        }),
        Body::Suppressed(Suppressed {
            code: "default_deny".to_owned(),
            count: 7,
            first_at: 1_700_000_000_000,
            last_at: 1_700_000_000_500,
        }),
        Body::PolicyChanged(PolicyChanged {
            from: Hash::of(b"policy"),
            to: Hash::of(b"newer"),
            release_seq: 8,
            running: OnChange::Drain,
        }),
        Body::ClockAccepted(ClockAccepted {
            wall: 1_700_000_000_000,
            ledger_at: 1_700_000_009_000,
            by: "alice".to_owned(),
        }),
        Body::Refused(Untyped {
            code: "not_json".to_owned(),
            raw_bytes: 12,
            raw_commitment: Some(Hash::of(b"raw")),
        }),
        Body::Outcome(settled(
            Outcome::Done,
            Some(Provider { status: Some("accepted".to_owned()), id: Some("7".to_owned()) }),
        )),
        Body::Outcome(settled(Outcome::Failed { code: "described_differs".to_owned() }, None)),
        Body::Outcome(settled(Outcome::Unknown { code: "error".to_owned() }, None)),
        Body::Outcome(settled(Outcome::Abandoned, None)),
    ];
    // It says how many there are before it.
    let entries = u64::try_from(bodies.len())?;
    bodies.push(Body::Closed(Closed {
        reason: Closing::Completed,
        entries,
        root: Hash::of(b"root"),
        counts: BTreeMap::from([("attempt".to_owned(), 3), ("opened".to_owned(), 1)]),
        unsettled: vec![call.clone()],
        totals: BTreeMap::from([(rule, 4)]),
    }));
    let instance = Instance::parse("inst_aaaaaaaaaaaaaaaaaaaaaaaaaa").ok_or("not an instance")?;
    let entry = |(seq, body)| {
        let (ledger, instance) = (Key::from_seed(&[1; 32]).did(), instance.clone());
        Ok(Entry { ledger, instance, job: JobId::parse("job-1")?, seq, at: 1_700_000_000_000, body })
    };
    (0..).zip(bodies).map(entry).collect()
}

/// A trust file with one principal of everything, and a small one.
fn trusts() -> [String; 2] {
    let did = |seed| Key::from_seed(&[seed; 32]).did();
    let principal =
        |seed: u8, name: &str, rest: &str| format!(r#"{{"name":"{name}","keys":["{}"],{rest}}}"#, did(seed));
    let author = principal(1, "alice", r#""roles":["policy_author","approver"]"#);
    let issuer = principal(2, "issuer", r#""roles":["token_issuer","releaser","revoker"]"#);
    let ledger = principal(3, "gate", r#""roles":["ledger"],"mode":"gateway""#);
    let witness = principal(4, "w1", r#""roles":["witness"]"#);
    [
        format!(
            r#"{{"v":1,"principals":[{author},{issuer},{ledger},{witness}],"threshold":{{"policy_author":1,"witness":0}}}}"#
        ),
        format!(r#"{{"v":1,"principals":[{author}],"threshold":{{}}}}"#),
    ]
}

fn write(seeds: &Path, target: &str, name: &str, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let directory = seeds.join(target);
    fs::create_dir_all(&directory)?;
    fs::write(directory.join(name), bytes)?;
    Ok(())
}
