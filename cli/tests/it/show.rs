//! `show`: the reviewer's table.

use crate::place::{Place, check};

/// A tool of our own with a lot of small resources, and every kind of statement.
fn many() -> String {
    let boxes = |from: u32, to: u32| {
        let names: Vec<_> = (from..to).map(|one| format!("box(\"team-{one:03}\")")).collect();
        names.join(", ")
    };
    format!(
        r#"tool mail {{
    resource box(name: text) = "mail/{{name}}"
    action send, reply to box {{ size: bytes; subject: text? }}
    action read from box {{ count: count }}
    action ping
    action draft on box {{ size: bytes }} result {{ text: text }}
}}
policy many {{
    tool mail {{
        allow send, reply to {} when {{ size <= 64 KiB; subject is present }}
        allow send to {} when {{ size <= 1 KiB }}
        allow read from box("team-000") when {{ count <= 10 }}
        allow ping
        deny send to {}
        allow draft on box("team-000") when {{ size <= 1 KiB }}
        separate read from ping
        before send do draft with same resource, size == draft.size within 30 min once
        deny any on box("team, \"quoted\"")
        limit size of send, reply to 1 MiB per job
        limit calls of send to {} to 5 per minute
        require approval of reply to {} when {{ size > 32 KiB }} {{
            by did("did:key:z6MkneMkZqwqRiU5mJzSG3kDwzt9P8C59N4NGTfBLfSGE7c7"); within 30 min
        }}
    }}
    token {{ pin policy; bind job }}
}}
"#,
        boxes(0, 480),
        boxes(500, 540),
        boxes(900, 903),
        boxes(0, 9),
        boxes(0, 3),
    )
}

#[test]
fn a_thousand_rules_are_shown_as_the_few_statements_that_they_are() {
    let place = Place::new();
    place.file("many.wpc", many());
    place.does(&["compile", "many.wpc"]);
    check!(place, "show", "many.wpc.json");
    let (json, _) = place.json(&["show", "many.wpc.json"]);
    let tool = &json["policy"]["tools"][0];
    let written = json["policy"].to_string().matches("\"id\":\"r_").count();
    let rules: u64 =
        json["statements"].as_array().unwrap().iter().map(|one| one["rules"].as_u64().unwrap()).sum();
    assert_eq!(rules, 480 * 2 + 40 + 1 + 1 + 1 + 3 + 1, "every rule is in one statement: {tool}");
    assert!(written as u64 >= rules, "{written}");
    assert_eq!(json["statements"].as_array().unwrap().len(), 7);
}

#[test]
fn nothing_is_wider_than_a_terminal() {
    let place = Place::new();
    place.file("many.wpc", many());
    place.does(&["compile", "many.wpc"]);
    let shown = place.does(&["show", "many.wpc.json"]);
    let wide: Vec<_> = shown.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(wide.is_empty(), "{wide:?}");
}

#[test]
fn the_statements_are_told_to_programs_too() {
    let place = Place::with_artifact();
    let (json, _) = place.json(&["show", "orders.wpc.json"]);
    insta::assert_snapshot!(format!("{:#}", json["statements"]));
}
