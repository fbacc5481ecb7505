//! One job with all that is exported, byte for byte, and what is refused. `.ci/run` validates the file
//! under the ecosystem's own schemas.

use std::collections::BTreeMap;

use serde_json::Value;
use wpc_model::{Cost, Counter, Hash, Reason, RuleId};

use super::super::{ExportError, Exported, MAX_EVENTS, Options, event_hash, payload};
use super::key;
use crate::bundle::{Shown, View};
use crate::checkpoint::Origin;
use crate::entry::{
    Attempt, Body, Charged, Closed, Closing, Engine, Entry, FactsBy, Given, Instance, ModelCall, Opened,
    Proof, Seen, Settled, Taken, Untyped, Verdict,
};
use crate::gateway_receipt::{Answered, Binding, GatewayReceipt};
use crate::statement::APPROVAL_TYPE;
use crate::{CallId, JobId, Key, Outcome};

/// The ledger's key, and the model gateway's; 1 is the agent's, 2 that for exports.
const LEDGER: u8 = 3;
const GATEWAY: u8 = 5;
const STARTED: i64 = 1_767_225_600_000;

fn call(letter: char) -> CallId {
    CallId::parse(&format!("call_{}a", letter.to_string().repeat(25))).unwrap()
}

fn attempt(letter: char, resource: Option<Seen>, verdict: Verdict) -> Body {
    Body::Attempt(Attempt {
        call: call(letter),
        tool: "azure_service_bus".to_owned(),
        action: "send".to_owned(),
        resource,
        engine: Engine::Generated,
        verdict,
        jti: Some("token-1".to_owned()),
        args_root: Hash::of(b"arguments"),
        facts: vec![],
        attested: vec![],
        approvals: vec![],
        revocation_seq: 0,
    })
}

fn allowed(letter: char, resource: Option<Seen>) -> Body {
    attempt(letter, resource, Verdict::Allow { rule: RuleId([1; 16]), charges: vec![] })
}

fn outcome(letter: char, attempt_seq: u64, outcome: Outcome, late: bool) -> Body {
    Body::Outcome(Settled {
        call: call(letter),
        attempt_seq,
        outcome,
        provider: None,
        late,
        facts_by: FactsBy::Encoded,
        facts: vec![],
        duration_ms: 12,
        charges: vec![],
    })
}

fn approval() -> (Hash, String) {
    let payload = b"{}";
    let envelope = crate::sign(APPROVAL_TYPE, payload, &[key(6)]);
    (Hash::of(payload), String::from_utf8(envelope).unwrap())
}

fn bodies() -> Vec<Body> {
    let named = Seen::Named { kind: "queue".to_owned(), names: vec!["orders-staging".to_owned()] };
    let other = Seen::Other { kind: "queue".to_owned(), commitment: Hash::of(b"names") };
    let opened = Opened {
        agent: key(1).did().to_string(),
        policy: "orders".to_owned(),
        policy_hash: Hash::of(b"policy"),
        release_seq: None,
        tool_version: Some(Hash::of(b"program")),
        charges: vec![],
    };
    let taken = Taken {
        issuer: key(4).did(),
        jti: "token-1".to_owned(),
        grant: Hash::of(b"grant"),
        scope_hash: Hash::of(b"scope"),
        iat: STARTED / 1_000,
        exp: STARTED / 1_000 + 600,
        proof: Proof::Bearer,
    };
    let given = Given {
        approval: approval().0,
        approver: key(6).did(),
        nonce: "a".repeat(26),
        request: Hash::of(b"request"),
        not_after: STARTED + 60_000,
        memberships: vec![],
    };
    let closed = Closed {
        reason: Closing::Completed,
        entries: 13,
        root: Hash::of(b"root"),
        counts: BTreeMap::new(),
        unsettled: vec![call('f')],
        totals: BTreeMap::new(),
    };
    let unknown = || Outcome::Unknown { code: "connection_lost".to_owned() };
    let deny = Verdict::Deny { reason: Reason::DefaultDeny, rule: None };
    vec![
        Body::Opened(opened),
        Body::Token(taken),
        Body::Refused(Untyped { code: "malformed".to_owned(), raw_bytes: 3, raw_commitment: None }),
        attempt('b', Some(named.clone()), deny),
        Body::Approval(given),
        allowed('c', Some(named)),
        outcome('c', 5, Outcome::Done, false),
        allowed('d', Some(other)),
        outcome('d', 7, unknown(), false),
        outcome('d', 7, Outcome::Done, true),
        allowed('e', None),
        outcome('e', 10, Outcome::Failed { code: "described_differs".to_owned() }, false),
        allowed('f', None),
        Body::Closed(closed),
    ]
}

