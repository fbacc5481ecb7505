//! `like` patterns.

/// Whether `pattern` matches the whole of `text`: `*` any run of characters (newline and `/`
/// included), `?` one character, `\` takes the next character literally, all else literal.
///
/// Linear in `pattern.len() * text.len()` at worst, no recursion.
///
/// ```
/// assert!(wpc_model::glob("orders-*", "orders-staging"));
/// assert!(!wpc_model::glob("orders-?", "orders-"));
/// assert!(wpc_model::glob(r"a\*", "a*"));
/// ```
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    matches(pattern, text, |found, wanted| found == wanted)
}

/// As [`glob`], taking ASCII letters of either case for the same.
///
/// ```
/// assert!(wpc_model::glob_ignoring_case("Orders-*", "orders-STAGING"));
/// ```
#[must_use]
pub fn glob_ignoring_case(pattern: &str, text: &str) -> bool {
    matches(pattern, text, |found, wanted| found.eq_ignore_ascii_case(&wanted))
}

fn matches(pattern: &str, text: &str, same: impl Fn(char, char) -> bool) -> bool {
    let (mut rest, mut left) = (pattern.chars(), text.chars());
    // Where to go on if a later literal fails: after the last star, one character further.
    let mut retry = None;
    loop {
        let mut ahead = rest.clone();
        match ahead.next() {
            Some('*') => {
                rest = ahead;
                retry = Some((rest.clone(), left.clone()));
                continue;
            }
            Some(wanted) => {
                let literal = if wanted == '\\' { ahead.next().unwrap_or('\\') } else { wanted };
                let mut tail = left.clone();
                if tail.next().is_some_and(|found| wanted == '?' || same(found, literal)) {
                    (rest, left) = (ahead, tail);
                    continue;
                }
            }
            None if left.as_str().is_empty() => return true,
            None => {}
        }
        let Some((after_star, mut from)) = retry.take() else { return false };
        if from.next().is_none() {
            return false;
        }
        (rest, left) = (after_star.clone(), from.clone());
        retry = Some((after_star, from));
    }
}
