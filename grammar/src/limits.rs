//! Bounds that hold before the parser runs.

use crate::{Source, Span, SyntaxError, SyntaxErrorKind};

/// The longest accepted source, in bytes: 16 MiB, some 150,000 rules of 100 bytes.
pub const MAX_SOURCE_BYTES: usize = 16 * 1024 * 1024;

/// Deepest accepted nesting of `(`, `[`, `{` and the `<` of types together.
pub const MAX_NESTING: u32 = 64;

/// Most members of one list, the members of lists in it included.
pub const MAX_MEMBERS: u32 = 100_000;

/// Refuses a source longer than [`MAX_SOURCE_BYTES`], pointing at the first byte too many.
pub(crate) fn check_length(source: &Source) -> Result<(), SyntaxError> {
    let bytes = source.text().len();
    if bytes <= MAX_SOURCE_BYTES {
        return Ok(());
    }
    let at = u32::try_from(source.text().floor_char_boundary(MAX_SOURCE_BYTES)).unwrap_or(u32::MAX);
    Err(SyntaxError::new(
        SyntaxErrorKind::TooLong,
        Span::new(at, at),
        format!("found {bytes} bytes, more than the {MAX_SOURCE_BYTES} that a policy file may have"),
        "the file may not be longer than this",
    )
    .help("split the policy, or replace many like rules by one rule with a list"))
}

/// The error for a bracket that opens one level too many.
pub(crate) fn too_deep(at: Span) -> SyntaxError {
    SyntaxError::new(
        SyntaxErrorKind::TooDeep,
        at,
        format!("found brackets nested more than {MAX_NESTING} deep"),
        "one level too many",
    )
    .help("flatten the value, or name a part of it with `let`")
}

/// The error for a list with one member too many.
pub(crate) fn too_many(at: Span) -> SyntaxError {
    SyntaxError::new(
        SyntaxErrorKind::TooLong,
        at,
        format!("found a list of more than {MAX_MEMBERS} members"),
        "one member too many",
    )
    .help("write several lists")
}
