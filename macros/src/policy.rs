//! `policy!`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, LitStr, Path, Result, Token, parenthesized};
use wpc_compiler::{Parameters, compile, emit};

use crate::{callback, door, dump};

pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    let Input { path, parameters, runtime } = syn::parse2(input)?;
    let file = door::beside_caller(&path);
    let source = door::read(&path, &file)?;
    let compiled =
        compile(&source, &parameters).map_err(|problems| door::show(path.span(), &problems, &source))?;
    let options = runtime.map_or_else(emit::Options::default, |runtime| emit::Options { runtime });
    let code = callback::rename(emit::rust(&compiled, &options), path.span());
    let code = dump::maybe(code, &path)?;
    let folder = file.parent().map(std::path::Path::to_owned).unwrap_or_default();
    let used = source.files().map(|(path, _)| folder.join(path));
    let files = std::iter::once(file).chain(used).map(|file| file.to_string_lossy().into_owned());
    Ok(quote! {
        #code
        // Rebuild when the policy, or a file that it uses, changes; nothing reads these bytes.
        #(const _: &[::core::primitive::u8] = ::core::include_bytes!(#files);)*
    })
}

/// `"orders.wpc", params(host = "…"), crate = my::wpc`.
struct Input {
    path: LitStr,
    parameters: Parameters,
    runtime: Option<TokenStream>,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let path = input.parse()?;
        let mut parameters = None;
        let mut runtime = None;
        while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            if name == "params" && parameters.is_none() {
                parameters = Some(self::parameters(input)?);
            } else if name == "crate" && runtime.is_none() {
                input.parse::<Token![=]>()?;
                runtime = Some(self::runtime(&input.call(Path::parse_mod_style)?)?);
            } else {
                return Err(Error::new(
                    name.span(),
                    format!(
                        "found `{name}`, expected `params(name = \"value\", …)` or `crate = path`, each once"
                    ),
                ));
            }
        }
        if !input.is_empty() {
            return Err(input.error("expected `,`"));
        }
        Ok(Self { path, parameters: parameters.unwrap_or_default(), runtime })
    }
}

fn parameters(input: ParseStream<'_>) -> Result<Parameters> {
    let inner;
    parenthesized!(inner in input);
    let mut parameters = Parameters::new();
    for Parameter { name, value } in Punctuated::<Parameter, Token![,]>::parse_terminated(&inner)? {
        if parameters.insert(name.unraw().to_string(), value.value()).is_some() {
            return Err(Error::new(name.span(), format!("`{name}` is given twice")));
        }
    }
    Ok(parameters)
}

/// `host = "contoso.servicebus.windows.net"`.
struct Parameter {
    name: Ident,
    value: LitStr,
}

impl Parse for Parameter {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.call(Ident::parse_any)?;
        input.parse::<Token![=]>()?;
        let value = input.parse().map_err(|error| {
            Error::new(error.span(), format!("expected text for `{name}`, as in `{name} = \"…\"`"))
        })?;
        Ok(Self { name, value })
    }
}

/// The runtime's path, absolute: the code that uses it lies in modules of its own.
fn runtime(path: &Path) -> Result<TokenStream> {
    match path.segments.first().map(|first| first.ident.to_string()).as_deref() {
        Some("self" | "super") => {
            Err(Error::new_spanned(path, "found a relative path, expected `crate::…` or the name of a crate"))
        }
        Some("crate") => Ok(path.to_token_stream()),
        _ if path.leading_colon.is_some() => Ok(path.to_token_stream()),
        _ => Ok(quote!(::#path)),
    }
}
