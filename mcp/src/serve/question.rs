//! Whether a call would begin now, asked over HTTP by whoever stands before the agent's calls.
//!
//! ```text
//! POST /ask {"tool", "arguments", "stamp"} ─▶ read as `tools/call` is ─▶ gate.ask ─▶ {"decision": …}
//!                                                                           └─▶ one line of the log
//! ```
//!
//! The stamp is what an agent's host says of itself: logged, not believed. Job and agent come from the token.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value as Json};
use wpc::{DynamicGate, JobId, MAX_DENIALS_PER_SECOND, Refused};
use wpc_model::{Malformed, MalformedCode};

use super::refusal;
use crate::import::text::is_hidden;
use crate::wire::{self, FaultKind, Sender};

/// The last part of the path at which questions are asked.
const DOOR: &str = "ask";
/// The code of one question too many.
pub(super) const TOO_MANY: &str = "too_many_questions";
/// Longest member of a stamp, in bytes.
const MAX_STAMP_BYTES: usize = 256;
/// How much of a tool's name is logged.
const MAX_SHOWN: usize = 128;

/// Where calls of the MCP server at `url` can be asked about: beside it. `None` if `url` has no path that another one
/// could be beside.
///
/// ```
/// use wpc_mcp::ask_url;
/// assert_eq!(ask_url("http://127.0.0.1:8128/mcp").unwrap(), "http://127.0.0.1:8128/ask");
/// assert_eq!(ask_url("https://gate.example/desk/mcp").unwrap(), "https://gate.example/desk/ask");
/// assert_eq!(ask_url("https://gate.example").unwrap(), "https://gate.example/ask");
/// assert!(ask_url("https://gate.example/ask").is_none() && ask_url("gate").is_none());
/// ```
#[must_use]
pub fn ask_url(url: &str) -> Option<String> {
    let url = url.split(['?', '#']).next()?;
    let (scheme, rest) = url.split_once("://")?;
    let beside = match rest.rsplit_once('/') {
        Some((beside, last)) if last != DOOR => beside,
        Some(_) => return None,
        None => rest,
    };
    (!beside.is_empty()).then(|| format!("{scheme}://{beside}/{DOOR}"))
}

/// Whether a request to this path asks. Whatever stands before the gate may have changed the rest of the path.
pub(super) fn is_asked_at(path: &str) -> bool {
    path.rsplit('/').next() == Some(DOOR)
}

/// A cap on questions: one that is allowed is nowhere but in the log, which an agent that asks in a loop must not fill.
#[derive(Debug, Default)]
pub(super) struct Rate(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// The second that is counted.
    second: u64,
    jobs: HashMap<JobId, u32>,
}

impl Rate {
    /// Counts a question of a job in a second.
    ///
    /// # Errors
    ///
    /// Past the cap: whether it is the first of this second, so that one line says so.
    pub(super) fn take(&self, job: &JobId, second: u64) -> Result<(), bool> {
        // Counting cannot be left half done.
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.second != second {
            *counted = Counted { second, jobs: HashMap::new() };
        }
        let asked = counted.jobs.entry(job.clone()).or_default();
        *asked = asked.saturating_add(1);
        if *asked <= MAX_DENIALS_PER_SECOND {
            return Ok(());
        }
        Err(*asked == MAX_DENIALS_PER_SECOND.saturating_add(1))
    }
}

/// What is asked.
#[derive(Debug, PartialEq)]
pub(super) struct Question {
    /// The tool, as the gate offers it.
    pub(super) tool: String,
    /// Its arguments.
    pub(super) arguments: Map<String, Json>,
    /// Who says to ask.
    pub(super) stamp: Stamp,
}

/// What an agent's host says of a call. Nothing depends on it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stamp {
    agent: Option<String>,
    session: Option<String>,
    run: Option<String>,
    call: Option<String>,
}

