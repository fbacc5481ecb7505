//! String literals and words: how a value is spelt, in both directions.

use crate::{Span, SyntaxError, SyntaxErrorKind};

/// Words that are never plain identifiers (LANGUAGE.md section 9).
pub(crate) const RESERVED: [&str; 7] = ["any", "each", "some", "like", "not", "true", "false"];

/// The value of what stands between the quotes of a string that is not raw.
///
/// `at` is the offset of `inside` in its source.
///
/// # Errors
///
/// [`SyntaxErrorKind::Escape`] at the first escape other than `\n \t \\ \" \u{…}`, or at a
/// `\u{…}` that names no character.
pub(crate) fn unescape(inside: &str, at: u32) -> Result<String, SyntaxError> {
    let mut value = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        value.push_str(plain);
        let offset = at.saturating_add(u32::try_from(inside.len() - escaped.len() - 1).unwrap_or(u32::MAX));
        let (char, tail) = escape(escaped).map_err(|escape| escape.at(offset))?;
        value.push(char);
        rest = tail;
    }
    value.push_str(rest);
    Ok(value)
}

/// An escape that is none, counted from its backslash.
struct BadEscape<'i> {
    written: &'i str,
    why: &'static str,
}

impl BadEscape<'_> {
    fn at(&self, offset: u32) -> SyntaxError {
        let len = u32::try_from(self.written.len()).unwrap_or(u32::MAX).saturating_add(1);
        SyntaxError::new(
            SyntaxErrorKind::Escape,
            Span::new(offset, offset.saturating_add(len)),
            format!("found `\\{}`, which {}", self.written, self.why),
            "not an escape",
        )
        .help(r#"write `\n`, `\t`, `\\`, `\"` or `\u{…}`, or a raw string `r"…"`"#)
    }
}

/// The character that the text after a backslash begins with, and what follows it.
fn escape(after: &str) -> Result<(char, &str), BadEscape<'_>> {
    let mut chars = after.chars();
    let char = match chars.next() {
        Some('n') => '\n',
        Some('t') => '\t',
        Some(char @ ('\\' | '"')) => char,
        Some('u') => return unicode(after, chars.as_str()),
        other => {
            let len = other.map_or(0, char::len_utf8);
            return Err(BadEscape {
                written: after.get(..len).unwrap_or(after),
                why: "stands for no character",
            });
        }
    };
    Ok((char, chars.as_str()))
}

/// `{1F600}` after `\u`.
fn unicode<'i>(escape: &'i str, after: &'i str) -> Result<(char, &'i str), BadEscape<'i>> {
    let Some((digits, rest)) = after.strip_prefix('{').and_then(|inside| inside.split_once('}')) else {
        return Err(BadEscape { written: "u", why: "is not followed by `{…}`" });
    };
    let written = escape.get(..escape.len() - rest.len()).unwrap_or(escape);
    if digits.is_empty() || digits.len() > 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(BadEscape { written, why: "does not hold one to six hexadecimal digits" });
    }
    u32::from_str_radix(digits, 16)
        .ok()
        .and_then(char::from_u32)
        .map(|char| (char, rest))
        .ok_or(BadEscape { written, why: "names no Unicode character" })
}

/// `value` as a string literal, quotes included; characters that cannot be seen are escaped.
pub(crate) fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for char in value.chars() {
        match char {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            hidden if is_hidden(hidden) => out.extend(hidden.escape_unicode()),
            seen => out.push(seen),
        }
    }
    out.push('"');
    out
}

/// Whether `r"value"` says `value`.
pub(crate) fn can_be_raw(value: &str) -> bool {
    !value.chars().any(|char| char == '"' || is_control(char))
}

/// Whether `text` is an identifier without back-quotes.
pub(crate) fn is_plain(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(is_letter)
        && !RESERVED.contains(&text)
}

/// Whether `text` is a policy's name: an identifier that may hold dashes, keywords included.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| is_letter(byte) || byte == b'-')
}

/// Whether `word` right after a number is its unit: what the grammar calls `unit`.
pub(crate) fn is_unit(word: &str) -> bool {
    is_plain(word) && word != "per" && !["and", "or"].iter().any(|joint| word.eq_ignore_ascii_case(joint))
}

/// The words before resources, which the grammar calls `place`.
pub(crate) fn is_place(word: &str) -> bool {
    matches!(word, "to" | "from" | "on" | "in")
}

/// Words that need back-quotes where the grammar says `act`.
pub(crate) fn not_an_action(word: &str) -> bool {
    is_place(word) || word == "when"
}

/// Words that need back-quotes where the grammar says `kind`.
pub(crate) fn not_a_kind(word: &str) -> bool {
    is_place(word) || matches!(word, "when" | "at")
}

/// Words that need back-quotes where the grammar says `block_name`.
pub(crate) fn not_a_block(word: &str) -> bool {
    is_place(word)
        || matches!(
            word,
            "allow" | "deny" | "require" | "limit" | "separate" | "before" | "param" | "let" | "with"
        )
        || matches!(word, "tool" | "test" | "policy" | "rules" | "when")
}

/// Words that need back-quotes where the grammar says `step_word`.
pub(crate) fn not_a_step(word: &str) -> bool {
    matches!(word, "expect" | "given" | "call")
}

/// Whether `byte` may stand inside an identifier.
pub(crate) fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether `char` stands for no sign of its own and is not a tab.
pub(crate) fn is_control(char: char) -> bool {
    char != '\t' && char.is_control()
}

/// Whether `char` changes how text around it looks without being seen itself: a control
/// character, a bidirectional control (Unicode UAX #9), a line separator, a byte order mark, an
/// invisible operator or a tag.
pub(crate) fn is_hidden(char: char) -> bool {
    is_control(char)
        || matches!(
            char,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
