//! What a job did before: `--history FILE`, a JSON list of earlier calls.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value as Json};
use wpc_model::{Call, Ending, Given, Malformed, Measured, Past, Policy, Who, parse_instant};

use crate::failure::Failure;
use crate::input;

/// 2026-01-01T00:00:00Z, where nothing says another time.
const START: i64 = 1_767_225_600_000;

/// Whose calls those are that name nobody, and who asks.
const ME: Who<'static> = Who { job: "job", agent: "agent" };

/// Most calls that one entry may stand for, as in tests.
const MAX_TIMES: u32 = 1_000_000;

/// Members of one entry.
const MEMBERS: &[&str] = &["call", "input", "at", "times", "outcome", "result", "job", "agent"];

/// A job at the moment of the question.
#[derive(Debug)]
pub(super) struct History {
    pub(super) past: Past,
    /// Unix milliseconds.
    pub(super) now: i64,
}

impl History {
    /// The history in `file`, or none, at the time `at`; without one, at that of the last call.
    pub(super) fn read(policy: &Policy, file: Option<&Path>, at: Option<i64>) -> Result<Self, Failure> {
        let mut history = Self { past: Past::new(), now: START };
        if let Some(file) = file {
            history.add(policy, file).map_err(|failure| failure.file(file))?;
        }
        match at {
            Some(at) if at < history.now && file.is_some() => {
                Err(Failure::environment("usage", "`--at` is before the last call of the history")
                    .help("name the time of the question"))
            }
            Some(at) => Ok(Self { now: at, ..history }),
            None => Ok(history),
        }
    }

    /// The job that asks.
    pub(super) fn who(&self) -> Who<'static> {
        ME
    }

    fn add(&mut self, policy: &Policy, file: &Path) -> Result<(), Failure> {
        let bytes = input::bytes(file, "history", input::MAX_ARTIFACT_BYTES)?;
        let entries: Vec<Map<String, Json>> = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::no("not_json", "the history is not a JSON list of objects")
                .help("write `[{\"call\":{…},\"at\":\"2026-01-31T12:00:00Z\"}]`")
                .cause(&error)
        })?;
        let mut first = true;
        for (index, entry) in entries.iter().enumerate() {
            let place = format!("entry {}", index.saturating_add(1));
            self.entry(policy, entry, first)
                .map_err(|wrong| Failure::no(wrong.code, format!("{place}: {}", wrong.text)).help(HELP))?;
            first = false;
        }
        Ok(())
    }

    /// `{"input": {…}}`: what the job was asked to do.
    fn input(
        &mut self,
        policy: &Policy,
        who: Who<'_>,
        entry: &Map<String, Json>,
        input: &Json,
    ) -> Result<(), Wrong> {
        let of_calls = ["call", "times", "outcome", "result"];
        if let Some(name) = of_calls.into_iter().find(|name| entry.contains_key(*name)) {
            return Err(Wrong::new("unknown_member", format!("`{name}` beside `input`")));
        }
        let input = Given::from_json(input.to_string().as_bytes()).map_err(malformed)?;
        let added = self.past.input(policy, who, self.now, &input);
        added.map_err(|_| Wrong::new("out_of_range", "`input` has more values than a job may remember"))
    }

    fn entry(&mut self, policy: &Policy, entry: &Map<String, Json>, first: bool) -> Result<(), Wrong> {
        if let Some(name) = entry.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(Wrong::new("unknown_member", format!("`{name}` is not known")));
        }
        if let Some(at) = text(entry, "at")? {
            let at =
                parse_instant(at).ok_or_else(|| Wrong::new("wrong_type", "`at` is not a time in UTC"))?;
            if at < self.now && !first {
                return Err(Wrong::new("out_of_range", "`at` is before the entry above it"));
            }
            self.now = at;
        }
        let job = text(entry, "job")?.unwrap_or(ME.job);
        let who = Who { job, agent: text(entry, "agent")?.unwrap_or(ME.agent) };
        if let Some(input) = entry.get("input") {
            return self.input(policy, who, entry, input);
        }
        let call = entry.get("call").ok_or_else(|| Wrong::new("missing_member", "has no `call`"))?;
        let call =
            Call::from_json(call.to_string().as_bytes(), policy, Measured::Accept).map_err(malformed)?;
        let times = match entry.get("times") {
            None => 1,
            Some(times) => times
                .as_u64()
                .and_then(|times| u32::try_from(times).ok())
                .filter(|times| (1..=MAX_TIMES).contains(times))
                .ok_or_else(|| Wrong::new("out_of_range", format!("`times` is not 1 to {MAX_TIMES}")))?,
        };
        let result = match entry.get("result") {
            None => BTreeMap::new(),
            Some(result) => {
                policy.result_from_json(&call, result.to_string().as_bytes()).map_err(malformed)?
            }
        };
        let ended = match text(entry, "outcome")?.unwrap_or("done") {
            "done" => Ending::Done(&result),
            "failed" => Ending::Failed,
            "unknown" => Ending::Unknown,
            _ => return Err(Wrong::new("bad_choice", "`outcome` is none of `done`, `failed`, `unknown`")),
        };
        self.past
            .happened(policy, who, self.now, &call, times, ended)
            .map_err(|_| Wrong::new("undecided", "what the call charges cannot be counted"))
    }
}

const HELP: &str = "an entry has a `call` and maybe `at`, `times`, `outcome`, `result`, `job`, `agent`; \
                    or the job's `input`";

fn malformed(wrong: Malformed) -> Wrong {
    Wrong::new(wrong.code.code(), format!("{}: {}", wrong.path, wrong.message))
}

/// What is wrong with an entry.
#[derive(Debug)]
struct Wrong {
    code: &'static str,
    text: String,
}

impl Wrong {
    fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into() }
    }
}

fn text<'e>(entry: &'e Map<String, Json>, name: &str) -> Result<Option<&'e str>, Wrong> {
    match entry.get(name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(Wrong::new("wrong_type", format!("`{name}` is not a text"))),
    }
}

/// `--at TIME`.
pub(super) fn instant(text: &str) -> Result<i64, &'static str> {
    parse_instant(text).ok_or("expected a time in UTC, such as 2026-01-31T12:00:00Z")
}
