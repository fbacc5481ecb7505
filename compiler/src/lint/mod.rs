//! Lints: what compiles and is probably not wise. Each has a name under which it can be denied.

mod alike;
mod breadth;
mod denied;
mod idle;
mod limited;
mod roles;
mod token;

use wpc_grammar::Span;
use wpc_model::Action;

use crate::Problems;
use crate::check::Places;
use crate::checked::{Actions, Checked, Rule, Tool};
use crate::resolve::Resolved;

/// Looks a sound policy over.
pub(crate) fn lint(checked: &Checked, places: &Places, resolved: &Resolved<'_>, problems: &mut Problems) {
    alike::alike_kind(checked, problems);
    breadth::broad_allow(checked, problems);
    breadth::several_environments(checked, problems);
    breadth::whole_providers(places, problems);
    denied::covered_by_deny(checked, problems);
    idle::unused_name(resolved, problems);
    idle::no_allow(checked, problems);
    idle::require_of_nothing(checked, problems);
    idle::approval_of_nothing(checked, problems);
    limited::no_limit(checked, problems);
    roles::mixed_roles(checked, problems);
    token::no_pin(checked, places, problems);
    token::bearer_token(places, problems);
    token::sas_namespace(places, problems);
}

/// Names of a file that nothing uses, and of which names alone are known.
pub(crate) fn unused_here(names: &[(String, Span)], problems: &mut Problems) {
    names.iter().for_each(|(name, place)| idle::unused(name, *place, problems));
}

/// Every allow with each of its actions, in source order.
fn allowed(checked: &Checked) -> Vec<(&Tool, &Rule, &str, &Action)> {
    let mut all = Vec::new();
    for tool in checked.tools.values() {
        for rule in &tool.allows {
            let Actions::Named(names) = &rule.actions else { continue };
            for name in names {
                if let Some(action) = tool.known.interface().actions.get(&**name) {
                    all.push((tool, rule, &**name, action));
                }
            }
        }
    }
    all.sort_by_key(|(_, rule, _, _)| rule.head.span);
    all
}
