//! A gateway before a provider of our own, and a job that calls it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::HeaderMap;
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use wpc::ledger::{Body, Entry, Ledger, MemoryLedger};
use wpc::{JobId, Key, POLICY_TYPE, SelfIssued, Trust, sign};
use wpc_compiler::{Parameters, Source, compile};
use wpc_evidence::gateway_receipt::GatewayReceipt;
use wpc_model::{Hash, Policy};
use wpc_proxy::{Config, Limits, Price, Prices, Proxy, Secret, Upstream};

use crate::upstream::Provider;

/// What no answer, receipt, entry or log may show.
pub(crate) const UPSTREAM_KEY: &str = "sk-of-the-operator-1234567890";

pub(crate) fn author() -> Key {
    Key::from_seed(&[1; 32])
}

pub(crate) fn ledger_key() -> Key {
    Key::from_seed(&[2; 32])
}

pub(crate) fn issuer() -> Key {
    Key::from_seed(&[3; 32])
}

pub(crate) fn gateway() -> Key {
    Key::from_seed(&[6; 32])
}

pub(crate) fn agent() -> Key {
    Key::from_seed(&[9; 32])
}

pub(crate) fn trust() -> Trust {
    let one = |name: &str, key: Key, role: &str, more: &str| {
        format!(r#"{{"name":"{name}","keys":["{}"],"roles":["{role}"]{more}}}"#, key.did())
    };
    let all = [
        one("author", author(), "policy_author", ""),
        one("ledger", ledger_key(), "ledger", r#","mode":"gateway""#),
        one("issuer", issuer(), "token_issuer", ""),
        one("proxy", gateway(), "model_gateway", ""),
    ];
    Trust::parse(format!(r#"{{"v":1,"principals":[{}]}}"#, all.join(",")).as_bytes()).unwrap()
}

pub(crate) fn compiled(text: &str) -> Policy {
    compile(&Source::new("policy.wpc", text), &Parameters::new()).unwrap().policy
}

/// A policy with this `models` block, whose tokens are bearers'.
pub(crate) fn policy(models: &str) -> String {
    format!(
        "policy ask {{\n models {{ {models} }}\n token {{ lifetime 1 h; pin policy; bind job; bearer }}\n}}\n"
    )
}

pub(crate) const ALLOW: &str =
    r#"allow "openai/gpt-5", "anthropic/claude-sonnet-4-5", "google/gemini-2.5-pro", "groq/llama-3.3-70b""#;

pub(crate) struct World {
    pub(crate) provider: Provider,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) policy: Policy,
    pub(crate) artifact: Vec<u8>,
    pub(crate) proxy: Arc<Proxy>,
    pub(crate) url: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}")).to_str().unwrap()
    }

    /// Our code.
    pub(crate) fn code(&self) -> &str {
        self.header("x-wpc-code")
    }
}

pub(crate) fn quick() -> Limits {
    Limits {
        begin_within: Duration::from_millis(300),
        silent_for: Duration::from_millis(300),
        answer_bytes: 1 << 20,
        stream_bytes: 1 << 20,
        event_bytes: 1 << 16,
        ..Limits::default()
    }
}

impl World {
    pub(crate) async fn with(models: &str) -> Self {
        Self::of(&policy(models), quick()).await
    }

    pub(crate) async fn of(text: &str, limits: Limits) -> Self {
        Self::in_ledger(text, limits, Arc::new(MemoryLedger::new(ledger_key()).unwrap())).await
    }

    pub(crate) async fn in_ledger(text: &str, limits: Limits, ledger: Arc<dyn Ledger>) -> Self {
        let provider = Provider::start().await;
        Self::beside(provider, text, limits, ledger).await
    }

    pub(crate) async fn beside(
        provider: Provider,
        text: &str,
        limits: Limits,
        ledger: Arc<dyn Ledger>,
    ) -> Self {
        let policy = compiled(text);
        let artifact = sign(POLICY_TYPE, &wpc_model::encode(&policy), &[author()]);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let config = config(&provider.url, &url, limits);
        let proxy = Proxy::new(artifact.clone(), &policy, trust(), Arc::clone(&ledger), config).unwrap();
        let proxy = Arc::new(proxy);
        let serving = Arc::clone(&proxy);
        tokio::spawn(async move { serving.serve(listener).await });
        Self { provider, ledger, policy, artifact, proxy, url }
    }

    pub(crate) fn token(&self, job: &str) -> SelfIssued {
        let hash = Hash::of(&wpc_model::encode(&self.policy));
        let job = JobId::parse(job).unwrap();
        SelfIssued::new(&issuer(), &agent(), &*self.ledger, &job, hash, 900).unwrap()
    }

    /// A client of a job.
    pub(crate) fn client(&self, job: &str) -> Client {
        let token = self.token(job);
        let presented = token.presented();
        Client {
            url: self.url.clone(),
            token: presented.token.to_owned(),
            grant: URL_SAFE_NO_PAD.encode(presented.grant),
            http: http(),
        }
    }

    /// The entries of a job, in words.
    pub(crate) fn log(&self, job: &str) -> Vec<String> {
        let entries = self.ledger.entries(&JobId::parse(job).unwrap(), 0, usize::MAX).unwrap();
        let words = |bytes: &Vec<u8>| {
            let body = Entry::decode(bytes).unwrap().body;
            if let Body::Attempt(attempt) = &body {
                let allowed = matches!(attempt.verdict, wpc::ledger::Verdict::Allow { .. });
                return Some(format!("{} {}", if allowed { "allow" } else { "deny" }, attempt.action));
            }
            if let Body::Outcome(settled) = &body {
                return Some(settled.outcome.word().to_owned());
            }
            if let Body::Refused(untyped) = &body {
                return Some(format!("refused {}", untyped.code));
            }
            let Body::ModelCall(called) = &body else { return None };
            let charges: Vec<_> = called.charges.iter().map(|one| one.amount.to_string()).collect();
            Some(format!("model_call {}", charges.join(" ")))
        };
        entries.iter().filter_map(words).collect()
    }

    /// The receipts of a job, in the order of its log.
    pub(crate) fn receipts(&self, job: &str) -> Vec<GatewayReceipt> {
        let entries = self.ledger.entries(&JobId::parse(job).unwrap(), 0, usize::MAX).unwrap();
        let hashes = entries.iter().filter_map(|bytes| {
            let Body::ModelCall(called) = Entry::decode(bytes).unwrap().body else { return None };
            Some(called.receipt)
        });
        let read = |hash: Hash| {
            let document = self.ledger.document(&hash).unwrap().unwrap();
            let receipt = GatewayReceipt::read(&document.envelope).unwrap();
            receipt.trusted(&trust()).unwrap();
            receipt
        };
        hashes.map(read).collect()
    }

    /// The last receipt's note of this name.
    pub(crate) fn note(&self, job: &str, name: &str) -> String {
        self.receipts(job).last().unwrap().said().notes[name].clone()
    }
}

pub(crate) fn config(upstream: &str, url: &str, limits: Limits) -> Config {
    let one = |_: &str| Upstream { url: upstream.to_owned(), key: Some(Secret::new(UPSTREAM_KEY)) };
    let upstreams: BTreeMap<_, _> =
        ["openai", "anthropic", "google", "groq"].map(|name| (name.to_owned(), one(name))).into();
    let prices = json!({ "v": 1, "currency": "USD", "models": {
        "openai/gpt-5": { "input": 100_000, "output": 1_000_000 },
    } });
    let prices = Prices::parse(prices.to_string().as_bytes()).unwrap();
    assert_eq!(prices.of("openai", "gpt-5"), Some(Price { input: 100_000, output: 1_000_000 }));
    Config { key: gateway(), upstreams, prices: Some(prices), url: url.to_owned(), limits }
}

fn http() -> reqwest::Client {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_platform_verifier()
        .unwrap()
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}

#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) grant: String,
    pub(crate) http: reqwest::Client,
}

