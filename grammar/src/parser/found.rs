//! What stands at a place, as a person sees it.

use crate::Span;
use crate::literal::is_letter;
use crate::scan::span;
use crate::syntax::Comment;

/// The text around the place where reading stopped.
pub(super) struct Place<'i> {
    text: &'i str,
    at: usize,
}

/// What stands at a place.
pub(super) struct Found<'i> {
    /// As it is shown in a message: quoted, or described.
    pub(super) shown: String,
    /// The word or the sign itself; empty at the end of a line.
    pub(super) sign: &'i str,
    /// Where.
    pub(super) span: Span,
}

/// The longest text that a message repeats.
const SHOWN: usize = 40;

impl<'i> Place<'i> {
    pub(super) fn new(text: &'i str, at: usize) -> Self {
        Self { text, at }
    }

    pub(super) fn before(&self) -> &'i str {
        self.text.get(..self.at).unwrap_or("")
    }

    pub(super) fn after(&self) -> &'i str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// What stands here. The end of a line is placed behind the last sign of the line, in front
    /// of its comment.
    pub(super) fn found(&self, comments: &[Comment]) -> Found<'i> {
        let sign = sign(self.after());
        let shown = match sign {
            "" if self.after().is_empty() => "the end of the file".to_owned(),
            "" => "the end of the line".to_owned(),
            "///" => "a `///` line".to_owned(),
            sign if sign.chars().count() > SHOWN => {
                format!("`{}…`", sign.chars().take(SHOWN).collect::<String>())
            }
            sign => format!("`{sign}`"),
        };
        let start = if sign.is_empty() { self.end_of_signs(comments) } else { self.at };
        Found { shown, sign, span: span(start, start + sign.len()) }
    }

    /// Where the last sign before this place ends, comments aside.
    fn end_of_signs(&self, comments: &[Comment]) -> usize {
        let mut end = self.before().trim_end().len();
        let upto = comments.partition_point(|comment| (comment.loc.0.start as usize) < end);
        for comment in comments.get(..upto).unwrap_or_default().iter().rev() {
            if (comment.loc.0.end as usize) < end {
                break;
            }
            let before = self.text.get(..comment.loc.0.start as usize).unwrap_or("");
            end = before.trim_end().len();
        }
        end
    }

    /// The last sign before this place and where it stands, on this line or above.
    pub(super) fn last_sign(&self, comments: &[Comment]) -> Option<(char, Span)> {
        let end = self.end_of_signs(comments);
        let char = self.text.get(..end)?.chars().next_back()?;
        Some((char, span(end - char.len_utf8(), end)))
    }

    /// The two words before this place.
    pub(super) fn last_words(&self) -> (&'i str, &'i str) {
        let mut words = self.before().split_ascii_whitespace().rev();
        let last = words.next().unwrap_or("");
        (words.next().unwrap_or(""), last)
    }

    /// Whether only blanks stand before this place on its line.
    pub(super) fn begins_line(&self) -> bool {
        self.before().rsplit('\n').next().unwrap_or("").trim().is_empty()
    }

    /// The `{` that stands alone at the beginning of a later line, nothing but blanks before it.
    pub(super) fn brace_below(&self) -> Option<Span> {
        let rest = self.after();
        let word = rest.bytes().take_while(|&byte| is_letter(byte)).count();
        let blanks = rest.get(word..)?;
        let brace = blanks.trim_start();
        let at = self.at + rest.len() - brace.len();
        let between = blanks.get(..blanks.len() - brace.len())?;
        (brace.starts_with('{') && between.contains('\n')).then(|| span(at, at + 1))
    }

    /// The `///` line right above this place, if the last line above is one.
    pub(super) fn doc_above(&self) -> Option<Span> {
        let above = self.before().trim_end();
        let start = above.rfind('\n').map_or(0, |newline| newline + 1);
        let line = above.get(start..)?.trim_start();
        let at = above.len() - line.len();
        (line.starts_with("///") && !line.starts_with("////")).then(|| span(at, above.len()))
    }

    /// The number whose last digit stands right before this place, together with the letters,
    /// signs and digits that are glued to it.
    pub(super) fn glued_number(&self) -> Option<(&'i str, Span)> {
        let part = |byte: &u8| is_letter(*byte) || *byte == b'.';
        let left = self.before().bytes().rev().take_while(part).count();
        let right = glued(self.after());
        let start = self.at - left;
        let number = self.text.get(start..self.at + right)?;
        let digit = number.starts_with(|first: char| first.is_ascii_digit() || first == '.');
        (digit && left > 0).then(|| (number, span(start, self.at + right)))
    }
}

/// How many bytes of an exponent or of further digits begin `rest`.
fn glued(rest: &str) -> usize {
    let mut last = 0;
    rest.bytes()
        .take_while(|&byte| {
            let goes_on = is_letter(byte)
                || byte == b'.'
                || (matches!(byte, b'+' | b'-') && matches!(last, b'e' | b'E'));
            last = byte;
            goes_on
        })
        .count()
}

/// The word, number, text or sign that begins `rest`; empty at the end of a line or file.
fn sign(rest: &str) -> &str {
    let Some(first) = rest.chars().next() else { return "" };
    let run = |part: fn(&char) -> bool| rest.chars().take_while(part).map(char::len_utf8).sum();
    let len = match first {
        '\n' | '\r' => 0,
        '/' if rest.starts_with("///") => 3,
        '"' => text_len(rest, 1),
        'r' if rest.starts_with("r\"") => text_len(rest, 2),
        '`' => rest.get(1..).and_then(|rest| rest.find('`')).map_or(1, |end| end + 2),
        '@' => 1 + rest.bytes().skip(1).take_while(|&byte| is_letter(byte)).count(),
        '=' | '<' | '>' | '!' | '&' | '|' | '~' => run(|char| "=<>!&|~".contains(*char)),
        '.' if rest.get(1..).is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit())) => {
            glued(rest)
        }
        _ if first.is_ascii_digit() => glued(rest),
        _ if first.is_ascii_alphabetic() => run(|char| char.is_ascii_alphanumeric() || "_-".contains(*char)),
        _ => first.len_utf8(),
    };
    rest.get(..len).unwrap_or(rest)
}

/// The length of the text that begins `rest` with `open` bytes; the scan has seen that it ends.
fn text_len(rest: &str, open: usize) -> usize {
    let mut escaped = false;
    let inside = rest.bytes().skip(open).take_while(|&byte| {
        let goes_on = escaped || byte != b'"';
        escaped = open == 1 && byte == b'\\' && !escaped;
        goes_on
    });
    (open + inside.count() + 1).min(rest.len())
}
