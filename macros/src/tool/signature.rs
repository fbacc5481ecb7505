//! The annotated function: its permit, and what its callers see of it.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{
    Error, FnArg, GenericArgument, Ident, ItemFn, Pat, PatIdent, Path, PathArguments, Result, ReturnType,
    Type,
};

use super::problems::Problems;

/// The function as it is written.
pub(super) struct Tool {
    pub(super) item: ItemFn,
}

/// The parameter that is a permit.
pub(super) struct Permit<'t> {
    /// Its place among the inputs.
    pub(super) at: usize,
    /// The parameter as it is written.
    pub(super) pattern: &'t PatIdent,
    /// The type's path without its arguments, as it is written.
    pub(super) path: Path,
    /// `T` of `Permitted<T>`; `None` of `Permit`.
    pub(super) value: Option<&'t Type>,
}

impl Tool {
    pub(super) fn parse(item: TokenStream) -> Result<Self> {
        let declaration = syn::parse2::<syn::TraitItemFn>(item.clone());
        if let Ok(declaration) = declaration
            && declaration.default.is_none()
        {
            return Err(Error::new_spanned(
                declaration.sig.ident,
                "found a declaration, expected a function with a body\n\
                 = help: annotate the method where it is implemented",
            ));
        }
        let item = syn::parse2::<ItemFn>(item.clone()).map_err(|error| {
            if is_function(&item) {
                error
            } else {
                Error::new_spanned(item, "`#[wpc::tool]` belongs on a function")
            }
        })?;
        Ok(Self { item })
    }

    pub(super) fn name(&self) -> &Ident {
        &self.item.sig.ident
    }

    /// Reports the kinds of functions that cannot be tools; says whether this is none of them.
    pub(super) fn check(&self, problems: &mut Problems) -> bool {
        let before = problems.count();
        let sig = &self.item.sig;
        let refuse = |problems: &mut Problems, at: &dyn ToTokens, what: &str| {
            problems.report(&at.to_token_stream(), format!("a tool cannot be {what}"));
        };
        if let Some(constness) = &sig.constness {
            refuse(problems, constness, "`const`: it asks the gate");
        }
        if let syn::Safety::Unsafe(unsafety) = &sig.safety {
            refuse(problems, unsafety, "`unsafe`: its callers could not be held to anything");
        }
        if let Some(abi) = &sig.abi {
            refuse(problems, abi, "`extern`: its callers could not be refused");
        }
        if let Some(variadic) = &sig.variadic {
            refuse(problems, variadic, "variadic");
        }
        problems.count() == before
    }

    /// The type that it returns; reports where it returns none.
    pub(super) fn output(&self, problems: &mut Problems) -> Option<&Type> {
        match &self.item.sig.output {
            ReturnType::Type(_, ty) => Some(ty),
            ReturnType::Default => {
                problems.report(
                    self.name(),
                    "a tool cannot return `()`: it has no room for a refusal\n\
                     = help: return a `Result` whose error is `From<wpc::Refused>`",
                );
                None
            }
        }
    }

    /// The one permit among the parameters; reports where there is none, a second one, or one that
    /// cannot be.
    pub(super) fn permit(&self, problems: &mut Problems) -> Option<Permit<'_>> {
        let before = problems.count();
        let mut found: Option<Permit<'_>> = None;
        for (at, input) in self.item.sig.inputs.iter().enumerate() {
            let FnArg::Typed(input) = input else { continue };
            let Some((path, value)) = permit_type(&input.ty) else { continue };
            if let Some(found) = &found {
                problems.report(
                    &input.ty,
                    format!(
                        "found a second permit, expected one: `{}` is all that the call describes",
                        found.pattern.ident
                    ),
                );
                continue;
            }
            let Pat::Ident(pattern) = &*input.pat else {
                problems.report(&input.pat, "found a pattern, expected a name for the permit");
                continue;
            };
            if let Some(Type::Reference(reference)) = value
                && reference.mutability.is_some()
            {
                problems.report(
                    reference,
                    "a described value cannot be `&mut`: it could change between the decision and the effect\n\
                     = help: take it by value or by `&`",
                );
            }
            found = Some(Permit { at, pattern, path, value });
        }
        if problems.count() > before {
            return None;
        }
        if found.is_none() {
            problems.report(
                self.name(),
                format!(
                    "`{}` takes no permit: its body could run without one\n\
                     = help: take the value that is sent as `Permitted<T>`, or a `Permit` where there is none",
                    self.name()
                ),
            );
        }
        found
    }

    /// The parameters that are plain names, beside the permit.
    pub(super) fn parameters<'t>(&'t self, permit: &'t Permit<'_>) -> impl Iterator<Item = &'t PatIdent> {
        let inputs = self.item.sig.inputs.iter().enumerate().filter(|(at, _)| *at != permit.at);
        inputs.filter_map(|(_, input)| match input {
            FnArg::Typed(input) => match &*input.pat {
                Pat::Ident(pattern) => Some(pattern),
                _ => None,
            },
            FnArg::Receiver(_) => None,
        })
    }
}

/// Whether the tokens look like a function that has a mistake of its own.
fn is_function(item: &TokenStream) -> bool {
    let mut words = item.clone().into_iter().filter_map(|token| match token {
        proc_macro2::TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    });
    words.any(|word| word == "fn")
}

/// `Permitted<T>` or `Permit`, by whatever path.
pub(super) fn permit_type(ty: &Type) -> Option<(Path, Option<&Type>)> {
    let Type::Path(ty) = ty else { return None };
    let last = ty.path.segments.last()?;
    let mut path = ty.path.clone();
    path.segments.last_mut()?.arguments = PathArguments::None;
    match last.ident.to_string().as_str() {
        "Permit" => Some((path, None)),
        "Permitted" => {
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
            let value = arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })?;
            Some((path, Some(value)))
        }
        _ => None,
    }
}
