//! What the ledger says is what the broker said.

use wpc_endpoint::{Behaviour, Endpoint};
use wpc_service_bus::{Effect, Namespace, ServiceBus};

use crate::place::{HOST, Place, message};
use crate::tools::{announce, boast, despair, publish, publish_all, publish_later, take_back};

/// 2033-05-18T03:33:20Z.
const AT: i64 = 2_000_000_000_000;

#[tokio::test]
async fn an_accepted_message_is_done_under_the_id_that_it_carries() {
    let place = Place::new().await;
    let sent = publish(&place.gate, &place.bus, message("a")).await.unwrap();
    assert_eq!(sent.message_ids(), ["job-1:2:0"]);
    assert_eq!(place.log(), ["allow send", "done accepted job-1:2:0 (encoded)"]);
    assert_eq!(place.endpoint.messages("orders")[0].message_id.as_deref(), Some("job-1:2:0"));

    announce(&place.gate, &place.bus, message("b")).await.unwrap();
    assert_eq!(place.endpoint.messages("events/eu")[0].message_id.as_deref(), Some("job-1:4:0"));
}

#[tokio::test]
async fn a_batch_is_one_call_with_an_id_for_each_message() {
    let place = Place::new().await;
    let messages = ["a", "b", "c"].map(message).into();
    let sent = publish_all(&place.gate, &place.bus, messages).await.unwrap();
    assert_eq!(sent.message_ids(), ["job-1:2:0", "job-1:2:1", "job-1:2:2"]);
    assert_eq!(place.log(), ["allow send", "done accepted job-1:2:0,job-1:2:1,job-1:2:2 (encoded)"]);
    assert_eq!(place.bodies(), ["a", "b", "c"]);
}

#[tokio::test]
async fn scheduled_messages_become_due_when_the_call_says_and_can_be_taken_back() {
    let place = Place::new().await;
    let messages = ["a", "b"].map(message).into();
    let scheduled = publish_later(&place.gate, &place.bus, messages, AT).await.unwrap();
    assert_eq!(scheduled.sequence_numbers(), [1, 2]);
    assert!(place.endpoint.scheduled("orders").iter().all(|one| one.message.enqueue_at_ms == Some(AT)));

    take_back(&place.gate, &place.bus, &[1], 1).await.unwrap();
    assert_eq!(place.endpoint.scheduled("orders").len(), 1);
    let error = take_back(&place.gate, &place.bus, &[1], 1).await.unwrap_err();
    assert_eq!(error.code(), "rejected");
    assert_eq!(
        place.log(),
        [
            "allow schedule",
            "done scheduled 1-2 (encoded)",
            "allow cancel_scheduled",
            "done cancelled 1 (encoded)",
            "allow cancel_scheduled",
            "failed rejected com.microsoft:message-not-found (encoded)",
        ]
    );
}

#[tokio::test]
async fn what_the_broker_refuses_is_failed_with_its_own_word() {
    let place = Place::new().await;
    let refusals = [
        Behaviour::Reject { condition: "amqp:not-allowed".to_owned(), description: "full".to_owned() },
        Behaviour::Release,
        Behaviour::Modify,
    ];
    for refusal in refusals {
        place.endpoint.behave("orders", refusal);
        // Whatever the body makes of it.
        boast(&place.gate, &place.bus, message("no")).await.unwrap();
    }
    let outcomes: Vec<_> = place.log().into_iter().filter(|entry| !entry.starts_with("allow")).collect();
    assert_eq!(
        outcomes,
        [
            "failed rejected amqp:not-allowed (encoded)",
            "failed released released (encoded)",
            "failed modified modified (encoded)",
        ]
    );
}

#[tokio::test]
async fn an_answer_that_is_lost_is_unknown_whatever_the_body_says() {
    for lost in [Behaviour::Detach, Behaviour::Close, Behaviour::Cut] {
        let place = Place::new().await;
        place.endpoint.behave("orders", lost);
        let error = publish(&place.gate, &place.bus, message("a")).await.unwrap_err();
        assert_eq!(error.effect(), Effect::Unknown);
        place.endpoint.behave("orders", Behaviour::Cut);
        boast(&place.gate, &place.bus, message("b")).await.unwrap();
        let unknown = "unknown outcome_unknown (encoded)";
        assert_eq!(place.log(), ["allow send", unknown, "allow send", unknown]);
    }
}

#[tokio::test]
async fn an_accepted_message_is_done_even_if_the_body_fails_afterwards() {
    let place = Place::new().await;
    despair(&place.gate, &place.bus, message("a")).await.unwrap_err();
    assert_eq!(place.log(), ["allow send", "done accepted job-1:2:0 (encoded)"]);
}

#[tokio::test]
async fn what_never_left_is_failed_and_not_unknown() {
    let endpoint = Endpoint::start().await.unwrap();
    let bus = ServiceBus::local(Namespace::parse(HOST).unwrap(), endpoint.addr()).await.unwrap();
    endpoint.stop().await;
    let place = Place::with(Endpoint::start().await.unwrap(), bus);
    let error = publish(&place.gate, &place.bus, message("a")).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("not_connected", Effect::Nothing));
    assert_eq!(place.log(), ["allow send", "failed not_connected (declared)"]);
}

#[tokio::test]
async fn what_is_larger_than_the_entity_takes_is_failed() {
    let settings = wpc_endpoint::Settings { max_message_bytes: 200, ..Default::default() };
    let endpoint = Endpoint::start_with(settings).await.unwrap();
    let bus = ServiceBus::local(Namespace::parse(HOST).unwrap(), endpoint.addr()).await.unwrap();
    let place = Place::with(endpoint, bus);
    let error = publish(&place.gate, &place.bus, message(&"x".repeat(300))).await.unwrap_err();
    assert_eq!(error.code(), "too_large");
    assert_eq!(place.log(), ["allow send", "failed too_large (encoded)"]);
}
