//! Each protocol, without streams: what goes up, what comes back, what is recorded.

use serde_json::json;
use wpc_model::Hash;

use crate::rig::{ALLOW, UPSTREAM_KEY, World, chat, completion, envelope, read};

#[tokio::test(flavor = "multi_thread")]
async fn a_completion_is_forwarded_counted_recorded_and_handed_out_as_it_came() {
    let world = World::with(&format!("{ALLOW}; budget 1_000 tokens, 10.00 USD")).await;
    let client = world.client("j");
    let answer = completion("gpt-5-2025-08-07", 30, 12);
    world.provider.answers(&answer);
    let said = client.chat(r#","max_tokens":50"#).await;
    assert_eq!(said.status, 200, "{}", said.text());
    assert_eq!(said.body, answer.to_string().as_bytes());
    // Of the provider's headers only some come back.
    assert_eq!(said.header("x-request-id"), "req_1");
    assert!(!said.headers.contains_key("set-cookie") && !said.headers.contains_key("x-internal"));
    // Of the client's only some go on, and neither token nor grant.
    let [sent] = &world.provider.sent()[..] else { panic!() };
    assert!(sent.head.starts_with("post /v1/chat/completions http/1.1"), "{}", sent.head);
    assert!(sent.head.contains(&format!("authorization: bearer {UPSTREAM_KEY}")), "{}", sent.head);
    for never in [&client.token.to_lowercase(), &client.grant.to_lowercase(), "wpc-grant", "x-forwarded"] {
        assert!(!sent.head.contains(never), "{}", sent.head);
    }
    assert!(sent.head.contains("accept-encoding: identity"), "{}", sent.head);
    assert_eq!(sent.body, chat(r#","max_tokens":50"#).as_bytes());
    // The receipt says what was sent and received, and is in the ledger.
    let [receipt] = &world.receipts("j")[..] else { panic!() };
    assert_eq!(&envelope(said.header("x-wpc-receipt-envelope")), receipt);
    assert_eq!(said.header("x-wpc-receipt"), receipt.hash().to_string());
    let told = receipt.said();
    assert_eq!((told.request_hash, told.response_hash), (Hash::of(&sent.body), Hash::of(&said.body)));
    assert_eq!((told.tokens_input, told.tokens_output, told.provider.as_str()), (30, 12, "openai"));
    assert_eq!((told.notes["end"].as_str(), told.notes["tokens"].as_str()), ("complete", "reported"));
    // 30 tokens at 0.1 cents each and 12 at one.
    assert_eq!(world.log("j"), ["model_call 1 42 15"]);
    // The second call hangs below the first.
    client.chat("").await;
    let [first, second] = &world.receipts("j")[..] else { panic!() };
    assert_eq!(first.said().binding.parent_span_id, None);
    assert_eq!(second.said().binding.parent_span_id, first.said().binding.span_id);
    // Nothing of it was kept.
    let kept = format!("{:?}{:?}", world.log("j"), world.receipts("j"));
    assert!(!kept.contains("the-prompt") && !kept.contains("the-answer") && !kept.contains(UPSTREAM_KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_protocol_is_spoken() {
    let world = World::with(ALLOW).await;
    let client = world.client("j");
    let usage = json!({ "input_tokens": 3, "output_tokens": 4 });
    let google = json!({ "promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7 });
    for (path, body, answer, header) in [
        (
            "/v1/responses",
            r#"{"model":"gpt-5","input":"hi"}"#,
            json!({ "object": "response", "model": "gpt-5", "usage": usage }),
            "authorization: bearer ",
        ),
        (
            "/v1/messages",
            r#"{"model":"claude-sonnet-4-5","max_tokens":9,"messages":[]}"#,
            json!({ "type": "message", "model": "claude-sonnet-4-5-20250929", "usage": usage }),
            "x-api-key: ",
        ),
        (
            "/v1beta/models/gemini-2.5-pro:generateContent",
            r#"{"contents":[]}"#,
            json!({ "candidates": [], "modelVersion": "gemini-2.5-pro", "usageMetadata": google }),
            "x-goog-api-key: ",
        ),
        (
            "/groq/v1/chat/completions",
            r#"{"model":"llama-3.3-70b","messages":[]}"#,
            completion("llama-3.3-70b", 3, 4),
            "authorization: bearer ",
        ),
    ] {
        world.provider.answers(&answer);
        let said = client.post(path, body).await;
        assert_eq!((said.status, said.json()), (200, answer), "{path}");
        let sent = world.provider.sent().pop().unwrap();
        assert!(sent.head.contains(&format!("{header}{UPSTREAM_KEY}")), "{}", sent.head);
        assert_eq!(sent.head.contains("anthropic-version: 2023-06-01"), path == "/v1/messages");
        assert!(sent.head.starts_with(&format!("post {} ", path.to_lowercase().replace("/groq", ""))));
        let receipts = world.receipts("j");
        let told = receipts.last().unwrap().said();
        assert_eq!((told.tokens_input, told.tokens_output), (3, 4), "{path}");
    }
    let providers: Vec<_> = world.receipts("j").iter().map(|one| one.said().provider.clone()).collect();
    assert_eq!(providers, ["openai", "anthropic", "google", "groq"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_providers_error_is_handed_on_and_costs_nothing() {
    let world = World::with(&format!("{ALLOW}; budget 100 tokens, 1.00 USD")).await;
    let client = world.client("j");
    let body = br#"{"error":{"message":"slow down","type":"tokens","code":"rate_limit_exceeded"}}"#;
    world.provider.does(vec![crate::upstream::Step::Write(crate::upstream::response(
        429,
        "application/json",
        body,
    ))]);
    let said = client.chat(r#","max_tokens":9"#).await;
    assert_eq!((said.status, &said.body[..]), (429, &body[..]));
    assert_eq!(
        (said.header("x-wpc-tokens"), world.log("j")),
        ("refused", vec!["model_call 1 0 0".to_owned()])
    );
    // What a provider says of the operator's key is not for clients.
    let body = format!(r#"{{"error":{{"message":"Incorrect API key provided: {UPSTREAM_KEY}"}}}}"#);
    let refused = crate::upstream::response(401, "application/json", body.as_bytes());
    world.provider.does(vec![crate::upstream::Step::Write(refused)]);
    let said = client.chat(r#","max_tokens":9"#).await;
    assert_eq!((said.status, said.code()), (502, "upstream_credential"));
    assert!(!said.text().contains("sk-"), "{}", said.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_models_of_the_policy_are_listed_without_asking_anybody() {
    let world = World::with(ALLOW).await;
    let client = world.client("j");
    let listed = read(client.get("/v1/models")).await.json();
    let ids: Vec<_> =
        listed["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["llama-3.3-70b", "gpt-5"]);
    let anthropic = read(client.get("/v1/models").header("anthropic-version", "2023-06-01")).await.json();
    assert_eq!(anthropic["data"][0]["id"], "claude-sonnet-4-5");
    let google = read(client.get("/v1beta/models")).await.json();
    assert_eq!(google["models"][0]["name"], "models/gemini-2.5-pro");
    assert_eq!(read(client.get("/v1/models/gpt-5")).await.json()["id"], "gpt-5");
    assert_eq!(read(client.get("/v1/models/gpt-6")).await.status, 404);
    assert_eq!(read(client.get("/health")).await.status, 200);
    assert!(world.provider.sent().is_empty());
}
