//! What the demo says, and whether it went as it must.

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use wpc::Refused;
use wpc_compiler::Compiled;

use crate::console::Console;
use wpc_viewer::plain;
use wpc_viewer::words;

const HEAD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
/// Width of what was found, in characters: the longest code.
const FOUND: usize = 20;

/// Says every step as it happens and keeps what was expected beside what was found.
#[derive(Debug)]
pub(super) struct Script<'c> {
    console: &'c mut Console,
    steps: Vec<Value>,
    chapter: u32,
    missed: usize,
}

impl<'c> Script<'c> {
    pub(super) fn new(console: &'c mut Console) -> Self {
        Self { console, steps: Vec::new(), chapter: 0, missed: 0 }
    }

    /// Begins a part of the demo.
    pub(super) fn chapter(&mut self, title: &str) {
        self.chapter = self.chapter.saturating_add(1);
        self.console.say(format!("\n{HEAD}{}. {title}{HEAD:#}", self.chapter));
    }

    /// Says something that is not tested.
    pub(super) fn say(&mut self, text: impl std::fmt::Display) {
        self.console.say(text);
    }

    /// Says what was done, and whether it is what was expected.
    pub(super) fn expect(&mut self, step: &str, expected: &str, found: &str) {
        self.step(step, expected, found, "");
    }

    /// As [`Script::expect`], for yes or no.
    pub(super) fn holds(&mut self, step: &str, holds: bool) {
        self.step(step, "yes", if holds { "yes" } else { "no" }, "");
    }

    /// Says how a call was refused: its code, then what an operator is told about the rule.
    pub(super) fn refused<T>(
        &mut self,
        step: &str,
        expected: &str,
        result: &Result<T, Refused>,
        policy: &Compiled,
    ) {
        match result {
            Ok(_) => self.step(step, expected, "allowed", ""),
            Err(refused) => self.step(step, expected, refused.code(), &for_operators(refused, policy)),
        }
    }

    fn step(&mut self, step: &str, expected: &str, found: &str, detail: &str) {
        let ok = expected == found;
        let (said, shown) = (plain(step), plain(found));
        if ok {
            self.console.say(format!("  {GOOD}ok{GOOD:#}  {shown:<FOUND$}  {said}"));
        } else {
            self.missed = self.missed.saturating_add(1);
            self.console.say(format!("  {BAD}no{BAD:#}  {shown:<FOUND$}  {said}: expected {expected}"));
        }
        if !detail.is_empty() {
            self.console.say(format!("      {:FOUND$}  {DIM}{}{DIM:#}", "", plain(detail)));
        }
        self.steps.push(json!({
            "chapter": self.chapter, "step": step, "expected": expected, "found": found, "detail": detail, "ok": ok,
        }));
    }

    /// How many steps went otherwise than expected, and all of them.
    pub(super) fn end(self) -> (usize, Vec<Value>) {
        (self.missed, self.steps)
    }
}

/// What an operator is told: the rule as it was written, its first condition that is not true, when a
/// limit frees up, or what is wrong with something that is not a call.
fn for_operators(refused: &Refused, Compiled { policy, map, .. }: &Compiled) -> String {
    let detail = refused.detail();
    if let Some(cause) = &detail.cause {
        let code = format!("{}: ", refused.code());
        return cause.strip_prefix(&code).unwrap_or(cause).to_owned();
    }
    let Some((rule, origin)) = detail.rule.and_then(|rule| Some((rule, map.origins.get(&rule)?))) else {
        return "no allow speaks of it".to_owned();
    };
    let mut text = format!("{}:{} {}", map.source, origin.line, origin.text);
    let tool = detail.tool.as_ref().and_then(|tool| policy.tools.get(tool));
    let near = tool.and_then(|tool| Some((tool, tool.allow.iter().find(|allow| allow.id == rule)?)));
    if let Some((tool, allow)) = near {
        let index = detail.condition_index.and_then(|index| usize::try_from(index).ok());
        match index.and_then(|index| allow.conditions.get(index)) {
            Some(condition) => {
                let line = origin.line_of(condition);
                let words = words::condition(tool, detail.action.as_deref(), condition);
                text.push_str(&format!(", line {}: {words}", line.unwrap_or(origin.line)));
            }
            None => text.push_str(", but the name differs in letter case"),
        }
    }
    if let Some(frees_at) = detail.frees_at {
        text.push_str(&format!(", frees up at {}", wpc_model::instant_text(frees_at)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Format;

    #[test]
    fn a_step_that_goes_otherwise_is_counted() {
        let mut console = Console::new(Format::Json, false);
        let mut script = Script::new(&mut console);
        script.chapter("one");
        script.expect("a send", "accepted", "accepted");
        script.expect("a send", "accepted", "rejected");
        script.holds("it holds", false);
        let (missed, steps) = script.end();
        assert_eq!((missed, steps.len()), (2, 3));
        assert_eq!((&steps[1]["found"], &steps[1]["ok"]), (&json!("rejected"), &json!(false)));
    }
}
