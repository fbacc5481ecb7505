//! A diagnostic with its places worked out: what a machine-readable report needs.

use wpc_grammar::{Source, Span};

use crate::lines::Lines;
use crate::{Code, Diagnostic, Severity};

/// A diagnostic with lines and columns instead of byte offsets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct View {
    /// Which problem.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// The name under which it can be denied, if it is a lint.
    pub lint: Option<&'static str>,
    /// The sentence.
    pub message: String,
    /// The name of the file that it is in.
    pub file: String,
    /// Where, and what is wrong there.
    pub primary: Label,
    /// Other places, and how each explains it.
    pub secondary: Vec<Label>,
    /// What to do.
    pub help: Option<String>,
    /// The rule that it is about: its label, else its head.
    pub rule: Option<String>,
}

/// A place and what is said of it. Lines and columns count from 1, columns in characters; the
/// end is exclusive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Label {
    /// Line of the first character.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column of the end.
    pub end_column: u32,
    /// What is said of it.
    pub text: String,
    /// The name of the file that it is in.
    pub file: String,
}

/// The views of `diagnostics`, which are of `source` and the files that it uses, in their order.
#[must_use]
pub fn views(diagnostics: &[Diagnostic], source: &Source) -> Vec<View> {
    let lines = Lines::of(source);
    diagnostics.iter().map(|diagnostic| view(diagnostic, source, &lines)).collect()
}

fn view(diagnostic: &Diagnostic, source: &Source, lines: &Lines<'_>) -> View {
    let label = |(span, text): &(Span, String)| {
        let (line, column) = lines.place(span.start);
        let (end_line, end_column) = lines.place(span.end);
        let file = source.at(span.start).name().to_owned();
        Label { line, column, end_line, end_column, text: text.clone(), file }
    };
    View {
        code: diagnostic.code,
        severity: diagnostic.severity,
        lint: diagnostic.code.lint(),
        message: diagnostic.message.clone(),
        file: source.at(diagnostic.primary.0.start).name().to_owned(),
        primary: label(&diagnostic.primary),
        secondary: diagnostic.secondary.iter().map(label).collect(),
        help: diagnostic.help.clone(),
        rule: diagnostic.rule.clone(),
    }
}
