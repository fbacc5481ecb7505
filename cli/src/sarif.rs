//! Diagnostics as SARIF 2.1.0, for the places that show analysis results beside the code.
//!
//! One run, one result per problem, one rule per code that was found, whose help is the code's page.
//! No times, no machine, no absolute paths of our making: the same input gives the same bytes.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use wpc_compiler::{Code, Diagnostic, Label, Severity, Source, View, views};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What stays as it is in a path: RFC 3986's `unreserved`, and `/`.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// The whole document for the problems of each file.
pub(crate) fn written(files: &[(&Source, Vec<Diagnostic>)]) -> String {
    let found = files.iter().flat_map(|(_, diagnostics)| diagnostics).map(|one| one.code);
    let mut codes: Vec<Code> = found.collect();
    codes.sort_by_key(|code| code.text());
    codes.dedup();
    let index: BTreeMap<&str, usize> =
        codes.iter().enumerate().map(|(index, code)| (code.text(), index)).collect();
    let views: Vec<View> =
        files.iter().flat_map(|(source, diagnostics)| views(diagnostics, source)).collect();
    let mut places = Places::default();
    for (source, _) in files {
        places.of(source.name());
    }
    let results: Vec<_> = views.iter().map(|view| result(view, &mut places, &index)).collect();
    let artifacts = places.names.iter().map(|name| json!({ "location": { "uri": uri(name) } }));
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wpc",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.into_iter().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "artifacts": artifacts.collect::<Vec<_>>(),
            "results": results,
        }],
    });
    format!("{log:#}")
}

fn rule(code: Code) -> Value {
    let page = code.page().trim_end();
    json!({
        "id": code.text(),
        "name": code.lint().unwrap_or(code.text()),
        "shortDescription": { "text": code.title() },
        "help": { "text": page, "markdown": page },
        "defaultConfiguration": { "level": level(code.severity()) },
    })
}

/// The files of a document: those that were checked, then those of theirs that problems are in.
#[derive(Default)]
struct Places<'v> {
    names: Vec<&'v str>,
    known: BTreeMap<&'v str, usize>,
}

impl<'v> Places<'v> {
    /// Where the file `name` stands in the document.
    fn of(&mut self, name: &'v str) -> usize {
        let next = self.names.len();
        let index = *self.known.entry(name).or_insert(next);
        if index == next {
            self.names.push(name);
        }
        index
    }
}

fn result<'v>(view: &'v View, places: &mut Places<'v>, index: &BTreeMap<&str, usize>) -> Value {
    let View { code, severity, message, file: _, primary, secondary, help, rule, lint } = view;
    let mut text = format!("{message}: {}", primary.text);
    if let Some(help) = help {
        text.push_str(&format!("\nhelp: {help}"));
    }
    let related: Vec<_> = (1_usize..)
        .zip(secondary)
        .map(|(id, label)| {
            json!({ "id": id, "physicalLocation": location(label, places), "message": { "text": label.text } })
        })
        .collect();
    json!({
        "ruleId": code.text(),
        "ruleIndex": index.get(code.text()),
        "level": level(*severity),
        "message": { "text": text },
        "locations": [{ "physicalLocation": location(primary, places) }],
        "relatedLocations": related,
        "properties": { "lint": lint, "rule": rule },
    })
}

fn location<'v>(label: &'v Label, places: &mut Places<'v>) -> Value {
    let Label { line, column, end_line, end_column, file, .. } = label;
    json!({
        "artifactLocation": { "uri": uri(file), "index": places.of(file) },
        "region": {
            "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column,
        },
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A path as a URI reference: relative paths stay relative, so that a viewer finds them in its
/// checkout.
fn uri(name: &str) -> String {
    let path = utf8_percent_encode(&name.replace(std::path::MAIN_SEPARATOR, "/"), PATH).to_string();
    if path.starts_with('/') { format!("file://{path}") } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expect: &str) {
        assert_eq!(uri(name), expect);
    }

    #[test]
    fn a_path_becomes_a_uri() {
        check("policies/orders.wpc", "policies/orders.wpc");
        check("a b#c.wpc", "a%20b%23c.wpc");
        check("/srv/ü.wpc", "file:///srv/%C3%BC.wpc");
        check("<stdin>", "%3Cstdin%3E");
    }
}
