//! Bounds of policies and interfaces, and names that can be written into an artifact.
//!
//! The numbers are the model's: what the compiler lets through, a reader of the artifact accepts.

use wpc_grammar::Span;
use wpc_grammar::syntax::Ident;
use wpc_model::check_name;

use crate::{Code, Diagnostic, Problems};

/// Reports more than `most` of something; says whether they are few enough.
pub(crate) fn few(found: usize, most: usize, things: &str, span: Span, problems: &mut Problems) -> bool {
    if found > most {
        problems.report(
            Diagnostic::error(
                Code::TooMany,
                span,
                format!("found {found} {things}, more than the {most} that there may be"),
                "too many",
            )
            .help("split it"),
        );
    }
    found <= most
}

/// Reports a name that an artifact could not hold; says whether it can.
pub(crate) fn name(name: &Ident, problems: &mut Problems) -> bool {
    let Err(why) = check_name(&name.text) else { return true };
    problems.report(
        Diagnostic::error(
            Code::InvalidName,
            name.loc.0,
            format!("found a name that nothing can have: it {why}"),
            "not a valid name",
        )
        .help("use up to 128 letters, digits and `_`, beginning with a letter"),
    );
    false
}
