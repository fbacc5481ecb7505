//! Conditions and their tests.

use super::node::{Node, Nodes, disagree, ident};
use super::{Rule, values};
use crate::SyntaxError;
use crate::syntax::{Check, Compare, Condition, Conditions, Quantifier, Value};

pub(super) fn conditions(node: Node<'_>) -> Result<Conditions, SyntaxError> {
    let inner = node.children().any()?;
    if inner.is(Rule::conditions_block) { block(inner) } else { Ok(Conditions::Name(ident(&inner))) }
}

/// `{ condition; condition }`.
pub(super) fn block(node: Node<'_>) -> Result<Conditions, SyntaxError> {
    let loc = node.loc();
    Ok(Conditions::Block { conditions: node.children().all(Rule::condition, condition)?, loc })
}

fn condition(node: Node<'_>) -> Result<Condition, SyntaxError> {
    let inner = node.children().any()?;
    if !inner.is(Rule::tested) {
        return Ok(Condition::Name(ident(&inner)));
    }
    let loc = inner.loc();
    let mut children = inner.children();
    let quantifier = children.next_if(Rule::quantifier).map(|word| {
        let which = if word.text() == "each" { Quantifier::Each } else { Quantifier::Some };
        (which, word.loc())
    });
    let subject = values::path(children.need(Rule::path)?)?;
    let test = check(children.need(Rule::check)?.children().any()?)?;
    Ok(Condition::Test { quantifier, subject, test, loc })
}

type ReadCheck = fn(Nodes<'_>) -> Result<Check, SyntaxError>;

/// How each test is read.
const CHECKS: [(Rule, ReadCheck); 14] = [
    (Rule::compare, compare),
    (Rule::is_in, |inside| value(inside).map(Check::In)),
    (Rule::has, |inside| value(inside).map(Check::Has)),
    (Rule::lacks, |inside| value(inside).map(Check::Lacks)),
    (Rule::like, |inside| value(inside).map(Check::Like)),
    (Rule::is_present, |_| Ok(Check::Present)),
    (Rule::is_absent, |_| Ok(Check::Absent)),
    (Rule::not_in, |inside| value(inside).map(Check::NotIn)),
    (Rule::matches, |inside| value(inside).map(Check::Matches)),
    (Rule::within_cidr, |inside| value(inside).map(Check::WithinCidr)),
    (Rule::under_path, |inside| value(inside).map(Check::UnderPath)),
    (Rule::under_domain, |inside| value(inside).map(Check::UnderDomain)),
    (Rule::conforms_to, |mut inside| values::text(inside.need(Rule::text)?).map(Check::ConformsTo)),
    (Rule::from, |inside| value(inside).map(Check::From)),
];

fn check(node: Node<'_>) -> Result<Check, SyntaxError> {
    match CHECKS.iter().find(|(rule, _)| node.is(*rule)) {
        Some((_, read)) => read(node.children()),
        None => Err(disagree(node.loc().0)),
    }
}

fn compare(mut children: Nodes<'_>) -> Result<Check, SyntaxError> {
    let operator = children.need(Rule::operator)?;
    let compare = Compare::ALL.into_iter().find(|compare| compare.as_str() == operator.text());
    let compare = compare.ok_or_else(|| disagree(operator.loc().0))?;
    value(children).map(|value| Check::Compare(compare, value))
}

fn value(mut children: Nodes<'_>) -> Result<Value, SyntaxError> {
    values::value(children.need(Rule::value)?)
}
