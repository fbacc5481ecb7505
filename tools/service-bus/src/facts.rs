//! What encoded bytes say, as the gate's call says it, and whether the two are the same.
//!
//! Written by hand beside the conversion that the gate uses, so that each checks the other.

use std::collections::BTreeMap;

use wpc::Spent;
use wpc_model::{Call, Hash, Value};

use crate::dialect::address::Entity;
use crate::dialect::encoded::MAX_MESSAGE_ID;
use crate::sending::Outgoing;
use crate::{BusError, Message};

/// Compares encoded messages with the call that was admitted: entity, time, count, and every fact of
/// each message.
///
/// # Errors
///
/// [`BusError::DescribedDiffers`] with the first difference.
pub(crate) fn compare(call: &Call, outgoing: &Outgoing) -> Result<(), BusError> {
    compare_entity(call, outgoing.entity())?;
    let mut arguments = call.arguments.clone();
    let Some(Value::List(admitted)) = arguments.remove("messages") else { return differs("messages") };
    if admitted.len() != outgoing.opened().len() {
        return differs("messages");
    }
    for (admitted, opened) in admitted.iter().zip(outgoing.opened()) {
        let Value::Map(admitted) = admitted else { return differs("messages") };
        compare_message(admitted, &opened.content)?;
        if opened.enqueue_at_ms.map(Value::Int).as_ref() != call.arguments.get("at") {
            return differs("at");
        }
    }
    arguments.remove("at");
    if arguments.is_empty() { Ok(()) } else { differs("arguments") }
}

