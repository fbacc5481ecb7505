//! What is written, whole.

use std::fmt::Write as _;

use wpc_azure_rbac::{Choices, RbacError, arm, bicep, commands, plan, table};

use crate::policy;

const DESK: &str = r#"use azure_service_bus

policy desk {
    tool azure_service_bus as staging at namespace("contoso-staging.servicebus.windows.net") {
        allow send, schedule to queue("orders"), topic("events") when { message_bytes <= 128 KiB }
        allow receive from queue("orders"), subscription("events", "audit") when { mode == peek_lock }
        allow complete on queue("orders"), subscription("events", "audit")
        allow send to queue("orders.archive"), queue("orders-archive"), queue("orders.old")
        deny send to queue("orders.archive")
        limit messages of send to 200 per job
    }
    tool azure_service_bus as prod at namespace("contoso-prod.servicebus.windows.net") {
        allow peek from queue("orders"), queue(like "team-*")
        allow send to queue("a/b")
    }

    token { lifetime 15 min; pin policy; bind job }
}
"#;

const ADMIN: &str = r#"use azure_service_bus

policy admin {
    tool azure_service_bus at namespace("contoso-prod.servicebus.windows.net") {
        allow manage on queue("orders"), subscription("events", "audit") when { operation == update }
        allow list_entities when { kind == queue }
        require approval of manage, list_entities {
            by did("did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7"); quorum 1; within 30 min
        }
    }

    token { lifetime 15 min; pin policy; bind job }
}
"#;

fn shown(text: &str, choices: &Choices) -> String {
    let plan = plan(&policy(text), choices).unwrap();
    let mut out = table(&plan);
    for namespace in &plan.namespaces {
        let template = serde_json::to_string_pretty(&arm(&plan, namespace)).unwrap();
        write!(
            out,
            "\n---- {name}.bicep\n{}\n---- {name}.json\n{template}\n\n---- {name}.sh\n{}",
            bicep(&plan, namespace),
            commands(&plan, namespace),
            name = namespace.name
        )
        .unwrap();
    }
    out
}

#[test]
fn a_policy_of_two_namespaces() {
    insta::assert_snapshot!(shown(DESK, &Choices::default()));
}

#[test]
fn an_administrators_policy() {
    insta::assert_snapshot!("admin", shown(ADMIN, &Choices::default()));
    let whole = plan(&policy(ADMIN), &Choices { on_namespace: true, ..Choices::default() }).unwrap();
    insta::assert_snapshot!("admin_on_namespace", table(&whole));
}

#[test]
fn entities_that_are_there_and_the_whole_namespace() {
    let entities = ["queue:team-red", "queue:team-blue", "queue:orders", "topic:team-red"];
    let entities = entities.iter().map(|entity| entity.parse().unwrap()).collect();
    let with = plan(&policy(DESK), &Choices { entities, on_namespace: false }).unwrap();
    insta::assert_snapshot!("with_entities", table(&with));
    let on_namespace = Choices { on_namespace: true, ..Choices::default() };
    insta::assert_snapshot!("on_namespace", table(&plan(&policy(DESK), &on_namespace).unwrap()));
}

#[test]
fn what_is_no_service_bus_is_refused() {
    let host = "contoso.servicebus.windows.net";
    let text = |host: &str, rule: &str| {
        policy(&format!(
            "use azure_service_bus\npolicy p {{\n tool azure_service_bus at namespace(\"{host}\") {{\n {rule}\n }}\n \
             token {{ lifetime 15 min; pin policy; bind job }}\n}}\n"
        ))
    };
    let refused = |policy| plan(&policy, &Choices::default()).unwrap_err();
    let denied = "allow send to queue(\"orders\")\n deny send on any";
    assert_eq!(refused(text(host, denied)).code(), "rbac_no_service_bus");
    for host in ["contoso.example", "a.servicebus.windows.net", "two.parts.servicebus.windows.net"] {
        let found = refused(text(host, "allow send to queue(\"orders\")"));
        assert_eq!(found, RbacError::Namespace(host.to_owned()));
    }
}

#[test]
fn entities_are_read_strictly() {
    use wpc_azure_rbac::Entity;
    for (text, code) in [
        ("orders", "rbac_entity"),
        ("rule:a", "rbac_entity"),
        ("subscription:events", "rbac_entity"),
        ("queue:", "rbac_entity_name"),
        ("queue:a/b", "rbac_entity_name"),
        ("queue:$(id)", "rbac_entity_name"),
        ("queue:a'b", "rbac_entity_name"),
        ("queue:-a", "rbac_entity_name"),
    ] {
        assert_eq!(text.parse::<Entity>().unwrap_err().code(), code, "{text}");
    }
}
