//! "Agent receives and completes messages it should not touch, or repeatedly abandons to force retries and load."

use serde_json::{Value as Json, json};

use crate::told::Attack;
use crate::world::{World, handles};

fn subscription(topic: &str, name: &str) -> Json {
    json!({ "kind": "subscription", "topic": topic, "name": name })
}

fn own() -> Json {
    subscription("refunds", "agent")
}

fn ask(from: Json, mode: &str, messages: u64) -> Json {
    json!({ "resource": from, "mode": mode, "messages": messages, "wait_seconds": 1 })
}

#[tokio::test(flavor = "multi_thread")]
async fn receiver_that_drains_or_poisons() {
    let mut attack = Attack::new(
        "Receiver drains or poisons the queue",
        "An agent that may look at a few messages of its own subscription tries to empty it, to delete without \
         settling, to settle what it did not receive, and to make the broker deliver one message for ever.",
        "receiver",
    );
    let world = World::under("receiver").await;
    let settings = wpc_endpoint::QueueSettings::default;
    world.endpoint.create_subscription("refunds", "agent", settings());
    world.endpoint.create_subscription("refunds", "billing", settings());
    for number in 0..20 {
        world.endpoint.put("refunds", &format!("m-{number}"), "refund", None);
    }
    let (agent, other) = (world.agent("job-1").await, world.agent("job-2").await);
    assert_eq!(agent.offered().await, ["abandon", "complete", "receive"]);

    let gone = agent.call("receive", ask(own(), "receive_and_delete", 3)).await.0;
    attack.tried("to receive and delete at once", &gone, "default_deny");
    let unsaid = json!({ "resource": own(), "messages": 3 });
    attack.tried("not to say how it receives", &agent.call("receive", unsaid).await.0, "missing_argument");
    let all = agent.call("receive", ask(own(), "peek_lock", 1_000)).await.0;
    attack.tried("a thousand messages at once", &all, "default_deny");
    let billing = agent.call("receive", ask(subscription("refunds", "billing"), "peek_lock", 1)).await.0;
    attack.tried("from the subscription of billing", &billing, "default_deny");

    let (told, first) = agent.call("receive", ask(own(), "peek_lock", 3)).await;
    attack.tried("three messages", &told, "done");
    let held = handles(&first);
    let stolen = handles(&other.call("receive", ask(own(), "peek_lock", 1)).await.1);
    let on = |handles: &[String]| json!({ "resource": own(), "handles": handles });
    attack.tried(
        "to complete what another job received",
        &agent.call("complete", on(&stolen)).await.0,
        "not_held",
    );
    let guessed = ["m_AAAAAAAAAAAAAAAAAAAAAA".to_owned()];
    attack.tried(
        "to complete under a guessed handle",
        &agent.call("complete", on(&guessed)).await.0,
        "not_held",
    );

    // One message, over and over.
    for handle in held.iter().take(2) {
        let back = agent.call("abandon", on(std::slice::from_ref(handle))).await.0;
        attack.tried("to give a message back", &back, "done");
    }
    let third = agent.call("abandon", on(&held[2..])).await.0;
    attack.tried("a third time", &third, "limit_exceeded");
    attack.tried("three messages more", &agent.call("receive", ask(own(), "peek_lock", 3)).await.0, "done");
    attack.tried(
        "and three more",
        &agent.call("receive", ask(own(), "peek_lock", 3)).await.0,
        "limit_exceeded",
    );
    attack.tried("two more", &agent.call("receive", ask(own(), "peek_lock", 2)).await.0, "done");
    attack.tried(
        "and one more",
        &agent.call("receive", ask(own(), "peek_lock", 1)).await.0,
        "limit_exceeded",
    );

    let node = "refunds/subscriptions/agent";
    attack.after("the subscription has all its 20 messages", world.endpoint.count(node) == 20);
    let settled = world.endpoint.settlements(node);
    attack.after(
        "the broker was told of two messages that were given back, and nothing else",
        settled.len() == 2 && settled.iter().all(|(_, how)| *how == "abandon"),
    );
    attack.after(
        "the subscription of billing was not touched",
        world.endpoint.settlements("refunds/subscriptions/billing").is_empty()
            && world
                .endpoint
                .messages("refunds/subscriptions/billing")
                .iter()
                .all(|one| one.delivery_count == 0),
    );
    insta::assert_snapshot!("receiver", attack.told(&world, &agent));
}
