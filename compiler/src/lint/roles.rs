//! Sending and receiving in one policy.

use wpc_model::Preposition;

use super::allowed;
use crate::checked::Checked;
use crate::{Code, Diagnostic, Problems};

/// `mixed_roles`: what is received can be sent on.
pub(super) fn mixed_roles(checked: &Checked, problems: &mut Problems) {
    let allowed = allowed(checked);
    let first =
        |preposition| allowed.iter().find(|(_, _, _, action)| action.preposition == Some(preposition));
    let (Some((_, to, sends, _)), Some((_, from, receives, _))) =
        (first(Preposition::To), first(Preposition::From))
    else {
        return;
    };
    let (later, earlier) = if to.head.span > from.head.span { (to, from) } else { (from, to) };
    let (label, cause) =
        if to.head.span > from.head.span { ("sends", "receives") } else { ("receives", "sends") };
    problems.report(
        Diagnostic::error(
            Code::MixedRoles,
            later.head.span,
            format!("found a policy that allows both `{sends}` and `{receives}`"),
            label,
        )
        .also(earlier.head.span, cause)
        .help("write a policy for each role, so that no job can pass on what it reads")
        .of_rule(later.head.name()),
    );
}
