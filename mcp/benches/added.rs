//! What a gate adds to a call of an MCP server: the same client, the same server, in one run.
//!
//! ```text
//! client ──pipe──▶ server                                       bare
//! client ──pipe──▶ gate (this program again) ──pipe──▶ server   each call decided and recorded
//! ```
//!
//! `cargo bench -p wpc-mcp --bench added` (target: at most 2 ms more at the median, TARGETS.md 3).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a bench stops where it fails"
)]

use std::io::{self, BufRead as _, Write as _};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rmcp::ServiceExt as _;
use rmcp::model::{CallToolRequestParams, ClientConfig};
use serde_json::{Value, json};
use wpc::ledger::{Ledger, MemoryLedger, SqliteLedger};
use wpc::{DynamicGate, JobId, Key, Opening, POLICY_TYPE, SelfIssued, Trust, sign};
use wpc_mcp::{Caller, Catalogue, Choices, Identity, Launch, Server, Upstream, import, tools_of};
use wpc_model::Hash;

/// Calls that are timed, after as many that are not.
const CALLS: usize = 1_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match std::env::args().nth(1).as_deref() {
        Some("serve") => serve(),
        Some("gate") => runtime.block_on(gate(&std::env::args().nth(2).unwrap())),
        _ => runtime.block_on(measure()),
    }
}

async fn measure() {
    let bare = timed(&["serve"]).await;
    println!("{:<28} {:>10} {:>10} {:>14}", "", "p50", "p99", "added at p50");
    row("bare server", &bare, None);
    for ledger in ["memory", "sqlite"] {
        let gated = timed(&["gate", ledger]).await;
        row(&format!("gate, ledger in {ledger}"), &gated, Some(&bare));
    }
}

fn row(name: &str, times: &[Duration], bare: Option<&[Duration]>) {
    let at = |times: &[Duration], percent: usize| times[times.len() * percent / 100];
    let added = bare.map(|bare| at(times, 50).saturating_sub(at(bare, 50)));
    let added = added.map(|added| format!("{added:.0?}")).unwrap_or_default();
    println!(
        "{name:<28} {:>10} {:>10} {added:>14}",
        format!("{:.0?}", at(times, 50)),
        format!("{:.0?}", at(times, 99))
    );
}

/// The times of calls of what this program is as `arguments`, sorted.
async fn timed(arguments: &[&str]) -> Vec<Duration> {
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let pipes = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
    let client = ClientConfig::default().serve(pipes).await.unwrap();
    let mut times = Vec::new();
    for call in 0..2 * CALLS {
        let arguments = json!({ "text": format!("call {call}") }).as_object().unwrap().clone();
        let began = Instant::now();
        let result =
            client.call_tool(CallToolRequestParams::new("say").with_arguments(arguments)).await.unwrap();
        let took = began.elapsed();
        assert_ne!(result.is_error, Some(true), "{result:?}");
        if call >= CALLS {
            times.push(took);
        }
    }
    client.cancel().await.unwrap();
    times.sort_unstable();
    times
}

/// A server with one tool.
fn serve() {
    for line in io::stdin().lock().lines() {
        let message: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let result = match message["method"].as_str() {
            Some("initialize") => json!({
                "protocolVersion": "2025-11-25",
                "capabilities": { "tools": {} },
                "serverInfo": { "name": "bare", "version": "1" },
            }),
            Some("tools/list") => {
                let schema = json!({ "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] });
                json!({ "tools": [{ "name": "say", "inputSchema": schema }] })
            }
            Some("tools/call") => {
                json!({ "content": [{ "type": "text", "text": message["params"]["arguments"]["text"] }] })
            }
            _ => continue,
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{}", json!({ "jsonrpc": "2.0", "id": message["id"], "result": result })).unwrap();
        out.flush().unwrap();
    }
}

async fn gate(ledger: &str) {
    let launch = Launch::command(std::env::current_exe().unwrap(), ["serve".into()]);
    let imported = import("bare", tools_of(&launch).await.unwrap().tools, &Choices::default()).unwrap();
    let text = format!(
        "{}\npolicy bare {{\n    tool bare {{\n        allow say when {{ text like \"call *\"; text.size <= 100 }}\n        \
         limit calls of say to 100_000 per job\n    }}\n    token {{ pin policy; bind job }}\n}}\n",
        imported.text
    );
    let source = wpc_compiler::Source::new("bare.wpc", text);
    let policy = wpc_compiler::compile(&source, &wpc_compiler::Parameters::new()).unwrap().policy;
    let (author, agent, ledger_key) =
        (Key::from_seed(&[1; 32]), Key::from_seed(&[2; 32]), Key::from_seed(&[3; 32]));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.db");
    let ledger: Arc<dyn Ledger> = if ledger == "memory" {
        Arc::new(MemoryLedger::new(ledger_key).unwrap())
    } else {
        SqliteLedger::init(&file, &ledger_key.did()).unwrap();
        Arc::new(SqliteLedger::open(&file, ledger_key).unwrap())
    };
    let bytes = wpc_model::encode(&policy);
    let trust = format!(
        r#"{{"v":1,"principals":[{{"name":"a","keys":["{}"],"roles":["policy_author","token_issuer"]}}]}}"#,
        author.did()
    );
    let trust = Trust::parse(trust.as_bytes()).unwrap();
    let job = JobId::parse("job-1").unwrap();
    let lifetime = policy.token().max_ttl_seconds;
    let token = SelfIssued::new(&author, &agent, &*ledger, &job, Hash::of(&bytes), lifetime).unwrap();
    let artifact = sign(POLICY_TYPE, &bytes, &[author]);
    let opening = Opening { artifact: &artifact, trust: &trust, ledger, identity: token.identity() };
    let gate = Arc::new(DynamicGate::open(opening).unwrap());
    let upstream = Upstream::connect(launch, imported.lock, wpc_mcp::CALL_WITHIN).await.unwrap();
    let server = Server::new(Identity::new("gate", "1"), Catalogue::of_tool(&policy, "bare"), upstream);
    server.stdio(Caller::new(gate)).await.unwrap();
}
