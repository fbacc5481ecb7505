//! What a reader of an artifact checks again although the compiler guarantees it.

use serde_json::{Value as Json, json};
use wpc_model::DecodeCode;

use crate::decode::{bytes, check, check_bytes, tool};
use crate::example::example;
use wpc_model::encode;

/// The limit that is not hoisted, as the only one.
fn limit(tree: &mut Json) -> &mut Json {
    tool(tree)["constraints"].as_object_mut().unwrap().remove("max_messages_per_job");
    &mut tool(tree)["limits"][0]
}

#[test]
fn what_is_for_people_must_agree_with_what_is_read() {
    let mut refused = 0;
    let edits: [fn(&mut Json); 8] = [
        |tree| tool(tree)["allow"][0]["entity"] = json!("sb://evil.example/orders-staging"),
        |tree| tree["approvals"]["required_for_ops"] = json!(["manage"]),
        |tree| tree["approvals"]["rules"][0]["id"] = json!("r_AAAAAAAAAAAAAAAAAAAAAA"),
        |tree| tool(tree)["limits"][0]["id"] = json!("r_AAAAAAAAAAAAAAAAAAAAAA"),
        |tree| tree["auth"]["token"] = json!("bearer"),
        |tree| tree["evidence"]["gateway_receipts"] = json!("optional"),
        |tree| tree["auth"]["proof_of_possession"] = json!(true),
        |tree| tool(tree)["deny"][1]["slots"] = json!(["x"]),
    ];
    for edit in edits {
        let mut tree: Json = serde_json::from_slice(&encode(&example())).unwrap();
        edit(&mut tree);
        check_bytes(&bytes(&tree), DecodeCode::NotCanonical);
        refused += 1;
    }
    assert_eq!(refused, 8);
}

