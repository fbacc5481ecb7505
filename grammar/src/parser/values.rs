//! Values, paths, strings, numbers.

use super::Rule;
use super::node::{Node, disagree, ident};
use crate::literal::unescape;
use crate::syntax::{Key, Made, Pair, Path, Quantity, Step, Text, Value};
use crate::{Loc, SyntaxError};

pub(super) fn value(node: Node<'_>) -> Result<Value, SyntaxError> {
    let inner = node.children().any()?;
    let (rule, loc) = (inner.rule(), inner.loc());
    if rule == Rule::text {
        text(inner).map(Value::Text)
    } else if rule == Rule::quantity {
        quantity(inner).map(Value::Quantity)
    } else if rule == Rule::path {
        path(inner).map(Value::Path)
    } else if rule == Rule::made {
        made(inner).map(Value::Made)
    } else if rule == Rule::list {
        Ok(Value::List(inner.children().all(Rule::value, value)?, loc))
    } else if rule == Rule::object {
        Ok(Value::Object(pairs(inner)?, loc))
    } else if rule == Rule::bool {
        Ok(Value::Bool(inner.text() == "true", loc))
    } else {
        Err(disagree(loc.0))
    }
}

/// The members of an object.
pub(super) fn pairs(object: Node<'_>) -> Result<Vec<Pair>, SyntaxError> {
    object.children().all(Rule::pair, |node| {
        let mut children = node.children();
        Ok(Pair { key: key(children.need(Rule::key)?)?, value: value(children.need(Rule::value)?)? })
    })
}

pub(super) fn key(node: Node<'_>) -> Result<Key, SyntaxError> {
    let inner = node.children().any()?;
    if inner.is(Rule::text) { text(inner).map(Key::Text) } else { Ok(Key::Word(ident(&inner))) }
}

pub(super) fn made(node: Node<'_>) -> Result<Made, SyntaxError> {
    let loc = node.loc();
    let mut children = node.children();
    Ok(Made { name: children.ident()?, arguments: children.all(Rule::value, value)?, loc })
}

pub(super) fn path(node: Node<'_>) -> Result<Path, SyntaxError> {
    let loc = node.loc();
    let mut children = node.children();
    let head = children.ident()?;
    let mut steps = Vec::new();
    while let Some(step) = children.next_any() {
        steps.push(if step.is(Rule::text) { Step::Key(text(step)?) } else { Step::Field(ident(&step)) });
    }
    Ok(Path { head, steps, loc })
}

pub(super) fn text(node: Node<'_>) -> Result<Text, SyntaxError> {
    let (written, loc) = (node.text(), node.loc());
    let raw = written.starts_with('r');
    let open = if raw { "r\"" } else { "\"" };
    let inside = written.strip_prefix(open).and_then(|rest| rest.strip_suffix('"'));
    let inside = inside.ok_or_else(|| disagree(loc.0))?;
    let value = if raw { inside.to_owned() } else { unescape(inside, loc.0.start + 1)? };
    Ok(Text { value, raw, loc })
}

pub(super) fn quantity(node: Node<'_>) -> Result<Quantity, SyntaxError> {
    let loc = node.loc();
    let mut children = node.children();
    let number = children.need(Rule::number)?;
    let unit = children.next_if(Rule::unit).map(|node| ident(&node));
    Ok(Quantity { unit, ..bare_number(number.text(), loc) })
}

/// A number without a unit.
pub(super) fn bare_number(written: &str, loc: Loc) -> Quantity {
    let digits = written.strip_prefix('-').unwrap_or(written);
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction.to_owned())),
        None => (digits, None),
    };
    let mut whole = whole.replace('_', "");
    let zeros = whole.bytes().take_while(|&byte| byte == b'0').count().min(whole.len() - 1);
    whole.drain(..zeros);
    Quantity { negative: digits.len() < written.len(), whole, fraction, unit: None, loc }
}
