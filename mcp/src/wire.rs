//! One message of JSON-RPC 2.0, as strictly as a gate must read it.
//!
//! What two readers could read differently is refused before anybody acts on it: a key that stands twice, a
//! batch, what is not JSON-RPC. Methods are an allowlist: whatever is not on it is refused here, whoever is
//! behind, and whatever the protocol adds one day.

use std::fmt;

use rmcp::model::{ErrorCode, ErrorData, NumberOrString, RequestId};
use serde_json::{Map, Value as Json, json};
use wpc::strict::{self, Problem};

/// Longest message that a client may send, in bytes.
pub const MAX_REQUEST_BYTES: usize = 4 << 20;
/// Longest message that a server behind the gate may send, in bytes.
pub const MAX_RESPONSE_BYTES: usize = 16 << 20;
/// Deepest nesting of a message.
pub const MAX_MESSAGE_DEPTH: u32 = 64;

/// What clients may ask for.
const CLIENT_METHODS: &[&str] = &[
    "initialize",
    "ping",
    "tools/list",
    "tools/call",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
];

/// What servers may ask for or tell.
const SERVER_METHODS: &[&str] =
    &["ping", "notifications/cancelled", "notifications/progress", "notifications/tools/list_changed"];

/// Who sent a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sender {
    /// The agent's side.
    Client,
    /// The server behind the gate.
    Server,
}

impl Sender {
    pub(crate) const fn longest(self) -> usize {
        match self {
            Self::Client => MAX_REQUEST_BYTES,
            Self::Server => MAX_RESPONSE_BYTES,
        }
    }

    fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Client => CLIENT_METHODS,
            Self::Server => SERVER_METHODS,
        }
    }
}

/// Why a message goes no further.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// Of the request, where it could be read.
    pub(crate) id: Option<RequestId>,
    /// Whether it wants an answer: everything but notifications and responses.
    pub(crate) wants_answer: bool,
    /// Whether it was, or could have been, a call of a tool, so that the ledger has to know.
    pub(crate) is_call: bool,
}

/// What is wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum FaultKind {
    /// More bytes or levels than a message may have.
    TooLarge,
    /// Not JSON, or cut off, or followed by more.
    NotJson,
    /// One key twice in an object.
    DuplicateKey,
    /// An array of messages.
    Batch,
    /// JSON, and no message of JSON-RPC 2.0.
    NotAMessage(&'static str),
    /// A method that is not on the allowlist.
    Method(String),
    /// `tools/call` with parameters that are none.
    Call(&'static str),
}

impl Fault {
    pub(crate) fn too_large() -> Self {
        Self { kind: FaultKind::TooLarge, id: None, wants_answer: true, is_call: true }
    }

    /// JSON-RPC, and no message that the protocol knows.
    pub(crate) fn unreadable(id: Option<RequestId>) -> Self {
        let kind = FaultKind::NotAMessage("its members are not those of its method");
        Self { kind, id, wants_answer: true, is_call: true }
    }

    /// The stable code.
    pub(crate) const fn code(&self) -> &'static str {
        match &self.kind {
            FaultKind::TooLarge => "too_large",
            FaultKind::NotJson => "not_json",
            FaultKind::DuplicateKey => "duplicate_key",
            FaultKind::Batch | FaultKind::NotAMessage(_) => "mcp_message",
            FaultKind::Method(_) => "mcp_method",
            FaultKind::Call(_) => "wrong_type",
        }
    }

    /// As the sender reads it (JSON-RPC 2.0 section 5.1).
    pub(crate) fn error(&self) -> ErrorData {
        let code = match &self.kind {
            FaultKind::NotJson => ErrorCode::PARSE_ERROR,
            FaultKind::TooLarge | FaultKind::DuplicateKey | FaultKind::Batch | FaultKind::NotAMessage(_) => {
                ErrorCode::INVALID_REQUEST
            }
            FaultKind::Method(_) => ErrorCode::METHOD_NOT_FOUND,
            FaultKind::Call(_) => ErrorCode::INVALID_PARAMS,
        };
        ErrorData::new(code, self.to_string(), Some(json!({ "code": self.code() })))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FaultKind::TooLarge => f.write_str("the message is too large or too deep"),
            FaultKind::NotJson => f.write_str("the message is not JSON"),
            FaultKind::DuplicateKey => f.write_str("the message has a key twice"),
            FaultKind::Batch => f.write_str("batches are not taken: send one message at a time"),
            FaultKind::NotAMessage(why) => write!(f, "no message of JSON-RPC 2.0: {why}"),
            FaultKind::Method(method) => {
                write!(f, "`{method}` is refused: this gate lets tools through and nothing else")
            }
            FaultKind::Call(why) => write!(f, "no call of a tool: {why}"),
        }
    }
}

/// Reads one message.
pub(crate) fn read(bytes: &[u8], from: Sender) -> Result<Json, Fault> {
    let unread = |kind| Fault { kind, id: None, wants_answer: true, is_call: true };
    let message = json(bytes, from).map_err(unread)?;
    check(&message, from).map(|()| message)
}

/// Reads JSON, bounded as a message is, in which no object has a key twice.
pub(crate) fn json(bytes: &[u8], from: Sender) -> Result<Json, FaultKind> {
    if bytes.len() > from.longest() {
        return Err(FaultKind::TooLarge);
    }
    strictly(bytes).map_err(|problem| match problem {
        Problem::NotJson => FaultKind::NotJson,
        Problem::Twice => FaultKind::DuplicateKey,
        Problem::Deep => FaultKind::TooLarge,
    })
}

