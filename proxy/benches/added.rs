//! What the gateway adds to a call of a model: the same client, the same provider, in one run, by turns.
//!
//! ```text
//! client ────────────────────────▶ provider     bare
//! client ──▶ axum and reqwest ───▶ provider     a plain reverse proxy: nothing is read, checked or kept
//! client ──▶ gateway ────────────▶ provider     token, policy, budget, receipt in a ledger before the answer
//! ```
//!
//! `cargo bench -p wpc-proxy --bench added` (target: at most 1 ms more than the plain proxy at the median).

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "a bench stops where it fails, and divides times"
)]

use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Request, Response};
use axum::routing::post;
use axum::serve::ListenerExt as _;
use base64::Engine as _;
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde_json::json;
use tokio::net::TcpListener;
use wpc::ledger::{Ledger, MemoryLedger, SqliteLedger};
use wpc::{JobId, Key, POLICY_TYPE, SelfIssued, Trust, sign};
use wpc_compiler::{Parameters, Source, compile};
use wpc_evidence::token::possession::{Purpose, prove};
use wpc_model::Hash;
use wpc_proxy::{Config, Limits, Prices, Proxy, Secret, Upstream};

/// Calls that are timed of each kind, after a tenth as many that are not.
const CALLS: usize = 1_000;
/// Bytes of two pages and their frames.
const WRITTEN: usize = 2 * (4_096 + 24);
const PATH: &str = "/v1/chat/completions";

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(measure());
}

async fn measure() {
    let place = tempfile::tempdir().unwrap();
    let provider = served(Router::new().route(PATH, post(completion))).await;
    let plain =
        served(Router::new().route(PATH, post(forward)).with_state((client(), provider.clone()))).await;
    let memory = || -> Arc<dyn Ledger> { Arc::new(MemoryLedger::new(Key::from_seed(&[2; 32])).unwrap()) };
    let file = place.path().join("l.db");
    SqliteLedger::init(&file, &Key::from_seed(&[2; 32]).did()).unwrap();
    let sqlite: Arc<dyn Ledger> = Arc::new(SqliteLedger::open(&file, Key::from_seed(&[2; 32])).unwrap());
    for stream in [false, true] {
        let body = body(stream);
        let mut ways = vec![
            Way::bare("bare", &provider),
            Way::bare("plain reverse proxy", &plain),
            Way::gateway("gateway, ledger in memory", &provider, memory(), false).await,
            Way::gateway("the same, a proof each", &provider, memory(), true).await,
            Way::gateway("gateway, ledger in a file", &provider, Arc::clone(&sqlite), false).await,
        ];
        let (mut disk, disk_file) = (Vec::new(), File::create(place.path().join("floor")).unwrap());
        for call in 0..CALLS + CALLS / 10 {
            for way in &mut ways {
                let took = way.call(&body).await;
                if call >= CALLS / 10 {
                    way.times.push(took);
                }
            }
            disk.push(durable(&disk_file));
        }
        disk.sort();
        println!(
            "{}, {CALLS} calls of each by turns",
            if stream { "streamed (52 events)" } else { "whole answers" }
        );
        println!("{:<30} {:>9} {:>9} {:>16} {:>7}", "", "p50", "p99", "beside plain", "ratio");
        for way in &mut ways {
            way.times.sort();
        }
        let base = ways[1].at(50);
        for way in &ways {
            let (p50, p99) = (way.at(50), way.at(99));
            let beside = p50.as_secs_f64() * 1e3 - base.as_secs_f64() * 1e3;
            println!(
                "{:<30} {:>9} {:>9} {:>13.3} ms {:>7.2}",
                way.name,
                format!("{p50:.0?}"),
                format!("{p99:.0?}"),
                beside,
                p50.as_secs_f64() / base.as_secs_f64()
            );
        }
        println!(
            "{:<30} {:>9} {:>9}",
            "the disk: write and fdatasync",
            format!("{:.0?}", disk[disk.len() / 2]),
            format!("{:.0?}", disk[disk.len() * 99 / 100])
        );
    }
}

/// How long the disk takes to make as many bytes durable as one receipt adds to SQLite's log: what no ledger in a
/// file can be quicker than.
fn durable(mut file: &File) -> Duration {
    let began = Instant::now();
    file.write_all(&[0; WRITTEN]).unwrap();
    file.sync_data().unwrap();
    began.elapsed()
}

/// One way to the provider.
struct Way {
    name: &'static str,
    url: String,
    client: reqwest::Client,
    headers: HeaderMap,
    /// The agent, who proves each request, and the token.
    proves: Option<(Key, String)>,
    times: Vec<Duration>,
}

impl Way {
    fn bare(name: &'static str, at: &str) -> Self {
        let (url, times) = (format!("{at}{PATH}"), Vec::new());
        Self { name, url, client: client(), headers: HeaderMap::new(), proves: None, times }
    }

