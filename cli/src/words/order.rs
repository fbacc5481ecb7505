//! Statements about the order of calls in the language's own words.

use wpc_model::{Before, Origin, Sequence, Target, ToolAction, ToolActions};

use super::{duration, targets};
use crate::plain::plain;

/// `separate mail.send from vault.read`, `before deploy.apply do deploy.plan with … once`.
pub(crate) fn order(sequence: &Sequence) -> String {
    match sequence {
        Sequence::Separate { sides: [one, other] } => format!("separate {} from {}", side(one), side(other)),
        Sequence::Before(before) => self::before(before),
    }
}

fn side(side: &[ToolActions]) -> String {
    let one = |of: &ToolActions| {
        let actions: Vec<_> =
            of.actions.iter().map(|action| format!("{}.{}", plain(&of.tool), plain(action))).collect();
        match of.targets.as_slice() {
            [Target::Any] => actions.join(", "),
            list => format!("{} on {}", actions.join(", "), targets(list)),
        }
    };
    side.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn before(before: &Before) -> String {
    let Before { later, earlier, same_resource, same, within_ms, once } = before;
    let action = |one: &ToolAction| format!("{}.{}", plain(&one.tool), plain(&one.action));
    let agreeing = same.iter().map(|same| {
        let (Origin::Argument(name) | Origin::Result(name)) = &same.with;
        format!("{} == {}.{}", plain(&same.argument), action(earlier), plain(name))
    });
    let agreeing: Vec<_> =
        same_resource.then(|| "same resource".to_owned()).into_iter().chain(agreeing).collect();
    let mut text = format!("before {} do {}", action(later), action(earlier));
    if !agreeing.is_empty() {
        text.push_str(&format!(" with {}", agreeing.join(", ")));
    }
    if let Some(ms) = within_ms {
        text.push_str(&format!(" within {}", duration(*ms)));
    }
    if *once {
        text.push_str(" once");
    }
    text
}
