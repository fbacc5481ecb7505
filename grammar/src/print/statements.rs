//! Statements and conditions.

use super::items::settings_block;
use super::layout::{Block, Item, Piece, Style};
use super::values::{last_byte, path, quantity, text, value, word, word_but};
use crate::literal::{is_place, not_a_kind, not_an_action};
use crate::syntax::{
    ActionRef, Check, Condition, Conditions, Measure, Per, ResourceRef, Same, Slot, SlotKind, Statement,
    Target,
};
use crate::{Loc, Span};

/// A statement that stands at `loc`.
pub(super) fn statement(statement: &Statement, loc: Loc) -> Vec<Piece<'_>> {
    let mut line = Vec::new();
    match statement {
        Statement::Allow { actions, target, when } => {
            line.push("allow ".into());
            on(&mut line, actions, target.as_ref());
            when_clause(&mut line, when.as_ref());
        }
        Statement::Deny { actions, target, when } => {
            line.push("deny ".into());
            match actions {
                Some(actions) => on(&mut line, actions, target.as_ref()),
                None => {
                    line.push("any".into());
                    target_clause(&mut line, target.as_ref());
                }
            }
            when_clause(&mut line, when.as_ref());
        }
        Statement::Require { actions, target, conditions } => {
            line.push("require ".into());
            on_but(&mut line, actions, target.as_ref(), begins_no_require);
            line.push(" ".into());
            line.push(conditions_piece(conditions));
        }
        Statement::Approval { actions, target, when, settings } => {
            line.push("require approval of ".into());
            on(&mut line, actions, target.as_ref());
            when_clause(&mut line, when.as_ref());
            line.push(" ".into());
            line.push(settings_block(settings, last_byte(loc)));
        }
        Statement::Limit { measure, actions, target, max, per } => {
            line.push("limit ".into());
            match measure {
                Measure::Concurrent(_) => line.push("concurrent ".into()),
                Measure::Of(what) => line.extend([Piece::Text(word(what)), " of ".into()]),
            }
            on(&mut line, actions, target.as_ref());
            line.push(" to ".into());
            line.extend(value(max));
            line.extend(per.iter().map(|window| per_clause(window).into()));
        }
        Statement::Separate { first, second } => {
            line.push("separate ".into());
            on(&mut line, &first.0, first.1.as_ref());
            line.push(" from ".into());
            on(&mut line, &second.0, second.1.as_ref());
        }
        Statement::Before { later, earlier, with, within, once } => {
            line.push(format!("before {} do {}", action(later), action(earlier)).into());
            if !with.is_empty() {
                line.push(" with ".into());
                line.push(Piece::Wrap(with.iter().map(same).collect()));
            }
            if let Some(within) = within {
                line.push(format!(" within {}", quantity(within)).into());
            }
            if *once {
                line.push(" once".into());
            }
        }
    }
    line
}

fn on<'t>(line: &mut Vec<Piece<'t>>, actions: &'t [ActionRef], target: Option<&'t Target>) {
    on_but(line, actions, target, not_an_action);
}

/// Actions and their target; the first action is no word that `keyword` knows.
fn on_but<'t>(
    line: &mut Vec<Piece<'t>>,
    actions: &'t [ActionRef],
    target: Option<&'t Target>,
    keyword: fn(&str) -> bool,
) {
    let keywords = std::iter::once(keyword).chain(std::iter::repeat(not_an_action as fn(&str) -> bool));
    let items = actions.iter().zip(keywords).map(|(each, keyword)| {
        let written = action_but(each, keyword);
        Item::new(each.loc, vec![written.into()])
    });
    line.push(Piece::Wrap(items.collect()));
    target_clause(line, target);
}

/// `require approval` begins another statement.
fn begins_no_require(word: &str) -> bool {
    not_an_action(word) || word == "approval"
}

pub(super) fn action(action: &ActionRef) -> String {
    action_but(action, not_an_action)
}

fn action_but(action: &ActionRef, keyword: fn(&str) -> bool) -> String {
    match &action.tool {
        Some(tool) => format!("{}.{}", word_but(tool, keyword), word(&action.action)),
        None => word_but(&action.action, keyword).into_owned(),
    }
}

pub(super) fn target_clause<'t>(line: &mut Vec<Piece<'t>>, target: Option<&'t Target>) {
    let Some(target) = target else { return };
    let place = if is_place(&target.preposition.text) { &target.preposition.text } else { "on" };
    line.push(format!(" {place} ").into());
    line.push(Piece::Wrap(target.resources.iter().map(resource).collect()));
}

