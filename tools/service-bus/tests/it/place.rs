//! A gate under `policies/bus.wpc`, a ledger, an endpoint, and a connection to it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use wpc::ledger::{Body, Entry, FactsBy, Ledger, MemoryLedger, Settled, Verdict};
use wpc::{Clock, Gate, JobId, Key, Opening, POLICY_TYPE, Policy, SelfIssued, SystemClock, Trust, sign};
use wpc_compiler::{Parameters, Source, compile};
use wpc_endpoint::Endpoint;
use wpc_service_bus::{Local, Message, Namespace, ServiceBus, Timeouts};

use crate::tools::bus::Bus;

/// The scope of `policies/bus.wpc`.
pub(crate) const HOST: &str = "bus.test";

pub(crate) struct Place<P: Policy = Bus> {
    pub(crate) gate: Gate<P>,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) bus: ServiceBus,
    pub(crate) clock: TestClock,
    ledger: Arc<dyn Ledger>,
}

fn payload(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let source = Source::new(file, std::fs::read_to_string(path).unwrap());
    let policy = compile(&source, &Parameters::new()).unwrap().policy;
    wpc_model::encode(&policy)
}

static PAYLOAD: LazyLock<Vec<u8>> = LazyLock::new(|| payload("tests/policies/bus.wpc"));

fn author() -> Key {
    Key::from_seed(&[1; 32])
}

/// Puts messages with these bodies and sessions into a queue, past all gates.
pub(crate) async fn seeded(endpoint: &Endpoint, queue: &str, messages: &[(&str, Option<&str>)]) {
    for (number, (body, session)) in messages.iter().enumerate() {
        endpoint.put(queue, &format!("seed-{number}"), body, *session);
    }
}

impl Place<Bus> {
    pub(crate) async fn new() -> Self {
        let endpoint = Endpoint::start().await.unwrap();
        let bus = ServiceBus::local(Namespace::parse(HOST).unwrap(), endpoint.addr()).await.unwrap();
        Self::with(endpoint, bus)
    }

    pub(crate) fn with(endpoint: Endpoint, bus: ServiceBus) -> Self {
        Self::opened(&PAYLOAD, Arc::new(endpoint), bus)
    }
}

impl<P: Policy> Place<P> {
    /// Under the policy in `file`.
    pub(crate) async fn of(file: &str, endpoint: Endpoint) -> Self {
        Self::within(file, endpoint, Timeouts::default()).await
    }

    pub(crate) async fn within(file: &str, endpoint: Endpoint, timeouts: Timeouts) -> Self {
        let at = Local { amqp: endpoint.addr(), admin: Some(endpoint.admin()) };
        let bus = ServiceBus::local_within(Namespace::parse(HOST).unwrap(), at, timeouts).await.unwrap();
        Self::opened(&payload(file), Arc::new(endpoint), bus)
    }

    fn opened(payload: &[u8], endpoint: Arc<Endpoint>, bus: ServiceBus) -> Self {
        let clock = TestClock::default();
        let ledger = Key::from_seed(&[2; 32]);
        let ledger: Arc<dyn Ledger> =
            Arc::new(MemoryLedger::with_clock(ledger, Arc::new(clock.clone())).unwrap());
        let gate = gate(payload, &ledger, "job-1");
        Self { gate, endpoint, bus, clock, ledger }
    }

    /// Another job in the same ledger, over the same connection.
    pub(crate) fn beside(other: &Self, file: &str, job: &str) -> Self {
        let gate = gate(&payload(file), &other.ledger, job);
        let (endpoint, ledger) = (Arc::clone(&other.endpoint), Arc::clone(&other.ledger));
        Self { gate, endpoint, bus: other.bus.clone(), clock: other.clock.clone(), ledger }
    }

    /// The job's entries after the opening one and its token, in short.
    pub(crate) fn log(&self) -> Vec<String> {
        let entries = self.ledger.entries(self.gate.job(), 2, usize::MAX).unwrap();
        entries.iter().map(|bytes| short(&Entry::decode(bytes).unwrap().body)).collect()
    }

    pub(crate) fn bodies(&self) -> Vec<String> {
        let messages = self.endpoint.messages("orders").into_iter();
        messages.map(|message| String::from_utf8(message.body).unwrap()).collect()
    }
}

fn gate<P: Policy>(payload: &[u8], ledger: &Arc<dyn Ledger>, job: &str) -> Gate<P> {
    let trust = format!(
        r#"{{"v":1,"principals":[{{"name":"alice","keys":["{}"],"roles":["policy_author","token_issuer"]}}]}}"#,
        author().did()
    );
    let (job, agent) = (JobId::parse(job).unwrap(), Key::from_seed(&[9; 32]));
    let token =
        SelfIssued::new(&author(), &agent, &**ledger, &job, wpc_model::Hash::of(payload), 900).unwrap();
    let opening = Opening {
        artifact: &sign(POLICY_TYPE, payload, &[author()]),
        trust: &Trust::parse(trust.as_bytes()).unwrap(),
        ledger: Arc::clone(ledger),
        identity: token.identity(),
    };
    Gate::open(opening).unwrap()
}

fn short(body: &Body) -> String {
    match body {
        Body::Attempt(attempt) => match &attempt.verdict {
            Verdict::Allow { .. } => format!("allow {}", attempt.action),
            Verdict::Deny { reason, .. } => reason.code().to_owned(),
        },
        Body::Outcome(settled) => outcome(settled),
        Body::Refused(untyped) => format!("refused {}", untyped.code),
        other @ (Body::Opened(_)
        | Body::Token(_)
        | Body::ModelCall(_)
        | Body::Approval(_)
        | Body::Revoked(_)
        | Body::Suppressed(_)
        | Body::PolicyChanged(_)
        | Body::ClockAccepted(_)
        | Body::Closed(_)) => format!("{other:?}"),
    }
}

/// `done accepted job-1:1:0 (encoded)`, `failed rejected amqp:not-allowed (encoded)`.
fn outcome(settled: &Settled) -> String {
    let provider = settled.provider.as_ref();
    let words = [
        Some(settled.outcome.word()),
        settled.outcome.code(),
        provider.and_then(|provider| provider.status.as_deref()),
        provider.and_then(|provider| provider.id.as_deref()),
        Some(match settled.facts_by {
            FactsBy::Encoded => "(encoded)",
            FactsBy::Declared => "(declared)",
        }),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

pub(crate) fn message(body: &str) -> Message {
    Message::builder(body).property("schema_version", "1").build().unwrap()
}

/// The machine's clock, ahead by as much as the test says.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestClock {
    machine: SystemClock,
    ahead_ms: Arc<AtomicU64>,
}

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        self.ahead_ms.fetch_add(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    fn ahead(&self) -> Duration {
        Duration::from_millis(self.ahead_ms.load(Ordering::SeqCst))
    }
}

impl Clock for TestClock {
    fn wall_ms(&self) -> i64 {
        self.machine.wall_ms() + i64::try_from(self.ahead().as_millis()).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic() + self.ahead()
    }
}
