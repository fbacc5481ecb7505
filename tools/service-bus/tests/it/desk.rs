//! Receiving and settling behind a gate: what arrives, what the broker was told, what the ledger says.

use std::time::Duration;

use wpc::{Gate, Permit, Permitted};
use wpc_endpoint::{Delivering, Endpoint, QueueSettings};
use wpc_service_bus::{
    AcceptedSession, BusError, DeadLetters, Effect, Handles, LockedMessage, ReceivedMessage, ServiceBus,
    SessionHandle, SessionState, Settled, Timeouts,
};

use crate::place::{HOST, Place, seeded};

pub(crate) mod policy {
    wpc::policy!("../policies/desk.wpc");
}

use policy::{Desk, azure_service_bus};

const WAIT: Duration = Duration::from_millis(300);

#[wpc::tool(azure_service_bus::Receive, from = queue("orders"), with(mode = peek_lock))]
async fn receive(bus: &ServiceBus, messages: u64, permit: Permit) -> Result<Vec<LockedMessage>, BusError> {
    bus.receive(permit, WAIT).await
}

#[wpc::tool(azure_service_bus::Receive, from = queue("events"), with(mode = receive_and_delete))]
async fn take(bus: &ServiceBus, messages: u64, permit: Permit) -> Result<Vec<ReceivedMessage>, BusError> {
    bus.receive_and_delete(permit, WAIT).await
}

#[wpc::tool(azure_service_bus::Receive, from = queue("orders"), with(mode = peek_lock))]
async fn fetch(
    bus: &ServiceBus,
    numbers: &[i64],
    messages: u64,
    permit: Permit,
) -> Result<Vec<LockedMessage>, BusError> {
    bus.receive_deferred(permit, numbers).await
}

#[wpc::tool(azure_service_bus::Receive, from = queue("orders"), with(mode = peek_lock))]
async fn accept(
    bus: &ServiceBus,
    session_id: &str,
    messages: u64,
    permit: Permit,
) -> Result<AcceptedSession, BusError> {
    bus.accept_session(permit, Some(session_id), WAIT).await
}

#[wpc::tool(azure_service_bus::GetSessionState, on = queue("orders"))]
async fn remembered(
    bus: &ServiceBus,
    session: &SessionHandle,
    session_id: &str,
    permit: Permit,
) -> Result<Option<Vec<u8>>, BusError> {
    bus.session_state(permit, session).await
}

#[wpc::tool(azure_service_bus::SetSessionState, on = queue("orders"))]
async fn remember(bus: &ServiceBus, state: Permitted<SessionState>) -> Result<(), BusError> {
    bus.set_session_state(state).await
}

#[wpc::tool(azure_service_bus::Peek, from = queue("orders"))]
async fn peek(bus: &ServiceBus, messages: u64, permit: Permit) -> Result<Vec<ReceivedMessage>, BusError> {
    bus.peek(permit, 0).await
}

#[wpc::tool(azure_service_bus::Complete, on = queue("orders"))]
async fn complete(bus: &ServiceBus, handles: Permitted<Handles>) -> Result<Settled, BusError> {
    bus.complete(handles).await
}

#[wpc::tool(azure_service_bus::Abandon, on = queue("orders"))]
async fn abandon(bus: &ServiceBus, handles: Permitted<Handles>) -> Result<Settled, BusError> {
    bus.abandon(handles).await
}

#[wpc::tool(azure_service_bus::Defer, on = queue("orders"))]
async fn defer(bus: &ServiceBus, handles: Permitted<Handles>) -> Result<Settled, BusError> {
    bus.defer(handles).await
}

#[wpc::tool(azure_service_bus::RenewLock, on = queue("orders"))]
async fn renew(bus: &ServiceBus, handles: Permitted<Handles>) -> Result<Vec<i64>, BusError> {
    bus.renew_lock(handles).await
}

#[wpc::tool(azure_service_bus::Deadletter, on = queue("orders"))]
async fn bury(bus: &ServiceBus, letters: Permitted<DeadLetters>) -> Result<Settled, BusError> {
    bus.deadletter(letters).await
}

fn bodies<'a>(messages: impl IntoIterator<Item = &'a ReceivedMessage>) -> Vec<String> {
    messages.into_iter().map(|one| String::from_utf8(one.body().unwrap().to_vec()).unwrap()).collect()
}

async fn desk(queue: &str, messages: &[(&str, Option<&str>)]) -> Place<Desk> {
    let endpoint = Endpoint::start().await.unwrap();
    let place: Place<Desk> = Place::of("tests/policies/desk.wpc", endpoint).await;
    seeded(&place.endpoint, queue, messages).await;
    place
}

