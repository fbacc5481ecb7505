//! A host that cannot prove a key, before a gate that demands it of every request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rmcp::ServiceExt as _;
use rmcp::model::ClientConfig;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wpc::Key;
use wpc_mcp::{Bridge, BridgeError, Catalogue, HttpServer, Identity, Listener, Server, Shows, Tokens};

use crate::rig::{Client, Notes, World, agent, call, text};

const POLICY: &str = r#"
tool notes {
    action write_note = "write-note" { text: text; size: bytes measured }
}
policy keep {
    tool notes { allow write_note when { text != "forbidden"; size <= 1 KiB } }
    token { pin policy; bind job }
}
"#;

/// A gate that listens.
struct Gate {
    world: World,
    url: String,
    /// The machine that it runs on: gone when it is dropped, without a goodbye.
    machine: Option<tokio::runtime::Runtime>,
}

impl Gate {
    async fn start() -> Self {
        let world = World::of(POLICY);
        let machine =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/mcp", listener.local_addr().unwrap());
        let server = Server::new(Identity::new("notes", "1"), Catalogue::of(&world.policy), Notes::default());
        let tokens =
            Tokens::new(world.artifact.clone(), &world.policy, world.trust(), Arc::clone(&world.ledger));
        let http = Arc::new(HttpServer::new(server, tokens, url.clone(), &[]));
        machine.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            http.serve(Listener::Tcp(listener)).await;
        });
        Self { world, url, machine: Some(machine) }
    }

    /// Ends everything that it does, at once.
    fn cut(self) {}

    /// What the files of the agent hold: its token for a job, and the grant.
    fn shown(&self, job: &str) -> (String, Vec<u8>) {
        let issued = self.world.token(job);
        let presented = issued.presented();
        (presented.token.to_owned(), presented.grant.to_vec())
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(machine) = self.machine.take() {
            machine.shutdown_background();
        }
    }
}

type Carried = JoinHandle<Result<(), BridgeError>>;

/// A host's session over a bridge.
async fn session(url: &str, key: Key, shows: Shows) -> (Result<Client, String>, Carried) {
    let bridge = Bridge::new(url, key, shows).unwrap();
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (read, write) = tokio::io::split(ours);
    let carried = tokio::spawn(async move { bridge.lines(read, write).await });
    let client = ClientConfig::default().serve(tokio::io::split(theirs)).await;
    (client.map_err(|error| error.to_string()), carried)
}

