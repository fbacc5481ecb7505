//! Tokens and credentials that say less than they could.

use crate::check::Places;
use crate::checked::Checked;
use crate::{Code, Diagnostic, Problems};

/// `no_pin`: the job goes on under another policy.
pub(super) fn no_pin(checked: &Checked, places: &Places, problems: &mut Problems) {
    if checked.layers().iter().all(|layer| !layer.auth.pin_policy_hash) {
        problems.report(
            Diagnostic::error(
                Code::NoPin,
                places.token.unwrap_or(checked.place),
                "found a token that is not pinned to this policy",
                "is good under a changed policy too",
            )
            .help("add `token { pin policy }`"),
        );
    }
}

/// `bearer_token`: who holds it may use it.
pub(super) fn bearer_token(places: &Places, problems: &mut Problems) {
    if let Some(bearer) = places.bearer {
        problems.report(
            Diagnostic::error(
                Code::BearerToken,
                bearer,
                "found a bearer token",
                "whoever holds a copy may use it",
            )
            .help("write `bind key`, so that only the agent may"),
        );
    }
}

/// `sas_namespace`: one key opens every entity.
pub(super) fn sas_namespace(places: &Places, problems: &mut Problems) {
    if let Some(place) = places.sas_namespace {
        problems.report(
            Diagnostic::error(
                Code::SasNamespace,
                place,
                "found a shared access signature for the whole namespace",
                "opens every entity, whatever the policy allows",
            )
            .help("write `entra` or `sas entity`"),
        );
    }
}
