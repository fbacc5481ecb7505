//! A server of ours and a client of rmcp's, over a pipe.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rmcp::model::{ClientRequest, PingRequest};
use serde_json::json;

use crate::rig::{NOTES, World, call, notes, text};

/// Waits until `log` says what is awaited, or as long as a machine may be busy.
pub(crate) async fn until(log: impl Fn() -> Vec<String>, last: &str) -> Vec<String> {
    for _ in 0..400 {
        let found = log();
        if found.last().is_some_and(|found| found == last) {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("`{last}` never came: {:?}", log())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_offers_calls_and_refuses() {
    let world = World::of(NOTES);
    let (server, client, serving) = notes(&world, "job-1").await;
    let info = client.peer_info().unwrap();
    assert!(info.capabilities.tools.is_some() && info.capabilities.resources.is_none());
    assert!(info.capabilities.prompts.is_none() && info.capabilities.logging.is_none());
    let tools = client.list_all_tools().await.unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(names, ["import-notes", "list-notes", "write-note"]);

    let done =
        client.call_tool(call("write-note", json!({ "name": "todo", "text": "hi", "tags": [] }))).await;
    assert_eq!(done.unwrap().structured_content, Some(json!({ "bytes": 2 })));
    let denied =
        client.call_tool(call("write-note", json!({ "name": "other", "text": "hi", "tags": [] }))).await;
    let denied = denied.unwrap();
    assert_eq!(denied.is_error, Some(true));
    let untyped = client.call_tool(call("write-note", json!({ "name": "todo", "text": 5 }))).await.unwrap();
    let unknown = client.call_tool(call("delete-note", json!({ "name": "todo" }))).await.unwrap();
    let shown = [text(&denied), text(&untyped), text(&unknown)].join("\n\n");
    insta::with_settings!({ filters => [(r"call_[a-z2-7]{26}", "CALL"), ("Rule: [A-Za-z0-9_-]+", "Rule: RULE")] }, {
        insta::assert_snapshot!(shown);
    });
    assert_eq!(server.executor().done.load(Ordering::SeqCst), 1);

    client.cancel().await.unwrap();
    serving.await.unwrap();
    assert_eq!(
        world.log("job-1"),
        ["allow write_note", "done", "deny write_note", "refused wrong_type", "refused unknown_tool"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_refused_and_not_recorded() {
    let world = World::of(NOTES);
    let (_server, client, _) = notes(&world, "job-1").await;
    let read = rmcp::model::ReadResourceRequestParams::new("file:///etc/passwd");
    assert!(client.read_resource(read).await.unwrap_err().to_string().contains("lets tools through"));
    assert!(client.list_prompts(None).await.is_err());
    assert!(client.list_resources(None).await.is_err());
    client.send_request(ClientRequest::PingRequest(PingRequest::default())).await.unwrap();
    assert_eq!(world.log("job-1"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_call_is_recorded_as_abandoned() {
    let world = World::of(NOTES);
    let (_server, client, _) = notes(&world, "job-1").await;
    for text in ["slow", "stuck"] {
        let request = call("write-note", json!({ "name": "todo", "text": text, "tags": [] }));
        let request = ClientRequest::CallToolRequest(rmcp::model::CallToolRequest::new(request));
        let handle = client.send_cancellable_request(request, Default::default()).await.unwrap();
        until(|| world.log("job-1"), "allow write_note").await;
        handle.cancel(Some("no longer wanted".to_owned())).await.unwrap();
        until(|| world.log("job-1"), "abandoned").await;
    }
    assert_eq!(world.log("job-1"), ["allow write_note", "abandoned", "allow write_note", "abandoned"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_dies_leaves_no_call_without_an_outcome() {
    let world = World::of(NOTES);
    let (_server, client, serving) = notes(&world, "job-1").await;
    let peer = client.peer().clone();
    let lost = tokio::spawn(async move {
        peer.call_tool(call("write-note", json!({ "name": "todo", "text": "stuck", "tags": [] }))).await
    });
    until(|| world.log("job-1"), "allow write_note").await;
    drop(client);
    serving.await.unwrap();
    assert!(lost.await.unwrap().is_err());
    assert_eq!(world.log("job-1"), ["allow write_note", "abandoned"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_dies_cancels_what_it_asked_for() {
    let world = World::of(NOTES);
    let (_server, client, serving) = notes(&world, "job-1").await;
    let peer = client.peer().clone();
    let lost = tokio::spawn(async move {
        peer.call_tool(call("write-note", json!({ "name": "todo", "text": "told", "tags": [] }))).await
    });
    until(|| world.log("job-1"), "allow write_note").await;
    drop(client);
    serving.await.unwrap();
    assert!(lost.await.unwrap().is_err());
    assert_eq!(world.log("job-1"), ["allow write_note", "failed told"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_calls_at_once_are_each_recorded_once() {
    let world = World::of(NOTES);
    let (server, client, _) = notes(&world, "job-1").await;
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..1_000 {
        let peer = client.peer().clone();
        calls.spawn(async move {
            let name = if number % 2 == 0 { "todo" } else { "nothing" };
            peer.call_tool(call("write-note", json!({ "name": name, "text": "t", "tags": [] })))
                .await
                .unwrap()
        });
    }
    let done = calls.join_all().await.iter().filter(|result| result.is_error != Some(true)).count();
    assert_eq!((done, server.executor().done.load(Ordering::SeqCst)), (500, 500));
    let log = world.log("job-1");
    let count = |word: &str| log.iter().filter(|entry| *entry == word).count();
    assert_eq!((count("allow write_note"), count("done")), (500, 500));
}

const SEALED: &str = r#"
tool vault {
    action keep { name: text; secret: text sealed }
}

policy vault {
    tool vault { allow keep when { secret matches r"[a-z]+"; secret.size <= 5 } }
    token { pin policy; bind job }
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_value_is_read_by_the_gate_and_kept_by_nobody() {
    let world = World::of(SEALED);
    let (server, client, _) = notes(&world, "job-1").await;
    let keep = async |secret: &str| {
        client.call_tool(call("keep", json!({ "name": "n", "secret": secret }))).await.unwrap()
    };
    assert_ne!(keep("quiet").await.is_error, Some(true));
    for refused in ["QUIET", "quieter", ""] {
        assert!(text(&keep(refused).await).contains("Refused (default_deny)"), "{refused}");
    }
    assert_eq!(server.executor().done.load(Ordering::SeqCst), 1);
    let entries = world.ledger.entries(&wpc::JobId::parse("job-1").unwrap(), 0, usize::MAX).unwrap();
    let kept: String = entries.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
    assert!(!kept.contains("quiet") && !kept.contains("QUIET"), "{kept}");
}
