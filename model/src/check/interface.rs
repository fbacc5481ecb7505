//! A tool's slice of its interface, and the scope it is used at.

use super::types::{self, Batches};
use super::{Invalid, MAX_PARTS, few, name, positive, sorted};
use crate::place::{Place, Quoted};
use crate::{Action, Interface, Piece, Template, Tool, Type};

pub(super) fn check(tool: &Tool, at: Place<'_>) -> Result<(), Invalid> {
    let interface = &tool.interface;
    scope_values(tool, at.member("scope"))?;
    let at = at.member("interface");
    name(&interface.name, at.member("name"))?;
    if let Some(scope) = &interface.scope {
        let at = at.member("scope");
        name(&scope.name, at.member("name"))?;
        template(interface, &scope.template, None, at)?;
    }
    let scope = interface.scope.as_ref().map(|scope| scope.name.as_str());
    let kinds = at.member("kinds");
    few(interface.kinds.len(), MAX_PARTS, kinds)?;
    for (of, kind) in &interface.kinds {
        let at = kinds.member(of);
        name(of, at)?;
        template(interface, &kind.template, scope, at)?;
    }
    let records = at.member("records");
    few(interface.records.len(), MAX_PARTS, records)?;
    for (of, record) in &interface.records {
        let at = records.member(of);
        name(of, at)?;
        types::fields(interface, &record.fields, Batches::None, at)?;
    }
    let classes = at.member("classes");
    few(interface.classes.len(), MAX_PARTS, classes)?;
    for (of, class) in &interface.classes {
        let at = classes.member(of);
        name(of, at)?;
        positive(class.lifetime_ms, at.member("lifetime_ms"))?;
    }
    let actions = at.member("actions");
    few(interface.actions.len(), MAX_PARTS, actions)?;
    for (of, one) in &interface.actions {
        let at = actions.member(of);
        name(of, at)?;
        action(interface, one, at)?;
    }
    let constraints = at.member("constraints");
    few(interface.constraints.len(), MAX_PARTS, constraints)?;
    interface.constraints.iter().try_for_each(|(of, constraint)| {
        let at = constraints.member(of);
        name(of, at)?;
        name(constraint.subject(), at)
    })
}

fn scope_values(tool: &Tool, at: Place<'_>) -> Result<(), Invalid> {
    let parameters = tool.interface.scope.as_ref().map(|scope| scope.template.parameters.as_slice());
    let parameters = parameters.unwrap_or_default();
    if parameters.len() != tool.scope.len() {
        return Err(Invalid::new(at, "has another number of values than the scope has parameters"));
    }
    for (index, ((_, ty), value)) in parameters.iter().zip(&tool.scope).enumerate() {
        let checked = tool.interface.conforms(ty, &crate::Value::text(value));
        checked.map_err(|malformed| Invalid::new(at.item(index), malformed.message))?;
    }
    Ok(())
}

/// Distinct text parameters, and holes that are one of them or the scope.
fn template(
    interface: &Interface,
    template: &Template,
    scope: Option<&str>,
    at: Place<'_>,
) -> Result<(), Invalid> {
    let parameters = at.member("parameters");
    few(template.parameters.len(), MAX_PARTS, parameters)?;
    for (index, (of, ty)) in template.parameters.iter().enumerate() {
        let at = parameters.item(index);
        name(of, at)?;
        if of == "kind" {
            return Err(Invalid::new(at, "is what calls name the kind with"));
        }
        if template.parameters.iter().take(index).any(|(other, _)| other == of) || scope == Some(of) {
            return Err(Invalid::new(at, format!("{} is there twice", Quoted(of))));
        }
        if !ty.is_text() {
            return Err(Invalid::new(at, format!("a `{}` cannot name a resource", ty.word())));
        }
        types::check(interface, ty, at, 1)?;
    }
    let at = at.member("template");
    let known = |hole| scope == Some(hole) || template.parameters.iter().any(|(of, _)| of == hole);
    for piece in template.pieces() {
        match piece {
            Piece::Hole { name, .. } if !known(name) => {
                return Err(Invalid::new(at, format!("{} is no parameter", Quoted(name))));
            }
            Piece::Text(text) if text.contains(['{', '}']) || text.chars().any(char::is_control) => {
                return Err(Invalid::new(at, "has a brace without its partner, or a control character"));
            }
            Piece::Hole { .. } | Piece::Text(_) => {}
        }
    }
    Ok(())
}

fn action(interface: &Interface, action: &Action, at: Place<'_>) -> Result<(), Invalid> {
    types::fields(interface, &action.arguments, Batches::One, at.member("arguments"))?;
    let batches = action.arguments.values().filter(|field| matches!(field.ty, Type::Batch(_))).count();
    if batches > 1 {
        return Err(Invalid::new(at.member("arguments"), "has more than one batch"));
    }
    let results = at.member("results");
    few(action.results.len(), MAX_PARTS, results)?;
    for (of, field) in &action.results {
        let at = results.member(of);
        name(of, at)?;
        if matches!(field.ty, Type::Batch(_)) {
            return Err(Invalid::new(at, "a batch stands only among an action's arguments"));
        }
        types::check(interface, &field.ty, at.member("type"), 1)?;
    }
    sorted(&action.kinds, at.member("kinds"))?;
    if let Some(kind) = action.kinds.iter().find(|kind| !interface.kinds.contains_key(*kind)) {
        return Err(Invalid::new(at.member("kinds"), format!("{} is no kind", Quoted(kind))));
    }
    sorted(&action.classes, at.member("classes"))?;
    if let Some(class) = action.classes.iter().find(|class| !interface.classes.contains_key(*class)) {
        return Err(Invalid::new(at.member("classes"), format!("{} is no class", Quoted(class))));
    }
    match &action.wire {
        Some(wire) if wire.is_empty() || wire.len() > 256 || wire.chars().any(char::is_control) => {
            Err(Invalid::new(at.member("wire"), "is empty, too long, or holds a control character"))
        }
        Some(_) | None => Ok(()),
    }
}
