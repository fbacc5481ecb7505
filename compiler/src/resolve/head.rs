//! What a statement is called in messages and in the map.

use std::sync::Arc;

use wpc_grammar::syntax::{Conditions, Entry, Statement};
use wpc_grammar::{Source, Span};

use crate::checked::Head;
use crate::interface;
use crate::lines::Lines;

/// Longest head, in characters; a list of a thousand names is not repeated for each of its rules.
const MAX_HEAD: usize = 160;

/// The head of `entry`, whose kind is `statement`.
pub(super) fn of(entry: &Entry, statement: &Statement, source: &Source, lines: &Lines<'_>) -> Head {
    let span = entry.loc.0;
    let end = block(statement).map_or(span.end, |block| block.start.max(span.start));
    let written =
        source.slice(Span::new(span.start, end)).trim_end_matches(|c: char| c == '{' || c.is_whitespace());
    let before_when = written.strip_suffix("when").filter(|before| before.ends_with(char::is_whitespace));
    let written = before_when.map_or(written, str::trim_end);
    let length = u32::try_from(written.len()).unwrap_or(u32::MAX);
    Head {
        span: Span::new(span.start, span.start.saturating_add(length)),
        line: lines.line_of(span),
        text: shortened(&one_line(written)).into(),
        label: entry.label.as_ref().map(|label| shortened(&label.value).into()),
        docs: Arc::from(interface::lines(&entry.docs)),
    }
}

/// Where the statement's block begins, if it has one.
fn block(statement: &Statement) -> Option<Span> {
    let of = |conditions: &Conditions| match conditions {
        Conditions::Block { loc, .. } => loc.0,
        Conditions::Name(name) => name.loc.0,
    };
    match statement {
        Statement::Allow { when, .. } | Statement::Deny { when, .. } => when.as_ref().map(of),
        Statement::Require { conditions, .. } => Some(of(conditions)),
        Statement::Approval { when: Some(when), .. } => Some(of(when)),
        Statement::Approval { when: None, settings, .. } => settings.first().map(|setting| setting.loc.0),
        Statement::Limit { .. } | Statement::Separate { .. } | Statement::Before { .. } => None,
    }
}

/// `text` without comments, runs of blanks outside strings made one space.
fn one_line(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        if quoted {
            out.push(c);
            match c {
                '"' => quoted = false,
                '\\' => out.extend(chars.next()),
                _ => {}
            }
        } else if c == '/' && chars.peek() == Some(&'/') {
            while chars.next_if(|c| *c != '\n').is_some() {}
        } else if c.is_whitespace() {
            if !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            quoted = c == '"';
            out.push(c);
        }
        if out.len() > 8 * MAX_HEAD {
            break;
        }
    }
    out.trim().to_owned()
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MAX_HEAD {
        return text.to_owned();
    }
    text.chars().take(MAX_HEAD - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_one_line_without_comments() {
        assert_eq!(
            one_line("allow a,\n   b // why\n to queue(\"x  // y\")"),
            "allow a, b to queue(\"x  // y\")"
        );
    }

    #[test]
    fn a_long_head_ends_in_an_ellipsis() {
        let long = "x".repeat(500);
        assert_eq!(shortened(&long).chars().count(), MAX_HEAD);
        assert!(shortened(&long).ends_with('…'));
    }
}
