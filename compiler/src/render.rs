//! Diagnostics drawn for people: the only place that knows codespan.

use std::collections::BTreeMap;

use codespan_reporting::diagnostic as drawn;
use codespan_reporting::files::SimpleFiles;
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

/// Draws one diagnostic of `source` and of the files that it uses, with a blank line after it.
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
    let files = Files::of(source);
    let config = Config::default();
    let mut bytes = Vec::new();
    for diagnostic in diagnostics {
        let drawing = files.drawing(diagnostic);
        let outcome = match colour {
            Colour::Plain => term::emit_to_io_write(&mut bytes, &config, &files.texts, &drawing),
            Colour::Ansi => {
                term::emit_to_write_style(&mut Ansi::new(&mut bytes), &config, &files.texts, &drawing)
            }
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

/// The files that labels are drawn into.
struct Files<'a> {
    source: &'a Source,
    texts: SimpleFiles<&'a str, &'a str>,
    /// Which of them each file is, by its base.
    ids: BTreeMap<u32, usize>,
}

impl<'a> Files<'a> {
    fn of(source: &'a Source) -> Self {
        let mut files = Self { source, texts: SimpleFiles::new(), ids: BTreeMap::new() };
        let used = source.files().filter_map(|(_, file)| file.as_ref().ok());
        for file in std::iter::once(source).chain(used) {
            files.ids.insert(file.base(), files.texts.add(file.name(), file.text()));
        }
        files
    }

    fn drawing(&self, diagnostic: &Diagnostic) -> drawn::Diagnostic<usize> {
        let severity = match diagnostic.severity {
            Severity::Error => drawn::Severity::Error,
            Severity::Warning => drawn::Severity::Warning,
            Severity::Note => drawn::Severity::Note,
        };
        let (span, text) = &diagnostic.primary;
        let mut labels = vec![self.label(drawn::LabelStyle::Primary, *span, text)];
        let secondary = diagnostic.secondary.iter();
        labels.extend(secondary.map(|(span, text)| self.label(drawn::LabelStyle::Secondary, *span, text)));
        let help = diagnostic.help.iter().map(|help| format!("help: {help}"));
        let rule = diagnostic.rule.iter().map(|rule| format!("in rule: {rule}"));
        drawn::Diagnostic::new(severity)
            .with_code(diagnostic.code.text())
            .with_message(&diagnostic.message)
            .with_labels(labels)
            .with_notes(help.chain(rule).collect())
    }

    fn label(&self, style: drawn::LabelStyle, span: Span, text: &str) -> drawn::Label<usize> {
        let file = self.source.at(span.start);
        let id = self.ids.get(&file.base()).copied().unwrap_or_default();
        let length = file.text().len();
        let start = (span.start.saturating_sub(file.base()) as usize).min(length);
        let end = (span.end.saturating_sub(file.base()) as usize).clamp(start, length);
        drawn::Label::new(style, id, start..end).with_message(text)
    }
}
