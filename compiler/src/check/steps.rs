//! The settings inside a test: when its steps happen, whose they are, how often, and how they ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use wpc_grammar::Span;
use wpc_grammar::syntax::{self, Ident, Setting, TestCall};
use wpc_model::{Conforming, Field, Given, Returned, Type, Value};

use super::Checker;
use super::test::Called;
use crate::interface::Known;
use crate::testing::{Asked, Ended, Expect, Expected, START, Step};
use crate::value::Reader;
use crate::words::{describe_value, one_of};
use crate::{Code, Diagnostic, shape, text};

/// What may stand between the calls of a test.
const SETTINGS: &[&str] = &["clock", "job", "agent", "requester", "times", "outcome", "result", "approved"];

/// Most calls that one `given` may stand for.
const MAX_TIMES: i64 = 1_000_000;

/// The job and the agent of a step that names none.
const NOBODY: &str = "test";

/// The steps of a test so far.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) taken: Vec<Step>,
    /// The time of a step that names none: that of the step above it.
    now: i64,
    /// When the last step was.
    last: Option<(i64, Span)>,
    job: String,
    agent: String,
    requester: Option<String>,
    /// What stands directly above: settings speak of it.
    above: Option<Above>,
}

/// A call and what was said of it.
#[derive(Debug)]
struct Above {
    word: &'static str,
    known: Option<Arc<Known>>,
    /// The step was taken: its call is sound.
    sound: bool,
    /// Settings below it.
    said: BTreeMap<String, Span>,
    /// Where an outcome stands of which nothing came back.
    lost: Option<Span>,
}

impl Default for Steps {
    fn default() -> Self {
        Self {
            taken: Vec::new(),
            now: START,
            last: None,
            job: NOBODY.to_owned(),
            agent: NOBODY.to_owned(),
            requester: None,
            above: None,
        }
    }
}

impl Steps {
    pub(super) fn given(&mut self, read: Option<Called>, at: i64, place: Span) {
        if let Some(asked) = self.asked("given", read, at, place) {
            self.taken.push(Step::Given { asked, times: 1, ended: Ended::Done(None) });
        }
    }

    pub(super) fn call(&mut self, read: Option<Called>, at: i64, place: Span) {
        if let Some(asked) = self.asked("call", read, at, place) {
            self.taken.push(Step::Call { asked, ended: Ended::Done(None) });
        }
    }

    /// The job's input: settings below it speak of nothing.
    pub(super) fn input(&mut self, input: Option<Given>, at: i64) {
        self.above = None;
        let (job, agent) = (self.job.clone(), self.agent.clone());
        self.taken.extend(input.map(|input| Step::Input { input, at, job, agent }));
    }

    fn asked(&mut self, word: &'static str, read: Option<Called>, at: i64, place: Span) -> Option<Asked> {
        let known = read.as_ref().map(|(_, _, known)| Arc::clone(known));
        self.above = Some(Above { word, known, sound: read.is_some(), said: BTreeMap::new(), lost: None });
        let (job, agent, requester) = (self.job.clone(), self.agent.clone(), self.requester.clone());
        let (call, contents, _) = read?;
        let conforming = Conforming::default();
        Some(Asked { call, contents, conforming, at, place, job, agent, requester, signed: Vec::new() })
    }

    pub(super) fn expect(&mut self, decision: &Ident, code: Option<&Ident>, place: Span) {
        self.above = None;
        let decision = match decision.text.as_str() {
            "allow" => Expected::Allow,
            _ => Expected::Deny(code.map(|code| code.text.clone())),
        };
        self.taken.push(Step::Expect(Expect { decision, place }));
    }

    /// The step of the call above, if that call is sound.
    pub(super) fn step(&mut self) -> Option<&mut Step> {
        self.above.as_ref().filter(|above| above.sound)?;
        self.taken.last_mut()
    }
}

impl<'a> Checker<'_, 'a, '_> {
    /// When a call of a test happens: never before the one above it.
    pub(super) fn at(&mut self, call: &TestCall, steps: &mut Steps) -> i64 {
        let (at, place) = match &call.at {
            None => (steps.now, call.loc.0),
            Some(at) => match text::time(&at.value) {
                Ok(time) => (time, at.loc.0),
                Err(fault) => {
                    self.problems.report(fault.at(at.loc.0));
                    return steps.now;
                }
            },
        };
        self.in_order_of_time(at, place, steps);
        steps.now = at;
        at
    }

