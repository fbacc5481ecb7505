//! What has no effect: unused names, duties of what nothing allows, a policy that allows nothing.

use std::collections::BTreeSet;

use wpc_grammar::Span;

use crate::check;
use crate::checked::Checked;
use crate::resolve::Resolved;
use crate::words::all_of;
use crate::{Code, Diagnostic, Problems};

/// `unused_name`: a parameter, `let` or `use`.
pub(super) fn unused_name(resolved: &Resolved<'_>, problems: &mut Problems) {
    let Some(policy) = &resolved.policy else { return };
    let names = check::unused(policy);
    let interfaces = resolved.interfaces.iter().filter(|(_, available)| available.used && !available.needed);
    let interfaces = interfaces.map(|(name, available)| (*name, available.place));
    for (name, place) in names.into_iter().chain(interfaces) {
        unused(name, place, problems);
    }
}

/// The same of one name.
pub(super) fn unused(name: &str, place: Span, problems: &mut Problems) {
    problems.report(
        Diagnostic::error(Code::UnusedName, place, format!("found `{name}`, which nothing uses"), "unused")
            .help("remove it"),
    );
}

/// `no_allow`: everything is denied.
pub(super) fn no_allow(checked: &Checked, problems: &mut Problems) {
    if checked.tools.values().all(|tool| tool.allows.is_empty()) {
        problems.report(
            Diagnostic::error(
                Code::NoAllow,
                checked.place,
                format!("found policy `{}`, which allows nothing", checked.name),
                "every call is denied",
            )
            .help("add an `allow`"),
        );
    }
}

/// `require_of_nothing`: conditions that join no allow.
pub(super) fn require_of_nothing(checked: &Checked, problems: &mut Problems) {
    for tool in checked.tools.values() {
        let joined: BTreeSet<usize> =
            tool.joins.iter().flat_map(|join| join.requires.iter().copied()).collect();
        for (id, require) in tool.requires.iter().enumerate() {
            if !joined.contains(&id) {
                problems.report(
                    Diagnostic::error(
                        Code::RequireOfNothing,
                        require.head.span,
                        "found a `require` of what nothing allows",
                        "joins no `allow`",
                    )
                    .help("add the `allow`, or remove the `require`")
                    .of_rule(require.head.name()),
                );
            }
        }
    }
}

/// Approvals of what nothing allows are kept: they will hold when something does.
pub(super) fn approval_of_nothing(checked: &Checked, problems: &mut Problems) {
    for tool in checked.tools.values() {
        let allowed: BTreeSet<&str> = tool.joins.iter().map(|join| &*join.action).collect();
        for approval in &tool.approvals {
            let idle: Vec<&str> = approval
                .actions
                .iter()
                .map(|action| &**action)
                .filter(|action| !allowed.contains(action))
                .collect();
            if !idle.is_empty() {
                problems.report(
                    Diagnostic::error(
                        Code::ApprovalOfNothing,
                        approval.head.span,
                        format!("found a required approval of {}, which nothing allows", all_of(idle)),
                        "never asked for as things stand",
                    )
                    .of_rule(approval.head.name()),
                );
            }
        }
    }
}
