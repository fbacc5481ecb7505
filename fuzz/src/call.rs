//! Calls in JSON.

use std::sync::{Arc, LazyLock};

use wpc::{DynamicGate, Identity, JobId, Key, MemoryLedger, Opening, POLICY_TYPE, Trust, sign};
use wpc_compiler::{Parameters, Source, compile};
use wpc_model::{Call, Measured, Moment, Policy, encode, rulings};

/// Policies that calls are read for: every type, every test, and the example.
const POLICIES: [&str; 3] = [
    include_str!("../../compiler/tests/corpus/accept/a_tool_of_ones_own.wpc"),
    include_str!("../../compiler/tests/corpus/accept/conditions_of_every_sort.wpc"),
    include_str!("../../compiler/tests/corpus/accept/orders.wpc"),
];

/// A call that is accepted conforms to the policy's interface, is decided alike by the interpreter and
/// by the engine, and is itself again when it is written and read.
///
/// # Panics
///
/// Only if that does not hold.
pub fn call(data: &[u8]) {
    for gate in GATES.iter() {
        let policy = gate.policy();
        if let Ok(call) = Call::from_json(data, policy, Measured::Refuse) {
            decided_alike(gate, &call);
        }
        let Ok(call) = Call::from_json(data, policy, Measured::Accept) else { continue };
        assert_eq!(call.conform(policy), Ok(()), "accepted, and does not conform");
        decided_alike(gate, &call);
        let written = call.to_json(policy).encode();
        let again = Call::from_json(&written, policy, Measured::Accept);
        assert_eq!(again.as_ref(), Ok(&call), "not the call that was written");
    }
}

/// The policies, compiled: their calls are the seeds.
#[must_use]
pub fn policies() -> Vec<Policy> {
    GATES.iter().map(|gate| gate.policy().clone()).collect()
}

fn decided_alike(gate: &DynamicGate, call: &Call) {
    let interpreted = rulings(gate.policy(), call, Moment::at(0));
    assert_eq!(gate.rulings(call, Moment::at(0)), interpreted, "two decisions on {call:?}");
}

static GATES: LazyLock<Vec<DynamicGate>> = LazyLock::new(|| {
    let gates: Vec<_> = POLICIES.iter().filter_map(|text| gate(text)).collect();
    assert_eq!(gates.len(), POLICIES.len(), "a policy does not compile");
    gates
});

fn gate(text: &str) -> Option<DynamicGate> {
    let mut policy = compile(&Source::new("fuzz.wpc", text), &Parameters::new()).ok()?.policy;
    // Calls are read the same way under any token.
    (policy.auth.pin_policy_hash, policy.auth.job_scoped_binding) = (false, false);
    let (author, ledger) = (Key::from_seed(&[7; 32]), Key::from_seed(&[8; 32]));
    let trust = format!(
        r#"{{"v":1,"principals":[{{"name":"author","keys":["{}"],"roles":["policy_author"]}}],"threshold":{{}}}}"#,
        author.did()
    );
    let opening = Opening {
        artifact: &sign(POLICY_TYPE, &encode(&policy), &[author]),
        trust: &Trust::parse(trust.as_bytes()).ok()?,
        ledger: Arc::new(MemoryLedger::new(ledger).ok()?),
        identity: Identity::local(JobId::parse("fuzz").ok()?, "fuzz"),
    };
    DynamicGate::open(opening).ok()
}