impl Client {
    /// A request with the token where a provider's client has its key.
    pub(crate) fn request(&self, path: &str, body: &str) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.url)).header("wpc-grant", &self.grant);
        let request = request.header("content-type", "application/json").body(body.to_owned());
        if path.contains("/messages") {
            request.header("x-api-key", &self.token).header("anthropic-version", "2023-06-01")
        } else if path.contains(":generate") || path.contains(":stream") {
            request.header("x-goog-api-key", &self.token)
        } else {
            request.bearer_auth(&self.token)
        }
    }

    pub(crate) fn get(&self, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.get(format!("{}{path}", self.url)).header("wpc-grant", &self.grant);
        request.bearer_auth(&self.token)
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        read(self.request(path, body)).await
    }

    /// Asks `gpt-5` something, with more members.
    pub(crate) async fn chat(&self, more: &str) -> Answer {
        self.post("/v1/chat/completions", &chat(more)).await
    }
}

pub(crate) async fn read(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.map(|bytes| bytes.to_vec()).unwrap();
    Answer { status, headers, body }
}

/// A request to `gpt-5`.
pub(crate) fn chat(more: &str) -> String {
    format!(r#"{{"model":"gpt-5","messages":[{{"role":"user","content":"the-prompt"}}]{more}}}"#)
}

/// What OpenAI answers.
pub(crate) fn completion(model: &str, input: u64, output: u64) -> Json {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": "the-answer" }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output },
    })
}

/// What stands in a header or a comment as an envelope.
pub(crate) fn envelope(text: &str) -> GatewayReceipt {
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
    GatewayReceipt::read(&bytes).unwrap()
}

/// The receipt that follows a stream, and the stream before it.
pub(crate) fn trailer(text: &str) -> (String, GatewayReceipt) {
    let (stream, rest) = text.split_once(":wpc_receipt=").unwrap_or_else(|| panic!("no trailer: {text}"));
    let encoded = rest.split_once(":wpc_receipt_envelope_b64u=").unwrap().1.trim_end();
    (stream.to_owned(), envelope(encoded))
}
