//! What the broker refuses is not sent, and its own words are kept.

use wpc_endpoint::{Behaviour, Endpoint, Settings};

use super::*;
use crate::Effect;

#[track_caller]
fn check(endpoint: &Endpoint, result: Result<(), BusError>, code: &str) -> BusError {
    let error = result.unwrap_err();
    assert_eq!((error.code(), error.effect()), (code, Effect::Nothing), "{error}");
    assert_eq!(bodies(endpoint), Vec::<String>::new());
    error
}

#[tokio::test]
async fn a_rejected_message_was_not_sent_and_the_link_is_still_good() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    let reject = Behaviour::Reject {
        condition: "amqp:not-allowed".to_owned(),
        description: "the queue is full".to_owned(),
    };
    endpoint.behave("orders", reject);
    let error = check(&endpoint, send(&wire, "no").await, "rejected");
    assert_eq!(error.to_string(), "the broker rejected it: amqp:not-allowed: the queue is full");
    endpoint.behave("orders", Behaviour::Accept);
    send(&wire, "yes").await.unwrap();
    assert_eq!(bodies(&endpoint), ["yes"]);
    assert_eq!(endpoint.connections(), 1);
}

#[tokio::test]
async fn a_released_or_modified_message_was_not_sent() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    endpoint.behave("orders", Behaviour::Release);
    check(&endpoint, send(&wire, "no").await, "released");
    endpoint.behave("orders", Behaviour::Modify);
    check(&endpoint, send(&wire, "no").await, "modified");
}

#[tokio::test]
async fn a_message_or_batch_larger_than_the_link_takes_is_refused_before_it_is_sent() {
    let endpoint =
        Endpoint::start_with(Settings { max_message_bytes: 1000, ..Default::default() }).await.unwrap();
    let wire = wire(&endpoint);
    let error = check(&endpoint, send(&wire, &"x".repeat(1000)).await, "too_large");
    assert!(
        error.to_string().ends_with("more than the 1000 that the entity takes in one transfer"),
        "{error}"
    );
    let half = "x".repeat(500);
    check(&endpoint, outgoing(&[message(&half), message(&half)]).send(&wire, soon()).await, "too_large");
    send(&wire, &half).await.unwrap();
    assert_eq!(endpoint.connections(), 1);
}

#[tokio::test]
async fn no_connection_is_no_message() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let route = Route::local(gone.local_addr().unwrap(), None).unwrap();
    drop(gone);
    let wire = Arc::new(Wire::new(namespace(), route, Credential::Anonymous, Timeouts::default()));
    let error = send(&wire, "no").await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("not_connected", Effect::Nothing));
}

#[test]
fn plain_tcp_never_leaves_the_machine() {
    for addr in ["127.0.0.1:5672", "127.8.8.8:1", "[::1]:5672", "[::ffff:127.0.0.1]:5672"] {
        assert!(Route::local(addr.parse().unwrap(), None).is_ok(), "{addr}");
    }
    for addr in ["10.0.0.1:5672", "0.0.0.0:5672", "[::]:5672", "[2001:db8::1]:5672", "[::ffff:10.0.0.1]:5672"]
    {
        assert_eq!(Route::local(addr.parse().unwrap(), None).unwrap_err().code(), "not_loopback", "{addr}");
    }
}
