//! Diagnostics drawn for people: the only place that knows codespan.

use codespan_reporting::diagnostic as drawn;
use codespan_reporting::files::SimpleFile;
use codespan_reporting::term::termcolor::Ansi;
use codespan_reporting::term::{self, Config};
use wpc_grammar::{Source, Span};

use crate::{Diagnostic, Severity};

/// Whether a drawing carries colours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Colour {
    /// Text alone.
    Plain,
    /// ANSI escape sequences, for terminals.
    Ansi,
}

/// Draws one diagnostic of `source`, with a blank line after it.
///
/// ```
/// use wpc_compiler::{Colour, Parameters, Source, compile, render};
/// let source = Source::new("empty.wpc", "policy p { tool nothing { } }\n");
/// let problems = compile(&source, &Parameters::new()).unwrap_err();
/// assert!(render(&problems[0], &source, Colour::Plain).starts_with("error[WPC0201]: "));
/// ```
#[must_use]
pub fn render(diagnostic: &Diagnostic, source: &Source, colour: Colour) -> String {
    render_all(std::slice::from_ref(diagnostic), source, colour)
}

/// Draws diagnostics of `source`, one after the other.
#[must_use]
pub fn render_all(diagnostics: &[Diagnostic], source: &Source, colour: Colour) -> String {
    let file = SimpleFile::new(source.name(), source.text());
    let config = Config::default();
    let mut bytes = Vec::new();
    for diagnostic in diagnostics {
        let drawing = drawing(diagnostic, source.text().len());
        let outcome = match colour {
            Colour::Plain => term::emit_to_io_write(&mut bytes, &config, &file, &drawing),
            Colour::Ansi => term::emit_to_write_style(&mut Ansi::new(&mut bytes), &config, &file, &drawing),
        };
        if outcome.is_err() {
            // A span outside the source: say what is known.
            let line =
                format!("{}[{}]: {}\n\n", diagnostic.severity.word(), diagnostic.code, diagnostic.message);
            bytes.extend_from_slice(line.as_bytes());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn drawing(diagnostic: &Diagnostic, length: usize) -> drawn::Diagnostic<()> {
    let severity = match diagnostic.severity {
        Severity::Error => drawn::Severity::Error,
        Severity::Warning => drawn::Severity::Warning,
        Severity::Note => drawn::Severity::Note,
    };
    let (span, text) = &diagnostic.primary;
    let mut labels = vec![drawn::Label::primary((), range(*span, length)).with_message(text)];
    labels.extend(
        diagnostic
            .secondary
            .iter()
            .map(|(span, text)| drawn::Label::secondary((), range(*span, length)).with_message(text)),
    );
    let help = diagnostic.help.iter().map(|help| format!("help: {help}"));
    let rule = diagnostic.rule.iter().map(|rule| format!("in rule: {rule}"));
    drawn::Diagnostic::new(severity)
        .with_code(diagnostic.code.text())
        .with_message(&diagnostic.message)
        .with_labels(labels)
        .with_notes(help.chain(rule).collect())
}

fn range(span: Span, length: usize) -> std::ops::Range<usize> {
    let start = (span.start as usize).min(length);
    start..(span.end as usize).clamp(start, length)
}
