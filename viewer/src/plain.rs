//! Text that somebody else wrote, made safe for a terminal.

use std::borrow::Cow;

/// `text` with every character that could move the cursor, change colours or reverse the
/// direction of writing spelled as `\u{…}`.
///
/// Policies, artifacts and calls come from other people: what they say is shown, never obeyed.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().flat_map(|c| {
        let (escape, itself) = if acts(c) { (Some(c.escape_unicode()), None) } else { (None, Some(c)) };
        escape.into_iter().flatten().chain(itself)
    });
    Cow::Owned(escaped.collect())
}

/// Controls (Unicode Cc), and the characters of UAX 9 that steer direction.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(plain(text), expect);
    }

    #[test]
    fn letters_of_any_script_stay_as_they_are() {
        check("orders-staging", "orders-staging");
        check("заказы 注文", "заказы 注文");
    }

    #[test]
    fn a_colour_or_a_new_line_is_spelled_out() {
        check("\u{1b}[31mred", "\\u{1b}[31mred");
        check("a\nb", "a\\u{a}b");
    }

    #[test]
    fn a_reversed_direction_is_spelled_out() {
        check("a\u{202e}b", "a\\u{202e}b");
    }
}
