//! `#[tool]`.
//!
//! ```text
//! attribute ─call─▶ azure_service_bus::__wpc! { Send [path] [rest] item }
//!                       └─▶ __tool! { { facts } [path] [rest] item } ─expand─▶ the function
//! facts ────▶ Facts ──────┐
//! rest ─────▶ Rest ───────┼─▶ Resource, Supplied ─▶ expand::function
//! item ─────▶ Tool ───────┘        └─▶ Problems: each underlines the user's own token
//! ```
//!
//! The facts come from the generated module and serve the texts of errors; what a call may do is
//! decided at run time by the generated rules, whatever the facts say.

mod bound;
mod elided;
mod expand;
mod facts;
mod problems;
mod resource;
mod rest;
mod signature;
mod supply;

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Path, Result, Token, braced, bracketed};

use facts::Facts;
use problems::Problems;
use rest::Rest;
use signature::Tool;

/// The attribute: hands everything to the callback macro of the action's tool. It knows nothing of
/// the policy.
pub(crate) fn call(attribute: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let Attribute { path, rest } = syn::parse2(attribute)?;
    let mut module = path.clone();
    let action = module.segments.pop();
    // Without the `::` that led to the action.
    let last = module.segments.pop();
    let (Some(action), Some(last)) = (action, last) else {
        return Err(Error::new_spanned(
            &path,
            "found no tool, expected an action named through its tool's module\n\
             = help: write it as in `azure_service_bus::Send`",
        ));
    };
    module.segments.push(last);
    let span = action.ident.span();
    let action = action.ident;
    Ok(quote_spanned! {span=> #module::__wpc! { #action [#path] [#rest] #item } })
}

/// `orders::azure_service_bus::Send, to = queue("orders")`: the path, and whatever follows it.
struct Attribute {
    path: Path,
    rest: TokenStream,
}

impl Parse for Attribute {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let path = input.call(Path::parse_mod_style).map_err(|error| {
            Error::new(error.span(), "expected an action, as in `#[wpc::tool(azure_service_bus::Send, …)]`")
        })?;
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(input.error("expected `,`"));
        }
        Ok(Self { path, rest: input.parse()? })
    }
}

/// What the callback macro calls: the facts, and what the attribute gave it.
pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let Input { facts, path, rest, item } = syn::parse2(input)?;
    let mut problems = Problems::default();
    let rest = Rest::parse(rest, &mut problems);
    let tool = Tool::parse(item)?;
    let code = expand::function(&facts, &path, &rest, &tool, &mut problems);
    let errors = problems.into_tokens();
    Ok(quote::quote!(#errors #code))
}

struct Input {
    facts: Facts,
    path: Path,
    rest: TokenStream,
    item: TokenStream,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (facts, path, rest);
        braced!(facts in input);
        let facts = facts.parse()?;
        bracketed!(path in input);
        let path = path.call(Path::parse_mod_style)?;
        bracketed!(rest in input);
        let rest = rest.parse()?;
        Ok(Self { facts, path, rest, item: input.parse()? })
    }
}
