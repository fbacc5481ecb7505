//! What a policy makes of the tools that are offered.

use serde_json::{Map, Value as Json, json};

use crate::rig::{Desk, message, queue};

async fn schemas(name: &str) -> Map<String, Json> {
    let desk = Desk::of(name).await;
    let tools = desk.client("job-1").await.list_all_tools().await.unwrap();
    tools
        .into_iter()
        .map(|tool| (tool.name.to_string(), Json::Object((*tool.input_schema).clone())))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_writes_the_schemas() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&schemas("desk.wpc").await).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_policy_does_not_allow_is_not_offered() {
    let all = schemas("desk.wpc").await;
    assert!(!all.contains_key("list_entities"));
    assert_eq!(schemas("sealed.wpc").await.keys().collect::<Vec<_>>(), ["send"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_takes_what_is_allowed_and_refuses_what_it_can_say() {
    let all = schemas("desk.wpc").await;
    let send = jsonschema::validator_for(&all["send"]).unwrap();
    let with = |message: Json| json!({ "resource": queue("orders"), "messages": [message] });
    let mut no_version = message(&json!("a"));
    no_version["properties"] = json!({});
    let mut cookie = message(&json!("a"));
    cookie["properties"]["cookie"] = json!("secret");
    let mut xml = message(&json!("a"));
    xml["content_type"] = json!("text/xml");
    let long = message(&json!("x".repeat(1025)));
    assert!(send.is_valid(&with(message(&json!({ "order": 1 })))));
    for (what, refused) in [("no_version", no_version), ("cookie", cookie), ("xml", xml), ("long", long)] {
        assert!(!send.is_valid(&with(refused)), "{what}");
    }
    let elsewhere = json!({ "resource": queue("orders-prod"), "messages": [message(&json!("a"))] });
    assert!(!send.is_valid(&elsewhere));
    let receive = jsonschema::validator_for(&all["receive"]).unwrap();
    let ask =
        |mode: &str, messages: u64| json!({ "resource": queue("jobs"), "mode": mode, "messages": messages });
    assert!(receive.is_valid(&ask("peek_lock", 10)));
    assert!(!receive.is_valid(&ask("peek_lock", 11)) && !receive.is_valid(&ask("receive_and_delete", 1)));
    let complete = jsonschema::validator_for(&all["complete"]).unwrap();
    let handles = |count: usize| {
        let handles: Vec<_> = (0..count).map(|at| format!("m_{at}")).collect();
        json!({ "resource": queue("orders"), "handles": handles })
    };
    assert!(
        complete.is_valid(&handles(10))
            && !complete.is_valid(&handles(11))
            && !complete.is_valid(&handles(0))
    );
}