    fn in_order_of_time(&mut self, at: i64, place: Span, steps: &mut Steps) {
        if let Some((last, above)) = steps.last
            && at < last
        {
            self.problems.report(
                Diagnostic::error(
                    Code::StepOutOfTime,
                    place,
                    format!(
                        "found a step at `{}`, expected `{}` or later",
                        wpc_model::instant_text(at),
                        wpc_model::instant_text(last)
                    ),
                    "before the step above it",
                )
                .also(above, "this is later")
                .help("write the steps in the order in which they happen"),
            );
            return;
        }
        steps.last = Some((at, place));
    }

    /// A setting between the calls.
    pub(super) fn step_setting(&mut self, setting: &'a Setting, steps: &mut Steps) {
        match setting.name.text.as_str() {
            "clock" => self.clock(setting, steps),
            "job" => {
                if let Some(name) = self.name_of(setting, steps) {
                    steps.job = name;
                }
            }
            "agent" => {
                if let Some(name) = self.name_of(setting, steps) {
                    steps.agent = name;
                }
            }
            "requester" => {
                steps.above = None;
                if let Some(value) =
                    self.only_value(setting, "a person, such as `requester did(\"did:key:…\")`")
                    && let Some(Value::Text(did)) = self.read(value, &Type::Did)
                {
                    steps.requester = Some(did);
                }
            }
            "times" if self.speaks_of(setting, &["given"], steps) => self.times(setting, steps),
            "outcome" if self.speaks_of(setting, &["given", "call"], steps) => self.outcome(setting, steps),
            "result" if self.speaks_of(setting, &["given", "call"], steps) => self.result(setting, steps),
            "approved" if self.speaks_of(setting, &["call"], steps) => self.approved_by(setting, steps),
            "times" | "outcome" | "result" | "approved" => {}
            name => {
                let near = self.problems.nearest(name, SETTINGS.iter().copied());
                let known = one_of(SETTINGS.iter().copied());
                self.problems.report(
                    Diagnostic::error(
                        Code::UnknownSetting,
                        setting.name.loc.0,
                        format!("found unknown setting `{name}` in a test"),
                        "no such setting here",
                    )
                    .help(near.unwrap_or_else(|| format!("use {known}, `given`, `call` or `expect`"))),
                );
            }
        }
    }

    pub(super) fn read(&mut self, value: &'a syntax::Value, ty: &Type) -> Option<Value> {
        Reader::new(self.names, self.problems).constant(value, ty)
    }

