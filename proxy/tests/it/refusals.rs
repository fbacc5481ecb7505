//! What is not forwarded, and what clients are told of it.

use std::time::Duration;

use wpc::JobId;
use wpc::token::possession::{Purpose, prove};

use crate::rig::{ALLOW, UPSTREAM_KEY, World, agent, chat, completion, quick, read};
use crate::upstream::Step;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_does_not_allow_is_refused_in_each_protocol_and_recorded() {
    let world = World::with(ALLOW).await;
    let client = world.client("j");
    let openai = client.post("/v1/chat/completions", r#"{"model":"gpt-6"}"#).await;
    assert_eq!((openai.status, openai.header("x-should-retry")), (403, "false"));
    assert_eq!(openai.json()["error"]["code"], "model_not_allowed");
    assert_eq!(openai.json()["error"]["type"], "permission_error");
    let message = openai.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("`openai/gpt-5`"), "{message}");
    let anthropic = client.post("/v1/messages", r#"{"model":"claude-opus","max_tokens":1}"#).await;
    assert_eq!(anthropic.json()["type"], "error");
    assert_eq!(anthropic.json()["error"]["type"], "permission_error");
    assert_eq!(anthropic.json()["error"]["code"], "model_not_allowed");
    let google = client.post("/v1beta/models/gemini-1:generateContent", "{}").await;
    assert_eq!(google.json()["error"]["status"], "PERMISSION_DENIED");
    assert_eq!(google.json()["error"]["details"][0]["reason"], "model_not_allowed");
    for (path, body, status, code) in [
        ("/v1/chat/completions", r#"{"model":"gpt-5","model":"gpt-6"}"#, 400, "duplicate_key"),
        ("/v1/chat/completions", "{", 400, "not_json"),
        ("/mistral/v1/chat/completions", r#"{"model":"m"}"#, 404, "provider_unknown"),
        ("/v1/embeddings", "{}", 404, "route_unknown"),
        ("/v1/chat/completions?x=1", "{}", 400, "query_refused"),
    ] {
        let said = client.post(path, body).await;
        assert_eq!((said.status, said.code()), (status, code), "{path}");
    }
    assert!(world.provider.sent().is_empty());
    let expected =
        ["model_not_allowed"; 3].into_iter().chain(["duplicate_key", "not_json", "provider_unknown"]);
    let expected: Vec<_> = expected.map(|code| format!("refused {code}")).collect();
    assert_eq!(world.log("j"), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_bounded() {
    let limits = wpc_proxy::Limits { request_bytes: 1 << 10, ..quick() };
    let world = World::of(&crate::rig::policy(ALLOW), limits).await;
    let long = chat(&format!(r#","x":"{}""#, "y".repeat(2 << 10)));
    let said = world.client("j").post("/v1/chat/completions", &long).await;
    assert_eq!((said.status, said.code()), (413, "too_large"));
    assert_eq!(world.log("j"), ["refused too_large"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_a_token_is_answered() {
    let world = World::with(ALLOW).await;
    let client = world.client("j");
    let http = reqwest_client(&client);
    for (name, value, code) in [
        ("x-nothing", "", "token_required"),
        ("authorization", "Basic abc", "token_required"),
        ("authorization", "Bearer nonsense", "token_malformed"),
    ] {
        let request = http.post(format!("{}/v1/chat/completions", client.url)).body("{}").header(name, value);
        let said = read(request).await;
        assert_eq!((said.status, said.code()), (401, code), "{name}: {value}");
    }
    let two = client.request("/v1/chat/completions", "{}").header("x-api-key", "another");
    assert_eq!(read(two).await.code(), "token_required");
    let page = client.request("/v1/chat/completions", "{}").header("origin", "http://evil.example");
    assert_eq!(read(page).await.code(), "origin_refused");
    let rebound = client.request("/v1/chat/completions", "{}").header("host", "evil.example");
    assert_eq!(read(rebound).await.code(), "host_refused");
    let other = world.client("k");
    let stolen = crate::rig::Client { grant: client.grant.clone(), ..other };
    assert_eq!(stolen.chat("").await.code(), "claims_mismatch");
    assert!(world.provider.sent().is_empty());
}

fn reqwest_client(client: &crate::rig::Client) -> reqwest::Client {
    client.http.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_may_ask_that_each_request_proves_the_agents_key() {
    let text = crate::rig::policy(ALLOW).replace("; bearer", "");
    let world = World::of(&text, quick()).await;
    world.provider.answers(&completion("gpt-5", 1, 1));
    let client = world.client("j");
    let bare = client.chat("").await;
    assert_eq!((bare.status, bare.code()), (401, "proof_required"));
    assert!(bare.text().contains("DPoP"), "{}", bare.text());
    let url = format!("{}/v1/chat/completions", world.url);
    let now = world.ledger.clock().wall_ms() / 1_000;
    let proof =
        |url: &str| prove(&agent(), &Purpose::Request { method: "POST", url }, &client.token, now).unwrap();
    let with = |proof: String| client.request("/v1/chat/completions", &chat("")).header("dpop", proof);
    let shown = proof(&url);
    let said = read(with(shown.clone())).await;
    assert_eq!(said.status, 200, "{}", said.text());
    assert_eq!(read(with(shown)).await.code(), "proof_replayed");
    // A proof for another path of the same gateway is none.
    assert_eq!(read(with(proof(&format!("{}/v1/responses", world.url)))).await.status, 401);
    assert_eq!(world.log("j").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_while_the_job_runs_forwards_nothing_more() {
    let world = World::with(ALLOW).await;
    world.provider.answers(&completion("gpt-5", 1, 1));
    let client = world.client("j");
    assert_eq!(client.chat("").await.status, 200);
    crate::evidence::revoke(&world, "j");
    let said = client.chat("").await;
    assert_eq!((said.status, said.code()), (403, "job_revoked"), "{}", said.text());
    assert_eq!(world.provider.sent().len(), 1);
    assert_eq!(world.log("j"), ["model_call 1", "refused job_revoked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_idempotency_key_is_forwarded_once() {
    let world = World::with(ALLOW).await;
    world.provider.answers(&completion("gpt-5", 1, 1));
    let (client, other) = (world.client("j"), world.client("k"));
    let keyed = |client: &crate::rig::Client| {
        client.request("/v1/chat/completions", &chat("")).header("idempotency-key", "my-key")
    };
    assert_eq!(read(keyed(&client)).await.status, 200);
    let again = read(keyed(&client)).await;
    assert_eq!((again.status, again.code()), (409, "idempotency_key_used"));
    // Names of one job are nobody else's.
    assert_eq!(read(keyed(&other)).await.status, 200);
    let receipt = world.receipts("j").pop().unwrap();
    assert!(!receipt.as_str().contains("my-key"));
    assert_eq!(world.provider.sent().len(), 2);
    // What was refused was not forwarded: the key is free.
    let wrong =
        client.request("/v1/chat/completions", r#"{"model":"o9"}"#).header("idempotency-key", "other");
    assert_eq!(read(wrong).await.code(), "model_not_allowed");
    let right = client.request("/v1/chat/completions", &chat("")).header("idempotency-key", "other");
    assert_eq!(read(right).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_redacted_does_not_go_up_and_what_matches_nothing_is_told() {
    let redact =
        r#"redact "$.messages[*].content" mask; redact "$.user" hash; redact "$.metadata.card" remove"#;
    let world = World::with(&format!("{ALLOW}; {redact}")).await;
    world.provider.answers(&completion("gpt-5", 1, 1));
    let client = world.client("j");
    let said = client.chat(r#","user":"ada@example.org","metadata":{}"#).await;
    assert_eq!(said.status, 200, "{}", said.text());
    let sent = world.provider.sent().pop().unwrap();
    let text = String::from_utf8(sent.body.clone()).unwrap();
    assert!(!text.contains("the-prompt") && !text.contains("ada@"), "{text}");
    assert!(text.contains(r#""content":"[REDACTED]""#) && text.contains(r#""user":"[HASH:"#), "{text}");
    assert_eq!(said.header("x-wpc-redact-unmatched"), "$.metadata.card");
    let receipt = world.receipts("j").pop().unwrap();
    assert_eq!(receipt.said().request_hash, wpc_model::Hash::of(&sent.body));
    assert_eq!((&*receipt.said().notes["redacted"], &*receipt.said().notes["redact_unmatched"]), ("2", "1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_shows_in_what_is_answered_recorded_or_printed() {
    let world = World::with(ALLOW).await;
    let client = world.client("j");
    world.provider.does(vec![Step::Hang]);
    let hung = client.chat("").await;
    world.provider.answers(&completion("gpt-5", 1, 1));
    let good = client.chat("").await;
    let entries = world.ledger.entries(&JobId::parse("j").unwrap(), 0, 99).unwrap().concat();
    let shown = format!("{hung:?}{good:?}{:?}{:?}", world.proxy, world.receipts("j"));
    for secret in [UPSTREAM_KEY, client.token.as_str(), "the-prompt"] {
        assert!(!shown.contains(secret));
        assert!(!String::from_utf8_lossy(&entries).contains(secret));
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
}
