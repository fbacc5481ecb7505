//! The commonest rules, read by hand.
//!
//! A policy may have a hundred thousand rules, and nearly all of them are one form: an `allow` or
//! `deny` of named actions on named resources, under plain conditions. [`rule`] reads that form alone,
//! ten times faster than pest does, and gives the tree that pest would give, or nothing: whatever it
//! does not know, errors included, is left to the grammar. `tests.rs` holds the two against each other.

use super::{Reader, values};
use crate::literal::{RESERVED, is_letter, is_place, is_unit, not_an_action};
use crate::syntax::{
    ActionRef, Check, Compare, Condition, Conditions, Entry, EntryKind, Ident, Path, Quantity, ResourceRef,
    Slot, SlotKind, Statement, Step, Target, Text, Value,
};
use crate::{Loc, Span};

impl Reader<'_> {
    /// The rules that follow, as far as they have the common form.
    pub(super) fn quick_rules(&mut self, entries: &mut Vec<Entry>) {
        let mut line = Line { text: self.text, at: self.at, base: self.base };
        while let Some(entry) = line.rule() {
            entries.push(entry);
            self.at = line.at;
        }
    }
}

/// A place in the text. Every reader moves it, also where it returns `None`: then the whole line is
/// left to the grammar.
struct Line<'i> {
    text: &'i str,
    at: usize,
    /// Offset of the text's first byte.
    base: u32,
}

impl<'i> Line<'i> {
    /// A whole rule, up to the line break behind it.
    fn rule(&mut self) -> Option<Entry> {
        self.gap()?;
        let start = self.at;
        let keyword = self.word()?;
        if !matches!(keyword, "allow" | "deny") {
            return None;
        }
        let (actions, mut end) = self.actions()?;
        let mut next = self.peek_word();
        let mut target = None;
        if next.is_some_and(is_place) {
            let found = self.target()?;
            end = found.1;
            target = Some(found.0);
            next = self.peek_word();
        }
        let mut when = None;
        if next == Some("when") {
            self.word()?;
            self.blank()?;
            let found = self.block()?;
            end = self.at;
            when = Some(found);
        }
        // A `;` may have a `///` behind it, a `}` closes: both are the grammar's.
        self.blank()?;
        self.take("\n")?;
        self.at -= 1;
        let statement = if keyword == "allow" {
            Statement::Allow { actions, target, when }
        } else {
            Statement::Deny { actions: Some(actions), target, when }
        };
        let loc = self.loc(start, end);
        Some(Entry { docs: Vec::new(), label: None, kind: EntryKind::Statement(statement), loc })
    }

    /// `send, receive`, and where the last one ends.
    fn actions(&mut self) -> Option<(Vec<ActionRef>, usize)> {
        let mut actions = Vec::with_capacity(1);
        loop {
            self.blank()?;
            let action = self.act()?;
            actions.push(ActionRef { tool: None, loc: action.loc, action });
            let end = self.at;
            self.blank()?;
            if self.take(",").is_none() {
                return (self.byte() != Some(b'.')).then_some((actions, end));
            }
        }
    }

    /// `to queue("a"), queue("b")`, and where it ends.
    fn target(&mut self) -> Option<(Target, usize)> {
        let start = self.at;
        let preposition = self.word().map(|word| self.ident(word))?;
        let mut resources = Vec::with_capacity(1);
        loop {
            self.blank()?;
            resources.push(self.resource()?);
            let end = self.at;
            self.blank()?;
            if self.take(",").is_none() {
                return Some((Target { preposition, resources, loc: self.loc(start, end) }, end));
            }
        }
    }

    fn resource(&mut self) -> Option<ResourceRef> {
        let start = self.at;
        let kind = self.act()?;
        self.blank()?;
        self.take("(")?;
        let mut slots = Vec::with_capacity(1);
        loop {
            self.blank()?;
            slots.push(self.slot()?);
            self.blank()?;
            if self.take(",").is_none() {
                self.take(")")?;
                return Some(ResourceRef::Named { kind, slots, loc: self.loc(start, self.at) });
            }
        }
    }

    /// `"a"` or `like "a-*"`.
    fn slot(&mut self) -> Option<Slot> {
        let start = self.at;
        let like = self.byte() != Some(b'"');
        if like {
            self.word().filter(|word| *word == "like")?;
            self.blank()?;
        }
        let text = self.string()?;
        let kind = if like { SlotKind::Like(text) } else { SlotKind::Value(Value::Text(text)) };
        Some(Slot { name: None, kind, loc: self.loc(start, self.at) })
    }

    /// `{ condition; condition }`.
    fn block(&mut self) -> Option<Conditions> {
        let start = self.at;
        self.take("{")?;
        let mut conditions = Vec::new();
        loop {
            self.gap()?;
            if self.take("}").is_some() {
                conditions.shrink_to_fit();
                return Some(Conditions::Block { conditions, loc: self.loc(start, self.at) });
            }
            conditions.push(self.condition()?);
            self.blank()?;
            if !matches!(self.byte()?, b'\n' | b';' | b'}') {
                return None;
            }
        }
    }

    fn condition(&mut self) -> Option<Condition> {
        let start = self.at;
        let subject = self.path()?;
        self.blank()?;
        let test = self.check()?;
        Some(Condition::Test { quantifier: None, subject, test, loc: self.loc(start, self.at) })
    }