fn view(bodies: Vec<Body>) -> View {
    let (ledger, job) = (key(LEDGER).did(), JobId::parse("job_1").unwrap());
    let instance = Instance::parse(&format!("inst_{}", "a".repeat(26))).unwrap();
    let entries = bodies.into_iter().enumerate().map(|(place, body)| {
        let (instance, job, seq) = (instance.clone(), job.clone(), place as u64);
        let entry = Entry { ledger, instance, job, seq, at: STARTED + place as i64 * 1_000, body };
        Shown { entry, openings: BTreeMap::new() }
    });
    View {
        origin: Origin::job(ledger, job.clone()),
        policy_hash: Some(Hash::of(b"policy")),
        policy: None,
        entries: entries.collect(),
        approvals: [approval()].into(),
        receipts: BTreeMap::new(),
    }
}

/// A gateway's answer, bound as `binding` says.
fn answered(number: u64, binding: Binding) -> GatewayReceipt {
    let said = Answered {
        receipt_id: format!("rcpt_{number}"),
        gateway_id: "did:web:gateway.example".to_owned(),
        provider: "openai".to_owned(),
        model: "gpt-5".to_owned(),
        request_hash: Hash::of(b"request"),
        response_hash: Hash::of(b"response"),
        tokens_input: 10,
        tokens_output: 20,
        latency_ms: 12,
        timestamp: STARTED + 500 * i64::try_from(number).unwrap(),
        binding: Binding { run_id: "job_1".to_owned(), nonce: Some(format!("nonce_{number}")), ..binding },
        cost: Some(Cost { currency: "USD".to_owned(), minor_units: 3 }),
        notes: BTreeMap::new(),
    };
    GatewayReceipt::sign(&said, &key(GATEWAY), STARTED + 60_000).unwrap()
}

/// The same job, in which models were called: each with its span, and the span above it.
fn with_models(spans: &[(Option<&str>, Option<&str>)], bound: bool) -> View {
    let first = view(bodies()).entries.swap_remove(0).entry;
    let event_hash = if bound { event_hash(&first).unwrap() } else { Hash::of(b"another chain") };
    let receipts = (1..).zip(spans).map(|(number, (span, parent))| {
        let binding = Binding {
            event_hash: Some(event_hash),
            span_id: span.map(str::to_owned),
            parent_span_id: parent.map(str::to_owned),
            ..Binding::default()
        };
        answered(number, binding)
    });
    let receipts: Vec<_> = receipts.collect();
    let mut all = bodies();
    for receipt in receipts.iter().rev() {
        let called = ModelCall {
            receipt: receipt.hash(),
            signer: key(GATEWAY).did(),
            receipt_id: receipt.said().receipt_id.clone(),
            span: receipt.said().binding.span_id.clone(),
            charges: vec![],
        };
        all.insert(3, Body::ModelCall(called));
    }
    // An entry of a model call charges its receipt; the last one says how many there are before it.
    let entries = u64::try_from(all.len()).unwrap() - 1;
    for body in &mut all {
        if let Body::Closed(closed) = body {
            closed.entries = entries;
        }
        if let Body::ModelCall(called) = body {
            let counter = Counter::keyed(RuleId([2; 16]), called.receipt);
            called.charges.push(Charged { counter, before: 0, amount: 1, window_ms: None });
        }
    }
    View { receipts: receipts.into_iter().map(|one| (one.hash(), one)).collect(), ..view(all) }
}

fn export(view: &View, agent: &Key, gateway: &Key, unanchored: bool) -> Result<Exported, ExportError> {
    let options = Options { issued_at: STARTED + 3_600_000, unanchored };
    payload(view, &Hash::of(b"bundle"), agent, gateway, options)
}

