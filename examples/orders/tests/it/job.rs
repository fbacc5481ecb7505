//! The example's job on a local endpoint: what is allowed arrives, what is not leaves no trace there.

use std::sync::Arc;

use wpc::{DynamicGate, Gate, Input, JobId, Key, MemoryLedger, Opening, Trust};
use wpc_compiler::{Parameters, Source, compile};
use wpc_endpoint::Endpoint;
use wpc_example_orders::orders::Orders;
use wpc_example_orders::orders::azure_service_bus::queue;
use wpc_example_orders::{Order, POLICY, agent, publish_all, publish_to};
use wpc_service_bus::{BusError, Message, Namespace, ServiceBus};

/// A gate, the way to the endpoint, and the endpoint.
struct Place {
    envelope: Vec<u8>,
    trust: Trust,
    ledger: Arc<MemoryLedger>,
    job: JobId,
    endpoint: Endpoint,
    bus: ServiceBus,
}

impl Place {
    async fn new() -> Self {
        let compiled = compile(&Source::new("orders.wpc", POLICY), &Parameters::new()).unwrap();
        let author = Key::generate().unwrap();
        let trust = format!(
            r#"{{"v":1,"principals":[{{"name":"a","keys":["{}"],"roles":["policy_author"]}}]}}"#,
            author.did()
        );
        let envelope = wpc::sign(wpc::POLICY_TYPE, &wpc_model::encode(&compiled.policy), &[author]);
        let endpoint = Endpoint::start().await.unwrap();
        let namespace = Namespace::parse("contoso-staging.servicebus.windows.net").unwrap();
        let bus = ServiceBus::local(namespace, endpoint.addr()).await.unwrap();
        Self {
            envelope,
            trust: Trust::parse(trust.as_bytes()).unwrap(),
            ledger: Arc::new(MemoryLedger::new(Key::generate().unwrap().did()).unwrap()),
            job: JobId::mint().unwrap(),
            endpoint,
            bus,
        }
    }

    fn opening(&self) -> Opening<'_> {
        Opening {
            artifact: &self.envelope,
            trust: &self.trust,
            ledger: Arc::<MemoryLedger>::clone(&self.ledger),
            job: self.job.clone(),
            agent: "test".to_owned(),
            input: Input::NONE,
        }
    }
}

fn orders(numbers: std::ops::Range<u64>) -> Vec<Order> {
    numbers.map(|number| Order { number, item: "tea \"green\"".to_owned(), amount_minor: 450 }).collect()
}

#[tokio::test]
async fn every_order_arrives_in_order_with_its_properties() {
    let place = Place::new().await;
    let gate = Gate::<Orders>::open(place.opening()).unwrap();
    let orders = orders(1..102);
    assert_eq!(publish_all(&gate, &place.bus, &orders).await.unwrap(), 3);
    let arrived = place.endpoint.messages("orders-staging");
    assert_eq!(arrived.len(), orders.len());
    for (order, received) in orders.iter().zip(arrived) {
        let message = order.to_message().unwrap();
        assert_eq!((&received.properties, received.body.as_slice()), (message.properties(), message.body()));
    }
}

#[tokio::test]
async fn the_message_after_the_limit_is_refused_and_not_sent() {
    let place = Place::new().await;
    let gate = Gate::<Orders>::open(place.opening()).unwrap();
    publish_all(&gate, &place.bus, &orders(0..200)).await.unwrap();
    let error = publish_all(&gate, &place.bus, &orders(200..201)).await.unwrap_err();
    assert_eq!(error.code(), "limit_exceeded");
    assert_eq!(place.endpoint.messages("orders-staging").len(), 200);
}

#[tokio::test]
async fn a_queue_that_is_chosen_at_run_time_is_one_of_the_policys() {
    let place = Place::new().await;
    let gate = Gate::<Orders>::open(place.opening()).unwrap();
    let queue = queue::Name::parse("orders-staging").unwrap();
    let message = orders(1..2)[0].to_message().unwrap();
    publish_to(&gate, &place.bus, queue, message).await.unwrap();
    assert_eq!(place.endpoint.messages("orders-staging").len(), 1);
    for other in ["orders-prod", "Orders-Staging", "elsewhere", ""] {
        assert!(queue::Name::parse(other).is_err(), "{other}");
    }
}

#[tokio::test]
async fn a_message_that_the_policy_does_not_allow_is_not_sent() {
    let place = Place::new().await;
    let gate = Gate::<Orders>::open(place.opening()).unwrap();
    let secret = Message::builder("{}").property("schema_version", "1").property("correlation_id", "c");
    let secret = secret.property("AUTHORIZATION", "x").build().unwrap();
    let sent = wpc_example_orders::publish_order(&gate, &place.bus, secret).await;
    assert!(matches!(sent, Err(BusError::Refused(refused)) if refused.code() == "default_deny"));
    assert_eq!(place.endpoint.messages("orders-staging").len(), 0);
}

#[tokio::test]
async fn an_agent_that_states_the_facts_is_refused() {
    let place = Place::new().await;
    let gate = DynamicGate::open(place.opening()).unwrap();
    let message = orders(1..2)[0].to_message().unwrap();
    let call = |messages: &str| {
        format!(
            r#"{{"tool":"azure_service_bus","action":"send","resource":{{"kind":"queue","name":"orders-staging"}},"arguments":{{"messages":[{messages}]}}}}"#
        )
    };
    let honest = agent::ask(&gate, call("{}").as_bytes(), Some(&message)).await;
    assert!(honest.is_ok());
    let stated =
        agent::ask(&gate, call(r#"{"message_bytes":1,"properties":{}}"#).as_bytes(), Some(&message)).await;
    assert_eq!(stated.unwrap_err().code(), "measured_stated");
    let unmeasured = agent::ask(&gate, call("{}").as_bytes(), None).await;
    assert_eq!(unmeasured.unwrap_err().code(), "missing_argument");
}
