//! Characters that are taken for others.
//!
//! Control, bidirectional and invisible characters never reach this point: the grammar refuses
//! them anywhere in a file. Letters that merely look like ASCII ones are fine in comments and in
//! whole words of another script, and misleading inside a string that the policy compares.

use wpc_grammar::{Source, Span};

use crate::{Code, Diagnostic, Problems};

/// Letters of other scripts that most fonts draw like an ASCII letter (Unicode Technical Standard
/// 39, the confusables of ASCII letters in scripts of living languages).
const TWINS: &[(&str, &str)] = &[
    // Cyrillic
    ("аеорсухіјѕһԁԛԝɡӏѵ", "aeopcyxijshdqwglv"),
    ("АВЕКМНОРСТУХІЈЅԚԜҮ", "ABEKMHOPCTYXIJSQWY"),
    // Greek
    ("ανορυικτχγ", "avopuiktxy"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"),
    // Armenian
    ("օոսհցզք", "onuhgqp"),
    // Latin beyond ASCII
    ("ıȷɑɩʋɪʏ", "ijaivIY"),
];

/// The ASCII letter that `c` looks like.
fn twin(c: char) -> Option<char> {
    let index = u32::from(c);
    match index {
        // Halfwidth and fullwidth forms.
        0xff01..=0xff5e => return char::from_u32(index - 0xff01 + 0x21),
        // Mathematical letters and digits are drawn as the letters they style.
        0x1d400..=0x1d7ff | 0x2100..=0x214f => return Some('?'),
        _ => {}
    }
    TWINS
        .iter()
        .find_map(|(others, letters)| others.chars().zip(letters.chars()).find(|(other, _)| *other == c))
        .map(|(_, letter)| letter)
}

/// The first character of `text` that someone could have been meant to misread: one of a style of
/// ASCII, a combining mark, or a look-alike in a word that would pass for an ASCII word.
pub(crate) fn suspicious(text: &str) -> Option<char> {
    if text.is_ascii() {
        return None;
    }
    text.split(|c: char| !c.is_alphanumeric() && !is_mark(c))
        .find_map(|word| {
            let styled =
                |c: &char| matches!(u32::from(*c), 0xff01..=0xff5e | 0x1d400..=0x1d7ff) || is_mark(*c);
            if let Some(found) = word.chars().find(styled) {
                return Some(found);
            }
            let passes = word.chars().all(|c| c.is_ascii() || twin(c).is_some());
            if passes { word.chars().find(|c| !c.is_ascii()) } else { None }
        })
        .or_else(|| text.chars().find(|c| is_hidden(*c)))
}

/// Combining marks: a letter with one can look like a letter of its own.
fn is_mark(c: char) -> bool {
    matches!(u32::from(c), 0x0300..=0x036f | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe20..=0xfe2f)
}

/// Control, bidirectional and invisible characters: only in values from the command line.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            u32::from(c),
            0x00ad | 0x034f | 0x061c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
                | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff9..=0xfffb
                | 0xe0000..=0xe0fff
        )
}

/// The first character that nobody sees, in text that is no policy: where, and how many bytes.
pub(crate) fn hidden(text: &str) -> Option<(usize, usize)> {
    let unseen = |c: char| is_hidden(c) && !matches!(c, '\n' | '\r' | '\t');
    text.char_indices().find(|(_, c)| unseen(*c)).map(|(at, c)| (at, c.len_utf8()))
}

/// Reports strings that could be misread. An escape (`\u{430}`) is visible, and accepted.
pub(crate) fn check(source: &Source, problems: &mut Problems) {
    check_with(source, problems, |c| format!("\\u{{{:x}}}", u32::from(c)));
}

/// The same of JSON, whose escapes are other ones.
pub(crate) fn check_json(source: &Source, problems: &mut Problems) {
    check_with(source, problems, |c| {
        let mut units = [0; 2];
        c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
    });
}

fn check_with(source: &Source, problems: &mut Problems, escape: fn(char) -> String) {
    if source.text().is_ascii() {
        return;
    }
    for span in strings(source.text(), source.base()) {
        let Some(found) = suspicious(source.slice(span)) else { continue };
        let (like, help) = match twin(found).filter(|letter| *letter != '?') {
            Some(letter) => (
                format!("which looks like `{letter}`"),
                format!("write `{letter}`, or `{}` if the other letter is meant", escape(found)),
            ),
            None => (
                "which looks like something else".to_owned(),
                format!("write `{}` if it is meant", escape(found)),
            ),
        };
        problems.report(
            Diagnostic::error(
                Code::LookAlike,
                span,
                format!("found `{found}` (U+{:04X}), {like}", u32::from(found)),
                "may be misread",
            )
            .help(help),
        );
    }
}

/// The spans of all strings, outside comments, in a text that begins at `base`.
fn strings(text: &str, base: u32) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut chars = (base..).zip(text.bytes()).peekable();
    let mut before = b' ';
    while let Some((start, byte)) = chars.next() {
        match byte {
            b'/' if chars.peek().is_some_and(|(_, next)| *next == b'/') => {
                while chars.next_if(|(_, byte)| *byte != b'\n').is_some() {}
            }
            b'"' => {
                let raw = before == b'r';
                while let Some((end, byte)) = chars.next() {
                    match byte {
                        b'\\' if !raw => drop(chars.next()),
                        b'"' => {
                            spans.push(Span::new(start, end + 1));
                            break;
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        before = byte;
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_are_listed_in_pairs() {
        for (others, letters) in TWINS {
            assert_eq!(others.chars().count(), letters.chars().count(), "{others}");
            assert!(others.chars().all(|c| !c.is_ascii()) && letters.is_ascii());
        }
    }

    #[test]
    fn a_word_that_passes_for_ascii_is_suspicious() {
        assert_eq!(suspicious("ord\u{435}rs"), Some('\u{435}'));
        assert_eq!(suspicious("\u{441}\u{43e}\u{440}\u{443}"), Some('\u{441}'));
        assert_eq!(suspicious("ｏｒｄｅｒｓ"), Some('ｏ'));
        assert_eq!(suspicious("e\u{301}t\u{e9}"), Some('\u{301}'));
    }

    #[test]
    fn a_word_of_another_language_is_not() {
        for fine in ["orders", "привет", "München", "Ελληνικά", "日本語", "заказы-staging"]
        {
            assert_eq!(suspicious(fine), None, "{fine}");
        }
    }

    #[test]
    fn comments_are_not_strings() {
        let text = "// \"a\"\nlet x = \"b\\\"c\" // \"d\"\nlet y = r\"e\\\"";
        let source = Source::new("x", text);
        let spans = strings(text, 0);
        let found: Vec<&str> = spans.iter().map(|span| source.slice(*span)).collect();
        assert_eq!(found, ["\"b\\\"c\"", "\"e\\\""]);
    }
}
