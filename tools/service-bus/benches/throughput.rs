//! What the gate costs a sender: the tool beside the bare AMQP client that it is built on, in one run, before one
//! endpoint. The bare client sends the same messages in the same batches and decides, compares and records nothing.
//!
//! `cargo bench -p wpc-service-bus --bench throughput` (target: at least 90 % of its throughput with batched sends,
//! TARGETS.md 3).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    reason = "a bench stops where it fails"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::types::messaging::{
    ApplicationProperties, Batch, Body, Data, Message as AmqpMessage, Properties,
};
use fe2o3_amqp::types::primitives::{Binary, Value};
use fe2o3_amqp::{Connection, Sendable, Sender, Session};
use serde_amqp::to_vec;
use wpc::ledger::{Ledger, MemoryLedger};
use wpc::{Gate, JobId, Key, Opening, POLICY_TYPE, Permitted, SelfIssued, Trust, sign};
use wpc_compiler::{Parameters, Source, compile};
use wpc_endpoint::Endpoint;
use wpc_service_bus::{BusError, Message, Namespace, Sent, ServiceBus};

mod policy {
    wpc::policy!("throughput.wpc");
}

use policy::{Throughput, azure_service_bus};

/// The body of a message, in bytes.
const BODY: usize = 1_024;
/// Messages in a batch: what fits into the Standard tier's 256 KiB.
const BATCH: usize = 100;
/// Measured rounds, of each in turn.
const ROUNDS: usize = 15;
/// How long a round lasts at least.
const ROUND: Duration = Duration::from_millis(400);

#[wpc::tool(azure_service_bus::Send, to = queue("ours"))]
async fn send(bus: &ServiceBus, message: Permitted<Message>) -> Result<Sent, BusError> {
    bus.send(message).await
}

#[wpc::tool(azure_service_bus::Send, to = queue("ours"))]
async fn send_all(bus: &ServiceBus, messages: Permitted<Vec<Message>>) -> Result<Sent, BusError> {
    bus.send_batch(messages).await
}

fn gate(ledger: Arc<dyn Ledger>) -> Gate<Throughput> {
    let source = Source::new("throughput.wpc", include_str!("throughput.wpc"));
    let payload = wpc_model::encode(&compile(&source, &Parameters::new()).unwrap().policy);
    let (author, agent) = (Key::from_seed(&[1; 32]), Key::from_seed(&[9; 32]));
    let trust = format!(
        r#"{{"v":1,"principals":[{{"name":"author","keys":["{}"],"roles":["policy_author","token_issuer"]}}]}}"#,
        author.did()
    );
    let (job, hash) = (JobId::mint().unwrap(), wpc_model::Hash::of(&payload));
    let token = SelfIssued::new(&author, &agent, &*ledger, &job, hash, 900).unwrap();
    Gate::open(Opening {
        artifact: &sign(POLICY_TYPE, &payload, &[author]),
        trust: &Trust::parse(trust.as_bytes()).unwrap(),
        ledger,
        identity: token.identity(),
    })
    .unwrap()
}

/// The bare client.
struct Bare {
    sender: Sender,
    number: u64,
    _alive: (ConnectionHandle<()>, SessionHandle<()>),
}

impl Bare {
    async fn connect(endpoint: &Endpoint) -> Self {
        let url = format!("amqp://{}", endpoint.addr());
        let mut connection = Connection::open("bare", url.as_str()).await.unwrap();
        let mut session = Session::begin(&mut connection).await.unwrap();
        let sender = Sender::attach(&mut session, "bare", "bare").await.unwrap();
        Self { sender, number: 0, _alive: (connection, session) }
    }

    fn sections(&mut self, body: &[u8]) -> (Properties, ApplicationProperties, Data) {
        self.number += 1;
        let id = format!("job:{}:0", self.number);
        let properties = Properties::builder().message_id(id).content_type("application/json").build();
        let more = ApplicationProperties::builder().insert("schema_version", "1").build();
        (properties, more, Data(Binary::from(body.to_vec())))
    }