#[test]
fn what_the_compiler_guarantees_is_checked_again() {
    let a = |tree: &mut Json| tool(tree)["allow"][0].clone();
    check(
        |tree| tool(tree)["allow"][0]["id"] = json!("r_AAAAAAAAAAAAAAAAAAAAAA"),
        "invalid: $.tools.azure_service_bus.allow[0].id: is not the rule's: expected `r_9kqI51hlvLQ85wosScLoHw`",
    );
    check(
        |tree| tool(tree)["allow"] = json!([a(tree), a(tree)]),
        "invalid: $.tools.azure_service_bus.allow: is not sorted by id",
    );
    check(
        |tree| tool(tree)["allow"][0]["op"] = json!("*"),
        "invalid: $.tools.azure_service_bus.allow[0].op: an allow names its action",
    );
    check(
        |tree| tool(tree)["allow"][0]["op"] = json!("sned"),
        "invalid: $.tools.azure_service_bus.allow[0].op: `sned` is no action",
    );
    check(
        |tree| tool(tree)["allow"][0]["kind"] = json!("subscription"),
        "invalid: $.tools.azure_service_bus.allow[0].kind: `subscription` is no kind that the action takes",
    );
    check(
        |tree| tool(tree)["allow"][0]["slots"] = json!(["a//b"]),
        "invalid: $.tools.azure_service_bus.allow[0].slots[0]: `a//b` has an empty, `.`, `..`, `subscriptions` or `$` part",
    );
    check(
        |tree| tool(tree)["allow"][0]["slots"] = json!([]),
        "invalid: $.tools.azure_service_bus.allow[0].slots: has another number of slots than its kind has parameters",
    );
    check(
        |tree| tool(tree)["allow"][0]["if"] = json!([["message_bytez", "<=", 1]]),
        "invalid: $.tools.azure_service_bus.allow[0].if[1]: `message_bytez` is no argument of the action",
    );
    check(
        |tree| tool(tree)["allow"][0]["if"] = json!([["message_bytes", "has", ["a"]]]),
        "invalid: $.tools.azure_service_bus.allow[0].if[1]: `has` does not fit a `bytes`",
    );
    check(
        |tree| tool(tree)["allow"][0]["if"] = json!([["message_bytes", "==", "a"]]),
        "invalid: $.tools.azure_service_bus.allow[0].if[0]: a constant is not a `bytes`",
    );
    check(
        |tree| tool(tree)["allow"][0]["if"] = json!([["body", "==", "a"]]),
        "invalid: $.tools.azure_service_bus.allow[0].if[0]: a `json` can only be present or absent, or conform to a schema",
    );
    check(
        |tree| tool(tree)["constraints"]["max_bytes"] = json!(1),
        "invalid: $.tools.azure_service_bus.constraints.max_bytes: `max_bytes` is no constraint",
    );
    check(
        |tree| tool(tree)["constraints"]["forbid_properties"] = json!(1),
        "invalid: $.tools.azure_service_bus.constraints.forbid_properties: is no constant of this constraint",
    );
    check(
        |tree| tool(tree)["constraints"]["forbid_properties"] = json!(["b", "a"]),
        "invalid: $.tools.azure_service_bus.allow[0].if: is not sorted",
    );
    check(
        |tree| tool(tree)["scope"] = json!(["Contoso"]),
        "invalid: $.tools.azure_service_bus.scope[0]: `Contoso` holds 'C'",
    );
    check(
        |tree| tool(tree)["scope"] = json!([]),
        "invalid: $.tools.azure_service_bus.scope: has another number of values than the scope has parameters",
    );
    check(
        |tree| limit(tree)["ops"] = json!([]),
        "invalid: $.tools.azure_service_bus.limits[0].ops: names no action",
    );
    check(
        |tree| limit(tree)["measure"] = json!("body"),
        "invalid: $.tools.azure_service_bus.limits[0].measure: `body` cannot be summed",
    );
    check(
        |tree| limit(tree)["max"] = json!(-1),
        "invalid: $.tools.azure_service_bus.limits[0].max: is out of range",
    );
    check(
        |tree| limit(tree)["per"] = json!(0),
        "invalid: $.tools.azure_service_bus.limits[0].per: must be at least 1",
    );
    check(
        |tree| limit(tree)["on"] = json!([{"kind": "subscription", "slots": [{"any": true}, "s"]}]),
        "invalid: $.tools.azure_service_bus.limits[0].on[0]: none of the actions takes a `subscription`",
    );
    check(
        |tree| tree["approvals"]["rules"][0]["tool"] = json!("bus"),
        "invalid: $.approvals.rules[0].tool: `bus` is no tool of this policy",
    );
    check(
        |tree| tree["approvals"]["rules"][0]["by"] = json!([]),
        "invalid: $.approvals.rules[0].by: names nobody",
    );
    check(
        |tree| tree["approvals"]["rules"][0]["by"] = json!([{"did": "alice"}]),
        "invalid: $.approvals.rules[0].by[0]: `alice` is not of the form `did:method:id`",
    );
    check(
        |tree| tree["approvals"]["rules"][0]["quorum"] = json!(0),
        "invalid: $.approvals.rules[0].quorum: must be at least 1",
    );
    check(
        |tree| tree["approvals"]["rules"][0]["bind"] = json!(["x"]),
        "invalid: $.approvals.rules[0].bind: `x` is no argument of each action",
    );
    check(
        |tree| tree["policy_name"] = json!("a\u{202e}b"),
        "invalid: $.policy_name: `a\\u{202e}b` holds '\\u{202e}'",
    );
    check(
        |tree| tree["auth"]["max_ttl_seconds"] = json!(0),
        "invalid: $.auth.max_ttl_seconds: must be at least 1",
    );
    check(
        |tree| tree["evidence"]["retain_ms"] = json!(0),
        "invalid: $.evidence.retain_ms: must be at least 1",
    );
}

