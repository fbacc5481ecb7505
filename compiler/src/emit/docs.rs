//! Doc comments of generated items.

use proc_macro2::TokenStream;
use quote::quote;

/// Longest part of a statement that a doc comment or a message repeats, in characters.
const LONGEST: usize = 160;

/// `lines` as doc attributes.
pub(super) fn doc<S: AsRef<str>>(lines: &[S]) -> TokenStream {
    let lines = lines.iter().map(|line| match line.as_ref() {
        "" => String::new(),
        line => format!(" {line}"),
    });
    quote!(#(#[doc = #lines])*)
}

/// The interface's own lines, or `otherwise`.
pub(super) fn or(lines: Option<&Vec<String>>, otherwise: impl FnOnce() -> String) -> Vec<String> {
    match lines {
        Some(lines) if !lines.is_empty() => lines.clone(),
        _ => vec![otherwise()],
    }
}

/// A statement, cut where it is very long.
pub(super) fn cut(statement: &str) -> String {
    match statement.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", statement.get(..end).unwrap_or(statement)),
        None => statement.to_owned(),
    }
}