    async fn send(&mut self, body: &[u8]) {
        let (properties, more, data) = self.sections(body);
        let body: Body<Value> = Body::Data([data].into_iter().collect::<Batch<Data>>());
        let message = AmqpMessage::builder().properties(properties).application_properties(more).body(body);
        self.deliver(0, message.build()).await;
    }

    async fn send_all(&mut self, body: &[u8]) {
        let mut sections = Vec::with_capacity(BATCH);
        for _ in 0..BATCH {
            let (properties, more, data) = self.sections(body);
            let mut bytes = to_vec(&properties).unwrap();
            bytes.append(&mut to_vec(&more).unwrap());
            bytes.append(&mut to_vec(&data).unwrap());
            sections.push(Data(Binary::from(bytes)));
        }
        let body: Body<Value> = Body::Data(sections.into_iter().collect::<Batch<Data>>());
        self.deliver(0x8001_3700, AmqpMessage::builder().body(body).build()).await;
    }

    async fn deliver(&mut self, format: u32, message: AmqpMessage<Body<Value>>) {
        let sendable = Sendable::builder().message(message).message_format(format).build();
        self.sender.send(sendable).await.unwrap().accepted_or("not accepted").unwrap();
    }
}

/// Messages a second in rounds of each in turn: medians.
#[derive(Default)]
struct Rates {
    bare: Vec<f64>,
    ours: Vec<f64>,
}

impl Rates {
    fn told(mut self, what: &str) {
        let median = |rates: &mut Vec<f64>| {
            rates.sort_by(f64::total_cmp);
            rates[rates.len() / 2]
        };
        let (bare, ours) = (median(&mut self.bare), median(&mut self.ours));
        println!("{what:<24} {bare:>10.0}/s bare {ours:>10.0}/s ours {:>7.1} %", 100.0 * ours / bare);
    }
}

/// How many times a second `once` does something.
async fn rate(mut once: impl AsyncFnMut()) -> f64 {
    let (began, mut times) = (Instant::now(), 0_u32);
    while began.elapsed() < ROUND {
        once().await;
        times += 1;
    }
    f64::from(times) / began.elapsed().as_secs_f64()
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    let body = vec![b'x'; BODY];
    let one =
        || Message::builder(body.clone()).content_type("application/json").property("schema_version", "1");
    for (what, batch) in [("batches of 100", BATCH), ("one at a time", 1)] {
        let mut rates = Rates::default();
        for _ in 0..ROUNDS {
            // Anew each time: the endpoint keeps what it gets.
            let endpoint = Endpoint::start().await.unwrap();
            let mut bare = Bare::connect(&endpoint).await;
            let bus =
                ServiceBus::local(Namespace::parse("bench.test").unwrap(), endpoint.addr()).await.unwrap();
            let gate = gate(Arc::new(MemoryLedger::new(Key::from_seed(&[2; 32])).unwrap()));
            let messages = |count: usize| (0..count).map(|_| one().build().unwrap()).collect::<Vec<_>>();
            if batch == 1 {
                bare.send(&body).await;
                send(&gate, &bus, one().build().unwrap()).await.unwrap();
                rates.bare.push(rate(async || bare.send(&body).await).await);
                let ours = async || drop(send(&gate, &bus, one().build().unwrap()).await.unwrap());
                rates.ours.push(rate(ours).await);
            } else {
                bare.send_all(&body).await;
                send_all(&gate, &bus, messages(batch)).await.unwrap();
                let of_messages = f64::from(u32::try_from(batch).unwrap());
                rates.bare.push(of_messages * rate(async || bare.send_all(&body).await).await);
                let ours = async || drop(send_all(&gate, &bus, messages(batch)).await.unwrap());
                rates.ours.push(of_messages * rate(ours).await);
            }
            endpoint.stop().await;
        }
        rates.told(what);
    }
}
