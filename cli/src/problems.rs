//! The compiler's diagnostics as drawings and as JSON.

use serde_json::{Value, json};
use wpc_compiler::{Colour, Diagnostic, Label, Severity, Source, View, render_all, views};

/// How many of what was found.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Count {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) notes: usize,
}

impl Count {
    /// Counts by severity.
    pub(crate) fn add(&mut self, found: &[Diagnostic]) {
        for diagnostic in found {
            let count = match diagnostic.severity {
                Severity::Error => &mut self.errors,
                Severity::Warning => &mut self.warnings,
                Severity::Note => &mut self.notes,
            };
            *count = count.saturating_add(1);
        }
    }

    /// `1 error, 2 warnings`, `clean`.
    pub(crate) fn words(self) -> String {
        let parts = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")];
        let said = parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| number(*count, word));
        let said: Vec<_> = said.collect();
        if said.is_empty() { "clean".to_owned() } else { said.join(", ") }
    }
}

/// `1 file`, `2 files`.
pub(crate) fn number(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

/// Drawings one after the other, without the last blank line.
pub(crate) fn drawn(found: &[Diagnostic], source: &Source, coloured: bool) -> String {
    let colour = if coloured { Colour::Ansi } else { Colour::Plain };
    render_all(found, source, colour).trim_end().to_owned()
}

/// The `problems` member of an answer.
pub(crate) fn json(found: &[Diagnostic], source: &Source) -> Vec<Value> {
    views(found, source).iter().map(problem).collect()
}

fn problem(view: &View) -> Value {
    let View { code, severity, lint, message, file, primary, secondary, help, rule } = view;
    let mut problem = place(primary);
    if let Value::Object(members) = &mut problem {
        let label = members.remove("text").unwrap_or_default();
        members.extend([
            ("code".to_owned(), json!(code.text())),
            ("severity".to_owned(), json!(severity.word())),
            ("lint".to_owned(), json!(lint)),
            ("message".to_owned(), json!(message)),
            ("file".to_owned(), json!(file)),
            ("label".to_owned(), label),
            ("also".to_owned(), secondary.iter().map(|label| elsewhere(label, file)).collect()),
            ("help".to_owned(), json!(help)),
            ("rule".to_owned(), json!(rule)),
        ]);
    }
    problem
}

/// A place that explains a problem in `file`, with its own file's name where that is another one.
fn elsewhere(label: &Label, file: &str) -> Value {
    let mut also = place(label);
    if let (Value::Object(members), true) = (&mut also, label.file != file) {
        members.insert("file".to_owned(), json!(label.file));
    }
    also
}

fn place(label: &Label) -> Value {
    let Label { line, column, end_line, end_column, text, file: _ } = label;
    json!({ "line": line, "column": column, "end_line": end_line, "end_column": end_column, "text": text })
}
