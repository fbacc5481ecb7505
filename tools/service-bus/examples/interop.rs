//! Sends what a job on standard input says to an endpoint on this machine, through a gate, and
//! prints the ids and numbers that it got: the sending half of `tests/interop/service_bus.py`.
//!
//! `interop 127.0.0.1:PORT < job.json`

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wpc::{Gate, Input, JobId, Key, MemoryLedger, Opening, POLICY_TYPE, Permit, Permitted, Trust, sign};
use wpc_compiler::{Parameters, Source, compile};
use wpc_service_bus::{BusError, Message, MessageError, Namespace, Scheduled, Sent, ServiceBus};

mod policy {
    wpc::policy!("interop.wpc");
}

use policy::{Interop, azure_service_bus};

#[wpc::tool(azure_service_bus::Send, to = queue("orders"))]
async fn send(bus: &ServiceBus, message: Permitted<Message>) -> Result<Sent, BusError> {
    bus.send(message).await
}

#[wpc::tool(azure_service_bus::Send, to = queue("orders"))]
async fn send_all(bus: &ServiceBus, messages: Permitted<Vec<Message>>) -> Result<Sent, BusError> {
    bus.send_batch(messages).await
}

#[wpc::tool(azure_service_bus::Schedule, to = queue("orders"))]
async fn send_later(
    bus: &ServiceBus,
    messages: Permitted<Vec<Message>>,
    at: i64,
) -> Result<Scheduled, BusError> {
    bus.schedule_batch(messages).await
}

#[wpc::tool(azure_service_bus::CancelScheduled, on = queue("orders"))]
async fn take_back(bus: &ServiceBus, numbers: &[i64], messages: u64, permit: Permit) -> Result<(), BusError> {
    bus.cancel_scheduled(permit, numbers).await
}

/// What to send.
#[derive(Deserialize)]
struct Job {
    single: Content,
    batch: Vec<Content>,
    scheduled: Vec<Content>,
    cancelled: Vec<Content>,
    enqueue_at_ms: i64,
}

/// One message.
#[derive(Deserialize)]
struct Content {
    body: String,
    content_type: Option<String>,
    session_id: Option<String>,
    correlation_id: Option<String>,
    subject: Option<String>,
    properties: BTreeMap<String, String>,
}

/// What became of it.
#[derive(Default, Serialize)]
struct Answer {
    single: Vec<String>,
    batch: Vec<String>,
    scheduled: Vec<String>,
    cancelled: Vec<String>,
    sequence_numbers: Vec<i64>,
}

impl Content {
    fn to_message(&self) -> Result<Message, MessageError> {
        let mut message = Message::builder(self.body.as_str());
        for (name, value) in &self.properties {
            message = message.property(name, value);
        }
        if let Some(content_type) = &self.content_type {
            message = message.content_type(content_type);
        }
        if let Some(session_id) = &self.session_id {
            message = message.session_id(session_id);
        }
        if let Some(correlation_id) = &self.correlation_id {
            message = message.correlation_id(correlation_id);
        }
        if let Some(subject) = &self.subject {
            message = message.subject(subject);
        }
        message.build()
    }
}

fn messages(contents: &[Content]) -> Result<Vec<Message>, MessageError> {
    contents.iter().map(Content::to_message).collect()
}

/// A gate of its own: a key, a trust file and a ledger that live as long as the run.
fn gate() -> Result<Gate<Interop>, Box<dyn Error>> {
    let source = Source::new("interop.wpc", include_str!("interop.wpc"));
    let compiled = compile(&source, &Parameters::new()).map_err(|_| "the policy does not compile")?;
    let author = Key::generate()?;
    let trust = format!(
        r#"{{"v":1,"principals":[{{"name":"author","keys":["{}"],"roles":["policy_author"]}}]}}"#,
        author.did()
    );
    Ok(Gate::open(Opening {
        artifact: &sign(POLICY_TYPE, &wpc_model::encode(&compiled.policy), &[author]),
        trust: &Trust::parse(trust.as_bytes())?,
        ledger: Arc::new(MemoryLedger::new(Key::generate()?.did())?),
        job: JobId::mint()?,
        agent: "interop".to_owned(),
        input: Input::NONE,
    })?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr: SocketAddr = std::env::args().nth(1).ok_or("usage: interop 127.0.0.1:PORT")?.parse()?;
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let job: Job = serde_json::from_str(&text)?;

    let gate = gate()?;
    let bus = ServiceBus::local(Namespace::parse("interop.test")?, addr).await?;
    let single = send(&gate, &bus, job.single.to_message()?).await?;
    let mut answer = Answer { single: single.message_ids().to_vec(), ..Answer::default() };
    if !job.batch.is_empty() {
        answer.batch = send_all(&gate, &bus, messages(&job.batch)?).await?.message_ids().to_vec();
    }
    let scheduled = send_later(&gate, &bus, messages(&job.scheduled)?, job.enqueue_at_ms).await?;
    answer.scheduled = scheduled.message_ids().to_vec();
    answer.sequence_numbers = scheduled.sequence_numbers().to_vec();
    let cancelled = send_later(&gate, &bus, messages(&job.cancelled)?, job.enqueue_at_ms).await?;
    answer.cancelled = cancelled.message_ids().to_vec();
    let numbers = cancelled.sequence_numbers();
    take_back(&gate, &bus, numbers, u64::try_from(numbers.len())?).await?;

    serde_json::to_writer(std::io::stdout(), &answer)?;
    writeln!(std::io::stdout())?;
    Ok(())
}
