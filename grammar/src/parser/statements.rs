//! Statements and what they speak of.

use super::items::settings_block;
use super::node::{Node, Nodes, disagree, ident};
use super::{Rule, conditions, values};
use crate::SyntaxError;
use crate::syntax::{
    ActionRef, Conditions, Measure, Path, Per, Quantity, ResourceRef, Same, Slot, SlotKind, Statement,
    Target, Value,
};

pub(super) fn statement(node: Node<'_>) -> Result<Statement, SyntaxError> {
    let (rule, loc) = (node.rule(), node.loc());
    let children = node.children();
    if rule == Rule::allow {
        allow(children)
    } else if rule == Rule::deny {
        deny(children)
    } else if rule == Rule::require {
        require(children)
    } else if rule == Rule::approval {
        approval(children)
    } else if rule == Rule::limit {
        limit(children)
    } else if rule == Rule::separate {
        separate(children)
    } else if rule == Rule::before {
        before(children)
    } else {
        Err(disagree(loc.0))
    }
}

fn allow(mut children: Nodes<'_>) -> Result<Statement, SyntaxError> {
    Ok(Statement::Allow {
        actions: actions(&mut children)?,
        target: target(&mut children)?,
        when: when(&mut children)?,
    })
}

fn deny(mut children: Nodes<'_>) -> Result<Statement, SyntaxError> {
    let actions = match children.next_if(Rule::any) {
        Some(_) => None,
        None => Some(actions(&mut children)?),
    };
    Ok(Statement::Deny { actions, target: target(&mut children)?, when: when(&mut children)? })
}

fn require(mut children: Nodes<'_>) -> Result<Statement, SyntaxError> {
    Ok(Statement::Require {
        actions: actions(&mut children)?,
        target: children.next_if(Rule::required).map(read_target).transpose()?,
        conditions: conditions::conditions(children.need(Rule::conditions)?)?,
    })
}

fn approval(mut children: Nodes<'_>) -> Result<Statement, SyntaxError> {
    Ok(Statement::Approval {
        actions: actions(&mut children)?,
        target: target(&mut children)?,
        when: when(&mut children)?,
        settings: settings_block(children.need(Rule::settings_block)?)?,
    })
}

fn limit(mut children: Nodes<'_>) -> Result<Statement, SyntaxError> {
    let measure = match children.next_if(Rule::concurrent) {
        Some(word) => Measure::Concurrent(word.loc()),
        None => Measure::Of(children.ident()?),
    };
    Ok(Statement::Limit {
        measure,
        actions: actions(&mut children)?,
        target: target(&mut children)?,
        max: bound(children.need(Rule::bound)?)?,
        per: children.all(Rule::per, per)?,
    })
}

fn bound(node: Node<'_>) -> Result<Value, SyntaxError> {
    let mut children = node.children();
    match children.next_if(Rule::quantity) {
        Some(quantity) => values::quantity(quantity).map(Value::Quantity),
        None => values::path(children.need(Rule::path)?).map(Value::Path),
    }
}

pub(super) fn per(node: Node<'_>) -> Result<Per, SyntaxError> {
    let mut children = node.children();
    match children.next_if(Rule::quantity) {
        Some(quantity) => values::quantity(quantity).map(Per::Quantity),
        None => children.ident().map(Per::Word),
    }
}

fn separate(mut children: Nodes<'_>) -> Result<Statement, SyntaxError> {
    Ok(Statement::Separate {
        first: (actions(&mut children)?, target(&mut children)?),
        second: (actions(&mut children)?, target(&mut children)?),
    })
}

fn before(mut children: Nodes<'_>) -> Result<Statement, SyntaxError> {
    Ok(Statement::Before {
        later: action(children.need(Rule::action)?)?,
        earlier: action(children.need(Rule::action)?)?,
        with: children.all(Rule::same, same)?,
        within: within(&mut children)?,
        once: children.next_if(Rule::once).is_some(),
    })
}

fn within(children: &mut Nodes<'_>) -> Result<Option<Quantity>, SyntaxError> {
    children.next_if(Rule::quantity).map(values::quantity).transpose()
}

fn same(node: Node<'_>) -> Result<Same, SyntaxError> {
    let mut children = node.children();
    match children.next_if(Rule::path) {
        Some(one) => Ok(Same::Equal(values::path(one)?, other_path(&mut children)?)),
        None => children.ident().map(Same::Word),
    }
}

fn other_path(children: &mut Nodes<'_>) -> Result<Path, SyntaxError> {
    values::path(children.need(Rule::path)?)
}

fn actions(children: &mut Nodes<'_>) -> Result<Vec<ActionRef>, SyntaxError> {
    children.need(Rule::actions)?.children().all(Rule::action, action)
}

pub(super) fn action(node: Node<'_>) -> Result<ActionRef, SyntaxError> {
    let loc = node.loc();
    let mut children = node.children();
    let first = ident(&children.need(Rule::act)?);
    Ok(match children.next_if(Rule::ident) {
        Some(second) => ActionRef { tool: Some(first), action: ident(&second), loc },
        None => ActionRef { tool: None, action: first, loc },
    })
}

pub(super) fn target(children: &mut Nodes<'_>) -> Result<Option<Target>, SyntaxError> {
    children.next_if(Rule::target).map(read_target).transpose()
}

fn read_target(node: Node<'_>) -> Result<Target, SyntaxError> {
    let loc = node.loc();
    let mut children = node.children();
    let preposition = ident(&children.need(Rule::place_word)?);
    let mut resources = Vec::with_capacity(1);
    while let Some(node) = children.next_any() {
        resources.push(resource(node.children().any()?)?);
    }
    Ok(Target { preposition, resources, loc })
}

fn resource(node: Node<'_>) -> Result<ResourceRef, SyntaxError> {
    let (named, loc) = (node.is(Rule::named_resource), node.loc());
    let mut children = node.children();
    if named {
        let kind = ident(&children.need(Rule::act)?);
        Ok(ResourceRef::Named { kind, slots: children.all(Rule::slot, slot)?, loc })
    } else {
        children.need(Rule::any)?;
        Ok(ResourceRef::Any { kind: children.next_if(Rule::kind).map(|node| ident(&node)), loc })
    }
}

fn slot(node: Node<'_>) -> Result<Slot, SyntaxError> {
    let loc = node.loc();
    let mut children = node.children();
    let name = children.next_if(Rule::ident).map(|node| ident(&node));
    let inner = children.any()?;
    let kind = if inner.is(Rule::any) {
        SlotKind::Any
    } else if inner.is(Rule::slot_like) {
        SlotKind::Like(values::text(inner.children().need(Rule::text)?)?)
    } else if inner.is(Rule::slot_in) {
        SlotKind::In(values::value(inner.children().need(Rule::value)?)?)
    } else {
        SlotKind::Value(values::value(inner)?)
    };
    Ok(Slot { name, kind, loc })
}

fn when(children: &mut Nodes<'_>) -> Result<Option<Conditions>, SyntaxError> {
    let Some(when) = children.next_if(Rule::when) else { return Ok(None) };
    conditions::conditions(when.children().need(Rule::conditions)?).map(Some)
}
