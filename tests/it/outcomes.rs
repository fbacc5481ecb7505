//! What an admitted call leaves in the ledger, however its body ends.

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use wpc::{Gate, Outcome, Permitted, Refused, Report, Spent};

use crate::gate::{Opened, open};
use crate::send::{Message, orders};
use orders::Orders;
use orders::azure_service_bus::{self, Send, queue};

/// An error of a tool's own.
#[derive(Debug)]
enum Failed {
    Refused(#[expect(dead_code, reason = "shown where a test fails")] Refused),
    Broken,
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// What the body does with its permit.
enum Do {
    Hang,
    Panic,
    Fail,
    Report(Report),
    ReportAndFail(Report),
    Wait(Duration),
}

fn run(what: Do, opened: &Opened<Orders>, message: Permitted<'_, Message, Send>) -> Result<Spent, Failed> {
    if let Do::Wait(time) = what {
        opened.clock.advance(time);
    }
    let (_, spent) = message.spend()?;
    match what {
        Do::Panic => panic!("the body panics"),
        Do::Fail => Err(Failed::Broken),
        Do::Report(report) => {
            spent.report(report);
            Ok(spent)
        }
        Do::ReportAndFail(report) => {
            spent.report(report);
            Err(Failed::Broken)
        }
        Do::Hang | Do::Wait(_) => Ok(spent),
    }
}

#[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
fn publish(opened: &Opened<Orders>, what: Do, message: Permitted<Message>) -> Result<Spent, Failed> {
    run(what, opened, message)
}

#[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
async fn publish_later(
    opened: &Opened<Orders>,
    what: Do,
    message: Permitted<Message>,
) -> Result<Spent, Failed> {
    if let Do::Hang = what {
        pending::<()>().await;
    }
    run(what, opened, message)
}

#[track_caller]
fn check(what: Do, expect: &[&str]) {
    let opened = open::<Orders>("orders.wpc");
    // What it returns is not what is recorded.
    let _ = catch_unwind(AssertUnwindSafe(|| publish(&opened.gate, &opened, what, Message::good())));
    assert_eq!(opened.log(), expect);
}

#[test]
fn a_body_that_returns_is_done() {
    check(Do::Hang, &["allow", "done"]);
}

#[test]
fn a_body_that_fails_is_unknown_and_never_not_sent() {
    check(Do::Fail, &["allow", "unknown body_error"]);
}

#[test]
fn a_body_that_panics_is_abandoned() {
    check(Do::Panic, &["allow", "abandoned"]);
}

#[test]
fn what_the_provider_answered_beats_what_the_body_returns() {
    let done = || Report::Done { status: Some("accepted".to_owned()), id: None };
    let failed = || Report::Failed { code: "broker_refused".to_owned(), status: None };
    check(Do::ReportAndFail(done()), &["allow", "done"]);
    check(Do::Report(failed()), &["allow", "failed broker_refused"]);
}

#[test]
fn an_effect_begins_within_a_second_or_not_at_all() {
    check(Do::Wait(Duration::from_millis(1000)), &["allow", "done"]);
    check(Do::Wait(Duration::from_millis(1001)), &["allow", "failed permit_expired"]);
}

#[tokio::test(flavor = "current_thread")]
async fn the_same_holds_where_nothing_blocks() {
    let opened = open::<Orders>("orders.wpc");
    publish_later(
        &opened.gate,
        &opened,
        Do::Report(Report::Done { status: None, id: None }),
        Message::good(),
    )
    .await
    .unwrap();
    let failed = publish_later(&opened.gate, &opened, Do::Fail, Message::good()).await;
    assert!(matches!(failed, Err(Failed::Broken)));
    assert_eq!(opened.log(), ["allow", "done", "allow", "unknown body_error"]);
}

/// Polls once; the memory ledger needs no more to admit.
fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_body_that_is_dropped_halfway_is_abandoned() {
    let opened = open::<Orders>("orders.wpc");
    assert!(poll_once(publish_later(&opened.gate, &opened, Do::Hang, Message::good())).is_pending());
    assert_eq!(opened.log(), ["allow", "abandoned"]);
}

#[test]
fn a_body_that_panics_between_awaits_is_abandoned() {
    let opened = open::<Orders>("orders.wpc");
    let body = || poll_once(publish_later(&opened.gate, &opened, Do::Panic, Message::good()));
    assert!(catch_unwind(AssertUnwindSafe(body)).is_err());
    assert_eq!(opened.log(), ["allow", "abandoned"]);
}

#[test]
fn a_call_that_was_never_polled_was_never_asked() {
    let opened = open::<Orders>("orders.wpc");
    drop(publish_later(&opened.gate, &opened, Do::Hang, Message::good()));
    assert_eq!(opened.log(), [""; 0]);
}

fn staging() -> queue::Name {
    queue::Name::parse("orders-staging").unwrap()
}

fn begin(gate: &Gate<Orders>) -> wpc::Running<Send, Message> {
    gate.begin_sync::<Send, _, _, _>(staging(), Message::good(), Default::default()).unwrap()
}

#[test]
fn a_permit_is_given_out_once() {
    let opened = open::<Orders>("orders.wpc");
    let mut running = begin(&opened.gate);
    drop(running.permitted().unwrap());
    assert_eq!(running.permitted().unwrap_err().code(), "permit_spent");
    running.finish_sync(Outcome::Failed { code: "changed_my_mind".to_owned() });
    assert_eq!(opened.log(), ["allow", "failed changed_my_mind"]);
}

#[test]
fn a_running_call_that_is_dropped_is_abandoned() {
    let opened = open::<Orders>("orders.wpc");
    drop(begin(&opened.gate));
    assert_eq!(opened.log(), ["allow", "abandoned"]);
}

#[test]
fn a_permit_names_its_call() {
    let opened = open::<Orders>("orders.wpc");
    let mut running = begin(&opened.gate);
    let permitted = running.permitted().unwrap();
    assert_eq!(format!("{:?}", permitted.place().unwrap()), r#"queue("orders-staging")"#);
    assert_eq!(permitted.call().action, "send");
    assert_eq!(permitted.body.len(), 1024);
    let (_, spent) = permitted.spend().unwrap();
    assert_eq!(spent.message_id(0), "job-1:2:0");
    assert_eq!(spent.call().arguments["messages"].as_list().unwrap().len(), 1);
    running.finish_sync(Outcome::Done);
}
