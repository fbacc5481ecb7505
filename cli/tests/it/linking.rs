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
