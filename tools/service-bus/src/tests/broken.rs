//! What breaks after a message was handed over leaves its outcome unknown, never "not sent"; and the
//! next call begins anew.

use wpc_endpoint::{Behaviour, Endpoint};

use super::*;
use crate::Effect;

/// Sends `first` while the endpoint misbehaves, then `second` when it behaves again.
async fn check(behaviour: Behaviour, connections: usize) -> String {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    endpoint.behave("orders", behaviour);
    let error = send(&wire, "first").await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("outcome_unknown", Effect::Unknown), "{error}");
    endpoint.behave("orders", Behaviour::Accept);
    send(&wire, "second").await.unwrap();
    // The first did arrive, once: "unknown" was the truth, and nothing was sent again.
    assert_eq!(bodies(&endpoint), ["first", "second"]);
    assert_eq!(endpoint.connections(), connections);
    error.to_string()
}

#[tokio::test]
async fn a_link_detached_instead_of_an_answer() {
    let error = check(Behaviour::Detach, 1).await;
    assert_eq!(error, "sent, and the outcome is unknown: amqp:link:detach-forced: told to detach");
}

#[tokio::test]
async fn a_connection_closed_instead_of_an_answer() {
    let error = check(Behaviour::Close, 2).await;
    assert_eq!(error, "sent, and the outcome is unknown: amqp:connection:forced: told to close");
}

#[tokio::test]
async fn a_connection_cut_instead_of_an_answer() {
    check(Behaviour::Cut, 2).await;
}

#[tokio::test]
async fn an_answer_that_never_comes() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire_with(&endpoint, Credential::Anonymous, Timeouts { answer: SHORT, ..Default::default() });
    endpoint.behave("orders", Behaviour::Silent);
    let error = send(&wire, "first").await.unwrap_err();
    assert_eq!(error.to_string(), "sent, and the outcome is unknown: the broker did not answer in time");
    assert_eq!(error.effect(), Effect::Unknown);
    // It had been sent.
    assert_eq!(endpoint.arrived("orders", 1).await.len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_stops_while_a_message_waits_for_its_answer() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    endpoint.behave("orders", Behaviour::Silent);
    let waiting = tokio::spawn({
        let wire = Arc::clone(&wire);
        async move { send(&wire, "first").await }
    });
    endpoint.arrived("orders", 1).await;
    endpoint.stop().await;
    assert_eq!(waiting.await.unwrap().unwrap_err().code(), "outcome_unknown");
    assert_eq!(send(&wire, "second").await.unwrap_err().code(), "not_connected");
}

#[tokio::test]
async fn a_connection_that_died_while_nothing_was_under_way_costs_nothing() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    send(&wire, "first").await.unwrap();
    // Another entity's message takes the shared connection down.
    endpoint.behave("poison", Behaviour::Cut);
    let poison = Entity::of("queue", &["poison"]).unwrap();
    let outgoing = Outgoing::encode(poison, [("id".to_owned(), &message("x"))], None).unwrap();
    outgoing.send(&wire, soon()).await.unwrap_err();
    send(&wire, "second").await.unwrap();
    assert_eq!(bodies(&endpoint), ["first", "second"]);
    assert_eq!(endpoint.connections(), 2);
}
