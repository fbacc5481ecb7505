//! A decision whose action and resource are known allocates nothing; nor does one whose resource came
//! at run time.

use std::alloc::System;
use std::collections::BTreeMap;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use wpc::interface::azure_service_bus as interface;
use wpc::{Action, Batch, Describe, DescribeMany, Place, Takes, TextMap};
use wpc_model::Ruling;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

mod orders {
    wpc::policy!("policies/orders.wpc");
}

mod receive {
    wpc::policy!("policies/receive.wpc");
}

use orders::azure_service_bus::{Send, queue};
use receive::azure_service_bus as receiving;

struct Message(u64, BTreeMap<String, String>);

impl Describe<interface::Message> for Message {
    fn describe(&self) -> interface::MessageRecord<'_> {
        fields(self.0, (&self.1).into())
    }
}

fn fields(message_bytes: u64, properties: TextMap<'_>) -> interface::MessageRecord<'_> {
    interface::MessageRecord { message_bytes, properties, content_type: None, session_id: None, body: None }
}

fn message(bytes: u64, keys: &[&str]) -> Message {
    Message(bytes, keys.iter().map(|key| ((*key).to_owned(), "1".to_owned())).collect())
}

/// What the decision says, and that it allocates nothing. One test, because the count is of the whole
/// process.
#[track_caller]
fn check(what: &str, decide: impl Fn() -> Ruling, expect: fn(&Ruling) -> bool) {
    let before = Region::new(ALLOCATOR);
    let ruling = decide();
    let change = before.change();
    assert_eq!((change.allocations, change.reallocations), (0, 0), "{what}");
    assert!(expect(&ruling), "{what}: {ruling:?}");
}

fn allows(ruling: &Ruling) -> bool {
    matches!(ruling, Ruling::Allow { .. })
}

fn refuses(ruling: &Ruling) -> bool {
    matches!(ruling, Ruling::DefaultDeny { near: Some(_) })
}

fn denies(ruling: &Ruling) -> bool {
    matches!(ruling, Ruling::ExplicitDeny { .. })
}

#[test]
fn no_decision_allocates() {
    const STAGING: queue::Name = queue::Name::__wpc_named(&["orders-staging"]);
    let place: Option<Place> = <Send as Takes<queue::Name>>::place(STAGING);
    let send = |message: &Message| {
        let facts = interface::SendArguments { messages: Batch::One(message.describe()) };
        Send::rule(place.as_ref(), &facts)
    };
    let good = message(1024, &["schema_version", "correlation_id"]);
    let large = message(131_073, &["schema_version", "correlation_id"]);
    let cookie = message(1024, &["schema_version", "correlation_id", "Cookie"]);
    check("an allowed message", || send(&good), allows);
    check("one that is too large", || send(&large), refuses);
    check("one with a forbidden property in another letter case", || send(&cookie), refuses);

    let many = vec![message(1, &["schema_version", "correlation_id"]), message(2, &["correlation_id"])];
    let batch: &dyn DescribeMany<interface::Message> = &many;
    let facts = interface::SendArguments { messages: Batch::Many(batch) };
    check("a batch", || Send::rule(place.as_ref(), &facts), refuses);

    let pairs = [("schema_version", "1"), ("correlation_id", "c")];
    let facts = interface::SendArguments { messages: Batch::One(fields(1024, TextMap::from(&pairs))) };
    check("borrowed properties", || Send::rule(place.as_ref(), &facts), allows);

    let facts = interface::PeekArguments { messages: 1 };
    let name = |name| <receiving::Peek as Takes<_>>::place(receiving::queue::Name::parse(name).unwrap());
    let (known, new, secret) = (name("orders-in"), name("orders-new"), name("orders-SECRET"));
    check("a name from the table", || receiving::Peek::rule(known.as_ref(), &facts), allows);
    check("a name that a pattern accepts", || receiving::Peek::rule(new.as_ref(), &facts), allows);
    check("a denied name in another letter case", || receiving::Peek::rule(secret.as_ref(), &facts), denies);
}
