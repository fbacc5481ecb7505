//! What the policy allows reaches the broker, and the ledger says what it answered.

use std::time::{Duration, Instant};

use rmcp::model::{CallToolRequest, CallToolRequestParams, ClientRequest};
use serde_json::json;
use wpc_endpoint::QueueSettings;

use crate::rig::{Desk, beside, call, done, message, not_done, queue, received};

#[tokio::test(flavor = "multi_thread")]
async fn messages_go_out_as_they_were_given() {
    let desk = Desk::of("desk.wpc").await;
    let client = desk.client("job-1").await;
    let mut full = message(&json!({ "order": 7, "item": "größe" }));
    full["subject"] = json!("created");
    full["correlation_id"] = json!("c-7");
    let bytes =
        json!({ "base64": "AP8=", "content_type": "text/plain", "properties": { "schema_version": "1" } });
    let text = json!({ "body": "plain", "content_type": "text/plain", "properties": { "schema_version": "1", "n": "2" } });
    let sent =
        call(&client, "send", json!({ "resource": queue("orders"), "messages": [full, bytes, text] })).await;
    let sent = done(sent);
    let ids: Vec<_> = sent["message_ids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let arrived = desk.endpoint.arrived("orders", 3).await;
    assert_eq!(arrived.iter().map(|one| one.message_id.as_deref().unwrap()).collect::<Vec<_>>(), ids);
    let bodies: Vec<_> = arrived.iter().map(|one| one.body.clone()).collect();
    assert_eq!(
        bodies,
        ["{\"item\":\"größe\",\"order\":7}".as_bytes().to_vec(), vec![0, 255], b"plain".to_vec()]
    );
    assert_eq!(arrived[2].properties["n"], "2");
    let ledger = desk.log("job-1");
    assert_eq!(ledger[0], "allow send");
    assert!(ledger[1].starts_with("done accepted job-1:") && ledger[1].ends_with("(encoded)"), "{ledger:?}");
    assert!(!desk.raw_log("job-1").contains("größe"));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_received_and_settled_by_handles() {
    let desk = Desk::of("desk.wpc").await;
    let client = desk.client("job-1").await;
    for body in ["a", "b", "c"] {
        desk.endpoint.put("orders", body, body, None);
    }
    let all = received(&client, 3).await;
    assert_eq!(all.iter().map(|(_, body)| body.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let on = |handle: &str| json!({ "resource": queue("orders"), "handles": [handle] });
    done(call(&client, "renew_lock", on(&all[0].0)).await);
    let completed = done(call(&client, "complete", on(&all[0].0)).await);
    assert_eq!(completed, json!({ "status": "completed", "sequence_numbers": [1] }));
    done(call(&client, "abandon", on(&all[1].0)).await);
    let deferred = done(call(&client, "defer", on(&all[2].0)).await);
    let again = received(&client, 3).await;
    assert_eq!(again.iter().map(|(_, body)| body.as_str()).collect::<Vec<_>>(), ["b"]);
    let ask = json!({
        "resource": queue("orders"), "mode": "peek_lock", "messages": 1,
        "sequence_numbers": deferred["sequence_numbers"],
    });
    let back = done(call(&client, "receive", ask).await);
    assert_eq!(back["messages"][0]["body"], "c");
    let seen = done(call(&client, "peek", json!({ "resource": queue("orders"), "messages": 10 })).await);
    assert_eq!(seen["messages"].as_array().unwrap().len(), 2);
    assert!(seen["messages"][0].get("handle").is_none());
    assert_eq!(
        desk.endpoint.settlements("orders"),
        [("a".to_owned(), "complete"), ("b".to_owned(), "abandon"), ("c".to_owned(), "defer")]
    );
    assert_eq!(
        desk.log("job-1")[..6],
        [
            "allow receive",
            "done received 1-3 (encoded)",
            "allow renew_lock",
            "done renewed 1 (encoded)",
            "allow complete",
            "done completed 1 (encoded)",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn scheduled_messages_are_taken_back() {
    let desk = Desk::of("desk.wpc").await;
    let client = desk.client("job-1").await;
    let ask = json!({
        "resource": queue("orders"), "at": "2100-01-01T00:00:00Z", "messages": [message(&json!("later"))],
    });
    let scheduled = done(call(&client, "schedule", ask).await);
    assert_eq!(desk.endpoint.scheduled("orders").len(), 1);
    let back = json!({ "resource": queue("orders"), "sequence_numbers": scheduled["sequence_numbers"] });
    assert_eq!(done(call(&client, "cancel_scheduled", back).await), json!({ "status": "done" }));
    assert!(desk.endpoint.scheduled("orders").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_accepted_remembered_and_kept() {
    let desk = Desk::of("desk.wpc").await;
    let client = desk.client("job-1").await;
    desk.endpoint.create_queue("jobs", QueueSettings { requires_session: true, ..QueueSettings::default() });
    desk.endpoint.put("jobs", "m-1", "one", Some("s-1"));
    desk.endpoint.put("jobs", "m-2", "two", Some("s-1"));
    let next = json!({
        "kind": "queue", "name": "jobs", "mode": "peek_lock", "messages": 1, "next_session": true, "wait_seconds": 2,
    });
    let session = done(call(&client, "receive", beside(next)).await);
    assert_eq!((&session["session_id"], &session["messages"][0]["body"]), (&json!("s-1"), &json!("one")));
    let held = &session["session"];
    let more = json!({
        "resource": queue("jobs"), "mode": "peek_lock", "messages": 1, "session_id": "s-1", "session": held,
        "wait_seconds": 2,
    });
    let more = done(call(&client, "receive", more).await);
    assert_eq!(more["messages"][0]["body"], "two");
    let keep = |state: &str| json!({ "resource": queue("jobs"), "session_id": "s-1", "session": held, "state": state });
    done(call(&client, "set_session_state", keep("half way")).await);
    let refused = call(&client, "set_session_state", keep("more than 16 bytes")).await;
    assert!(not_done(&refused).contains("default_deny"));
    let read = json!({ "resource": queue("jobs"), "session_id": "s-1", "session": held });
    assert_eq!(done(call(&client, "get_session_state", read).await), json!({ "state": "half way" }));
    done(call(&client, "renew_lock", json!({ "resource": queue("jobs"), "session": held })).await);
    let both: Vec<_> = [&session, &more].map(|one| one["messages"][0]["handle"].clone()).into();
    done(call(&client, "complete", json!({ "resource": queue("jobs"), "handles": both })).await);
    assert_eq!(desk.endpoint.count("jobs"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_reads_a_sealed_body_as_it_is_sent() {
    let desk = Desk::of("sealed.wpc").await;
    let client = desk.client("job-1").await;
    let send = async |message: serde_json::Value| {
        let result =
            call(&client, "send", json!({ "resource": queue("orders"), "messages": [message] })).await;
        if result.is_error == Some(true) { crate::rig::text(&result) } else { "sent".to_owned() }
    };
    assert_eq!(send(json!({ "body": { "order": 1 } })).await, "sent");
    // The same bytes, given as a text and in base64.
    assert_eq!(send(json!({ "body": "{\"order\":1}" })).await, "sent");
    assert_eq!(send(json!({ "base64": "eyJvcmRlciI6MX0=" })).await, "sent");
    for other in [
        json!({ "body": { "order": 0 } }),
        json!({ "body": { "order": 1, "secret": "s" } }),
        json!({ "body": "order 1" }),
        json!({ "body": "{\"order\":1,\"order\":2}" }),
        json!({ "base64": "AP8=" }),
        json!({}),
    ] {
        let refused = send(other.clone()).await;
        assert!(refused.contains("Refused (default_deny)"), "{other}: {refused}");
    }
    assert_eq!(desk.endpoint.count("orders"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_ends_when_its_client_no_longer_does() {
    let desk = Desk::of("desk.wpc").await;
    let client = desk.client("job-1").await;
    let ask = json!({ "resource": queue("orders"), "mode": "peek_lock", "messages": 1, "wait_seconds": 60 });
    let params = CallToolRequestParams::new("receive").with_arguments(ask.as_object().unwrap().clone());
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(params));
    let handle = client.send_cancellable_request(request, Default::default()).await.unwrap();
    let until = async |last: &str| {
        for _ in 0..400 {
            if desk.log("job-1").last().is_some_and(|entry| entry.starts_with(last)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("`{last}` never came: {:?}", desk.log("job-1"));
    };
    until("allow receive").await;
    let began = Instant::now();
    handle.cancel(None).await.unwrap();
    until("abandoned").await;
    // Sooner than a call that has to be cut off.
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    tokio::time::sleep(Duration::from_millis(200)).await;
    desk.endpoint.put("orders", "a", "a", None);
    assert_eq!(received(&client, 1).await.len(), 1);
}