fn always(shown: (String, Vec<u8>)) -> Shows {
    Arc::new(move || Ok(shown.clone()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_a_key_works_as_its_agent() {
    let gate = Gate::start().await;
    let shown = Arc::new(Mutex::new(gate.shown("job-1")));
    let files = Arc::clone(&shown);
    let shows: Shows = Arc::new(move || Ok(files.lock().unwrap().clone()));
    let (client, carried) = session(&gate.url, agent(), shows).await;
    let client = client.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    assert_eq!(tools.iter().map(|tool| &*tool.name).collect::<Vec<_>>(), ["write-note"]);
    let write = |said: &str| client.call_tool(call("write-note", json!({ "text": said })));
    assert!(text(&write("a").await.unwrap()).contains("\"a\""));
    assert!(text(&write("forbidden").await.unwrap()).contains("default_deny"));
    // Many at a time, each with a proof of its own.
    let all = at_once(&client, 20).await;
    assert!(all.iter().all(|answer| answer.contains("\"many\"")), "{all:?}");
    // The token is renewed under the same session.
    *shown.lock().unwrap() = gate.shown("job-1");
    assert!(text(&write("b").await.unwrap()).contains("\"b\""));
    client.cancel().await.unwrap();
    carried.await.unwrap().unwrap();
    let log = gate.world.log("job-1");
    assert_eq!(log.iter().filter(|entry| *entry == "allow write_note").count(), 22, "{log:?}");
    assert_eq!(log.iter().filter(|entry| *entry == "deny write_note").count(), 1, "{log:?}");
}

async fn at_once(client: &Client, count: usize) -> Vec<String> {
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..count {
        let peer = client.peer().clone();
        all.spawn(async move {
            text(&peer.call_tool(call("write-note", json!({ "text": "many" }))).await.unwrap())
        });
    }
    all.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_lacks_the_key_or_the_token_begins_nothing() {
    let gate = Gate::start().await;
    let stranger = Key::from_seed(&[77; 32]);
    let unread: Shows = Arc::new(|| Err("the token cannot be read".to_owned()));
    let (token, grant) = gate.shown("job-1");
    let other_grant = gate.shown("job-2").1;
    let refuses = "it refuses the token, its grant or the proof";
    for (what, key, shows, why) in [
        ("another key", stranger, always((token.clone(), grant.clone())), refuses),
        ("another job's grant", agent(), always((token.clone(), other_grant)), refuses),
        ("no token", agent(), always(("x".to_owned(), grant)), refuses),
        ("unread files", agent(), unread, "the token cannot be read"),
    ] {
        let (client, carried) = session(&gate.url, key, shows).await;
        // Whoever waits for an answer has one, and so has whoever reads the log.
        let told = client.unwrap_err();
        assert!(told.contains(why), "{what}: {told}");
        let error = carried.await.unwrap().unwrap_err();
        assert_eq!(error.code(), "gate_refused", "{what}");
        assert!(error.to_string().contains(why), "{what}: {error}");
        assert!(!error.to_string().contains(&token), "{what}: {error}");
    }
    assert!(gate.world.ledger.jobs().unwrap().is_empty());
}

#[test]
fn a_token_travels_in_clear_on_this_machine_alone() {
    let bridge = |url: &str| Bridge::new(url, agent(), always((String::new(), Vec::new())));
    for url in
        ["https://gate.example/mcp", "http://127.0.0.1:1/mcp", "http://[::1]:1/mcp", "http://localhost/mcp"]
    {
        assert!(bridge(url).is_ok(), "{url}");
    }
    for url in ["http://gate.example/mcp", "http://127.0.0.1.example/mcp", "ftp://localhost/", "gate", ""] {
        assert_eq!(bridge(url).unwrap_err().code(), "bridge_url", "{url}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_that_is_gone_leaves_no_call_without_an_answer() {
    let gate = Gate::start().await;
    let (client, carried) = session(&gate.url, agent(), always(gate.shown("job-1"))).await;
    let client = client.unwrap();
    let write = |said: &str| client.call_tool(call("write-note", json!({ "text": said })));
    write("a").await.unwrap();
    // One that is under way, and one that is made afterwards.
    let peer = client.peer().clone();
    let slow =
        tokio::spawn(async move { peer.call_tool(call("write-note", json!({ "text": "slow" }))).await });
    while gate.world.log("job-1").iter().filter(|entry| *entry == "allow write_note").count() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    gate.cut();
    let answer = tokio::time::timeout(Duration::from_secs(60), slow).await.expect("an answer").unwrap();
    let told = answer.unwrap_err().to_string();
    assert!(!told.contains("nothing was done"), "{told}");
    assert!(write("b").await.is_err());
    drop(client);
    let _ended = carried.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_pings_before_it_has_begun_is_answered() {
    let gate = Gate::start().await;
    let bridge = Bridge::new(&gate.url, agent(), always(gate.shown("job-1"))).unwrap();
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (read, write) = tokio::io::split(ours);
    let carried = tokio::spawn(async move { bridge.lines(read, write).await });
    let (read, mut write) = tokio::io::split(theirs);
    let mut lines = BufReader::new(read).lines();
    let about = json!({ "name": "t", "version": "1" });
    let begin = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": about });
    for message in [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": begin }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "ping" }),
        json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/list" }),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
    ] {
        write.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }
    let mut answered = Vec::new();
    for _ in 0..3 {
        let line = lines.next_line().await.unwrap().unwrap();
        let answer: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert!(answer["result"].is_object(), "{answer}");
        answered.push(answer["id"].as_u64().unwrap());
    }
    answered.sort_unstable();
    assert_eq!(answered, [1, 2, 3]);
    // What is no call is refused here, and the gate has it all the same.
    let malformed = json!({ "jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": { "name": "write-note", "arguments": [] } });
    write.write_all(format!("{malformed}\n").as_bytes()).await.unwrap();
    let line = lines.next_line().await.unwrap().unwrap();
    assert!(line.contains("\"error\""), "{line}");
    for _ in 0..500 {
        if gate.world.log("job-1") == ["refused wrong_type"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(gate.world.log("job-1"), ["refused wrong_type"]);
    drop((write, lines));
    carried.await.unwrap().unwrap();
}
