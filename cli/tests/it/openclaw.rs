//! `emit openclaw` and `audit openclaw`: a policy as a configuration, and a configuration held to it.

use serde_json::{Value, json};

use crate::place::{Place, check};

const DESK: &str = r#"use azure_service_bus

policy desk {
    tool azure_service_bus at namespace("contoso.servicebus.windows.net") {
        allow send to queue("orders") when { message_bytes <= 64 KiB }
    }
    agents { allow "billing" }
    sandbox { required; network none; filesystem none; elevated denied }
    token { lifetime 15 min; pin policy; bind job; bearer }
}
"#;

const URL: &str = "http://127.0.0.1:8128/mcp";

fn desk() -> Place {
    let place = Place::new();
    place.file("desk.wpc", DESK);
    place.does(&["compile", "desk.wpc"]);
    place
}

/// The patch without its head and its nulls: what OpenClaw has after it was applied to nothing.
fn patched(place: &Place) -> Value {
    let text = String::from_utf8(place.read("out/openclaw.patch.json5")).unwrap();
    let (head, patch) = text.split_once('\n').unwrap();
    assert!(head.starts_with("// The policy `desk`"), "{head}");
    kept(serde_json::from_str(patch).unwrap())
}

fn kept(node: Value) -> Value {
    let Value::Object(members) = node else { return node };
    members.into_iter().filter(|(_, node)| !node.is_null()).map(|(name, node)| (name, kept(node))).collect()
}

#[test]
fn what_is_emitted_is_not_wider_than_its_policy() {
    let place = desk();
    let emit =
        ["emit", "openclaw", "desk.wpc.json", "--url", URL, "--out", "out", "--plugin", "out/wpc-gate"];
    let said = place.does(&emit);
    assert!(said.contains("billing is offered azure_service_bus__send\n"), "{said}");
    assert!(said.contains("OpenClaw's environment must have WPC_TOKEN, WPC_GRANT\n"), "{said}");
    place.file("openclaw.json", patched(&place).to_string());
    place.mode("openclaw.json", 0o600);
    let audit = ["audit", "openclaw", "openclaw.json", "--policy", "desk.wpc.json", "--url", URL];
    let (answer, exit) = place.json(&audit);
    assert_eq!((exit, &answer["wider"]), (0, &json!(false)));
    let codes: Vec<_> = answer["findings"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
    assert_eq!(codes, ["openclaw_no_hooks"]);
    assert_eq!(answer["agents"][0]["offered"], json!(["azure_service_bus__send"]));
    for file in ["package.json", "openclaw.plugin.json", "index.mjs", "gate.mjs"] {
        assert!(!place.read(&format!("out/wpc-gate/{file}")).is_empty());
    }
    // Another gate, others who may read the file.
    place.mode("openclaw.json", 0o644);
    let audit = [
        "audit",
        "openclaw",
        "openclaw.json",
        "--policy",
        "desk.wpc.json",
        "--url",
        "http://127.0.0.1:1/mcp",
    ];
    let (answer, exit) = place.json(&audit);
    let codes: Vec<_> =
        answer["findings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(exit, 1);
    assert!(codes.contains(&"openclaw_gate_other") && codes.contains(&"openclaw_file_open"), "{codes:?}");
}

#[test]
fn what_is_wider_is_told_with_its_place_and_fix() {
    let place = desk();
    place.file(
        "openclaw.json",
        "{ tools: { allow: [''], profile: 'full', }, agents: { entries: { billing: {}, } } } // as it came",
    );
    place.mode("openclaw.json", 0o600);
    check!(place, "audit", "openclaw", "openclaw.json", "--policy", "desk.wpc.json");
    place.file("openclaw.json", "{ tools: { allow: ['a'], allow: [] } }");
    check!(place, "audit", "openclaw", "openclaw.json", "--policy", "desk.wpc.json");
}

#[test]
fn a_gate_that_is_launched_is_the_weaker_choice() {
    let place = desk();
    let emit = ["--format", "json", "emit", "openclaw", "desk.wpc.json", "--"];
    let ran = place.run(&[&emit[..], &["wpc-service-bus", "--token", "agent.token"]].concat());
    assert_eq!(ran.status.code(), Some(0));
    let answer: Value = serde_json::from_slice(&ran.stdout).unwrap();
    let server = &answer["patch"]["mcp"]["servers"]["azure_service_bus"];
    assert_eq!(server["args"], json!(["--token", "agent.token"]));
    assert!(answer["warnings"][0].as_str().unwrap().contains("run the gate yourself"));
}

#[test]
fn what_openclaw_cannot_hold_is_not_emitted() {
    let place = desk();
    place.file("proof.wpc", DESK.replace("; bearer", "").replace("policy desk", "policy proof"));
    place.does(&["compile", "proof.wpc"]);
    for (arguments, code, exit) in [
        (&["proof.wpc.json", "--url", URL][..], "openclaw_proof", 1),
        (&["desk.wpc.json"], "openclaw_no_gate", 1),
        (&["desk.wpc.json", "--url", "http://gate.example/mcp"], "openclaw_url", 1),
        (&["desk.wpc.json", "--url", URL, "--agent", "other"], "agent_not_admitted", 1),
        (&["desk.wpc.json", "--url", URL, "--agent", "No One"], "openclaw_agent", 1),
        (&["desk.wpc.json", "--url", URL, "--model-gateway", URL, "--model", "a/b"], "model_not_allowed", 1),
        (&["desk.wpc.json", "--url", URL, "--model-gateway", URL, "--model", "a"], "usage", 2),
    ] {
        let (answer, found) = place.json(&[&["emit", "openclaw"][..], arguments].concat());
        assert_eq!((&answer["error"]["code"], found), (&json!(code), exit), "{arguments:?}");
    }
}

#[test]
fn the_page_of_a_blocked_call_says_when_nobody_is_asked() {
    let page = Place::new().does(&["explain", "tool_not_allowed"]);
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "Nobody is asked for an agent that the policy does not name",
        "nor where OpenClaw launches every gate or a bridge to it",
        "the block says that it is not recorded",
    ] {
        assert!(page.contains(said), "{page}");
    }
}
