//! Files of JSON Schemas: from text to a schema that may be used, or problems at their places in the file.

mod json;

use wpc_grammar::{Source, Span};
use wpc_model::canon::Json;
use wpc_model::check_schema;

use crate::{Code, Diagnostic, Problems, lookalike};

/// Longest file of a schema, in bytes.
const MAX_FILE_BYTES: usize = 256 * 1024;

/// The schema that a file holds; reports why there is none.
pub(crate) fn read(source: &Source, problems: &mut Problems) -> Option<Json> {
    let wrong = |span: Span, found: &str, label: &str, help: &str| {
        Diagnostic::error(Code::InvalidSchema, span, format!("found {found}"), label).help(help)
    };
    if source.text().len() > MAX_FILE_BYTES {
        let start = Span::new(source.base(), source.base());
        let found = format!("a schema of more than {MAX_FILE_BYTES} bytes");
        problems.report(wrong(start, &found, "too long", "shorten it"));
        return None;
    }
    if let Some((at, length)) = lookalike::hidden(source.text()) {
        let span = span(source, at, length);
        problems.report(
            Diagnostic::error(Code::HiddenCharacter, span, "found a hidden character", "nobody sees it")
                .help("remove it, or write it as an escape such as `\\u200b`"),
        );
        return None;
    }
    lookalike::check_json(source, problems);
    let read = match json::read(source.text()) {
        Ok(read) => read,
        Err(error) => {
            let span = span(source, error.at, error.length);
            problems.report(wrong(span, error.found, "is not JSON as schemas may have it", error.instead));
            return None;
        }
    };
    match check_schema(&read.json) {
        Ok(()) => Some(read.json),
        Err(error) => {
            let (at, length) = read.place(&error.pointer(), error.of_name);
            // Of what spans lines the first character will do.
            let whole = source.text().get(at..at.saturating_add(length)).unwrap_or_default();
            let length = if whole.contains('\n') { 1 } else { length };
            let label = if error.of_name { "may not stand here" } else { "is not what may stand here" };
            problems.report(wrong(span(source, at, length), &error.found, label, &error.instead));
            None
        }
    }
}

/// Bytes of a file, as a place among all files.
fn span(source: &Source, at: usize, length: usize) -> Span {
    let offset = |at: usize| source.base().saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
    Span::new(offset(at), offset(at.saturating_add(length)))
}
