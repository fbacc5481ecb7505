//! A gate that follows a control plane, from the command line.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use wpc_endpoint::Endpoint;

use crate::place::Place;

const POLICY: &str = r#"use azure_service_bus

policy bus {
    tool azure_service_bus at namespace("bus.test") {
        allow send to queue("orders")
    }
    token { lifetime 15 min; pin policy; bind job }
}
"#;

const EVERYBODY: [(&str, &str); 7] = [
    ("author", r#""policy_author""#),
    ("releaser", r#""releaser""#),
    ("plane", r#""token_issuer","revoker""#),
    ("gate", r#""ledger""#),
    ("operator", r#""operator""#),
    ("auditor", r#""auditor""#),
    ("stranger", r#""ledger""#),
];

/// A process that is ended with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// A signed policy, its trust file, a control plane that has it released, and a ledger that follows it.
fn standing() -> (Place, String, Process) {
    let place = Place::new();
    place.file("bus.wpc", POLICY);
    let one = |(name, roles): (&str, &str)| {
        let file = format!("{name}.key");
        let did = place.does(&["key", "new", &file]).trim().to_owned();
        let follows = if name == "gate" { r#","follows":true"# } else { "" };
        format!(r#"{{"name":"{name}","keys":["{did}"],"roles":[{roles}]{follows}}}"#)
    };
    let principals = EVERYBODY.map(one).join(",");
    place.file("trust.json", format!(r#"{{"v":1,"principals":[{principals}],"threshold":{{"witness":0}}}}"#));
    place.does(&["key", "new", "agent.key"]);
    place.does(&["compile", "bus.wpc"]);
    place.does(&["sign", "bus.wpc.json", "--key", "author.key"]);
    place.does(&["ledger", "init", "l.db", "--key", "gate.key"]);
    let (url, server) = serve(&place);
    let at = |key: &'static str| ["--server", &url, "--key", key].map(str::to_owned);
    let does = |arguments: &[&str], key: &'static str| {
        let at = at(key);
        let all: Vec<&str> = arguments.iter().copied().chain(at.iter().map(String::as_str)).collect();
        place.does(&all);
    };
    does(&["registry", "put", "bus.wpc.dsse.json"], "author.key");
    does(&["release", "bus.wpc.dsse.json", "--trust", "trust.json"], "releaser.key");
    let did = |file: &str| place.does(&["key", "show", file]).trim().to_owned();
    let (ledger, agent) = (did("gate.key"), did("agent.key"));
    let issue = ["token", "issue", "--artifact", "bus.wpc.json", "--mint", "--ledger", &ledger];
    does(&[&issue[..], &["--agent", &agent, "--out", "agent.token"]].concat(), "operator.key");
    (place, url, server)
}

fn serve(place: &Place) -> (String, Process) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_wpc"))
        .current_dir(place.root())
        .args(["serve", "--trust", "trust.json", "--key", "plane.key", "--listen", "127.0.0.1:0"])
        .args(["--store", "plane.db", "--objects", "objects"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    thread::spawn(move || lines.for_each(drop));
    (first.split(' ').nth(1).unwrap().to_owned(), Process(server))
}

fn gate(place: &Place, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wpc-service-bus"));
    command.current_dir(place.root()).env_clear();
    command.args(["--policy", "bus.wpc.dsse.json", "--trust", "trust.json", "--ledger", "l.db"]);
    command.args(["--ledger-key", "gate.key", "--token", "agent.token", "--key", "agent.key"]).args(more);
    command
}

/// An agent's session with a gate.
struct Session {
    gate: Process,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Session {
    fn begin(mut command: Command) -> Self {
        let mut gate = Process(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
        let input = gate.0.stdin.take().unwrap();
        let output = BufReader::new(gate.0.stdout.take().unwrap()).lines();
        let mut session = Self { gate, input, output };
        let client = json!({ "name": "test", "version": "1" });
        let begun = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
        session.ask("initialize", &begun);
        session
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        writeln!(self.input, "{request}").unwrap();
        serde_json::from_str::<Value>(&self.output.next().unwrap().unwrap()).unwrap()["result"].clone()
    }

    /// `accepted`, or the code of the refusal.
    fn send(&mut self) -> String {
        let to = json!({ "kind": "queue", "name": "orders" });
        let arguments = json!({ "resource": to, "messages": [{ "body": "a" }] });
        let answer = self.ask("tools/call", &json!({ "name": "send", "arguments": arguments }));
        let refused = &answer["_meta"]["wpc/refusal"]["code"];
        refused.as_str().or(answer["structuredContent"]["status"].as_str()).unwrap().to_owned()
    }

    fn end(mut self) {
        drop(self.input);
        assert!(self.gate.0.wait().unwrap().success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_there_is_refused_here_and_the_evidence_is_handed_in() {
    let endpoint = Endpoint::start().await.unwrap();
    let (place, url, _server) = standing();
    let local = endpoint.addr().to_string();
    let mut session = Session::begin(gate(&place, &["--local", &local, "--control-plane", &url]));
    assert_eq!(session.send(), "accepted");
    let agent = place.does(&["key", "show", "agent.key"]).trim().to_owned();
    place.does(&["revoke", "agent", &agent, "--server", &url, "--key", "operator.key"]);
    for _ in 0..600 {
        if session.send() == "agent_revoked" {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(session.send(), "agent_revoked");
    session.end();
    let auditor = ["--server", &url, "--key", "auditor.key"];
    let (found, _) = place.json(&[&["evidence", "query", "--resource", "orders"][..], &auditor].concat());
    let bundle = &found["bundles"][0];
    assert_eq!((bundle["verdict"].as_str(), bundle["closed"].as_bool()), (Some("incomplete"), Some(false)));
    let (shown, _) = place.json(&["ledger", "show", "l.db"]);
    assert_eq!(bundle["entries"].as_u64(), Some(shown["entries"].as_array().unwrap().len() as u64));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_follows_is_not_opened_without_its_control_plane() {
    let endpoint = Endpoint::start().await.unwrap();
    let (place, url, server) = standing();
    let local = endpoint.addr().to_string();
    let refused = |more: &[&str]| {
        let all = [&["--local", local.as_str()][..], more].concat();
        let output = gate(&place, &all).stdin(Stdio::null()).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let code = told.split("error[").nth(1).and_then(|rest| rest.split(']').next());
        (code.unwrap_or(&told).to_owned(), output.status.code())
    };
    assert_eq!(refused(&[]), ("follower_required".to_owned(), Some(1)));
    // In clear it is asked on this machine alone.
    let away = ["--control-plane", "http://plane.example"];
    assert_eq!(refused(&away), ("control_plane_url".to_owned(), Some(2)));
    drop(server);
    assert_eq!(refused(&["--control-plane", &url]), ("control_plane_unavailable".to_owned(), Some(2)));
}
