//! Nothing reaches an entity that the gate did not admit.

use tokio::task::JoinSet;
use wpc_endpoint::{Behaviour, Endpoint};
use wpc_service_bus::{BusError, Effect, Message, Namespace, ServiceBus};

use crate::place::{Place, message};
use crate::tools::{dawdle, publish, publish_all, take_back};

#[tokio::test]
async fn a_refused_message_never_reaches_the_wire() {
    let place = Place::new().await;
    let big = message(&"x".repeat(64 * 1024));
    let cookie = Message::builder("secret-body").property("Cookie", "c").build().unwrap();
    for refused in [big, cookie] {
        let error = publish(&place.gate, &place.bus, refused).await.unwrap_err();
        assert_eq!((error.code(), error.effect()), ("default_deny", Effect::Nothing));
        // What an agent may read says nothing of the rule.
        assert_eq!(error.to_string(), "`send` was refused by policy");
    }
    assert_eq!(place.log(), ["default_deny", "default_deny"]);
    assert!(!place.endpoint.wire().windows(11).any(|window| window == b"secret-body"));
}

#[tokio::test]
async fn one_bad_message_refuses_the_batch() {
    let place = Place::new().await;
    let cookie = Message::builder("b").property("cookie", "c").build().unwrap();
    let error = publish_all(&place.gate, &place.bus, vec![message("a"), cookie]).await.unwrap_err();
    assert_eq!(error.code(), "default_deny");
    assert_eq!(place.bodies(), Vec::<String>::new());
}

#[tokio::test]
async fn an_empty_batch_is_admitted_and_not_sent() {
    let place = Place::new().await;
    let error = publish_all(&place.gate, &place.bus, Vec::new()).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("empty_batch", Effect::Nothing));
    assert_eq!(place.log(), ["allow send", "failed empty_batch (declared)"]);
}

#[tokio::test]
async fn a_connection_to_another_namespace_sends_nothing() {
    let endpoint = Endpoint::start().await.unwrap();
    let elsewhere = Namespace::parse("production.test").unwrap();
    let bus = ServiceBus::local(elsewhere, endpoint.addr()).await.unwrap();
    let place = Place::with(endpoint, bus);
    let error = publish(&place.gate, &place.bus, message("a")).await.unwrap_err();
    assert!(matches!(error, BusError::DescribedDiffers { what: "namespace" }), "{error}");
    assert_eq!(place.log(), ["allow send", "failed described_differs (declared)"]);
    assert_eq!(place.bodies(), Vec::<String>::new());
}

#[tokio::test]
async fn cancelling_more_than_was_admitted_cancels_nothing() {
    let place = Place::new().await;
    let error = take_back(&place.gate, &place.bus, &[1, 2, 3], 2).await.unwrap_err();
    assert!(matches!(error, BusError::DescribedDiffers { what: "messages" }), "{error}");
    assert_eq!(place.log(), ["allow cancel_scheduled", "failed described_differs (declared)"]);
}

#[tokio::test]
async fn an_expired_permit_sends_nothing() {
    let place = Place::new().await;
    let error = dawdle(&place.gate, &place.bus, &place.clock, message("late")).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("permit_expired", Effect::Nothing));
    assert_eq!(place.log(), ["allow send", "failed permit_expired (declared)"]);
    assert_eq!(place.bodies(), Vec::<String>::new());
}

#[tokio::test]
async fn a_dropped_call_is_abandoned_and_the_next_one_is_sent() {
    let place = Place::new().await;
    place.endpoint.behave("orders", Behaviour::Silent);
    tokio::select! {
        _ = publish(&place.gate, &place.bus, message("dropped")) => panic!("nobody answered"),
        arrived = place.endpoint.arrived("orders", 1) => assert_eq!(arrived.len(), 1),
    }
    place.endpoint.behave("orders", Behaviour::Accept);
    publish(&place.gate, &place.bus, message("next")).await.unwrap();
    assert_eq!(
        place.log(),
        ["allow send", "abandoned (encoded)", "allow send", "done accepted job-1:4:0 (encoded)"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_limit_holds_for_concurrent_calls_and_no_id_repeats() {
    let place = Place::new().await;
    let mut calls = JoinSet::new();
    for number in 0..60 {
        let (gate, bus) = (place.gate.clone(), place.bus.clone());
        calls.spawn(async move { publish(&gate, &bus, message(&number.to_string())).await });
    }
    let mut admitted: Vec<String> = Vec::new();
    for call in calls.join_all().await {
        match call {
            Ok(sent) => admitted.extend(sent.message_ids().iter().cloned()),
            Err(error) => assert_eq!(error.code(), "limit_exceeded", "{error}"),
        }
    }
    let mut arrived: Vec<_> =
        place.endpoint.messages("orders").into_iter().map(|message| message.message_id.unwrap()).collect();
    arrived.sort_unstable();
    admitted.sort_unstable();
    assert_eq!(admitted, arrived);
    arrived.dedup();
    assert_eq!(arrived.len(), 20);
    assert_eq!(place.endpoint.connections(), 1);
}