#[tokio::test]
async fn what_is_received_is_locked_until_it_is_completed() {
    let place = desk("orders", &[("a", None), ("b", None), ("c", None)]).await;
    let two = receive(&place.gate, &place.bus, 2).await.unwrap();
    assert_eq!(bodies(two.iter().map(LockedMessage::message)), ["a", "b"]);
    let settled = complete(&place.gate, &place.bus, two.into()).await.unwrap();
    assert_eq!((settled.status(), settled.sequence_numbers()), ("completed", &[1, 2][..]));
    assert_eq!(place.endpoint.messages("orders").len(), 1);
    let seen = peek(&place.gate, &place.bus, 10).await.unwrap();
    assert_eq!(bodies(&seen), ["c"]);
    assert_eq!(
        place.log(),
        [
            "allow receive",
            "done received 1-2 (encoded)",
            "allow complete",
            "done completed 1-2 (encoded)",
            "allow peek",
            "done peeked 3 (encoded)",
        ]
    );
}

#[tokio::test]
async fn an_empty_queue_is_known_to_be_empty_and_one_that_hangs_is_not() {
    let place = desk("orders", &[]).await;
    assert!(receive(&place.gate, &place.bus, 3).await.unwrap().is_empty());
    assert_eq!(place.log(), ["allow receive", "done received (encoded)"]);

    let endpoint = Endpoint::start().await.unwrap();
    endpoint.deliver("orders", Delivering::Nothing);
    let timeouts = Timeouts { answer: Duration::from_millis(100), ..Timeouts::default() };
    let place: Place<Desk> = Place::within("tests/policies/desk.wpc", endpoint, timeouts).await;
    let error = receive(&place.gate, &place.bus, 3).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("outcome_unknown", Effect::Unknown), "{error}");
    assert_eq!(place.log(), ["allow receive", "unknown outcome_unknown (encoded)"]);
}

#[tokio::test]
async fn the_broker_never_gets_credit_for_more_than_was_admitted() {
    let many: Vec<_> = (0..12).map(|_| ("x", None)).collect();
    let place = desk("events", &many).await;
    assert_eq!(take(&place.gate, &place.bus, 5).await.unwrap().len(), 5);
    assert_eq!(place.endpoint.count("events"), 7);
    assert_eq!(take(&place.gate, &place.bus, 11).await.unwrap_err().code(), "default_deny");
    assert_eq!(take(&place.gate, &place.bus, 10).await.unwrap().len(), 7);
    assert_eq!(place.endpoint.count("events"), 0);
}

#[tokio::test]
async fn only_what_this_job_received_is_settled() {
    let place = desk("orders", &[("a", None)]).await;
    let one = receive(&place.gate, &place.bus, 1).await.unwrap();
    let handle = one[0].handle().clone();
    // A second job on the same connection.
    let other: Place<Desk> = Place::beside(&place, "tests/policies/desk.wpc", "job-2");
    let stolen = complete(&other.gate, &place.bus, [handle.clone()].into_iter().collect()).await.unwrap_err();
    assert_eq!((stolen.code(), stolen.effect()), ("not_held", Effect::Nothing));
    assert_eq!(other.log(), ["allow complete", "failed not_held (declared)"]);
    complete(&place.gate, &place.bus, one.into()).await.unwrap();
    let again = complete(&place.gate, &place.bus, [handle].into_iter().collect()).await.unwrap_err();
    assert_eq!(again.code(), "not_held");
}

#[tokio::test]
async fn a_settlement_that_the_broker_refuses_is_failed_and_can_be_tried_again() {
    let place = desk("orders", &[("a", None)]).await;
    let one = receive(&place.gate, &place.bus, 1).await.unwrap();
    let handles: Handles = one.into();
    place.endpoint.refuse_settlements("orders", Some(("amqp:not-allowed", "told to refuse")));
    let error = complete(&place.gate, &place.bus, handles.clone()).await.unwrap_err();
    assert_eq!(error.to_string(), "the broker rejected it: amqp:not-allowed: told to refuse");
    place.endpoint.refuse_settlements("orders", None);
    complete(&place.gate, &place.bus, handles).await.unwrap();
    assert_eq!(
        place.log()[2..],
        [
            "allow complete",
            "failed rejected amqp:not-allowed (encoded)",
            "allow complete",
            "done completed 1 (encoded)",
        ]
    );
}

#[tokio::test]
async fn a_lock_that_ended_is_the_brokers_no_and_renewing_keeps_it() {
    let place = desk("orders", &[("a", None)]).await;
    let one = receive(&place.gate, &place.bus, 1).await.unwrap();
    let until = one[0].message().locked_until_ms().unwrap();
    let handles: Handles = one.into();
    assert!(renew(&place.gate, &place.bus, handles.clone()).await.unwrap()[0] >= until);
    place.endpoint.expire_locks("orders");
    let error = complete(&place.gate, &place.bus, handles).await.unwrap_err();
    assert_eq!(error.code(), "rejected");
    assert_eq!(place.log()[5], "failed rejected com.microsoft:message-lock-lost (encoded)");
}

