//! What the broker takes arrives as it was encoded.

use wpc_endpoint::{Endpoint, Received};

use super::*;
use crate::dialect::encoded::Encoded;

fn rich() -> Message {
    Message::builder(vec![0, 159, 146, 150, 255])
        .content_type("application/octet-stream")
        .session_id("s-1")
        .correlation_id("c-1")
        .subject("orders")
        .property("schema_version", "1")
        .property("größe", "∞")
        .property("empty", "")
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_message_arrives_with_all_its_parts() {
    let endpoint = Endpoint::start().await.unwrap();
    outgoing(&[rich()]).send(&wire(&endpoint), soon()).await.unwrap();
    let expected = Received {
        message_id: Some("job:1:0".to_owned()),
        content_type: Some("application/octet-stream".to_owned()),
        correlation_id: Some("c-1".to_owned()),
        session_id: Some("s-1".to_owned()),
        subject: Some("orders".to_owned()),
        properties: rich().properties().clone(),
        body: rich().body().to_vec(),
        enqueue_at_ms: None,
        batched: false,
        delivery_count: 0,
    };
    assert_eq!(endpoint.messages("orders"), [expected]);
    endpoint.stop().await;
}

#[tokio::test]
async fn the_bytes_that_were_looked_at_are_the_bytes_on_the_wire() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    let messages = [rich(), message("two"), message("three")];
    outgoing(&messages[..1]).send(&wire, soon()).await.unwrap();
    outgoing(&messages[1..]).send(&wire, soon()).await.unwrap();
    let on_the_wire = endpoint.wire();
    for (id, message) in [("job:1:0", &messages[0]), ("job:1:0", &messages[1]), ("job:1:1", &messages[2])] {
        let encoded = Encoded::new(message, id, None).unwrap();
        let found = on_the_wire.windows(encoded.bytes().len()).any(|window| window == encoded.bytes());
        assert!(found, "{message:?}");
    }
}

#[tokio::test]
async fn a_batch_arrives_as_its_messages_each_with_its_own_id() {
    let endpoint = Endpoint::start().await.unwrap();
    outgoing(&[message("a"), message("b"), message("c")]).send(&wire(&endpoint), soon()).await.unwrap();
    let ids: Vec<_> =
        endpoint.messages("orders").into_iter().map(|message| message.message_id.unwrap()).collect();
    assert_eq!(ids, ["job:1:0", "job:1:1", "job:1:2"]);
    assert!(endpoint.messages("orders").iter().all(|message| message.batched));
    assert_eq!(bodies(&endpoint), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_message_of_many_frames_arrives_whole() {
    let settings = wpc_endpoint::Settings { max_message_bytes: 0, ..Default::default() };
    let endpoint = Endpoint::start_with(settings).await.unwrap();
    let body: String = ('a'..='z').cycle().take(3 << 20).collect();
    send(&wire(&endpoint), &body).await.unwrap();
    assert_eq!(bodies(&endpoint), [body]);
}

#[tokio::test]
async fn messages_to_several_entities_share_one_connection() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    for name in ["orders", "invoices", "orders"] {
        let entity = Entity::of("queue", &[name]).unwrap();
        let message = message(name);
        Outgoing::encode(entity, [("id".to_owned(), &message)], None)
            .unwrap()
            .send(&wire, soon())
            .await
            .unwrap();
    }
    assert_eq!(endpoint.connections(), 1);
    assert_eq!(endpoint.messages("orders").len(), 2);
    assert_eq!(endpoint.messages("invoices").len(), 1);
}

#[test]
fn nothing_is_not_sent_and_an_id_that_is_too_long_is_not_cut() {
    assert_eq!(Outgoing::encode(orders(), [], None).unwrap_err().code(), "empty_batch");
    let message = message("x");
    let error = Outgoing::encode(orders(), [("i".repeat(129), &message)], None).unwrap_err();
    assert_eq!(error.code(), "invalid_message");
}
