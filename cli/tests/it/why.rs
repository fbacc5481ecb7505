//! `why`: which words of a policy decide.

use crate::place::{Place, check};

/// A call of `send` with one message, as JSON.
fn send(queue: &str, message: &str) -> String {
    format!(
        r#"{{"tool":"azure_service_bus","action":"send","resource":{{"kind":"queue","name":"{queue}"}},"arguments":{{"messages":[{message}]}}}}"#
    )
}

const GOOD: &str = r#"{"message_bytes":1024,"properties":{"schema_version":"1","correlation_id":"c"}}"#;

/// Asks about one call of the example.
fn why(call: &str) -> String {
    let place = Place::with_artifact();
    place.file("call.json", call);
    format!("{call}\n{}", place.told(&["why", "orders.wpc.json", "call.json"], b""))
}

#[test]
fn an_allowed_call_shows_what_it_would_charge() {
    insta::assert_snapshot!(why(&send("orders-staging", &[GOOD, GOOD].join(","))));
}

#[test]
fn the_first_condition_that_fails_is_named_with_its_line_and_what_was_found() {
    let large = GOOD.replace("1024", "131073");
    insta::assert_snapshot!(why(&send("orders-staging", &[GOOD, &large].join(","))));
    insta::assert_snapshot!(why(&send("orders-staging", &GOOD.replace("schema_version", "schema"))));
    let cookie = GOOD.replace(r#""c""#, r#""c","Set-Cookie":"x","AUTHORIZATION":"y""#);
    insta::assert_snapshot!(why(&send("orders-staging", &cookie)));
}

#[test]
fn a_deny_names_itself() {
    insta::assert_snapshot!(why(&send("orders-prod", GOOD)));
    insta::assert_snapshot!(why(&send("Orders-Prod", GOOD)));
    insta::assert_snapshot!(why(
        r#"{"tool":"azure_service_bus","action":"manage","resource":{"kind":"topic","name":"t"},"arguments":{}}"#
    ));
}

#[test]
fn another_letter_case_is_not_the_name() {
    insta::assert_snapshot!(why(&send("ORDERS-staging", GOOD)));
}

#[test]
fn what_is_allowed_instead_is_shown_where_nothing_is_near() {
    insta::assert_snapshot!(why(&send("elsewhere", GOOD)));
}

#[test]
fn an_approval_that_nothing_can_give_yet_is_a_no() {
    let place = Place::new();
    let policy = r#"use azure_service_bus
policy purge {
    tool azure_service_bus at namespace("contoso.servicebus.windows.net") {
        allow deadletter_purge on queue("orders") when { messages <= 10 }
        require approval of deadletter_purge {
            by did("did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7"); quorum 1; within 30 min
        }
    }
    token { lifetime 15 min; pin policy; bind job }
}
"#;
    place.file("purge.wpc", policy);
    place.does(&["compile", "purge.wpc"]);
    let call = br#"{"tool":"azure_service_bus","action":"deadletter_purge","resource":{"kind":"queue","name":"orders"},"arguments":{"messages":3}}"#;
    insta::assert_snapshot!(place.told(&["why", "purge.wpc.json", "-"], call));
    insta::assert_snapshot!(place.told(&["why", "purge.wpc.json", "-", "--format", "json"], call));
}

#[test]
fn lines_are_left_out_where_the_map_is_of_another_policy() {
    let place = Place::with_artifact();
    place.file("call.json", send("orders-prod", GOOD));
    std::fs::remove_file(place.path("orders.wpc.map.json")).unwrap();
    check!(place, "why", "orders.wpc.json", "call.json");
    place.does(&["compile", "orders.wpc", "--param", "host=contoso-test.servicebus.windows.net"]);
    let other = place.read("orders.wpc.map.json");
    place.does(&["compile", "orders.wpc"]);
    place.file("orders.wpc.map.json", other);
    check!(place, "why", "orders.wpc.json", "call.json");
    place.file("orders.wpc.map.json", "not a map");
    check!(place, "why", "orders.wpc.json", "call.json");
}

#[test]
fn an_envelope_is_asked_like_its_payload() {
    let place = Place::with_artifact();
    place.does(&["sign", "orders.wpc.json", "--key", "author.key"]);
    place.file("call.json", send("orders-staging", GOOD));
    let payload = place.does(&["why", "orders.wpc.json", "call.json"]);
    assert_eq!(place.does(&["why", "orders.wpc.dsse.json", "call.json"]), payload);
}

#[test]
fn what_is_not_a_call_is_refused_with_its_place() {
    for call in [
        "hello",
        r#"{"tool":"azure_service_bus","tool":"x","action":"send"}"#,
        r#"{"tool":"sql","action":"query","arguments":{}}"#,
        r#"{"tool":"azure_service_bus","action":"peek","resource":{"kind":"queue","name":"q"},"arguments":{}}"#,
        &send("orders-staging", r#"{"message_bytes":"1024","properties":{}}"#),
        &send("orders-staging", r#"{"message_bytes":1024.5,"properties":{}}"#),
        &send("orders-staging", r#"{"properties":{}}"#),
        &send("a//b", GOOD),
        &format!("{} {{}}", send("orders-staging", GOOD)),
    ] {
        insta::assert_snapshot!(why(call));
    }
}

#[test]
fn standard_input_is_read_once() {
    check!(Place::new(), "why", "-", "-");
}

#[test]
fn a_call_cannot_steer_the_terminal() {
    let place = Place::with_artifact();
    let evil = GOOD.replace(r#""c""#, r#""c","content":"x""#).replace("1024", "131073");
    let evil = evil.replace("content", "\\u001b[2J\\u202e");
    place.file("call.json", send("orders-staging", &evil));
    let output = place.run(&["why", "orders.wpc.json", "call.json"]);
    assert!(!output.stdout.contains(&0x1b) && !output.stderr.contains(&0x1b));
}

/// A tool of our own, with conditions of every kind and resources that are easily confused.
const MAIL: &str = r#"tool mail {
    resource box(name: text) = "mail/{name}"
    action send to box {
        recipients: list<text>
        subject: text?
        priority: choice { low, normal, high }
        size: bytes
        draft: bool?
    }
    action read from box { count: count }
    action purge on box
}
policy mail {
    tool mail {
        allow send to box("orders"), box("offers"), box("invoices") when {
            each recipients in ["anna@example.com", "bert@example.com"]
            recipients.size <= 2
            subject like "order *"
            priority != high
            priority in [low, normal]
            size < 64 KiB
            draft is absent
        }
        limit size of send to 100 KiB per job
        limit calls of send to 2 per minute
        deny send to box("orders") when { subject == "secret"; size > 1 KiB }
        deny purge on any
    }
    token { pin policy; bind job }
}
"#;

/// Asks about one call of `action` on a box of our own tool.
#[track_caller]
fn of_mail(action: &str, name: &str, arguments: &str) -> String {
    let place = Place::new();
    place.file("mail.wpc", MAIL);
    place.does(&["compile", "mail.wpc"]);
    let call = format!(
        r#"{{"tool":"mail","action":"{action}","resource":{{"kind":"box","name":"{name}"}},"arguments":{arguments}}}"#
    );
    place.told(&["why", "mail.wpc.json", "-"], call.as_bytes())
}

#[test]
fn everything_that_would_have_to_change_is_said() {
    insta::assert_snapshot!(of_mail(
        "send",
        "invoices",
        r#"{"recipients":["anna@example.com","eve@example.com","x@example.com"],"priority":"high","size":70000,"draft":true}"#
    ));
    let fine = r#"{"recipients":["anna@example.com"],"subject":"order 1","priority":"low","size":1}"#;
    insta::assert_snapshot!(of_mail("send", "order", fine));
    insta::assert_snapshot!(of_mail("send", "ORDERS", fine));
    insta::assert_snapshot!(of_mail(
        "send",
        "orders",
        &fine.replace("order 1", "secret").replace(":1}", ":2048}")
    ));
    insta::assert_snapshot!(of_mail("purge", "orders", "{}"));
}

/// Asks whether a small letter may go out, of a job with this history.
#[track_caller]
fn after(history: &str, arguments: &[&str]) -> String {
    let place = Place::new();
    place.file("mail.wpc", MAIL);
    place.file("history.json", history);
    place.does(&["compile", "mail.wpc"]);
    let call = br#"{"tool":"mail","action":"send","resource":{"kind":"box","name":"offers"},"arguments":{"recipients":["anna@example.com"],"subject":"order 1","priority":"low","size":20480}}"#;
    place.told(&[&["why", "mail.wpc.json", "-", "--history", "history.json"], arguments].concat(), call)
}

#[test]
fn a_history_is_charged_before_the_question() {
    let sent = |more: &str| {
        format!(
            r#"[{{"call":{{"tool":"mail","action":"send","resource":{{"kind":"box","name":"orders"}},"arguments":{{"recipients":[],"subject":"order 0","priority":"low","size":30720}}}}{more}}}]"#
        )
    };
    let at = r#","at":"2026-03-01T09:00:00Z""#;
    insta::assert_snapshot!(after(&sent(at), &[]));
    insta::assert_snapshot!(after(&sent(&format!(r#"{at},"times":2"#)), &["--at", "2026-03-01T09:00:30Z"]));
    insta::assert_snapshot!(after(&sent(&format!(r#"{at},"times":2"#)), &["--at", "2026-03-01T09:01:00Z"]));
    insta::assert_snapshot!(after(&sent(&format!(r#"{at},"times":3"#)), &["--at", "2026-03-02T00:00:00Z"]));
    insta::assert_snapshot!(after(&sent(&format!(r#"{at},"times":3,"job":"another""#)), &[]));
}

#[test]
fn where_a_value_came_from_is_read_in_the_history() {
    let policy = r#"
tool mail {
    action find { name: text } result { emails: list<email> trusted }
    action send { to: list<email> }
}

policy mails {
    tool mail {
        allow find
        allow send when { each to from [job.input, mail.find.emails] }
        limit calls of send to 9 per job
    }
    token { pin policy; bind job }
}
"#;
    let found = r#"{"call":{"tool":"mail","action":"find","arguments":{"name":"a"}},"result":{"emails":["a@b.example"]}}"#;
    for history in [
        "[]".to_owned(),
        format!("[{found}]"),
        r#"[{"input":{"who":["a@B.example"]}}]"#.to_owned(),
        r#"[{"input":{"who":["a@B.example"]},"job":"another"}]"#.to_owned(),
        r#"[{"input":{},"times":2}]"#.to_owned(),
        format!("[{}]", found.replace("a@b.example", "a b")),
    ] {
        let place = Place::new();
        place.file("mail.wpc", policy);
        place.file("history.json", &history);
        place.does(&["compile", "mail.wpc"]);
        let call = br#"{"tool":"mail","action":"send","arguments":{"to":["a@b.example"]}}"#;
        let arguments = ["why", "mail.wpc.json", "-", "--history", "history.json"];
        insta::assert_snapshot!(place.told(&arguments, call));
    }
}

#[test]
fn a_history_that_cannot_be_read_is_no_answer() {
    for (history, arguments) in [
        ("{}", &[][..]),
        (r#"[{"at":"2026-03-01T09:00:00Z"}]"#, &[]),
        (r#"[{"call":{},"when":"now"}]"#, &[]),
        (r#"[{"call":{"tool":"mail","action":"sned","arguments":{}}}]"#, &[]),
        (
            r#"[{"call":{"tool":"mail","action":"purge","resource":{"kind":"box","name":"a"},"arguments":{}},"outcome":"lost"}]"#,
            &[],
        ),
        (
            r#"[{"call":{"tool":"mail","action":"purge","resource":{"kind":"box","name":"a"},"arguments":{}},"at":"2026-03-01T09:00:00Z"}]"#,
            &["--at", "2026-02-01T09:00:00Z"],
        ),
        ("[]", &["--at", "noon"]),
    ] {
        insta::assert_snapshot!(after(history, arguments));
    }
}
