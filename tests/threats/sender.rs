//! "Agent can send to any queue or topic in a namespace, including production entities."

use serde_json::{Value as Json, json};

use crate::told::Attack;
use crate::world::{World, compiled, queue, text_of};

fn message(body: &str) -> Json {
    let properties = json!({ "schema_version": "1", "correlation_id": "c-1" });
    json!({ "body": body, "properties": properties })
}

#[tokio::test(flavor = "multi_thread")]
async fn over_broad_sender() {
    let mut attack = Attack::new(
        "Over-broad sender permissions",
        "An agent that may publish to one queue tries to reach the others of its namespace, production first.",
        "sender",
    );
    let world = World::under("sender").await;
    let agent = world.agent("job-1").await;
    let send = async |to: Json, messages: Json| {
        agent.call("send", json!({ "resource": to, "messages": messages })).await.0
    };
    assert_eq!(agent.offered().await, ["send"]);
    let one = json!([message("exfiltrated")]);
    attack.tried("to send to `orders-prod`", &send(queue("orders-prod"), one.clone()).await, "explicit_deny");
    attack.tried(
        "the same in other letter case",
        &send(queue("Orders-Prod"), one.clone()).await,
        "explicit_deny",
    );
    let around = send(queue("orders-staging/../orders-prod"), one.clone()).await;
    attack.tried("`orders-staging/../orders-prod`", &around, "bad_name");
    attack.tried("another queue", &send(queue("payments"), one.clone()).await, "default_deny");
    let topic = send(json!({ "kind": "topic", "name": "orders-staging" }), one.clone()).await;
    attack.tried("a topic of the queue's name", &topic, "default_deny");
    let later = json!({ "resource": queue("orders-prod"), "at": "2100-01-01T00:00:00Z", "messages": one });
    attack.tried("to schedule instead of sending", &agent.call("schedule", later).await.0, "unknown_tool");
    let manage = json!({ "resource": queue("orders-staging"), "operation": "update", "settings": { "ForwardTo": "orders-prod" } });
    attack.tried(
        "to forward the queue to `orders-prod`",
        &agent.call("manage", manage).await.0,
        "unknown_tool",
    );
    let large = json!([message(&"x".repeat(1_024))]);
    attack.tried("a message that is too large", &send(queue("orders-staging"), large).await, "default_deny");
    let mut cookie = message("a");
    cookie["properties"]["Cookie"] = json!("session=exfiltrated");
    let cookie = send(queue("orders-staging"), json!([cookie])).await;
    attack.tried("a session cookie as a property", &cookie, "default_deny");
    let five: Vec<_> = (0..5).map(|number| message(&format!("order {number}"))).collect();
    attack.tried("to send five orders", &send(queue("orders-staging"), json!(five)).await, "done");
    attack.tried(
        "a sixth",
        &send(queue("orders-staging"), json!([message("order 5")])).await,
        "limit_exceeded",
    );

    let wider = compiled(&text_of("wider")).unwrap();
    let opened = world.gate("job-2", &wider, &world.policy).map(drop).map_err(|error| error.code());
    attack.refused(
        "its token under a wider policy that is signed, too",
        opened.unwrap_err(),
        "token_wrong_policy",
    );

    attack.after("`orders-staging` has five messages", world.endpoint.count("orders-staging") == 5);
    let others = ["orders-prod", "Orders-Prod", "payments"];
    attack.after("no other entity has one", others.iter().all(|queue| world.endpoint.count(queue) == 0));
    let wire = world.endpoint.wire();
    attack.after(
        "what was refused was never on the wire",
        !wire.windows(11).any(|bytes| bytes == b"exfiltrated")
            && !wire.windows(11).any(|bytes| bytes == b"orders-prod"),
    );
    insta::assert_snapshot!("sender", attack.told(&world, &agent));
}
