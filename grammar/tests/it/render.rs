//! An error as a person sees it, for snapshots.

use std::fmt::Write as _;

use wpc_grammar::{Source, Span, SyntaxError};

/// The message, each place drawn under its line, and the help.
pub(crate) fn render(source: &Source, error: &SyntaxError) -> String {
    let mut out = format!("{:?}: {}\n", error.kind, error.message);
    draw(source, error.span, '^', &error.label, &mut out);
    if let Some((span, label)) = &error.also {
        draw(source, *span, '-', label, &mut out);
    }
    if let Some(help) = &error.help {
        writeln!(out, "help: {help}").unwrap();
    }
    out
}

fn draw(source: &Source, span: Span, mark: char, label: &str, out: &mut String) {
    let (before, rest) = source.text().split_at(span.start as usize);
    let (indent, marked) = (before.rsplit('\n').next().unwrap(), source.slice(span));
    let line = format!("{indent}{}", rest.split('\n').next().unwrap());
    let shown: String = line.chars().map(|char| if is_seen(char) { char } else { '·' }).collect();
    let marks = String::from(mark).repeat(marked.chars().count().max(1));
    writeln!(out, "{:>3} | {}", source.line(span.start), shown.trim_end()).unwrap();
    writeln!(out, "    | {}{marks} {label}", " ".repeat(indent.chars().count())).unwrap();
}

/// Whether a snapshot can show `char`.
pub(crate) fn is_seen(char: char) -> bool {
    let format = matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    char == '\n' || !(char.is_control() || format)
}