#[test]
fn a_job_is_exported_byte_for_byte() {
    let spans = [(Some("span_1"), None), (Some("span_2"), Some("span_1")), (None, None)];
    let made = export(&with_models(&spans, true), &key(1), &key(2), false).unwrap();
    assert_eq!((made.model_receipts, made.unbound_receipts), (3, 0));
    assert_eq!(
        (made.events, made.tool_receipts, made.side_effects, made.approvals, made.left_out),
        (17, 3, 2, 1, false)
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/clawsig/tests/golden.json");
    if std::env::var_os("WPC_BLESS").is_some() {
        std::fs::write(path, &made.bytes).unwrap();
    }
    assert_eq!(String::from_utf8(made.bytes).unwrap(), std::fs::read_to_string(path).unwrap());
}

#[test]
fn what_nothing_anchors_is_left_out() {
    let made = export(&view(bodies()), &key(1), &key(2), false).unwrap();
    let file: Value = serde_json::from_slice(&made.bytes).unwrap();
    assert!(made.left_out);
    for member in ["side_effect_receipts", "human_approval_receipts", "receipts"] {
        assert_eq!(file["payload"].get(member), None, "{member}");
    }
    let receipts = file["payload"]["tool_receipts"].as_array().unwrap();
    // Of two outcomes the later counts; a denied call and one without an end have no receipt.
    let statuses: Vec<_> = receipts.iter().map(|one| one["payload"]["result_status"].as_str()).collect();
    assert_eq!(statuses, [Some("success"), Some("success"), Some("error")]);
    // A job without effects leaves nothing out.
    let short = view(bodies().into_iter().take(4).collect());
    assert!(!export(&short, &key(1), &key(2), false).unwrap().left_out);
}

#[test]
fn receipts_that_the_ecosystems_verifier_would_not_count_are_left_out() {
    let exported = |spans: &[(Option<&str>, Option<&str>)], bound| {
        let made = export(&with_models(spans, bound), &key(1), &key(2), false).unwrap();
        let file: Value = serde_json::from_slice(&made.bytes).unwrap();
        let anchors = |array: &str| {
            let items = file["payload"].get(array).map(|items| items.as_array().unwrap().clone());
            let items = items.unwrap_or_default();
            items.iter().map(|item| item["binding"]["parent_span_id"].clone()).collect::<Vec<_>>()
        };
        let effects = [anchors("side_effect_receipts"), anchors("human_approval_receipts")].concat();
        (made.model_receipts, made.unbound_receipts, made.left_out, effects)
    };
    assert_eq!(exported(&[(None, None)], true), (1, 0, true, vec![]));
    assert_eq!(exported(&[(Some("s"), None)], false), (0, 1, true, vec![]));
    let one = (1, 1, false, vec![Value::from("s"); 3]);
    // Another root, a span whose parent is not there, the same span again, a parent without a child.
    assert_eq!(exported(&[(Some("s"), None), (Some("t"), None)], true), one);
    assert_eq!(exported(&[(Some("s"), None), (Some("t"), Some("u"))], true), one);
    assert_eq!(exported(&[(Some("s"), None), (Some("s"), None)], true), one);
    assert_eq!(exported(&[(Some("s"), None), (None, Some("s"))], true), one);
}

#[test]
fn other_keys_names_and_lengths_are_refused() {
    let whole = view(bodies());
    for (agent, gateway, error) in [
        (4, 2, ExportError::AgentKey),
        (LEDGER, 2, ExportError::AgentKey),
        (1, LEDGER, ExportError::SharedKey),
        (1, 1, ExportError::SharedKey),
    ] {
        assert_eq!(export(&whole, &key(agent), &key(gateway), false), Err(error));
    }
    let mut changed = view(bodies());
    let Body::Opened(opened) = &mut changed.entries[0].entry.body else { panic!() };
    opened.agent = "orders-agent".to_owned();
    assert_eq!(export(&changed, &key(1), &key(2), false), Err(ExportError::AgentName));
    let Body::Opened(opened) = &mut changed.entries[0].entry.body else { panic!() };
    opened.agent = key(LEDGER).did().to_string();
    assert_eq!(export(&changed, &key(LEDGER), &key(2), false), Err(ExportError::SharedKey));
    let headless = view(bodies().split_off(1));
    assert_eq!(export(&headless, &key(1), &key(2), false), Err(ExportError::NotOpened));
    assert_eq!(export(&view(vec![]), &key(1), &key(2), false), Err(ExportError::NotOpened));

    let long = |count: usize| {
        let refused =
            Body::Refused(Untyped { code: "malformed".to_owned(), raw_bytes: 3, raw_commitment: None });
        let opened = bodies().swap_remove(0);
        view([opened].into_iter().chain(std::iter::repeat_n(refused, count - 1)).collect())
    };
    assert_eq!(export(&long(MAX_EVENTS), &key(1), &key(2), false).unwrap().events, MAX_EVENTS);
    let error = export(&long(MAX_EVENTS + 1), &key(1), &key(2), false).unwrap_err();
    assert_eq!((error, error.code()), (ExportError::TooManyEvents(MAX_EVENTS + 1), "too_many_events"));
}
