//! Calls of models: their receipts are recorded once, charged, proved, and nobody else's pass for them.

use wpc::bundle::{Code, Options, Parts, Report, Verdict, verify};
use wpc::gateway_receipt::{Answered, Binding, GatewayReceipt};
use wpc::ledger::{Body, Entry};
use wpc::{Key, ModelCalled, Outcome};
use wpc_model::{Cost, Hash, ModelBudget, Policy};

use crate::forged::{signed, with};
use crate::tampered::refuses_parts;
use crate::told::told;
use crate::world::{World, agent, call, compiled, model_gateway};

const POLICY: &str = r#"
tool deploy {
    scope cluster(name: text) = "{name}"
    resource stack(name: entity_name<60>) = "{cluster}/{name}"
    action status on stack
}

policy talkative {
    tool deploy at cluster("a") { allow status on any stack }
    models { allow "openai/gpt-5", "meta/llama"; budget 1_000 tokens, 1.00 USD }
    token { lifetime 15 min; pin policy; bind job }
    proof { gateway_receipts required; retain 30 days }
}
"#;

fn policy() -> Policy {
    compiled(POLICY)
}

fn world() -> World {
    World::under(&policy())
}

/// What the gateway answers to a call of the job, `number` of them.
fn answered(world: &World, number: u32) -> Answered {
    let bound = world.gate.model_binding().unwrap();
    Answered {
        receipt_id: format!("rcpt_{number}"),
        gateway_id: "did:web:gateway.example".to_owned(),
        provider: "openai".to_owned(),
        model: "gpt-5".to_owned(),
        request_hash: Hash::of(b"request"),
        response_hash: Hash::of(b"response"),
        tokens_input: 100,
        tokens_output: 50,
        latency_ms: 12,
        timestamp: world.ledger.clock().wall_ms(),
        binding: Binding {
            nonce: Some(format!("nonce_{number}")),
            span_id: Some(format!("span_{number}")),
            parent_span_id: (number > 1).then(|| "span_1".to_owned()),
            ..bound
        },
        cost: Some(Cost { currency: "USD".to_owned(), minor_units: 20 }),
        notes: [].into(),
    }
}

fn receipt(said: &Answered, key: &Key) -> Vec<u8> {
    GatewayReceipt::sign(said, key, said.timestamp + 5).unwrap().as_str().as_bytes().to_vec()
}

fn called(world: &World, number: u32) -> ModelCalled {
    world.clock.pass(10);
    world.gate.model_call_sync(&receipt(&answered(world, number), &model_gateway())).unwrap()
}

/// Two calls of a model with an effect between; the job is open.
fn lived() -> World {
    let world = world();
    assert!(!called(&world, 1).over_budget);
    world.done(call("status", "web", []));
    assert!(!called(&world, 2).over_budget);
    world
}

fn report(bundle: &[u8], world: &World) -> Report {
    verify(bundle, &world.trust, &Options::default())
}

#[test]
fn a_policy_that_demands_receipts_of_model_calls_is_verified_with_them_alone() {
    let world = lived();
    world.gate.close().unwrap();
    let verified = report(&world.bundle(), &world);
    assert_eq!(verified.verdict(), Verdict::Verified, "{}", told(&verified));
    assert_eq!(verified.counts.model_calls, 2);
    assert!(!verified.gaps.iter().any(|gap| gap.code == Code::GapNoModelReceipts));
    assert_eq!(world.ledger.check().unwrap().findings, []);

    let silent = self::world();
    silent.done(call("status", "web", []));
    silent.gate.close().unwrap();
    let without = report(&silent.bundle(), &silent);
    assert_eq!(without.verdict(), Verdict::Incomplete);
    let gap = without.gaps.iter().find(|gap| gap.code == Code::GapNoModelReceipts);
    assert!(gap.is_some_and(|gap| gap.accepted.is_none()));
}

#[test]
fn receipts_are_charged_to_the_budgets_and_one_beyond_them_is_told_and_refused_by_the_auditor() {
    let world = world();
    let left = || {
        let ModelBudget { tokens, costs } = world.gate.model_budget().unwrap();
        (tokens, costs["USD"])
    };
    assert_eq!(left(), (Some(1_000), 100));
    for number in 1..=5 {
        assert!(!called(&world, number).over_budget);
    }
    // The cost is used up, the tokens are not.
    assert_eq!(left(), (Some(250), 0));
    assert!(called(&world, 6).over_budget);
    assert_eq!(left(), (Some(100), 0));
    world.gate.close().unwrap();
    let beyond = report(&world.bundle(), &world);
    let found: Vec<_> = beyond.findings.iter().map(|one| (one.code, one.detail)).collect();
    assert_eq!(found, [(Code::ChargeDiffers, Some("a budget of models is exceeded"))]);
}

