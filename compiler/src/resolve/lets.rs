//! `let`: declared first, looked into afterwards, so that their order does not matter.

use std::collections::BTreeSet;

use wpc_grammar::syntax::{Ident, LetValue, Value};
use wpc_model::Type;

use crate::Problems;
use crate::interface::Known;
use crate::names::{Meaning, Names};
use crate::shape;

/// Declares `let NAME = …`.
pub(super) fn declare<'a>(
    name: &'a Ident,
    value: &'a LetValue,
    names: &mut Names<'a>,
    problems: &mut Problems,
) {
    use wpc_grammar::syntax::Conditions;
    let meaning = match value {
        LetValue::Value(value) => Meaning::Value(value),
        LetValue::Conditions(Conditions::Block { conditions, .. }) => Meaning::Conditions(conditions),
        LetValue::Conditions(Conditions::Name(_)) => Meaning::Broken,
    };
    names.declare(name, meaning, problems);
}

/// Reports the words inside `let` values that are neither names of the policy nor choices of a
/// tool: a `let` that nothing uses is looked into too.
pub(super) fn look_into<'a>(
    lets: &[(&'a Ident, &'a LetValue)],
    tools: &[&Known],
    names: &mut Names<'a>,
    problems: &mut Problems,
) {
    let choices = choices(tools);
    let mut broken = Vec::new();
    for (name, value) in lets {
        let LetValue::Value(value) = value else { continue };
        let before = problems.count();
        walk(value, &name.text, names, &choices, problems);
        if problems.count() > before {
            broken.push(name.text.as_str());
        }
    }
    for name in broken {
        names.break_down(name);
    }
}

fn walk(value: &Value, of: &str, names: &Names<'_>, choices: &BTreeSet<&str>, problems: &mut Problems) {
    match value {
        Value::Path(path) => {
            let word = path.head.text.as_str();
            // A name is not used by naming itself.
            let known = word == of
                || names.look_up(word).is_some()
                || (path.steps.is_empty() && choices.contains(word));
            if !known {
                names.report_unknown(&path.head, problems);
            }
        }
        Value::List(values, _) => values.iter().for_each(|value| walk(value, of, names, choices, problems)),
        Value::Object(pairs, _) => {
            pairs.iter().for_each(|pair| walk(&pair.value, of, names, choices, problems))
        }
        Value::Made(made) => {
            made.arguments.iter().for_each(|value| walk(value, of, names, choices, problems))
        }
        Value::Bool(..) | Value::Quantity(_) | Value::Text(_) => {}
    }
}

/// The words of all choices of all tools.
fn choices<'k>(tools: &[&'k Known]) -> BTreeSet<&'k str> {
    let mut words = BTreeSet::new();
    for known in tools {
        let interface = known.interface();
        let fields = interface.actions.values().flat_map(|action| action.arguments.values());
        let fields = fields.chain(interface.records.values().flat_map(|record| record.fields.values()));
        let parameters =
            interface.kinds.values().flat_map(|kind| &kind.template.parameters).map(|(_, ty)| ty);
        let scope = interface.scope.iter().flat_map(|scope| &scope.template.parameters).map(|(_, ty)| ty);
        for ty in fields.map(|field| &field.ty).chain(parameters).chain(scope) {
            words_of(ty, &mut words);
        }
    }
    words
}

fn words_of<'t>(ty: &'t Type, words: &mut BTreeSet<&'t str>) {
    if let Type::Choice(choices) = ty {
        words.extend(choices.iter().map(String::as_str));
    } else if let Some(inside) = shape::inside(ty) {
        words_of(inside, words);
    }
}
