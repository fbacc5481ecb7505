//! `wpc bridge` as the host that launches it sees it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::bus::standing;
use crate::place::Place;

/// What is answered to `asked`, why it ended, and how.
fn bridged(place: &Place, url: &str, files: [&str; 2], asked: &str) -> (String, String, Option<i32>) {
    let [token, key] = files;
    let mut bridge = Command::new(env!("CARGO_BIN_EXE_wpc"))
        .current_dir(place.root())
        .args(["bridge", url, "--token", token, "--key", key])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Dropped only once the bridge has ended: it is the gate that is wanting, and not the host.
    let mut input = bridge.stdin.take().unwrap();
    // What does not start reads nothing.
    let _unread = input.write_all(asked.as_bytes());
    let output = bridge.wait_with_output().unwrap();
    drop(input);
    let told = String::from_utf8(output.stderr).unwrap();
    let code =
        told.split("error[").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or(&told).to_owned();
    (String::from_utf8(output.stdout).unwrap(), code, output.status.code())
}

const FILES: [&str; 2] = ["agent.token", "agent.key"];

#[test]
fn what_it_could_not_send_safely_is_not_sent() {
    let place = standing("");
    for url in ["http://gate.example/mcp", "gate", "ftp://127.0.0.1/mcp"] {
        let (said, code, exit) = bridged(&place, url, FILES, "");
        assert_eq!((said.as_str(), code.as_str(), exit), ("", "bridge_url", Some(2)), "{url}");
    }
    let here = "http://127.0.0.1:1/mcp";
    // The host is not told later what its operator can be told now.
    let (said, _, exit) = bridged(&place, here, ["no.token", "agent.key"], "");
    assert_eq!((said.as_str(), exit), ("", Some(2)));
    let (said, _, exit) = bridged(&place, here, ["agent.token", "no.key"], "");
    assert_eq!((said.as_str(), exit), ("", Some(2)));
    // A key is no token.
    let (said, _, exit) = bridged(&place, here, ["agent.key", "agent.key"], "");
    assert_eq!((said.as_str(), exit), ("", Some(1)));
}

#[test]
fn a_host_whose_gate_is_not_there_is_told() {
    let place = standing("");
    let about = json!({ "name": "test", "version": "1" });
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": about });
    let asked = json!({ "jsonrpc": "2.0", "id": 7, "method": "initialize", "params": params });
    let (said, code, exit) = bridged(&place, "http://127.0.0.1:1/mcp", FILES, &format!("{asked}\n"));
    let answer: Value = serde_json::from_str(said.trim()).unwrap();
    assert_eq!(answer["id"], 7);
    assert!(answer["error"]["message"].as_str().unwrap().contains("nothing was done"), "{answer}");
    assert_eq!((code.as_str(), exit), ("gate_refused", Some(2)));
}
