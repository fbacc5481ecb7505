//! Patterns of schemas: those of `matches`, and anchors at their ends.

use crate::{RegexError, check_regex};

/// Checks a `pattern` of a schema. It is searched for, so that it may begin with `^` and end in `$`; the
/// rest is a pattern of `matches` ([`check_regex`]), so that it is found in linear time.
///
/// # Errors
///
/// [`RegexError`] with the first thing that is wrong, at its place in `pattern`.
pub(super) fn check(pattern: &str) -> Result<(), RegexError> {
    let inside = pattern.strip_prefix('^').unwrap_or(pattern);
    let start = pattern.len().saturating_sub(inside.len());
    let inside = inside.strip_suffix('$').filter(|rest| !is_escaped(rest)).unwrap_or(inside);
    check_regex(inside).map_err(|error| RegexError { at: error.at.saturating_add(start), ..error })
}

/// Whether the character after `text` has a backslash before it.
fn is_escaped(text: &str) -> bool {
    let backslashes = text.bytes().rev().take_while(|&byte| byte == b'\\').count();
    !backslashes.is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn anchors_stand_at_the_ends_alone() {
        for right in ["", "^$", "^[A-Z]{2}-[0-9]+$", "a", "a\\$", "^a|b$", "\\\\$"] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        for (wrong, at) in [("a^b", 1), ("^a$b", 2), ("^(?=a)", 1), ("^\\d+$", 1), ("(a", 0)] {
            assert_eq!(check(wrong).map_err(|error| error.at), Err(at), "{wrong}");
        }
    }
}
