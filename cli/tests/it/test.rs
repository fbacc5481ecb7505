//! `test`, and `check --format sarif`.

use crate::place::{ORDERS, Place, check};

/// The example with tests of its limits and denials, two of which are wrong.
fn mixed() -> String {
    let send = |queue: &str, size: &str, properties: &str| {
        format!(
            "send to queue(\"{queue}\") {{ messages: [{{ message_bytes: {size}; properties: {{ {properties} }} }}] }}"
        )
    };
    let good = "\"schema_version\": \"1\"; \"correlation_id\": \"c\"";
    let (one, prod) = (send("orders-staging", "1 KiB", good), send("orders-prod", "1 KiB", good));
    let large = send("orders-staging", "200000 B", "\"schema_version\": \"1\"");
    format!(
        "{ORDERS}
test \"production is out of bounds\" {{
    call {prod}
    expect deny explicit_deny
}}

test \"large orders go out\" {{
    call {large}
    expect allow
}}

test \"fifty-one a minute\" {{
    given {one}
    times 50
    call {one} at \"2026-01-01T00:00:30Z\"
    expect allow
    call {one} at \"2026-01-01T00:01:00Z\"
    expect allow
}}
"
    )
}

#[test]
fn the_example_passes_its_tests() {
    let place = Place::with_orders();
    check!(place, "test", "orders.wpc");
    check!(place, "test", "orders.wpc", "--coverage");
    check!(place, "test", "orders.wpc", "--format", "json");
    check!(place, "test", "orders.wpc", "--format", "junit");
}

#[test]
fn a_failed_test_shows_what_decided_and_why() {
    let place = Place::new();
    place.file("mixed.wpc", mixed());
    check!(place, "test", "mixed.wpc");
    check!(place, "test", "mixed.wpc", "--format", "json");
    check!(place, "test", "mixed.wpc", "--format", "junit");
}

#[test]
fn several_files_are_told_one_after_the_other() {
    let place = Place::with_orders();
    place.file("mixed.wpc", mixed());
    place.file("broken.wpc", "policy broken { tool mail { } }\n");
    place.file(
        "mail.wpc",
        "tool mail { action send { size: bytes } }\ntest \"a\" { call send { size: 1 B }\nexpect deny }\n",
    );
    place.file("none.wpc", "use azure_service_bus\npolicy none { token { pin policy } }\n");
    check!(place, "test", "orders.wpc", "mixed.wpc", "broken.wpc", "mail.wpc", "none.wpc");
    check!(place, "test", "orders.wpc", "broken.wpc", "--format", "junit");
}

#[test]
fn tests_are_chosen_by_what_is_in_their_name() {
    let place = Place::new();
    place.file("mixed.wpc", mixed());
    check!(place, "test", "mixed.wpc", "--filter", "bounds");
    check!(place, "test", "mixed.wpc", "--filter", "no such test");
}

#[test]
fn coverage_may_be_demanded() {
    let place = Place::with_orders();
    check!(place, "test", "orders.wpc", "--require-coverage=10");
    check!(place, "test", "orders.wpc", "--require-coverage");
    check!(place, "test", "orders.wpc", "--require-coverage=101");
}

#[test]
fn a_parameter_may_be_given() {
    let place = Place::with_orders();
    assert!(place.does(&["test", "orders.wpc", "--param", "host=a.example"]).contains(" 0 failed"));
    check!(place, "test", "orders.wpc", "--param", "host=not a host");
}

#[test]
fn what_cannot_be_read_is_no_answer() {
    let place = Place::with_orders();
    check!(place, "test", "orders.wpc", "missing.wpc");
    check!(place, "test", "missing.wpc", "--format", "junit");
    check!(place, "test", "-", "-");
}

#[test]
fn a_name_cannot_steer_the_terminal_or_break_the_xml() {
    let place = Place::new();
    let test = "test \"<a> & \\\"b\\\" \\u{1b}[31m\" {\n    call send { size: 1 B }\n    expect allow\n}\n";
    place.file(
        "mail.wpc",
        format!("tool mail {{ action send {{ size: bytes }} }}\npolicy p {{ tool mail {{ }} }}\n{test}"),
    );
    let plain = place.run(&["test", "mail.wpc"]);
    assert!(!plain.stdout.contains(&0x1b), "{}", String::from_utf8_lossy(&plain.stdout));
    check!(place, "test", "mail.wpc", "--format", "junit");
}

#[test]
fn problems_are_told_as_sarif() {
    let place = Place::with_orders();
    place.file("a b.wpc", "use azure_service_bus\n\npolicy wrong {\n    tool azure_service_bus at namespace(\"ü\") {\n        allow sned to queue(\"orders\")\n    }\n    token { pin policy; pin policy }\n}\n");
    check!(place, "check", "orders.wpc", "a b.wpc", "--format", "sarif");
    check!(place, "check", "missing.wpc", "--format", "sarif");
}
