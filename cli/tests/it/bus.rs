//! `wpc-service-bus` as whoever starts it sees it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use wpc_endpoint::Endpoint;

use crate::place::{AUTHOR_DID, Place};

const POLICY: &str = r#"use azure_service_bus

policy bus {
    tool azure_service_bus at namespace("bus.test") {
        allow send to queue("orders") when { message_bytes <= 1 KiB }
        limit messages of send to 3 per job
    }
    token { lifetime 15 min; pin policy; bind job }
}
"#;

fn command(place: &Place, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wpc-service-bus"));
    command.current_dir(place.root()).env_clear();
    command.args(["--policy", "bus.wpc.dsse.json", "--trust", "trust.json", "--ledger", "l.db"]).args(more);
    command
}

/// A signed policy with `more` in it, its trust file, a ledger, an agent's key and token.
pub(crate) fn standing(more: &str) -> Place {
    let place = Place::new();
    place.keys();
    place.file("bus.wpc", POLICY.replace("    token {", &format!("{more}    token {{")));
    let trust = format!(
        r#"{{"v":1,"principals":[{{"name":"a","keys":["{AUTHOR_DID}"],"roles":["policy_author","token_issuer"]}}]}}"#
    );
    place.file("trust.json", trust);
    place.does(&["compile", "bus.wpc"]);
    place.does(&["sign", "bus.wpc.json", "--key", "author.key"]);
    let did = |text: &str| text.trim().to_owned();
    let agent = did(&place.does(&["key", "new", "agent.key"]));
    place.does(&["ledger", "init", "l.db"]);
    let ledger = did(&place.does(&["key", "show", "l.db.key"]));
    place.does(&[
        "token",
        "issue",
        "--artifact",
        "bus.wpc.json",
        "--key",
        "author.key",
        "--mint",
        "--ledger",
        &ledger,
        "--agent",
        &agent,
        "--out",
        "agent.token",
    ]);
    place
}

const AS_AGENT: [&str; 4] = ["--token", "agent.token", "--key", "agent.key"];

/// Why it does not start: its code, and how it ends.
fn refused(place: &Place, more: &[&str]) -> (String, Option<i32>) {
    let output = command(place, more).stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let code = told.split("error[").nth(1).and_then(|rest| rest.split(']').next());
    (code.unwrap_or(&told).to_owned(), output.status.code())
}

#[test]
fn its_help_says_how_it_is_started() {
    let output = Command::new(env!("CARGO_BIN_EXE_wpc-service-bus")).arg("--help").output().unwrap();
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_over_standard_input_and_output_reaches_the_broker() {
    let endpoint = Endpoint::start().await.unwrap();
    let place = standing("");
    let local = endpoint.addr().to_string();
    let mut server = command(&place, &[&AS_AGENT[..], &["--local", &local]].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, mut output) =
        (server.stdin.take().unwrap(), BufReader::new(server.stdout.take().unwrap()).lines());
    let mut ask = |id: u32, method: &str, params: Value| {
        writeln!(input, "{}", json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .unwrap();
        let answer: Value = serde_json::from_str(&output.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["id"], id, "{answer}");
        answer["result"].clone()
    };
    let client = json!({ "name": "test", "version": "1" });
    let begun = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    assert_eq!(ask(1, "initialize", begun)["serverInfo"]["name"], "wpc-service-bus/azure_service_bus");
    let tools = ask(2, "tools/list", json!({}));
    assert_eq!(tools["tools"].as_array().unwrap().len(), 1);
    let send = |queue: &str| {
        let arguments =
            json!({ "resource": { "kind": "queue", "name": queue }, "messages": [{ "body": "a" }] });
        json!({ "name": "send", "arguments": arguments })
    };
    assert_eq!(ask(3, "tools/call", send("orders"))["structuredContent"]["status"], "accepted");
    assert_eq!(ask(4, "tools/call", send("other"))["_meta"]["wpc/refusal"]["code"], "default_deny");
    drop(input);
    assert!(server.wait().unwrap().success());
    assert_eq!(endpoint.count("orders"), 1);
    place.does(&["ledger", "check", "l.db"]);
    let (shown, _) = place.json(&["ledger", "show", "l.db"]);
    let kinds: Vec<_> =
        shown["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["opened", "token", "attempt", "outcome", "attempt"]);
}

#[test]
fn a_shared_access_key_is_used_only_where_the_policy_says_so() {
    let place = standing("");
    place.file("sas.key", "c2VjcmV0\n");
    place.mode("sas.key", 0o600);
    let sas =
        ["--login", "sas-key", "--sas-rule", "sender", "--secret", "sas.key", "--sas-entity", "queue:orders"];
    fn with<'a>(sas: &[&'a str]) -> Vec<&'a str> {
        [&AS_AGENT[..], sas].concat()
    }
    assert_eq!(refused(&place, &with(&sas)), ("credential_not_allowed".to_owned(), Some(1)));

    let place = standing("    credential { sas entity }\n");
    place.file("sas.key", "c2VjcmV0\n");
    place.mode("sas.key", 0o644);
    assert_eq!(refused(&place, &with(&sas)), ("gate_file_open".to_owned(), Some(2)));
    place.mode("sas.key", 0o600);
    // Of the namespace, which the policy does not say.
    assert_eq!(refused(&place, &with(&sas[..6])), ("credential_not_allowed".to_owned(), Some(1)));
    // As Entra knows it, which it does not say either.
    let entra = ["--login", "managed-identity"];
    assert_eq!(refused(&place, &with(&entra)), ("credential_not_allowed".to_owned(), Some(1)));
    assert_eq!(refused(&place, &with(&["--login", "sas-key", "--sas-entity", "orders"])).1, Some(2));
}

#[test]
fn it_does_not_start_for_nobody_or_without_a_tool_or_over_open_files() {
    let place = standing("");
    assert_eq!(refused(&place, &["--local", "127.0.0.1:1"]), ("usage".to_owned(), Some(2)));
    let other = [&AS_AGENT[..], &["--local", "127.0.0.1:1", "--tool", "file"]].concat();
    assert_eq!(refused(&place, &other), ("unknown_tool".to_owned(), Some(1)));
    let away = [&AS_AGENT[..], &["--local", "192.0.2.1:5672"]].concat();
    assert_eq!(refused(&place, &away), ("not_loopback".to_owned(), Some(2)));
    let nowhere = [&AS_AGENT[..], &["--local", "127.0.0.1:1"]].concat();
    assert_eq!(refused(&place, &nowhere), ("not_connected".to_owned(), Some(2)));
    // Where callers are other processes, nobody may read what it stands on.
    place.mode("trust.json", 0o644);
    let listen = ["--listen", "127.0.0.1:0", "--local", "127.0.0.1:1"];
    assert_eq!(refused(&place, &listen), ("gate_file_open".to_owned(), Some(2)));
}

#[test]
fn no_error_shows_a_secret() {
    let place = standing("");
    let output = command(&place, &[&AS_AGENT[..], &["--login", "client-secret"]].concat())
        .envs([
            ("AZURE_TENANT_ID", "not a tenant"),
            ("AZURE_CLIENT_ID", "c"),
            ("AZURE_CLIENT_SECRET", "very-secret"),
        ])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("error[no_token]") && !told.contains("very-secret"), "{told}");
}
