//! Scheduling and cancelling.

use wpc_endpoint::{Behaviour, Endpoint};

use super::*;
use crate::Effect;
use crate::sending::cancel;

/// 2033-05-18T03:33:20Z.
const AT: i64 = 2_000_000_000_000;

fn later(messages: &[Message]) -> Outgoing {
    let ids = (0..).map(|index| format!("job:2:{index}"));
    Outgoing::encode(orders(), ids.zip(messages), Some(AT)).unwrap()
}

#[tokio::test]
async fn scheduled_messages_are_numbered_and_can_be_cancelled() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    let numbers = later(&[message("a"), message("b")]).schedule(&wire, soon()).await.unwrap();
    let scheduled = endpoint.scheduled("orders");
    assert_eq!(scheduled.iter().map(|one| one.sequence_number).collect::<Vec<_>>(), numbers);
    assert_eq!(scheduled[1].message.body, b"b");
    assert_eq!(scheduled[1].message.message_id.as_deref(), Some("job:2:1"));
    assert_eq!(scheduled[1].message.enqueue_at_ms, Some(AT));
    assert_eq!(bodies(&endpoint), Vec::<String>::new());

    cancel(&wire, &orders(), &numbers[..1], soon()).await.unwrap();
    assert_eq!(endpoint.scheduled("orders").len(), 1);
    let error = cancel(&wire, &orders(), &numbers, soon()).await.unwrap_err();
    assert_eq!(error.to_string(), "the broker rejected it: com.microsoft:message-not-found: no such message");
    assert_eq!(endpoint.scheduled("orders").len(), 1);
    assert_eq!(endpoint.connections(), 1);
}

#[tokio::test]
async fn a_status_is_a_refusal_only_if_it_says_so() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    for (code, expected, effect) in [
        (400, "rejected", Effect::Nothing),
        (401, "rejected", Effect::Nothing),
        (500, "outcome_unknown", Effect::Unknown),
    ] {
        let description = "for the test".to_owned();
        endpoint.behave("orders/$management", Behaviour::Status { code, description });
        let error = later(&[message("a")]).schedule(&wire, soon()).await.unwrap_err();
        assert_eq!((error.code(), error.effect()), (expected, effect), "{error}");
    }
}

#[tokio::test]
async fn a_done_without_numbers_is_an_unknown_outcome() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    endpoint.behave("orders/$management", Behaviour::Status { code: 200, description: String::new() });
    let error = later(&[message("a")]).schedule(&wire, soon()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
}

#[tokio::test]
async fn a_lost_reply_is_an_unknown_outcome_and_the_next_request_is_answered() {
    for behaviour in [Behaviour::Detach, Behaviour::Close, Behaviour::Cut] {
        let endpoint = Endpoint::start().await.unwrap();
        let wire = wire(&endpoint);
        endpoint.behave("orders/$management", behaviour.clone());
        let error = later(&[message("a")]).schedule(&wire, soon()).await.unwrap_err();
        assert_eq!(
            (error.code(), error.effect()),
            ("outcome_unknown", Effect::Unknown),
            "{behaviour:?}: {error}"
        );
        endpoint.behave("orders/$management", Behaviour::Accept);
        later(&[message("b")]).schedule(&wire, soon()).await.unwrap();
        assert_eq!(endpoint.scheduled("orders").len(), 1, "{behaviour:?}");
    }
}

#[tokio::test]
async fn a_reply_that_never_comes_is_an_unknown_outcome() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire_with(&endpoint, Credential::Anonymous, Timeouts { answer: SHORT, ..Default::default() });
    endpoint.behave("orders/$management", Behaviour::Silent);
    let error = later(&[message("a")]).schedule(&wire, Instant::now() + SHORT).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("outcome_unknown", Effect::Unknown), "{error}");
}

#[tokio::test]
async fn concurrent_requests_each_get_their_own_numbers() {
    let endpoint = Endpoint::start().await.unwrap();
    let wire = wire(&endpoint);
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..40 {
        let wire = Arc::clone(&wire);
        calls.spawn(async move {
            (number, later(&[message(&number.to_string())]).schedule(&wire, soon()).await.unwrap())
        });
    }
    let answers = calls.join_all().await;
    for scheduled in endpoint.scheduled("orders") {
        let body = String::from_utf8(scheduled.message.body).unwrap();
        let (_, numbers) = answers.iter().find(|(number, _)| number.to_string() == body).unwrap();
        assert_eq!(*numbers, [scheduled.sequence_number]);
    }
    assert_eq!(endpoint.scheduled("orders").len(), 40);
}
