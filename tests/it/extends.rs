//! Policies that extend others, through `policy!` and `#[tool]`: generated code knows the policy's own
//! rules, and the gate asks those of what it extends too.

use std::time::Duration;

use wpc::{Permitted, Policy, Refused};

use crate::gate::{compiled, open};
use crate::send::Message;

mod capped {
    wpc::policy!("../policies/capped_job.wpc");

    #[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
    pub(super) fn publish(message: wpc::Permitted<crate::send::Message>) -> Result<(), wpc::Refused> {
        message.release().map(drop)
    }
}

mod hourly {
    wpc::policy!("../policies/hourly_job.wpc");
}

use hourly::azure_service_bus;

#[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
fn publish_hourly(message: Permitted<Message>) -> Result<(), Refused> {
    message.release().map(drop)
}

fn of(bytes: usize) -> Message {
    Message { body: vec![0; bytes], ..Message::good() }
}

#[test]
fn the_hash_of_the_code_covers_what_is_extended() {
    let policy = compiled("capped_job.wpc").policy;
    assert_eq!(policy.parents.len(), 1);
    assert_eq!(capped::CappedJob::HASH, policy.hash().to_string());
    let alone = wpc_model::Policy { parents: vec![], ..policy };
    assert_ne!(capped::CappedJob::HASH, alone.hash().to_string());
}

#[test]
fn what_a_parent_refuses_is_refused_and_recorded() {
    let opened = open::<capped::CappedJob>("capped_job.wpc");
    let send = |message: Message| capped::publish(&opened.gate, message).map_err(|refused| refused.code());
    assert_eq!(send(of(5 * 1024)), Err("default_deny"), "its own");
    assert_eq!(send(of(3 * 1024)), Err("default_deny"), "the parent's");
    let mut secret = of(1024);
    secret.properties.insert("secret".to_owned(), "x".to_owned());
    assert_eq!(send(secret), Err("explicit_deny"));
    assert_eq!(send(of(2 * 1024)), Ok(()));
    assert_eq!(send(of(1)), Ok(()));
    assert_eq!(send(of(1)), Err("limit_exceeded"), "the parent counts calls");
    assert_eq!(
        opened.log(),
        ["default_deny", "default_deny", "explicit_deny", "allow", "done", "allow", "done", "limit_exceeded"]
    );
}

#[test]
fn operators_read_the_parents_rule_and_condition() {
    let opened = open::<capped::CappedJob>("capped_job.wpc");
    let refused = capped::publish(&opened.gate, of(3 * 1024)).unwrap_err();
    let parent = &compiled("capped_job.wpc").policy.parents[0];
    assert_eq!(refused.detail().rule, Some(parent.tools["azure_service_bus"].allow[0].id));
    assert_eq!(refused.detail().condition.as_deref(), Some("message_bytes <= 2048"));
}

/// The tests' clock starts on a Friday at 08:00 UTC.
#[test]
fn a_parent_that_reads_the_clock_is_asked_at_the_time_of_the_entry() {
    let opened = open::<hourly::HourlyJob>("hourly_job.wpc");
    let at = |minutes: u64| {
        opened.clock.advance(Duration::from_secs(minutes * 60));
        opened.renew();
        publish_hourly(&opened.gate, Message::good()).map_err(|refused| refused.code())
    };
    assert_eq!([at(0), at(9), at(1)], [Ok(()), Ok(()), Err("default_deny")]);
    assert_eq!(at(24 * 60 - 10), Err("explicit_deny"));
}
