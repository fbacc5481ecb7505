//! `diff`: what changed, and the calls that show it.

use crate::place::{ORDERS, Place, check};

/// The example and a copy in which `from` reads `to`.
fn with_changed(changes: &[(&str, &str)]) -> Place {
    let place = Place::with_orders();
    let mut text = ORDERS.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "the example has no {from}");
        text = text.replace(from, to);
    }
    place.file("new.wpc", text);
    place
}

#[test]
fn a_policy_is_equal_to_itself_however_it_is_written() {
    let place = with_changed(&[(
        "        deny manage on any\n",
        "\n        // Nobody.\n        deny manage on any\n",
    )]);
    check!(place, "diff", "orders.wpc", "new.wpc", "--require", "equal");
    place.does(&["compile", "orders.wpc"]);
    check!(place, "diff", "orders.wpc.json", "new.wpc", "--format", "json");
}

#[test]
fn a_raised_bound_is_wider_and_a_lowered_one_narrower() {
    let place = with_changed(&[("message_bytes <= 128 KiB", "message_bytes <= 256 KiB")]);
    check!(place, "diff", "orders.wpc", "new.wpc", "--require", "narrower");
    check!(place, "diff", "new.wpc", "orders.wpc", "--require", "narrower");
    check!(place, "diff", "orders.wpc", "new.wpc", "--format", "json");
}

#[test]
fn a_lifted_deny_a_raised_limit_and_a_longer_token_are_each_shown() {
    let place = with_changed(&[
        ("to 200 per job", "to 300 per job"),
        ("lifetime 15 min", "lifetime 30 min"),
        ("lacks [\"authorization\", \"cookie\", \"set-cookie\"]", "lacks [\"authorization\", \"cookie\"]"),
    ]);
    check!(place, "diff", "orders.wpc", "new.wpc");
}

#[test]
fn more_here_and_less_there_is_incomparable() {
    let place = with_changed(&[("\"orders-staging\"", "\"orders-test\"")]);
    check!(place, "diff", "orders.wpc", "new.wpc", "--require", "equal");
}

#[test]
fn what_does_not_compile_is_not_compared() {
    let place = with_changed(&[("deny manage", "deny manag")]);
    check!(place, "diff", "orders.wpc", "new.wpc");
    check!(place, "diff", "orders.wpc", "missing.wpc");
    check!(place, "diff", "-", "-");
}

#[test]
fn what_is_demanded_around_the_tools_is_compared_too() {
    let place = with_changed(&[(
        "    token { lifetime 15 min",
        "    agents { allow \"mailer\" }\n    environment { name \"staging\" }\n    valid { until \"2027-01-01T00:00:00Z\" }\n    token { lifetime 15 min",
    )]);
    check!(place, "diff", "orders.wpc", "new.wpc", "--require", "narrower");
}