    /// Whether the setting stands directly below one of these steps and was not said of it before;
    /// reports it otherwise.
    fn speaks_of(&mut self, setting: &Setting, words: &[&'static str], steps: &mut Steps) -> bool {
        let name = &setting.name.text;
        let Some(above) = steps.above.as_mut().filter(|above| words.contains(&above.word)) else {
            let of = one_of(words.iter().copied());
            self.problems.report(
                Diagnostic::error(
                    Code::MisplacedStep,
                    setting.loc.0,
                    format!("found `{name}` without a {of} above it"),
                    "of what?",
                )
                .help(format!("write `{name}` directly below the {of} that it speaks of")),
            );
            return false;
        };
        if let Some(first) = above.said.insert(name.clone(), setting.loc.0) {
            self.problems.report(
                Diagnostic::error(
                    Code::RepeatedSetting,
                    setting.loc.0,
                    format!("found `{name}` twice"),
                    "repeated",
                )
                .also(first, "first set here")
                .help("keep one of them"),
            );
            return false;
        }
        true
    }

    /// `job "other"`, `agent "other"`: whose the steps below are.
    fn name_of(&mut self, setting: &'a Setting, steps: &mut Steps) -> Option<String> {
        steps.above = None;
        let wanted = format!("one name, such as `{} \"other\"`", setting.name.text);
        let value = self.only_value(setting, &wanted)?;
        let Value::Text(name) = self.read(value, &Type::Text)? else { return None };
        Some(name)
    }

    /// `clock "2026-01-01T09:00:00Z"`: the time of the steps below.
    fn clock(&mut self, setting: &'a Setting, steps: &mut Steps) {
        steps.above = None;
        let wanted = "a time, such as `clock \"2026-01-31T12:00:00Z\"`";
        let Some(value) = self.only_value(setting, wanted) else { return };
        if let Some(Value::Int(at)) = self.read(value, &Type::Time) {
            self.in_order_of_time(at, setting.loc.0, steps);
            steps.now = at;
        }
    }

    /// `times 200`: the `given` above happened so often.
    fn times(&mut self, setting: &'a Setting, steps: &mut Steps) {
        let Some(value) = self.only_value(setting, "one number, such as `times 200`") else { return };
        let Some(Value::Int(count)) = self.read(value, &Type::Count) else { return };
        let fits = u32::try_from(count).ok().filter(|_| (1..=MAX_TIMES).contains(&count));
        let Some(count) = fits else {
            self.problems.report(
                Diagnostic::error(
                    Code::OutOfRange,
                    value.loc().0,
                    format!("found `times {count}`, expected 1 to {MAX_TIMES}"),
                    "out of range",
                )
                .help("say how many earlier calls there were"),
            );
            return;
        };
        if let Some(Step::Given { times, .. }) = steps.step() {
            *times = count;
        }
    }

    /// `outcome failed`: how the call above ended.
    fn outcome(&mut self, setting: &'a Setting, steps: &mut Steps) {
        let known = [("done", None), ("failed", Some(Ended::Failed)), ("unknown", Some(Ended::Unknown))];
        let names = ["done", "failed", "unknown"];
        let Some(value) = self.only_value(setting, "one word, such as `outcome failed`") else { return };
        let word = shape::word(value).map(|word| word.text.as_str());
        let Some((_, outcome)) = known.into_iter().find(|(name, _)| Some(*name) == word) else {
            let near = word.and_then(|word| self.problems.nearest(word, names));
            let expected = one_of(names);
            self.problems.report(
                Diagnostic::error(
                    Code::UnknownSetting,
                    value.loc().0,
                    format!("found something else after `outcome`, expected {expected}"),
                    "no such outcome",
                )
                .help(near.unwrap_or_else(|| format!("use {expected}"))),
            );
            return;
        };
        // `done` is how every call ends of which nothing else is said.
        let Some(outcome) = outcome else { return };
        let above = steps.above.as_mut();
        let result = above.and_then(|above| {
            above.lost = Some(setting.loc.0);
            above.said.get("result").copied()
        });
        self.one_end(setting.loc.0, result);
        if let Some(Step::Given { ended, .. } | Step::Call { ended, .. }) = steps.step() {
            *ended = outcome;
        }
    }

    /// `result { revision: "r7" }`: what the call above returned.
    fn result(&mut self, setting: &'a Setting, steps: &mut Steps) {
        let wanted = "what came back, such as `result { name: \"value\" }`";
        let Some(value) = self.only_value(setting, wanted) else { return };
        let syntax::Value::Object(pairs, loc) = value else {
            self.problems.report(
                Diagnostic::error(
                    Code::WrongType,
                    value.loc().0,
                    format!("found {}, expected {wanted}", describe_value(value)),
                    "not what an action returns",
                )
                .help("write the fields of the result between braces"),
            );
            return;
        };
        let known = steps.above.as_ref().and_then(|above| above.known.clone());
        let Some((known, Step::Given { asked, ended, .. } | Step::Call { asked, ended })) =
            known.zip(steps.step())
        else {
            return;
        };
        let interface = known.interface();
        let Some(action) = interface.actions.get(&asked.call.action) else { return };
        let field = |returned: &Returned| Field {
            ty: returned.ty.clone(),
            optional: returned.optional,
            measured: false,
            sealed: false,
            must_state: false,
        };
        let fields = action.results.iter().map(|(name, returned)| (name.clone(), field(returned))).collect();
        let mut reader = Reader::new(self.names, self.problems);
        if let Some(result) = reader.fields(pairs, loc.0, &fields, &asked.call.action, interface) {
            *ended = Ended::Done(Some(result));
        }
        self.one_end(setting.loc.0, steps.above.as_ref().and_then(|above| above.lost));
    }

    /// A call that did not end well returned nothing.
    fn one_end(&mut self, here: Span, there: Option<Span>) {
        let Some(there) = there else { return };
        self.problems.report(
            Diagnostic::error(
                Code::RepeatedSetting,
                here,
                "found `result` beside an `outcome` of a call that returned nothing",
                "contradictory",
            )
            .also(there, "the other one")
            .help("keep one of them"),
        );
    }
}