    async fn gateway(name: &'static str, provider: &str, ledger: Arc<dyn Ledger>, proves: bool) -> Self {
        let bearer = if proves { "" } else { "; bearer" };
        let text = format!(
            "policy p {{\n models {{ allow \"openai/gpt-5\"; budget 1_000_000_000 tokens, 1_000_000.00 USD; redact \
             \"$.user\" hash }}\n token {{ pin policy; bind job{bearer} }}\n}}\n"
        );
        let policy = compile(&Source::new("p.wpc", text), &Parameters::new()).unwrap().policy;
        let (author, gateway, agent) =
            (Key::from_seed(&[1; 32]), Key::from_seed(&[6; 32]), Key::from_seed(&[9; 32]));
        let artifact = sign(POLICY_TYPE, &wpc_model::encode(&policy), &[Key::from_seed(&[1; 32])]);
        let trust = Trust::parse(
            json!({ "v": 1, "principals": [
                { "name": "a", "keys": [author.did().to_string()], "roles": ["policy_author", "token_issuer"] },
                { "name": "g", "keys": [gateway.did().to_string()], "roles": ["model_gateway"] },
            ] })
            .to_string()
            .as_bytes(),
        )
        .unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let upstream = Upstream { url: provider.to_owned(), key: Some(Secret::new("sk-1")) };
        let prices = json!({ "v": 1, "currency": "USD", "models": { "openai/gpt-5": { "input": 125, "output": 1000 } } });
        let config = Config {
            key: gateway,
            upstreams: [("openai".to_owned(), upstream)].into(),
            prices: Some(Prices::parse(prices.to_string().as_bytes()).unwrap()),
            url: url.clone(),
            limits: Limits::default(),
        };
        let job = JobId::mint().unwrap();
        let hash = Hash::of(&wpc_model::encode(&policy));
        let token = SelfIssued::new(&author, &agent, &*ledger, &job, hash, 900).unwrap();
        let proxy = Arc::new(Proxy::new(artifact, &policy, trust, ledger, config).unwrap());
        tokio::spawn(async move { proxy.serve(listener).await });
        let shown = token.presented();
        let grant = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(shown.grant);
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {}", shown.token).parse().unwrap());
        headers.insert("wpc-grant", grant.parse().unwrap());
        let proves = proves.then(|| (agent, shown.token.to_owned()));
        Self { name, url: format!("{url}{PATH}"), client: client(), headers, proves, times: Vec::new() }
    }

    /// How long one call takes, to the last byte.
    async fn call(&self, body: &str) -> Duration {
        let mut request = self.client.post(&self.url).headers(self.headers.clone()).body(body.to_owned());
        if let Some((agent, token)) = &self.proves {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            let purpose = Purpose::Request { method: "POST", url: &self.url };
            request =
                request.header("dpop", prove(agent, &purpose, token, i64::try_from(now).unwrap()).unwrap());
        }
        let began = Instant::now();
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
        answer.bytes().await.unwrap();
        began.elapsed()
    }

    fn at(&self, percent: usize) -> Duration {
        self.times[self.times.len() * percent / 100]
    }
}

/// About four kilobytes of conversation, as agents send.
fn body(stream: bool) -> String {
    let message = json!({ "role": "user", "content": "some words of a conversation ".repeat(20) });
    json!({ "model": "gpt-5", "messages": vec![message; 6], "max_tokens": 500, "user": "ada", "stream": stream,
        "stream_options": { "include_usage": true } })
    .to_string()
}

/// The provider.
async fn completion(body: Bytes) -> Response<Body> {
    let asked: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let usage = json!({ "prompt_tokens": 900, "completion_tokens": 50, "total_tokens": 950 });
    if asked["stream"] == true {
        let part = json!({ "model": "gpt-5", "choices": [{ "index": 0, "delta": { "content": "word " } }] });
        let mut events = format!("data: {part}\n\n").repeat(50);
        events.push_str(&format!(
            "data: {}\n\ndata: [DONE]\n\n",
            json!({ "model": "gpt-5", "choices": [], "usage": usage })
        ));
        return Response::builder()
            .header("content-type", "text/event-stream")
            .body(Body::from(events))
            .unwrap();
    }
    let answer = json!({ "model": "gpt-5", "usage": usage,
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "word ".repeat(200) } }] });
    Response::builder()
        .header("content-type", "application/json")
        .body(Body::from(answer.to_string()))
        .unwrap()
}

/// The plain reverse proxy: bodies pass as they come.
async fn forward(
    State((client, to)): State<(reqwest::Client, String)>,
    request: Request<Body>,
) -> Response<Body> {
    let sent = client.post(format!("{to}{PATH}")).header("authorization", "Bearer sk-1");
    let sent = sent.body(reqwest::Body::wrap_stream(request.into_body().into_data_stream()));
    let answer = sent.send().await.unwrap();
    let kind = answer.headers()["content-type"].clone();
    Response::builder().header("content-type", kind).body(Body::from_stream(answer.bytes_stream())).unwrap()
}

async fn served(router: Router) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

fn client() -> reqwest::Client {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_platform_verifier()
        .unwrap()
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().tcp_nodelay(true).build().unwrap()
}
