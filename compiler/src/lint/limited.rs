//! Sending without a limit.

use std::collections::BTreeSet;

use wpc_model::Preposition;

use crate::checked::{Actions, Checked};
use crate::coverage::Coverage;
use crate::{Code, Diagnostic, Problems, extended};

/// `no_limit`: an allowed action that is said with `to`, on resources that no limit counts.
pub(super) fn no_limit(checked: &Checked, problems: &mut Problems) {
    for (name, tool) in &checked.tools {
        let mut limits = Coverage::default();
        for (id, limit) in tool.limits.iter().enumerate() {
            limits.add(id, &Actions::Named(limit.actions.clone()), &limit.targets);
        }
        let mut reported = BTreeSet::new();
        for join in &tool.joins {
            let action = tool.known.interface().actions.get(&*join.action);
            if action.is_none_or(|action| action.preposition != Some(Preposition::To)) {
                continue;
            }
            let counted = |target| {
                limits.find(&join.action, target).is_ok_and(|found| !found.covering.is_empty())
                    || extended::counts(checked, name, &join.action, target)
            };
            if join.targets.iter().all(counted) || !reported.insert(&join.action) {
                continue;
            }
            let Some(allow) = tool.allows.get(join.allow) else { continue };
            problems.report(
                Diagnostic::error(
                    Code::NoLimit,
                    allow.head.span,
                    format!("found an `allow` of `{}` that no limit counts", join.action),
                    "may go ahead without end",
                )
                .help(format!("add `limit calls of {} to … per job`", join.action))
                .of_rule(allow.head.name()),
            );
        }
    }
}
