//! Items, entries, settings.

use super::layout::{Block, Item as Member, Piece, Style, Writer};
use super::statements::{around, conditions_piece, statement};
use super::values::{group, last_byte, made, name, text, value, word, word_but};
use super::{interfaces, steps};
use crate::Loc;
use crate::literal::not_a_block;
use crate::syntax::{Binding, Entry, EntryKind, Item, ItemKind, LetValue, Setting, Use};

impl<'t> Writer<'t> {
    /// Items, a blank line between any two that are not both `use`.
    pub(super) fn items(&mut self, items: &'t [Item]) {
        let mut after_use = None;
        for item in items {
            let is_use = matches!(item.kind, ItemKind::Use(_));
            if after_use.replace(is_use).is_some_and(|before| !(before && is_use)) {
                self.blank_line();
            }
            let after = self.entry(&item.docs, item.loc, None);
            self.item(item);
            self.end_entry(item.loc, after);
        }
    }

    fn item(&mut self, item: &'t Item) {
        let end = last_byte(item.loc);
        match &item.kind {
            ItemKind::Use(Use::Shipped(tool)) => self.text(&format!("use {}", word(tool))),
            ItemKind::Use(Use::File { path, alias }) => {
                self.text(&format!("use {} as {}", text(path), word(alias)));
            }
            ItemKind::Interface(interface) => {
                self.text(&format!("tool {} ", word(&interface.name)));
                self.body(&interface.parts, end, Self::part);
            }
            ItemKind::Policy(policy) => {
                let mut head = vec![Piece::from(format!("policy {}", name(&policy.name)))];
                if !policy.extends.is_empty() {
                    let parents =
                        policy.extends.iter().map(|path| Member::new(path.loc, vec![text(path).into()]));
                    head.extend([" extends ".into(), Piece::Wrap(parents.collect())]);
                }
                head.push(" ".into());
                self.pieces(&head, 1);
                self.body(&policy.entries, end, Self::policy_entry);
            }
            ItemKind::Rules(rules) => {
                self.text(&format!("rules {} ", name(&rules.name)));
                self.body(&rules.entries, end, Self::policy_entry);
            }
            ItemKind::Test(test) => self.test(test, end),
        }
    }

    /// `{`, one line or more for each of `lines`, `}`.
    pub(super) fn body<T>(&mut self, lines: &'t [T], end: u32, write: fn(&mut Self, &'t T)) {
        if self.open(!lines.is_empty(), end) {
            lines.iter().for_each(|line| write(self, line));
            self.close(end);
        }
    }

    fn policy_entry(&mut self, entry: &'t Entry) {
        let label = entry.label.as_ref().map(|label| (label.loc, format!("@label({})", text(label))));
        let after = self.entry(&entry.docs, entry.loc, label);
        match &entry.kind {
            EntryKind::Tool(binding) => self.binding(binding, last_byte(entry.loc)),
            EntryKind::Test(test) => self.test(test, last_byte(entry.loc)),
            EntryKind::Param { .. }
            | EntryKind::Let { .. }
            | EntryKind::With(_)
            | EntryKind::Statement(_)
            | EntryKind::Settings(_) => self.pieces(&line(&entry.kind, entry.loc), 0),
        }
        self.end_entry(entry.loc, after);
    }

    fn binding(&mut self, binding: &'t Binding, end: u32) {
        let mut head = vec![Piece::from(format!("tool {}", word(&binding.tool)))];
        if let Some(alias) = &binding.alias {
            head.push(format!(" as {}", word(alias)).into());
        }
        if let Some(scope) = &binding.scope {
            head.push(" at ".into());
            head.extend(made(scope));
        }
        head.push(" ".into());
        self.pieces(&head, 1);
        self.body(&binding.entries, end, Self::policy_entry);
    }

    fn test(&mut self, test: &'t crate::syntax::Test, end: u32) {
        self.text(&format!("test {} ", text(&test.name)));
        self.body(&test.steps, end, Self::step);
    }

    fn step(&mut self, step: &'t crate::syntax::TestStep) {
        let member = steps::step(step);
        let after = self.entry(&[], member.loc, None);
        self.pieces(&member.pieces, 0);
        self.end_entry(member.loc, after);
    }

    fn part(&mut self, part: &'t crate::syntax::Part) {
        let after = self.entry(&part.docs, part.loc, None);
        self.pieces(&interfaces::part(part), 0);
        self.end_entry(part.loc, after);
    }
}

/// An entry without a body of its own.
fn line(kind: &EntryKind, loc: Loc) -> Vec<Piece<'_>> {
    match kind {
        EntryKind::Param { name, ty, default } => {
            let mut pieces = vec![format!("param {}: ", word(name)).into()];
            pieces.extend(interfaces::ty(ty));
            if let Some(default) = default {
                pieces.push(" = ".into());
                pieces.extend(value(default));
            }
            pieces
        }
        EntryKind::Let { name, value: given } => {
            let mut pieces = vec![format!("let {} = ", word(name)).into()];
            match given {
                LetValue::Value(given) => pieces.extend(value(given)),
                LetValue::Conditions(conditions) => pieces.push(conditions_piece(conditions)),
            }
            pieces
        }
        EntryKind::With(rules) => vec![format!("with {}", name(rules)).into()],
        EntryKind::Statement(rule) => statement(rule, loc),
        EntryKind::Settings(block) => vec![
            Piece::Text(word_but(&block.name, not_a_block)),
            " ".into(),
            settings_block(&block.settings, last_byte(block.loc)),
        ],
        EntryKind::Tool(_) | EntryKind::Test(_) => Vec::new(),
    }
}

/// `{ setting; setting }`, closed at `end`.
pub(super) fn settings_block(settings: &[Setting], end: u32) -> Piece<'_> {
    let items = settings.iter().map(|each| Member::new(each.loc, setting(each, |_| false)));
    Piece::Block(Block { style: Style::LINES, items: items.collect(), end })
}

/// A setting whose name must not be a word that `keyword` knows.
pub(super) fn setting(setting: &Setting, keyword: fn(&str) -> bool) -> Vec<Piece<'_>> {
    let mut pieces = vec![Piece::Text(word_but(&setting.name, keyword))];
    if !setting.groups.is_empty() {
        let groups = setting.groups.iter().map(|values| {
            let first = values.first().map_or(setting.loc, crate::syntax::Value::loc);
            Member::new(around(first, values.last().map(crate::syntax::Value::loc)), group(values))
        });
        pieces.extend([" ".into(), Piece::Wrap(groups.collect())]);
    }
    pieces
}
