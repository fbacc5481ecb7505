//! What the broker answered, for the model: structured, and the same as text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};
use wpc_mcp::model::CallToolResult;
use wpc_model::instant_text;
use wpc_service_bus::{Answer, Description, LockedMessage, MessageState, PropertyValue, ReceivedMessage};

/// The result of a call that was done.
pub(crate) fn answer(answer: Answer) -> CallToolResult {
    CallToolResult::structured(match answer {
        Answer::Sent(sent) => json!({ "status": sent.status(), "message_ids": sent.message_ids() }),
        Answer::Scheduled(scheduled) => json!({
            "status": "scheduled",
            "message_ids": scheduled.message_ids(),
            "sequence_numbers": scheduled.sequence_numbers(),
        }),
        Answer::Locked(messages) => json!({ "messages": locked(&messages) }),
        Answer::Messages(messages) => {
            json!({ "messages": messages.iter().map(message).map(Json::Object).collect::<Vec<_>>() })
        }
        Answer::Session(session) => json!({
            "session": session.handle().as_str(),
            "session_id": session.id(),
            "locked_until": time(session.locked_until_ms()),
            "messages": locked(session.messages()),
        }),
        Answer::Settled(settled) => {
            json!({ "status": settled.status(), "sequence_numbers": settled.sequence_numbers() })
        }
        Answer::Renewed(until) => {
            json!({ "status": "renewed", "locked_until": until.into_iter().map(instant_text).collect::<Vec<_>>() })
        }
        Answer::State(state) => {
            let mut shown = Map::new();
            put_bytes(&mut shown, "state", state.as_deref());
            Json::Object(shown)
        }
        Answer::Purged(numbers) => json!({ "status": "purged", "sequence_numbers": numbers }),
        Answer::Described(described) => {
            json!({ "entities": described.iter().map(entity).collect::<Vec<_>>() })
        }
        // And what a later client answers.
        Answer::Done | _ => json!({ "status": "done" }),
    })
}

fn locked(messages: &[LockedMessage]) -> Vec<Json> {
    let of = |locked: &LockedMessage| {
        let mut shown = message(locked.message());
        shown.insert("handle".to_owned(), json!(locked.handle().as_str()));
        Json::Object(shown)
    };
    messages.iter().map(of).collect()
}

fn message(message: &ReceivedMessage) -> Map<String, Json> {
    let mut shown = Map::new();
    put_bytes(&mut shown, "body", message.body());
    let mut put = |name: &str, value: Option<Json>| {
        if let Some(value) = value {
            shown.insert(name.to_owned(), value);
        }
    };
    let text = |text: Option<&str>| text.map(Json::from);
    put("sequence_number", Some(json!(message.sequence_number())));
    put("delivery_count", Some(json!(message.delivery_count())));
    put("message_id", text(message.message_id()));
    put("correlation_id", text(message.correlation_id()));
    put("subject", text(message.subject()));
    put("content_type", text(message.content_type()));
    put("session_id", text(message.session_id()));
    put("reply_to", text(message.reply_to()));
    put("enqueued_at", time(message.enqueued_at_ms()));
    put("locked_until", time(message.locked_until_ms()));
    put(
        "state",
        match message.state() {
            MessageState::Active => None,
            MessageState::Deferred => Some(json!("deferred")),
            MessageState::Scheduled => Some(json!("scheduled")),
        },
    );
    let properties = message.properties().iter();
    let properties: Map<_, _> = properties.map(|(name, value)| (name.clone(), property(value))).collect();
    put("properties", Some(Json::Object(properties)));
    shown
}

fn property(value: &PropertyValue) -> Json {
    match value {
        PropertyValue::Text(text) | PropertyValue::Other(text) => json!(text),
        PropertyValue::Int(number) => json!(number),
        PropertyValue::Bool(value) => json!(value),
    }
}

/// As text where it is one, else in base64 under a name that says so; nothing if it is not known.
fn put_bytes(shown: &mut Map<String, Json>, name: &str, bytes: Option<&[u8]>) {
    match bytes.map(|bytes| (std::str::from_utf8(bytes), bytes)) {
        Some((Ok(text), _)) => shown.insert(name.to_owned(), json!(text)),
        Some((Err(_), bytes)) => shown.insert(format!("{name}_base64"), json!(STANDARD.encode(bytes))),
        None => shown.insert(name.to_owned(), Json::Null),
    };
}

fn time(ms: Option<i64>) -> Option<Json> {
    ms.map(|ms| Json::from(instant_text(ms)))
}

fn entity(described: &Description) -> Json {
    let settings = described.settings().iter();
    let settings: Map<_, _> = settings.map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({ "name": described.name(), "settings": settings })
}
