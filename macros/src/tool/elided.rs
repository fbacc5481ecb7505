//! Lifetimes that the output borrows from the one reference among the inputs: the gate would be a
//! second one, so that lifetime gets a name.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, Lifetime, Signature};

/// The signature with the lifetime named, if its output elides one that the gate would blur.
pub(super) fn named(sig: &Signature) -> Option<Signature> {
    let is_method = matches!(sig.inputs.first(), Some(FnArg::Receiver(_)));
    let elided_out = count(&sig.output.to_token_stream()).elided;
    if is_method || elided_out == 0 {
        return None;
    }
    let inputs: Vec<_> = sig.inputs.iter().map(ToTokens::to_token_stream).collect();
    let counted: Vec<_> = inputs.iter().map(count).collect();
    let elided: usize = counted.iter().map(|one| one.elided).sum();
    let mut names: Vec<_> = counted.into_iter().flat_map(|one| one.named).collect();
    names.sort();
    names.dedup();
    let lifetime = match (elided, names.as_slice()) {
        (1, []) => "'__wpc_elided",
        (0, [name]) => name,
        // Ambiguous without us too: rustc says so better.
        _ => return None,
    };
    let name = |tokens: TokenStream| Names { lifetime }.walk(tokens);
    let mut sig = sig.clone();
    sig.output = syn::parse2(name(sig.output.to_token_stream())).ok()?;
    if elided == 1 {
        for input in &mut sig.inputs {
            *input = syn::parse2(name(input.to_token_stream())).ok()?;
        }
        let lifetime = Lifetime::new(lifetime, proc_macro2::Span::mixed_site());
        sig.generics.params.insert(0, syn::GenericParam::Lifetime(syn::LifetimeParam::new(lifetime)));
    }
    Some(sig)
}

/// The lifetimes in a type.
#[derive(Default)]
struct Counted {
    elided: usize,
    named: Vec<String>,
}

fn count(tokens: &TokenStream) -> Counted {
    let mut counted = Counted::default();
    each(tokens.clone(), &mut |found| match found {
        Found::Elided => counted.elided += 1,
        Found::Named(name) => counted.named.push(name),
    });
    counted
}

enum Found {
    Elided,
    Named(String),
}

/// Calls `found` with each lifetime; those of function types are their own.
fn each(tokens: TokenStream, found: &mut impl FnMut(Found)) {
    let mut tokens = tokens.into_iter().peekable();
    let mut in_function = false;
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                let lifetime =
                    matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
                if !lifetime {
                    found(Found::Elided);
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                if let Some(TokenTree::Ident(name)) = tokens.next() {
                    match name.to_string().as_str() {
                        "_" => found(Found::Elided),
                        "static" => {}
                        name => found(Found::Named(format!("'{name}"))),
                    }
                }
            }
            TokenTree::Ident(word) => {
                in_function = matches!(word.to_string().as_str(), "fn" | "Fn" | "FnMut" | "FnOnce");
            }
            TokenTree::Group(group) if !in_function => each(group.stream(), found),
            TokenTree::Punct(_) | TokenTree::Group(_) | TokenTree::Literal(_) => {}
        }
    }
}

struct Names<'n> {
    lifetime: &'n str,
}

impl Names<'_> {
    fn lifetime(&self) -> TokenStream {
        Lifetime::new(self.lifetime, proc_macro2::Span::mixed_site()).into_token_stream()
    }

    /// `tokens` with every elided lifetime named.
    fn walk(&self, tokens: TokenStream) -> TokenStream {
        let mut out = TokenStream::new();
        let mut tokens = tokens.into_iter().peekable();
        let mut in_function = false;
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == '&' => {
                    let lifetime =
                        matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == '\'');
                    out.extend([TokenTree::Punct(punct)]);
                    if !lifetime {
                        out.extend(self.lifetime());
                    }
                }
                TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                    let is_elided = matches!(tokens.peek(), Some(TokenTree::Ident(name)) if *name == "_");
                    if is_elided {
                        tokens.next();
                        out.extend(self.lifetime());
                    } else {
                        out.extend([TokenTree::Punct(punct)]);
                    }
                }
                TokenTree::Ident(word) => {
                    in_function = matches!(word.to_string().as_str(), "fn" | "Fn" | "FnMut" | "FnOnce");
                    out.extend([TokenTree::Ident(word)]);
                }
                TokenTree::Group(group) if !in_function => {
                    let mut named = Group::new(group.delimiter(), self.walk(group.stream()));
                    named.set_span(group.span());
                    out.extend([TokenTree::Group(named)]);
                }
                other @ (TokenTree::Punct(_) | TokenTree::Group(_) | TokenTree::Literal(_)) => {
                    out.extend([other])
                }
            }
        }
        out
    }
}
