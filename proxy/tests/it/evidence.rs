//! What an auditor has of a job that called models.

use std::sync::Arc;
use std::time::Duration;

use wpc::bundle::{Options, Verdict, of_job, verify};
use wpc::ledger::{Ledger, RevocationKey, SqliteLedger};
use wpc::{DynamicGate, JobId, Key, Opening};
use wpc_evidence::clawsig;
use wpc_evidence::statement::Revoked;

use crate::rig::{ALLOW, World, agent, completion, ledger_key, policy, quick, trust};
use crate::streams::until;
use crate::upstream::{Step, response};

pub(crate) fn revoke(world: &World, job: &str) {
    let what = RevocationKey::of(&Revoked::Job(JobId::parse(job).unwrap()));
    world.ledger.revoke(1, what, b"an envelope").unwrap();
}

fn gate(world: &World, job: &str) -> DynamicGate {
    let (token, trust) = (world.token(job), trust());
    DynamicGate::open(Opening {
        artifact: &world.artifact,
        trust: &trust,
        ledger: Arc::clone(&world.ledger),
        identity: token.identity(),
    })
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_verifies_with_its_calls_and_its_export_keeps_their_receipts() {
    let text = policy(&format!("{ALLOW}; budget 100_000 tokens, 100.00 USD"));
    let text = text.replace("bearer }", "bearer }\n proof { gateway_receipts required }");
    let ledger: Arc<dyn Ledger> = Arc::new(wpc::MemoryLedger::new(ledger_key()).unwrap());
    let world = World::in_ledger(&text, quick(), Arc::clone(&ledger)).await;
    let client = world.client("j");
    world.provider.answers(&completion("gpt-5", 30, 12));
    client.chat("").await;
    client.chat(r#","max_tokens":9"#).await;
    world.provider.answers(&completion("gpt-4o", 1, 1));
    client.chat(r#","max_tokens":9"#).await;
    world.provider.does(vec![Step::Hang]);
    client.chat(r#","max_tokens":9"#).await;
    client.post("/v1/chat/completions", r#"{"model":"o9"}"#).await;
    // Another run of the gateway goes on where this one ended; calls at once hang below one span too.
    let again = World::beside(world.provider.clone(), &text, quick(), ledger).await;
    world.provider.streams("data: {\"model\":\"gpt-5\",\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\ndata: [DONE]\n\n");
    let calls = (0..4).map(|_| {
        let client = again.client("j");
        tokio::spawn(async move { client.chat(r#","stream":true,"max_tokens":9"#).await.status })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), 200);
    }
    gate(&world, "j").close().unwrap();
    let bundle = of_job(&*world.ledger, &ledger_key(), &JobId::parse("j").unwrap(), None).unwrap();
    let report = verify(&bundle, &trust(), &Options::default());
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!((report.counts.model_calls, report.verdict()), (8, Verdict::Verified), "{:?}", report.gaps);
    let options = clawsig::Options { issued_at: world.ledger.clock().wall_ms(), unanchored: false };
    let exported = clawsig::export(&bundle, &agent(), &Key::from_seed(&[77; 32]), options).unwrap();
    let exported: serde_json::Value = serde_json::from_slice(&exported.bytes).unwrap();
    assert_eq!(exported["payload"]["receipts"].as_array().unwrap().len(), 8);
    assert_eq!(world.ledger.check().unwrap().findings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_not_answered_and_is_recorded_before_anything_else() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("l.db");
    SqliteLedger::init(&file, &ledger_key().did()).unwrap();
    let ledger: Arc<dyn Ledger> = Arc::new(SqliteLedger::open(&file, ledger_key()).unwrap());
    let world = World::in_ledger(&policy(&format!("{ALLOW}; budget 1_000 tokens")), quick(), ledger).await;
    let client = world.client("j");
    world.provider.answers(&completion("gpt-5", 10, 10));
    assert_eq!(client.chat(r#","max_tokens":50"#).await.status, 200);
    // The file is locked while the provider writes.
    let body = completion("gpt-5", 10, 10).to_string();
    let late = response(200, "application/json", body.as_bytes());
    world.provider.does(vec![Step::Wait(Duration::from_millis(200)), Step::Write(late)]);
    let other = client.clone();
    let asked = tokio::spawn(async move { other.chat(r#","max_tokens":50"#).await });
    until(|| world.provider.sent().len() == 2).await;
    let holder = rusqlite::Connection::open(&file).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let said = asked.await.unwrap();
    assert_eq!((said.status, said.code()), (503, "ledger_unavailable"), "{}", said.text());
    assert!(!said.text().contains("the-answer"));
    // Nothing is forwarded before that receipt is in the ledger.
    assert_eq!(client.chat(r#","max_tokens":50"#).await.status, 503);
    assert_eq!(world.provider.sent().len(), 2);
    holder.execute_batch("COMMIT").unwrap();
    drop(holder);
    world.provider.answers(&completion("gpt-5", 10, 10));
    assert_eq!(client.chat(r#","max_tokens":50"#).await.status, 200);
    assert_eq!(world.log("j"), ["model_call 1 20", "model_call 1 20", "model_call 1 20"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_closed_meanwhile_gets_no_answer() {
    let world = World::with(ALLOW).await;
    let client = world.client("j");
    let body = completion("gpt-5", 10, 10).to_string();
    let late = response(200, "application/json", body.as_bytes());
    world.provider.does(vec![Step::Wait(Duration::from_millis(150)), Step::Write(late)]);
    let other = client.clone();
    let asked = tokio::spawn(async move { other.chat("").await });
    until(|| world.provider.sent().len() == 1).await;
    gate(&world, "j").close().unwrap();
    let said = asked.await.unwrap();
    assert_eq!((said.status, said.code()), (403, "job_closed"));
    assert!(!said.text().contains("the-answer"));
    assert_eq!(client.chat("").await.code(), "job_closed");
    assert_eq!(world.provider.sent().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_told_to_stop_records_what_is_under_way() {
    let limits = wpc_proxy::Limits { begin_within: Duration::from_secs(60), ..quick() };
    let world = World::of(&policy(ALLOW), limits).await;
    let client = world.client("j");
    world.provider.does(vec![Step::Wait(Duration::from_secs(1)), Step::Hang]);
    let (hangs, other) = (client.clone(), client.clone());
    let hangs = tokio::spawn(async move { hangs.chat(r#","max_tokens":7"#).await });
    until(|| world.provider.sent().len() == 1).await;
    let body = completion("gpt-5", 10, 10).to_string();
    let late = response(200, "application/json", body.as_bytes());
    world.provider.does(vec![Step::Wait(Duration::from_millis(300)), Step::Write(late)]);
    let ends = tokio::spawn(async move { other.chat(r#","max_tokens":7"#).await });
    until(|| world.provider.sent().len() == 2).await;
    world.proxy.stop();
    assert_eq!(ends.await.unwrap().status, 200);
    let cut = hangs.await.unwrap();
    assert_eq!((cut.status, cut.code()), (503, "gateway_ends"));
    let ends: Vec<_> = world.receipts("j").iter().map(|one| one.said().notes["end"].clone()).collect();
    assert_eq!(ends, ["complete", "cancelled"]);
}
