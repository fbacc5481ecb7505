//! `WPC_DUMP=1`: the expansion as a file that people can read and rustc can point into.

use std::path::PathBuf;
use std::{env, fs};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::quote;
use syn::{Error, LitStr, Result};

/// `code`, or an `include!` of the file that it was written to.
///
/// The file is `<policy>.rs` in `OUT_DIR`, or in the target's temporary folder where there is no
/// build script.
pub(crate) fn maybe(code: TokenStream, path: &LitStr) -> Result<TokenStream> {
    if env::var_os("WPC_DUMP").is_none_or(|value| value.is_empty() || value == "0") {
        return Ok(code);
    }
    let folder = env::var_os("OUT_DIR").map_or_else(env::temp_dir, PathBuf::from);
    let value = path.value();
    let name = value.rsplit(['/', '\\']).next().unwrap_or(&value);
    let file = folder.join(format!("{name}.rs"));
    fs::write(&file, text(&code)).map_err(|error| {
        Error::new(path.span(), format!("cannot write the expansion to `{}`: {error}", file.display()))
    })?;
    let file = file.to_string_lossy();
    Ok(quote!(::core::include!(#file);))
}

/// The code with a line per statement, indented by braces; `rustfmt` does the rest.
fn text(code: &TokenStream) -> String {
    let mut text = String::new();
    write(code.clone(), 0, &mut text);
    text
}

fn write(code: TokenStream, depth: usize, text: &mut String) {
    let new_line = |depth: usize, text: &mut String| {
        text.push('\n');
        text.extend(std::iter::repeat_n(' ', 4 * depth));
    };
    for token in code {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                text.push('{');
                new_line(depth + 1, text);
                write(group.stream(), depth + 1, text);
                new_line(depth, text);
                text.push('}');
                new_line(depth, text);
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace | Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write(group.stream(), depth, text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => {
                text.push(punct.as_char());
                if punct.as_char() == ';' {
                    new_line(depth, text);
                } else if punct.spacing() == Spacing::Alone {
                    text.push(' ');
                }
            }
            token @ (TokenTree::Ident(_) | TokenTree::Literal(_)) => {
                text.push_str(&token.to_string());
                text.push(' ');
            }
        }
    }
}