#[test]
fn receipts_of_others_and_for_others_are_not_recorded() {
    let world = world();
    let other = world.another("job-other");
    let refused = |bytes: &[u8]| world.gate.model_call_sync(bytes).unwrap_err().code();
    let good = answered(&world, 1);
    let signed = |change: &dyn Fn(&mut Answered)| {
        let mut said = good.clone();
        change(&mut said);
        receipt(&said, &model_gateway())
    };
    assert_eq!(refused(&receipt(&good, &agent())), "receipt_signature");
    assert_eq!(refused(&signed(&|said| said.binding.run_id = "job-other".to_owned())), "receipt_binding");
    assert_eq!(refused(&signed(&|said| said.binding.policy_hash = Some(Hash::of(b"p")))), "receipt_binding");
    assert_eq!(refused(&signed(&|said| said.binding.token_scope_hash = None)), "receipt_binding");
    assert_eq!(refused(&signed(&|said| said.model = "gpt-4".to_owned())), "model_not_allowed");
    assert_eq!(refused(&signed(&|said| said.provider = "azure".to_owned())), "model_not_allowed");
    assert_eq!(refused(&signed(&|said| said.cost = None)), "model_cost_unknown");
    let euros = Cost { currency: "EUR".to_owned(), minor_units: 1 };
    assert_eq!(refused(&signed(&|said| said.cost = Some(euros.clone()))), "model_cost_unknown");
    assert_eq!(refused(b"{}"), "malformed");
    // A stolen one: of this job, handed to another.
    let mine = receipt(&good, &model_gateway());
    assert_eq!(other.model_call_sync(&mine).unwrap_err().code(), "receipt_binding");
    // Once, under whatever content.
    world.gate.model_call_sync(&mine).unwrap();
    assert_eq!(refused(&mine), "receipt_duplicate");
    assert_eq!(refused(&signed(&|said| said.tokens_input = 0)), "receipt_duplicate");
    world.gate.close().unwrap();
    assert_eq!(refused(&receipt(&answered(&world, 2), &model_gateway())), "job_closed");
    let kinds: Vec<_> = entries(&world).iter().map(|entry| entry.body.kind()).collect();
    assert_eq!(kinds, ["opened", "token", "model_call", "closed"]);
    assert_eq!(report(&world.bundle(), &world).verdict(), Verdict::Verified);
}

fn entries(world: &World) -> Vec<Entry> {
    let entries = world.ledger.entries(world.job(), 0, usize::MAX).unwrap();
    entries.iter().map(|bytes| Entry::decode(bytes).unwrap()).collect()
}

#[test]
fn a_bundle_with_other_receipts_is_refused() {
    let world = lived();
    let parts = world.parts();
    assert_eq!(parts.receipts.len(), 2);
    let changed = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut parts = parts.clone();
        change(&mut parts.receipts);
        parts
    };
    refuses(&changed(&|receipts| drop(receipts.pop())), &world, Code::ReceiptBinding);
    refuses(&changed(&|receipts| receipts.push(receipts[0].clone())), &world, Code::ReceiptDuplicate);
    let third = receipt(&answered(&world, 3), &model_gateway());
    refuses(&changed(&|receipts| receipts.push(third.clone())), &world, Code::ReceiptBinding);
    let stranger = receipt(&answered(&world, 1), &agent());
    refuses(&changed(&|receipts| receipts[0] = stranger.clone()), &world, Code::ReceiptSignature);
    let spaced = |receipts: &mut Vec<Vec<u8>>| receipts[0].insert(1, b' ');
    refuses(&changed(&spaced), &world, Code::NotCanonical);
    // The same name, another content.
    let mut said = answered(&world, 1);
    said.tokens_output = 0;
    let cheaper = receipt(&said, &model_gateway());
    refuses(&changed(&|receipts| receipts[0] = cheaper.clone()), &world, Code::ReceiptBinding);
    said.model = "gpt-4".to_owned();
    let forbidden = receipt(&said, &model_gateway());
    refuses(&changed(&|receipts| receipts[0] = forbidden.clone()), &world, Code::ModelNotAllowed);
}

#[track_caller]
fn refuses(parts: &Parts, world: &World, code: Code) {
    let report = report(&signed(parts), world);
    assert_eq!(report.verdict(), Verdict::Refused);
    assert!(report.findings.iter().any(|finding| finding.code == code), "{}", told(&report));
}

/// What whoever holds the ledger's key could write.
#[test]
fn a_log_that_says_something_else_of_a_model_call_is_refused() {
    let parts = lived().parts();
    let changed = |change: &dyn Fn(&mut wpc::ledger::ModelCall)| {
        with(&parts, |entries| {
            let body = entries.iter_mut().find_map(|entry| match &mut entry.body {
                Body::ModelCall(called) => Some(called),
                _ => None,
            });
            change(body.unwrap());
        })
    };
    refuses_parts(&changed(&|called| called.span = None), Code::ReceiptBinding);
    refuses_parts(&changed(&|called| called.receipt_id.push('x')), Code::ReceiptBinding);
    refuses_parts(&changed(&|called| called.signer = agent().did()), Code::ReceiptBinding);
    refuses_parts(&changed(&|called| called.receipt = Hash::of(b"none")), Code::ReceiptBinding);
    // Tokens that are charged less, or not at all.
    refuses_parts(&changed(&|called| called.charges.truncate(2)), Code::ChargeDiffers);
    refuses_parts(&changed(&|called| called.charges[1].amount -= 1), Code::ChargeDiffers);
}

#[test]
fn model_calls_are_recorded_without_blocking_too() {
    let world = world();
    let bytes = receipt(&answered(&world, 1), &model_gateway());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let called = runtime.block_on(world.gate.model_call(&bytes)).unwrap();
    assert_eq!(called, ModelCalled { seq: 2, over_budget: false });
    let again = runtime.block_on(world.gate.model_call(&bytes)).unwrap_err();
    assert_eq!(again.code(), "receipt_duplicate");
    let running = world.begin(call("status", "web", [])).unwrap();
    running.begin_effect().unwrap();
    running.finish_sync(Outcome::Done);
}
