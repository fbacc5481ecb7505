//! Answers that stream: passed on as they come, ended by their receipt.

use std::time::{Duration, Instant};

use wpc_model::Hash;

use crate::rig::{ALLOW, World, chat, trailer};
use crate::upstream::{Step, chunk, end, stream_head};

fn part(model: &str, text: &str) -> String {
    format!(
        "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"{model}\",\
         \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
    )
}

const USAGE: &str =
    "data: {\"model\":\"gpt-5\",\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_comes_as_it_is_written_and_ends_with_its_receipt() {
    let world = World::with(&format!("{ALLOW}; budget 1_000 tokens")).await;
    let client = world.client("j");
    let wait = Duration::from_millis(150);
    let (first, second, done) = (part("gpt-5", "a"), part("gpt-5", "b"), "data: [DONE]\n\n");
    world.provider.does(vec![
        Step::Write(stream_head()),
        Step::Write(chunk(first.as_bytes())),
        Step::Wait(wait),
        Step::Write(chunk(format!("{second}{USAGE}{done}").as_bytes())),
        Step::Write(end()),
    ]);
    let began = Instant::now();
    let mut response = client
        .request("/v1/chat/completions", &chat(r#","stream":true,"max_tokens":50"#))
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert_eq!(response.headers()["x-wpc-added"], "stream_options.include_usage");
    let early = response.chunk().await.unwrap().unwrap();
    assert!(began.elapsed() < wait, "the first part waited");
    assert_eq!(&early[..], first.as_bytes());
    let mut rest = early.to_vec();
    while let Some(more) = response.chunk().await.unwrap() {
        rest.extend_from_slice(&more);
    }
    let (stream, receipt) = trailer(std::str::from_utf8(&rest).unwrap());
    assert_eq!(stream, format!("{first}{second}{USAGE}{done}"));
    assert_eq!(receipt.said().response_hash, Hash::of(stream.as_bytes()));
    assert_eq!((receipt.said().tokens_input, receipt.said().tokens_output), (7, 2));
    assert_eq!(world.receipts("j"), [receipt]);
    assert_eq!(
        (world.note("j", "end"), world.note("j", "added")),
        ("complete".into(), "stream_options.include_usage".into())
    );
    let sent = world.provider.sent().pop().unwrap();
    assert!(sent.head.contains("accept: text/event-stream"));
    assert!(String::from_utf8(sent.body).unwrap().contains(r#""stream_options":{"include_usage":true}"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_protocol_streams() {
    let world = World::with(ALLOW).await;
    let client = world.client("j");
    let responses = "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"model\":\"gpt-5\",\"usage\":null}}\n\n\
         event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"model\":\"gpt-5\",\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}}\n\n";
    let messages = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-sonnet-4-5\",\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n\
         event: ping\ndata: {\"type\":\"ping\"}\n\n\
         event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":4}}\n\n\
         event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    let google = "data: {\"candidates\":[{\"content\":{}}],\"modelVersion\":\"gemini-2.5-pro\",\"usageMetadata\":{\"promptTokenCount\":3}}\r\n\r\n\
         data: {\"candidates\":[{\"finishReason\":\"STOP\"}],\"modelVersion\":\"gemini-2.5-pro\",\"usageMetadata\":{\"promptTokenCount\":3,\"candidatesTokenCount\":4,\"totalTokenCount\":7}}\r\n\r\n";
    for (path, body, events) in [
        ("/v1/responses", r#"{"model":"gpt-5","input":"x","stream":true}"#, responses),
        ("/v1/messages", r#"{"model":"claude-sonnet-4-5","max_tokens":9,"stream":true}"#, messages),
        ("/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", r#"{"contents":[]}"#, google),
    ] {
        world.provider.streams(events);
        let said = client.post(path, body).await;
        // Google's clients know no comments.
        let (stream, receipt) = if path.contains("v1beta") {
            (said.text(), world.receipts("j").pop().unwrap())
        } else {
            trailer(&said.text())
        };
        assert_eq!((said.status, stream.as_str()), (200, events), "{path}");
        assert_eq!((receipt.said().tokens_input, receipt.said().tokens_output), (3, 4), "{path}");
        assert_eq!(receipt.said().response_hash, Hash::of(events.as_bytes()));
        assert_eq!(world.note("j", "tokens"), "reported");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_takes_trailers_gets_the_receipt_in_them() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let world = World::with(ALLOW).await;
    let client = world.client("j");
    world.provider.streams("data: {\"candidates\":[{\"finishReason\":\"STOP\"}]}\n\n");
    let host = world.url.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let request = format!(
        "POST /v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse HTTP/1.1\r\nhost: {host}\r\n\
         x-goog-api-key: {}\r\nwpc-grant: {}\r\nte: trailers\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}",
        client.token, client.grant
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    let receipt = world.receipts("j").pop().unwrap();
    let fields = said.split_once("\r\n0\r\n").unwrap().1;
    assert!(fields.contains(&format!("x-wpc-receipt: {}\r\n", receipt.hash())), "{said}");
    assert!(!said.contains(":wpc_receipt="));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_models_stream_is_refused_before_it_begins_or_where_it_turns() {
    let world = World::with(ALLOW).await;
    let client = world.client("j");
    world.provider.streams(&part("gpt-5-mini", "a"));
    let said = client.chat(r#","stream":true"#).await;
    assert_eq!((said.status, said.code()), (502, "model_mismatch"), "{}", said.text());
    assert_eq!(
        (world.note("j", "end"), world.note("j", "answered_model")),
        ("another_model".into(), "gpt-5-mini".into())
    );
    // Whole events that came before are the client's; the one that turns is not.
    let first = part("gpt-5", "a");
    world.provider.streams(&format!("{first}{}data: [DONE]\n\n", part("gpt-5-mini", "never")));
    let said = client.chat(r#","stream":true"#).await;
    let (stream, receipt) = trailer(&said.text());
    assert!(stream.starts_with(&first) && stream.contains("model_mismatch"), "{stream}");
    assert!(!stream.contains("never") && !stream.contains("[DONE]"), "{stream}");
    assert_eq!(receipt.said().notes["answered_model"], "gpt-5-mini");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_stops_the_provider_and_what_was_used_is_recorded() {
    let world = World::with(&format!("{ALLOW}; budget 1_000 tokens")).await;
    let client = world.client("j");
    world.provider.does(vec![
        Step::Write(stream_head()),
        Step::Write(chunk(part("gpt-5", "a").as_bytes())),
        Step::Hang,
    ]);
    let request = client.request("/v1/chat/completions", &chat(r#","stream":true,"max_tokens":50"#));
    let mut response = request.send().await.unwrap();
    response.chunk().await.unwrap();
    drop(response);
    until(|| world.provider.left() == 1 && world.log("j").len() == 1).await;
    let told = world.receipts("j").pop().unwrap();
    assert_eq!((told.said().tokens_output, told.said().notes["end"].as_str()), (50, "cancelled"));
    // The same while an answer that does not stream is written.
    world.provider.does(vec![Step::Hang]);
    let request = client.request("/v1/chat/completions", &chat(r#","max_tokens":50"#));
    let gone = tokio::time::timeout(Duration::from_millis(100), request.send()).await;
    assert!(gone.is_err());
    until(|| world.provider.left() == 2 && world.log("j").len() == 2).await;
    assert_eq!(world.note("j", "end"), "cancelled");
}

pub(crate) async fn until(mut holds: impl FnMut() -> bool) {
    for _ in 0..200 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(holds(), "it never came");
}