    fn check(&mut self) -> Option<Check> {
        if self.byte()?.is_ascii_alphabetic() {
            let check = match self.word()? {
                "has" => Check::Has,
                "lacks" => Check::Lacks,
                "in" => Check::In,
                "like" => Check::Like,
                _ => return None,
            };
            self.blank()?;
            return self.value().map(check);
        }
        let signs = self.rest().bytes().take_while(|byte| b"=<>!".contains(byte)).count();
        let operator = self.rest().get(..signs)?;
        let compare = Compare::ALL.into_iter().find(|compare| compare.as_str() == operator)?;
        self.at += signs;
        self.blank()?;
        self.value().map(|value| Check::Compare(compare, value))
    }

    fn value(&mut self) -> Option<Value> {
        if self.byte()? != b'[' {
            return self.single();
        }
        let start = self.at;
        self.at += 1;
        let mut members = Vec::with_capacity(1);
        loop {
            self.blank()?;
            members.push(self.single()?);
            self.blank()?;
            if self.take(",").is_none() {
                self.take("]")?;
                members.shrink_to_fit();
                return Some(Value::List(members, self.loc(start, self.at)));
            }
        }
    }

    /// A value that is no list.
    fn single(&mut self) -> Option<Value> {
        let start = self.at;
        match self.byte()? {
            b'"' => self.string().map(Value::Text),
            b'-' | b'0'..=b'9' => self.quantity().map(Value::Quantity),
            _ => match self.peek_word()? {
                word @ ("true" | "false") => {
                    self.at += word.len();
                    Some(Value::Bool(word == "true", self.loc(start, self.at)))
                }
                _ => self.path().map(Value::Path),
            },
        }
    }

    fn quantity(&mut self) -> Option<Quantity> {
        let start = self.at;
        let _ = self.take("-");
        self.digits()?;
        while self.byte() == Some(b'_') {
            self.at += 1;
            self.digits()?;
        }
        if self.take(".").is_some() {
            self.digits()?;
        }
        let written = self.text.get(start..self.at)?;
        // Neither a second point nor an exponent is glued to it; a unit that begins with `e` may be.
        if matches!(self.byte(), Some(b'.' | b'e' | b'E')) {
            return None;
        }
        let mut end = self.at;
        self.blank()?;
        let unit = match self.byte() {
            Some(byte) if byte.is_ascii_alphabetic() => {
                let word = self.word().filter(|word| is_unit(word))?;
                end = self.at;
                Some(self.ident(word))
            }
            _ => None,
        };
        // Blanks behind a bare number are not its own.
        self.at = end;
        Some(Quantity { unit, ..values::bare_number(written, self.loc(start, end)) })
    }

    fn digits(&mut self) -> Option<()> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += digits;
        (digits > 0).then_some(())
    }

    /// `email.domain`.
    fn path(&mut self) -> Option<Path> {
        let start = self.at;
        let head = self.name()?;
        let mut steps = Vec::new();
        while self.take(".").is_some() {
            steps.push(Step::Field(self.name()?));
        }
        (self.byte() != Some(b'[')).then(|| Path { head, steps, loc: self.loc(start, self.at) })
    }

    /// A text without escapes.
    fn string(&mut self) -> Option<Text> {
        let start = self.at;
        self.take("\"")?;
        let inside = self.rest();
        let length = inside.bytes().position(|byte| matches!(byte, b'"' | b'\\' | b'\n'))?;
        self.at += length;
        self.take("\"")?;
        let value = inside.get(..length)?.to_owned();
        Some(Text { value, raw: false, loc: self.loc(start, self.at) })
    }

    /// A name where words that go on with the statement are none.
    fn act(&mut self) -> Option<Ident> {
        let name = self.name()?;
        (!not_an_action(&name.text)).then_some(name)
    }

    /// A name that is not reserved, without back-quotes.
    fn name(&mut self) -> Option<Ident> {
        let word = self.word().filter(|word| !RESERVED.contains(word))?;
        Some(self.ident(word))
    }

    /// The identifier that was just read.
    fn ident(&self, word: &str) -> Ident {
        Ident { text: word.to_owned(), quoted: false, loc: self.loc(self.at - word.len(), self.at) }
    }

    /// A word; `r` before a quote is none.
    fn word(&mut self) -> Option<&'i str> {
        let word = self.peek_word()?;
        self.at += word.len();
        (self.byte() != Some(b'"')).then_some(word)
    }

    fn peek_word(&self) -> Option<&'i str> {
        let rest = self.rest();
        let length = rest.bytes().take_while(|&byte| is_letter(byte)).count();
        rest.get(..length).filter(|word| word.starts_with(|first: char| first.is_ascii_alphabetic()))
    }

    /// Blanks, and comments between lines. `None` before a `///`.
    fn blank(&mut self) -> Option<()> {
        loop {
            let rest = self.rest();
            self.at += rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
            let Some(comment) = self.rest().strip_prefix("//") else { return Some(()) };
            if comment.starts_with('/') && !comment.starts_with("//") {
                return None;
            }
            self.at += 2 + comment.bytes().take_while(|&byte| byte != b'\n').count();
        }
    }

    /// Blanks, line breaks and `;`.
    fn gap(&mut self) -> Option<()> {
        loop {
            self.blank()?;
            if !matches!(self.byte(), Some(b'\n' | b';')) {
                return Some(());
            }
            self.at += 1;
        }
    }

    fn take(&mut self, sign: &str) -> Option<()> {
        self.rest().starts_with(sign).then(|| self.at += sign.len())
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'i str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn loc(&self, start: usize, end: usize) -> Loc {
        let offset = |at: usize| self.base.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
        Loc(Span::new(offset(start), offset(end)))
    }
}

#[cfg(test)]
mod tests;