/// Reads one message of a client as a gate does: strictly, and only if its method is on the allowlist.
///
/// ```
/// let ping = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
/// assert!(wpc_mcp::read_message(ping).is_ok());
/// let twice = br#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#;
/// assert_eq!(wpc_mcp::read_message(twice), Err("duplicate_key"));
/// let read = br#"{"jsonrpc":"2.0","id":1,"method":"resources/read"}"#;
/// assert_eq!(wpc_mcp::read_message(read), Err("mcp_method"));
/// ```
///
/// # Errors
///
/// The stable code of what is wrong.
pub fn read_message(bytes: &[u8]) -> Result<Json, &'static str> {
    read(bytes, Sender::Client).map_err(|fault| fault.code())
}

/// Reads JSON in which no object has a key twice.
pub(crate) fn read_json(bytes: &[u8]) -> Result<Json, &'static str> {
    strictly(bytes).map_err(|problem| match problem {
        Problem::NotJson => "it is not JSON",
        Problem::Twice => "an object has a key twice",
        Problem::Deep => "it is nested too deep",
    })
}

fn strictly(bytes: &[u8]) -> Result<Json, Problem> {
    strict::read(bytes, MAX_MESSAGE_DEPTH)
}

fn check(message: &Json, from: Sender) -> Result<(), Fault> {
    let members = match message {
        Json::Object(members) => members,
        Json::Array(_) => {
            return Err(Fault { kind: FaultKind::Batch, id: None, wants_answer: true, is_call: true });
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {
            let kind = FaultKind::NotAMessage("it is no object");
            return Err(Fault { kind, id: None, wants_answer: true, is_call: true });
        }
    };
    let (id, method) = (members.get("id"), members.get("method"));
    let known = id.and_then(id_of);
    let fault = |kind, is_call| {
        let wants_answer = id.is_some() || method.is_none();
        Fault { kind, id: known.clone(), wants_answer, is_call }
    };
    let wrong = |why| Err(fault(FaultKind::NotAMessage(why), true));
    if members.get("jsonrpc").and_then(Json::as_str) != Some("2.0") {
        return wrong("`jsonrpc` is not \"2.0\"");
    }
    if id.is_some() && known.is_none() && !is_idless_error(members) {
        return wrong("its `id` is neither a text nor a whole number");
    }
    let Some(method) = method else {
        return match (members.contains_key("result"), members.contains_key("error")) {
            (true, false) | (false, true) => Ok(()),
            _ => wrong("it has neither a `method` nor one of `result` and `error`"),
        };
    };
    let Some(method) = method.as_str() else { return wrong("its `method` is no text") };
    if !from.methods().contains(&method) {
        return Err(fault(FaultKind::Method(shown(method)), false));
    }
    if method.starts_with("notifications/") == id.is_some() {
        return wrong("a notification has no `id`, a request has one");
    }
    if method == "tools/call" {
        check_call(members).map_err(|why| fault(FaultKind::Call(why), true))
    } else {
        Ok(())
    }
}

/// An error that answers no request that could be read.
fn is_idless_error(members: &Map<String, Json>) -> bool {
    members.contains_key("error") && members.get("id") == Some(&Json::Null)
}

fn check_call(members: &Map<String, Json>) -> Result<(), &'static str> {
    let params = members.get("params").and_then(Json::as_object).ok_or("`params` is no object")?;
    params.get("name").and_then(Json::as_str).ok_or("`params.name` is no text")?;
    match params.get("arguments") {
        None | Some(Json::Object(_)) => Ok(()),
        Some(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_)) => {
            Err("`params.arguments` is no object")
        }
    }
}

/// The `id` of a message, if it has one.
pub(crate) fn id_of_message(message: &Json) -> Option<RequestId> {
    message.get("id").and_then(id_of)
}

fn id_of(id: &Json) -> Option<RequestId> {
    match id {
        Json::String(text) => Some(NumberOrString::String(text.as_str().into())),
        Json::Number(number) => number.as_i64().map(NumberOrString::Number),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A method's name as it may be repeated: short, without control characters.
fn shown(method: &str) -> String {
    method.chars().filter(|character| !character.is_control()).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let fault = read(text.as_bytes(), Sender::Client).unwrap_err();
        let id = fault.id.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        format!("{} {} {id} {} {}", fault.code(), fault.error().code.0, fault.wants_answer, fault.is_call)
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        assert_eq!(
            refused(r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#),
            "duplicate_key -32600 - true true"
        );
        assert_eq!(refused("[]"), "mcp_message -32600 - true true");
        assert_eq!(refused("{"), "not_json -32700 - true true");
        assert_eq!(refused(r#"{"jsonrpc":"2.0","id":1,"method":"ping"} {}"#), "not_json -32700 - true true");
        assert_eq!(
            refused(r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#),
            "mcp_message -32600 - true true"
        );
        assert_eq!(refused(r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#), "mcp_message -32600 1 true true");
        let deep = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{}}}"#, "[".repeat(100));
        assert_eq!(refused(&deep), "too_large -32600 - true true");
        assert_eq!(
            refused(
                r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"x","arguments":[]}}"#
            ),
            "wrong_type -32602 a true true"
        );
    }

    #[test]
    fn methods_are_an_allowlist() {
        for method in
            ["resources/read", "prompts/list", "completion/complete", "tasks/get", "server/discover", "x"]
        {
            let text = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}"}}"#);
            assert_eq!(refused(&text), "mcp_method -32601 7 true false");
        }
        assert_eq!(
            refused(r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#),
            "mcp_method -32601 - false false"
        );
        assert!(read(br#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#, Sender::Client).is_ok());
        for method in ["sampling/createMessage", "elicitation/create", "roots/list"] {
            let text = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"{method}"}}"#);
            assert!(read(text.as_bytes(), Sender::Server).is_err());
        }
    }
}
