//! Receipts of model calls in every ledger.

use serde_json::json;
use wpc::gateway_receipt::{Answered, Binding, GatewayReceipt};
use wpc::ledger::{Body, Verdict};
use wpc::{DynamicGate, Key, ModelCalled, Trust};
use wpc_model::{Cost, Hash, Models, Policy};

use crate::policy::{author, ping, policy, ready, signed};
use crate::rig::{Rig, job, on_each};

fn gateway() -> Key {
    Key::from_seed(&[50; 32])
}

fn another_gateway() -> Key {
    Key::from_seed(&[51; 32])
}

fn trusting() -> Trust {
    let one = |name: &str, key: Key, role: &str| json!({"name": name, "keys": [key.did().to_string()], "roles": [role]});
    let principals = [
        one("alice", author(), "policy_author"),
        one("proxy", gateway(), "model_gateway"),
        one("another", another_gateway(), "model_gateway"),
    ];
    Trust::parse(json!({"v": 1, "principals": principals}).to_string().as_bytes()).unwrap()
}

fn talkative() -> Policy {
    let mut policy = policy();
    policy.settings.models = Some(Models {
        providers: vec!["openai".to_owned()],
        tokens: Some(100),
        cost: Some(Cost { currency: "USD".to_owned(), minor_units: 50 }),
        ..Models::default()
    });
    policy.normalise()
}

fn open(rig: &Rig, name: &str) -> DynamicGate {
    let (artifact, trust) = (signed(&talkative()), trusting());
    DynamicGate::open(ready(&artifact, &trust, &rig.ledger, name).opening()).unwrap()
}

fn receipt(gate: &DynamicGate, name: &str, tokens: u64) -> Vec<u8> {
    receipt_by(&gateway(), gate, name, tokens)
}

fn receipt_by(gateway: &Key, gate: &DynamicGate, name: &str, tokens: u64) -> Vec<u8> {
    let said = Answered {
        receipt_id: name.to_owned(),
        gateway_id: "gateway".to_owned(),
        provider: "openai".to_owned(),
        model: "gpt-5".to_owned(),
        request_hash: Hash::of(b"request"),
        response_hash: Hash::of(b"response"),
        tokens_input: tokens,
        tokens_output: 0,
        latency_ms: 1,
        timestamp: 1_767_323_045_000,
        binding: Binding { span_id: Some(name.to_owned()), ..gate.model_binding().unwrap() },
        cost: Some(Cost { currency: "USD".to_owned(), minor_units: 10 }),
        notes: [].into(),
    };
    GatewayReceipt::sign(&said, gateway, said.timestamp).unwrap().as_str().as_bytes().to_vec()
}

#[test]
fn a_model_call_is_recorded_once_with_its_receipt_and_charged() {
    on_each(|rig| {
        // Two gates of one job share the budget; another job has its own.
        let (gate, beside, other) = (open(rig, "j"), open(rig, "j"), open(rig, "k"));
        let first = receipt(&gate, "r1", 60);
        assert_eq!(gate.model_call_sync(&first).unwrap(), ModelCalled { seq: 1, over_budget: false });
        assert_eq!(beside.model_call_sync(&first).unwrap_err().code(), "receipt_duplicate");
        let left = beside.model_budget().unwrap();
        assert_eq!((left.tokens, left.costs["USD"]), (Some(40), 40));
        assert_eq!(other.model_budget().unwrap().tokens, Some(100));
        assert_eq!(other.model_call_sync(&first).unwrap_err().code(), "receipt_binding");
        other.model_call_sync(&receipt(&other, "r1", 1)).unwrap();
        assert!(beside.model_call_sync(&receipt(&gate, "r2", 41)).unwrap().over_budget);
        gate.begin_sync(ping(1)).unwrap().finish_sync(wpc::Outcome::Done);
        let log = rig.log(&job("j"));
        let Body::ModelCall(called) = &log[1].body else { panic!() };
        assert_eq!(
            (called.receipt_id.as_str(), called.span.as_deref(), called.signer),
            ("r1", Some("r1"), gateway().did())
        );
        let charged: Vec<_> = called.charges.iter().map(|charge| (charge.before, charge.amount)).collect();
        assert_eq!(charged, [(0, 1), (0, 60), (0, 10)]);
        let kept = rig.ledger.document(&called.receipt).unwrap().unwrap();
        assert_eq!(kept.envelope, first);
        let Body::Attempt(attempt) = &log[3].body else { panic!() };
        assert!(matches!(attempt.verdict, Verdict::Allow { .. }));
        rig.is_clean();
        gate.close().unwrap();
        assert_eq!(gate.model_call_sync(&receipt(&gate, "r3", 1)).unwrap_err().code(), "job_closed");
        rig.is_clean();
    });
}

#[test]
fn another_gateway_may_use_the_same_names() {
    on_each(|rig| {
        let gate = open(rig, "j");
        gate.model_call_sync(&receipt(&gate, "r1", 1)).unwrap();
        // Nobody can use up a name that is somebody else's.
        gate.model_call_sync(&receipt_by(&another_gateway(), &gate, "r1", 1)).unwrap();
        let again = receipt_by(&another_gateway(), &gate, "r1", 2);
        assert_eq!(gate.model_call_sync(&again).unwrap_err().code(), "receipt_duplicate");
        assert_eq!(gate.model_budget().unwrap().tokens, Some(98));
        rig.is_clean();
    });
}
