//! Providers that hang, lie, break off and flood: a clear error, a truthful receipt, no lost entry.

use std::sync::Arc;

use wpc_model::Hash;

use crate::rig::{ALLOW, Answer, World, completion, trailer};
use crate::upstream::{Step, chunk, response, stream_head};

const STREAM: &str = r#","stream":true,"max_tokens":50"#;
const PLAIN: &str = r#","max_tokens":50"#;

async fn asked(world: &World, more: &str, steps: Vec<Step>) -> Answer {
    world.provider.does(steps);
    world.client("j").chat(more).await
}

/// What the last receipt says of how it ended, and of the tokens.
fn told(world: &World) -> (String, String, u64, u64) {
    let receipt = world.receipts("j").pop().unwrap();
    let said = receipt.said();
    (said.notes["end"].clone(), said.notes["tokens"].clone(), said.tokens_input, said.tokens_output)
}

fn bound(world: &World, end: &str) {
    let sent = u64::try_from(world.provider.sent().last().unwrap().body.len()).unwrap();
    assert_eq!(told(world), (end.to_owned(), "bound".to_owned(), sent, 50));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs() {
    let world = World::with(ALLOW).await;
    for (more, steps) in [
        (PLAIN, vec![Step::Hang]),
        (PLAIN, vec![Step::Write(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{".to_vec()), Step::Hang]),
        (STREAM, vec![Step::Hang]),
        (STREAM, vec![Step::Write(stream_head()), Step::Hang]),
    ] {
        let said = asked(&world, more, steps).await;
        assert_eq!((said.status, said.code()), (504, "upstream_timeout"), "{}", said.text());
        bound(&world, "timed_out");
    }
    assert_eq!(world.log("j").len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_lies_about_its_length() {
    let world = World::with(ALLOW).await;
    let body = completion("gpt-5", 1, 2).to_string();
    let longer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len() + 5);
    let said = asked(&world, PLAIN, vec![Step::Write(longer.into_bytes())]).await;
    assert_eq!((said.status, said.code()), (502, "upstream_dropped"));
    bound(&world, "dropped");
    assert_eq!(world.receipts("j").pop().unwrap().said().response_hash, Hash::of(body.as_bytes()));
    let shorter = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len() - 5);
    let said = asked(&world, PLAIN, vec![Step::Write(shorter.into_bytes())]).await;
    assert_eq!((said.status, said.code()), (502, "upstream_answer"));
    let nonsense = b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n".to_vec();
    let said = asked(&world, PLAIN, vec![Step::Write(nonsense)]).await;
    assert_eq!((said.status, said.code()), (502, "upstream_dropped"));
    assert_eq!(world.log("j").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_breaks_off() {
    let world = World::with(ALLOW).await;
    let said = asked(&world, PLAIN, vec![]).await;
    assert_eq!((said.status, said.code()), (502, "upstream_dropped"));
    bound(&world, "dropped");
    let event = "data: {\"model\":\"gpt-5\",\"choices\":[]}\n\n";
    // In the middle of an event, between two, and with a proper end that no protocol knows.
    let cut = chunk(format!("{event}data: {{\"half").as_bytes());
    let between = chunk(event.as_bytes());
    let ended = [chunk(event.as_bytes()), crate::upstream::end()].concat();
    for bytes in [cut, between, ended] {
        let said = asked(&world, STREAM, vec![Step::Write(stream_head()), Step::Write(bytes)]).await;
        assert_eq!(said.status, 200);
        let (stream, receipt) = trailer(&said.text());
        assert!(stream.starts_with(event) && stream.contains(r#""code":"upstream_dropped""#), "{stream}");
        assert!(!stream.contains("half") && !stream.contains("[DONE]"));
        assert_eq!(world.receipts("j").last(), Some(&receipt));
        bound(&world, "dropped");
    }
    assert_eq!(world.log("j").len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_floods() {
    let world = World::with(ALLOW).await;
    // 100 MB in an answer, in one event, in many.
    let many = || Step::Repeat(vec![b'x'; 1 << 20], 100);
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n".to_vec();
    let said = asked(&world, PLAIN, vec![Step::Write(head), many()]).await;
    assert_eq!((said.status, said.code()), (502, "upstream_too_large"));
    bound(&world, "too_large");
    let endless = chunk(&[b'x'; 1 << 16]);
    let said = asked(&world, STREAM, vec![Step::Write(stream_head()), Step::Repeat(endless, 1_600)]).await;
    assert_eq!((said.status, said.code()), (502, "upstream_too_large"));
    let event = format!("data: {{\"model\":\"gpt-5\",\"x\":\"{}\"}}\n\n", "x".repeat(60_000));
    let events = chunk(event.as_bytes());
    let said = asked(&world, STREAM, vec![Step::Write(stream_head()), Step::Repeat(events, 1_600)]).await;
    let (stream, _) = trailer(&said.text());
    assert!(stream.len() < 2 << 20 && stream.contains("upstream_too_large"));
    bound(&world, "too_large");
    assert_eq!((world.log("j").len(), world.provider.left()), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_answers_for_another_model_or_no_protocol() {
    let world = World::with(&format!("{ALLOW}; budget 1_000 tokens")).await;
    world.provider.answers(&completion("gpt-4o", 1, 2));
    let said = world.client("j").chat(PLAIN).await;
    assert_eq!((said.status, said.code()), (502, "model_mismatch"));
    assert!(!said.text().contains("the-answer"));
    let receipt = world.receipts("j").pop().unwrap();
    assert_eq!(
        (receipt.said().model.as_str(), receipt.said().notes["answered_model"].as_str()),
        ("gpt-5", "gpt-4o")
    );
    assert_eq!(said.header("x-wpc-receipt"), receipt.hash().to_string());
    for bytes in [
        response(200, "text/html", b"<html>"),
        response(302, "text/plain", b""),
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}".to_vec(),
    ] {
        let said = asked(&world, PLAIN, vec![Step::Write(bytes)]).await;
        assert_eq!((said.status, said.code()), (502, "upstream_answer"), "{}", said.text());
    }
    assert_eq!(world.log("j").len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_does_not_say_what_it_used_is_taken_at_the_most() {
    let world = World::with(&format!("{ALLOW}; budget 10_000 tokens")).await;
    let mut answer = completion("gpt-5", 1, 2);
    answer.as_object_mut().unwrap().remove("usage");
    world.provider.answers(&answer);
    let said = world.client("j").chat(PLAIN).await;
    assert_eq!((said.status, said.header("x-wpc-tokens")), (200, "bound"));
    bound(&world, "complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_there_was_sent_nothing() {
    // A port that nobody listens on any more.
    let gone = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut provider = crate::upstream::Provider::start().await;
    provider.url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let ledger = Arc::new(wpc::MemoryLedger::new(crate::rig::ledger_key()).unwrap());
    let world = World::beside(provider, &crate::rig::policy(ALLOW), crate::rig::quick(), ledger).await;
    let said = world.client("j").chat(PLAIN).await;
    assert_eq!((said.status, said.code()), (502, "upstream_unreachable"));
    assert_eq!(world.log("j"), ["refused upstream_unreachable"]);
}
