//! Values, paths, words.

use std::borrow::Cow;

use super::layout::{Block, Item, Piece, Style};
use crate::Loc;
use crate::literal::{can_be_raw, escaped, is_name, is_plain, is_unit};
use crate::syntax::{Ident, Key, Made, Pair, Path, Quantity, Step, Text, Value};

/// A word; between back-quotes if it was, or if it must be.
pub(super) fn word(ident: &Ident) -> Cow<'_, str> {
    word_but(ident, |_| false)
}

/// A word where the words that `keyword` knows need back-quotes as well.
pub(super) fn word_but(ident: &Ident, keyword: fn(&str) -> bool) -> Cow<'_, str> {
    if ident.quoted || !is_plain(&ident.text) || keyword(&ident.text) {
        format!("`{}`", ident.text).into()
    } else {
        ident.text.as_str().into()
    }
}

/// A policy's name, which may hold dashes and knows no keywords.
pub(super) fn name(ident: &Ident) -> Cow<'_, str> {
    if is_name(&ident.text) { ident.text.as_str().into() } else { word(ident) }
}

pub(super) fn text(text: &Text) -> String {
    if text.raw && can_be_raw(&text.value) { format!("r\"{}\"", text.value) } else { escaped(&text.value) }
}

pub(super) fn value(value: &Value) -> Vec<Piece<'_>> {
    match value {
        Value::Bool(true, _) => vec!["true".into()],
        Value::Bool(false, _) => vec!["false".into()],
        Value::Quantity(number) => vec![quantity(number).into()],
        Value::Text(literal) => vec![text(literal).into()],
        Value::List(items, loc) => vec![Piece::Block(Block {
            style: Style::LIST,
            items: items.iter().map(member).collect(),
            end: last_byte(*loc),
        })],
        Value::Object(pairs, loc) => vec![object(pairs, *loc)],
        Value::Made(call) => made(call),
        Value::Path(steps) => vec![path(steps).into()],
    }
}

fn member(member: &Value) -> Item<'_> {
    Item::new(member.loc(), value(member))
}

pub(super) fn object(pairs: &[Pair], loc: Loc) -> Piece<'_> {
    let items = pairs.iter().map(|pair| {
        let mut pieces = vec![key(&pair.key).into(), ": ".into()];
        pieces.extend(value(&pair.value));
        let start = match &pair.key {
            Key::Word(word) => word.loc,
            Key::Text(text) => text.loc,
        };
        Item::new(Loc(start.0.to(pair.value.loc().0)), pieces)
    });
    Piece::Block(Block { style: Style::OBJECT, items: items.collect(), end: last_byte(loc) })
}

pub(super) fn key(key: &Key) -> String {
    match key {
        Key::Word(ident) => word(ident).into_owned(),
        Key::Text(literal) => text(literal),
    }
}

pub(super) fn made(call: &Made) -> Vec<Piece<'_>> {
    let arguments = call.arguments.iter().map(member).collect();
    let block = Block { style: Style::ARGUMENTS, items: arguments, end: last_byte(call.loc) };
    vec![Piece::Text(word(&call.name)), Piece::Block(block)]
}

pub(super) fn path(path: &Path) -> String {
    let mut out = word(&path.head).into_owned();
    for step in &path.steps {
        match step {
            Step::Field(field) => {
                out.push('.');
                out.push_str(&word(field));
            }
            Step::Key(key) => {
                out.push('[');
                out.push_str(&text(key));
                out.push(']');
            }
        }
    }
    out
}

/// A number in groups of three digits, as soon as it has five.
pub(super) fn quantity(quantity: &Quantity) -> String {
    let mut out = String::new();
    if quantity.negative {
        out.push('-');
    }
    let digits = quantity.whole.len();
    for (index, digit) in quantity.whole.chars().enumerate() {
        if digits > 4 && index > 0 && (digits - index).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    if let Some(fraction) = &quantity.fraction {
        out.push('.');
        out.push_str(fraction);
    }
    if let Some(unit) = &quantity.unit {
        out.push(' ');
        out.push_str(&unit.text);
    }
    out
}

/// Values one after the other. A word right after a bare number would be read as its unit, so it
/// gets back-quotes.
pub(super) fn group(values: &[Value]) -> Vec<Piece<'_>> {
    let mut pieces: Vec<Piece<'_>> = Vec::new();
    let mut bare_number = false;
    for each in values {
        if !pieces.is_empty() {
            pieces.push(" ".into());
        }
        let mut next = value(each);
        let head = match each {
            Value::Path(path) => Some(&path.head),
            Value::Made(made) => Some(&made.name),
            Value::Bool(..) | Value::Quantity(_) | Value::Text(_) | Value::List(..) | Value::Object(..) => {
                None
            }
        };
        if let (true, Some(head), Some(Piece::Text(first))) = (bare_number, head, next.first_mut())
            && !head.quoted
            && is_unit(&head.text)
            && let Some(steps) = first.strip_prefix(head.text.as_str())
        {
            *first = format!("`{}`{steps}", head.text).into();
        }
        pieces.extend(next);
        bare_number = matches!(each, Value::Quantity(quantity) if quantity.unit.is_none());
    }
    pieces
}

/// Where the closing bracket of a node stands.
pub(super) fn last_byte(loc: Loc) -> u32 {
    loc.0.end.saturating_sub(1)
}
