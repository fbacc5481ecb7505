//! Parts a call's arguments: what a policy has names for, and what only these tools know.

use serde_json::{Map, Value as Json};
use wpc_mcp::Taken;
use wpc_model::{Malformed, MalformedCode};

use crate::argument::At;

/// What is the tool's own in a message.
pub(crate) const OF_MESSAGE: [&str; 5] = ["base64", "body", "correlation_id", "properties", "subject"];

/// What is the tool's own in the arguments of an action. Of `messages`, where those of send stand, the elements
/// are parted in their turn.
pub(crate) fn own(action: &str) -> &'static [&'static str] {
    match action {
        "cancel_scheduled" => &["sequence_numbers"],
        "receive" => &["next_session", "sequence_numbers", "session", "wait_seconds"],
        "peek" | "deadletter_read" => &["from_sequence_number"],
        "complete" | "abandon" | "defer" | "deadletter" => &["handles"],
        "renew_lock" => &["handles", "session"],
        "get_session_state" => &["session"],
        "set_session_state" => &["base64", "session", "state"],
        "manage" => &["settings"],
        _ => &[],
    }
}

/// Whether `messages` only counts what else is named, so that nobody has to say it.
pub(crate) fn is_counted(action: &str) -> bool {
    matches!(action, "cancel_scheduled" | "complete" | "abandon" | "defer" | "renew_lock" | "deadletter")
}

/// Parts the arguments of a call of `action`.
pub(crate) fn take(action: &str, mut arguments: Map<String, Json>) -> Result<Taken, Malformed> {
    let mut taken = Map::new();
    for name in own(action) {
        if let Some(value) = arguments.remove(*name) {
            taken.insert((*name).to_owned(), value);
        }
    }
    match action {
        "send" | "schedule" => {
            // What is no list of objects is for whoever types the call to refuse.
            if let Some(Json::Array(messages)) = arguments.get_mut("messages") {
                let own = messages.iter_mut().map(of_message).map(Json::Object).collect();
                taken.insert("messages".to_owned(), own);
            }
        }
        _ if is_counted(action) => {
            let listed = ["handles", "sequence_numbers"].iter().find_map(|name| taken.get(*name)?.as_array());
            // A session has one lock.
            let count = Json::from(listed.map_or(1, Vec::len));
            if arguments.get("messages").is_some_and(|said| *said != count) {
                let at = At::argument("messages");
                return Err(at.wrong(MalformedCode::StatedDiffers, "is not how many are named"));
            }
            arguments.insert("messages".to_owned(), count);
        }
        _ => {}
    }
    Ok(Taken { stated: arguments, own: taken })
}

fn of_message(message: &mut Json) -> Map<String, Json> {
    let Json::Object(members) = message else { return Map::new() };
    let of = |name: &str| Some((name.to_owned(), members.remove(name)?));
    OF_MESSAGE.into_iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn taken(action: &str, arguments: &Json) -> (Json, Json) {
        let taken = take(action, arguments.as_object().unwrap().clone()).unwrap();
        (Json::Object(taken.stated), Json::Object(taken.own))
    }

    #[test]
    fn what_a_policy_names_is_stated_and_the_rest_is_ours() {
        let (stated, own) = taken(
            "send",
            &json!({ "resource": 1, "messages": [
                { "body": "b", "content_type": "c", "properties": {}, "odd": 1 }, 5,
            ] }),
        );
        assert_eq!(stated, json!({ "resource": 1, "messages": [{ "content_type": "c", "odd": 1 }, 5] }));
        assert_eq!(own, json!({ "messages": [{ "body": "b", "properties": {} }, {}] }));
        let (stated, own) = taken("complete", &json!({ "handles": ["a", "b"], "resource": 1 }));
        assert_eq!(stated, json!({ "messages": 2, "resource": 1 }));
        assert_eq!(own, json!({ "handles": ["a", "b"] }));
        assert_eq!(taken("renew_lock", &json!({ "session": "s" })).0, json!({ "messages": 1 }));
        assert_eq!(taken("peek", &json!({ "handles": 1 })), (json!({ "handles": 1 }), json!({})));
    }

    #[test]
    fn a_count_that_is_said_must_be_the_count() {
        let wrong = json!({ "handles": ["a"], "messages": 2 }).as_object().unwrap().clone();
        assert_eq!(take("complete", wrong).unwrap_err().code.code(), "stated_differs");
    }
}
