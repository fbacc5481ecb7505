//! Allows of more than named things, and one tool in several places.

use std::collections::BTreeMap;

use crate::check::Places;
use crate::checked::{Checked, Slot, Target};
use crate::{Code, Diagnostic, Problems};

/// `broad_allow`: a pattern or a whole kind.
pub(super) fn broad_allow(checked: &Checked, problems: &mut Problems) {
    for allow in checked.tools.values().flat_map(|tool| &tool.allows) {
        for target in &allow.targets {
            let Target::Of { kind, slots, span } = target else { continue };
            let message = if slots.iter().all(|slot| *slot == Slot::Any) {
                format!("found an `allow` of every `{kind}`")
            } else if slots.iter().any(|slot| !matches!(slot, Slot::OneOf(_))) {
                format!("found an `allow` of a pattern of `{kind}`")
            } else {
                continue;
            };
            problems.report(
                Diagnostic::error(Code::BroadAllow, *span, message, "also allows what is created later")
                    .help("name the resources")
                    .of_rule(allow.head.name()),
            );
        }
    }
}

/// `broad_allow` too: every model of a provider.
pub(super) fn whole_providers(places: &Places, problems: &mut Problems) {
    if let Some(place) = places.providers {
        problems.report(
            Diagnostic::error(
                Code::BroadAllow,
                place,
                "found every model of a provider allowed",
                "also allows what it offers later",
            )
            .help("name the models, `allow \"provider/model\"`"),
        );
    }
}

/// `several_environments`: one interface bound in two places.
pub(super) fn several_environments(checked: &Checked, problems: &mut Problems) {
    let mut bound: Vec<_> = checked.tools.values().collect();
    bound.sort_by_key(|tool| tool.place);
    let mut first = BTreeMap::new();
    for tool in bound {
        let name = tool.known.interface().name.as_str();
        let (place, scope) = *first.entry(name).or_insert((tool.place, &tool.scope));
        if *scope != tool.scope {
            problems.report(
                Diagnostic::error(
                    Code::SeveralEnvironments,
                    tool.place,
                    format!("found tool `{name}` in several places"),
                    "one job can carry data from one to the other",
                )
                .also(place, "also used here")
                .help("write a policy for each environment"),
            );
        }
    }
}
