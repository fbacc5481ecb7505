//! The name of the exported callback macro: one of its own for every place where a policy lands.

use std::fmt::Write;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use wpc_compiler::emit::CALLBACK;

/// Renames the callback macros in `code` for the place `at`.
///
/// Exported macros of one crate share one namespace, so that one policy in two modules would clash.
pub(crate) fn rename(code: TokenStream, at: Span) -> TokenStream {
    let span = at.unwrap();
    let place = format!("{}:{}:{}", span.file(), span.line(), span.column());
    let mut suffix = String::new();
    // Writing to a `String` cannot fail.
    let _ = write!(suffix, "_{:016x}", fnv(place.as_bytes()));
    walk(code, &suffix)
}

fn walk(code: TokenStream, suffix: &str) -> TokenStream {
    let token = |token| match token {
        TokenTree::Group(group) => {
            let mut renamed = Group::new(group.delimiter(), walk(group.stream(), suffix));
            renamed.set_span(group.span());
            TokenTree::Group(renamed)
        }
        TokenTree::Ident(ident) => {
            let name = ident.to_string();
            if name.starts_with(CALLBACK) {
                TokenTree::Ident(Ident::new(&format!("{name}{suffix}"), ident.span()))
            } else {
                TokenTree::Ident(ident)
            }
        }
        other @ (TokenTree::Punct(_) | TokenTree::Literal(_)) => other,
    };
    code.into_iter().map(token).collect()
}

/// FNV-1a: names need to differ, not to resist anybody.
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
