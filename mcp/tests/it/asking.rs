//! Whoever stands before the agent's calls asks the gate about them, over HTTP.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rmcp::ServiceExt as _;
use rmcp::model::ClientConfig;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tracing::subscriber::DefaultGuard;
use wpc::token::possession::{Purpose, prove};
use wpc_mcp::{Caller, Catalogue, HttpServer, Identity, Listener, Server, Tokens};

use crate::rig::{Notes, World, agent, call, text};

const TOOL: &str = r#"
tool notes {
    action write_note = "write-note" { text: text; size: bytes measured }
    action delete_note = "delete-note"
}
"#;

fn policy(token: &str) -> String {
    format!(
        r#"{TOOL}
policy keep {{
    tool notes {{
        allow write_note when {{ text != "forbidden"; size <= 1 KiB }}
        limit calls of write_note to 2 per job
    }}
    token {{ pin policy; bind job{token} }}
}}
"#
    )
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let lines = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone());
        (log, tracing::subscriber::set_default(lines.finish()))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// Of the gate's own lines, without what differs each time.
    fn lines(&self) -> Vec<Json> {
        let lines =
            self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Json>>();
        let ours = lines.into_iter().filter(|line| line["target"].as_str().unwrap().starts_with("wpc_mcp"));
        ours.map(|mut line| {
            for name in ["timestamp", "level", "target"] {
                line.as_object_mut().unwrap().remove(name).unwrap();
            }
            line
        })
        .collect()
    }
}

/// A gate that listens, and the token of one job.
struct Gate {
    world: World,
    address: SocketAddr,
    token: String,
    grant: String,
    log: Log,
    _logging: DefaultGuard,
}

async fn gate(token: &str) -> Gate {
    let world = World::of(&policy(token));
    let (log, logging) = Log::begin();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::new(Identity::new("notes", "1"), Catalogue::of(&world.policy), Notes::default());
    let tokens = Tokens::new(world.artifact.clone(), &world.policy, world.trust(), Arc::clone(&world.ledger));
    let http = Arc::new(HttpServer::new(server, tokens, format!("http://{address}/mcp"), &[]));
    tokio::spawn(async move { http.serve(Listener::Tcp(listener)).await });
    let issued = world.token("job-1");
    let presented = issued.presented();
    let (token, grant) = (presented.token.to_owned(), URL_SAFE_NO_PAD.encode(presented.grant));
    Gate { world, address, token, grant, log, _logging: logging }
}

