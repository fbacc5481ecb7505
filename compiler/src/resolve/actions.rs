//! Which actions a statement names.

use std::sync::Arc;

use wpc_grammar::syntax::{ActionRef, Ident};

use crate::checked::Actions;
use crate::interface::Known;
use crate::words::one_of;
use crate::{Code, Diagnostic, Problems};

/// The actions of `known` that `written` names, for tool `tool` of the policy. `None` if one was
/// unknown, which is reported: what the statement says of the others is not judged.
pub(super) fn resolve(
    written: &[ActionRef],
    tool: &Ident,
    known: &Known,
    problems: &mut Problems,
) -> Option<Actions> {
    let mut names: Vec<Arc<str>> = Vec::new();
    let mut complete = true;
    for reference in written {
        if let Some(of) = &reference.tool
            && of.text != tool.text
        {
            complete = false;
            problems.report(
                Diagnostic::error(
                    Code::UnknownTool,
                    of.loc.0,
                    format!("found `{}` inside tool `{}`", of.text, tool.text),
                    "another tool",
                )
                .help("name the action alone, or move the rule into the other tool's block"),
            );
            continue;
        }
        let action = &reference.action;
        if !known.interface().actions.contains_key(&action.text) {
            complete = false;
            if !known.is_broken(&action.text) {
                unknown(action, known, problems);
            }
        } else if names.iter().any(|name| **name == *action.text) {
            complete = false;
            problems.report(
                Diagnostic::error(
                    Code::RepeatedName,
                    reference.loc.0,
                    format!("found `{}` twice", action.text),
                    "repeated",
                )
                .help("remove one of them"),
            );
        } else {
            names.push(Arc::from(action.text.as_str()));
        }
    }
    complete.then_some(Actions::Named(names))
}

/// Reports an action that the interface does not have.
pub(crate) fn unknown(action: &Ident, known: &Known, problems: &mut Problems) {
    let actions = known.interface().actions.keys().map(String::as_str);
    let near = problems.nearest(&action.text, actions.clone());
    let unknown = Diagnostic::error(
        Code::UnknownAction,
        action.loc.0,
        format!("found unknown action `{}`", action.text),
        format!("tool `{}` has no such action", known.interface().name),
    );
    let unknown = unknown.also_at(known.place(""), "the tool");
    problems.report(unknown.help(near.unwrap_or_else(|| format!("use {}", one_of(actions)))));
}