fn resource(resource: &ResourceRef) -> Item<'_> {
    match resource {
        ResourceRef::Any { kind: None, loc } => Item::new(*loc, vec!["any".into()]),
        ResourceRef::Any { kind: Some(kind), loc } => {
            Item::new(*loc, vec!["any ".into(), Piece::Text(word_but(kind, not_a_kind))])
        }
        ResourceRef::Named { kind, slots, loc } => {
            let slots = slots.iter().map(slot).collect();
            let block = Block { style: Style::ARGUMENTS, items: slots, end: last_byte(*loc) };
            Item::new(*loc, vec![Piece::Text(word_but(kind, not_an_action)), Piece::Block(block)])
        }
    }
}

fn slot(slot: &Slot) -> Item<'_> {
    let mut pieces = Vec::new();
    if let Some(name) = &slot.name {
        pieces.extend([Piece::Text(word(name)), ": ".into()]);
    }
    match &slot.kind {
        SlotKind::Any => pieces.push("any".into()),
        SlotKind::Like(pattern) => pieces.push(format!("like {}", text(pattern)).into()),
        SlotKind::In(list) => {
            pieces.push("in ".into());
            pieces.extend(value(list));
        }
        SlotKind::Value(one) => pieces.extend(value(one)),
    }
    Item::new(slot.loc, pieces)
}

pub(super) fn per_clause(per: &Per) -> String {
    match per {
        Per::Word(what) => format!(" per {}", word(what)),
        Per::Quantity(length) => format!(" per {}", quantity(length)),
    }
}

fn same(same: &Same) -> Item<'_> {
    match same {
        Same::Word(what) => Item::new(what.loc, vec![format!("same {}", word(what)).into()]),
        Same::Equal(one, other) => {
            let loc = Loc(one.loc.0.to(other.loc.0));
            Item::new(loc, vec![format!("{} == {}", path(one), path(other)).into()])
        }
    }
}

fn when_clause<'t>(line: &mut Vec<Piece<'t>>, when: Option<&'t Conditions>) {
    if let Some(when) = when {
        line.extend([" when ".into(), conditions_piece(when)]);
    }
}

pub(super) fn conditions_piece(conditions: &Conditions) -> Piece<'_> {
    match conditions {
        Conditions::Name(name) => Piece::Text(word_but(name, |name| name == "when")),
        Conditions::Block { conditions, loc } => Piece::Block(Block {
            style: Style::CONDITIONS,
            items: conditions.iter().map(condition).collect(),
            end: last_byte(*loc),
        }),
    }
}

fn condition(condition: &Condition) -> Item<'_> {
    match condition {
        Condition::Name(name) => Item::new(name.loc, vec![Piece::Text(word(name))]),
        Condition::Test { quantifier, subject, test, loc } => {
            let quantifier = quantifier.map_or(String::new(), |(which, _)| format!("{} ", which.as_str()));
            let mut pieces = vec![format!("{quantifier}{} ", path(subject)).into()];
            check(&mut pieces, test);
            Item::new(*loc, pieces)
        }
    }
}

fn check<'t>(pieces: &mut Vec<Piece<'t>>, check: &'t Check) {
    let (words, operand) = match check {
        Check::Present => ("is present", None),
        Check::Absent => ("is absent", None),
        Check::Compare(compare, operand) => (compare.as_str(), Some(operand)),
        Check::In(operand) => ("in", Some(operand)),
        Check::NotIn(operand) => ("not in", Some(operand)),
        Check::Like(operand) => ("like", Some(operand)),
        Check::Matches(operand) => ("matches", Some(operand)),
        Check::Has(operand) => ("has", Some(operand)),
        Check::Lacks(operand) => ("lacks", Some(operand)),
        Check::WithinCidr(operand) => ("within cidr", Some(operand)),
        Check::UnderPath(operand) => ("under path", Some(operand)),
        Check::UnderDomain(operand) => ("under domain", Some(operand)),
        Check::From(operand) => ("from", Some(operand)),
        Check::ConformsTo(schema) => {
            pieces.push(format!("conforms to {}", text(schema)).into());
            return;
        }
    };
    pieces.push(words.into());
    if let Some(operand) = operand {
        pieces.push(" ".into());
        pieces.extend(value(operand));
    }
}

/// Everything from the first to the last of several places.
pub(super) fn around(first: Loc, last: Option<Loc>) -> Loc {
    let Span { start, .. } = first.0;
    Loc(last.map_or(first.0, |last| Span::new(start, last.0.end)))
}