impl Question {
    /// Reads a question.
    ///
    /// # Errors
    ///
    /// [`Malformed`] with the first thing that is wrong, and where.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut members = match wire::json(bytes, Sender::Client) {
            Ok(Json::Object(members)) => members,
            Ok(_) => return Err(wrong(MalformedCode::WrongType, "$", "is not an object")),
            Err(fault) => {
                let code = match fault {
                    FaultKind::TooLarge => MalformedCode::TooLarge,
                    FaultKind::DuplicateKey => MalformedCode::DuplicateKey,
                    FaultKind::NotJson
                    | FaultKind::Batch
                    | FaultKind::NotAMessage(_)
                    | FaultKind::Method(_)
                    | FaultKind::Call(_) => MalformedCode::NotJson,
                };
                return Err(wrong(code, "$", "cannot be read"));
            }
        };
        let tool = match members.remove("tool") {
            Some(Json::String(tool)) => tool,
            Some(_) => return Err(wrong(MalformedCode::WrongType, "$.tool", "is not a text")),
            None => return Err(wrong(MalformedCode::MissingMember, "$.tool", "is missing")),
        };
        let arguments = match members.remove("arguments") {
            None => Map::new(),
            Some(Json::Object(arguments)) => arguments,
            Some(_) => return Err(wrong(MalformedCode::WrongType, "$.arguments", "is not an object")),
        };
        let stamp = match members.remove("stamp") {
            None => Stamp::default(),
            Some(Json::Object(stamp)) => Stamp::read(stamp)?,
            Some(_) => return Err(wrong(MalformedCode::WrongType, "$.stamp", "is not an object")),
        };
        // What it is called is not repeated.
        if !members.is_empty() {
            return Err(wrong(MalformedCode::UnknownMember, "$", "has a member that questions do not have"));
        }
        Ok(Self { tool, arguments, stamp })
    }

    /// What is longer than a question may be.
    pub(super) fn too_large() -> Malformed {
        wrong(MalformedCode::TooLarge, "$", "cannot be read")
    }
}

impl Stamp {
    fn read(mut members: Map<String, Json>) -> Result<Self, Malformed> {
        let mut take = |name: &str, path: &str| match members.remove(name) {
            None => Ok(None),
            Some(Json::String(text)) if text.len() > MAX_STAMP_BYTES => {
                Err(wrong(MalformedCode::TooLarge, path, "is too long"))
            }
            // Whoever reads the log sees what is there.
            Some(Json::String(text)) if text.chars().any(|one| one.is_control() || is_hidden(one)) => {
                Err(wrong(MalformedCode::BadName, path, "has characters that are not seen"))
            }
            Some(Json::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong(MalformedCode::WrongType, path, "is not a text")),
        };
        let stamp = Self {
            agent: take("agent", "$.stamp.agent")?,
            session: take("session", "$.stamp.session")?,
            run: take("run", "$.stamp.run")?,
            call: take("call", "$.stamp.call")?,
        };
        if !members.is_empty() {
            return Err(wrong(
                MalformedCode::UnknownMember,
                "$.stamp",
                "has a member that stamps do not have",
            ));
        }
        Ok(stamp)
    }
}

/// Reads what is asked at `/ask` as a gate does, and answers the whole of what it took.
///
/// ```
/// let asked = br#"{"tool":"send","arguments":{"n":1},"stamp":{"agent":"billing"}}"#;
/// assert_eq!(wpc_mcp::read_question(asked), Ok(serde_json::from_slice(asked).unwrap()));
/// assert_eq!(wpc_mcp::read_question(br#"{"tool":"send","more":1}"#), Err("unknown_member"));
/// ```
///
/// # Errors
///
/// The stable code of what is wrong.
pub fn read_question(bytes: &[u8]) -> Result<Json, &'static str> {
    let Question { tool, arguments, stamp } =
        Question::read(bytes).map_err(|malformed| malformed.code.code())?;
    let said = [("agent", stamp.agent), ("session", stamp.session), ("run", stamp.run), ("call", stamp.call)];
    let stamp: Map<String, Json> =
        said.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Json::String(text?)))).collect();
    Ok(serde_json::json!({ "tool": tool, "arguments": arguments, "stamp": stamp }))
}

/// The answer, as its body says it: to be refused now, or not.
pub(super) fn answer(told: &Result<(), Refused>) -> Json {
    match told {
        Ok(()) => serde_json::json!({ "decision": "allow" }),
        Err(refused) => serde_json::json!({
            "decision": "deny", "code": refused.code(), "message": refusal::text(refused),
        }),
    }
}

/// One line of a question: an allowed one is nowhere else. Never its arguments.
pub(super) fn log(gate: &DynamicGate, tool: &str, stamp: &Stamp, told: &Result<(), Refused>) {
    let seen = |one: &char| !one.is_control() && !is_hidden(*one);
    let tool: String = tool.chars().filter(seen).take(MAX_SHOWN).collect();
    let refused = told.as_ref().err();
    let call = refused.and_then(|refused| refused.detail().call.as_ref()).map(ToString::to_string);
    tracing::info!(
        job = %gate.job(),
        policy = %gate.policy_hash(),
        tool,
        decision = if refused.is_none() { "allow" } else { "deny" },
        code = refused.map(Refused::code),
        call,
        claimed_agent = stamp.agent,
        claimed_session = stamp.session,
        claimed_run = stamp.run,
        claimed_call = stamp.call,
        "a call was asked about"
    );
}

