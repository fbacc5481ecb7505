//! Interfaces: parts, fields, types.

use super::items::{optional_text, setting};
use super::node::{Node, Nodes, disagree, ident};
use super::{Reader, Rule, statements, values};
use crate::syntax::{
    Action, ConstraintOperator, ConstraintShape, Doc, Field, Part, PartKind, Template, Ty, TyArgument, TyKind,
};
use crate::{Loc, SyntaxError};

impl<'i> Reader<'i> {
    /// The parts of an interface, to its closing brace.
    pub(super) fn parts(&mut self, docs: &mut Vec<Doc>) -> Result<(Vec<Part>, Loc), SyntaxError> {
        let mut parts = Vec::new();
        let (after, close) = self.block(Rule::part_line, |_, node| {
            parts.push(part(node)?);
            Ok(())
        })?;
        docs.extend(after);
        Ok((parts, close))
    }
}

fn part(node: Node<'_>) -> Result<Part, SyntaxError> {
    let mut children = node.children();
    let mut docs = children.docs();
    let mut body = children.need(Rule::part_body)?.children();
    let inner = body.any()?;
    docs.extend(body.docs());
    let (rule, loc) = (inner.rule(), inner.loc());
    let mut inside = inner.children();
    let kind = if rule == Rule::scope {
        PartKind::Scope(template(inside.need(Rule::template)?)?)
    } else if rule == Rule::kind_part {
        PartKind::Resource(template(inside.need(Rule::template)?)?)
    } else if rule == Rule::record {
        PartKind::Record { name: inside.ident()?, fields: block(inside.need(Rule::block)?)? }
    } else if rule == Rule::class {
        PartKind::Class {
            name: inside.ident()?,
            duties: inside.all(Rule::duty, |duty| setting(duty, Rule::ident))?,
        }
    } else if rule == Rule::constraint {
        PartKind::Constraint { name: inside.ident()?, what: constraint(inside.any()?)? }
    } else if rule == Rule::action_part {
        PartKind::Action(action(inside)?)
    } else {
        return Err(disagree(loc.0));
    };
    Ok(Part { docs, kind, loc })
}

fn template(node: Node<'_>) -> Result<Template, SyntaxError> {
    let mut children = node.children();
    Ok(Template {
        name: children.ident()?,
        fields: fields(children.need(Rule::fields)?.children())?,
        template: values::text(children.need(Rule::text)?)?,
    })
}

fn constraint(node: Node<'_>) -> Result<ConstraintShape, SyntaxError> {
    let limit = node.is(Rule::constraint_limit);
    let mut children = node.children();
    if limit {
        let measure = children.ident()?;
        return Ok(ConstraintShape::Limit { measure, per: statements::per(children.need(Rule::per)?)? });
    }
    let subject = values::path(children.need(Rule::path)?)?;
    let written = children.need(Rule::constraint_operator)?;
    let operator = ConstraintOperator::ALL.into_iter().find(|operator| operator.as_str() == written.text());
    let operator = operator.ok_or_else(|| disagree(written.loc().0))?;
    Ok(ConstraintShape::Condition { subject, operator })
}

fn action(mut children: Nodes<'_>) -> Result<Action, SyntaxError> {
    let names = children.all(Rule::action_name, |name| {
        let mut inside = name.children();
        Ok((inside.ident()?, optional_text(&mut inside)?))
    })?;
    let (preposition, kinds) = match children.next_if(Rule::kinds) {
        Some(node) => {
            let mut inside = node.children();
            let preposition = ident(&inside.need(Rule::place_word)?);
            (Some(preposition), inside.all(Rule::ident, |kind| Ok(ident(&kind)))?)
        }
        None => (None, Vec::new()),
    };
    let classes = children.all(Rule::class_of, |class| class.children().ident())?;
    let arguments = children.next_if(Rule::block).map(block).transpose()?.unwrap_or_default();
    let result = match children.next_if(Rule::result) {
        Some(result) => Some(block(result.children().need(Rule::block)?)?),
        None => None,
    };
    Ok(Action { names, preposition, kinds, classes, arguments, result })
}

fn block(node: Node<'_>) -> Result<Vec<Field>, SyntaxError> {
    fields(node.children())
}

/// Fields, each followed by the docs that stand on its line.
fn fields(mut children: Nodes<'_>) -> Result<Vec<Field>, SyntaxError> {
    children.all(Rule::field, field).and_then(|first| {
        let mut all = first;
        while let Some(node) = children.next_any() {
            if node.is(Rule::field) {
                all.push(field(node)?);
            } else if let Some(last) = all.last_mut() {
                last.docs.push(super::node::doc(&node));
            }
        }
        Ok(all)
    })
}

fn field(node: Node<'_>) -> Result<Field, SyntaxError> {
    let end = node.loc();
    let mut children = node.children();
    let docs = children.docs();
    let name = children.ident()?;
    let loc = Loc(crate::Span::new(name.loc.0.start, end.0.end));
    let ty = ty(children.need(Rule::ty)?)?;
    let marks = children.all(Rule::mark, |mark| Ok(ident(&mark)))?;
    Ok(Field { docs, name, ty, marks, loc })
}

pub(super) fn ty(node: Node<'_>) -> Result<Ty, SyntaxError> {
    let loc = node.loc();
    let mut children = node.children();
    let inner = children.any()?;
    let optional = children.next_if(Rule::optional).is_some();
    let choice = inner.is(Rule::choice);
    let mut inside = inner.children();
    let kind = if choice {
        TyKind::Choice(inside.all(Rule::key, values::key)?)
    } else {
        TyKind::Named { name: inside.ident()?, arguments: inside.all(Rule::ty_argument, ty_argument)? }
    };
    Ok(Ty { kind, optional, loc })
}

fn ty_argument(node: Node<'_>) -> Result<TyArgument, SyntaxError> {
    let inner = node.children().any()?;
    if inner.is(Rule::number) {
        Ok(TyArgument::Number(values::bare_number(inner.text(), inner.loc())))
    } else {
        ty(inner).map(TyArgument::Ty)
    }
}
