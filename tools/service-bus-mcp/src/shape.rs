//! The JSON Schema of each tool: the offer's, with what the tool takes for itself in the bounds of what is
//! measured of it.

use serde_json::{Map, Value as Json, json};
use wpc_mcp::Offer;
use wpc_model::MAX_INTEGER;

use crate::MAX_WAIT_S;
use crate::take::is_counted;

/// The schema of a tool's arguments.
pub(crate) fn schema(offer: &Offer) -> Map<String, Json> {
    let mut schema = offer.input_schema.clone();
    match offer.action.as_str() {
        "send" | "schedule" => messages(offer, &mut schema),
        "receive" => receive(&mut schema),
        "peek" | "deadletter_read" => {
            let from = json!({ "type": "integer", "minimum": 0, "description": "Look from this sequence number on." });
            add(&mut schema, "from_sequence_number", from, false);
        }
        "renew_lock" => {
            handles(&mut schema, false);
            let session =
                json!({ "type": "string", "description": "The handle of a session, in place of `handles`." });
            add(&mut schema, "session", session, false);
        }
        "cancel_scheduled" => {
            let most = uncounted(&mut schema);
            let numbers = json!({
                "type": "array", "minItems": 1, "maxItems": most, "uniqueItems": true,
                "items": { "type": "integer", "minimum": 0 },
                "description": "The sequence numbers that schedule gave.",
            });
            add(&mut schema, "sequence_numbers", numbers, true);
        }
        "get_session_state" => add(&mut schema, "session", session_handle(), true),
        "set_session_state" => {
            let most = most(offer.measured("state_bytes"));
            add(&mut schema, "session", session_handle(), true);
            add(&mut schema, "state", text("What to keep, as text.", most), false);
            add(&mut schema, "base64", base64("What to keep, as bytes.", most), false);
        }
        "manage" => {
            let settings = offer.measured("settings").cloned().unwrap_or_default();
            let required = settings.contains_key("required");
            let mut settings = Json::Object(settings);
            describe(
                &mut settings,
                "What is set, by the administration API's names: `LockDuration`, `ForwardTo`, `SqlFilter`.",
            );
            add(&mut schema, "settings", settings, required);
        }
        action if is_counted(action) => handles(&mut schema, true),
        _ => {}
    }
    schema
}

fn messages(offer: &Offer, schema: &mut Map<String, Json>) {
    let most = most(offer.measured("messages.message_bytes"));
    let properties = offer.measured("messages.properties").cloned().unwrap_or_default();
    let required = properties.contains_key("required");
    let mut properties = Json::Object(properties);
    describe(&mut properties, "Application properties: texts by name.");
    let Some(Json::Object(all)) = schema.get_mut("properties") else { return };
    let Some(Json::Object(batch)) = all.get_mut("messages") else { return };
    batch.entry("minItems").or_insert(json!(1));
    let Some(Json::Object(message)) = batch.get_mut("items") else { return };
    if most < MAX_INTEGER {
        let bound = format!("One message. Encoded, with its properties, it has at most {most} bytes.");
        message.insert("description".to_owned(), json!(bound));
    }
    let mut body = text("What the message says: a text is sent as it is, anything else as JSON.", most);
    if let Some(body) = body.as_object_mut() {
        body.insert("type".to_owned(), json!(["string", "object", "array", "number", "boolean"]));
    }
    add(message, "body", body, false);
    add(message, "base64", base64("The body as bytes, in place of `body`.", most), false);
    add(message, "properties", properties, required);
    add(message, "subject", text("The subject, also called the label.", most), false);
    add(message, "correlation_id", text("The standard property, not the application property.", most), false);
}

fn receive(schema: &mut Map<String, Json>) {
    let wait = json!({
        "type": "integer", "minimum": 0, "maximum": MAX_WAIT_S, "default": 5,
        "description": "How long to wait for a first message.",
    });
    add(schema, "wait_seconds", wait, false);
    // Deferred messages and sessions are locked: where all is deleted there are none.
    let modes = schema.get("properties").and_then(|all| all.get("mode")).and_then(|mode| mode.get("enum"));
    let locks = modes.and_then(Json::as_array).is_none_or(|modes| modes.contains(&json!("peek_lock")));
    if !locks {
        return;
    }
    let numbers = json!({
        "type": "array", "minItems": 1, "uniqueItems": true, "items": { "type": "integer", "minimum": 0 },
        "description": "Receive these deferred messages; `messages` is how many they are.",
    });
    add(schema, "sequence_numbers", numbers, false);
    let session = json!({ "type": "string", "description": "The handle of the session `session_id`, which is held: receive in it." });
    add(schema, "session", session, false);
    let next = json!({ "type": "boolean", "description": "Accept the next session that has messages, in place of naming one as `session_id`." });
    add(schema, "next_session", next, false);
}

fn handles(schema: &mut Map<String, Json>, required: bool) {
    let most = uncounted(schema);
    let handles = json!({
        "type": "array", "minItems": 1, "maxItems": most, "uniqueItems": true, "items": { "type": "string" },
        "description": "The handles under which this job received the messages from this entity.",
    });
    add(schema, "handles", handles, required);
}

/// Takes the count out of a schema, and tells how many there may be.
fn uncounted(schema: &mut Map<String, Json>) -> i64 {
    let count = schema.get_mut("properties").and_then(|all| all.as_object_mut()?.remove("messages"));
    if let Some(Json::Array(required)) = schema.get_mut("required") {
        required.retain(|name| name != "messages");
    }
    most(count.as_ref().and_then(Json::as_object))
}

/// The greatest number that a schema takes.
fn most(schema: Option<&Map<String, Json>>) -> i64 {
    schema.and_then(|schema| schema.get("maximum")?.as_i64()).unwrap_or(MAX_INTEGER)
}

fn session_handle() -> Json {
    json!({ "type": "string", "description": "The handle of the session, which is held." })
}

/// A text of at most so many bytes: it has no more characters.
fn text(description: &str, most: i64) -> Json {
    let mut schema = json!({ "type": "string", "description": description });
    bound(&mut schema, most);
    schema
}

/// Bytes, of which four characters stand for three.
fn base64(description: &str, most: i64) -> Json {
    let mut schema = json!({ "type": "string", "contentEncoding": "base64", "description": description });
    bound(&mut schema, most.saturating_add(2).saturating_div(3).saturating_mul(4));
    schema
}

fn bound(schema: &mut Json, most: i64) {
    if let Some(schema) = schema.as_object_mut().filter(|_| most < MAX_INTEGER) {
        schema.insert("maxLength".to_owned(), json!(most));
    }
}

fn describe(schema: &mut Json, description: &str) {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), json!(description));
    }
}

fn add(schema: &mut Map<String, Json>, name: &str, property: Json, required: bool) {
    if let Json::Object(properties) = schema.entry("properties").or_insert(json!({})) {
        properties.insert(name.to_owned(), property);
    }
    if required
        && let Json::Array(all) = schema.entry("required").or_insert(json!([]))
        && !all.contains(&json!(name))
    {
        all.push(json!(name));
    }
}
