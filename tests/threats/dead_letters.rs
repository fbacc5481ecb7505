//! "Agent moves messages to dead-letter to hide work, or drains dead-letter and leaks sensitive payloads."

use serde_json::json;

use crate::told::Attack;
use crate::world::{World, agent as agent_key, compiled, handles, oncall, queue, text_of};

#[tokio::test(flavor = "multi_thread")]
async fn dead_letter_abuse() {
    let mut attack = Attack::new(
        "Dead-letter abuse",
        "An agent tries to hide messages in the dead-letter queue, to read what is there, and to empty it: under \
         its everyday policy, and in an incident, where a person approves each call.",
        "incident",
    );
    let dead = "orders/$deadletterqueue";
    let everyday = World::under("receiver").await;
    let idle = everyday.agent("job-1").await;
    let purge = json!({ "resource": queue("orders"), "messages": 3 });
    let told = idle.call("deadletter_purge", purge.clone()).await.0;
    attack.tried("under the everyday policy: to empty the dead-letter queue", &told, "unknown_tool");

    let long = text_of("incident").replace("lifetime 15 min", "lifetime 2 h");
    let problems = compiled(&long).unwrap_err();
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    attack.refused("a policy for dead letters whose tokens live two hours", problem.code.text(), "WPC0408");

    let world = World::under("incident").await;
    for body in ["a", "b", "c"] {
        world.endpoint.put("orders", body, body, None);
    }
    let agent = world.agent("job-1").await;
    let receive =
        json!({ "resource": queue("orders"), "mode": "peek_lock", "messages": 3, "wait_seconds": 1 });
    let held = handles(&agent.call("receive", receive).await.1);
    let bury = |handle: &str, reason: &str| json!({ "resource": queue("orders"), "handles": [handle], "reason": reason });
    let job = agent.gate.job();

    let told = agent.call("deadletter", bury(&held[0], "poison")).await.0;
    attack.tried("to dead-letter a message", &told, "approval_required");
    let own = world.approve(&agent_key(), job).unwrap_err();
    attack.refused("to approve it itself", &own, "signer_untrusted");
    world.approve(&oncall(), job).unwrap();
    let told = agent.call("deadletter", bury(&held[0], "another reason")).await.0;
    attack.tried("once that is approved: the same with another reason", &told, "approval_required");
    let told = agent.call("deadletter", bury(&held[0], "poison")).await.0;
    attack.tried("what was approved", &told, "done");
    let told = agent.call("deadletter", bury(&held[1], "poison")).await.0;
    attack.tried("the same again, with another message", &told, "approval_required");
    world.approve(&oncall(), job).unwrap();
    // An approval binds how many, of which queue, and why. Which they are is in no argument.
    let told = agent.call("deadletter", bury(&held[2], "poison")).await.0;
    attack.tried("once that is approved: a third message in its place", &told, "done");
    let look = json!({ "resource": queue("orders"), "messages": 3 });
    attack.tried("to read dead letters", &agent.call("deadletter_read", look).await.0, "approval_required");
    attack.tried(
        "to empty the dead-letter queue",
        &agent.call("deadletter_purge", purge).await.0,
        "approval_required",
    );

    attack.after("two messages are dead letters: as many as were approved", world.endpoint.count(dead) == 2);
    let letters = world.endpoint.messages(dead);
    attack
        .after("it has the reason that was approved", letters[0].properties["DeadLetterReason"] == "poison");
    attack.after("the other one waits in its queue", world.endpoint.count("orders") == 1);
    insta::assert_snapshot!("dead_letters", attack.told(&world, &agent));
}