impl Gate {
    /// What comes back for a request with these headers, one a line.
    async fn send(&self, request: &str, headers: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let host =
            if headers.contains("host:") { String::new() } else { format!("host: {}\n", self.address) };
        let head = format!(
            "{request} HTTP/1.1\n{host}{headers}content-type: application/json\ncontent-length: {}\nconnection: close\n\n",
            body.len()
        );
        stream.write_all(head.replace('\n', "\r\n").as_bytes()).await.unwrap();
        // Nobody reads the rest of what is too large.
        let _cut = stream.write_all(body).await;
        let mut answer = Vec::new();
        let _cut = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn bearer(&self) -> String {
        format!("authorization: Bearer {}\nwpc-grant: {}\n", self.token, self.grant)
    }

    async fn ask(&self, question: &Json) -> (u16, Json) {
        let (status, body) = self.send("POST /ask", &self.bearer(), question.to_string().as_bytes()).await;
        (status, serde_json::from_str(&body).unwrap())
    }

    /// The code with which what is no question is refused, and its status.
    async fn faulty(&self, request: &str, headers: &str, body: &[u8]) -> (u16, String) {
        let (status, body) = self.send(request, headers, body).await;
        let answer: Json = serde_json::from_str(&body).unwrap();
        assert_eq!(answer.as_object().unwrap().keys().collect::<Vec<_>>(), ["code", "message"], "{answer}");
        (status, answer["code"].as_str().unwrap().to_owned())
    }

    fn ledger(&self) -> Vec<String> {
        self.world.log("job-1")
    }
}

fn question(text: &str) -> Json {
    let stamp = json!({ "agent": "billing", "session": "agent:billing:main", "run": "r-1", "call": "c-1" });
    json!({ "tool": "write-note", "arguments": { "text": text }, "stamp": stamp })
}

#[tokio::test]
async fn what_is_refused_is_in_the_ledger_and_what_is_allowed_in_the_log() {
    let gate = gate("; bearer").await;
    for _ in 0..3 {
        assert_eq!(gate.ask(&question("a secret note")).await, (200, json!({ "decision": "allow" })));
    }
    assert_eq!(gate.ledger(), Vec::<String>::new());
    let (status, refused) = gate.ask(&question("forbidden")).await;
    assert_eq!(
        (status, &refused["decision"], &refused["code"]),
        (200, &json!("deny"), &json!("default_deny"))
    );
    let strange = json!({ "tool": "openclaw:exec\u{202e}", "arguments": { "command": "a secret note" } });
    let (_, unknown) = gate.ask(&strange).await;
    assert_eq!(unknown["code"], "unknown_tool");
    assert_eq!(gate.ledger(), ["deny write_note", "refused unknown_tool"]);

    // The calls themselves, of the same job: as they were decided, and the refusal in the same words.
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (read, write) = tokio::io::split(ours);
    let direct = Caller::new(gate.world.gate("job-1", b"{}"));
    let server =
        Server::new(Identity::new("notes", "1"), Catalogue::of(&gate.world.policy), Notes::default());
    tokio::spawn(async move { server.lines(direct, read, write).await });
    let client = ClientConfig::default().serve(tokio::io::split(theirs)).await.unwrap();
    let words = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("Recorded as: call_"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let told = text(&client.call_tool(call("write-note", json!({ "text": "forbidden" }))).await.unwrap());
    assert_eq!(words(refused["message"].as_str().unwrap()), words(&told));
    assert_eq!(words(&told).len() + 1, told.lines().count(), "{told}");
    for _ in 0..2 {
        let done = client.call_tool(call("write-note", json!({ "text": "a secret note" }))).await.unwrap();
        assert_ne!(done.is_error, Some(true));
    }
    assert_eq!(gate.ask(&question("a secret note")).await.1["code"], "limit_exceeded");
    assert_eq!(gate.ledger().last().unwrap(), "deny write_note");

    let hash = wpc_model::Hash::of(&wpc_model::encode(&gate.world.policy)).to_string();
    let line = |decision: &str, code: Option<&str>, recorded: &Json| {
        let mut line = json!({
            "job": "job-1", "policy": hash, "tool": "write-note", "decision": decision, "message": "a call was asked about",
            "claimed_agent": "billing", "claimed_session": "agent:billing:main", "claimed_run": "r-1", "claimed_call": "c-1",
        });
        if let Some(code) = code {
            line["code"] = json!(code);
            line["call"] = recorded.clone();
        }
        line
    };
    let lines = gate.log.lines();
    assert_eq!(lines.len(), 6, "{lines:#?}");
    assert!(lines[..3].iter().all(|one| *one == line("allow", None, &Json::Null)), "{lines:#?}");
    assert!(lines[3]["call"].as_str().unwrap().starts_with("call_"));
    assert!(refused["message"].as_str().unwrap().contains(lines[3]["call"].as_str().unwrap()));
    assert_eq!(lines[3], line("deny", Some("default_deny"), &lines[3]["call"]));
    assert_eq!(
        lines[4],
        json!({ "job": "job-1", "policy": hash, "tool": "openclaw:exec", "decision": "deny", "code": "unknown_tool",
            "message": "a call was asked about" })
    );
    let log = gate.log.text();
    assert!(
        !log.contains("secret note") && !log.contains("forbidden") && !log.contains(&gate.token),
        "{log}"
    );
    assert!(!log.contains(&gate.grant), "{log}");
}

#[tokio::test]
async fn what_is_no_question_is_an_error_and_recorded_where_it_could_have_been_a_call() {
    let gate = gate("; bearer").await;
    let bearer = gate.bearer();
    let long = "a".repeat(5 << 20);
    let question = question("a").to_string();
    for (body, expect) in [
        ("{", (400, "not_json")),
        (r#"{"tool":"a","tool":"b"}"#, (400, "duplicate_key")),
        (r#"{"arguments":{}}"#, (400, "missing_member")),
        (r#"{"tool":"write-note","arguments":[1]}"#, (400, "wrong_type")),
        (r#"{"tool":"write-note","more":1}"#, (400, "unknown_member")),
        (r#"{"tool":"write-note","stamp":{"agent":["billing"]}}"#, (400, "wrong_type")),
        (long.as_str(), (413, "too_large")),
    ] {
        let (status, code) = gate.faulty("POST /ask", &bearer, body.as_bytes()).await;
        assert_eq!((status, code.as_str()), expect);
        assert_eq!(gate.ledger().pop().unwrap(), format!("refused {code}"));
    }
    assert_eq!(gate.ledger().len(), 7);
    for (request, headers, expect) in [
        ("GET /ask", bearer.clone(), (405, "method_not_allowed")),
        ("POST /ask", String::new(), (401, "token_required")),
        ("POST /ask", format!("authorization: Bearer {}x\n", gate.token), (401, "token_malformed")),
        ("POST /ask", format!("{bearer}origin: http://{}\n", gate.address), (403, "origin_not_allowed")),
        ("POST /ask", format!("{bearer}host: evil.example\n"), (403, "host_not_allowed")),
        ("POST /mcp", format!("{bearer}host: evil.example\n"), (403, "host_not_allowed")),
    ] {
        let (status, code) = gate.faulty(request, &headers, question.as_bytes()).await;
        assert_eq!((status, code.as_str()), expect, "{request} {headers}");
    }
    assert_eq!(gate.ledger().len(), 7, "nobody asked");
    // A malformed call of a tool is one over either door.
    let (_, answer) = gate.ask(&json!({ "tool": "write-note", "arguments": { "size": 1 } })).await;
    assert_eq!(gate.ledger().pop().unwrap(), format!("refused {}", answer["code"].as_str().unwrap()));
    assert_eq!(answer["decision"], "deny");
    assert_eq!(gate.log.lines().len(), 8);
}

#[tokio::test]
async fn a_question_is_proved_for_its_own_url() {
    let gate = gate("").await;
    let question = question("a").to_string();
    let now = gate.world.ledger.clock().wall_ms() / 1_000;
    let proved = |path: &str| {
        let url = format!("http://{}{path}", gate.address);
        let proof =
            prove(&agent(), &Purpose::Request { method: "POST", url: &url }, &gate.token, now).unwrap();
        format!("authorization: DPoP {}\nwpc-grant: {}\ndpop: {proof}\n", gate.token, gate.grant)
    };
    let once = proved("/ask");
    assert_eq!(gate.send("POST /ask", &once, question.as_bytes()).await.0, 200);
    for (headers, code) in
        [(gate.bearer(), "proof_required"), (once, "proof_replayed"), (proved("/mcp"), "proof_other_request")]
    {
        assert_eq!(gate.faulty("POST /ask", &headers, question.as_bytes()).await, (401, code.to_owned()));
    }
}

#[tokio::test]
async fn a_question_that_breaks_off_is_nobodys() {
    let gate = gate("; bearer").await;
    let mut stream = TcpStream::connect(gate.address).await.unwrap();
    let head = format!(
        "POST /ask HTTP/1.1\nhost: {}\n{}content-type: application/json\ncontent-length: 500\n\n{{\"tool\": \"a\"",
        gate.address,
        gate.bearer()
    );
    stream.write_all(head.replace('\n', "\r\n").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _cut = stream.read_to_end(&mut answer).await;
    // Behind it, one that is whole: what came before left nothing.
    let asked = json!({ "tool": "write-note", "arguments": { "text": "forbidden" } });
    assert_eq!(gate.ask(&asked).await.0, 200);
    assert_eq!(gate.world.log("job-1"), ["deny write_note"]);
}
