//! Characters that policy text does not hold, and what their writer meant.

use crate::literal::is_hidden;
use crate::scan::span;
use crate::{SyntaxError, SyntaxErrorKind};

/// `char` stands outside strings and comments, where it may not.
pub(crate) fn character(char: char, at: usize) -> SyntaxError {
    if is_hidden(char) {
        return hidden(char, at);
    }
    let (what, help) = match char {
        '#' => ("which begins no comment here", "begin comments with `//`"),
        '\'' => ("which quotes no text here", "write text between double quotes"),
        '“' | '”' | '„' | '‟' | '«' | '»' | '‘' | '’' | '‚' | '‛' => {
            ("a typographic quote", "write text between straight double quotes `\"`")
        }
        '–' | '—' | '−' | '‐' | '‑' => ("a typographic dash", "write `-`"),
        '≤' => ("which is no operator here", "write `<=`"),
        '≥' => ("which is no operator here", "write `>=`"),
        '≠' => ("which is no operator here", "write `!=`"),
        '…' => ("a typographic ellipsis", "write out what belongs here"),
        _ if char.is_whitespace() => ("a space that is not ASCII", "write an ordinary space"),
        _ if char.is_alphanumeric() => (
            "a letter that is not ASCII",
            "spell names in ASCII letters; only text in quotes takes any letter",
        ),
        _ => ("a character that is not ASCII", "put it in quotes or remove it"),
    };
    let shown = if char.is_whitespace() { code_point(char) } else { format!("`{char}`") };
    SyntaxError::new(
        SyntaxErrorKind::ForeignCharacter,
        span(at, at + char.len_utf8()),
        format!("found {shown}, {what}"),
        "may not stand outside quotes and comments",
    )
    .help(help)
}

/// `/*` stands where code is expected.
pub(crate) fn block_comment(at: usize) -> SyntaxError {
    SyntaxError::new(
        SyntaxErrorKind::ForeignCharacter,
        span(at, at + 2),
        "found `/*`, which begins no comment here",
        "not a comment",
    )
    .help("begin each line of the comment with `//`")
}

/// `char` changes how the text looks without being seen.
pub(crate) fn hidden(char: char, at: usize) -> SyntaxError {
    SyntaxError::new(
        SyntaxErrorKind::HiddenCharacter,
        span(at, at + char.len_utf8()),
        format!("found {}, which cannot be seen and may change how the policy reads", code_point(char)),
        "an invisible character stands here",
    )
    .help("remove it")
}

/// A raw control character stands in a string.
pub(crate) fn hidden_in_text(char: char, at: usize) -> SyntaxError {
    let escape = char.escape_unicode();
    hidden(char, at).help(format!("write `{escape}` if the text needs it, and remove it otherwise"))
}

fn code_point(char: char) -> String {
    format!("the character U+{:04X}", u32::from(char))
}
