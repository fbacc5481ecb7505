//! A policy that reads the clock, through `policy!` and `#[tool]`: its rules are asked inside the
//! ledger's lock, whatever the generated code could say before.

use std::time::Duration;

use wpc::{Permitted, Refused};

use crate::gate::open;
use crate::send::Message;

pub(crate) mod office {
    wpc::policy!("../policies/hours.wpc");
}

use office::azure_service_bus;

#[wpc::tool(azure_service_bus::Send, to = queue("orders-staging"))]
fn publish(sent: &mut usize, message: Permitted<Message>) -> Result<usize, Refused> {
    let _ = message.release()?;
    *sent += 1;
    Ok(*sent)
}

/// The tests' clock starts on a Friday at 08:00 UTC.
#[test]
fn what_is_allowed_at_eight_is_refused_at_ten_past_and_on_saturday() {
    let opened = open::<office::Hours>("hours.wpc");
    let mut sent = 0;
    let mut at = |minutes: u64| {
        opened.clock.advance(Duration::from_secs(minutes * 60));
        opened.renew();
        publish(&opened.gate, &mut sent, Message::good()).map_err(|refused| refused.code())
    };
    assert_eq!(at(0), Ok(1));
    assert_eq!(at(9), Ok(2));
    assert_eq!(at(1), Err("default_deny"));
    assert_eq!(at(24 * 60 - 10), Err("explicit_deny"));
    assert_eq!(at(2 * 24 * 60), Ok(3));
    assert_eq!(
        opened.log(),
        ["allow", "done", "allow", "done", "default_deny", "explicit_deny", "allow", "done"]
    );
}