#[test]
fn an_interface_that_no_compiler_would_embed_is_refused() {
    fn interface(tree: &mut Json) -> &mut Json {
        &mut tool(tree)["interface"]
    }
    let at = "invalid: $.tools.azure_service_bus.interface";
    let check = |edit: fn(&mut Json), expect: &str| check(edit, &format!("{at}{expect}"));
    check(
        |tree| interface(tree)["kinds"]["queue"]["template"] = json!("{name"),
        ".kinds.queue.template: has a brace without its partner, or a control character",
    );
    check(
        |tree| interface(tree)["kinds"]["queue"]["template"] = json!("{nmae}"),
        ".kinds.queue.template: `nmae` is no parameter",
    );
    check(
        |tree| interface(tree)["scope"]["template"] = json!("{namespace}"),
        ".scope.template: `namespace` is no parameter",
    );
    check(
        |tree| interface(tree)["kinds"]["queue"]["parameters"][0][1] = json!("bytes"),
        ".kinds.queue.parameters[0]: a `bytes` cannot name a resource",
    );
    check(
        |tree| interface(tree)["kinds"]["queue"]["parameters"][0][0] = json!("kind"),
        ".kinds.queue.parameters[0]: is what calls name the kind with",
    );
    check(
        |tree| interface(tree)["kinds"]["subscription"]["parameters"][0][0] = json!("name"),
        ".kinds.subscription.parameters[1]: `name` is there twice",
    );
    check(
        |tree| interface(tree)["actions"]["send"]["kinds"] = json!(["topic", "queue"]),
        ".actions.send.kinds: is not sorted",
    );
    check(
        |tree| interface(tree)["actions"]["send"]["kinds"] = json!(["folder"]),
        ".actions.send.kinds: `folder` is no kind",
    );
    check(
        |tree| interface(tree)["actions"]["send"]["classes"] = json!(["x"]),
        ".actions.send.classes: `x` is no class",
    );
    check(
        |tree| interface(tree)["actions"]["send"]["wire"] = json!(""),
        ".actions.send.wire: is empty, too long, or holds a control character",
    );
    check(
        |tree| interface(tree)["actions"]["send"]["arguments"]["calls"] = json!({"type": "count"}),
        ".actions.send.arguments.calls: is what limits call the number of calls",
    );
    check(
        |tree| {
            interface(tree)["actions"]["send"]["arguments"]["more"] = json!({"type": {"batch": "message"}})
        },
        ".actions.send.arguments: has more than one batch",
    );
    check(
        |tree| interface(tree)["actions"]["send"]["arguments"]["messages"]["optional"] = json!(true),
        ".actions.send.arguments.messages: a batch is neither optional nor measured nor sealed",
    );
    check(
        |tree| interface(tree)["records"]["message"]["more"] = json!({"type": {"batch": "message"}}),
        ".records.message.more: a batch stands only among an action's arguments",
    );
    check(
        |tree| interface(tree)["records"]["message"]["more"] = json!({"type": {"record": "x"}}),
        ".records.message.more.type: `x` is no record",
    );
    check(
        |tree| interface(tree)["records"]["message"]["more"] = json!({"type": {"choice": ["b", "a"]}}),
        ".records.message.more.type: is not sorted",
    );
    check(
        |tree| interface(tree)["records"]["message"]["more"] = json!({"type": {"choice": []}}),
        ".records.message.more.type: has no words, or an empty one",
    );
    check(
        |tree| interface(tree)["records"]["message"]["more"] = json!({"type": {"decimal": 10}}),
        ".records.message.more.type: has more than 9 fraction digits",
    );
    check(
        |tree| interface(tree)["records"]["message"]["more"] = json!({"type": {"money": "usd"}}),
        ".records.message.more.type: is no currency",
    );
    check(
        |tree| interface(tree)["records"]["message"]["more"] = json!({"type": {"entity_name": 0}}),
        ".records.message.more.type: has no room for a name",
    );
    check(|tree| interface(tree)["records"]["123"] = json!({}), ".records.123: `123` is a number");
    check(
        |tree| interface(tree)["classes"]["admin"]["lifetime_ms"] = json!(0),
        ".classes.admin.lifetime_ms: must be at least 1",
    );
    check(
        |tree| {
            let deep = (0..9).fold(json!("text"), |inner, _| json!({"list": inner}));
            interface(tree)["records"]["message"]["more"] = json!({ "type": deep });
        },
        ".records.message.more.type: is more than 8 deep",
    );
}
