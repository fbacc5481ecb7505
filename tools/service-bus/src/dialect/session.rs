//! How a link names a session.
//!
//! Source: "AMQP 1.0 in Azure Service Bus and Event Hubs protocol guide", and the wire traces of
//! SERVICE_BUS.md section 3.

use std::time::Duration;

use fe2o3_amqp::types::definitions::Fields;
use fe2o3_amqp::types::messaging::{FilterSet, Source};
use fe2o3_amqp::types::primitives::{Symbol, Value};

use super::address::Node;

/// The filter of a source that names a session; with null, the next that waits.
const FILTER: &str = "com.microsoft:session-filter";

/// 100 ns from the year 1 to 1970: how .NET counts time.
const TICKS_TO_1970: i64 = 621_355_968_000_000_000;

const TICKS_PER_MS: i64 = 10_000;

/// The source of a link to one session.
pub(crate) fn source(node: &Node, wanted: Option<&str>) -> Source {
    let mut filter = FilterSet::new();
    filter.insert(Symbol::from(FILTER), wanted.map_or(Value::Null, Value::from));
    let mut source = Source::builder().address(node.address()).build();
    source.filter = Some(filter);
    source
}

/// Properties of a link for which the broker waits this long until a session has messages.
pub(crate) fn waiting(wait: Duration) -> Fields {
    let mut properties = Fields::new();
    let wait_ms = u32::try_from(wait.as_millis()).unwrap_or(u32::MAX);
    properties.insert(Symbol::from("com.microsoft:timeout"), Value::Uint(wait_ms));
    properties
}

/// The session that the broker gave.
pub(crate) fn given(source: &Source) -> Option<String> {
    let mut value = source.filter.as_ref()?.get(&Symbol::from(FILTER))?;
    if let Value::Described(described) = value {
        value = &described.value;
    }
    if let Value::String(id) = value { Some(id.clone()) } else { None }
}

/// Until when it is locked, in Unix milliseconds.
pub(crate) fn locked_until_ms(property: &Value) -> Option<i64> {
    if let Value::Timestamp(at) = property {
        return Some(at.milliseconds());
    }
    let Value::Long(ticks) = property else { return None };
    ticks.checked_sub(TICKS_TO_1970)?.checked_div(TICKS_PER_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::address::Entity;

    #[test]
    fn a_session_is_named_or_left_to_the_broker() {
        let node = Entity::of("queue", &["orders"]).unwrap().node();
        assert_eq!(given(&source(&node, Some("s-1"))).as_deref(), Some("s-1"));
        assert_eq!(given(&source(&node, None)), None);
        assert_eq!(given(&Source::default()), None);
    }

    #[test]
    fn ticks_are_counted_from_the_year_1() {
        assert_eq!(locked_until_ms(&Value::Long(621_355_968_000_000_000 + 15_000_000)), Some(1_500));
        assert_eq!(locked_until_ms(&Value::Null), None);
    }
}
