//! Words of a server as they may stand in a policy's file.

/// Longest doc comment or note, in characters.
const MAX_WORDS: usize = 400;

/// Words of the language that may not stand as names without back-quotes where something else could be meant.
const WORDS: &[&str] = &[
    "any",
    "each",
    "some",
    "like",
    "not",
    "true",
    "false",
    "to",
    "from",
    "on",
    "in",
    "when",
    "at",
    "expect",
    "given",
    "call",
    "allow",
    "deny",
    "require",
    "limit",
    "separate",
    "before",
    "param",
    "let",
    "with",
    "tool",
    "test",
    "policy",
    "rules",
    "use",
    "scope",
    "resource",
    "record",
    "class",
    "constraint",
    "action",
    "result",
    "choice",
    "per",
    "r",
];

/// A server's text as one line: no control, bidirectional or invisible characters, bounded.
///
/// What hides or re-orders text (Unicode TR36) would show a reviewer something else than the model reads.
pub(crate) fn line(text: &str) -> String {
    let mut out = String::new();
    let mut blank = false;
    for character in text.chars() {
        if character.is_whitespace() || character.is_control() {
            blank = true;
            continue;
        }
        if is_hidden(character) {
            continue;
        }
        if blank && !out.is_empty() {
            out.push(' ');
        }
        blank = false;
        out.push(character);
    }
    if out.chars().count() > MAX_WORDS {
        out = out.chars().take(MAX_WORDS).collect();
        out.truncate(out.trim_end().len());
        out.push_str(" [cut]");
    }
    out
}

/// Characters that are not seen, or that change the order of those that are.
pub(crate) fn is_hidden(character: char) -> bool {
    matches!(u32::from(character),
        0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
        | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
        | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff | 0xe000..=0xf8ff | 0xf0000..=0x10ffff)
}

/// A name as it stands in a file; `None` if it cannot.
pub(crate) fn name(name: &str) -> Option<String> {
    wpc_model::check_name(name).ok()?;
    Some(if is_plain(name) { name.to_owned() } else { format!("`{name}`") })
}

/// Names that mean something else in policies, so that no argument has them.
const TAKEN: &[&str] =
    &["calls", "clock", "concurrent", "job", "agent", "resource", "second", "minute", "hour", "day", "week"];

/// The name of an argument or field; one that is taken gets a `_`, which `upstream::fit` takes off again.
pub(crate) fn field_name(property: &str) -> Option<String> {
    if TAKEN.contains(&property) { Some(format!("{property}_")) } else { name(property) }
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !WORDS.contains(&name)
}

/// A name made of `text` that needs no back-quotes.
pub(crate) fn identifier(text: &str) -> String {
    let mut out: String =
        text.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '_' }).take(64).collect();
    if !out.starts_with(|first: char| first.is_ascii_alphabetic()) {
        out.insert_str(0, "t_");
    }
    if !is_plain(&out) {
        out.push('_');
    }
    out
}

/// A string of the language.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_not_written() {
        assert_eq!(line("a\u{202e}b\u{200b}c\n\td\u{0}e\u{e0041}"), "abc d e");
        assert_eq!(line(&"x".repeat(500)).len(), 406);
        assert_eq!(line("  "), "");
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        assert_eq!(name("path").as_deref(), Some("path"));
        assert_eq!(name("from").as_deref(), Some("`from`"));
        assert_eq!(name("max-results").as_deref(), Some("`max-results`"));
        assert_eq!(name("na\u{ef}ve"), None);
        assert_eq!(identifier("create-issue"), "create_issue");
        assert_eq!(identifier("1st"), "t_1st");
        assert_eq!(identifier("from"), "from_");
    }
}
