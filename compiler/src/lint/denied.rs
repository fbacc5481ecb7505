//! Allows that a deny takes back.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use wpc_model::Condition;

use crate::check::joined;
use crate::checked::Checked;
use crate::coverage::Coverage;
use crate::{Code, Diagnostic, Problems};

/// What a deny takes from an allow.
#[derive(Default)]
struct Taken {
    resources: usize,
    of: usize,
    deny: Option<usize>,
}

/// `covered_by_deny`: whenever the allow holds, a deny hits. Found where the deny's conditions
/// are among the allow's, or it has none.
pub(super) fn covered_by_deny(checked: &Checked, problems: &mut Problems) {
    for tool in checked.tools.values() {
        let mut denies = Coverage::default();
        for (id, deny) in tool.denies.iter().enumerate() {
            denies.add(id, &deny.actions, &deny.targets);
        }
        if denies.is_empty() {
            continue;
        }
        let mut taken: BTreeMap<usize, Taken> = BTreeMap::new();
        for join in &tool.joins {
            let Some(allow) = tool.allows.get(join.allow) else { continue };
            let given = LazyCell::new(|| -> BTreeSet<&Condition> {
                let rules = joined(tool, allow, &join.requires);
                rules.iter().flat_map(|rule| &rule.conditions).map(|placed| &placed.condition).collect()
            });
            let always_hits = |id: &usize| {
                let deny = tool.denies.get(*id);
                deny.is_some_and(|deny| {
                    deny.conditions.iter().all(|placed| given.contains(&placed.condition))
                })
            };
            let taken = taken.entry(join.allow).or_default();
            for target in &join.targets {
                taken.of += 1;
                // Too many patterns to compare: a lint may stay silent.
                let Ok(found) = denies.find(&join.action, target) else { return };
                if let Some(deny) = found.covering.into_iter().find(always_hits) {
                    taken.resources += 1;
                    taken.deny = taken.deny.or(Some(deny));
                }
            }
        }
        for (allow, taken) in taken {
            let deny = taken.deny.and_then(|deny| tool.denies.get(deny));
            let (Some(allow), Some(deny)) = (tool.allows.get(allow), deny) else { continue };
            let (message, label) = if taken.resources == taken.of {
                ("found an `allow` that a `deny` takes back".to_owned(), "allows nothing")
            } else {
                let part = format!("{} of {}", taken.resources, taken.of);
                (
                    format!("found an `allow` of which a `deny` takes back {part} resources"),
                    "allows less than it says",
                )
            };
            problems.report(
                Diagnostic::error(Code::CoveredByDeny, allow.head.span, message, label)
                    .also(deny.head.span, "denies what it allows")
                    .help("remove what is denied anyway, or narrow the `deny`")
                    .of_rule(allow.head.name()),
            );
        }
    }
}
