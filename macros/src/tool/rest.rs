//! What the attribute says after the action: `to = queue("orders"), gate = self.gate, with(…)`.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Result, Token, parenthesized};

use super::problems::Problems;

/// What follows the action.
#[derive(Default)]
pub(super) struct Rest {
    /// `to = queue("orders")`.
    pub(super) resource: Option<Resource>,
    /// `gate = self.gate`.
    pub(super) gate: Option<Expr>,
    /// `with(mode = peek_lock)`.
    pub(super) with: Vec<Stated>,
}

/// `to = queue("orders")`.
pub(super) struct Resource {
    pub(super) preposition: Ident,
    pub(super) kind: Ident,
    pub(super) names: Vec<Name>,
}

/// One name of a resource.
pub(super) enum Name {
    /// `"orders"` or `topic = "orders"`.
    Literal { slot: Option<Ident>, text: LitStr },
    /// A checked name that comes at run time.
    Expression(Expr),
}

/// `mode = peek_lock`.
pub(super) struct Stated {
    pub(super) name: Ident,
    pub(super) value: Expr,
}

impl Rest {
    /// Reads what it can and reports the first thing that it cannot.
    pub(super) fn parse(tokens: TokenStream, problems: &mut Problems) -> Self {
        let mut rest = Self::default();
        let parser = |input: ParseStream<'_>| {
            while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
                rest.part(input)?;
            }
            if input.is_empty() { Ok(()) } else { Err(input.error("expected `,`")) }
        };
        if let Err(error) = parser.parse2(tokens) {
            problems.add(error);
        }
        rest
    }

    fn part(&mut self, input: ParseStream<'_>) -> Result<()> {
        let word = input.call(Ident::parse_any)?;
        let twice = |already: bool| {
            if already { Err(Error::new(word.span(), format!("`{word}` is said twice"))) } else { Ok(()) }
        };
        match word.to_string().as_str() {
            "to" | "from" | "on" | "in" => {
                twice(self.resource.is_some())?;
                input.parse::<Token![=]>()?;
                self.resource = Some(resource(word, input)?);
            }
            "gate" => {
                twice(self.gate.is_some())?;
                input.parse::<Token![=]>()?;
                self.gate = Some(input.parse()?);
            }
            "with" => {
                twice(!self.with.is_empty())?;
                let inner;
                parenthesized!(inner in input);
                self.with = Punctuated::<Stated, Token![,]>::parse_terminated(&inner)?.into_iter().collect();
            }
            _ => {
                return Err(Error::new(
                    word.span(),
                    format!(
                        "found `{word}`, expected a resource as in `to = queue(…)`, `with(…)` or `gate = …`"
                    ),
                ));
            }
        }
        Ok(())
    }
}

fn resource(preposition: Ident, input: ParseStream<'_>) -> Result<Resource> {
    let kind = input
        .call(Ident::parse_any)
        .map_err(|error| Error::new(error.span(), "expected a resource, as in `queue(\"orders\")`"))?;
    let inner;
    parenthesized!(inner in input);
    let names = Punctuated::<Name, Token![,]>::parse_terminated(&inner)?.into_iter().collect();
    Ok(Resource { preposition, kind, names })
}

impl Parse for Name {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
            let slot = input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            return Ok(Self::Literal { slot: Some(slot), text: input.parse()? });
        }
        Ok(match input.parse()? {
            Expr::Lit(ExprLit { attrs, lit: Lit::Str(text) }) if attrs.is_empty() => {
                Self::Literal { slot: None, text }
            }
            expression => Self::Expression(expression),
        })
    }
}

impl Parse for Stated {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>().map_err(|error| {
            Error::new(error.span(), format!("expected a value for `{name}`, as in `{name} = …`"))
        })?;
        Ok(Self { name, value: input.parse()? })
    }
}
