//! Policies that use other files.

use crate::place::{Place, check};

const HOUSE: &str = "\
rules house {
    limit messages of send to 5 per minute
    deny manage on any
}
";

const POLICY: &str = r#"use azure_service_bus
use "./house/rules.wpc" as house

policy orders {
    with house
    tool azure_service_bus at namespace("contoso.servicebus.windows.net") {
        allow send to queue("orders")
    }
    token { pin policy }
}
"#;

fn place(house: &str) -> Place {
    let place = Place::new();
    place.file("house/rules.wpc", house);
    place.file("orders.wpc", POLICY);
    place
}

#[test]
fn a_policy_takes_rules_from_another_file() {
    let place = place(HOUSE);
    check!(place, "check", "orders.wpc", "house/rules.wpc");
    place.does(&["compile", "orders.wpc"]);
    check!(place, "show", "orders.wpc.json");
}

#[test]
fn a_problem_is_shown_in_the_file_where_it_is() {
    let place = place(&HOUSE.replace("manage", "mange"));
    check!(place, "check", "orders.wpc");
    check!(place, "check", "orders.wpc", "--format", "json");
    check!(place, "check", "orders.wpc", "--format", "sarif");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let place = Place::new();
    place.file("orders.wpc", POLICY);
    check!(place, "check", "orders.wpc");
    place.file("house/rules.wpc", b"\xff");
    check!(place, "compile", "orders.wpc");
}

#[test]
fn formatting_reads_one_file_alone() {
    let place = Place::new();
    place.file("orders.wpc", POLICY);
    check!(place, "fmt", "--check", "orders.wpc");
}

const BASE: &str = r#"use azure_service_bus

policy base {
    param host: host
    tool azure_service_bus at namespace(host) {
        allow send to any queue when { message_bytes <= 1 KiB }
        deny send to queue("orders-prod")
        limit calls of send to 2 per minute
        require approval of peek { by did("did:web:boss.example"); within 1 h }
    }
    token { lifetime 10 min; pin policy }
    valid { until "2026-07-01T00:00:00Z" }
}
"#;

const JOB: &str = r#"use azure_service_bus

policy job extends "./base.wpc" {
    param host: host = "contoso.servicebus.windows.net"
    tool azure_service_bus at namespace(host) {
        allow send to queue("orders"), queue("bills") when { message_bytes <= 2 KiB }
        limit messages of send to 3 per job
    }
    token { lifetime 15 min; bind job }
}

test "too large for the base" {
    call azure_service_bus.send to queue("orders") { messages: [{ message_bytes: 1025 B, properties: {} }] }
    expect allow
}

test "denied there" {
    call azure_service_bus.send to queue("orders-prod") { messages: [{ message_bytes: 1 B, properties: {} }] }
    expect deny explicit_deny
}
"#;

fn extending() -> Place {
    let place = Place::new();
    place.file("base.wpc", BASE);
    place.file("job.wpc", JOB);
    place
}

/// A call of `send` with one message.
fn send(queue: &str, bytes: u32) -> String {
    format!(
        r#"{{"tool":"azure_service_bus","action":"send","resource":{{"kind":"queue","name":"{queue}"}},"arguments":{{"messages":[{{"message_bytes":{bytes},"properties":{{}}}}]}}}}"#
    )
}

#[test]
fn a_policy_that_extends_another_is_shown_with_it() {
    let place = extending();
    check!(place, "check", "job.wpc");
    place.does(&["compile", "job.wpc"]);
    insta::assert_snapshot!(place.text("job.wpc.json"));
    insta::assert_snapshot!(place.text("job.wpc.map.json"));
    check!(place, "show", "job.wpc.json");
}

#[test]
fn the_layer_that_refuses_is_named() {
    let place = extending();
    place.does(&["compile", "job.wpc"]);
    let why = |call: &str, more: &[&str]| {
        place.file("call.json", call);
        let arguments = [&["why", "job.wpc.json", "call.json"], more].concat();
        format!("{call}\n{}", place.told(&arguments, b""))
    };
    insta::assert_snapshot!(why(&send("orders", 1024), &[]));
    insta::assert_snapshot!(why(&send("orders", 1025), &[]));
    insta::assert_snapshot!(why(&send("orders", 1025), &["--format", "json"]));
    insta::assert_snapshot!(why(&send("orders-prod", 1), &[]));
    insta::assert_snapshot!(why(&send("elsewhere", 1), &[]));
    insta::assert_snapshot!(why(&send("orders", 1), &["--at", "2026-07-01T00:00:00Z"]));
    let call = send("orders", 1);
    place.file("history.json", format!(r#"[{{"call":{call},"times":2}}]"#));
    insta::assert_snapshot!(why(&call, &["--history", "history.json"]));
}

#[test]
fn tests_are_decided_with_what_is_extended() {
    check!(extending(), "test", "job.wpc");
}

#[test]
fn policies_that_extend_others_are_compared() {
    let place = extending();
    place.file("alone.wpc", JOB.replace(r#" extends "./base.wpc""#, ""));
    check!(place, "diff", "job.wpc", "job.wpc");
    check!(place, "diff", "alone.wpc", "job.wpc", "--require", "narrower");
    check!(place, "diff", "job.wpc", "alone.wpc", "--require", "narrower");
    place.file("wider.wpc", JOB.replace("2 KiB", "3 KiB").replace("to 3 per job", "to 4 per job"));
    check!(place, "diff", "job.wpc", "wider.wpc");
    place.file("narrower.wpc", JOB.replace("2 KiB", "512 B"));
    check!(place, "diff", "job.wpc", "narrower.wpc", "--format", "json");
}
