//! `check`, `fmt`, `compile`, `explain`.

use crate::place::{ORDERS, Place, check};

/// The example with a misspelt action, a bare number where a size belongs, and no limit.
const WRONG: &str = r#"use azure_service_bus

policy wrong {
    tool azure_service_bus at namespace("contoso.servicebus.windows.net") {
        allow sned to queue("orders") when { message_bytes <= 128 }
        allow send to queue("orders") when { message_bytes <= 128 }
    }
    token { pin policy }
}
"#;

/// Compiles, with lints.
const UNWISE: &str = r#"use azure_service_bus

policy unwise {
    tool azure_service_bus at namespace("contoso.servicebus.windows.net") {
        allow send to any queue
    }
    token { bind job }
}
"#;

#[test]
fn a_clean_policy_is_clean() {
    let place = Place::with_orders();
    check!(place, "check", "orders.wpc");
    check!(place, "check", "orders.wpc", "--format", "json");
}

#[test]
fn all_problems_are_told_in_one_run() {
    let place = Place::with_orders();
    place.file("wrong.wpc", WRONG);
    check!(place, "check", "orders.wpc", "wrong.wpc");
    check!(place, "check", "wrong.wpc", "--format", "json");
}

#[test]
fn a_lint_is_a_warning_unless_it_is_denied() {
    let place = Place::new();
    place.file("unwise.wpc", UNWISE);
    check!(place, "check", "unwise.wpc");
    check!(place, "check", "unwise.wpc", "--deny", "no_pin");
    check!(place, "check", "unwise.wpc", "--deny", "lint", "--format", "json");
    check!(place, "check", "unwise.wpc", "--deny", "no_such_lint");
}

#[test]
fn a_policy_may_come_from_standard_input() {
    insta::assert_snapshot!(Place::new().told(&["check", "-"], b"policy p {"));
    check!(Place::new(), "check", "-", "-");
}

#[test]
fn what_cannot_be_read_is_named() {
    let place = Place::new();
    place.file("latin.wpc", b"policy \xe9 {}");
    check!(place, "check", "missing.wpc");
    check!(place, "check", "missing.wpc", "-v");
    check!(place, "check", ".");
    check!(place, "check", "latin.wpc");
    check!(place, "check");
}

#[test]
fn nothing_is_read_without_end() {
    let told = Place::new().told(&["check", "/dev/zero"], b"");
    assert!(told.contains("[exit 1]"), "{told}");
}

#[test]
fn the_layout_is_canonical_and_stays() {
    let place = Place::new();
    place.file("a.wpc", "use   azure_service_bus\npolicy a{token{pin policy}}");
    check!(place, "fmt", "--check", "a.wpc");
    assert_eq!(place.text("a.wpc").lines().count(), 2);
    check!(place, "fmt", "a.wpc");
    insta::assert_snapshot!(place.text("a.wpc"));
    check!(place, "fmt", "--check", "a.wpc");
}

#[test]
fn a_file_that_does_not_parse_keeps_the_others_as_they_are() {
    let place = Place::new();
    place.file("a.wpc", "use   azure_service_bus\n");
    place.file("b.wpc", "policy {");
    check!(place, "fmt", "a.wpc", "b.wpc");
    assert_eq!(place.text("a.wpc"), "use   azure_service_bus\n");
}

#[test]
fn the_layout_goes_from_standard_input_to_standard_output() {
    insta::assert_snapshot!(Place::new().told(&["fmt", "-"], b"policy a{token{pin policy}}"));
    insta::assert_snapshot!(
        Place::new().told(&["fmt", "-", "--format", "json"], b"policy a{token{pin policy}}")
    );
    insta::assert_snapshot!(Place::new().told(&["fmt", "-", "--check"], b"policy a{token{pin policy}}"));
}

#[test]
fn compiling_writes_the_artifact_and_its_map() {
    let place = Place::with_orders();
    check!(place, "compile", "orders.wpc");
    assert_eq!(place.names(), ["orders.wpc", "orders.wpc.json", "orders.wpc.map.json"]);
    insta::assert_snapshot!(place.text("orders.wpc.json"));
    insta::assert_snapshot!(place.text("orders.wpc.map.json"));
}