/// Compares what is about to be asked with the call that was admitted: entity, and every argument.
///
/// # Errors
///
/// As [`compare`].
pub(crate) fn compare_arguments(
    call: &Call,
    entity: Option<&Entity>,
    arguments: impl IntoIterator<Item = (&'static str, Option<Value>)>,
) -> Result<(), BusError> {
    match entity {
        Some(entity) => compare_entity(call, entity)?,
        None if call.resource.is_some() => return differs("entity"),
        None => {}
    }
    let mut admitted = call.arguments.clone();
    for (what, value) in arguments {
        if admitted.remove(what) != value {
            return differs(what);
        }
    }
    // An argument that this client does not know cannot have been compared.
    if admitted.is_empty() { Ok(()) } else { differs("arguments") }
}

/// How many messages the call was admitted to.
///
/// # Errors
///
/// [`BusError::DescribedDiffers`] if the call does not say so.
pub(crate) fn messages(call: &Call) -> Result<u32, BusError> {
    let Some(Value::Int(messages)) = call.arguments.get("messages") else { return differs("messages") };
    u32::try_from(*messages).or_else(|_| differs("messages"))
}

/// A count, as the model has it.
pub(crate) fn count(count: usize) -> Option<Value> {
    i64::try_from(count).map(Value::Int).ok()
}

/// A text that may be absent, as the model has it.
pub(crate) fn text(text: Option<&str>) -> Option<Value> {
    text.map(Value::text)
}

/// When scheduled messages become due, in Unix milliseconds.
///
/// # Errors
///
/// [`BusError::DescribedDiffers`] if the call does not say so.
pub(crate) fn at(call: &Call) -> Result<i64, BusError> {
    if let Some(Value::Int(at)) = call.arguments.get("at") { Ok(*at) } else { differs("at") }
}

/// The id of the message at `index`: `job:attempt:index`, or with the job's hash where the id would
/// be longer than Service Bus takes.
pub(crate) fn message_id(spent: &Spent, index: usize) -> String {
    short(spent.message_id(index), spent.job().as_str())
}

fn short(id: String, job: &str) -> String {
    match id.strip_prefix(job) {
        Some(rest) if id.len() > MAX_MESSAGE_ID => format!("{}{rest}", Hash::of(job.as_bytes())),
        Some(_) | None => id,
    }
}

fn compare_entity(call: &Call, entity: &Entity) -> Result<(), BusError> {
    let is_same = call.resource.as_ref().is_some_and(|resource| {
        resource.kind == entity.kind() && resource.names.iter().map(String::as_str).eq(entity.names())
    });
    if is_same { Ok(()) } else { differs("entity") }
}

fn compare_message(admitted: &BTreeMap<String, Value>, encoded: &Message) -> Result<(), BusError> {
    let properties = encoded.properties().iter();
    let properties = properties.map(|(name, value)| (name.clone(), Value::text(value.as_str()))).collect();
    let facts = [
        ("message_bytes", i64::try_from(encoded.message_bytes()).ok().map(Value::Int)),
        ("properties", Some(Value::Map(properties))),
        ("content_type", encoded.content_type().map(Value::text)),
        ("session_id", encoded.session_id().map(Value::text)),
        ("body", Some(Value::SEALED).filter(|_| !encoded.body().is_empty())),
    ];
    let mut named = 0;
    for (what, fact) in &facts {
        let same = match (admitted.get(*what), fact) {
            // What the gate found of the body it found of this very value.
            (Some(Value::Sealed(_)), Some(Value::Sealed(_))) => true,
            (admitted, encoded) => admitted == encoded.as_ref(),
        };
        if !same {
            return differs(what);
        }
        named += usize::from(fact.is_some());
    }
    // A field that this client does not know cannot have been compared.
    if named == admitted.len() { Ok(()) } else { differs("messages") }
}

fn differs<T>(what: &'static str) -> Result<T, BusError> {
    Err(BusError::DescribedDiffers { what })
}

#[cfg(test)]
mod tests {
    use wpc_model::Resource;

    use super::*;

    fn message() -> Message {
        Message::builder("{}").content_type("a/b").session_id("s").property("k", "v").build().unwrap()
    }

    fn admitted() -> BTreeMap<String, Value> {
        let bytes = i64::try_from(message().message_bytes()).unwrap();
        [
            ("message_bytes", Value::Int(bytes)),
            ("properties", Value::Map([("k".to_owned(), Value::text("v"))].into())),
            ("content_type", Value::text("a/b")),
            ("session_id", Value::text("s")),
            ("body", Value::SEALED),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn call(messages: Vec<BTreeMap<String, Value>>, at: Option<i64>) -> Call {
        let mut arguments = BTreeMap::new();
        arguments.insert("messages".to_owned(), Value::List(messages.into_iter().map(Value::Map).collect()));
        if let Some(at) = at {
            arguments.insert("at".to_owned(), Value::Int(at));
        }
        Call {
            tool: "bus".to_owned(),
            action: "send".to_owned(),
            resource: Some(Resource { kind: "queue".to_owned(), names: vec!["orders".to_owned()] }),
            arguments,
        }
    }

    fn queue(name: &str) -> Entity {
        Entity::of("queue", &[name]).unwrap()
    }

    #[track_caller]
    fn check(call: &Call, messages: &[Message], at: Option<i64>, expect: Result<(), &str>) {
        let ids = (0..).map(|index| format!("job:1:{index}"));
        let outgoing = Outgoing::encode(queue("orders"), ids.zip(messages), at).unwrap();
        let found = compare(call, &outgoing).map_err(|error| error.to_string());
        let expect =
            expect.map_err(|what| format!("what was encoded differs from what was described in its {what}"));
        assert_eq!(found, expect);
    }

    #[test]
    fn the_same_facts_are_the_same() {
        check(&call(vec![admitted()], None), &[message()], None, Ok(()));
        check(&call(vec![admitted(), admitted()], Some(7)), &[message(), message()], Some(7), Ok(()));
    }

    #[test]
    fn any_other_fact_is_a_difference() {
        for (what, value) in [
            ("message_bytes", Value::Int(1)),
            ("properties", Value::Map(BTreeMap::new())),
            ("content_type", Value::text("a/c")),
            ("session_id", Value::text("S")),
            ("body", Value::text("{}")),
        ] {
            let mut other = admitted();
            other.insert(what.to_owned(), value);
            check(&call(vec![other], None), &[message()], None, Err(what));
            let mut without = admitted();
            without.remove(what);
            check(&call(vec![without], None), &[message()], None, Err(what));
        }
        let mut more = admitted();
        more.insert("priority".to_owned(), Value::Int(1));
        check(&call(vec![more], None), &[message()], None, Err("messages"));
    }

    #[test]
    fn another_count_time_or_entity_is_a_difference() {
        check(&call(vec![admitted()], None), &[message(), message()], None, Err("messages"));
        check(&call(vec![admitted(), admitted()], None), &[message()], None, Err("messages"));
        check(&call(vec![admitted()], Some(7)), &[message()], Some(8), Err("at"));
        check(&call(vec![admitted()], None), &[message()], Some(8), Err("at"));
        check(&call(vec![admitted()], Some(7)), &[message()], None, Err("at"));
        let mut elsewhere = call(vec![admitted()], None);
        elsewhere.resource = Some(Resource { kind: "queue".to_owned(), names: vec!["Orders".to_owned()] });
        check(&elsewhere, &[message()], None, Err("entity"));
        let mut extended = call(vec![admitted()], None);
        extended.arguments.insert("urgent".to_owned(), Value::Bool(true));
        check(&extended, &[message()], None, Err("arguments"));
    }

    #[test]
    fn every_argument_of_a_call_without_messages_is_compared() {
        let mut call = call(Vec::new(), None);
        call.arguments = [("messages", Value::Int(2)), ("reason", Value::text("bad"))]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        let same = |messages, reason| {
            let arguments = [("messages", count(messages)), ("reason", text(reason))];
            compare_arguments(&call, Some(&queue("orders")), arguments)
        };
        assert!(same(2, Some("bad")).is_ok());
        assert!(same(3, Some("bad")).is_err());
        assert!(same(2, None).is_err());
        let count = [("messages", count(2))];
        assert!(compare_arguments(&call, Some(&queue("orders")), count.clone()).is_err());
        assert!(compare_arguments(&call, Some(&queue("other")), count.clone()).is_err());
        assert!(compare_arguments(&call, None, count).is_err());
        let topic = Entity::of("topic", &["orders"]).unwrap();
        assert!(compare_arguments(&call, Some(&topic), [("messages", super::count(2))]).is_err());
    }

    #[test]
    fn a_message_id_is_never_longer_than_service_bus_takes_and_still_tells_jobs_apart() {
        assert_eq!(short("job:1:0".to_owned(), "job"), "job:1:0");
        let long = |first: char| format!("{first}{}", "j".repeat(127));
        let ids: Vec<_> = ['a', 'b']
            .map(|first| short(format!("{}:18446744073709551615:99", long(first)), &long(first)))
            .into();
        assert!(ids.iter().all(|id| id.len() <= MAX_MESSAGE_ID && id.ends_with(":18446744073709551615:99")));
        assert_ne!(ids[0], ids[1]);
    }
}
