//! The settings inside a test: when its steps happen, how often, and how they ended.

use wpc_grammar::Span;
use wpc_grammar::syntax::{Ident, Setting, TestCall};
use wpc_model::{Call, Type, Value};

use super::Checker;
use crate::testing::{Asked, Expect, Expected, Outcome, START, Step};
use crate::value::Reader;
use crate::words::one_of;
use crate::{Code, Diagnostic, shape, text};

/// What may stand between the calls of a test.
const SETTINGS: &[&str] = &["clock", "times", "outcome"];

/// Most calls that one `given` may stand for.
const MAX_TIMES: i64 = 100_000;

/// The steps of a test so far.
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) taken: Vec<Step>,
    /// The time of a step that names none: that of the step above it.
    now: i64,
    /// When the last call was.
    last: Option<(i64, Span)>,
    /// What stands directly above: settings speak of it.
    above: Above,
}

/// What a setting can speak of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Above {
    Given { times: Option<Span>, outcome: Option<Span> },
    Other,
}

impl Default for Steps {
    fn default() -> Self {
        Self { taken: Vec::new(), now: START, last: None, above: Above::Other }
    }
}

impl Steps {
    pub(super) fn given(&mut self, call: Option<Call>, at: i64, place: Span) {
        self.above = Above::Given { times: None, outcome: None };
        if let Some(call) = call {
            let asked = Asked { call, at, place };
            self.taken.push(Step::Given { asked, times: 1, outcome: Outcome::default() });
        }
    }

    pub(super) fn call(&mut self, call: Option<Call>, at: i64, place: Span) {
        self.above = Above::Other;
        if let Some(call) = call {
            self.taken.push(Step::Call(Asked { call, at, place }));
        }
    }

    pub(super) fn expect(&mut self, decision: &Ident, code: Option<&Ident>, place: Span) {
        self.above = Above::Other;
        let decision = match decision.text.as_str() {
            "allow" => Expected::Allow,
            _ => Expected::Deny(code.map(|code| code.text.clone())),
        };
        self.taken.push(Step::Expect(Expect { decision, place }));
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
            "times" => self.times(setting, steps),
            "outcome" => self.outcome(setting, steps),
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

    /// `clock "2026-01-01T09:00:00Z"`: the time of the steps below.
    fn clock(&mut self, setting: &'a Setting, steps: &mut Steps) {
        steps.above = Above::Other;
        let wanted = "a time, such as `clock \"2026-01-31T12:00:00Z\"`";
        let Some(value) = self.only_value(setting, wanted) else { return };
        let read = Reader { names: self.names, problems: self.problems }.constant(value, &Type::Time);
        if let Some(Value::Int(at)) = read {
            self.in_order_of_time(at, setting.loc.0, steps);
            steps.now = at;
        }
    }

    /// `times 200`: the `given` above happened so often.
    fn times(&mut self, setting: &'a Setting, steps: &mut Steps) {
        let Above::Given { times, outcome } = steps.above else { return self.misplaced(setting) };
        if let Some(first) = times {
            return self.repeated(setting, first);
        }
        steps.above = Above::Given { times: Some(setting.loc.0), outcome };
        let Some(value) = self.only_value(setting, "one number, such as `times 200`") else { return };
        let read = Reader { names: self.names, problems: self.problems }.constant(value, &Type::Count);
        let Some(Value::Int(count)) = read else { return };
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
        if let Some(Step::Given { times, .. }) = steps.taken.last_mut() {
            *times = count;
        }
    }

    /// `outcome failed`: how the `given` above ended.
    fn outcome(&mut self, setting: &'a Setting, steps: &mut Steps) {
        let Above::Given { times, outcome } = steps.above else { return self.misplaced(setting) };
        if let Some(first) = outcome {
            return self.repeated(setting, first);
        }
        steps.above = Above::Given { times, outcome: Some(setting.loc.0) };
        let known = [("done", Outcome::Done), ("failed", Outcome::Failed), ("unknown", Outcome::Unknown)];
        let names = known.map(|(name, _)| name);
        let Some(value) = self.only_value(setting, "one word, such as `outcome failed`") else { return };
        let word = shape::word(value).map(|word| word.text.as_str());
        let Some((_, ended)) = known.into_iter().find(|(name, _)| Some(*name) == word) else {
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
        if let Some(Step::Given { outcome, .. }) = steps.taken.last_mut() {
            *outcome = ended;
        }
    }

    /// Settings that speak of an earlier call stand directly below it.
    fn misplaced(&mut self, setting: &Setting) {
        let name = &setting.name.text;
        self.problems.report(
            Diagnostic::error(
                Code::MisplacedStep,
                setting.loc.0,
                format!("found `{name}` without a `given` above it"),
                "of what?",
            )
            .help(format!("write `{name}` directly below the `given` that it speaks of")),
        );
    }

    fn repeated(&mut self, setting: &Setting, first: Span) {
        self.problems.report(
            Diagnostic::error(
                Code::RepeatedSetting,
                setting.loc.0,
                format!("found `{}` twice", setting.name.text),
                "repeated",
            )
            .also(first, "first set here")
            .help("keep one of them"),
        );
    }
}