#[test]
fn compiling_twice_gives_the_same_bytes() {
    let place = Place::with_orders();
    let first = place.does(&["compile", "orders.wpc"]);
    let bytes = (place.read("orders.wpc.json"), place.read("orders.wpc.map.json"));
    let other = Place::with_orders();
    assert_eq!(other.does(&["compile", "orders.wpc"]), first);
    assert_eq!((other.read("orders.wpc.json"), other.read("orders.wpc.map.json")), bytes);
}

#[test]
fn the_printed_hash_is_that_of_the_bytes() {
    let place = Place::with_orders();
    let (json, exit) = place.json(&["compile", "orders.wpc"]);
    let hash = wpc_model::Hash::of(&place.read("orders.wpc.json")).to_string();
    assert_eq!((json["policy_hash_b64u"].as_str(), exit), (Some(hash.as_str()), 0));
}

#[test]
fn layout_order_and_comments_do_not_change_the_hash() {
    let place = Place::with_orders();
    let (first, _) = place.json(&["compile", "orders.wpc"]);
    let (head, deny) = ("        deny manage on any\n", "        deny send to queue(\"orders-prod\")\n");
    let moved = ORDERS.replace(head, "").replace(deny, &format!("{deny}\n    // moved\n{head}"));
    assert_ne!(moved, ORDERS);
    place.file("orders.wpc", moved);
    let (second, _) = place.json(&["compile", "orders.wpc"]);
    assert_eq!(first["policy_hash_b64u"], second["policy_hash_b64u"]);
}

#[test]
fn a_parameter_changes_the_artifact() {
    let place = Place::with_orders();
    let (first, _) = place.json(&["compile", "orders.wpc"]);
    let (second, _) =
        place.json(&["compile", "orders.wpc", "--param", "host=contoso-test.servicebus.windows.net"]);
    assert_ne!(first["policy_hash_b64u"], second["policy_hash_b64u"]);
    assert!(
        place.text("orders.wpc.json").contains("sb://contoso-test.servicebus.windows.net/orders-staging")
    );
    check!(place, "compile", "orders.wpc", "--param", "host=not a host");
    check!(place, "compile", "orders.wpc", "--param", "hots=a.example");
    check!(place, "compile", "orders.wpc", "--param", "host=a.example", "--param", "host=b.example");
    check!(place, "compile", "orders.wpc", "--param", "host");
}

#[test]
fn what_has_problems_is_not_written() {
    let place = Place::new();
    place.file("wrong.wpc", WRONG);
    check!(place, "compile", "wrong.wpc");
    check!(place, "compile", "wrong.wpc", "--format", "json");
    check!(place, "compile", "missing.wpc");
    check!(place, "compile", "-");
    assert_eq!(place.names(), ["wrong.wpc"]);
}

#[test]
fn a_directory_that_does_not_exist_is_not_made() {
    let place = Place::with_orders();
    check!(place, "compile", "orders.wpc", "--out", "build");
    std::fs::create_dir(place.path("build")).unwrap();
    check!(place, "compile", "orders.wpc", "--out", "build");
    assert_eq!(place.names(), ["build", "orders.wpc"]);
}

#[test]
fn a_code_has_a_page() {
    check!(Place::new(), "explain", "WPC0201");
    check!(Place::new(), "explain", "default_deny");
    check!(Place::new(), "explain", "default_deny", "--format", "json");
    check!(Place::new(), "explain", "no_such_code");
}

#[test]
fn a_reviewer_is_shown_every_demand() {
    let place = Place::new();
    place.file(
        "demanding.wpc",
        r#"use azure_service_bus
policy demanding {
    tool azure_service_bus at namespace("contoso.servicebus.windows.net") {
        allow send to queue("orders")
        limit calls of send to 10 per job
    }
    token { pin policy }
    models {
        allow "anthropic/claude-sonnet-4"; providers "mistral"
        budget 1_000_000 tokens, 5.00 USD
        redact "$.messages[*].content" mask
    }
    sandbox { required; filesystem read_only }
    agents { allow did("did:web:example.com:mailer"), "mailer" }
    requesters { allow "operations" }
    environment { name "staging" }
    credential { sas namespace }
    valid { from "2026-01-01T00:00:00Z"; until "2027-01-01T00:00:00Z" }
    on_change { kill }
    meta { owner "orders team"; notes "see the runbook" }
}
"#,
    );
    place.does(&["compile", "demanding.wpc"]);
    check!(place, "show", "demanding.wpc.json");
    check!(place, "check", "demanding.wpc", "--deny", "sas_namespace");
}
