//! Policy text.

use wpc_grammar::{Source, Span, SyntaxError, parse as read, print};

/// Text parses to a tree that prints to itself, or gives an error that points into the text.
///
/// # Panics
///
/// Only if that does not hold.
pub fn parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let source = Source::new("fuzz.wpc", text);
    let file = match read(&source) {
        Ok(file) => file,
        Err(error) => return points_into(&error, text),
    };
    let printed = print(&file);
    let again = read(&Source::new("printed.wpc", printed.as_str()));
    assert_eq!(again.as_ref(), Ok(&file), "not the tree that was printed:\n{printed}");
    assert_eq!(again.map(|again| print(&again)).as_ref(), Ok(&printed), "printing is not idempotent");
}

fn points_into(error: &SyntaxError, text: &str) {
    let inside = |span: Span| text.get(span.start as usize..span.end as usize).is_some();
    assert!(inside(error.span), "points outside: {error:?}");
    assert!(error.also.as_ref().is_none_or(|(span, _)| inside(*span)), "points outside: {error:?}");
    let also = error.also.as_ref().map(|(_, label)| label);
    // What is quoted from the text must not reach a terminal as it is.
    for line in [Some(&error.message), Some(&error.label), error.help.as_ref(), also].into_iter().flatten() {
        assert!(!line.contains(char::is_control), "a control character in {line:?}");
    }
}