#[tokio::test]
async fn deferred_messages_come_back_by_number() {
    let place = desk("orders", &[("a", None), ("b", None)]).await;
    let one = receive(&place.gate, &place.bus, 1).await.unwrap();
    let numbers = defer(&place.gate, &place.bus, one.into()).await.unwrap().sequence_numbers().to_vec();
    let back = fetch(&place.gate, &place.bus, &numbers, 1).await.unwrap();
    assert_eq!(bodies(back.iter().map(LockedMessage::message)), ["a"]);
    complete(&place.gate, &place.bus, back.into()).await.unwrap();
    assert_eq!(place.endpoint.count("orders"), 1);
}

#[tokio::test]
async fn abandons_end_at_their_limit() {
    let place = desk("orders", &[("poison", None)]).await;
    for _ in 0..2 {
        let one = receive(&place.gate, &place.bus, 1).await.unwrap();
        abandon(&place.gate, &place.bus, one.into()).await.unwrap();
    }
    let one = receive(&place.gate, &place.bus, 1).await.unwrap();
    assert_eq!(one[0].message().delivery_count(), 2);
    let error = abandon(&place.gate, &place.bus, one.into()).await.unwrap_err();
    assert_eq!(error.code(), "limit_exceeded");
}

#[tokio::test]
async fn nothing_is_dead_lettered_without_an_approval() {
    let place = desk("orders", &[("a", None)]).await;
    let one = receive(&place.gate, &place.bus, 1).await.unwrap();
    let letters = DeadLetters::new(one).reason("hidden");
    let error = bury(&place.gate, &place.bus, letters).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), ("approval_required", Effect::Nothing));
    assert!(place.endpoint.messages("orders/$deadletterqueue").is_empty());
}

#[tokio::test]
async fn a_session_is_held_remembered_and_released() {
    let endpoint = Endpoint::start().await.unwrap();
    endpoint.create_queue("orders", QueueSettings { requires_session: true, ..Default::default() });
    let place: Place<Desk> = Place::of("tests/policies/desk.wpc", endpoint).await;
    seeded(&place.endpoint, "orders", &[("a", Some("s-1")), ("b", Some("s-2"))]).await;
    let session = accept(&place.gate, &place.bus, "s-2", 5).await.unwrap();
    assert_eq!(session.id(), "s-2");
    assert_eq!(bodies(session.messages().iter().map(LockedMessage::message)), ["b"]);
    let handle = session.handle().clone();
    remember(&place.gate, &place.bus, SessionState::new(&handle, "s-2", "half way")).await.unwrap();
    assert_eq!(place.endpoint.session_state("orders", "s-2").unwrap(), b"half way");
    let state = remembered(&place.gate, &place.bus, &handle, "s-2").await.unwrap();
    assert_eq!(state.unwrap(), b"half way");
    complete(&place.gate, &place.bus, session.into_messages().into()).await.unwrap();
    place.bus.release_session(place.gate.job(), &handle);
    let gone = remembered(&place.gate, &place.bus, &handle, "s-2").await.unwrap_err();
    assert_eq!(gone.code(), "not_held");
    let _: &Gate<Desk> = &place.gate;
}

#[tokio::test]
async fn whoever_stops_waiting_takes_nothing_that_comes_later() {
    let place = desk("events", &[]).await;
    let waiting = take(&place.gate, &place.bus, 3);
    assert!(tokio::time::timeout(Duration::from_millis(100), waiting).await.is_err());
    // What is on its way while the broker is told is nobody's fault.
    tokio::time::sleep(Duration::from_millis(200)).await;
    seeded(&place.endpoint, "events", &[("late", None)]).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(place.endpoint.count("events"), 1);
    assert_eq!(bodies(&take(&place.gate, &place.bus, 3).await.unwrap()), ["late"]);
    assert_eq!(place.log()[..3], ["allow receive", "abandoned (encoded)", "allow receive"]);
}

#[tokio::test]
async fn a_link_that_breaks_leaves_what_came_and_says_that_more_may_have() {
    for delivering in
        [Delivering::Detach { after: 2 }, Delivering::Close { after: 2 }, Delivering::Cut { after: 2 }]
    {
        let place = desk("events", &[("a", None), ("b", None), ("c", None)]).await;
        place.endpoint.deliver("events", delivering);
        let came = take(&place.gate, &place.bus, 3).await.unwrap();
        assert_eq!(bodies(&came), ["a", "b"], "{delivering:?}");
        assert_eq!(place.log(), ["allow receive", "unknown outcome_unknown (encoded)"]);
        place.endpoint.deliver("events", Delivering::Normal);
        assert_eq!(bodies(&take(&place.gate, &place.bus, 3).await.unwrap()), ["c"]);
        assert_eq!(place.log()[3], "done received 3 (encoded)");
    }
}

#[test]
fn the_namespace_is_the_policys() {
    assert_eq!(HOST, "bus.test");
}
