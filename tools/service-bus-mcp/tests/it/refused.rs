//! What the policy does not allow, what is no call, and what the broker refuses.

use serde_json::json;

use crate::rig::{Desk, call, done, message, not_done, queue, received};

#[tokio::test(flavor = "multi_thread")]
async fn the_gate_decides_again_whatever_the_schema_says() {
    let desk = Desk::of("desk.wpc").await;
    let client = desk.client("job-1").await;
    let send = async |to: &str, message: serde_json::Value| {
        let result = call(&client, "send", json!({ "resource": queue(to), "messages": [message] })).await;
        not_done(&result)
    };
    assert!(send("orders-prod", message(&json!("a"))).await.contains("Refused (explicit_deny)"));
    assert!(send("Orders", message(&json!("a"))).await.contains("Refused (default_deny)"));
    assert!(send("other", message(&json!("a"))).await.contains("Refused (default_deny)"));
    // Shorter than the bound, and longer with what is around it.
    assert!(send("orders", message(&json!("x".repeat(1000)))).await.contains("Not met: message_bytes"));
    let mut cookie = message(&json!("a"));
    cookie["properties"]["cookie"] = json!("secret");
    assert!(send("orders", cookie).await.contains("Refused (default_deny)"));
    for (wrong, code) in [
        (json!({ "body": "a", "message_bytes": 1 }), "measured_stated"),
        (json!({ "body": "a", "to": "elsewhere" }), "unknown_argument"),
        (json!({ "body": "a", "base64": "AA==" }), "unknown_argument"),
        (json!({ "base64": "no base64" }), "wrong_type"),
        (json!({ "body": "a", "properties": { "n": 5 } }), "wrong_type"),
        (json!("a"), "wrong_type"),
    ] {
        let told = send("orders", wrong.clone()).await;
        assert!(told.contains(&format!("Refused ({code})")), "{wrong}: {told}");
    }
    assert_eq!(desk.endpoint.count("orders"), 0);
    assert!(desk.endpoint.wire().windows(6).all(|bytes| bytes != b"secret"));
    let log = desk.log("job-1");
    assert_eq!(
        log[..5],
        [
            "explicit_deny send",
            "default_deny send",
            "default_deny send",
            "default_deny send",
            "default_deny send"
        ]
    );
    assert_eq!(log.len(), 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_this_job_received_from_this_entity_is_settled() {
    let desk = Desk::of("desk.wpc").await;
    let (first, second) = (desk.client("job-1").await, desk.client("job-2").await);
    desk.endpoint.put("orders", "a", "a", None);
    let handle = received(&first, 1).await.pop().unwrap().0;
    let on = |queue_name: &str, handle: &str| json!({ "resource": queue(queue_name), "handles": [handle] });
    for (client, queue, handle) in [
        (&second, "orders", handle.as_str()),
        (&first, "jobs", handle.as_str()),
        (&first, "orders", "m_AAAAAAAAAAAAAAAAAAAAAA"),
    ] {
        let told = not_done(&call(client, "complete", on(queue, handle)).await);
        assert!(told.contains("Failed (not_held)") && told.contains("Nothing was done"), "{told}");
    }
    let twice = json!({ "resource": queue("orders"), "handles": [handle, handle] });
    assert!(not_done(&call(&first, "complete", twice).await).contains("not_held"));
    let said = json!({ "resource": queue("orders"), "handles": [handle], "messages": 0 });
    assert!(not_done(&call(&first, "complete", said).await).contains("stated_differs"));
    done(call(&first, "complete", on("orders", &handle)).await);
    assert!(not_done(&call(&first, "complete", on("orders", &handle)).await).contains("not_held"));
    assert_eq!(desk.log("job-2"), ["allow complete", "failed not_held (declared)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_the_broker_refuses_is_failed() {
    let desk = Desk::of("desk.wpc").await;
    let client = desk.client("job-1").await;
    desk.endpoint.put("orders", "a", "a", None);
    let handle = received(&client, 1).await.pop().unwrap().0;
    let complete = json!({ "resource": queue("orders"), "handles": [handle] });
    desk.endpoint.refuse_settlements("orders", Some(("amqp:not-allowed", "told to refuse")));
    let told = not_done(&call(&client, "complete", complete.clone()).await);
    assert!(told.contains("Failed (rejected)") && told.contains("amqp:not-allowed"), "{told}");
    desk.endpoint.refuse_settlements("orders", None);
    done(call(&client, "complete", complete).await);
    assert_eq!(
        desk.log("job-1")[2..],
        [
            "allow complete",
            "failed rejected amqp:not-allowed (encoded)",
            "allow complete",
            "done completed 1 (encoded)"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn lock_tokens_are_in_no_answer_and_no_entry() {
    let desk = Desk::of("desk.wpc").await;
    let client = desk.client("job-1").await;
    desk.endpoint.put("orders", "a", "a", None);
    let ask = json!({ "resource": queue("orders"), "mode": "peek_lock", "messages": 1, "wait_seconds": 1 });
    let answer = done(call(&client, "receive", ask).await);
    let members: Vec<_> = answer["messages"][0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "body",
            "delivery_count",
            "enqueued_at",
            "handle",
            "locked_until",
            "message_id",
            "properties",
            "sequence_number"
        ]
    );
    let handle = answer["messages"][0]["handle"].as_str().unwrap();
    done(call(&client, "complete", json!({ "resource": queue("orders"), "handles": [handle] })).await);
    // What settled it at the broker is not what it is called here.
    let wire = desk.endpoint.wire();
    assert!(!wire.windows(handle.len()).any(|bytes| bytes == handle.as_bytes()));
    assert!(!desk.raw_log("job-1").contains(handle));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_contradict_themselves_are_no_calls() {
    let desk = Desk::of("desk.wpc").await;
    let client = desk.client("job-1").await;
    let receive = |more: serde_json::Value| {
        let mut ask = json!({ "resource": queue("orders"), "mode": "peek_lock", "messages": 1 });
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ask
    };
    for (more, code) in [
        (json!({ "wait_seconds": 61 }), "out_of_range"),
        (json!({ "wait_seconds": -1 }), "out_of_range"),
        (json!({ "wait_seconds": "5" }), "wrong_type"),
        (json!({ "sequence_numbers": [] }), "out_of_range"),
        (json!({ "sequence_numbers": [1, 2] }), "stated_differs"),
        (json!({ "sequence_numbers": [1], "next_session": true }), "unknown_argument"),
        (json!({ "session": "s_x" }), "unknown_argument"),
        (json!({ "session_id": "a", "next_session": true }), "unknown_argument"),
        (json!({ "session_id": "a", "mode": "receive_and_delete" }), "bad_choice"),
    ] {
        let told = not_done(&call(&client, "receive", receive(more.clone())).await);
        assert!(told.contains(&format!("Refused ({code})")), "{more}: {told}");
    }
    assert!(
        not_done(&call(&client, "complete", json!({ "resource": queue("orders") })).await)
            .contains("missing_argument")
    );
    let empty = json!({ "resource": queue("orders"), "messages": [] });
    assert!(not_done(&call(&client, "send", empty).await).contains("out_of_range"));
    assert!(desk.log("job-1").iter().all(|entry| entry.starts_with("refused ")), "{:?}", desk.log("job-1"));
    // A refused call is a tool's error; an unknown method is the protocol's.
    let read = rmcp::model::ReadResourceRequestParams::new("file:///etc/passwd");
    assert!(client.read_resource(read).await.is_err());
}
