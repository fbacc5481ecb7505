//! Many calls at once, and calls that nobody waits for any more.

use std::collections::BTreeSet;
use std::future::Future as _;
use std::task::{Context, Poll, Waker};

use tokio::task::JoinSet;
use wpc_endpoint::{Behaviour, Endpoint, Settings};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_sends_share_one_connection_and_each_arrives_once() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    let mut calls = JoinSet::new();
    for number in 0..300 {
        let wire = Arc::clone(&wire);
        calls.spawn(async move { send(&wire, &number.to_string()).await });
    }
    for call in calls.join_all().await {
        call.unwrap();
    }
    let arrived = bodies(&endpoint);
    assert_eq!(arrived.len(), 300);
    assert_eq!(arrived.into_iter().collect::<BTreeSet<_>>().len(), 300);
    assert_eq!(endpoint.connections(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_to_several_entities_do_not_mix() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    let mut calls = JoinSet::new();
    for number in 0..100 {
        let wire = Arc::clone(&wire);
        calls.spawn(async move {
            let name = format!("queue-{}", number % 5);
            let message = message(&name);
            let entity = Entity::of("queue", &[&name]).unwrap();
            Outgoing::encode(entity, [("id".to_owned(), &message)], None).unwrap().send(&wire, soon()).await
        });
    }
    for call in calls.join_all().await {
        call.unwrap();
    }
    for number in 0..5 {
        let name = format!("queue-{number}");
        let arrived = endpoint.messages(&name);
        assert_eq!(arrived.len(), 20);
        assert!(arrived.iter().all(|message| message.body == name.as_bytes()));
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_while_it_waits_leaves_the_link_usable() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    endpoint.behave("orders", Behaviour::Silent);
    let call = tokio::time::timeout(Duration::MAX, send(&wire, "dropped"));
    tokio::select! {
        _ = call => panic!("nobody answered"),
        arrived = endpoint.arrived("orders", 1) => assert_eq!(arrived.len(), 1),
    }
    endpoint.behave("orders", Behaviour::Accept);
    send(&wire, "next").await.unwrap();
    assert_eq!(bodies(&endpoint), ["dropped", "next"]);
    assert_eq!(endpoint.connections(), 1);
}

#[tokio::test]
async fn a_call_that_is_dropped_between_two_frames_leaves_no_half_message() {
    let endpoint =
        Endpoint::start_with(Settings { max_message_bytes: 0, ..Default::default() }).await.unwrap();
    let wire = wire(&endpoint);
    send(&wire, "warm").await.unwrap();
    let long = "x".repeat(4 << 20);
    {
        let mut call = Box::pin(send(&wire, &long));
        // One poll starts it; then nobody waits.
        assert!(matches!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
    }
    send(&wire, "next").await.unwrap();
    let arrived = endpoint.arrived("orders", 3).await;
    let mut lengths: Vec<_> = arrived.iter().map(|message| message.body.len()).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, [4, 4, long.len()]);
}
