//! What people must approve.

use serde_json::json;
use wpc::{JobId, approval};
use wpc_evidence::statement::{Granted, Nonce, approve};
use wpc_model::{Bind, Uses};

use crate::rig::{Client, Desk, call, done, not_done, oncall, queue, received};

impl Desk {
    /// Somebody approves the call that waits.
    fn approve(&self, job: &str) {
        let job = JobId::parse(job).unwrap();
        let requests = approval::requests(&*self.ledger, &self.trust, &job).unwrap();
        let request = requests.into_iter().next_back().unwrap();
        let issued_at = self.ledger.clock().wall_ms();
        let granted = Granted {
            bind: Bind::Arguments,
            uses: Uses::Times(1),
            issued_at,
            not_after: issued_at + 60_000,
            nonce: Nonce::mint().unwrap(),
        };
        let envelope = approve(&oncall(), &request, granted).unwrap();
        approval::submit(&*self.ledger, &self.trust, &job, &envelope, &[]).unwrap();
    }

    /// Asks, is told that somebody must approve, and asks again when somebody has.
    async fn approved(
        &self,
        client: &Client,
        name: &'static str,
        arguments: serde_json::Value,
    ) -> serde_json::Value {
        let told = not_done(&call(client, name, arguments.clone()).await);
        assert!(told.contains("Refused (approval_required)") && told.contains("wpc approve"), "{told}");
        self.approve("job-1");
        done(call(client, name, arguments).await)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_take_somebodys_approval_each_time() {
    let desk = Desk::of("desk.wpc").await;
    let client = desk.client("job-1").await;
    desk.endpoint.put("orders", "a", "poison", None);
    let handle = received(&client, 1).await.pop().unwrap().0;
    let bury = json!({
        "resource": queue("orders"), "handles": [handle], "reason": "poison", "description": "cannot be read",
    });
    let buried = desk.approved(&client, "deadletter", bury).await;
    assert_eq!(buried, json!({ "status": "dead_lettered", "sequence_numbers": [1] }));
    let dead = desk.endpoint.messages("orders/$deadletterqueue");
    assert_eq!(dead[0].properties["DeadLetterReason"], "poison");
    let look = json!({ "resource": queue("orders"), "messages": 5 });
    let seen = desk.approved(&client, "deadletter_read", look.clone()).await;
    assert_eq!(seen["messages"][0]["properties"]["DeadLetterErrorDescription"], "cannot be read");
    let purged = desk.approved(&client, "deadletter_purge", look.clone()).await;
    assert_eq!(purged["status"], "purged");
    assert!(desk.endpoint.messages("orders/$deadletterqueue").is_empty());
    assert!(not_done(&call(&client, "deadletter_purge", look).await).contains("approval_required"));
    assert_eq!(
        desk.log("job-1")[2..],
        [
            "approval_required deadletter",
            "approval",
            "allow deadletter",
            "done dead_lettered 1 (encoded)",
            "approval_required deadletter_read",
            "approval",
            "allow deadletter_read",
            "done peeked 1 (encoded)",
            "approval_required deadletter_purge",
            "approval",
            "allow deadletter_purge",
            "done purged 1 (encoded)",
            "approval_required deadletter_purge",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn managing_goes_over_the_administration_api_once_approved() {
    let desk = Desk::of("admin.wpc").await;
    let client = desk.client("job-1").await;
    let create = json!({
        "resource": queue("orders"), "operation": "create", "settings": { "LockDuration": "PT1M" },
    });
    desk.approved(&client, "manage", create).await;
    let update = json!({
        "resource": queue("orders"), "operation": "update", "settings": { "MaxDeliveryCount": "3" },
    });
    let updated = desk.approved(&client, "manage", update).await;
    assert_eq!(updated["entities"][0]["settings"]["MaxDeliveryCount"], "3");
    let read = json!({ "resource": queue("orders"), "operation": "read" });
    let read = desk.approved(&client, "manage", read).await;
    let listed = desk.approved(&client, "list_entities", json!({ "kind": "queue" })).await;
    assert_eq!(listed["entities"][0]["name"], "orders");
    assert_eq!(read["entities"][0]["name"], "orders");
    for (arguments, code) in [
        (json!({ "resource": queue("orders"), "operation": "delete" }), "default_deny"),
        (
            json!({ "resource": queue("orders"), "operation": "update", "settings": { "ForwardTo": "x" } }),
            "default_deny",
        ),
        (json!({ "resource": queue("orders") }), "missing_argument"),
        (
            json!({ "resource": queue("orders"), "operation": "update", "settings": { "MaxDeliveryCount": 3 } }),
            "wrong_type",
        ),
    ] {
        let told = not_done(&call(&client, "manage", arguments.clone()).await);
        assert!(told.contains(code), "{arguments}: {told}");
    }
    let asked: Vec<_> = desk.endpoint.administered();
    assert!(asked.len() >= 3, "{asked:?}");
}