/// One line of a second in which a job asked too much.
pub(super) fn log_too_many(gate: &DynamicGate) {
    tracing::warn!(job = %gate.job(), policy = %gate.policy_hash(), code = TOO_MANY, "questions are not answered");
}

/// One line of what is no question.
pub(super) fn log_malformed(gate: &DynamicGate, code: &str) {
    tracing::info!(job = %gate.job(), policy = %gate.policy_hash(), code, "a question could not be read");
}

fn wrong(code: MalformedCode, path: &str, message: &str) -> Malformed {
    Malformed { code, path: path.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str) -> String {
        let malformed = Question::read(text.as_bytes()).unwrap_err();
        format!("{} {}", malformed.code.code(), malformed.path)
    }

    #[test]
    fn a_question_is_read_strictly() {
        let read =
            Question::read(br#"{"tool":"send","arguments":{"a":1},"stamp":{"agent":"billing"}}"#).unwrap();
        assert_eq!((read.tool.as_str(), read.stamp.agent.as_deref()), ("send", Some("billing")));
        assert_eq!(Question::read(br#"{"tool":""}"#).unwrap().arguments, Map::new());
        for (text, expect) in [
            ("", "not_json $"),
            ("{} {}", "not_json $"),
            ("[]", "wrong_type $"),
            ("{}", "missing_member $.tool"),
            (r#"{"tool":"a","tool":"b"}"#, "duplicate_key $"),
            (r#"{"tool":"a","arguments":{"x":{"y":1,"y":2}}}"#, "duplicate_key $"),
            (r#"{"tool":1}"#, "wrong_type $.tool"),
            (r#"{"tool":"a","arguments":null}"#, "wrong_type $.arguments"),
            (r#"{"tool":"a","arguments":[]}"#, "wrong_type $.arguments"),
            (r#"{"tool":"a","more":1}"#, "unknown_member $"),
            (r#"{"tool":"a","stamp":"billing"}"#, "wrong_type $.stamp"),
            (r#"{"tool":"a","stamp":{"agent":1}}"#, "wrong_type $.stamp.agent"),
            (r#"{"tool":"a","stamp":{"user":"x"}}"#, "unknown_member $.stamp"),
            (r#"{"tool":"a","stamp":{"run":"a\nb"}}"#, "bad_name $.stamp.run"),
            (r#"{"tool":"a","stamp":{"run":"a\u202eb"}}"#, "bad_name $.stamp.run"),
        ] {
            assert_eq!(refused(text), expect, "{text}");
        }
        let stamped =
            |length: usize| format!(r#"{{"tool":"a","stamp":{{"session":"{}"}}}}"#, "s".repeat(length));
        assert!(Question::read(stamped(MAX_STAMP_BYTES).as_bytes()).is_ok());
        assert_eq!(refused(&stamped(MAX_STAMP_BYTES + 1)), "too_large $.stamp.session");
        let deep = format!(r#"{{"tool":"a","arguments":{{"x":{}}}}}"#, "[".repeat(100));
        assert_eq!(refused(&deep), "too_large $");
    }

    #[test]
    fn a_job_asks_so_often_in_a_second_and_keeps_no_other_from_asking() {
        let (rate, one, other) =
            (Rate::default(), JobId::parse("one").unwrap(), JobId::parse("other").unwrap());
        for _ in 0..MAX_DENIALS_PER_SECOND {
            assert_eq!(rate.take(&one, 7), Ok(()));
        }
        assert_eq!(
            [rate.take(&one, 7), rate.take(&one, 7), rate.take(&other, 7)],
            [Err(true), Err(false), Ok(())]
        );
        assert_eq!(rate.take(&one, 8), Ok(()));
    }

    #[test]
    fn questions_are_asked_beside_the_server() {
        for (path, expect) in
            [("/ask", true), ("/desk/ask", true), ("/mcp", false), ("/ask/", false), ("/task", false)]
        {
            assert_eq!(is_asked_at(path), expect, "{path}");
        }
        assert_eq!(ask_url("https://gate.example/desk/mcp?x=/y#z").unwrap(), "https://gate.example/desk/ask");
        assert_eq!(ask_url("https://gate.example/desk/").unwrap(), "https://gate.example/desk/ask");
        assert_eq!(ask_url("https:///mcp"), None);
    }
}
